"""What is wrong with links, as flags: each bears the key of its link and says in its value what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot import exp

from cdmq.datasets.rows import Rows
from cdmq.kinds.conditions import Conditions, unread
from cdmq.kinds.relationships.joined import Joined
from cdmq.kinds.relationships.words import NONE, RelationshipsRule
from cdmq.sql import nodes
from cdmq.sql.keyed import keyed
from cdmq.sql.pii import stored, strictest
from cdmq.steps import Judgement
from cdmq.values import Project, Rule


@dataclass(frozen=True)
class Fault:
    """`wrong` and `unread`: columns of `faults`, the text of what is wrong and of what could not be
    judged; a link has one of them at most. Flags name the columns of `fields` of the rule: no other
    fault names the same."""

    name: str
    fields: tuple[str, ...]
    wrong: str | None
    unread: str | None = None
    #: It tells of other parties and links.
    of_others: bool = False

    @property
    def said(self) -> list[str]:
        return [column for column in (self.wrong, self.unread) if column]


FAULTS = (
    Fault("type", ("type",), "type_wrong"),
    Fault("from", ("from_",), "from_wrong", "from_unread"),
    Fault("to", ("to",), "to_wrong", "to_unread"),
    Fault("starts", ("starts",), "start_wrong", "start_unread"),
    Fault("ends", ("ends",), None, "end_unread"),
    Fault("dates", ("starts", "ends"), "dates_wrong"),
    Fault("overlap", ("from_", "to", "starts", "ends"), "overlapped", None, True),
    Fault("loop", ("from_", "to"), "loop", None, True),
    Fault("to_at_most", ("to", "type"), "to_many", None, True),
    Fault("from_at_most", ("from_", "type"), "from_many", None, True),
)
COLUMNS = ("key", *(column for fault in FAULTS for column in fault.said))


def judgements(
    rule: Rule,
    spec: RelationshipsRule,
    rows: Rows,
    conditions: Conditions,
    project: Project,
    of: Joined,
) -> Iterator[Judgement]:
    """Every link is tested; what is wrong with it is found in what the rule made."""
    none = nodes.cast(nodes.null(), "text")
    yield Judgement(
        rule=rule,
        relation=rows.relation,
        failing=exp.false(),
        could_not_judge=None,
        tested=conditions.where,
        judged=None,
        shown=(),
        value=none,
        digest=none.copy(),
        scope="row",
    )
    yield from unread(conditions, rows, conditions.unjudged(None))
    pii = project.datasets[rule.dataset].spec.pii
    others = [
        project.datasets[name].spec.pii.get(column, "plain")
        for name in (of.parties, of.records, rule.dataset)
        for column in project.datasets[name].key
    ]
    for fault in FAULTS:
        shown = tuple(c for f in fault.fields if (c := getattr(spec, f)) != NONE)
        own = [pii.get(c, "plain") for c in shown]
        how = strictest([*own, *others] if fault.of_others else own)
        said = [nodes.column(c) for c in fault.said]
        value = said[0] if len(said) == 1 else exp.Coalesce(this=said[0], expressions=said[1:])
        yield Judgement(
            rule=rule,
            relation=f"made:{rule.id}__faults",
            failing=_is_said(fault.wrong) or exp.false(),
            could_not_judge=_is_said(fault.unread),
            tested=None,
            judged=None,
            shown=shown,
            value=stored(value.copy(), how),
            digest=none.copy() if how == "plain" else keyed(value.copy()),
            scope="row",
            name=fault.name,
            key=nodes.column("key"),
        )


def _is_said(column: str | None) -> exp.Expr | None:
    return nodes.present(nodes.column(column)) if column else None
