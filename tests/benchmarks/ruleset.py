"""The rules of the benchmark, each twice: as cdmq's YAML and as a condition in SQL by hand.

`rules(40)` are the rules; `rules(200)` adds copies with other limits. A functional dependency
(the postcode decides the region) and a freshness rule are not built in cdmq yet: in their place
stand the expressions `region_of_country` and `updated_in_time`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from customers import AS_OF, COUNTRIES, REGIONS, SEGMENTS, STATUSES

EMAIL = r"^[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$"
PHONE = r"^\+[1-9][0-9]{6,14}$"
POSTCODE = r"^[0-9]{5}$"
NO_DIGIT = r"^[^0-9]*$"
YEAR_AGO = "2025-11-01"


@dataclass(frozen=True)
class Rule:
    """`shown` are the columns whose values a flag holds; `fails` is empty for set rules."""

    id: str
    check: str
    shown: tuple[str, ...]
    fails: str = ""
    words: Mapping[str, Any] = field(default_factory=dict)
    where: str = ""

    @property
    def yaml(self) -> dict[str, Any]:
        own: dict[str, Any] = {"id": self.id, "check": self.check, **self.words}
        if self.check not in ("expression", "row_count"):
            own["column"] = self.shown[0]
        return own | ({"where": self.where} if self.where else {})

    @property
    def condition(self) -> str:
        return f"({self.where}) AND ({self.fails})" if self.where else self.fails

    @property
    def value(self) -> str:
        """What the flag shows: the column as text, or `a=1, b=NULL` for several."""
        if len(self.shown) == 1:
            return _text(self.shown[0])
        return " || ', ".join(
            f"{'' if i else chr(39)}{c}=' || coalesce({_text(c)}, 'NULL')"
            for i, c in enumerate(self.shown)
        )


def _text(column: str) -> str:
    """A column as cdmq writes it: decimals without zeros behind the last digit."""
    text = f"{column}::VARCHAR"
    return f"rtrim(rtrim({text}, '0'), '.')" if column == "annual_revenue" else text


def _listed(values: Sequence[str]) -> str:
    return ", ".join(f"'{v}'" for v in values)


def not_null(column: str) -> Rule:
    return Rule(f"{column}_known", "not_null", (column,), f"{column} IS NULL")


def accepted(column: str, values: Sequence[str]) -> Rule:
    return Rule(
        f"{column}_in_list",
        "accepted_values",
        (column,),
        f"{column} NOT IN ({_listed(values)})",
        {"values": list(values)},
    )


def regex(column: str, pattern: str) -> Rule:
    return Rule(
        f"{column}_form",
        "regex",
        (column,),
        f"NOT regexp_matches({column}, '{pattern}')",
        {"pattern": pattern},
    )


def within(column: str, low: str, high: str) -> Rule:
    def literal(text: str) -> str:
        return f"DATE '{AS_OF if text == 'as_of' else text}'" if not text.isdigit() else text

    return Rule(
        f"{column}_in_range",
        "accepted_range",
        (column,),
        f"{column} NOT BETWEEN {literal(low)} AND {literal(high)}",
        {"min": low, "max": high},
    )


def length(column: str, low: int, high: int) -> Rule:
    return Rule(
        f"{column}_length",
        "string_length",
        (column,),
        f"length({column}) NOT BETWEEN {low} AND {high}",
        {"min": low, "max": high},
    )


def must(name: str, shown: Sequence[str], holds: str, where: str = "") -> Rule:
    by_hand = holds.replace("as_of", f"DATE '{AS_OF}'")
    return Rule(name, "expression", tuple(shown), f"NOT ({by_hand})", {"must": holds}, where)


def forty() -> list[Rule]:
    known = (
        "customer_id",
        "first_name",
        "last_name",
        "email",
        "street",
        "city",
        "country",
        "signup_date",
    )
    return [
        *(not_null(c) for c in known),
        accepted("status", STATUSES),
        accepted("segment", SEGMENTS),
        accepted("country", COUNTRIES),
        accepted("region", REGIONS),
        regex("email", EMAIL),
        regex("phone", PHONE),
        regex("postcode", POSTCODE),
        regex("last_name", NO_DIGIT),
        within("annual_revenue", "0", "1000000000"),
        within("orders_12m", "0", "500"),
        within("credit_score", "300", "850"),
        within("birth_date", "1900-01-01", "as_of"),
        within("signup_date", "2000-01-01", "as_of"),
        within("last_order_date", "2000-01-01", "as_of"),
        Rule("customer_id_once", "unique", ("customer_id",)),
        Rule("email_once", "unique", ("email",)),
        Rule(
            "referrer_is_customer",
            "relationships",
            ("referrer_id",),
            words={"to": "customers", "field": "customer_id"},
        ),
        must(
            "order_after_signup",
            ("last_order_date", "signup_date"),
            "last_order_date >= signup_date",
        ),
        must(
            "old_enough",
            ("birth_date", "signup_date"),
            "date_diff('day', birth_date, signup_date) >= 5110",
        ),
        must("referred_by_another", ("referrer_id", "customer_id"), "referrer_id <> customer_id"),
        must("updated_after_signup", ("updated_at", "signup_date"), "updated_at >= signup_date"),
        must(
            "order_has_date",
            ("orders_12m", "last_order_date"),
            "orders_12m = 0 or last_order_date is not null",
        ),
        must(
            "revenue_fits_orders",
            ("annual_revenue", "orders_12m"),
            "annual_revenue >= orders_12m * 10",
        ),
        must("region_of_country", ("region", "country"), "left(region, 2) = country"),
        must("updated_in_time", ("updated_at",), "updated_at <= as_of"),
        length("first_name", 1, 40),
        length("last_name", 2, 40),
        length("street", 5, 100),
        length("city", 2, 50),
        Rule("enough_rows", "row_count", (), words={"min": 1000}),
        must(
            "active_orders",
            ("last_order_date",),
            f"last_order_date >= '{YEAR_AGO}'",
            "status = 'active'",
        ),
        must("enterprise_has_name", ("company",), "company is not null", "segment = 'enterprise'"),
    ]


def _variant(rule: Rule, k: int) -> Rule:
    """The same check of the same columns with another limit; it costs and finds about the same."""
    words, column = rule.words, rule.shown[0]
    match rule.check:
        case "accepted_values":
            made = accepted(column, [*words["values"], f"X{k}"])
        case "regex":
            made = regex(column, f"^({words['pattern'][1:-1]}|NA{k})$")
        case "string_length":
            made = length(column, words["min"], words["max"] + k)
        case "accepted_range" if words["min"].isdigit():
            made = within(column, words["min"], str(int(words["max"]) + k))
        case "accepted_range":
            made = within(column, f"{int(words['min'][:4]) + k}-01-01", words["max"])
        case _:
            also = f"customer_id > {k}"
            made = replace(rule, where=f"{rule.where} and {also}" if rule.where else also)
    return replace(made, id=f"{rule.id}_{k}")


def _variants(base: Sequence[Rule]) -> Iterator[Rule]:
    row_rules = [r for r in base if r.fails]
    k = 1
    while True:
        yield from (_variant(r, k) for r in row_rules)
        k += 1


def rules(number: int) -> list[Rule]:
    found = forty()
    more = _variants(found)
    while len(found) < number:
        found.append(next(more))
    return found[:number]
