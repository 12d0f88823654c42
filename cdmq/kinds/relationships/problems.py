"""What must be true of a rule of relationships before it is compiled: its columns and their types."""

from __future__ import annotations

from cdmq.datasets.rows import Rows
from cdmq.kinds.binding import Binder
from cdmq.kinds.relationships.joined import Joined
from cdmq.kinds.relationships.words import NONE, RelationshipsRule
from cdmq.problems import Problem, did_you_mean
from cdmq.sql.types import MOMENTS, OPAQUE, a
from cdmq.values import Catalog, Rule


def link_problems(
    rule: Rule, rows: Rows, binder: Binder, of: Joined, catalog: Catalog
) -> list[Problem]:
    """All that does not fit between a rule, its links and those whom they join."""
    spec = rule.spec
    assert isinstance(spec, RelationshipsRule)
    found: list[Problem] = []

    def tell(field: str, code: str, cause: str, remedy: str) -> None:
        span = rule.spans.get(field, rule.span)
        found.append(Problem(span, code, f"{cause} (rule {rule.id})", remedy))

    for field, column in (
        ("from", spec.from_),
        ("to", spec.to),
        ("type", spec.type),
        ("starts", spec.starts),
        ("ends", spec.ends),
    ):
        if column == NONE and field in ("starts", "ends"):
            continue
        if column not in rows.columns:
            remedy = (
                f"say which it is, such as {field}: NAME ({did_you_mean(column, rows.columns)})"
            )
            if field in ("starts", "ends"):
                remedy += f"; {field}: none where links have none"
            cause = f"{rule.dataset} has no column '{column}'"
            tell(field, "CDMQ203", cause, remedy)
        elif field in ("starts", "ends") and rows.columns[column] not in MOMENTS | {"text"}:
            cause = f"{rule.dataset}.{column} is {a(rows.columns[column])}, not a date"
            tell(field, "CDMQ217", cause, "declare it in columns: of the dataset")
        elif rows.columns[column] in OPAQUE:
            cause = f"{rule.dataset}.{column} is {a(rows.columns[column])}"
            tell(field, "CDMQ217", f"{cause}, not a text or number", "name another column")
    columns = catalog.get(of.parties)
    if spec.sorts and columns is not None and spec.sort not in columns:
        cause = f"{of.parties} has no column '{spec.sort}' that says of what sort a party is"
        remedy = f"say which it is, such as sort: NAME ({did_you_mean(spec.sort, columns)})"
        tell("sort", "CDMQ203", cause, remedy)
    if "where" in rule.expressions:
        bound = binder.bound(rule, "where")
        if bound is None:
            found.extend(binder.problems[-1:])
        elif bound.type not in ("boolean", "unknown"):
            cause = f"'where' must be true or false, this is {bound.type}"
            tell("where", "CDMQ315", cause, "write a comparison, for example: type = 'parent_of'")
    return found
