"""DuckDB. Its meaning is the one that holds where engines differ."""

from __future__ import annotations

from cdmq.sql.dialects.dialect import Dialect
from cdmq.sql.dialects.duckdb.functions import FUNCTIONS
from cdmq.sql.dialects.duckdb.queries import DIGESTS, QUERIES
from cdmq.sql.dialects.duckdb.texts import PATTERNS, TEXTS
from cdmq.sql.dialects.duckdb.values import CASTS, NUMBERS

DIALECT = Dialect("duckdb", TEXTS, PATTERNS, CASTS, NUMBERS, QUERIES, DIGESTS, FUNCTIONS)
