"""What rules of several kinds do with facts: what they read of them, whose these are, and how many could
not be counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from sqlglot import exp

from cdmq.datasets.rows import Rows
from cdmq.kinds.binding import Binder
from cdmq.kinds.conditions import Conditions
from cdmq.kinds.facts.figures import NUMERIC
from cdmq.kinds.facts.links import Link, on_the_way
from cdmq.kinds.facts.money import RATES
from cdmq.kinds.facts.words import Facts
from cdmq.kinds.kind import Known
from cdmq.kinds.reads import expression_columns
from cdmq.kinds.running import Running
from cdmq.project.spec import money_columns
from cdmq.sql import nodes
from cdmq.sql.logical import logical
from cdmq.sql.types import Type
from cdmq.values import Dataset, Rule

#: Why a fact is not counted, in the order of `Totals.account`.
_UNCOUNTED = (
    "without a date",
    "with a cell that where can't read",
    "with a status that counts_as does not name",
    "without an amount",
    "in a currency without a rate",
    "of no known customer",
)


def _read_of(rule: Rule, field: str, measure: Facts, at: Known) -> frozenset[str]:
    """The columns of its facts that a measure reads; `field`: its condition in the rule."""
    found = {*expression_columns(rule, field), *([measure.column] if measure.column else [])}
    facts = at.datasets.get(measure.dataset)
    if facts is not None:
        found |= _leading(facts)
        found |= {facts.spec.counts_as.column} if facts.spec.counts_as else set()
        if _of_money(measure, facts):
            found |= set(money_columns(facts.spec))
    return frozenset(found)


def _of_money(measure: Facts, facts: Dataset) -> bool:
    return facts.spec.amount is not None and facts.spec.amount.column == measure.column


def reads_of(rule: Rule, measures: Mapping[str, Facts], at: Known) -> dict[str, frozenset[str]]:
    """What measures read of their facts, and of the datasets by which these lead to those who are
    judged; `measures`: by the field of their condition in the rule."""
    found: dict[str, frozenset[str]] = {}
    judged = at.datasets.get(rule.dataset)
    for field, measure in measures.items():
        read = {measure.dataset: _read_of(rule, field, measure, at)}
        facts = at.datasets.get(measure.dataset)
        if facts is not None and judged is not None:
            for dataset in on_the_way(judged, facts, at.datasets):
                read[dataset.name] = _leading(dataset) | frozenset(dataset.key)
        if facts is not None and _of_money(measure, facts) and facts.spec.amount:
            rates = facts.spec.amount.rates
            read |= {rates: frozenset(RATES)} if rates else {}
        for name, columns in read.items():
            found[f"rows:{name}"] = found.get(f"rows:{name}", frozenset()) | columns
    return found


def _leading(dataset: Dataset) -> frozenset[str]:
    """The columns by which facts find others, and the one that says when they happened."""
    spec = dataset.spec
    found = {c for columns in spec.refers_to.values() for c in columns}
    return frozenset(found | ({spec.happened_at} if spec.happened_at else set()))


def says_of_money(measures: Iterable[Facts], datasets: Mapping[str, Dataset]) -> list[Dataset]:
    """The datasets of whose amounts of money these measures are made."""
    found = {
        m.dataset: datasets[m.dataset]
        for m in measures
        if m.dataset in datasets and _of_money(m, datasets[m.dataset]) and m.way in NUMERIC
    }
    return list(found.values())


def types_of(measures: list[Facts], dataset: Dataset) -> Mapping[str, Type]:
    """What is reckoned with is a number, and facts happened at a time."""
    of = [m for m in measures if m.dataset == dataset.name]
    found: dict[str, Type] = {
        m.column: "decimal" for m in of if m.column and m.way not in ("distinct", "top")
    }
    if of and dataset.spec.happened_at:
        found[dataset.spec.happened_at] = "timestamp"
    return found


def of_facts(
    rule: Rule, field: str, binder: Binder, said: Callable[[Conditions, str], exp.Expr | None]
) -> exp.Expr | None:
    """What is said of a condition on facts, which stand under the name `c`; None without one."""
    if field not in rule.expressions:
        return None
    return said(Conditions(rule, binder, _nothing, lambda c: nodes.column(c, "c")), field)


def customers(link: Link, rows: Rows, dialect: str) -> exp.Select:
    """The keys of all whom facts may be of."""
    if link.through is not None:
        return nodes.select([nodes.column("key")], logical(f"xref:{link.through}"))
    keys = nodes.select([nodes.alias(rows.key(), "key")], logical(rows.relation))
    return nodes.select(
        [nodes.alias(link.compared(nodes.column("key", "w"), dialect), "key")],
        nodes.beneath(keys, "w", dialect),
    )


def uncounted(at: Running, account: exp.Query) -> tuple[int, int, str]:
    """How many facts no figure could count, of how many, and in words."""
    lost, facts, told = 0, 0, []
    for name, all_, *by_why in sorted(at.fetch(account)):
        lost, facts = lost + sum(by_why), facts + all_
        why = [f"{n:,} {words}" for n, words in zip(by_why, _UNCOUNTED, strict=True) if n]
        if why:
            told.append(f"made without {sum(by_why):,} of {all_:,} {name}: {', '.join(why)}")
    return lost, facts, "; ".join(told)


def _nothing(how: str, column: str) -> exp.Expr:
    raise AssertionError(f"{how}({column}) is refused where facts are looked at")
