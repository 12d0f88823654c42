"""What must be true of a completeness rule before it is compiled: its columns and conditions."""

from __future__ import annotations

from cdmq.datasets.rows import Rows
from cdmq.kinds.binding import OWN, OWN_REMEDY, Binder, gives_it
from cdmq.kinds.completeness.points import Point, points_of
from cdmq.kinds.completeness.words import CompletenessRule
from cdmq.problems import Problem, did_you_mean
from cdmq.values import Rule


def completeness_problems(rule: Rule, rows: Rows) -> list[Problem]:
    """All that does not fit between a rule and the columns of its dataset."""
    assert isinstance(rule.spec, CompletenessRule)
    found: list[Problem] = []
    binder = Binder(rows.columns, rows.dialect, found)
    points = points_of(rule.spec, binder)
    for point in points:
        _columns(rule, point, rows, found)
    _twice(rule, points, found)
    for field in rule.expressions:
        bound = binder.bound(rule, field)
        if bound and bound.type not in ("boolean", "unknown"):
            named = field.partition(".")[2] or field
            cause = f"'{named}' must be true or false, this is {bound.type}"
            how = "write a comparison, for example: type = 'company'"
            _tell(rule, field, "CDMQ315", cause, how, found)
    return found


def _columns(rule: Rule, point: Point, rows: Rows, found: list[Problem]) -> None:
    for column in point.columns:
        if column not in rows.columns:
            cause = f"{rows.dataset.name} has no column '{column}'"
            remedy = did_you_mean(column, rows.columns)
            if gives_it(rule, column):
                cause, remedy = OWN.format(column), OWN_REMEDY
            _tell(rule, f"points.{point.name}", "CDMQ203", cause, remedy, found)


def _twice(rule: Rule, points: tuple[Point, ...], found: list[Problem]) -> None:
    """Names that differ by the letter case of one and the same column."""
    seen: dict[frozenset[str], Point] = {}
    for point in points:
        one = frozenset(point.columns)
        if len(one) < len(point.columns):
            cause = f"'{point.name}' names one column twice"
            _tell(rule, f"points.{point.name}", "CDMQ253", cause, "keep one of them", found)
        elif seen.setdefault(one, point) is not point:
            cause = f"'{seen[one].name}' and '{point.name}' are one point"
            _tell(rule, f"points.{point.name}", "CDMQ253", cause, "keep one of them", found)


def _tell(rule: Rule, field: str, code: str, cause: str, remedy: str, found: list[Problem]) -> None:
    place = field if field in rule.spans else _as_written(rule, field)
    span = rule.spans.get(place, rule.spans.get(field.partition(".")[0], rule.span))
    found.append(Problem(span, code, f"{cause} (rule {rule.id})", remedy))


def _as_written(rule: Rule, field: str) -> str:
    """The key of a point may stand in the file with blanks around its `|`."""
    bare = field.replace(" ", "")
    return next((s for s in rule.spans if s.replace(" ", "") == bare), field)
