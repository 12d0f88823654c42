"""Function calls as sqlglot holds them, and the check of their arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlglot import exp

from cdmq.sql.functions import Arg, Function, spellings, table
from cdmq.sql.functions.regex import RegexProblem, groups, understood
from cdmq.sql.problem import ARGUMENTS, REGEX, SqlProblem, say, spot, start

Found = tuple[str, list[exp.Expr]]
_PARTS = {"dow": "dayofweek", "doy": "dayofyear", "isoweek": "week"}
_REGEXES = ("regexp_matches", "regexp_full_match", "regexp_replace", "regexp_extract")


def _some(*nodes: exp.Expr | None) -> list[exp.Expr]:
    return [n for n in nodes if n is not None]


def _part(node: exp.Expr | None) -> exp.Expr:
    """`day`, 'day' and 'days' as the text 'day'."""
    word = node.name.lower() if node is not None else "day"
    if word.endswith("s"):
        word = word[:-1]
    literal = exp.Literal.string(word)
    if node is not None and "start" in node.meta:
        literal.meta["start"], literal.meta["end"] = node.meta["start"], node.meta["end"]
    return literal


def _trim(node: exp.Expr) -> Found:
    side = str(node.args.get("position") or "BOTH")
    name = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(side, "trim")
    return name, _some(node.this, node.args.get("expression"))


def _pad(node: exp.Expr) -> Found:
    name = "lpad" if node.args.get("is_left") else "rpad"
    return name, _some(node.this, node.args.get("expression"), node.args.get("fill_pattern"))


def _date_diff(node: exp.Expr) -> Found:
    return "date_diff", [_part(node.args.get("unit")), node.expression, node.this]


def _date_trunc(node: exp.Expr) -> Found:
    return "date_trunc", [_part(node.args.get("unit")), node.this]


def _field(part: str, value: exp.Expr, at: exp.Expr) -> Found:
    name = spellings().get(_PARTS.get(part, part), "")
    row = table().get(name)
    if row is None or "moment" not in (a.name for a in row.args) or len(row.args) != 1:
        raise SqlProblem(
            ARGUMENTS,
            f"'{part}' is no part of a date that is known here",
            "known: year, quarter, month, week, day, hour, minute, second, "
            "dayofyear, dayofweek, isodow",
            start(at),
        )
    return name, [value]


def _extract(node: exp.Expr) -> Found:
    return _field(node.this.name.lower(), node.expression, node)


def _options(pattern: exp.Expr, options: exp.Expr | None, allowed: str) -> tuple[exp.Expr, str]:
    """The pattern with (?i) for the option i; what other options there are."""
    if options is None:
        return pattern, ""
    letters = options.name if isinstance(options, exp.Literal) else "?"
    bad = [c for c in letters if c not in allowed]
    if bad or not isinstance(pattern, exp.Literal):
        raise SqlProblem(
            ARGUMENTS,
            f"the option '{''.join(bad) or letters}' is not known here",
            "known: " + ", ".join(f"'{c}'" for c in allowed),
            start(options),
        )
    if "i" in letters and not pattern.name.startswith("(?i)"):
        new = exp.Literal.string("(?i)" + pattern.name)
        new.meta.update(pattern.meta)
        pattern = new
    return pattern, letters.replace("i", "")


def _regexp_like(node: exp.Expr) -> Found:
    pattern, _ = _options(node.expression, node.args.get("flag"), "i")
    return "regexp_matches", [node.this, pattern]


def _regexp_full(node: exp.Expr) -> Found:
    pattern, _ = _options(node.expression, node.args.get("options"), "i")
    return "regexp_full_match", [node.this, pattern]


def _regexp_replace(node: exp.Expr) -> Found:
    pattern, rest = _options(node.expression, node.args.get("modifiers"), "gi")
    args = _some(node.this, pattern, node.args.get("replacement"))
    return "regexp_replace", [*args, exp.Literal.string("g")] if rest else args


def _regexp_extract(node: exp.Expr) -> Found:
    pattern, _ = _options(node.expression, node.args.get("parameters"), "i")
    group = node.args.get("group")
    default = group is None or group.name == "0"
    return "regexp_extract", [node.this, pattern, *([] if default else _some(group))]


_SPECIAL: dict[type[exp.Expr], Callable[[exp.Expr], Found]] = {
    exp.Trim: _trim,
    exp.Pad: _pad,
    exp.DateDiff: _date_diff,
    exp.TimestampTrunc: _date_trunc,
    exp.DateTrunc: _date_trunc,
    exp.Extract: _extract,
    exp.RegexpLike: _regexp_like,
    exp.RegexpFullMatch: _regexp_full,
    exp.RegexpReplace: _regexp_replace,
    exp.RegexpExtract: _regexp_extract,
}


def special(node: exp.Expr) -> Found | None:
    """The calls whose arguments sqlglot holds in a shape of their own."""
    reader = _SPECIAL.get(type(node))
    if reader is not None:
        return reader(node)
    if isinstance(node, exp.Anonymous):
        name, args = node.name.lower(), node.expressions
        if name in ("date_part", "datepart") and len(args) == 2:
            return _field(args[0].name.lower(), args[1], node)
        if name in ("date_sub", "datesub") and len(args) == 3:
            return "date_sub", [_part(args[0]), *args[1:]]
    return None


def constant(node: exp.Expr) -> str | None:
    """The value of a literal as text; None when it is not one."""
    if isinstance(node, exp.Literal):
        return str(node.name)
    if isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal):
        return f"-{node.this.name}"
    return None


def checked(node: exp.Expr, row: Function, text: str) -> exp.Expr:
    """The call, when the number and the constants of its arguments are right."""
    args = node.expressions
    if len(args) < row.least or (row.most is not None and len(args) > row.most):
        raise _wrong_number(row, len(args), spot(node))
    for i, arg in enumerate(args):
        expected = row.arg(i)
        if expected.constant:
            _check_constant(arg, expected, row, start(arg) if _placed(arg) else spot(node))
    if row.name in _REGEXES:
        _check_regex(node)
    return node


def miscounted(tokens: list[Any], index: int) -> SqlProblem | None:
    """Of a text that could not be parsed: the call around a word with too few or many arguments."""
    depth = 0
    opening = next(
        (
            i
            for i in range(min(index, len(tokens) - 1), 0, -1)
            if _opens(tokens, i) and tokens[i - 1].text.lower() in spellings()
        ),
        None,
    )
    if opening is None:
        return None
    count = 0 if tokens[opening + 1].text == ")" else 1
    for token in tokens[opening + 1 :]:
        depth += (token.text == "(") - (token.text == ")")
        count += token.text == "," and depth == 0
        if depth < 0:
            break
    name = tokens[opening - 1]
    row = table()[spellings()[name.text.lower()]]
    if row.least <= count and (row.most is None or count <= row.most):
        return None
    return _wrong_number(row, count, name.start + 1)


def _opens(tokens: list[Any], i: int) -> bool:
    return bool(tokens[i].text == "(")


def _wrong_number(row: Function, count: int, place: int) -> SqlProblem:
    return SqlProblem(
        ARGUMENTS,
        f"{row.name} has {count} argument{'s' * (count != 1)}",
        f"write: {row.signature}",
        place,
    )


def _placed(node: exp.Expr) -> bool:
    return any("start" in n.meta for n in node.walk())


def _check_constant(node: exp.Expr, expected: Arg, row: Function, place: int) -> None:
    value = constant(node)
    whole = value is not None and value.lstrip("-").isdecimal()
    is_text = isinstance(node, exp.Literal) and node.is_string
    if value is None or (expected.types == {"text"}) != is_text or not (is_text or whole):
        how = "text in single quotes" if "text" in expected.types else "a whole number"
        raise SqlProblem(
            ARGUMENTS,
            f"'{expected.name}' of {row.name} has to be written out: {how}",
            f"write: {row.signature}",
            place,
        )
    problem = expected.check(value) if expected.check else None
    if problem:
        raise SqlProblem(
            ARGUMENTS, f"'{expected.name}' of {row.name} cannot be {say(node)}", problem, place
        )


def _check_regex(node: exp.Expr) -> None:
    args = node.expressions
    takes = node.name in ("regexp_replace", "regexp_extract")
    pattern = args[1]
    try:
        understood(pattern.name, groups=takes)
        count = groups(pattern.name)
    except RegexProblem as problem:
        place = start(pattern) + 1 + problem.position
        raise SqlProblem(
            REGEX, f"in the pattern '{pattern.name}': {problem.cause}", problem.remedy, place
        ) from None
    if node.name == "regexp_extract" and len(args) > 2 and int(args[2].name) > count:
        raise SqlProblem(
            REGEX,
            f"the pattern has {count} groups, not {args[2].name}",
            "a group is a pair of round brackets",
            start(args[2]),
        )
    if node.name == "regexp_replace":
        _check_replacement(args[2], count)


def _check_replacement(node: exp.Expr, count: int) -> None:
    value, i = node.name, 0
    while i < len(value):
        if value[i] == "\\":
            following = value[i + 1 : i + 2]
            if not (following in "123456789" and following and int(following) <= count):
                raise SqlProblem(
                    REGEX,
                    f"\\{following} in the replacement is no group of the pattern",
                    "write \\1 for the first group",
                    start(node) + 1 + i,
                )
            i += 1
        i += 1
