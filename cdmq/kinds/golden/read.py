"""What a golden rule makes, and the rule that it stands on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cdmq.kinds.golden.words import PARTY, GoldenRule
from cdmq.kinds.kind import Known
from cdmq.problems import Problem, did_you_mean
from cdmq.project.spec import DatasetSpec, Pii
from cdmq.project.yaml_source import Path
from cdmq.values import Dataset, Uses


def declares(item: Any) -> Iterator[tuple[Path, str]]:
    into = item.get("into") if isinstance(item, dict) else None
    if isinstance(into, str):
        yield ("into",), into


def declared(said: DatasetSpec, of: Dataset | None) -> DatasetSpec:
    """What its source says of columns holds for the golden ones too."""
    if of is None:
        return said.model_copy(update={"key": [PARTY]})
    gone = {*of.key, "source"}
    return said.model_copy(
        update={
            "key": [PARTY],
            "verified_at": {c: f"{c}__verified_at" for c in of.spec.verified_at if c not in gone},
            "changed_at": of.spec.changed_at,
            "owner": said.owner or of.spec.owner,
        }
    )


def hidden(made: Dataset, of: Dataset) -> dict[str, Pii]:
    """It has the columns of its source but for the key and a stack's label; when a value was
    verified stands beside the value."""
    said, verified = of.spec.pii, of.spec.verified_at
    gone = {*of.key, *verified.values(), *({"source"} if of.source == "stack" else ())}
    kept = {c: how for c, how in said.items() if c not in gone}
    kept |= {
        f"{c}__verified_at": said[at] for c, at in verified.items() if at in said and c not in gone
    }
    return {**dict.fromkeys(made.key, "plain"), **kept} if said else {}


def problems(at: Known, uses: Mapping[str, Uses]) -> Iterator[Problem]:
    """A golden rule names a matching rule on its own dataset: one that keeps who is one party."""
    keeps = {
        n: r.dataset for n, r in at.rules.items() if PARTY in uses[n].makes.get(f"kept:{n}", ())
    }
    for rule in at.rules.values():
        if not isinstance(rule.spec, GoldenRule):
            continue
        matching = [n for n, dataset in keeps.items() if dataset == rule.dataset]
        if rule.spec.matched_by not in matching:
            yield Problem(
                rule.spans.get("from", rule.span),
                "CDMQ224",
                f"{rule.dataset} has no matching rule '{rule.spec.matched_by}' (rule {rule.id})",
                did_you_mean(rule.spec.matched_by, matching) or "write it below matching:",
            )
