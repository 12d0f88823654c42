"""Learning from the records themselves how much each column says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cdmq.kinds.matching.engine.blocks import choose
from cdmq.kinds.matching.engine.candidates import make_candidates
from cdmq.kinds.matching.engine.comparisons import comparisons
from cdmq.kinds.matching.engine.em import learn
from cdmq.kinds.matching.engine.evidence import gather
from cdmq.kinds.matching.engine.features import make_features
from cdmq.kinds.matching.engine.model import Model, settings
from cdmq.kinds.matching.words import MatchingRule

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def train(connection: DuckDBPyConnection, rule: MatchingRule, types: Mapping[str, str]) -> Model:
    """Reads scratch `records`; leaves `inputs`, `features` and `candidates` in scratch."""
    records = make_features(connection, rule, types)
    blocks = [] if rule.candidates else choose(connection, rule, records)
    make_candidates(connection, rule, blocks, records)
    some = comparisons(rule)
    learnt = learn(some, gather(connection, some, records))
    return Model.of(settings(rule, some, blocks, learnt), records)
