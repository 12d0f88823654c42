"""Splink's one use: given pairs and settings, the weight of each column. Quiet, and cleaned up."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cdmq.kinds.matching.engine.names import FEATURES
from cdmq.warehouses.base import StatementError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@contextmanager
def weighed(
    connection: DuckDBPyConnection,
    settings: dict[str, Any],
    pairs: str,
    least_weight: float | None = None,
) -> Iterator[str]:
    """The name of a table with rid_l, rid_r, match_key, match_weight, match_probability and for
    each comparison c its mw_c (and mw_tf_adj_c): those of `pairs(join_key_l, join_key_r,
    match_key)` that weigh at least so much. It is gone when the block ends."""
    from splink import DuckDBAPI, Linker
    from splink.internals.exceptions import SplinkException

    logging.getLogger("splink").setLevel(logging.CRITICAL)
    database = DuckDBAPI(connection)
    linker = Linker(
        database.register(FEATURES, table_name="cdmq_features"),
        settings,
        log_level=None,
        validate_settings=False,
    )
    linker.table_management.register_blocked_pairs_for_predict(
        database.register(pairs, table_name="cdmq_pairs")
    )
    for c in (c["output_column_name"] for c in settings["comparisons"]):
        # The features have the frequencies already; Splink would count them again.
        table = database.register(FEATURES, table_name=f"cdmq_frequency_{c}")
        linker.table_management.register_term_frequency_lookup(table, c)
    try:
        found = linker.inference.predict(threshold_match_weight=least_weight, warning_mode="never")
    except SplinkException as error:
        database.delete_tables_created_by_splink_from_db()  # type: ignore[no-untyped-call]
        raise error.__cause__ or StatementError(str(error)) from None
    try:
        yield found.physical_name
    finally:
        database.delete_tables_created_by_splink_from_db()  # type: ignore[no-untyped-call]
