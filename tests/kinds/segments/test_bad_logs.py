"""Logs of consents as they come: without dates, with words that nobody knows, of nobody, or gone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import pytest
from runner import AS_OF, World

import cdmq
from cdmq.problems import CdmqError
from cdmq.runs.exporting import Asked, export

MODELS = """
version: 1
datasets:
  - {name: people, table: people_src, key: id}
  - {name: log, table: log_src, key: no, refers_to: {people: person}}
"""
SEGMENT = """
version: 1
dataset: people
segments:
  - id: news
    members: "true"
    permission: {from: log, purpose: news, channel: email, value: address, status: status,
                 at: at, proof: proof}
"""
LOG = {
    "no": "integer",
    "person": "text",
    "purpose": "text",
    "channel": "text",
    "address": "text",
    "status": "text",
    "at": "timestamp",
    "proof": "text",
}
NOON = dt.datetime(2026, 3, 1, 12)
YES = ("news", "email", "a@x.org", "granted", NOON, "form")
NO = ("news", "email", None, "withdrawn", NOON, None)


def deliver(
    world: World,
    said: list[tuple[Any, ...]],
    segment: str = SEGMENT,
    people: Sequence[list[Any]] = (["a", "a@x.org", "n"],),
) -> cdmq.RunResult:
    """What person `a` said; the result of the run."""
    world.write({"models/m.yml": MODELS, "rules/s.yml": segment})
    world.table("people_src", {"id": "text", "email": "text", "note": "text"}, people)
    world.table("log_src", LOG, [[n, *row] for n, row in enumerate(said)])
    return world.run()


def kept(world: World) -> tuple[Any, ...]:
    ((part, because, more),) = world.audit_rows(
        "segment_members", ["part", "because", "more"], "to_run IS NULL"
    )
    return part, because, more


def yes(**words: Any) -> tuple[Any, ...]:
    named = dict(zip(list(LOG)[1:], ("a", *YES), strict=True))
    return tuple({**named, **words}.values())


def no(**words: Any) -> tuple[Any, ...]:
    named = dict(zip(list(LOG)[1:], ("a", *NO), strict=True))
    return tuple({**named, **words}.values())


NONE = "no yes with date and proof for this address"


#: What one says, and why he is out; None: he is written to.
SAID: list[tuple[list[tuple[Any, ...]], str | None]] = [
    ([yes()], None),
    ([], NONE),
    ([yes(at=None)], NONE),
    ([yes(proof=None)], NONE),
    ([yes(proof="  ")], NONE),
    ([yes(address=None)], NONE),
    ([yes(address="A@x.org")], NONE),
    ([yes(purpose="offers")], NONE),
    ([yes(purpose=None)], NONE),
    ([yes(channel=None)], NONE),
    ([yes(status=None)], "said no on 2026-03-01"),
    ([yes(status="pending")], "said no on 2026-03-01"),
    ([yes(at=AS_OF)], None),
    ([yes(at=AS_OF + dt.timedelta(seconds=1))], NONE),
    ([yes(), no()], "said no on 2026-03-01"),
    ([yes(), no(at=NOON - dt.timedelta(seconds=1))], None),
    ([yes(), no(at=NOON + dt.timedelta(seconds=1))], "said no on 2026-03-01"),
    ([yes(), no(at=None)], "said no"),
    ([yes(at=AS_OF), no(at=None)], "said no"),
    ([yes(), no(at=AS_OF + dt.timedelta(days=9))], "said no on 2026-11-10"),
    ([yes(), no(address="b@x.org")], "said no on 2026-03-01"),
    ([yes(), no(purpose=None)], "said no on 2026-03-01"),
    ([yes(), no(channel=None)], "said no on 2026-03-01"),
    ([yes(), no(purpose="offers")], None),
    ([yes(), no(channel="post")], None),
    ([yes(status=" Granted ")], None),
]


def test_what_was_said(world: World) -> None:
    """Each by a person of his own, with an address of his own."""
    people = [[f"p{n}", f"p{n}@x.org", None] for n in range(len(SAID))]
    log = [
        (f"p{n}", *(c.replace("a@x", f"p{n}@x") if c == "a@x.org" else c for c in row[1:]))
        for n, (rows, _) in enumerate(SAID)
        for row in rows
    ]
    deliver(world, log, people=people)
    rows = world.audit_rows("segment_members", ["key", "part", "because", "more"])
    found = {key: rest for key, *rest in rows}
    wanted = {
        f"p{n}": ["contact", None, None] if more is None else ["out", "no permission", more]
        for n, (_, more) in enumerate(SAID)
    }
    assert found == wanted


def test_words_that_nobody_knows_are_told_and_count_as_a_no(world: World) -> None:
    result = deliver(world, [yes(), no(status="hmm"), yes(person="nobody"), yes(at=None)])
    (news,) = [r for r in result.results if r.rule.id == "news"]
    assert news.status == "warn"
    assert news.message.endswith(
        "of 4 log 1 of an unknown status, taken for a no, 1 of no known record, "
        "1 a yes without date or proof"
    )
    assert kept(world)[0] == "out"
    known = SEGMENT.replace("proof: proof}", "proof: proof, means_nothing: hmm}")
    result = deliver(world, [yes(), no(status="Hmm")], known)
    assert kept(world) == ("contact", None, None)
    assert [r.status for r in result.results if r.rule.id == "news"] == ["pass"]


def test_without_its_log_a_segment_stays_as_it_was_and_hands_out_nothing(world: World) -> None:
    deliver(world, [yes()])
    world.sql("DROP TABLE log_src CASCADE")
    result = world.run()
    assert result.exit_code == 2
    assert [r.status for r in result.results if r.rule.id == "news"] == ["skipped"]
    assert kept(world) == ("contact", None, None)
    with pytest.raises(CdmqError):
        export(Asked("news", "w", False, AS_OF), world.root)
    assert world.audit_rows("exports", ["key"]) == []


def test_show_masks_what_a_segment_writes_to(world: World) -> None:
    deliver(world, [yes()])
    table = cdmq.show("people", world.root)
    shown = dict(zip(table.columns, table.rows[0], strict=True))
    assert shown == {"id": "a", "email": "a***", "note": "n"}
    plain = MODELS.replace("key: id}", "key: id, pii: {email: plain, note: plain}}")
    world.write({"models/m.yml": plain})
    assert cdmq.show("people", world.root).rows[0][1] == "a@x.org"
