"""The words that begin a statement of SQL, and the columns that are named as one."""

from __future__ import annotations

import re

from cdmq.sql.problem import SYNTAX, SqlProblem

STATEMENTS = frozenset(
    [
        "alter",
        "analyze",
        "attach",
        "begin",
        "call",
        "checkpoint",
        "commit",
        "copy",
        "create",
        "deallocate",
        "delete",
        "describe",
        "detach",
        "drop",
        "execute",
        "export",
        "grant",
        "import",
        "insert",
        "install",
        "load",
        "merge",
        "pivot",
        "pragma",
        "prepare",
        "revoke",
        "rollback",
        "select",
        "set",
        "show",
        "summarize",
        "truncate",
        "unpivot",
        "update",
        "use",
        "vacuum",
        "values",
        "with",
        "from",
        "table",
    ]
)
#: Those of which a column may bear the name, and that cannot be read as one where they stand first.
_NAMES = STATEMENTS | {"cache", "comment", "explain", "fetch", "kill"}
_NAMES -= set(
    [
        "checkpoint",
        "deallocate",
        "export",
        "from",
        "import",
        "select",
        "table",
        "unpivot",
        "vacuum",
        "values",
    ]
)
_AS_COLUMN = re.compile(
    rf"\s*({'|'.join(sorted(_NAMES))})"
    r"\s*(?:::|[=<>!+/%|.-]|(?:is|in|not|between|like|ilike)\b|$)",
    re.IGNORECASE,
)


def column(text: str) -> None:
    """Raise SqlProblem where a column that bears the name of a statement stands first."""
    if found := _AS_COLUMN.match(text):
        word = found[1]
        raise SqlProblem(
            SYNTAX,
            f"'{word}' begins a statement of SQL: a column of that name stands in double quotes",
            f'write: "{word}"{text[found.end(1) :]}',
            found.start(1) + 1,
        )
