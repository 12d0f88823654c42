"""Why two records are one party, or two.

>>> from cdmq.kinds.matching.pair_story import pair_stories
>>> pair_stories(cdmq.parse("path/to/project"), "crm/1", "shop/1")[0].kept      # doctest: +SKIP
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlglot import exp

from cdmq.audit.near_keys import unknown
from cdmq.audit.reading import Row, Where, open_audit, same
from cdmq.audit.tables import QUEUE
from cdmq.audit.telling import Telling, ended, one_of, still
from cdmq.kinds.matching.pair_chain import chain, questions_between
from cdmq.kinds.matching.pair_columns import Evidence
from cdmq.kinds.matching.pair_values import PairStory, Verdict
from cdmq.kinds.matching.story_alike import question
from cdmq.kinds.matching.story_members import parties_now
from cdmq.kinds.matching.tables import PAIRS, XREF
from cdmq.kinds.matching.words import MatchingRule
from cdmq.problems import CdmqError, Problem, Span, did_you_mean
from cdmq.sql import nodes
from cdmq.values import Project, Rule


def pair_stories(
    project: Project,
    a: str,
    b: str,
    rule: str | None = None,
    dataset: str | None = None,
    *,
    unmask: bool = False,
    where: Where = Where(),  # noqa: B008
) -> tuple[PairStory, ...]:
    """The story of two records under each matching rule of their dataset, or under one rule.

    What `pii:` hides is masked, unless `unmask`. Raises CdmqError, with near keys, for a key that
    no dataset knows, and where no matching rule compares the two.
    """
    with open_audit(project.root, project.config, where) as audit:
        telling = Telling(project, audit, unmask)
        rules = _rules(telling, a, b, rule, dataset)
        return tuple(
            _story(telling, r, r.spec, a, b) for r in rules if isinstance(r.spec, MatchingRule)
        )


# which rules ----------------------------------------------------------------------------------


def _rules(telling: Telling, a: str, b: str, rule: str | None, dataset: str | None) -> list[Rule]:
    """The matching rules of the datasets that have both records."""
    names = telling.named(dataset)
    matching = [r for r in telling.project.rules.values() if isinstance(r.spec, MatchingRule)]
    if rule is not None and telling.now(rule) not in {r.id for r in matching}:
        raise CdmqError(
            Problem(
                Span("--rule"),
                "CDMQ224",
                f"there is no matching rule '{rule}'",
                did_you_mean(rule, [r.id for r in matching]),
            )
        )
    wanted = None if rule is None else telling.now(rule)
    found = [r for r in matching if r.dataset in names and wanted in (None, r.id)]
    both = {d for d in {r.dataset for r in found} if all(_knows(telling, d, k) for k in (a, b))}
    if not both:
        raise _stranger(telling, names, matching, (a, b), rule, dataset)
    return [r for r in found if r.dataset in both]


def _knows(telling: Telling, dataset: str, key: str) -> bool:
    """Whether a dataset has a record, or had it when it was matched."""
    if telling.there(dataset, key):
        return True
    rules = telling.rules_on(dataset, "matching")
    return bool(
        rules
        and telling.select(
            XREF,
            [nodes.number(1)],
            nodes.every([same("key", key), one_of("rule_id", rules)]),
            limit=1,
        )
    )


def _stranger(
    telling: Telling,
    names: Sequence[str],
    matching: Sequence[Rule],
    keys: tuple[str, str],
    rule: str | None,
    dataset: str | None,
) -> CdmqError:
    """Why two keys cannot be compared."""
    homes = [[d for d in names if _knows(telling, d, k)] for k in keys]
    for key, home in zip(keys, homes, strict=True):
        if not home:
            return unknown(telling, "--pair", key, names, dataset)
    shared = [d for d in homes[0] if d in homes[1]]
    if shared:
        others = sorted({r.dataset for r in matching})
        where = (
            f"{rule} compares those of {others[0]}"
            if rule and len(others) == 1
            else (f"records are compared in {', '.join(others)}" if others else "write one")
        )
        return CdmqError(
            Problem(
                Span("--pair"),
                "CDMQ224",
                f"{'the rule ' + rule if rule else 'no matching rule'} compares "
                f"{'no ' if rule else ''}records of {', '.join(shared)}",
                where,
            )
        )
    return CdmqError(
        Problem(
            Span("--pair"),
            "CDMQ531",
            f"'{keys[0]}' is a record of {', '.join(homes[0])}, "
            f"'{keys[1]}' of {', '.join(homes[1])}",
            "name two records of one dataset",
        )
    )


# the story ------------------------------------------------------------------------------------


def _story(telling: Telling, rule: Rule, spec: MatchingRule, a: str, b: str) -> PairStory:
    low, high = sorted((a, b))
    ids = telling.names_of(rule.id)
    rows = telling.rows(
        PAIRS, nodes.every([one_of("rule_id", ids), same("key_a", low), same("key_b", high)])
    )
    rows.sort(key=lambda r: (r["to_run"] is None, r["from_run"]))
    kept = rows[-1] if rows and rows[-1]["to_run"] is None else None
    last = rows[-1] if rows and kept is None else None
    evidence = Evidence(telling, rule.dataset, spec, a, b)
    parties = parties_now(telling, ids, (a, b))
    of = (parties.get(a), parties.get(b))
    asked, of_others = _asked(telling, rule, ids, (a, b), of)
    story = PairStory(
        rule.id,
        spec.makes,
        rule.why,
        rule.dataset,
        a,
        b,
        evidence.there,
        rule.where,
        evidence.columns(_weights(kept)),
        bool(spec.compare),
        _verdict(telling, kept),
        _verdict(telling, last),
        evidence.equal(spec.same_if or []),
        evidence.differing(spec.never_if_differs or []),
        bool(evidence.equal(spec.candidates)) if spec.candidates else None,
        spec.merge_above,
        spec.review_above,
        of,
        (),
        asked,
        of_others,
    )
    if of[0] is None or of[0] != of[1] or story.linked:
        return story
    return replace(story, chain=chain(telling, rule.dataset, ids, of[0], a, b, spec.merge_above))


def _weights(row: Row | None) -> dict[str, float]:
    found: dict[str, Any] = json.loads(row["weights"]) if row and row["weights"] else {}
    return {c: float(w) for c, w in found.items() if w is not None}


def _verdict(telling: Telling, row: Row | None) -> Verdict | None:
    if row is None:
        return None
    weight, weights = row["weight"], _weights(row)
    start = weight - sum(weights.values()) if weight is not None and weights else None
    return Verdict(
        row["verdict"],
        row["probability"],
        weight,
        start,
        telling.when(row["from_run"]),
        ended(row, telling),
    )


def _asked(
    telling: Telling,
    rule: Rule,
    ids: Sequence[str],
    keys: tuple[str, str],
    parties: tuple[str | None, str | None],
) -> tuple[tuple[Any, ...], bool]:
    """The open questions about two records, else about their parties."""
    mine: exp.Expr = nodes.every(
        [one_of("rule_id", ids), same("key", min(keys)), same("other", max(keys)), still()]
    )
    rows = telling.rows(QUEUE, mine)
    others = not rows and None not in parties and parties[0] != parties[1]
    if others:
        rows = questions_between(telling, ids, str(parties[0]), str(parties[1]))
    return tuple(question(telling, rule.dataset, r, keys) for r in rows), others
