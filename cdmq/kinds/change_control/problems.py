"""What must be true of a rule of change_control before it is compiled: its columns and logs."""

from __future__ import annotations

from collections.abc import Mapping

from cdmq.datasets.rows import Rows
from cdmq.kinds.binding import Binder
from cdmq.kinds.change_control.words import ApprovalLog, ChangeControlRule, ChangeLog
from cdmq.problems import Problem, did_you_mean
from cdmq.sql.types import MOMENTS, OPAQUE, a
from cdmq.values import Catalog, Project, Rule


def change_problems(
    rule: Rule, rows: Rows, binder: Binder, project: Project, catalog: Catalog
) -> list[Problem]:
    """All that does not fit between a rule, the columns of its dataset and its logs."""
    spec = rule.spec
    assert isinstance(spec, ChangeControlRule)
    look = _Look(rule, project, catalog)
    known: list[str] = []
    for column in spec.protect:
        real = binder.real(column)
        if real not in rows.columns:
            cause = f"{rule.dataset} has no column '{column}'"
            look.tell("protect", "CDMQ203", cause, did_you_mean(column, rows.columns))
        elif rows.columns[real] in OPAQUE:
            cause = f"{rule.dataset}.{column} is {a(rows.columns[real])}, not a text or number"
            look.tell("protect", "CDMQ217", cause, "name another column")
        elif real in known:
            cause = f"protect names '{real}' twice"
            look.tell("protect", "CDMQ253", cause, "keep one of them")
        known.append(real)
    if spec.changes:
        look.changes(spec.changes, rows)
    if spec.changes and spec.approvals:
        look.approvals(spec.approvals)
    if "where" in rule.expressions:
        bound = binder.bound(rule, "where")
        if bound is None:
            look.found.extend(binder.problems[-1:])
        elif bound.type not in ("boolean", "unknown"):
            cause = f"'where' must be true or false, this is {bound.type}"
            look.tell(
                "where", "CDMQ315", cause, "write a comparison, for example: type = 'company'"
            )
    return look.found


class _Look:
    """What is wrong, found piece by piece."""

    def __init__(self, rule: Rule, project: Project, catalog: Catalog) -> None:
        self.rule, self.project, self.catalog = rule, project, catalog
        self.found: list[Problem] = []

    def tell(self, field: str, code: str, cause: str, remedy: str) -> None:
        span = self.rule.spans.get(field, self.rule.span)
        self.found.append(Problem(span, code, f"{cause} (rule {self.rule.id})", remedy))

    def changes(self, log: ChangeLog, rows: Rows) -> None:
        columns = self._columns("changes", log.dataset)
        if columns is None:
            return
        if not self.project.datasets[log.dataset].key:
            self.tell(
                "changes.from",
                "CDMQ206",
                f"{log.dataset} has no key: nobody could say which change is approved",
                f"add key: to it ({self.project.datasets[log.dataset].span})",
            )
        for column in log.key:
            self._column("changes.key", log.dataset, column, columns)
        for word in ("column", "old", "new", "by"):
            self._column(f"changes.{word}", log.dataset, getattr(log, word), columns)
        self._moment("changes.at", log.dataset, log.at, columns)
        of = rows.dataset.made_of or rows.dataset.name
        key = self.project.datasets[of].key
        if len(log.key) != len(key):
            cause = f"key names {len(log.key)} columns of {log.dataset}, the key of {of} has "
            cause += f"{len(key)}: {', '.join(key)}"
            self.tell("changes.key", "CDMQ221", cause, "name them all, in the order of the key")

    def approvals(self, log: ApprovalLog) -> None:
        columns = self._columns("approvals", log.dataset)
        if columns is None:
            return
        for word in ("change", "by", "role", "through"):
            if (column := getattr(log, word)) is not None:
                self._column(f"approvals.{word}", log.dataset, column, columns)
        self._moment("approvals.at", log.dataset, log.at, columns)

    def _columns(self, word: str, dataset: str) -> Mapping[str, str] | None:
        if dataset not in self.project.datasets:
            how = did_you_mean(dataset, self.project.datasets)
            self.tell(f"{word}.from", "CDMQ202", f"unknown dataset '{dataset}'", how)
        return self.catalog.get(dataset)

    def _column(self, field: str, dataset: str, name: str, columns: Mapping[str, str]) -> bool:
        if name not in columns:
            cause = f"{dataset} has no column '{name}'"
            self.tell(field, "CDMQ203", cause, did_you_mean(name, columns))
        return name in columns

    def _moment(self, field: str, dataset: str, name: str, columns: Mapping[str, str]) -> None:
        known = self._column(field, dataset, name, columns)
        if known and columns[name] not in MOMENTS | {"unknown"}:
            cause = f"{dataset}.{name} is {columns[name]}, not a date or timestamp"
            self.tell(field, "CDMQ217", cause, "declare it in columns: of the dataset")
