"""What a rule of validation reads, and the columns that its flags are about."""

from __future__ import annotations

from cdmq.kinds.kind import Known
from cdmq.kinds.reads import expression_columns
from cdmq.project.fields import DatasetName, SeedName, fields_marked
from cdmq.values import Rule, Uses


def uses(rule: Rule, at: Known) -> Uses:
    spec, where = rule.spec, expression_columns(rule, "where")
    judged = frozenset(rule.columns) or frozenset(
        c for name in rule.expressions if name != "where" for c in expression_columns(rule, name)
    )
    own = "source" if rule.stage == "raw" else "rows"
    reads = {f"{own}:{rule.dataset}": judged | where | expression_columns(rule)}
    for marked in fields_marked(type(spec), DatasetName):
        other = getattr(spec, marked)
        if other in at.datasets:
            field = getattr(spec, "field", None)
            columns = {field} if field else at.datasets[other].key
            name = f"rows:{other}"
            reads[name] = reads.get(name, frozenset()) | frozenset(columns)
    for marked in fields_marked(type(spec), SeedName):
        seed, column = getattr(spec, marked), getattr(spec, "column", None)
        if isinstance(seed, str):
            reads[f"seed:{seed}"] = frozenset({column} if column else ())
    return Uses(reads, {f"flags:{rule.dataset}": judged})
