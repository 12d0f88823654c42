"""What is not allowed in an expression, and what to write in its place."""

from __future__ import annotations

import re
from datetime import date, datetime

from sqlglot import exp

from cdmq.problems import did_you_mean
from cdmq.sql.functions import spellings
from cdmq.sql.problem import (
    ARGUMENTS,
    CLOCK,
    CONSTRUCT,
    FUNCTION,
    MOMENT,
    QUALIFIED,
    STATEMENT,
    SYNTAX,
    SqlProblem,
    say,
    spot,
    start,
)
from cdmq.sql.types import Type

_CLOCK_NAMES = frozenset(
    [
        "now",
        "today",
        "current_date",
        "current_time",
        "current_timestamp",
        "get_current_timestamp",
        "localtime",
        "localtimestamp",
        "transaction_timestamp",
        "statement_timestamp",
        "clock_timestamp",
        "getdate",
        "sysdate",
        "get_current_time",
        "current_datetime",
        "current_localtime",
        "current_localtimestamp",
    ]
)
_FILE_WORDS = ("read_", "glob", "parquet_", "sniff_", "scan", "getenv", "which_secret", "pg_read")
_CHANCE = ("random", "rand", "uuid", "gen_random_uuid", "uuidv4", "uuidv7", "nextval", "setseed")
_INSTEAD = {
    "if": "write if(condition, then, otherwise)",
    "initcap": "use 'standardise: name' in the rule's defaults",
    "strptime": "declare the date form in the dataset ('dates:'), or cast text that is YYYY-MM-DD",
    "strftime": "use year(), month(), day() or date_trunc()",
    "age": "write date_sub('year', birth_date, as_of)",
    "md5": "no hash is needed in a rule; compare the values themselves",
    "iif": "write if(condition, then, otherwise)",
    "isnull": "write: column is null",
    "len": "write length(text)",
    "to_date": "cast text that is YYYY-MM-DD: column::date",
    "power": "write the product: x * x",
    "pow": "write the product: x * x",
    "trunc": "write floor(x) or ceil(x)",
    "reverse": "use right(), ends_with() or a regex",
    "concat_ws": "write concat() or ||",
}
_UNITS = {u: u for u in ("year", "month", "week", "day", "hour", "minute", "second")}
_MOST = {
    "year": 1000,
    "month": 12000,
    "week": 52000,
    "day": 366000,
    "hour": 8_000_000,
    "minute": 500_000_000,
    "second": 2_000_000_000,
}
_CLOCK_NODES: dict[type[exp.Expr], str] = {
    exp.CurrentDate: "current_date",
    exp.CurrentTime: "current_time",
    exp.CurrentTimestamp: "current_timestamp",
    exp.CurrentDatetime: "current_datetime",
}
_QUERY = re.compile(r"\b(select|with|from|values)\b", re.IGNORECASE)
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)
_ISO_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?\Z", re.ASCII)
_INTERVAL = re.compile(r"\s*(-?\d{1,10})\s*([a-zA-Z]*)\s*\Z", re.ASCII)

_STATEMENTS = (exp.Query, exp.Subquery, exp.Exists, exp.DDL, exp.DML, exp.Command, exp.Drop)


def refused(node: exp.Expr, text: str) -> SqlProblem:
    """The problem of a node that is not in the list."""
    place = spot(node)
    if isinstance(node, _STATEMENTS) or node.find(exp.Query):
        words = [m.start() + 1 for m in _QUERY.finditer(text) if m.start() < place]
        place = words[-1] if words else place
        return SqlProblem(
            STATEMENT,
            "a rule's expression holds no query inside",
            "use the check 'relationships', or a model that joins",
            place,
        )
    if isinstance(node, exp.Star):
        return SqlProblem(CONSTRUCT, "* stands for no value here", "name the column", place)
    clock = _CLOCK_NODES.get(type(node))
    if clock:
        known_bad(clock, text.lower().find(clock) + 1)
    if isinstance(node, (exp.Window, exp.AggFunc)):
        return SqlProblem(
            CONSTRUCT,
            f"an expression looks at one row only; {_written(node, text)} looks at several",
            "use a check such as unique or row_count, or a model",
            place,
        )
    if isinstance(node, exp.ArrayOverlaps):
        return SqlProblem(CONSTRUCT, "&& joins no conditions here", "write AND", place)
    cause = _construct(node)
    if cause is None and isinstance(node, exp.Func):
        name = _written(node, text)
        known_bad(name, place)
        return unknown_function(name, did_you_mean(name, spellings()), place)
    if isinstance(node, exp.Dot):
        return SqlProblem(
            CONSTRUCT,
            f"a function stands before its argument, not after: {say(node)}",
            "write lower(name), not name.lower()",
            place,
        )
    return SqlProblem(CONSTRUCT, cause or f"this is not allowed in a rule: {say(node)}", "", place)


def _written(node: exp.Expr, text: str) -> str:
    """The function's name as it stands in the text."""
    inner = node.this if isinstance(node, exp.Window) else node
    if "start" in inner.meta:
        return text[inner.meta["start"] : inner.meta["end"] + 1].lower()
    return type(inner).__name__.lower()


def _construct(node: exp.Expr) -> str | None:
    words: tuple[tuple[tuple[type[exp.Expr], ...], str], ...] = (
        ((exp.Placeholder, exp.Parameter, exp.SessionParameter), "a placeholder has no value here"),
        (
            (exp.Lambda, exp.JSONExtract, exp.JSONExtractScalar, exp.Kwarg),
            "-> is not allowed in a rule",
        ),
        (
            (exp.Array, exp.Struct, exp.Map, exp.ToMap, exp.Bracket, exp.PropertyEQ),
            "lists and structs are not allowed in a rule",
        ),
        ((exp.Tuple,), "a list in round brackets stands only after IN"),
        ((exp.Collate,), "COLLATE is not allowed in a rule; text compares by code point"),
        ((exp.AtTimeZone,), "AT TIME ZONE is not allowed in a rule; sessions run in UTC"),
        (
            (exp.Distinct, exp.Order, exp.Filter, exp.IgnoreNulls),
            "this belongs to functions over several rows",
        ),
        ((exp.Any, exp.All), "ANY and ALL are not allowed in a rule"),
    )
    for nodes, cause in words:
        if isinstance(node, nodes):
            return cause
    return None


def alias(node: exp.Expr, text: str) -> SqlProblem:
    """`a b`: two words where one value was meant."""
    name = node.args["alias"]
    return SqlProblem(
        SYNTAX,
        f"'{name.name}' is not expected after {say(node.this)}",
        "write an operator between them; a name with a blank goes in double quotes",
        spot(name),
    )


def qualified(node: exp.Expr, text: str) -> SqlProblem:
    if isinstance(node.this, exp.Star):
        return SqlProblem(CONSTRUCT, "* stands for no value here", "name the column", start(node))
    name = ".".join(
        node.args[k].name for k in ("catalog", "db", "table", "this") if node.args.get(k)
    )
    return SqlProblem(
        QUALIFIED,
        f"'{name}' names a table or a schema",
        f"write the column alone: {node.name}",
        start(node),
    )


def known_bad(name: str, place: int) -> None:
    """Functions that have a reason of their own to be refused."""
    if name in _CLOCK_NAMES:
        raise SqlProblem(
            CLOCK,
            f"{name} asks the clock, so two runs would differ",
            "write as_of: the run's time, which --as-of sets",
            place,
        )
    if name.startswith(_FILE_WORDS):
        raise SqlProblem(
            FUNCTION,
            f"{name} reaches for files or settings, which no rule may do",
            "declare the file as a dataset",
            place,
        )
    if name in _CHANCE:
        raise SqlProblem(
            FUNCTION,
            f"{name} gives another value every time",
            "a rule has to judge the same way in every run",
            place,
        )


def unknown_function(name: str, hint: str, place: int) -> SqlProblem:
    remedy = _INSTEAD.get(name) or hint
    return SqlProblem(FUNCTION, f"the function '{name}' is not known here", remedy, place)


def moment_value(value: str, type_: Type) -> str | None:
    """The ISO text of a date or timestamp in one form; None when it is none."""
    try:
        if type_ == "date" and _ISO_DATE.match(value):
            return date.fromisoformat(value).isoformat()
        if type_ == "timestamp" and _ISO_DATE.match(value):
            return date.fromisoformat(value).isoformat() + " 00:00:00"
        if type_ == "timestamp" and _ISO_TIME.match(value):
            whole, _, fraction = value.partition(".")
            parsed = datetime.fromisoformat(whole)
            return parsed.strftime("%Y-%m-%d %H:%M:%S").zfill(19) + (
                f".{fraction.ljust(6, '0')}" if fraction else ""
            )
    except ValueError:
        return None
    return None


def not_a_moment(node: exp.Expr, type_: Type, place: int) -> SqlProblem:
    form = "'2024-12-31'" if type_ == "date" else "'2024-12-31 18:00:00'"
    clock = node.name.lower() in ("today", "now", "yesterday", "tomorrow")
    remedy = "write as_of for the run's time" if clock else f"write it as {form}"
    return SqlProblem(MOMENT, f"{say(node)} is not a {type_}", remedy, place)


def moment_literal(node: exp.Expr, type_: Type) -> None:
    """A text that is written out and cast to a date has to be one; it is put in its one form."""
    inner = node.this
    while isinstance(inner, exp.Paren):
        inner = inner.this
    if type_ not in ("date", "timestamp") or not (
        isinstance(inner, exp.Literal) and inner.is_string
    ):
        return
    value = moment_value(inner.name, type_)
    if value is None:
        raise not_a_moment(inner, type_, start(inner))
    literal = exp.Literal.string(value)
    literal.meta.update(inner.meta)
    node.set("this", literal)


def interval(node: exp.Expr, text: str) -> exp.Expr:
    """`interval 3 months` and its other spellings as interval(3, 'month')."""
    amount = node.this
    unit = node.args.get("unit")
    found = _INTERVAL.match(amount.name) if isinstance(amount, exp.Literal) else None
    word = (found.group(2) if found else "") or (unit.name if unit is not None else "")
    word = word.lower()
    name = _UNITS.get(word) or _UNITS.get(word.removesuffix("s"))
    place = start(node)
    if place == 1:
        place = max(text.lower().find("interval"), 0) + 1
    if found is None or name is None:
        raise SqlProblem(
            ARGUMENTS,
            "an interval is one whole number and one unit",
            "write: interval '3 months'; add two of them for more",
            place,
        )
    count = int(found.group(1))
    if abs(count) > _MOST[name]:
        raise SqlProblem(
            ARGUMENTS,
            f"an interval of {count} {name}s is too long",
            f"at most {_MOST[name]}",
            place,
        )
    number = exp.Literal.number(str(count))
    return exp.Anonymous(this="interval", expressions=[number, exp.Literal.string(name)])
