"""Levels that other rules ask for, and that no customer can have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlglot import exp

from cdmq.kinds.tiering.words import NEW, TieringRule
from cdmq.problems import Problem, did_you_mean
from cdmq.project.column_names import folded
from cdmq.values import Rule


def unknown_levels(rules: Mapping[str, Rule]) -> Iterator[Problem]:
    """A condition that compares the column of a tiering rule with a text that is none of its
    levels: it holds for all or for nobody."""
    given = {
        (rule.dataset, folded(rule.id)): rule.spec
        for rule in rules.values()
        if isinstance(rule.spec, TieringRule)
    }
    for rule in rules.values() if given else ():
        for field, expression in rule.expressions.items():
            for column, text in _compared(expression.tree):
                spec = given.get((rule.dataset, folded(column)))
                known = spec and [*spec.level_names, *([NEW] if spec.new_for else [])]
                if known and text not in known and folded(column) != folded(rule.id):
                    yield Problem(
                        rule.spans.get(field, rule.span),
                        "CDMQ229",
                        f"{column} has no level '{text}' (rule {rule.id})",
                        did_you_mean(text, known),
                    )


def _compared(tree: exp.Expr) -> Iterator[tuple[str, str]]:
    """The columns that are compared with texts that are written out."""
    for node in tree.find_all(exp.EQ, exp.NEQ, exp.In):
        sides = [node.this, *(node.expressions if isinstance(node, exp.In) else [node.expression])]
        columns = [s.name for s in sides if isinstance(s, exp.Column)]
        texts = [s.name for s in sides if isinstance(s, exp.Literal) and s.is_string]
        yield from ((c, t) for c in columns[:1] for t in texts)
