"""What the project meant at other times: at a commit, and with other `--vars`.

It reads the files of a commit as it reads those on disk, so that a rule's version then and now
are the same digest of the same meaning.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from cdmq.audit.authors import Authorship, Before, Files, Meaning, Meanings, State, Walk
from cdmq.audit.git import NOT_COMMITTED, Repository, Unreadable
from cdmq.audit.versions import model_version, version_of, words_digest
from cdmq.problems import CdmqError, Problem
from cdmq.project.walk import PROJECT_FILE
from cdmq.project.walk import Files as Reading
from cdmq.stages import load, resolve
from cdmq.values import Project


class Past:
    """The history of a project that was read. `state` is that of the very bytes."""

    def __init__(self, project: Project, run_by: str) -> None:
        self.project, self.run_by = project, run_by
        self._with: dict[str, Meanings] = {}
        try:
            with self._repository() as repository:
                self.state = self._state(repository)
        except Unreadable as error:
            self.state = State(note=str(error))

    def authors(
        self, wanted: Mapping[str, str], before: Mapping[str, Before]
    ) -> dict[str, Authorship]:
        """See Authors."""
        found = {
            name: self._by_variables(name, digest, before.get(name))
            for name, digest in wanted.items()
        }
        missing = [name for name, author in found.items() if author is None]
        if missing and self.state.commit is None:
            found.update((n, Authorship(note=self.state.note)) for n in missing)
        elif missing:
            try:
                with self._repository() as repository:
                    walks = _Walks(self.project, repository, self.state.commit or "")
                    found.update(
                        (n, self._by_commit(walks, n, wanted[n], before.get(n))) for n in missing
                    )
            except Unreadable as error:
                found.update((n, Authorship(note=str(error))) for n in missing)
        return {name: author for name, author in found.items() if author is not None}

    def _by_variables(self, name: str, digest: str, before: Before | None) -> Authorship | None:
        """Who ran it, where it is the `--vars` alone that make the meaning another."""
        if self._with_vars("{}", name, digest) == digest:
            return None
        if before is None or self._with_vars(before.vars, name, digest) == before.digest != digest:
            return Authorship(self._by_vars, note=NOT_COMMITTED)
        return None

    def _by_commit(
        self, walks: _Walks, name: str, digest: str, before: Before | None
    ) -> Authorship:
        """Who committed it; and who ran it, where the `--vars` have a part in it too."""
        clean = before if before and before.commit and before.dirty is False else None
        if clean and walks.meant(clean.vars, clean.commit, name) == digest != clean.digest:
            return Authorship(note="nobody: this cdmq reads it otherwise than the one before")
        if self._with_vars("{}", name, digest) == digest:
            by = walks.author("{}", name, digest)
            left = before and self._with_vars(before.vars, name, digest) == before.digest != digest
            return (
                replace(by, note=f"{self.run_by} ran it without the --vars of before")
                if (by.author and left)
                else by
            )
        by = walks.author(self._now, name, digest)
        if before is None or self._with_vars(before.vars, name, digest) == digest:
            return by
        if clean and walks.meant(self._now, clean.commit, name) == digest:
            return Authorship(self._by_vars, note=NOT_COMMITTED)
        return replace(by, author=f"{by.author} and {self._by_vars}") if by.author else by

    @property
    def _by_vars(self) -> str:
        return f"{self.run_by}, by --vars"

    @property
    def _now(self) -> str:
        return spoken(self.project.overrides)

    def _with_vars(self, overrides: str, name: str, digest: str) -> str | None:
        """What the files that were read mean with other `--vars`; with those of now, `digest`."""
        if overrides == self._now:
            return digest
        if overrides not in self._with:
            self._with[overrides] = meanings(
                self.project.root, _given(overrides, self.project), _InMemory(self.project.files)
            )
        found = self._with[overrides].known.get(name)
        return found.digest if found else None

    # reading ---------------------------------------------------------------------------------

    @contextmanager
    def _repository(self) -> Iterator[Repository]:
        with Repository(self.project.root) as repository:
            yield repository

    def _state(self, repository: Repository) -> State:
        head = repository.head()
        if head is None:
            return State(note=NOT_COMMITTED)
        at = _AtCommit(self.project.root, repository, head)
        there = at.blobs()
        read = {
            _below(self.project.root, path): content for path, content in self.project.files.items()
        }
        if not read.keys() & there.keys():
            return State(note=NOT_COMMITTED)
        same = read.keys() == there.keys() and all(
            repository.is_blob(content, there[path], at.inside(path))
            for path, content in read.items()
        )
        return State(head, not same)


class _Walks:
    """The walk behind the commit that is checked out, for each `--vars` that it is read with."""

    def __init__(self, project: Project, repository: Repository, head: str) -> None:
        self.project, self.repository, self.head = project, repository, head
        self._walks: dict[str, Walk] = {}

    def author(self, overrides: str, name: str, digest: str) -> Authorship:
        return self._walk(overrides).author(name, digest)

    def meant(self, overrides: str, commit: str | None, name: str) -> str | None:
        """The digest of what it meant at a commit; None where nobody can tell."""
        if commit is None or self.repository.commit(commit) is None:
            return None
        found = self._walk(overrides).meaning(commit, name)
        return found.digest if found else None

    def _walk(self, overrides: str) -> Walk:
        root, given = self.project.root, _given(overrides, self.project)

        def files(commit: str) -> Files:
            return _AtCommit(root, self.repository, commit).parted()

        def read(commit: str) -> Meanings:
            return meanings(root, given, _AtCommit(root, self.repository, commit))

        if overrides not in self._walks:
            self._walks[overrides] = Walk(self.repository, self.head, files, read)
        return self._walks[overrides]


def spoken(overrides: Mapping[str, Any]) -> str:
    """The `--vars` as they are recorded."""
    return json.dumps(dict(overrides), sort_keys=True, ensure_ascii=False, default=str)


def _given(overrides: str, project: Project) -> Mapping[str, Any]:
    """The `--vars` that were recorded; those of a project as they were given to it."""
    own = project.overrides
    return own if overrides == spoken(own) else dict(json.loads(overrides))


def meanings(root: Path, overrides: Mapping[str, Any], files: Reading) -> Meanings:
    """What rules, words and models meant in some files, as far as they can be read."""
    try:
        project, problems = resolve.as_far(load.load(root, overrides, files))
    except CdmqError:
        return Meanings({}, broken=None)
    errors = [p for p in problems if p.severity == "error"]
    known: dict[str, Meaning] = {}
    unreadable = set()
    for rule in project.rules.values():
        version = version_of(rule, project)
        made = project.datasets[rule.dataset].made_by
        apart = None if made else rule.span.file
        known[f"rule:{rule.id}"] = Meaning(
            version.digest, apart, f"rule:{rule.formerly}" if rule.formerly else None
        )
        known[f"words:{rule.id}"] = Meaning(words_digest(version.meta_digest, rule.dataset), apart)
        if _wrong(errors, rule.span.file, rule.span.line, rule.last_line):
            unreadable |= {f"rule:{rule.id}", f"words:{rule.id}"}
    for dataset in project.datasets.values():
        if (model := model_version(dataset, project)) is not None:
            old = dataset.spec.formerly[-1:]
            known[f"model:{dataset.name}"] = Meaning(
                model.digest, formerly=f"model:{old[0]}" if old else None
            )
    return Meanings(known, frozenset(unreadable), frozenset(p.span.file for p in errors))


def _wrong(errors: Iterable[Problem], file: str, first: int, last: int) -> bool:
    return any(p.span.file == file and first <= p.span.line <= max(first, last) for p in errors)


def _below(root: Path, path: str | Path) -> str:
    """A path as it is seen from the project's folder."""
    return PurePosixPath(os.path.relpath(path, root)).as_posix()


class _Then(Reading):
    """Files that are not those on disk: a link that leads out of them leads nowhere."""

    def odd(self, root: Path, folders: Iterable[str], endings: tuple[str, ...]) -> list[Path]:
        return []

    def is_within(self, root: Path, path: Path) -> bool:
        return True


class _InMemory(_Then):
    """Files that were read before."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        super().__init__()
        self.read = dict(files)

    def find(self, root: Path, folders: Iterable[str], endings: tuple[str, ...]) -> list[Path]:
        found: dict[Path, None] = {}
        for folder in folders:
            top = os.path.join(root, folder) + os.sep
            found.update(
                (Path(n), None)
                for n in sorted(self.read)
                if n.startswith(top) and n.endswith(endings)
            )
        return list(found)

    def _content(self, path: Path) -> bytes:
        raise FileNotFoundError(errno.ENOENT, "it is not there", str(path))


class _AtCommit(_Then):
    """The files of a commit."""

    def __init__(self, root: Path, repository: Repository, commit: str) -> None:
        super().__init__()
        self.root, self.repository, self.commit = root, repository, commit

    def find(self, root: Path, folders: Iterable[str], endings: tuple[str, ...]) -> list[Path]:
        return [root / path for path in self.found(folders, endings)]

    def found(self, folders: Iterable[str], endings: tuple[str, ...]) -> dict[str, str]:
        """Path, as seen from the project -> blob, in the order in which a disk is read."""
        found: dict[str, str] = {}
        for folder in folders:
            below = self.repository.files(self.commit, self.inside(folder))
            prefix = self.repository.prefix
            named = sorted((os.path.relpath(path, prefix or "."), blob) for path, blob in below)
            found.update((path, blob) for path, blob in named if path.endswith(endings))
        return found

    def inside(self, path: str | Path) -> str:
        """A path of the project as the repository has it."""
        return os.path.normpath(os.path.join(self.repository.prefix, path))

    def parted(self) -> Files:
        """All files that are read: those with rules, and the others."""
        others = {}
        if blob := self.repository.blob(self.commit, self.inside(PROJECT_FILE)):
            others[PROJECT_FILE] = blob
        rules: dict[str, str] = {}
        try:
            macros, models, ruled, seeds, *_ = load.folders_of(self.root, self)
        except CdmqError:
            return Files(rules, others)
        for folders, endings in (macros, models, seeds):
            others.update(self.found(folders, tuple(endings)))
        rules.update(self.found(ruled[0], tuple(ruled[1])))
        return Files(rules, others)

    def blobs(self) -> dict[str, str]:
        files = self.parted()
        return {**files.rules, **files.others}

    def _content(self, path: Path) -> bytes:
        blob = self.repository.blob(self.commit, self.inside(_below(self.root, path)))
        if blob is None:
            raise FileNotFoundError(errno.ENOENT, "it is not there", str(path))
        return self.repository.content(blob)
