"""plan: the conditions of many rules -> few statements, shaped for the warehouse.

A flag is found as (code, key, value, digest). `code` is twice the number of the judgement in
the run, plus one where the row could not be judged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from sqlglot import exp

from cdmq.sql import nodes
from cdmq.sql.keyed import keyed
from cdmq.sql.logical import logical
from cdmq.sql.text_form import text_of
from cdmq.stages.counting import Fuse, counts_of
from cdmq.steps import (
    Branch,
    Change,
    DatasetPlan,
    DatasetSteps,
    Judgement,
    Numbers,
    Plan,
)
from cdmq.values import Project, Rule


def plan(project: Project, steps: Mapping[str, DatasetSteps], fuse: Fuse) -> Plan:
    """The statements of every dataset."""
    numbers = _numbers(project, steps)

    def part(name: str, rules: frozenset[str] | None, null_keys: bool) -> DatasetPlan:
        step = steps[name] if rules is None else _only(steps[name], rules)
        if null_keys:
            # The digest reads every column: it is written once, and not again for each column.
            return plan_dataset(step.with_digests(), numbers, fuse, row_fuse="row")
        return plans[name] if step is steps[name] else plan_dataset(step, numbers, fuse)

    def guards(name: str) -> DatasetPlan:
        step = steps[name]
        wanted = tuple(j for j in step.judgements if j.rule.id in step.dataset.guards)
        stage = replace(step.stage, changes=()) if step.stage else None
        return plan_dataset(replace(step, judgements=wanted, stage=stage), numbers, fuse)

    plans = {name: plan_dataset(step, numbers, fuse) for name, step in steps.items()}
    return Plan(plans, numbers, part, guards)


def _only(step: DatasetSteps, rules: frozenset[str]) -> DatasetSteps:
    """The steps with no more than some rules."""
    if rules >= {j.rule.id for j in step.judgements} and (
        not step.stage or rules >= {c.rule.id for c in step.stage.changes}
    ):
        return step
    changes = tuple(c for c in step.stage.changes if c.rule.id in rules) if step.stage else ()
    return replace(
        step,
        judgements=tuple(j for j in step.judgements if j.rule.id in rules),
        stage=replace(step.stage, changes=changes) if step.stage else None,
    )


def _numbers(project: Project, steps: Mapping[str, DatasetSteps]) -> Numbers:
    """Those of one dataset stand together."""
    names: dict[str, list[str]] = {}
    for step in steps.values():
        for change in step.stage.changes if step.stage else ():
            names[change.rule.id] = [""]
        for j in step.judgements:
            names.setdefault(j.rule.id, []).append(j.name)
    order = sorted(project.rules.values(), key=lambda r: (r.dataset, r.id))
    every = [(rule.id, name) for rule in order for name in names.get(rule.id, [""])]
    return Numbers({judgement: number for number, judgement in enumerate(every, start=1)})


def plan_dataset(
    steps: DatasetSteps, numbers: Numbers, fuse: Fuse, row_fuse: Fuse | None = None
) -> DatasetPlan:
    """Fuse the row rules of a dataset, by `row_fuse` where that is another."""
    row = [j for j in steps.judgements if j.scope == "row"]
    sets = [j for j in steps.judgements if j.scope == "set"]
    changes = steps.stage.changes if steps.stage else ()
    return DatasetPlan(
        steps=steps,
        row=tuple(fused(steps, row, numbers, row_fuse or fuse)),
        sets=tuple(single(steps, j, numbers) for j in sets),
        counts=tuple(counts_of(steps, fuse)),
        changes=tuple(change_branch(steps, c, numbers) for c in changes),
    )


def fused(
    steps: DatasetSteps, judgements: Sequence[Judgement], numbers: Numbers, fuse: Fuse
) -> list[Branch]:
    """Row rules as branches: one per shown column, or one per relation."""
    groups: dict[tuple[object, ...], list[Judgement]] = {}
    for j in judgements:
        shown = (j.shown, j.rule.stage, j.rule.check == "readable") if fuse == "column" else ()
        own = j.key.sql() if j.key is not None else None
        groups.setdefault((j.relation, own, *shown), []).append(j)
    branches = []
    for group in groups.values():
        if len(group) == 1 and group[0].could_not_judge is None:
            branches.append(single(steps, group[0], numbers))
        elif fuse == "column":
            branches.append(_by_column(steps, group, numbers))
        else:
            branches.append(_by_row(steps, group, numbers))
    return branches


def single(steps: DatasetSteps, j: Judgement, numbers: Numbers) -> Branch:
    """One rule as a filtered SELECT; with a second one for rows that could not be judged."""
    if j.could_not_judge is not None:
        return _by_column(steps, [j], numbers)
    code = nodes.number(numbers.code(*j.id))
    shown = [code, steps.key_of(j), j.value.copy(), j.digest.copy()]
    query = nodes.select(_named(shown), logical(j.relation), _condition(j, j.failing))
    return Branch((j.rule,), query)


def _alone(
    group: Sequence[Judgement], make: Callable[[Sequence[Judgement]], Branch]
) -> tuple[Branch, ...]:
    """Each rule of a group as a branch of its own, for when the group's statement fails."""
    by_rule: dict[str, list[Judgement]] = {}
    for j in group:
        by_rule.setdefault(j.rule.id, []).append(j)
    return tuple(map(make, by_rule.values())) if len(by_rule) > 1 else ()


def _rules(group: Sequence[Judgement]) -> tuple[Rule, ...]:
    return tuple({j.rule.id: j.rule for j in group}.values())


def _named(shown: Sequence[exp.Expr]) -> list[exp.Expr]:
    names = ("code", "key", "value", "digest")
    return [nodes.alias(node, name) for node, name in zip(shown, names, strict=True)]


def _condition(j: Judgement, condition: exp.Expr) -> exp.Expr:
    joined = nodes.all_of([j.tested.copy() if j.tested is not None else None, condition.copy()])
    assert joined is not None
    return joined


def _codes(group: Sequence[Judgement], numbers: Numbers) -> list[tuple[exp.Expr, int, Judgement]]:
    found = []
    for j in group:
        number = numbers.code(*j.id)
        found.append((_condition(j, j.failing), number, j))
        if j.could_not_judge is not None:
            found.append((j.could_not_judge.copy(), number + 1, j))
    return found


def _by_column(steps: DatasetSteps, group: Sequence[Judgement], numbers: Numbers) -> Branch:
    """Rows that fail any rule of the column; then the failing rules of each, unnested."""
    codes = _codes(group, numbers)
    listed = exp.Array(expressions=[nodes.when(c, nodes.number(n)) for c, n, _ in codes])
    j = group[0]
    inner = nodes.select(
        _named(
            [
                nodes.call("unnest", listed),
                steps.key_of(j),
                j.value.copy(),
                j.digest.copy(),
            ]
        ),
        logical(j.relation),
        nodes.any_of([c.copy() for c, _, _ in codes]),
    )
    names = ("code", "key", "value", "digest")
    query = nodes.select(
        [nodes.column(n) for n in names],
        nodes.subquery(inner, "f"),
        nodes.present(nodes.column("code")),
    )

    def alone(own: Sequence[Judgement]) -> Branch:
        return single(steps, own[0], numbers) if len(own) == 1 else _by_column(steps, own, numbers)

    return Branch(_rules(group), query, _alone(group, alone))


def _by_row(steps: DatasetSteps, group: Sequence[Judgement], numbers: Numbers) -> Branch:
    """One pass over the rows for all rules; the values are looked up on the failing rows only."""
    codes = _codes(group, numbers)
    listed = exp.Array(expressions=[nodes.when(c, nodes.number(n)) for c, n, _ in codes])
    relation = logical(group[0].relation)
    relation.set("alias", exp.TableAlias(this=nodes.name("t")))
    everything = exp.Column(this=exp.Star(), table=nodes.name("t"))
    inner = nodes.select(
        [everything, nodes.alias(nodes.call("unnest", listed), "__code")],
        relation,
        nodes.any_of([c.copy() for c, _, _ in codes]),
    )
    code = nodes.column("__code")

    def of_rule(values: Sequence[tuple[exp.Expr, int]]) -> exp.Expr:
        same: dict[str, tuple[exp.Expr, list[exp.Expr]]] = {}
        for node, number in values:
            same.setdefault(node.sql("postgres"), (node, []))[1].append(nodes.number(number))
        return nodes.cases(
            [
                (exp.In(this=code.copy(), expressions=listed_), node.copy())
                for node, listed_ in same.values()
            ]
        )

    query = nodes.select(
        _named(
            [
                code,
                steps.key_of(group[0]),
                of_rule([(j.value, n) for _, n, j in codes]),
                of_rule([(j.digest, n) for _, n, j in codes]),
            ]
        ),
        nodes.subquery(inner, "f"),
        nodes.present(code.copy()),
    )

    def alone(own: Sequence[Judgement]) -> Branch:
        return single(steps, own[0], numbers) if len(own) == 1 else _by_row(steps, own, numbers)

    return Branch(_rules(group), query, _alone(group, alone))


def change_branch(steps: DatasetSteps, change: Change, numbers: Numbers) -> Branch:
    """The cells that one default changed: code, key, old, new, act, reason, digest."""
    from cdmq.sql.pii import stored

    type_ = steps.columns[change.column]
    pii = steps.dataset.spec.pii.get(change.column, "plain")
    old, new = text_of(change.old.copy(), type_), text_of(change.new.copy(), type_)
    if change.text is not None:
        old = exp.Coalesce(this=old, expressions=[change.text.copy()])
    digest: exp.Expr = nodes.cast(nodes.null(), "text")
    if pii != "plain":
        both = [exp.Coalesce(this=n.copy(), expressions=[nodes.text("")]) for n in (old, new)]
        digest = keyed(nodes.concat([both[0], nodes.text("\x02"), both[1]]))
    shown = {
        "code": nodes.number(numbers.code(change.rule.id)),
        "key": steps.key.copy(),
        "old_value": stored(old, pii),
        "new_value": stored(new, pii),
        "act": change.act.copy(),
        "reason": change.reason.copy(),
        "digest": digest,
    }
    query = nodes.select(
        [nodes.alias(n, name) for name, n in shown.items()],
        logical(steps.relation),
        change.changed.copy(),
    )
    return Branch((change.rule,), query)
