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
from pathlib import Path, PurePosixPath
from typing import Any

from cdmq.audit.authors import Authorship, Before, Files, Meaning, Meanings, State, Walk
from cdmq.audit.git import NOT_COMMITTED, Repository, Unreadable
from cdmq.audit.versions import model_version, version_of, words_digest
from cdmq.problems import CdmqError, Problem
from cdmq.stages import load, resolve
from cdmq.values import Project
from cdmq.walk import PROJECT_FILE
from cdmq.walk import Files as Reading


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
        found = {name: self._by_variables(name, digest, before.get(name))
                 for name, digest in wanted.items()}
        missing = [name for name, author in found.items() if author is None]
        if missing and self.state.commit is None:
            found.update((n, Authorship(note=self.state.note)) for n in missing)
        elif missing:
            try:
                with self._repository() as repository:
                    walk = self._walk(repository)
                    found.update((n, self._by_commit(walk, n, wanted[n], before.get(n)))
                                 for n in missing)
            except Unreadable as error:
                found.update((n, Authorship(note=str(error))) for n in missing)
        return {name: author for name, author in found.items() if author is not None}

    def _by_variables(self, name: str, digest: str, before: Before | None) -> Authorship | None:
        """Who ran it, where it is the `--vars` alone that make the meaning another."""
        now, then = spoken(self.project.overrides), before.overrides if before else None
        if now == (then or "{}"):
            return None
        other = self._meanings_with(then or "{}").known.get(name)
        same = other is not None and other.digest == (before.digest if before else digest)
        if same == (before is None):
            return None
        return Authorship(f"{self.run_by}, by --vars", note=NOT_COMMITTED)

    def _by_commit(
        self, walk: Walk, name: str, digest: str, before: Before | None
    ) -> Authorship:
        if before and before.commit and before.dirty is False and before.digest != digest and (
                before.overrides in (None, spoken(self.project.overrides))):
            there = walk.repository.commit(before.commit)
            then = walk.meaning(before.commit, name) if there else None
            if then is not None and then.digest == digest:
                return Authorship(note="nobody: this cdmq reads it otherwise than the one before")
        return walk.author(name, digest)

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
        read = {_below(self.project.root, path): content
                for path, content in self.project.files.items()}
        if not read.keys() & there.keys():
            return State(note=NOT_COMMITTED)
        same = read.keys() == there.keys() and all(
            repository.is_blob(content, there[path], at.inside(path))
            for path, content in read.items())
        return State(head, not same)

    def _walk(self, repository: Repository) -> Walk:
        assert self.state.commit is not None
        root = self.project.root

        def files(commit: str) -> Files:
            return _AtCommit(root, repository, commit).parted()

        def read(commit: str) -> Meanings:
            return meanings(root, self.project.overrides, _AtCommit(root, repository, commit))

        return Walk(repository, self.state.commit, files, read)

    def _meanings_with(self, overrides: str) -> Meanings:
        """What the files that were read mean with other `--vars`."""
        if overrides not in self._with:
            self._with[overrides] = meanings(
                self.project.root, json.loads(overrides), _InMemory(self.project.files))
        return self._with[overrides]


def spoken(overrides: Mapping[str, Any]) -> str:
    """The `--vars` as they are recorded."""
    return json.dumps(dict(overrides), sort_keys=True, ensure_ascii=False, default=str)


def meanings(root: Path, overrides: Mapping[str, Any], files: Reading) -> Meanings:
    """What rules, words and models meant in some files, as far as they can be read."""
    try:
        project, problems = resolve.as_far(load.load(root, overrides, files))
    except CdmqError:
        return Meanings({}, whole=False)
    errors = [p for p in problems if p.severity == "error"]
    known: dict[str, Meaning] = {}
    unreadable = set()
    for rule in project.rules.values():
        version = version_of(rule, project)
        golden = project.datasets[rule.dataset].source == "golden"
        apart = None if golden else rule.span.file
        known[f"rule:{rule.id}"] = Meaning(
            version.digest, apart, f"rule:{rule.formerly}" if rule.formerly else None)
        known[f"words:{rule.id}"] = Meaning(
            words_digest(version.meta_digest, rule.dataset), apart)
        if _wrong(errors, rule.span.file, rule.span.line, rule.last_line):
            unreadable |= {f"rule:{rule.id}", f"words:{rule.id}"}
    for dataset in project.datasets.values():
        if (model := model_version(dataset, project)) is not None:
            old = dataset.spec.formerly[-1:]
            known[f"model:{dataset.name}"] = Meaning(
                model.digest, formerly=f"model:{old[0]}" if old else None)
    return Meanings(known, frozenset(unreadable), whole=not errors)


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
            found.update((Path(n), None) for n in sorted(self.read)
                         if n.startswith(top) and n.endswith(endings))
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
