"""What is asked of the DuckDB beside the warehouse, by statement: the same on every engine.

`links`, `names` and `sorts` are brought from it. Times are numbers, in microseconds.
"""

from __future__ import annotations

TYPES = """
CREATE TABLE types AS
SELECT unnest($1::VARCHAR[]) AS type, unnest($2::VARCHAR[]) AS from_sort,
       unnest($3::VARCHAR[]) AS to_sort, unnest($4::BOOLEAN[]) AS dated
"""
#: What an end may be called: by a key, else by the id of a party, else by a part of a key.
CALLED = """
CREATE TABLE called AS
SELECT name, min(party) AS party, count(*) AS parties
FROM (SELECT DISTINCT nfc_normalize(name) AS name, party, how FROM names
      WHERE name IS NOT NULL AND party IS NOT NULL
      QUALIFY how = min(how) OVER (PARTITION BY nfc_normalize(name)))
GROUP BY name
"""
READ = """
CREATE TABLE read AS
SELECT row_number() OVER (ORDER BY key, from_id, to_id, type, starts, ends) AS number, key,
       nfc_normalize(from_id) AS from_id, nfc_normalize(to_id) AS to_id,
       nfc_normalize(type) AS type, starts AS starts_text, ends AS ends_text,
       try_cast(starts AS TIMESTAMP) AS starts, try_cast(ends AS TIMESTAMP) AS ends
FROM links
"""
#: Every link with its parties and what is wrong with it by itself: a text, or NULL.
ENDS = """
CREATE TABLE judged AS
SELECT r.number, r.key, r.from_id, r.to_id, r.type, r.starts, r.ends,
       CASE WHEN r.starts IS NULL THEN $1::BIGINT WHEN r.starts = 'infinity' THEN $2::BIGINT
            WHEN r.starts = '-infinity' THEN $1::BIGINT ELSE epoch_us(r.starts) END AS begin,
       CASE WHEN r.ends IS NULL THEN $2::BIGINT WHEN r.ends = 'infinity' THEN $2::BIGINT
            WHEN r.ends = '-infinity' THEN $1::BIGINT ELSE epoch_us(r.ends) END AS until,
       CASE WHEN f.parties = 1 THEN f.party END AS from_party,
       CASE WHEN t.parties = 1 THEN t.party END AS to_party,
       CASE WHEN r.type IS NULL THEN 'no type' WHEN y.type IS NULL THEN r.type || ': unknown type'
       END AS type_wrong,
       CASE WHEN r.from_id IS NULL THEN 'no party' WHEN f.parties IS NULL
            THEN r.from_id || ': nobody' WHEN f.parties > 1
            THEN r.from_id || ': one of ' || f.parties || ' parties' END AS from_wrong,
       CASE WHEN r.to_id IS NULL THEN 'no party' WHEN t.parties IS NULL
            THEN r.to_id || ': nobody' WHEN t.parties > 1
            THEN r.to_id || ': one of ' || t.parties || ' parties' END AS to_wrong,
       CASE WHEN y.dated AND r.starts_text IS NULL THEN 'no start' END AS start_wrong,
       CASE WHEN r.starts > r.ends
            THEN 'starts ' || r.starts_text || ', ends ' || r.ends_text END AS dates_wrong,
       CASE WHEN r.starts IS NULL THEN r.starts_text END AS start_unread,
       CASE WHEN r.ends IS NULL THEN r.ends_text END AS end_unread,
       y.from_sort, y.to_sort
FROM read AS r
LEFT JOIN called AS f ON f.name = r.from_id
LEFT JOIN called AS t ON t.name = r.to_id
LEFT JOIN types AS y ON y.type = r.type
"""
#: Where no type asks of what sort somebody is.
NO_SORTS = "CREATE TABLE IF NOT EXISTS sorts (party VARCHAR, sort VARCHAR)"
#: Of every party that is said to be of some sort, all that it is said to be.
SORTS = """
CREATE TABLE sorted AS
SELECT party, list(DISTINCT nfc_normalize(sort) ORDER BY nfc_normalize(sort)) AS sorts
FROM sorts WHERE sort IS NOT NULL GROUP BY party
"""
SORTED = """
CREATE TABLE whole AS
SELECT j.* EXCLUDE (from_sort, to_sort, from_wrong, to_wrong),
       coalesce(from_wrong, CASE WHEN NOT list_contains(f.sorts, from_sort) THEN
           from_id || ': ' || array_to_string(f.sorts, ', ') || ', not ' || from_sort END)
           AS from_wrong,
       coalesce(to_wrong, CASE WHEN NOT list_contains(t.sorts, to_sort) THEN
           to_id || ': ' || array_to_string(t.sorts, ', ') || ', not ' || to_sort END)
           AS to_wrong,
       CASE WHEN from_party IS NOT NULL AND from_sort IS NOT NULL AND f.sorts IS NULL
           THEN from_id || ': of no known sort' END AS from_unread,
       CASE WHEN to_party IS NOT NULL AND to_sort IS NOT NULL AND t.sorts IS NULL
           THEN to_id || ': of no known sort' END AS to_unread
FROM judged AS j
LEFT JOIN sorted AS f ON f.party = j.from_party
LEFT JOIN sorted AS t ON t.party = j.to_party
"""
#: Those that are followed.
FOLLOWED = """
CREATE TABLE followed AS
SELECT * FROM whole
WHERE from_party <> to_party AND coalesce(type_wrong, from_wrong, to_wrong, dates_wrong,
      start_unread, end_unread) IS NULL
"""
#: Each that holds at a time at which one that began before it, with the same ends, still does.
OVERLAPS = """
CREATE TABLE overlapping AS
SELECT number, earlier.key AS earlier FROM (
    SELECT number, begin, until, max({'until': until, 'key': key}) OVER (
        PARTITION BY from_id, to_id, type ORDER BY begin, number
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS earlier
    FROM followed WHERE begin < until)
WHERE earlier.until > begin
"""
#: Links of the same parties and type that touch are one.
MERGED = """
CREATE TABLE merged AS
SELECT row_number() OVER (ORDER BY from_party, to_party, type, min(begin)) AS number, from_party,
       to_party, type, min(begin) AS begin, max(until) AS until,
       arg_min(number, link) AS link,
       count(DISTINCT {'from_id': from_id, 'to_id': to_id}) AS links
FROM (
    SELECT *, sum(apart) OVER (PARTITION BY from_party, to_party, type ORDER BY begin, number) AS
        part
    FROM (
        SELECT from_party, to_party, type, begin, until, number, from_id, to_id,
            {'begin': begin, 'number': number} AS link,
            (begin > coalesce(max(until) OVER (PARTITION BY from_party, to_party, type
                ORDER BY begin, number ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
                begin - 1))::INTEGER AS apart
        FROM followed))
GROUP BY from_party, to_party, type, part
"""
#: Each link from both of its ends.
SIDES = """
CREATE TABLE sides AS
SELECT number, type, 'to' AS side, to_party AS party, from_party AS other, begin, until
FROM followed
UNION ALL
SELECT number, type, 'from', from_party, to_party, begin, until FROM followed
"""
#: The links of a type, on one side of the parties that ever have more than so many others.
CROWDED = """
SELECT party, number, other, begin, until FROM sides
WHERE type = $1::VARCHAR AND side = $2::VARCHAR AND party IN (
    SELECT party FROM sides WHERE type = $1::VARCHAR AND side = $2::VARCHAR
    GROUP BY party HAVING count(DISTINCT other) > $3::BIGINT)
ORDER BY party, begin, number
"""
#: Parties by the order of their names.
PARTIES = """
CREATE TABLE parties AS
SELECT party, row_number() OVER (ORDER BY party) AS id
FROM (SELECT from_party AS party FROM merged UNION SELECT to_party FROM merged)
"""
#: The links of a type, by the number of the delivered one that begins each; and, by their own, those
#: that hold at a time.
OF_TYPE = """
SELECT m.link, f.id, t.id, m.begin, m.until FROM merged AS m
JOIN parties AS f ON f.party = m.from_party JOIN parties AS t ON t.party = m.to_party
WHERE m.type = $1::VARCHAR
"""
HOLDING = """
SELECT m.number, f.id, t.id, m.begin, m.until FROM merged AS m
JOIN parties AS f ON f.party = m.from_party JOIN parties AS t ON t.party = m.to_party
WHERE m.type = $1::VARCHAR AND m.begin <= $2::BIGINT AND m.until > $2::BIGINT
"""
NAMED = """
SELECT p.party FROM (SELECT unnest($1::BIGINT[]) AS id, unnest($2::BIGINT[]) AS place) AS n
JOIN parties AS p ON p.id = n.id ORDER BY n.place
"""
DEPTHS = "CREATE TABLE depths (number BIGINT, depth BIGINT, root BIGINT)"
ADD_DEPTHS = """
INSERT INTO depths SELECT unnest($1::BIGINT[]), unnest($2::BIGINT[]), unnest($3::BIGINT[])
"""
#: What is found of several links together. `side`: loop, to or from.
SAID = "CREATE TABLE said (number BIGINT, side VARCHAR, said VARCHAR)"
ADD_SAID = """
INSERT INTO said SELECT unnest($1::BIGINT[]), unnest($2::VARCHAR[]), unnest($3::VARCHAR[])
"""
FAULTS = """
CREATE TABLE faults AS
SELECT w.key, w.type_wrong, w.from_wrong, w.to_wrong, w.start_wrong, w.dates_wrong,
       'overlaps ' || o.earlier AS overlapped, l.said AS loop, t.said AS to_many, f.said AS from_many,
       w.start_unread, w.end_unread, w.from_unread, w.to_unread
FROM whole AS w
LEFT JOIN overlapping AS o ON o.number = w.number
LEFT JOIN said AS l ON l.number = w.number AND l.side = 'loop'
LEFT JOIN said AS t ON t.number = w.number AND t.side = 'to'
LEFT JOIN said AS f ON f.number = w.number AND f.side = 'from'
"""
KEPT = """
CREATE TABLE kept AS
SELECT m.from_party, m.to_party, m.type,
       CASE WHEN m.begin > $1::BIGINT THEN make_timestamp(m.begin) END AS starts,
       CASE WHEN m.until < $2::BIGINT THEN make_timestamp(m.until) END AS ends,
       d.depth, p.party AS root
FROM merged AS m LEFT JOIN depths AS d ON d.number = m.number LEFT JOIN parties AS p ON p.id = d.root
"""
COUNTS = """
SELECT (SELECT count(*) FROM whole), (SELECT count(*) FROM whole WHERE coalesce(start_unread,
            end_unread, from_unread, to_unread) IS NOT NULL),
       (SELECT count(*) FROM merged), (SELECT count(*) FROM parties),
       (SELECT count(*) FROM whole WHERE from_party = to_party),
       (SELECT coalesce(sum(links - 1), 0) FROM merged),
       (SELECT count(*) FROM said WHERE side = 'loop')
"""
