"""Brings an e-mail address to one form: trimmed, lower case, without `mailto:` and brackets.

**When to use.** On every column of e-mail addresses, before they are compared or written to.

**Example.**

    defaults:
      - column: email
        standardise: email
        otherwise: {set: unavailable, reason: invalid}

**Passes.** ` <Jo.Smith@Example.COM> ` becomes `jo.smith@example.com`.

**Fails.** `jo.smith`, `jo@localhost`, `a@b.de; c@d.de`, `jo..smith@example.com` have no such form.

The check `email` has the same idea of a valid address: what it passes has this form, and what has
this form passes. The part before the @ is lower-cased too. RFC 5321 (2.4) lets a mail server tell
`Jo@` from `jo@` but calls that discouraged; no large provider does, and the same person types
both. Dots and `+tags` stay: they may be another mailbox. Accepted is an address as browsers accept
it (WHATWG HTML, `input type=email`), stricter in that dots do not lead, trail or double before the
@ and the domain has a dot and a top level of letters; wider in that the domain may be written in
its own letters (an internationalised domain name: `info@müller.de`; letters of U+00C0 to U+167F
and U+3041 to U+D7A3, whether a registry sells them or not), and so as it is sent,
`xn--mller-kva.de`. The part before the @ is plain ASCII: `jörg@müller.de` is none. At most 64
characters before the @, 63 between two dots of the domain and 254 bytes in all (RFC 5321, 4.5.3.1;
RFC 1035, 2.3.4; erratum 1690 to RFC 3696).
"""

from __future__ import annotations

from sqlglot import exp

from cdmq.standards import whitespace
from cdmq.standards._letters import lower
from cdmq.standards._values import (
    NoOptions,
    Options,
    Tidied,
    as_text,
    bound,
    call,
    case,
    extract,
    matches,
    number,
    octets,
    replace_all,
    text,
)

NAME = "email"
SEMANTICS = 2
OPTIONS = NoOptions

_ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LETTER = "A-Za-zÀ-ᙿぁ-힣"
_LABEL = f"[{_LETTER}0-9]+(?:-+[{_LETTER}0-9]+)*"
_TOP = f"(?:[{_LETTER}]{{2,}}|[Xx][Nn]--[A-Za-z0-9-]*[A-Za-z0-9])"
_ADDRESS = f"{_ATOM}(?:\\.{_ATOM})*@(?:{_LABEL}\\.)+{_TOP}"

#: An address as a whole, in the regex subset all engines share; lengths are checked apart.
EMAIL_PATTERN = f"^{_ADDRESS}$"
MAX_LENGTH = 254
MAX_LOCAL = 64
MAX_LABEL = 63
#: A label of more characters, behind the @.
_LONG_LABEL = f"@.*[^.]{{{MAX_LABEL + 1}}}"


def already(value: exp.Expr, dialect: str) -> exp.Expr:
    """A plain address in small letters, 64 characters at most: 0.3 times the cost of `tidy`."""
    short = exp.LTE(this=exp.Length(this=value.copy()), expression=number(MAX_LOCAL))
    plain = "^[a-z0-9]+(?:[._+-][a-z0-9]+)*@(?:[a-z0-9]+(?:-[a-z0-9]+)*\\.)+[a-z][a-z]+$"
    return exp.And(this=short, expression=matches(value, plain, dialect))


def tidy(value: exp.Expr, options: Options, dialect: str, alias: str) -> Tidied:
    """See the page above."""
    small = whitespace.clean(lower(as_text(value), dialect), dialect)
    bare = replace_all(small, "^(?:mailto: ?)?< ?(?:mailto:)?|^mailto: ?| ?>$", "")
    address = extract(bare, EMAIL_PATTERN, dialect)
    return Tidied(bound(address, lambda a: case((short(a, dialect), a)), "cdmq_e", dialect))


def valid(value: exp.Expr, dialect: str) -> exp.Expr:
    """True where a text is an address as it stands."""
    return exp.And(this=matches(value, EMAIL_PATTERN, dialect), expression=short(value, dialect))


def short(address: exp.Expr, dialect: str) -> exp.Expr:
    """True where an address keeps to the lengths.

    Counted repeats are slow as a pattern: they are asked of the few that are long.
    """
    length = octets(address, dialect)
    brief = exp.LTE(this=length, expression=number(MAX_LABEL))
    whole = exp.LTE(this=length.copy(), expression=number(MAX_LENGTH))
    place = call("strpos", address, text("@"))
    local = exp.LTE(this=place, expression=number(MAX_LOCAL + 1))
    labels = exp.Not(this=exp.Paren(this=matches(address, _LONG_LABEL, dialect)))
    kept = exp.And(this=exp.And(this=whole, expression=local), expression=labels)
    return exp.Paren(this=exp.Or(this=brief, expression=exp.Paren(this=kept)))
