"""What PostgreSQL's catalog says of relations: what hangs on them, and how it is put back."""

from __future__ import annotations

#: The relation that `t.n` names in SQL. What is asked by name in a schema that the user may not use
#: is refused; the catalog tells of it.
_NAMED = """CASE cardinality(parse_ident(t.n)) WHEN 2 THEN (
    SELECT r.oid FROM pg_class AS r JOIN pg_namespace AS s ON s.oid = r.relnamespace
    WHERE s.nspname = (parse_ident(t.n))[1]::name AND r.relname = (parse_ident(t.n))[2]::name
) ELSE to_regclass(t.n)::oid END"""

#: Those of `ours` that others hold on to: by a grant, comment, owner or setting, by anything that
#: depends on them; and what those read. 'i' are a relation's own parts, such as its row type.
HELD = """
WITH RECURSIVE ours (oid, n) AS (
    SELECT c.oid, t.n FROM unnest(%(names)s::text[]) AS t (n)
    JOIN pg_class AS c ON c.oid = to_regclass(t.n)
),
hung (oid) AS (
    SELECT c.oid FROM ours JOIN pg_class AS c USING (oid)
    WHERE c.relacl IS NOT NULL OR c.reloptions IS NOT NULL OR c.relrowsecurity
        OR c.relreplident NOT IN ('d', 'n') OR pg_get_userbyid(c.relowner) <> current_user
    UNION
    SELECT a.attrelid FROM ours JOIN pg_attribute AS a ON a.attrelid = ours.oid
    WHERE a.attnum > 0 AND (a.attacl IS NOT NULL OR a.attoptions IS NOT NULL)
    UNION
    SELECT s.objoid FROM ours JOIN pg_description AS s
        ON s.objoid = ours.oid AND s.classoid = 'pg_class'::regclass
    WHERE s.objsubid > 0 OR NOT starts_with(s.description, %(mark)s)
    UNION
    SELECT d.refobjid FROM ours JOIN pg_depend AS d
        ON d.refobjid = ours.oid AND d.refclassid = 'pg_class'::regclass
    LEFT JOIN pg_rewrite AS w ON d.classid = 'pg_rewrite'::regclass AND w.oid = d.objid
    WHERE d.deptype <> 'i' AND NOT coalesce(
        w.rulename = '_RETURN' AND w.ev_class IN (SELECT oid FROM ours), false)
),
held (oid) AS (
    SELECT oid FROM hung
    UNION
    SELECT d.refobjid FROM held JOIN pg_rewrite AS w ON w.ev_class = held.oid
    JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
        AND d.refclassid = 'pg_class'::regclass
    JOIN ours ON ours.oid = d.refobjid
)
SELECT ours.n FROM held JOIN ours USING (oid)
"""

#: (name, column, what it is, the statement that puts it there again; NULL where none does)
ATTACHED = f"""
WITH it (oid, n, c, type, now) AS (
    SELECT c.oid, t.n, c, coalesce(upper(t.type), k.now), k.now
    FROM unnest(%(names)s::text[], %(types)s::text[]) AS t (n, type)
    JOIN pg_class AS c ON c.oid = {_NAMED},
    LATERAL (SELECT CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
        ELSE 'TABLE' END) AS k (now)
)
SELECT n, NULL AS col, 'its owner' AS what,
    format('ALTER %%s %%s OWNER TO %%I', type, n, pg_get_userbyid((c).relowner)) AS stmt
FROM it WHERE pg_get_userbyid((c).relowner) <> current_user
UNION ALL
SELECT n, NULL, 'its settings', CASE WHEN type = now THEN
    format('ALTER %%s %%s SET (%%s)', type, n, array_to_string((c).reloptions, ', ')) END
FROM it WHERE (c).reloptions IS NOT NULL
UNION ALL
SELECT n, NULL, 'a grant', format('GRANT %%s ON %%s TO %%s%%s', g.privilege_type, n,
    CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END,
    CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
FROM it, LATERAL aclexplode((c).relacl) AS g WHERE g.grantee <> (c).relowner
UNION ALL
SELECT n, a.attname, 'a grant', format('GRANT %%s (%%I) ON %%s TO %%s%%s', g.privilege_type,
    a.attname, n, CASE g.grantee WHEN 0 THEN 'PUBLIC'
        ELSE quote_ident(pg_get_userbyid(g.grantee)) END,
    CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
FROM it JOIN pg_attribute AS a ON a.attrelid = it.oid AND a.attnum > 0,
    LATERAL aclexplode(a.attacl) AS g WHERE g.grantee <> (c).relowner
UNION ALL
SELECT n, a.attname, 'a comment', CASE s.objsubid WHEN 0
    THEN format('COMMENT ON %%s %%s IS %%L', type, n, s.description)
    ELSE format('COMMENT ON COLUMN %%s.%%I IS %%L', n, a.attname, s.description) END
FROM it JOIN pg_description AS s ON s.objoid = it.oid AND s.classoid = 'pg_class'::regclass
LEFT JOIN pg_attribute AS a ON a.attrelid = it.oid AND a.attnum = s.objsubid AND s.objsubid > 0
WHERE s.objsubid > 0 OR NOT starts_with(s.description, %(mark)s)
UNION ALL
SELECT n, NULL, 'the index ' || i.indexrelid::regclass,
    CASE WHEN type <> 'VIEW' THEN pg_get_indexdef(i.indexrelid) END
FROM it JOIN pg_index AS i ON i.indrelid = it.oid
WHERE NOT EXISTS (SELECT FROM pg_constraint AS k WHERE k.conindid = i.indexrelid)
UNION ALL
SELECT n, NULL, 'row level security', NULL FROM it WHERE (c).relrowsecurity
UNION ALL
SELECT DISTINCT n, NULL::name, pg_describe_object(d.classid, d.objid, 0), NULL
FROM it JOIN pg_depend AS d ON d.refobjid = it.oid AND d.refclassid = 'pg_class'::regclass
LEFT JOIN pg_rewrite AS w ON d.classid = 'pg_rewrite'::regclass AND w.oid = d.objid
WHERE d.deptype <> 'i' AND coalesce(w.rulename, '') <> '_RETURN'
    AND NOT EXISTS (SELECT FROM pg_index AS i WHERE i.indexrelid = d.objid
        AND d.classid = 'pg_class'::regclass)
"""

#: Name and exact type of each column, in order, and the type.
SHAPE = """
SELECT a.attname, format_type(a.atttypid, a.atttypmod), c.relkind
FROM pg_class AS c JOIN pg_attribute AS a
    ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.oid = to_regclass(%s) ORDER BY a.attnum
"""

#: (name, why it cannot be published over), of relations with the columns that they are to have.
HINDRANCES = f"""
WITH it (oid, n, columns, c) AS (
    SELECT c.oid, t.n, t.columns::jsonb, c
    FROM unnest(%(names)s::text[], %(columns)s::text[]) AS t (n, columns)
    JOIN pg_class AS c ON c.oid = {_NAMED}
)
SELECT n, format('the foreign key %%I of %%s refers to it: its rows are replaced by every run',
    k.conname, k.conrelid::regclass)
FROM it JOIN pg_constraint AS k ON k.confrelid = it.oid AND k.contype = 'f'
    AND k.conrelid <> it.oid
UNION ALL
SELECT n, format('it is owned by %%I, whose rights the user %%I has not',
    pg_get_userbyid((c).relowner), current_user)
FROM it WHERE NOT pg_has_role((c).relowner, 'USAGE')
UNION ALL
SELECT n, format('the user %%I may make nothing in its schema', current_user)
FROM it WHERE pg_has_role((c).relowner, 'USAGE')
    AND NOT (has_schema_privilege((c).relnamespace, 'USAGE')
        AND has_schema_privilege((c).relnamespace, 'CREATE'))
UNION ALL
SELECT DISTINCT n, format('%%s reads its column %%I, which it is not to have any more',
    CASE WHEN w.oid IS NULL THEN pg_describe_object(d.classid, d.objid, 0)
        ELSE 'the view ' || w.ev_class::regclass END, a.attname)
FROM it JOIN pg_depend AS d ON d.refobjid = it.oid AND d.refclassid = 'pg_class'::regclass
    AND d.refobjsubid > 0 AND d.deptype <> 'i'
JOIN pg_attribute AS a ON a.attrelid = it.oid AND a.attnum = d.refobjsubid
LEFT JOIN pg_rewrite AS w ON d.classid = 'pg_rewrite'::regclass AND w.oid = d.objid
WHERE jsonb_array_length(it.columns) > 0 AND NOT it.columns ? a.attname::text
    AND left(a.attname, 2) <> '__' AND NOT EXISTS (
        SELECT FROM it AS other WHERE other.oid = w.ev_class)
"""
LACKING = f"""
SELECT 'the schema ' || n || ' is not there, and the user may not make it',
    format('CREATE SCHEMA %%I AUTHORIZATION %%I', n, current_user)
FROM unnest(%s::text[]) AS t (n)
WHERE NOT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = n)
    AND NOT has_database_privilege(current_database(), 'CREATE')
UNION ALL
SELECT 'the user may not create tables in the schema ' || nspname,
    format('GRANT USAGE, CREATE ON SCHEMA %%I TO %%I', nspname, current_user)
FROM pg_namespace JOIN unnest(%s::text[]) AS t (n) ON nspname = n
WHERE NOT (has_schema_privilege(oid, 'USAGE') AND has_schema_privilege(oid, 'CREATE'))
UNION ALL
SELECT 'the user may not make temporary tables',
    format('GRANT TEMPORARY ON DATABASE %%I TO %%I', current_database(), current_user)
WHERE NOT has_database_privilege(current_database(), 'TEMPORARY')
UNION ALL
SELECT 'the user may not use the schema ' || n.nspname,
    format('GRANT USAGE ON SCHEMA %%I TO %%I', n.nspname, current_user)
FROM pg_namespace AS n WHERE NOT has_schema_privilege(n.oid, 'USAGE') AND n.oid IN (
    SELECT c.relnamespace FROM unnest(%s::text[]) AS t (n) JOIN pg_class AS c ON c.oid = {_NAMED})
UNION ALL
SELECT 'the user may not read ' || c.oid::regclass, format('GRANT SELECT ON %%s TO %%I',
    c.oid::regclass, current_user)
FROM unnest(%s::text[]) AS t (n) JOIN pg_class AS c ON c.oid = {_NAMED}
WHERE NOT has_table_privilege(c.oid, 'SELECT')
"""
