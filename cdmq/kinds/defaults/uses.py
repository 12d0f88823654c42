"""What a default reads: cells of its own record, of a record that this one refers to, of a list."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from cdmq.kinds.defaults.words import DefaultRule
from cdmq.kinds.kind import Known
from cdmq.kinds.reads import expression_columns, may_be_unread
from cdmq.values import Rule, Uses


def uses(rule: Rule, at: Known) -> Uses:
    spec = rule.spec
    assert isinstance(spec, DefaultRule)
    own = {*rule.columns, *expression_columns(rule), *column_options(spec)}
    reads: dict[str, frozenset[str]] = {}
    for source in spec.fill_from:
        other, dot, column = source.partition(".")
        if not dot:
            own.add(source)
        elif other in at.datasets:
            own |= set(at.datasets[rule.dataset].spec.refers_to.get(other, ()))
            name = f"rows:{other}"
            reads[name] = reads.get(name, frozenset()) | {column, *at.datasets[other].key}
    if spec.map:
        reads[f"seed:{spec.map.seed}"] = frozenset({spec.map.from_, spec.map.to})
    name = f"rows:{rule.dataset}"
    makes = {f"flags:{rule.dataset}": frozenset[str]()} if may_be_unread(rule) else {}
    return Uses({**reads, name: reads.get(name, frozenset()) | own}, makes)


def carries(rule: Rule) -> Iterator[tuple[str, str, str]]:
    """The values that it borrows, and the codes of its list. A name with a dot may be that of a
    column, too."""
    spec = rule.spec
    assert isinstance(spec, DefaultRule)
    for source in spec.fill_from:
        other, dot, column = source.partition(".")
        yield spec.column, rule.dataset, source
        if dot:
            yield spec.column, other, column
    if spec.map:
        yield spec.column, spec.map.seed, spec.map.to


def column_options(spec: DefaultRule) -> set[str]:
    """The columns that options of a rule's form name."""
    if not spec.standardise or not spec.options:
        return set()
    return {str(spec.options[o]) for o in _named(spec.standardise) if o in spec.options}


@cache
def _named(form: str) -> frozenset[str]:
    from cdmq.standards import FORMS
    from cdmq.standards import column_options as named

    return named(FORMS[form])
