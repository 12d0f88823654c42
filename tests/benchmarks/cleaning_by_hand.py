"""The five defaults of `defaults.py` as SQL by hand: the cleaned table, its changes, the view.

It knows what stands in this data, so `email` needs less than cdmq's form, which knows all that
white space and addresses can be.
"""

from __future__ import annotations

import by_hand
from ruleset import EMAIL

#: Costly steps only where a cheap look says that there is something to do.
_BARE = "lower(trim(email))"
_MAIL = f"if(starts_with({_BARE}, 'mailto:'), substr({_BARE}, 8), {_BARE})"
_EMAIL = f"""CASE WHEN {_MAIL} = email THEN email
        WHEN regexp_matches({_MAIL}, '{EMAIL}') THEN {_MAIL} ELSE email END"""
_CITY = r"""nullif(if(contains(city, '  ') OR contains(city, chr(9)),
        trim(regexp_replace(city, '\s+', ' ', 'g')), trim(city)), '')"""
#: Column -> what changed it.
_ACTS = {"country": "map", "email": "standardise", "city": "standardise", "company": "fill_from"}
_COLUMNS = ("column_name", "key", "old_value", "new_value", "act", "reason")
#: Duplicates counted, as `project.CHANGES` has them.
CHANGES = f"SELECT {', '.join(_COLUMNS)}, count(*) AS n FROM changes GROUP BY ALL"


def cleaned(seed: str) -> str:
    """The table that rules read, with the old values beside the new, and the view for people."""
    return f"""
CREATE TABLE names AS FROM read_csv('{seed}', header = true, all_varchar = true);
CREATE TABLE cleaned AS SELECT customers.* REPLACE (
        coalesce(code, country) AS country, {_CITY} AS city,
        {_EMAIL} AS email,
        coalesce(company, trade_name) AS company
    ),
    email AS was_email, city AS was_city, company AS was_company, country AS was_country,
    if(phone IS NULL, 'not_asked', NULL) AS phone_reason
    FROM customers LEFT JOIN names ON country = name;
CREATE VIEW defaulted AS SELECT * EXCLUDE (was_email, was_city, was_company, was_country)
    REPLACE (if(phone_reason IS NULL, phone, 'unavailable') AS phone) FROM cleaned;
"""


def changes(into: str = "changes") -> str:
    kinds = ", ".join(f"{c} {'BIGINT' if c == 'key' else 'VARCHAR'}" for c in _COLUMNS)
    branches = [
        f"SELECT '{c}', customer_id, was_{c}, {c}, '{act}', NULL FROM cleaned "
        f"WHERE {c} IS DISTINCT FROM was_{c}"
        for c, act in _ACTS.items()
    ]
    branches.append(
        "SELECT 'phone', customer_id, NULL, 'unavailable', 'set', phone_reason "
        "FROM cleaned WHERE phone_reason IS NOT NULL"
    )
    return (
        f"CREATE TABLE {into} ({kinds});\nINSERT INTO {into}\n"
        + " UNION ALL\n".join(branches)
        + ";\n"
    )


def first(seed: str) -> str:
    return cleaned(seed) + changes()


def again(seed: str) -> str:
    """Clean anew; compare the changes with those that are there."""
    drop = "DROP VIEW defaulted; DROP TABLE cleaned; DROP TABLE names;\n"
    return drop + cleaned(seed) + changes("changed") + by_hand.merge("changed", "changes", _COLUMNS)
