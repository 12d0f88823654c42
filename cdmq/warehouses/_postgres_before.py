"""What the SQL of rules needs and servers before a version lack: made in the audit schema."""

from __future__ import annotations

_COLLATION = """
CREATE COLLATION IF NOT EXISTS {own}.pg_c_utf8 (provider = libc, locale = 'C.UTF-8')
"""
_VALID = """
CREATE OR REPLACE FUNCTION {own}.pg_input_is_valid(value text, wanted text) RETURNS boolean
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE AS $f$
BEGIN
    IF wanted !~ '^[a-z ]+([(][0-9, ]+[)])?$' THEN
        RETURN false;
    END IF;
    EXECUTE 'SELECT CAST($1 AS ' || wanted || ')' USING value;
    RETURN true;
EXCEPTION WHEN data_exception THEN
    RETURN false;
END $f$
"""
_LIKE = """
CREATE OR REPLACE FUNCTION {own}.regexp_like(value text, pattern text) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $f$ SELECT value ~ pattern $f$
"""
_SUBSTR = """
CREATE OR REPLACE FUNCTION {own}.regexp_substr(
    value text, pattern text, begins integer, nth integer, flags text, part integer)
RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $f$
SELECT CASE WHEN part = 0 THEN whole[1] ELSE whole[part + 1] END FROM (
    SELECT regexp_matches(substr(value, begins), '(' || pattern || ')', flags || 'g') AS whole
    OFFSET nth - 1 LIMIT 1
) AS found
$f$
"""
#: (the server's version that has it, the statement). The collation maps letters as Unicode's
#: simple case mapping does, and so do DuckDB and that of PostgreSQL 17; both were compared, code
#: point by code point, on 15 and 16.
MADE_BEFORE = (
    (150000, _LIKE),
    (150000, _SUBSTR),
    (160000, _VALID),
    (170000, _COLLATION),
)
