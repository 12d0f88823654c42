"""The pages for people: every command, SQL and YAML that they show is run, its output compared.

`pages.py` says how a page is written. `python tests/test_docs.py README.md` writes what the commands
of a page say now into it, where that is not what it shows; shorten it by hand, and read the
difference.
"""

from __future__ import annotations

import difflib
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from pages import ROOT, Block, World, blocks, fits, normal, world_of

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PROSE = [*PAGES, ROOT / "CHANGELOG.md", *sorted((ROOT / "docs" / "manual").glob("*.md"))]
LONGEST = 110


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_commands(page: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    world = World(world_of(page), tmp_path, tmp_path_factory)
    for block in blocks(page):
        if "not run" in block.marks:
            _look_at(block)
            continue
        if "file" in block.marks:
            world.write(block.marks["file"], block.text)
        if block.language == "console":
            _console(block, world)
        elif block.language == "sql":
            _sql(block, world)


def _console(block: Block, world: World) -> None:
    given = list(block.commands())
    for i, (command, expected) in enumerate(given):
        said, code = world.run(command)
        asked = i + 1 < len(given) and given[i + 1][0] == "echo $?"
        assert code == 0 or asked, f"{block.place}: $ {command}\nexit {code}\n{said}"
        assert fits(expected, said), f"{block.place}: $ {command}\n" + "\n".join(
            difflib.unified_diff(
                normal("\n".join(expected)).splitlines(),
                normal(said).splitlines(),
                "shown",
                "printed",
                lineterm="",
            )
        )


def _sql(block: Block, world: World) -> None:
    found = world.rows(block.text)
    assert len(found) > 1, f"{block.place}: no rows"
    if block.table:
        _compare(block, found)


def _compare(block: Block, found: list[list[str]]) -> None:
    """The table as shown; a last row of `...` leaves the others out."""
    assert block.table, block.place
    head, _, *rows = block.table
    shown = [[normal(c) for c in r] for r in (head, *rows)]
    got = [[normal(c) for c in r] for r in found]
    if rows and set(rows[-1]) == {"..."}:
        shown, got = shown[:-1], got[: len(shown) - 1]
    assert shown == got, block.place


def _look_at(block: Block) -> None:
    """What cannot be run here: the targets and extras that it names are there."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    targets = re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"))
    for command, _ in block.commands():
        for target in re.findall(r"\bmake ([a-z-]+)", command):
            assert target in targets, f"{block.place}: make {target}"
        for named in re.findall(r"\[([\w,]+)\]", command) if "pip install" in command else ():
            assert set(named.split(",")) <= set(extras), f"{block.place}: {command}"
        for word in re.findall(r"\bcdmq ([a-z-]+)", command):
            _known_command(word, block.place)


def _known_command(word: str, place: str) -> None:
    from cdmq.cli import ALIASES, MODULES

    known = {m.replace("_", "-") for m in MODULES} | set(ALIASES)
    assert word in known, f"{place}: cdmq {word}"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_yaml(page: Path) -> None:
    from cdmq.project.yaml_source import read_yaml

    for block in blocks(page):
        if block.language == "yaml" and "wrong on purpose" not in block.marks:
            assert not read_yaml(block.text, block.place).problems, block.place


@pytest.mark.parametrize("page", PROSE, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_prose(page: Path) -> None:
    """Short lines, and links that lead somewhere."""
    inside = False
    for number, line in enumerate(page.read_text("utf-8").splitlines(), 1):
        if line.startswith("```"):
            inside = not inside
        if inside or line.startswith(("|", "```")):
            continue
        # Lines of the manual come from docstrings and code tables, whose width is their own.
        own = page.parent.name == "manual"
        assert own or len(line) <= LONGEST, f"{page.name}:{number} has {len(line)} characters"
        for link in re.findall(r"\]\(([^)\s]+)\)", line):
            _leads_somewhere(link, page, number)


def _leads_somewhere(link: str, page: Path, number: int) -> None:
    if re.match(r"[a-z]+:", link):
        return
    file, _, anchor = link.partition("#")
    target = page.parent / file if file else page
    assert target.exists(), f"{page.name}:{number}: {link}"
    if anchor:
        heads = re.findall(r"(?m)^#+ (.+)$", target.read_text("utf-8"))
        known = {re.sub(r"[^\w -]", "", h).strip().lower().replace(" ", "-") for h in heads}
        assert anchor in known, f"{page.name}:{number}: {link}"


def test_commands_that_pages_name_are_there() -> None:
    for page in PAGES:
        for word in re.findall(r"`cdmq ([a-z-]+)", page.read_text("utf-8")):
            _known_command(word, page.name)


def test_readme_names_what_is_not_built() -> None:
    from cdmq.kinds import kinds

    said = (ROOT / "README.md").read_text("utf-8")
    part = said[said.index("## What works, what does not yet") :]
    missing = [name for name, module in kinds().items() if f"`{name}`" not in part]
    assert not missing


def test_manual_is_up_to_date() -> None:
    """docs/manual is what `make docs` makes of the code."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests" / "tools" / "manual_pages.py"), "--check"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def rewritten(page: Path, folder: Path) -> str:
    """The page with what its commands and queries say now, where that is not what it shows."""
    world, lines = World(world_of(page), folder), page.read_text("utf-8").splitlines()
    found: list[tuple[int, int, list[str]]] = []
    for block in blocks(page):
        end = block.line + len(block.lines)
        if "not run" in block.marks:
            continue
        if "file" in block.marks:
            world.write(block.marks["file"], block.text)
        if block.language == "console":
            now: list[str] = []
            for command, shown in block.commands():
                said, _ = world.run(command)
                now += [f"$ {command}", *(shown if fits(shown, said) else said.splitlines())]
            found.append((block.line, end, now))
        elif block.language == "sql":
            head, *rows = world.rows(block.text)
            table = [head, ["---"] * len(head), *rows]
            try:
                _compare(block, [head, *rows])
            except AssertionError:
                now = ["", *("| " + " | ".join(row) + " |" for row in table)]
                found.append((end + 1, end + 1 + (len(block.table) and len(block.table) + 1), now))
    for start, end, now in reversed(found):
        lines[start:end] = now
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    import tempfile

    for name in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as there:
            text = rewritten(ROOT / name, Path(there))
        (ROOT / name).write_text(text, "utf-8")


def test_the_page_of_auditors_leads_to_every_audit_table() -> None:
    tables = (ROOT / "docs" / "manual" / "audit_tables.md").read_text("utf-8")
    page = (ROOT / "docs" / "auditor.md").read_text("utf-8")
    named = set(re.findall(r"(?m)^## (\w+)$", tables))
    assert {"runs", "completeness_scores"} <= named
    assert named - set(re.findall(r"manual/audit_tables\.md#(\w+)\)", page)) == set()
