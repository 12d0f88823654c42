"""Whether a rule is evaluated on the very data on which it was evaluated the last time."""

from __future__ import annotations

from collections.abc import Container, Mapping

from sqlglot import exp

from cdmq.audit.ledger import Ledger
from cdmq.audit.pii_key import keyed_input
from cdmq.audit.tables import RULE_RESULTS, RUN_INPUTS
from cdmq.outcomes import Input
from cdmq.sql import nodes
from cdmq.sql.keyed import spelled


def read_the_same(
    ledger: Ledger, rule: str, inputs: Mapping[str, Input], hiding: Container[str]
) -> bool:
    """Whether all that a run read is byte by byte what the last run that evaluated the rule read.
    Of what has no digest nobody can tell. `hiding`: the datasets whose digests are keyed."""
    digests = {name: seen.digest for name, seen in inputs.items()}
    same = [
        nodes.every(
            [
                nodes.equal(nodes.column("dataset"), nodes.text(name)),
                exp.In(
                    this=nodes.column("digest"),
                    expressions=[
                        nodes.text(digest),
                        *([keyed_input(nodes.text(digest))] if name in hiding else []),
                    ],
                ),
            ]
        )
        for name, digest in digests.items()
        if digest is not None
    ]
    if not same or len(same) < len(digests):
        return False
    last = nodes.select(
        [exp.Max(this=nodes.column("run_id"))],
        ledger.of(RULE_RESULTS),
        nodes.every(
            [
                nodes.equal(nodes.column("rule_id"), nodes.text(rule)),
                nodes.present(nodes.column("fingerprint")),
            ]
        ),
    )
    query = nodes.select(
        [nodes.column("dataset")],
        ledger.of(RUN_INPUTS),
        nodes.every(
            [
                nodes.equal(nodes.column("run_id"), exp.Subquery(this=last)),
                nodes.paren(nodes.any_of(same)),
            ]
        ),
    )
    return len(ledger.fetch(spelled(query, ledger.warehouse.dialect))) == len(digests)
