"""The lines of files that are no records: what a run says of them, and what it leaves open."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from cdmq.files.csv_lines import BadLine
from cdmq.outcomes import FOUND, FOUND_COLUMNS, Outcome
from cdmq.project.spec import DatasetSpec, Pii
from cdmq.sql import nodes
from cdmq.sql.keyed import keyed
from cdmq.sql.pii import stored
from cdmq.sql.relation import Relation
from cdmq.values import Dataset, Project
from cdmq.warehouses.temporary import Temporary

if TYPE_CHECKING:
    from cdmq.audit.found import Findings

_LINES = Relation("__cdmq_lines")
_STRICTEST: tuple[Pii, ...] = ("omit", "hash", "mask")


@dataclass(frozen=True)
class FileLines:
    """How many records the files of a dataset hold, and the lines that are none."""

    records: int
    bad: tuple[BadLine, ...]

    def too_many(self, dataset: Dataset) -> str:
        """Why a delivery is held back, where more of its lines are bad than may be; else empty."""
        source = dataset.spec.file
        assert source is not None
        most, count = source.bad_lines_at_most, len(self.bad)
        whole = self.records + count
        above = (
            count * 100 > Decimal(most[:-1]) * whole if most.endswith("%") else count > int(most)
        )
        if not above:
            return ""
        first = self.bad[0]
        return (
            f"{count:,} of {whole:,} line{'s' * (whole != 1)} cannot be read ({first.place}: "
            f"{first.why}), and bad_lines_at_most allows {most}"
        )


def judge_lines(outcome: Outcome, lines: FileLines | None, findings: Findings) -> Outcome:
    """A flag for every bad line; skipped where the file was not read."""
    if lines is None:
        return Outcome(outcome.rule, skipped="lines are judged when the file is read: cdmq run")
    whole, warehouse = lines.records + len(lines.bad), findings.warehouse
    dataset = findings.project.datasets[outcome.rule.dataset]
    how = strictest(dataset.spec)
    mark = hashlib.sha256(repr((how, lines.bad)).encode()).hexdigest()
    why = lines.too_many(dataset)
    done = replace(
        outcome,
        tested=whole,
        judged=whole,
        fingerprint=f"{len(lines.bad)}:{mark}",
        refused=bool(why),
        note=why,
    )
    if not lines.bad:
        return done
    none = nodes.cast(nodes.null(), "text")
    Temporary(warehouse).load(
        _LINES,
        {"place": "text", "text": "text"},
        [(f"{b.place} ({b.why}): ", b.text) for b in lines.bad],
    )
    kept = nodes.call("coalesce", stored(nodes.column("text"), how), nodes.text(""))
    digest = none.copy() if how == "plain" else keyed(nodes.column("text"))
    code = nodes.number(findings.numbers.code(outcome.rule.id))
    value = nodes.concat([nodes.column("place"), kept])
    shown = [code, none.copy(), value, digest]
    sent, seconds = findings.send(
        nodes.insert(FOUND, FOUND_COLUMNS, nodes.select(shown, nodes.table(_LINES)))
    )
    samples = tuple(f"{b.place}: {b.why}" for b in lines.bad[:3])
    return replace(done, failing=len(lines.bad), statement=sent, seconds=seconds, samples=samples)


def strictest(spec: DatasetSpec) -> Pii:
    """How a text is stored that holds values of all columns: as the most hidden of them."""
    said = set(spec.pii.values())
    return next((how for how in _STRICTEST if how in said), "plain")


def lost_values(project: Project, read: Mapping[str, FileLines]) -> dict[str, frozenset[str]]:
    """Dataset -> the values of bad lines, its own or of what it is made of: keys among them."""
    found: dict[str, frozenset[str]] = {}
    for name, dataset in project.datasets.items():  # in order: what is read stands before
        values = {v for need in dataset.depends_on for v in found.get(need, ())}
        for bad in read[name].bad if name in read else ():
            values |= _values(bad.text)
        if values:
            found[name] = frozenset(values)
    return found


def _values(text: str) -> set[str]:
    """The texts between what may be delimiters and quotes, of a csv or of JSON, as they are and
    without zeros."""
    cells = {c.strip() for marks in (r'[,;|\t"]', r'[,:"{}\[\]]') for c in re.split(marks, text)}
    cells -= {""}
    return cells | {c.lstrip("0") or "0" for c in cells}


def may_be(key: str, values: frozenset[str]) -> bool:
    """Whether the record of a key may be one of the lines with these values."""
    parts = re.split(r"(?<!\\)/", key)
    return key in values or any(
        p.replace("\\/", "/").replace("\\\\", "\\") in values for p in parts
    )
