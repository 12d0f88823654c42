"""PostgreSQL 17, made to give what DuckDB gives."""

from __future__ import annotations

from cdmq.sql.dialects.dialect import Dialect
from cdmq.sql.dialects.postgres.functions import FUNCTIONS
from cdmq.sql.dialects.postgres.queries import DIGESTS, QUERIES
from cdmq.sql.dialects.postgres.texts import PATTERNS, TEXTS
from cdmq.sql.dialects.postgres.values import CASTS, NUMBERS

DIALECT = Dialect("postgres", TEXTS, PATTERNS, CASTS, NUMBERS, QUERIES, DIGESTS, FUNCTIONS)
