"""Brings a phone number to E.164: `+` and digits, the one form that can be dialled and compared.

**When to use.** On every column of phone numbers. `region` names the column that holds the
country (ISO 3166, two letters), or is the country of all, in capitals: `region: DE`. A column of
that very name goes first. It is never guessed: without it, or where it is NULL, only numbers
written with `+` are read.

**Example.**

    defaults:
      - column: phone
        standardise: phone
        region: country
        otherwise: {set: unavailable, reason: invalid}

**Passes.** `(089) 1234-5678` with region DE, `0049 89 12345678` with region DE and
`+49 (0)89 12345678` with any region become `+498912345678`; `(212) 555-0123 ext. 12` with
region US becomes `+12125550123`.

**Fails.** `12345`, `089 12345678` without a region, `+49 12`, `0800-FLOWERS`, two numbers in
one cell have no such form.

A number is read and judged by the rules of Google's libphonenumber (`is_valid_number`, any type
of number), by tables made from its metadata: `cdmq/standards/tables/README.md`. Valid means a
number of the numbering plan, not one that answers. Extensions are no part of E.164 and are
dropped. Unlike the library, letters are not read as digits.
"""

from __future__ import annotations

from functools import reduce
from string import ascii_uppercase

from pydantic import BaseModel, ConfigDict, Field
from sqlglot import exp

from cdmq.standards._values import (
    ColumnName,
    Layer,
    Lookup,
    Options,
    Tidied,
    as_text,
    bound,
    call,
    case,
    equal,
    extract,
    joined,
    number,
    octets,
    replace_all,
    text,
)

NAME = "phone"
SEMANTICS = 2

#: Figures of the tables: digits of `head`, longest prefix in `others` and continuation behind
#: `head` (tests/tools/phone_tables.py keeps to them).
HEAD = 4
DEEPEST = 9
FURTHEST = 7

#: Digits, signs and blanks of other scripts: what libphonenumber reads as such, for the scripts
#: Arabic, Persian, Devanagari, Bengali, Thai and full width.
_ZEROS = (0x0660, 0x06F0, 0x0966, 0x09E6, 0x0E50, 0xFF10)
_DASHES = "".join(map(chr, range(0x2010, 0x2016))) + "\u2212\u30fc\uff0d\uff0e\uff0f"
_BLANKS = "\u00a0\u00ad\u200b\u2060\u3000\t"
_FROM = (
    "".join(chr(zero + i) for zero in _ZEROS for i in range(10))
    + _DASHES + _BLANKS + "\uff0b\uff08\uff09\uff3b\uff3d\u2053\u223c\uff5e\uff03\uff58"
)  # fmt: skip
_TO = "0123456789" * len(_ZEROS) + "-" * len(_DASHES) + " " * len(_BLANKS) + "+()[]~~~#x"

#: Ways to write an extension, as libphonenumber's _create_extn_pattern has them.
_EXTENSION = (
    "(?i)(?:;ext=[0-9]{1,20}"
    "|[ ,]*(?:e?xt(?:ensi(?:o|ó))?n?|доб|anexo)[:.]?[ ,-]*[0-9]{1,20}#?"
    "|[ ,]*(?:[x#~]|int)[:.]?[ ,-]*[0-9]{1,9}#?"
    "|[ -]+[0-9]{1,6}#"
    "|[ ]*(?:,,|;)[:.]?[ ,-]*[0-9]{1,15}#?"
    "|[ ]*,[:.]?[ ,-]*[0-9]{1,9}#?)[^0-9A-Za-z#+]*$"
)
_BETWEEN = "[][().*/~ -]*"
_BODY = f"^[^0-9+]*([+]*(?:{_BETWEEN}[0-9]){{3,}})[^0-9A-Za-z#+À-ᙿ]*$"


class OPTIONS(BaseModel):
    """The words of this form."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    region: ColumnName | None = Field(
        default=None,
        description="the column that holds the country (ISO 3166, two letters), or "
        "the country of all, in capitals: DE",
    )


def tidy(value: exp.Expr, options: Options, dialect: str, alias: str) -> Tidied:
    """See the page above."""
    joins = _Joins(alias)
    written = _written(value, dialect)
    way = _way(written, joins.plan, dialect)
    whole = _whole(written, joins.reading, dialect)
    lookups = (
        joins.plans(_key(written, _place(options), dialect)),
        joins.readings(way),
        joins.numbers(whole),
    )
    abroad = _missing(exp.column("put", joins.reading))
    judged = bound(whole, lambda e: _valid(e, joins.number, abroad), "cdmq_e", dialect)
    return Tidied(judged, lookups)


def layered(value: exp.Column, options: Options, dialect: str, alias: str) -> Tidied:
    """The same in layers, each beneath the next: the digits, their reading, the whole number."""
    joins = _Joins(alias)

    def column(name: str) -> exp.Column:
        return exp.Column(this=exp.to_identifier(f"{alias}_{name}"), table=value.args.get("table"))

    written, way, whole = column("written"), column("way"), column("whole")
    put_none = _missing(exp.column("put", joins.reading))
    layers = (
        Layer((), ((written.name, _written(value, dialect)),)),
        Layer(
            (joins.plans(_key(written, _place(options), dialect)),),
            ((way.name, _way(written, joins.plan, dialect)),),
        ),
        Layer(
            (joins.readings(way),),
            (
                (whole.name, _whole(written, joins.reading, dialect)),
                (f"{alias}_abroad", put_none),
            ),
        ),
    )
    judged = _valid(whole, joins.number, column("abroad"))
    return Tidied(judged, (joins.numbers(whole),), layers)


class _Joins:
    """The three tables under their aliases."""

    def __init__(self, alias: str) -> None:
        self.plan, self.reading, self.number = (
            f"{alias}_{part}" for part in ("plan", "reading", "number")
        )

    def plans(self, key: exp.Expr) -> Lookup:
        return Lookup("phone_plans", self.plan, equal(exp.column("plan", self.plan), key))

    def readings(self, way: exp.Expr) -> Lookup:
        on = equal(exp.column("reading", self.reading), way)
        return Lookup("phone_readings", self.reading, on)

    def numbers(self, whole: exp.Expr) -> Lookup:
        on = equal(exp.column("head", self.number), call("left", whole, number(HEAD)))
        return Lookup("phone_numbers", self.number, on)


def _place(options: Options) -> exp.Expr:
    region = options.get("region")
    return as_text(region) if isinstance(region, exp.Expr) else exp.Null()


def _missing(value: exp.Expr) -> exp.Expr:
    return exp.Is(this=value, expression=exp.Null())


def _written(value: exp.Expr, dialect: str) -> exp.Expr:
    """The digits as written, with the + where there was one; NULL where it is no number."""
    raw = as_text(value)
    plain = equal(octets(raw, dialect), call("length", raw))
    latin = case((plain, raw), otherwise=call("translate", raw, text(_FROM), text(_TO)))
    bare = call("regexp_replace", latin, text(_EXTENSION), text(""))
    body = extract(bare, _BODY, dialect, group=1)
    digits = replace_all(body, "[^0-9+]", "")
    return call("regexp_replace", digits, text("^[+]+(00|011|[+])"), text("\\1"))


def _key(written: exp.Expr, region: exp.Expr, dialect: str) -> exp.Expr:
    """The plan to read by: `+`, or the region and the count of digits."""

    def body(s: exp.Expr) -> exp.Expr:
        length = as_text(call("length", s))
        national = joined(call("upper", call("trim", region)), text(":"), length)
        return case((equal(call("left", s, number(1)), text("+")), text("+")), otherwise=national)

    return bound(written, body, "cdmq_s", dialect)


def _way(written: exp.Expr, plan: str, dialect: str) -> exp.Expr:
    """The reading that belongs to the longest prefix among `others`, else the usual one."""
    others, usual = exp.column("others", plan), exp.column("usual", plan)
    depth = _count("depth", plan)

    def found(s: exp.Expr, most: int) -> exp.Expr:
        places = [
            call("nullif", call("strpos", others, joined(text("|"), call("left", s, number(k)),
                                                         text(":"))), number(0))
            for k in range(most, 0, -1)
        ]  # fmt: skip
        entry = call("substr", others, call("coalesce", *places))
        return call("coalesce", call("split_part", entry, text(":"), number(2)), usual)

    def body(s: exp.Expr) -> exp.Expr:
        steps = [
            (exp.LTE(this=depth.copy(), expression=number(k)), found(s, k) if k else usual)
            for k in (0, 1, 2, 3, 4, 5, DEEPEST)
        ]
        return case(*steps)

    return bound(written, body, "cdmq_s", dialect)


def _whole(written: exp.Expr, reading: str, dialect: str) -> exp.Expr:
    """Calling code and national number, as the reading puts them together."""
    skip, keep, jump = (_count(name, reading) for name in ("skip", "keep", "jump"))
    put = call("coalesce", exp.column("put", reading), text(""))

    def body(s: exp.Expr) -> exp.Expr:
        first = call("substr", s, _sum(skip, number(1)), keep)
        return joined(put, first, call("substr", s, _sum(skip, keep, jump, number(1))))

    return bound(written, body, "cdmq_s", dialect)


def _valid(e: exp.Expr, numbers: str, abroad: exp.Expr) -> exp.Expr:
    """`e` in E.164 where the numbering plan has it, as it is or, from abroad, without a trunk."""
    calling, drop = _count("calling", numbers), _count("drop", numbers)
    rest = call("substr", e, _sum(calling, drop, number(1)))
    trunk = exp.And(this=abroad.copy(), expression=_listed(e, "trunk", numbers))
    return case(
        (_listed(e, "valid", numbers), joined(text("+"), e)),
        (trunk, joined(text("+"), call("left", e, calling), rest)),
    )


def _listed(e: exp.Expr, entries: str, numbers: str) -> exp.Expr:
    """True where a list holds the length of `e` (A is 1) and a start of its further digits."""
    size = call("substr", text(ascii_uppercase), call("length", e), number(1))
    deepest, column = _count("deepest", numbers), exp.column(entries, numbers)
    tests: list[exp.Expr] = []
    steps: list[tuple[exp.Expr, exp.Expr]] = []
    for k in range(FURTHEST + 1):
        further = [call("substr", e, number(HEAD + 1), number(k))] if k else []
        place = call("strpos", column, joined(size, *further, text("|")))
        tests.append(exp.GT(this=place, expression=number(0)))
        if k in (0, 1, 2, 3, 4, FURTHEST):
            found = reduce(lambda a, b: exp.Or(this=a, expression=b), [t.copy() for t in tests])
            steps.append((exp.LTE(this=deepest.copy(), expression=number(k)), found))
    return case(*steps)


def _count(name: str, alias: str) -> exp.Expr:
    """A column of a table as the whole number that both engines' substr takes."""
    return exp.Cast(this=exp.column(name, alias), to=exp.DataType.build("int"))


def _sum(*parts: exp.Expr) -> exp.Expr:
    return reduce(lambda a, b: exp.Add(this=a.copy(), expression=b.copy()), parts)
