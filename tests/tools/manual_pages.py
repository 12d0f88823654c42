"""Writes docs/manual/: the pages of the manual, made from the docstrings and models of the code.

make docs                                       # or: python tests/tools/manual_pages.py
python tests/tools/manual_pages.py --check      # exit 1 where a page is not up to date
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from page_parts import keys_table, listed, paragraphs, prose, rows_table, said

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "manual"
MADE = "<!-- Made from the code by `make docs`. Do not edit. -->"


def made() -> dict[str, str]:
    """File name -> text of every page."""
    pages = {
        "files.md": _files(),
        "kinds.md": _kinds(),
        "checks.md": _checks(),
        "standards.md": _standards(),
        "functions.md": _functions(),
        "codes.md": _codes(),
        "audit_tables.md": _audit_tables(),
        "commands.md": _commands(),
    }
    bodies = {name: "\n".join([MADE, "", *lines]).rstrip() + "\n" for name, lines in pages.items()}
    titles = {name: re.search("^# (.+)$", text, re.M)[1] for name, text in bodies.items()}
    index = [
        MADE,
        "",
        "# Manual",
        "",
        "The same pages in a terminal: `cdmq explain`, and `cdmq explain WORD` for one of them.",
        "",
    ]
    index += [f"- [{title}]({name})" for name, title in titles.items()]
    return {"README.md": "\n".join(index) + "\n", **bodies}


def _files() -> Iterator[str]:
    yield from ("# Files: datasets, unit tests, the project", "")
    yield from said(
        "What stands in a project besides rules. Files of rules: [kinds](kinds.md). "
        "profiles.yml: [engineers](../engineer.md#postgresql)."
    )
    yield from _pages("file", "yaml")


def _kinds() -> Iterator[str]:
    from cdmq.kinds import kinds
    from cdmq.manual.keys import keys_of
    from cdmq.project.fields import Head

    head = set(Head.model_fields)
    yield from ("# Kinds: the sections of a rule file", "")
    yield from said(
        "Every rule file says `version: 1` and `dataset:`, and may say `owner:` and "
        "`tags:` for all its rules. Under that stands a section for each kind."
    )
    built = [n for n, m in kinds().items() if m.built]
    others = " The others are read and checked, then refused with CDMQ114: never left out silently."
    more = "" if len(built) == len(kinds()) else others
    yield from said(f"This version runs {listed(sorted(built))}.{more}")
    yield from ("## Keys of every rule", "", *keys_table(keys_of(Head, head)), "")
    for page in _of("kind"):
        yield from (f"## {page.name}", "")
        if page.name not in built:
            yield from ("*Not built yet.*", "")
        yield from (page.title, "", *prose(page.text, "yaml"), "")
        yield from (*keys_table([k for k in page.keys if k.name not in head]), "")


def _checks() -> Iterator[str]:
    yield from ("# Checks of validation", "")
    yield from said(
        "A missing value passes all checks but `not_null` and `not_blank`, unless the "
        "check says `missing: fail`. The keys of every rule (`id`, `why`, `severity`, "
        "`where`, ...) stand in [kinds](kinds.md#keys-of-every-rule)."
    )
    yield from _pages("check", "yaml")


def _standards() -> Iterator[str]:
    yield from ("# Standards: the forms that `standardise` knows", "")
    yield from said(
        "Each is written in a rule of `defaults`. A value that has no such form stays "
        "as it is, or does what `otherwise` says."
    )
    yield from _pages("form", "yaml")


def _functions() -> Iterator[str]:
    from cdmq.sql.functions import table

    yield from ("# Functions that SQL in rules may call", "")
    yield from said(
        "No other function is allowed. Each gives the same on DuckDB and on "
        "PostgreSQL. A value on which a function fails is a flag "
        "`could_not_judge`; it stops nothing. The clock is no function: `as_of` is "
        "the time of the run."
    )
    yield from rows_table(
        ("call", "gives", "what", "NULL", "also written"),
        (
            (
                f"`{row.signature}`",
                "type of its arguments" if row.result == "same" else row.result,
                row.doc + (" Can fail." if row.may_fail else ""),
                row.nulls,
                ", ".join(f"`{a}`" for a in row.also),
            )
            for _, row in sorted(table().items())
        ),
    )


def _codes() -> Iterator[str]:
    yield from (
        "# Problem codes",
        "",
        "A problem is printed as `file:line:column: CODE cause; remedy`.",
        "",
    )
    yield from _pages("code", "text")


def _audit_tables() -> Iterator[str]:
    from cdmq.audit.tables import SCHEMA_TABLE
    from cdmq.kinds.stated import stated

    yield from ("# Audit tables", "")
    yield from said(
        "They stand in the schema `cdmq`, or `<schema>_cdmq` where the target's "
        "schema is not the engine's default. Rows are added and, where a table "
        "has `to_run`, closed. None is rewritten."
    )
    for table in (*stated().tables, SCHEMA_TABLE, *(v.table for v in stated().views)):
        yield from (f"## {table.name}", "", f"{table.about[0].upper()}{table.about[1:]}.", "")
        yield from rows_table(
            ("column", "type", "what"), ((f"`{c.name}`", c.type, c.about) for c in table.columns)
        )
        yield ""


def _commands() -> Iterator[str]:
    from cdmq.cli import MODULES, modules
    from cdmq.cli.app import built

    group = built(*modules())
    yield from ("# Commands", "", *paragraphs(group.help), "")
    yield from said(
        "An option with a name in the third column can also be set by that "
        "environment variable. The option wins."
    )
    for module in MODULES:
        if not (ROOT / "cdmq" / "cli" / f"{module}.py").is_file():
            continue
        first, *others = import_module(f"cdmq.cli.{module}").NAMES
        command = group.commands[first]
        yield from (f"## cdmq {first}", "")
        if others:
            yield from (f"Also: {', '.join(f'`cdmq {o}`' for o in others)}.", "")
        yield from (*paragraphs(command.help), "")
        given = [p for p in command.params if p.name != "help"]
        yield from rows_table(
            ("option", "what", "variable"),
            (
                (_option(p), getattr(p, "help", "") or "", f"`{p.envvar}`" if p.envvar else "")
                for p in given
            ),
        )
        yield ""


def _of(sort: str) -> list[object]:
    from cdmq.manual.pages import pages

    return [p for p in pages() if p.sort == sort]


def _pages(sort: str, language: str) -> Iterator[str]:
    for page in _of(sort):
        yield from (f"## {page.name}", "", page.title, "", *prose(page.text, language), "")
        if page.keys:
            yield from (*keys_table(page.keys), "")
        notes = [n for n in page.notes if not n.startswith("Written as")]
        for note in notes:
            yield from (re.sub(r" Keys of every rule .*", "", note), "")


def _option(param: object) -> str:
    if param.param_type_name == "argument":
        word = param.metavar or param.name.upper()
        return f"`{word}`"
    shown = ", ".join(f"`{o}`" for o in param.opts)
    return (
        shown
        if getattr(param, "is_flag", False) or not param.metavar
        else (f"{shown} {param.metavar}")
    )


def _tidied(text: str) -> str:
    """No line ends in spaces, no two blank lines in a row."""
    text = "\n".join(line.rstrip() for line in text.splitlines()) + "\n"
    return re.sub(r"\n{3,}", "\n\n", text)


def pages() -> dict[str, str]:
    """File name -> text, as it stands on disk."""
    return {name: _tidied(text) for name, text in made().items()}


def main() -> int:
    wanted = pages()
    there = {p.name: p.read_text("utf-8") for p in FOLDER.glob("*.md")}
    if "--check" in sys.argv:
        old = sorted(n for n in wanted.keys() | there.keys() if wanted.get(n) != there.get(n))
        print("\n".join(f"docs/manual/{n} is not up to date: make docs" for n in old))
        return 1 if old else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in there.keys() - wanted.keys():
        os.unlink(FOLDER / name)
    for name, text in wanted.items():
        (FOLDER / name).write_text(text, "utf-8")
    print(f"{len(wanted)} pages in {FOLDER.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
