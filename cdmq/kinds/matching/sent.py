"""What a matching rule found, as it is sent from where it was reckoned to the warehouse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cdmq.audit.tables import QUEUE
from cdmq.kinds.matching.tables import ANSWERS, ASTRAY, LEADS, PAIRS, PARTY_EVENTS, XREF
from cdmq.sql.shape import Table

if TYPE_CHECKING:
    from cdmq.sql.types import Type

#: Audit table -> what a run sends to it: columns with types, the query over the scratch tables.
SENT: Mapping[Table, tuple[dict[str, Type], str]] = {
    XREF: ({"key": "text", "party_id": "text"}, "SELECT key, party_id FROM xref"),
    PAIRS: (
        {
            "key_a": "text",
            "key_b": "text",
            "verdict": "text",
            "probability": "double",
            "weight": "double",
            "weights": "text",
        },
        """SELECT a.key AS key_a, b.key AS key_b, p.why AS verdict, p.probability, p.weight,
               p.weights
           FROM pairs AS p JOIN records AS a ON a.rid = p.a JOIN records AS b ON b.rid = p.b""",
    ),
    QUEUE: (
        {
            "about": "text",
            "key": "text",
            "other": "text",
            "column_name": "text",
            "why": "text",
            "sure": "double",
            "more": "integer",
        },
        """SELECT 'pair' AS about, a.key, b.key AS other, NULL::text AS column_name, h.why,
               h.probability AS sure, h.more
           FROM held AS h JOIN records AS a ON a.rid = h.a JOIN records AS b ON b.rid = h.b""",
    ),
    ANSWERS: (
        {
            "key_a": "text",
            "key_b": "text",
            "answer": "text",
            "decision": "text",
            "gave_way": "text",
            "evidence": "text",
            "changed": "boolean",
        },
        """SELECT key_a, key_b, answer, decision, gave_way, evidence, coalesce(changed, false)
               AS changed FROM answered""",
    ),
    PARTY_EVENTS: (
        {"event": "text", "party_id": "text", "other": "text", "records": "integer"},
        "SELECT event, party_id, other, records FROM events",
    ),
    ASTRAY: ({"key": "text", "own": "text"}, "SELECT key, own FROM new_astray"),
    LEADS: ({"party_id": "text", "now_id": "text"}, "SELECT party_id, now_id FROM leads"),
}
