"""Writes a postcode as its country does: capitals, spaces and hyphens in their places.

**When to use.** On every column of postcodes; `region` names the column that holds the
country (ISO 3166, two letters), or is the country of all, in capitals: `region: DE`. A column of
that very name goes first.

**Example.**

    defaults:
      - column: postcode
        standardise: postcode
        region: country
        otherwise: {set: unavailable, reason: invalid}

**Passes.** `D-80331` with country DE becomes `80331`, `sw1a1aa` with GB `SW1A 1AA`, `1234ab`
with NL `1234 AB`, `00950` with PL `00-950`, `123456789` with US `12345-6789`, `1010` with LV
`LV-1010`.

**Fails.** `1067` with DE, `2134` with US, `W1A 0AX` with FR have no such form. A lost leading
zero is not put back: `1067` may be `01067` or a slip. Nothing says whether such a code exists:
for that use `accepted_values` with a seed.

The form is checked by length, digits and letters, in GB, CA, NL and IE also by the letters in use.
Where the country is NULL, or one without postcodes, only white space and casing are tidied.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field
from sqlglot import exp

from cdmq.standards import whitespace
from cdmq.standards._letters import upper
from cdmq.standards._values import (
    ColumnName,
    Lookup,
    Options,
    Tidied,
    as_text,
    bound,
    call,
    case,
    equal,
    joined,
    matches,
    none_if_empty,
    number,
    replace_all,
    text,
)

NAME = "postcode"
SEMANTICS = 2

#: Letters in use, on the code without signs. GB: Royal Mail, PAF programmers' guide: the last two
#: letters are none of CIKMOV. CA: Canada Post: no D F I O Q U, W and Z not first.
#: NL: PostNL: not SA, SD, SS. IE: Eircode routing keys and the alphabet of identifiers.
_RULES = {
    "gb": "^(?:GIR0AA|[A-PR-UWYZ][A-Z0-9]{1,3}[0-9][ABD-HJLNP-UW-Z]{2})$",
    "ca": "^[ABCEGHJ-NPRSTVXY][0-9][ABCEGHJ-NPRSTV-Z][0-9][ABCEGHJ-NPRSTV-Z][0-9]$",
    "nl": "^[1-9][0-9]{3}(?:[A-RT-Z][A-Z]|S[BCE-RT-Z])$",
    "ie": "^(?:[AC-FHKNPRTV-Y][0-9]{2}|D6W)[0-9AC-FHKNPRTV-Y]{4}$",
}


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
    country = options.get("region")
    clean = whitespace.clean(upper(as_text(value), dialect), dialect)
    if not isinstance(country, exp.Expr):
        return Tidied(none_if_empty(clean))
    code = call("upper", call("trim", as_text(country)))
    form, known = f"{alias}_form", f"{alias}_country"
    compact = replace_all(clean, "[ .‐‑–_/-]+", "")
    shape = replace_all(replace_all(compact, "[0-9]", "9"), "[A-Z]", "A")
    same_form = exp.And(
        this=equal(exp.column("country", form), code),
        expression=equal(exp.column("shape", form), shape),
    )
    lookups = (
        Lookup("postcode_countries", known, equal(exp.column("country", known), code)),
        Lookup("postcodes", form, same_form),
    )
    written = bound(compact, lambda c: _written(c, form, dialect), "cdmq_c", dialect)
    unknown = exp.Is(this=exp.column("country", known), expression=exp.Null())
    return Tidied(case((unknown, none_if_empty(clean)), otherwise=written), lookups)


def _written(compact: exp.Expr, form: str, dialect: str) -> exp.Expr:
    """The code in its country's form, NULL where its letters are not in use there."""
    skip, cut = (
        exp.Cast(this=exp.column(name, form), to=exp.DataType.build("int"))
        for name in ("skip", "cut")
    )
    lead, front, sign = (
        call("coalesce", exp.column(name, form), text("")) for name in ("lead", "front", "sign")
    )
    start = exp.Add(this=skip, expression=number(1))
    code = call("substr", compact, start)
    rest = exp.Add(this=start.copy(), expression=cut)
    whole = joined(
        call("replace", front, text("_"), text(" ")),
        call("substr", code, number(1), cut),
        call("replace", sign, text("_"), text(" ")),
        call("substr", compact, rest),
    )
    rule = exp.column("rule", form)
    in_use = [
        (equal(rule, text(name)), exp.Not(this=matches(code, pattern, dialect)))
        for name, pattern in _RULES.items()
    ]
    led = equal(call("left", compact, skip), lead)
    never = exp.Or(this=exp.Not(this=led), expression=case(*in_use, otherwise=exp.false()))
    return case((never, exp.Null()), otherwise=whole)
