"""Who made the rows of rules that a run adds to their versions.

A row is added for what is new, and for what was not committed when a run used it first and is
committed now: its row of then stays as it was true.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cdmq.audit.authors import Authorship, Before
from cdmq.audit.changed_versions import ChangedVersions
from cdmq.audit.versions import Version, words_digest


@dataclass(frozen=True)
class Standing:
    """The open row of a rule; of one that comes back, its last. `was`: commit, dirtiness and
    `--vars` of the last run that used it, where that is known."""

    digest: str
    meta: str
    dataset: str
    by: Authorship
    words: Authorship
    was: tuple[Any, ...] = ()

    @property
    def uncommitted(self) -> bool:
        return self.by.uncommitted or self.words.uncommitted

    def before(self, what: str) -> Before:
        said = words_digest(self.meta, self.dataset)
        return Before(said if what == "words" else self.digest, *self.was)


@dataclass(frozen=True)
class RuleAuthors:
    """`open`, `away`: rule, by its id of today -> its row that is open, or was the last."""

    versions: Mapping[str, Version]
    changed: ChangedVersions
    open: Mapping[str, Standing]
    away: Mapping[str, Standing]
    #: The commit that is checked out.
    commit: str | None

    def asked(self) -> Iterator[tuple[str, str]]:
        """What is asked of which rule: `rule` for its meaning, `words` for what is said of it."""
        for name in self.changed.new:
            words, away = name in self.changed.words, self.away.get(name)
            if not words or self.open[name].by.uncommitted:
                yield "rule", name
            if words or (away and self._other_words(name, away)):
                yield "words", name
        for name in self.changed.same:
            old = self.open[name]
            if old.was[:2] == (self.commit, True):
                continue  # nothing was committed since
            if old.by.uncommitted:
                yield "rule", name
            if old.words.uncommitted:
                yield "words", name

    def wanted(self) -> dict[str, str]:
        """What is asked -> the digest of what it is now."""
        found = {}
        for what, name in self.asked():
            version = self.versions[name]
            said = words_digest(version.meta_digest, version.rule.dataset)
            found[f"{what}:{name}"] = said if what == "words" else version.digest
        return found

    def before(self) -> dict[str, Before]:
        """What is asked -> what it was."""
        return {
            f"{what}:{name}": self.open[name].before(what)
            for what, name in self.asked()
            if name in self.open
        }

    def rows(
        self, found: Mapping[str, Authorship]
    ) -> Iterator[tuple[Version, Authorship, Authorship]]:
        """The rows to add: the version, who made its meaning, and who changed its words, where the
        meaning was there before."""
        for name in self.changed.new:
            by, words = found.get(f"rule:{name}"), found.get(f"words:{name}", Authorship())
            if name in self.changed.words:
                by = _known(by, self.open[name].by)
            yield self.versions[name], by or Authorship(), words
        for name in self.committed(found):
            old = self.open[name]
            by = _known(found.get(f"rule:{name}"), old.by)
            yield self.versions[name], by, _known(found.get(f"words:{name}"), old.words)

    def committed(self, found: Mapping[str, Authorship]) -> list[str]:
        """The rules that are as they were, and committed since."""
        named = {name for name, by in found.items() if by.commit}
        return [n for n in self.changed.same if {f"rule:{n}", f"words:{n}"} & named]

    def _other_words(self, name: str, away: Standing) -> bool:
        version = self.versions[name]
        return away.digest == version.digest and away.meta != version.meta_digest


def _known(now: Authorship | None, then: Authorship) -> Authorship:
    return now if now is not None and now.commit else then
