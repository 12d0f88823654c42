"""Who gave a thing the meaning that it has: the commit at which that meaning appeared.

Blame of lines names the wrong one where words were removed, or where the change stands in another
file. So the commits are walked from the one that is checked out, and what a thing meant at each
is read anew: the first whose parents all said otherwise is the one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from cdmq.audit.git import NOT_COMMITTED, SHALLOW, Commit, Repository, Unreadable

#: States of the project's files that are read, and commits that are looked at.
MOST_STATES, MOST_COMMITS = 300, 20_000


@dataclass(frozen=True)
class Authorship:
    """Who, and by which commit. Without: `note` says why nobody can be named."""

    author: str | None = None
    commit: str | None = None
    committed: str | None = None
    note: str | None = None

    @property
    def uncommitted(self) -> bool:
        """Whether nobody can be named until somebody commits it."""
        return self.author is None and self.note == NOT_COMMITTED


@dataclass(frozen=True)
class State:
    """The commit that the files which were read stand in, and whether one differs from it."""

    commit: str | None = None
    dirty: bool | None = None
    note: str | None = None


@dataclass(frozen=True)
class Before:
    """What a thing meant when it was last used, and the run that used it."""

    digest: str
    commit: str | None = None
    dirty: bool | None = None
    overrides: str | None = None

    @property
    def vars(self) -> str:
        """Its `--vars`, as JSON."""
        return self.overrides or "{}"


class Authors(Protocol):
    """Who gave things the meaning that they have in a run, and what git says of its files."""

    state: State

    def authors(
        self, wanted: Mapping[str, str], before: Mapping[str, Before]
    ) -> dict[str, Authorship]:
        """Name -> who gave it the meaning (a digest) that it has. Names are `rule:ID` for what a
        rule means, `words:ID` for what is said of it, `model:NAME` for a model's SQL."""


@dataclass(frozen=True)
class Meaning:
    """What a thing meant. `apart`: the rule file that it stands in, where no other of the rule
    files has a say in it. `formerly`: its name before."""

    digest: str
    apart: str | None = None
    formerly: str | None = None


@dataclass(frozen=True)
class Meanings:
    """What each thing meant in one state of the files. Those `unreadable` had a meaning or none:
    nobody can tell. `broken`: the files with errors, which may hide what is not named, or lend
    another meaning to what is; None where nothing could be read."""

    known: Mapping[str, Meaning]
    unreadable: frozenset[str] = frozenset()
    broken: frozenset[str] | None = frozenset()


@dataclass(frozen=True)
class Files:
    """path -> blob of all files that are read: those with rules, and all others."""

    rules: Mapping[str, str]
    others: Mapping[str, str]


class Walk:
    """Walks the commits behind one. `read` tells what things meant in the files of a commit."""

    def __init__(
        self,
        repository: Repository,
        head: str,
        files: Callable[[str], Files],
        read: Callable[[str], Meanings],
    ) -> None:
        self.repository, self.head = repository, head
        self._files_at, self._read = files, read
        self._files: dict[str, Files] = {}
        #: One for all commits with the same files, so that a look tells them apart.
        self._same: dict[object, Files] = {}
        self._back: dict[str, tuple[str, int]] = {}
        self._states: dict[object, Meanings] = {}

    def author(self, name: str, digest: str) -> Authorship:
        """Who gave the thing the meaning with that digest."""
        try:
            known = self.meaning(self.head, name)
            if known is None or known.digest != digest:
                return Authorship(note=NOT_COMMITTED)
            return self._author(name, known)
        except Unreadable as error:
            return Authorship(note=str(error))

    def meaning(self, commit: str, name: str) -> Meaning | None:
        """What it meant at a commit; None where it was not there, or nobody can tell."""
        found = self._meanings(commit)
        return None if name in found.unreadable else found.known.get(name)

    def _author(self, name: str, known: Meaning) -> Authorship:
        at = credited = self.head
        #: Those who made the commits from the first at which it is known to mean this, back to
        #: where it was known to mean something else: one of them gave it this meaning.
        makers: list[Commit] = []
        looked = 0
        while looked < MOST_COMMITS:
            if at == credited:
                credited, passed = self._without_change(at)
                at, looked = credited, looked + passed
            looked += 1
            here, lost = self._commit(at), False
            makers.append(here)
            steps = []
            for parent in here.parents:
                if self.repository.commit(parent) is None:
                    lost = True
                elif (step := self._step(at, parent, name, known, credited)) is not None:
                    steps.append((parent, *step))
            # A parent of which nobody can tell decides only where none says the same.
            found = next((s for s in steps if s[2]), steps[0] if steps else None)
            if found is None:
                return Authorship(note=SHALLOW) if lost else _one_of(makers)
            at, name, meant = found
            if meant is not None:
                credited, known = at, meant
                makers.clear()
        raise Unreadable(f"unknown: more than {MOST_COMMITS:,} commits back")

    def _without_change(self, commit: str) -> tuple[str, int]:
        """The last commit behind one, by single parents, up to which all files that are read are
        the same; and how many that is back."""
        passed: list[str] = []
        at = commit
        while at not in self._back and len(passed) < MOST_COMMITS:
            parents = self._commit(at).parents
            if len(parents) != 1 or self.repository.commit(parents[0]) is None:
                break
            if self._file_list(parents[0]) is not self._file_list(at):
                break
            passed.append(at)
            at = parents[0]
        last, more = self._back.get(at, (at, 0))
        for count, one in enumerate(reversed(passed), start=more + 1):
            self._back[one] = last, count
        return last, more + len(passed)

    def _step(
        self, child: str, parent: str, name: str, known: Meaning, credited: str
    ) -> tuple[str, Meaning | None] | None:
        """Its name and meaning at the parent, where that is the same, or None for the meaning where
        nobody can tell. None where it was another, or was not there. `credited`: the last commit
        at which it is known."""
        clear = child == credited
        before, now = self._file_list(parent), self._file_list(child)
        if before is now:
            return name, known if clear else None
        if (
            clear
            and known.apart
            and before.others == now.others
            and (before.rules.get(known.apart) == now.rules.get(known.apart))
        ):
            return name, known
        meanings = self._meanings(parent)
        hidden = self._hiding(meanings, parent, credited)
        for id in filter(None, (name, known.formerly)):
            if id in meanings.unreadable:
                return name, None
            if id in meanings.known:
                meant = meanings.known[id]
                if meant.digest == known.digest:
                    return id, meant
                return (name, None) if hidden is None or hidden - before.rules.keys() else None
        return (name, None) if hidden is None or hidden else None

    def _hiding(self, meanings: Meanings, at: str, credited: str) -> frozenset[str] | None:
        """The files with errors that were not so when it is known: with the same errors it could
        be read. None where any file may be one."""
        then, now = self._file_list(at), self._file_list(credited)
        if meanings.broken is None or meanings.broken - then.rules.keys() - then.others.keys():
            return None
        return frozenset(
            f
            for f in meanings.broken
            if (then.rules.get(f), then.others.get(f)) != (now.rules.get(f), now.others.get(f))
        )

    def _commit(self, id: str) -> Commit:
        found = self.repository.commit(id)
        if found is None:
            raise Unreadable(SHALLOW)
        return found

    def _file_list(self, commit: str) -> Files:
        if commit not in self._files:
            files = self._files_at(commit)
            self._files[commit] = self._same.setdefault(_key(files), files)
        return self._files[commit]

    def _meanings(self, commit: str) -> Meanings:
        key = _key(self._file_list(commit))
        if key not in self._states:
            if len(self._states) >= MOST_STATES:
                raise Unreadable(f"unknown: more than {MOST_STATES} changes of the project back")
            self._states[key] = self._read(commit)
        return self._states[key]


def _key(files: Files) -> object:
    return frozenset(files.rules.items()), frozenset(files.others.items())


def _one_of(makers: list[Commit]) -> Authorship:
    """Who it was, where only the first of some commits could be read: all of them, or nobody can
    tell. The commit is the first at which the meaning can be read."""
    first, last = makers[0], makers[-1]
    if len({m.author for m in makers}) > 1:
        return Authorship(note=f"unknown: the files of commit {last.id[:10]} cannot be read")
    return Authorship(first.author, first.id, first.written)
