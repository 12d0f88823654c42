"""Which rules are of another version in a run than the one that is open, and what differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cdmq.audit.versions import Version
from cdmq.outcomes import RuleResult


@dataclass(frozen=True)
class ChangedVersions:
    """`new`: a row is added; of these `words`: only what is said of the rule differs.

    `removed`: no longer there. `same`: used as they were.
    """

    new: list[str]
    words: frozenset[str]
    removed: frozenset[str]
    closed: list[tuple[str, str, str]]
    same: tuple[str, ...] = ()


def changed_versions(
    open_: Mapping[str, tuple[str, str]],
    versions: Mapping[str, Version],
    results: Sequence[RuleResult],
    whole: bool,
    datasets: Mapping[str, str],
) -> ChangedVersions:
    """Compare the rules of a run with the versions that are open, and the datasets of these."""
    used = {r.rule.id for r in results if r.status != "skipped" or not r.rule.enabled}
    new, closed, words = [], [], set()
    for name, version in versions.items():
        if name not in used:
            continue
        before = open_.get(name) or open_.get(version.rule.formerly or "")
        if (
            before != (version.digest, version.meta_digest)
            or name not in open_
            or (datasets[name] != version.rule.dataset)
        ):
            new.append(name)
            if name in open_:
                closed.append((name, *open_[name]))
        if before and before[0] == version.digest and name in new:
            words.add(name)
    former = {v.rule.formerly: name for name, v in versions.items() if v.rule.formerly}
    # A rule that this run leaves out keeps its former id until a run uses it by the new one.
    gone = [n for n in open_ if n not in versions and (former[n] in used if n in former else whole)]
    closed += [(n, *open_[n]) for n in gone]
    return ChangedVersions(
        sorted(new),
        frozenset(words),
        frozenset(set(gone) - set(former)),
        closed,
        tuple(sorted(used & versions.keys() - set(new))),
    )
