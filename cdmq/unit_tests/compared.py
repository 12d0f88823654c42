"""Pairs, parties, golden cells and levels: what a unit test expects against what was made."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from cdmq.problems import CdmqError, Problem, Span, did_you_mean
from cdmq.project.spec import Expected, ExpectedLevel, UnitTest
from cdmq.unit_tests.expected import Difference, Row, differences
from cdmq.unit_tests.parties import Parties


def compared(test: UnitTest, found: Parties, span: Span) -> list[Difference]:
    """All differences. Raises CdmqError where `expect` names what was not given."""
    unknown = list(dict.fromkeys(_unknown(test, found, span)))
    if unknown:
        raise CdmqError(unknown)
    expect = test.expect
    wrong: list[Difference] = []
    if expect.pairs is not None:
        pairs = [
            {
                "a": min(p.a, p.b),
                "b": max(p.a, p.b),
                **({"verdict": p.verdict} if p.verdict else {}),
            }
            for p in expect.pairs
        ]
        wrong += differences("pair", pairs, found.pairs)
    if expect.parties is not None:
        wrong += _parties(expect.parties, found)
    wrong += _cells(expect, found)
    if expect.levels is not None:
        wrong += _levels(expect.levels, found)
    return wrong


def _unknown(test: UnitTest, found: Parties, span: Span) -> Iterator[Problem]:
    """Records that were not given, and columns that a golden record has not."""
    expect = test.expect
    named = [k for p in expect.pairs or () for k in (p.a, p.b)]
    named += [k for party in expect.parties or () for k in party]
    named += [c.of for c in expect.cells or ()]
    named += [c.winner for c in expect.cells or () if c.winner is not None]
    named += [level.of for level in expect.levels or () if level.of is not None]
    for key in named:
        if key not in found.party_of:
            yield Problem(
                span,
                "CDMQ527",
                f"expect: {found.matched} has no record '{key}' in unit test {test.name}",
                did_you_mean(key, found.party_of),
            )
    for cell in expect.cells or ():
        if cell.column not in found.columns:
            yield Problem(
                span,
                "CDMQ527",
                f"expect: a golden record has no column '{cell.column}' in unit test {test.name}",
                did_you_mean(cell.column, found.columns),
            )


# parties ----------------------------------------------------------------------------------------


def _parties(expected: Sequence[Sequence[str]], found: Parties) -> list[Difference]:
    """Each expected party beside the found one that has most of its records."""
    wanted = [frozenset(party) for party in expected]
    left = [frozenset(m) for m in found.members().values() if len(m) > 1]
    missing = []
    for party in sorted(wanted, key=sorted):
        if party in left:
            left.remove(party)
        else:
            missing.append(party)
    wrong = []
    for party in missing:
        near = max(left, key=lambda f: (len(f & party), sorted(f)), default=frozenset[str]())
        twin = near if len(near & party) else None
        if twin is not None:
            left.remove(twin)
        wrong.append(
            Difference(
                "party", _as_row(party), _as_row(twin) if twin else None, _apart(party, found)
            )
        )
    return wrong + [Difference("party", None, _as_row(f)) for f in sorted(left, key=sorted)]


def _as_row(party: frozenset[str]) -> Row:
    plain = re.compile(r"[\w./@+-]+")
    keys = (k if plain.fullmatch(k) else f'"{k}"' for k in sorted(party))
    return {"party": f"[{', '.join(keys)}]"}


def _apart(party: frozenset[str], found: Parties) -> str:
    """What the rule said of two records that should be one party and are not."""
    said = []
    for pair in found.pairs:
        a, b, verdict = str(pair["a"]), str(pair["b"]), pair["verdict"]
        if {a, b} <= party and found.party_of[a] != found.party_of[b]:
            sure = f" at {pair['probability']}" if verdict in ("score", "review") else ""
            said.append(f"{a} and {b}: {verdict}{sure}")
    return "; ".join(sorted(said)[:3])


# cells and levels -------------------------------------------------------------------------------


_TOLD = ("value", "winner", "because")


def _cells(expect: Expected, found: Parties) -> list[Difference]:
    wrong = []
    for cell in expect.cells or ():
        given: dict[str, str | None] = {
            k: getattr(cell, k) for k in _TOLD if k in cell.model_fields_set
        }
        wanted: Row = {"of": cell.of, "column": cell.column, **given}
        made = found.cells.get((found.party_of[cell.of], cell.column))
        if made is None:
            wrong.append(Difference("cell", wanted, None))
        elif any(made.get(k) != v for k, v in given.items()):
            wrong.append(Difference("cell", wanted, {**wanted, **made}, _from(made, given)))
    return wrong


def _from(made: Row, told: Mapping[str, str | None]) -> str:
    """Where a cell comes from, as far as the difference does not tell it."""
    parts = [
        f"of {made['winner']}" if made.get("winner") and "winner" not in told else "",
        str(made["because"]) if made.get("because") and "because" not in told else "",
    ]
    return ", ".join(filter(None, parts))


def _levels(expected: Sequence[ExpectedLevel], found: Parties) -> list[Difference]:
    """Everyone's level is told, a party's by one of its records or by several."""
    members = found.members()
    told: set[str] = set()
    wrong = []
    for level in expected:
        name = "key" if level.key is not None else "of"
        whose = str(level.key if level.key is not None else level.of)
        who = whose if name == "key" else found.party_of[whose]
        told.add(who)
        wanted, made = {name: whose, "level": level.level}, found.levels.get(who)
        if made is None:
            wrong.append(Difference("level", wanted, None))
        elif made["level"] != level.level:
            wrong.append(
                Difference(
                    "level", wanted, {name: whose, "level": made["level"]}, made["reason"] or ""
                )
            )
    for who in sorted(found.levels.keys() - told, key=lambda w: members.get(w, [w])):
        named = {"key": who} if found.by_key else {"of": members[who][0]}
        row = {**named, "level": found.levels[who]["level"]}
        wrong.append(Difference("level", None, row, found.levels[who]["reason"] or ""))
    return wrong
