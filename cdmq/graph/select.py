"""select: the words of --select and --exclude -> the rules that run and the datasets they need.

The graph: a dataset stands on those it depends on, a rule on its dataset and on those it names.
Space is union, comma is intersection; `+x` takes what x stands on, `x+` what stands on x, `2+x+1`
so many steps, `@x` all of x's followers with all that those stand on. A name with a blank in it
stands in double quotes: `rule:"crm.last name.not_null"`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from functools import cache

from cdmq.graph.order import graph_of, walk
from cdmq.problems import CdmqError, Problem, Span, did_you_mean
from cdmq.results import Selection
from cdmq.values import Dataset, Project, Rule

_WORD = re.compile(r"(?P<at>@)?(?:(?P<up>\d*)\+)?(?P<name>[^+]+?)(?:\+(?P<down>\d*))?")
#: Methods of dbt and of the language page that need what is not built yet.
_LATER = ("state", "result", "selector")


def select(
    project: Project,
    include: str | None = None,
    exclude: str | None = None,
    *,
    allow_empty: bool = False,
    kinds: frozenset[str] | None = None,
    disabled: bool = False,
    along: bool = False,
) -> Selection:
    """The selection by --select and --exclude. Raises CdmqError where a word is not known.

    `kinds`: only rules of these kinds, as `cdmq test` takes validation alone. `disabled`: rules
    that are switched off too, as `cdmq ls` lists them. `along`: with the rules whose columns and
    flags are read by those that run, but for what is left out.
    """
    if include is not None and not include.strip():
        raise CdmqError(
            Problem(
                Span("--select"),
                "CDMQ511",
                "--select is given, and says nothing",
                "name what is meant, or leave --select out for everything",
            )
        )
    graph = _Graph(project, allow_empty)
    everything = frozenset(graph.needs)
    taken = graph.union(include, "--select") if include and include.strip() else everything
    left_out = graph.union(exclude, "--exclude") if exclude and exclude.strip() else frozenset()
    taken = graph.with_rules(taken) - graph.with_rules(left_out)
    if not taken and not allow_empty:
        raise CdmqError(_nothing(include, exclude))
    wanted = {
        r.id
        for r in project.rules.values()
        if (r.enabled or disabled) and (kinds is None or r.kind in kinds)
    }
    enabled = {r.id for r in project.rules.values() if r.enabled}
    rules = _rules(taken) & wanted
    chosen = frozenset(n.removeprefix("dataset:") for n in taken if n.startswith("dataset:"))
    built = graph.built(rules, chosen)
    while along and (read := graph.read_by(rules, built) & enabled - _rules(left_out)) - rules:
        rules |= read
        built = graph.built(rules, chosen)
    return Selection(rules, built, chosen, rules == enabled)


def _rules(nodes: Iterable[str]) -> frozenset[str]:
    return frozenset(n.removeprefix("rule:") for n in nodes if n.startswith("rule:"))


def _nothing(include: str | None, exclude: str | None) -> Problem:
    flags = (("--select", include), ("--exclude", exclude))
    said = " ".join(f"{flag} '{text}'" for flag, text in flags if text)
    return Problem(
        Span("--select" if include else "--exclude"),
        "CDMQ510",
        f"nothing is selected by {said}",
        "try it with: cdmq ls, or say --allow-empty",
    )


def words(text: str) -> list[str]:
    """The words of a selection; one that holds a blank stands in double quotes."""
    return [w.replace('"', "") for w in re.findall(r'(?:[^\s"]|"[^"]*"?)+', text)]


class _Graph:
    """The nodes `dataset:NAME` and `rule:ID`, and what each stands on."""

    def __init__(self, project: Project, allow_empty: bool) -> None:
        self.project, self.allow_empty = project, allow_empty
        self.graph = graph_of(project)
        self.needs = {node: self.graph.above(node) for node in self.graph.needs}
        self.followers: dict[str, set[str]] = {name: set() for name in self.needs}
        for name, needed in self.needs.items():
            for other in needed:
                self.followers[other].add(name)

    def built(self, rules: frozenset[str], chosen: Iterable[str]) -> tuple[str, ...]:
        """The datasets that are made for some rules, or by them, and those that are chosen, with
        all that they stand on, in the order of the project."""
        made = (d.name for d in self.project.datasets.values() if d.made_by in rules)
        wanted = {*(f"rule:{r}" for r in rules), *(f"dataset:{d}" for d in (*chosen, *made))}
        found = self.graph.standing_on(wanted)
        return tuple(d for d in self.project.datasets if f"dataset:{d}" in found)

    def read_by(self, rules: frozenset[str], built: Iterable[str]) -> frozenset[str]:
        """The rules whose columns, flags and kept rows are read where some rules run and datasets are
        made."""
        needed = self.graph.needed_by(built)
        run = rules | needed
        kept = {k for r in rules if r in self.project.uses for k in self.project.uses[r].kept}
        return _rules(n for r in run for n in self.graph.after.get(f"rule:{r}", ())) | kept - needed

    def with_rules(self, names: Iterable[str]) -> frozenset[str]:
        """Names, and the rules of the datasets among them."""
        names = frozenset(names)
        return names | {
            f"rule:{r.id}" for r in self.project.rules.values() if f"dataset:{r.dataset}" in names
        }

    def union(self, text: str, flag: str) -> frozenset[str]:
        return frozenset().union(*(self._intersection(w, flag) for w in words(text)))

    def _intersection(self, text: str, flag: str) -> frozenset[str]:
        if "" in text.split(","):
            raise CdmqError(
                Problem(
                    Span(flag),
                    "CDMQ511",
                    f"a comma in '{text}' has nothing before or behind it: no "
                    "blank stands beside a comma",
                    "write tag:a,tag:b for what has both, or tag:a tag:b for what has one of them",
                )
            )
        parts = [self.with_rules(self._word(w, flag)) for w in text.split(",")]
        return frozenset.intersection(*parts)

    def _word(self, word: str, flag: str) -> frozenset[str]:
        match = _WORD.fullmatch(word)
        if match is None:
            raise CdmqError(
                Problem(
                    Span(flag),
                    "CDMQ511",
                    f"'{word}' is not a selection",
                    "write for example: tag:contact, +customers+, rules/x.yml",
                )
            )
        found = self._named(match["name"], flag)
        if match["at"]:
            return walk(walk(found, self.followers), self.needs)
        up, down = match["up"], match["down"]
        above = walk(found, self.needs, int(up) if up else None) if up is not None else found
        if down is None:
            return above
        return above | walk(found, self.followers, int(down) if down else None)

    def _named(self, word: str, flag: str) -> frozenset[str]:
        method, colon, value = word.partition(":")
        if not colon:
            return self._bare(word, flag)
        if method in _LATER:
            raise CdmqError(
                Problem(
                    Span(flag),
                    "CDMQ512",
                    f"{method}: is not built yet",
                    f"known here: {', '.join(sorted(METHODS))}",
                )
            )
        if method not in METHODS:
            raise CdmqError(
                Problem(
                    Span(flag),
                    "CDMQ512",
                    f"unknown method '{method}:'",
                    did_you_mean(method, METHODS),
                )
            )
        words = METHODS[method]
        if method == "path" and value:
            value = self._from_root(value)
        found = frozenset(
            name for name, thing in self._things() if _fits(words(thing), value, method)
        )
        if not found and "*" not in value:
            known = {w for _, thing in self._things() for w in words(thing)}
            raise CdmqError(
                Problem(
                    Span(flag),
                    "CDMQ513",
                    f"nothing has {method}:{value}",
                    self._remedy(value, known),
                )
            )
        return found

    def _from_root(self, path: str) -> str:
        """A path as typed (`./rules/x.yml`, a whole one) from the project's folder."""
        root = self.project.root.resolve().as_posix()
        return posixpath.normpath(path.removeprefix(f"{root}/"))

    def _bare(self, word: str, flag: str) -> frozenset[str]:
        if "/" in word or word.endswith((".yml", ".yaml", ".sql", ".csv")):
            return self._named(f"path:{word}", flag)
        found = frozenset(
            name
            for name, _ in self._things()
            if (own := name.partition(":")[2]) == word
            or fnmatchcase(own, word)
            or own.startswith(f"{word}.")
        )
        exact = {n for n in found if n == f"dataset:{word}"}
        if not found and "*" not in word:
            known = {name.partition(":")[2] for name in self.needs}
            raise CdmqError(
                Problem(
                    Span(flag),
                    "CDMQ513",
                    f"no rule or dataset is named '{word}'",
                    self._remedy(word, known),
                )
            )
        return frozenset(exact) or found

    def _remedy(self, word: str, known: Iterable[str]) -> str:
        """For an unknown name, which --allow-empty does not let pass."""
        near = did_you_mean(word, known)
        if not self.allow_empty:
            return near
        return f"{near} --allow-empty lets patterns and intersections be empty, not unknown names"

    def _things(self) -> Iterable[tuple[str, Rule | Dataset]]:
        for name in self.needs:
            how, _, own = name.partition(":")
            yield name, (self.project.rules if how == "rule" else self.project.datasets)[own]


def _fits(words: Iterable[str], value: str, method: str) -> bool:
    if method == "path":
        return any(_path_of(value).match(w) for w in words)
    return any(fnmatchcase(w, value) for w in words)


@cache
def _path_of(pattern: str) -> re.Pattern[str]:
    """A path, or a folder above it; `*` and `?` stay inside of a name, `**` does not."""
    parts = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    written = "".join(
        parts.get(part, re.escape(part)) for part in re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    )
    return re.compile(rf"{written}(?:/.*)?\Z" if pattern != "." else ".*")


def _files(thing: Rule | Dataset) -> list[str]:
    """The names of its files, with and without the ending."""
    names = [posixpath.basename(path) for path in _paths(thing)]
    return [*names, *(posixpath.splitext(name)[0] for name in names)]


def _columns(thing: Rule | Dataset) -> list[str]:
    if isinstance(thing, Dataset):
        return []
    return [*thing.columns, *(f"{thing.dataset}.{c}" for c in thing.columns)]


def _paths(thing: Rule | Dataset) -> list[str]:
    model = thing.model if isinstance(thing, Dataset) else None
    return [thing.span.file, *([model.path] if model else [])]


def _of_rule(read: Callable[[Rule], str | None]) -> Callable[[Rule | Dataset], list[str]]:
    def words(thing: Rule | Dataset) -> list[str]:
        found = read(thing) if isinstance(thing, Rule) else None
        return [found] if found else []

    return words


#: What each method compares its value with.
METHODS: Mapping[str, Callable[[Rule | Dataset], list[str]]] = {
    "column": _columns,
    "dataset": lambda t: [t.name] if isinstance(t, Dataset) else [],
    "dimension": _of_rule(lambda r: r.dimension),
    "file": _files,
    "kind": _of_rule(lambda r: r.kind),
    "owner": _of_rule(lambda r: r.owner),
    "path": _paths,
    "rule": _of_rule(lambda r: r.id),
    "severity": _of_rule(lambda r: r.severity),
    "tag": lambda t: list(t.tags if isinstance(t, Rule) else t.spec.tags),
}
