"""Learning from the records themselves how much each column says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cdmq.kinds.matching import MatchingRule
from cdmq.matching.blocks import choose
from cdmq.matching.candidates import make_candidates
from cdmq.matching.comparisons import comparisons
from cdmq.matching.em import learn
from cdmq.matching.evidence import gather
from cdmq.matching.features import make_features
from cdmq.matching.model import Model, settings

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def train(
    connection: DuckDBPyConnection, rule: MatchingRule, types: Mapping[str, str]
) -> Model:
    """Reads scratch `records`; leaves `inputs`, `features` and `candidates` in scratch."""
    records = make_features(connection, rule, types)
    blocks = [] if rule.candidates else choose(connection, rule, records)
    make_candidates(connection, rule, blocks, records)
    some = comparisons(rule)
    learnt = learn(some, gather(connection, some, records))
    return Model.of(settings(rule, some, blocks, learnt), records)
