"""The limits that the house promises, counted in the syntax trees of its files.

`house.yml` lists what is over a limit, each with its reason. The list only gets shorter: an entry
that is not needed any more fails too. `python tests/test_house.py` takes such entries out, lowers
the numbers that have sunk, and prints what is left to do.
"""

from __future__ import annotations

import ast
import re
import sys
import textwrap
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
LIST = Path(__file__).with_name("house.yml")
#: Sections of the list -> the most there may be of it.
LIMITS = {"lines": 300, "lines of a function": 50, "parameters": 8, "methods": 19}
TOP_FLOOR = 9
NAMED = "kinds named"
#: Files that name kinds for good: the list, and the commands that are about one.
MAY_NAME = {"cdmq/kinds/__init__.py", "cdmq/cli/train.py", "cdmq/cli/explain.py"}
#: What states an engine's SQL, and what drives it.
MAY_ASK = ("cdmq/sql/dialects/", "cdmq/warehouses/")
#: In cdmq/kinds/: what kinds share.
SHARED = {"facts"}


@cache
def trees(folder: str) -> Mapping[str, tuple[str, ast.Module]]:
    """Each Python file below a folder: its text and its tree."""
    files = sorted((ROOT / folder).rglob("*.py"))
    texts = {f.relative_to(ROOT).as_posix(): f.read_text("utf-8") for f in files}
    return {name: (text, ast.parse(text)) for name, text in texts.items()}


def sizes() -> Iterator[tuple[str, str, int]]:
    """(section, name, number) of all that has a limit."""
    for file, (text, tree) in [*trees("cdmq").items(), *trees("tests").items()]:
        yield "lines", file, text.count("\n")
        for name, node in _defined(tree, file):
            if isinstance(node, ast.ClassDef):
                yield "methods", name, sum(isinstance(n, ast.FunctionDef) for n in node.body)
            else:
                yield "lines of a function", name, (node.end_lineno or 0) - node.lineno + 1
                yield "parameters", name, _parameters(node)


def _defined(
    node: ast.AST, name: str
) -> Iterator[tuple[str, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Classes and functions, nested ones too. They stand in statements, never in expressions."""
    for part in ("body", "orelse", "handlers", "finalbody", "cases"):
        for inner in getattr(node, part, ()) if not isinstance(node, ast.expr) else ():
            if isinstance(inner, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{name} {inner.name}", inner
                yield from _defined(inner, f"{name} {inner.name}")
            else:
                yield from _defined(inner, name)


def _parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    given = function.args
    named = [*given.posonlyargs, *given.args, *given.kwonlyargs]
    return sum(a.arg not in ("self", "cls") for a in named)


def kinds_named() -> Mapping[str, set[str]]:
    """Files of cdmq -> the kinds that they import or have as a literal, outside their folders."""
    from cdmq.kinds import KINDS

    found: dict[str, set[str]] = defaultdict(set)
    for file, (text, tree) in trees("cdmq").items():
        if file not in MAY_NAME and any(kind in text for kind in KINDS):
            own = re.match(r"cdmq/kinds/(\w+)/", file)
            named = {word for node in ast.walk(tree) for word in _words(node) if word in KINDS}
            found[file] |= named - ({own[1]} if own else set())
    return {file: named for file, named in found.items() if named}


def _words(node: ast.AST) -> Iterator[str]:
    """The literal, or the kinds whose folders are imported."""
    modules: list[str] = []
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.Import):
        modules = [name.name for name in node.names]
    elif isinstance(node, ast.ImportFrom):
        modules = [node.module or "", *(f"{node.module}.{name.name}" for name in node.names)]
    for module in modules:
        folder = re.match(r"cdmq\.kinds\.(\w+)", module)
        if folder:
            yield folder[1]


def engines_asked() -> set[str]:
    """Places of cdmq that ask which engine it is, outside of what states and drives each."""
    from cdmq.sql.dialects import names

    return {
        f"{file}:{node.lineno}"
        for file, (text, tree) in trees("cdmq").items()
        if not file.startswith(MAY_ASK) and any(name in text for name in names())
        for node in _asked(tree, set(names()))
    }


def _asked(tree: ast.Module, engines: set[str]) -> Iterator[ast.expr]:
    """Names of engines that are compared with, matched, or looked up in a dict."""
    for node in ast.walk(tree):
        held: list[ast.expr | None] = []
        if isinstance(node, ast.Compare):
            held = [node.left, *node.comparators]
        elif isinstance(node, ast.MatchValue):
            held = [node.value]
        elif isinstance(node, ast.Dict):
            held = [*node.keys]
        for one in held:
            parts = one.elts if isinstance(one, ast.Tuple | ast.List | ast.Set) else [one]
            yield from (p for p in parts if isinstance(p, ast.Constant) and p.value in engines)


@cache
def listed() -> Mapping[str, Mapping[str, object]]:
    """Sections of the list -> what is over its limit -> by how much, or which kinds."""
    return {k: v or {} for k, v in yaml.safe_load(LIST.read_text("utf-8")).items()}


@pytest.mark.parametrize("section", LIMITS)
def test_limits(section: str) -> None:
    over = {n: x for s, n, x in sizes() if s == section and x > LIMITS[section]}
    known = listed()[section]
    assert not {n: x for n, x in over.items() if x > known.get(n, 0)}, "split it by subject"  # type: ignore[operator]
    assert not known.keys() - over.keys(), "take it out of house.yml"


def test_no_kind_is_named_outside_its_folder() -> None:
    named = kinds_named()
    known = {file: set(words) for file, words in listed()[NAMED].items()}  # type: ignore[call-overload]
    more = {f: w - known.get(f, set()) for f, w in named.items()}
    assert not {f: w for f, w in more.items() if w}, "ask the kind: a part in its folder"
    less = {f: w - named.get(f, set()) for f, w in known.items()}
    assert not {f: w for f, w in less.items() if w}, "take it out of house.yml"


def test_nobody_asks_which_engine_it_is() -> None:
    assert not engines_asked(), "ask for what is needed: a field of cdmq/sql/dialects/dialect.py"


def test_every_exception_has_its_reason() -> None:
    lines = LIST.read_text("utf-8").splitlines()
    entries = [line for line in lines if line.startswith("  ")]
    assert len(entries) == sum(map(len, listed().values()))
    assert not [line for line in entries if not re.search(r"  # \w.{5,}$", line)]


def test_every_folder_of_kinds_is_in_the_list() -> None:
    from cdmq.kinds import KINDS

    folders = {f.parent.name for f in (ROOT / "cdmq/kinds").glob("*/__init__.py")}
    assert folders - SHARED == set(KINDS)


def test_the_top_floor_has_room() -> None:
    files = [f.name for f in (ROOT / "cdmq").glob("*.py")]
    assert len(files) <= TOP_FLOOR, files


def test_counts_are_those_of_the_code() -> None:
    """A nested function is counted, `self` is no parameter, an import names what it is from."""
    tree = ast.parse(
        "import cdmq.kinds.golden.words\n"
        "class A:\n"
        "    def m(self, a, /, b, *, c): ...\n"
        "def f():\n"
        "    def g(x):\n"
        "        from cdmq.kinds import tiering\n"
        "        return 'matching', 'golden rule'\n"
    )
    defined = dict(_defined(tree, "f.py"))
    assert list(defined) == ["f.py A", "f.py A m", "f.py f", "f.py f g"]
    assert _parameters(defined["f.py A m"]) == 3  # type: ignore[arg-type]
    words = [w for node in ast.walk(tree) for w in _words(node)]
    assert sorted(words) == ["golden", "golden rule", "matching", "tiering"]


def test_every_way_of_asking_for_an_engine_is_seen() -> None:
    asking = """
        if at.dialect == "duckdb": ...
        if "postgres" != dialect: ...
        call("f" if dialect in ("postgres", "other") else "g")
        {"duckdb": f}[dialect]
        match dialect:
            case "postgres" | "other": ...
    """
    assert len(list(_asked(ast.parse(textwrap.dedent(asking)), {"duckdb", "postgres"}))) == 5
    other = 'node.sql("duckdb"); f(dialect="postgres") == 1; names = ["duckdb"]; word == "other"'
    assert not list(_asked(ast.parse(other), {"duckdb", "postgres"}))


def shrink() -> None:
    """Takes out of the list what is not needed, and lowers what has sunk."""
    now: dict[tuple[str, str], object] = {(s, n): x for s, n, x in sizes() if x > LIMITS[s]}
    now |= {(NAMED, file): sorted(words) for file, words in kinds_named().items()}
    known = {(s, n): x for s, part in listed().items() for n, x in part.items()}
    kept, section = [], ""
    for line in LIST.read_text("utf-8").splitlines(keepends=True):
        entry = re.match(r"  (.+?): (\d+|\[.*?\])  #", line)
        if not line.startswith((" ", "#", "\n")):
            section = line.rstrip().rstrip(":")
        key = (section, entry[1]) if entry else ("", "")
        if entry and key not in now:
            continue
        if entry and _smaller(now[key], known[key]):
            line = line.replace(entry[2], _written(now[key]), 1)
        kept.append(line)
    LIST.write_text("".join(kept), "utf-8")
    for key, value in sorted(now.items()):
        if key not in known or _smaller(known[key], value):
            print(*key, _written(value), sep="  ")


def _smaller(one: object, other: object) -> bool:
    if isinstance(one, int) and isinstance(other, int):
        return one < other
    return set(one) < set(other)  # type: ignore[call-overload, no-any-return]


def _written(value: object) -> str:
    return str(value) if isinstance(value, int) else f"[{', '.join(value)}]"  # type: ignore[arg-type]


if __name__ == "__main__":
    sys.exit(shrink())
