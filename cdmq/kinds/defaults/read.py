"""An item of the section -> its rule: a standard form takes words of its own beside the rule's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cdmq.kinds.defaults.words import DefaultRule
from cdmq.kinds.reading import Reading, Said
from cdmq.kinds.thresholds import NEVER
from cdmq.problems import did_you_mean
from cdmq.standards import FORMS
from cdmq.values import Rule


def read(item: Any, at: Reading) -> Iterator[Rule]:
    what = at.named(item)
    options: dict[str, Any] = {}
    form = FORMS.get(str(item.get("standardise"))) if isinstance(item, dict) else None
    if isinstance(item, dict) and item.get("standardise") and form is None:
        at.problem(
            (*at.path, "standardise"),
            "CDMQ116",
            f"unknown form '{item['standardise']}' in {what}",
            did_you_mean(str(item["standardise"]), FORMS),
        )
        return
    known = set(form.OPTIONS.model_fields) if form else set()
    sound: object = True
    if form is not None:
        options = {k: v for k, v in item.items() if k in known}
        item = {k: v for k, v in item.items() if k not in known}
        sound = at.model(form.OPTIONS, options, at.path, what)
    spec = at.model(DefaultRule, item, at.path, what, known)
    if not sound or spec is None or at.head is None:
        return
    spec = spec.model_copy(update={"options": options})
    yield at.rule(
        Said(spec, [spec], at.path, at.path),
        id=spec.id or f"{at.head.dataset}.{spec.column}.{spec.means}",
        check=spec.means,
        columns=(spec.column,),
        dimension="completeness" if spec.means in ("fill_from", "set") else "conformity",
    )


def above(rule: Rule) -> tuple[str, str]:
    """What it could not mend fails no rule: whether it may stay, a check says. A record of which it
    can't be told whether the rule is about it warns."""
    return "0", NEVER
