"""Secrets of targets as stars, however they are written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from cdmq.problems import printable

#: A secret of fewer letters may be a part of any word, of still fewer any word of a text.
_LONG, _MIDDLING = 8, 6
#: What profiles gave in this process.
GIVEN: set[str] = set()


def scrub_given(text: str) -> str:
    """`text` without what any profile gave in this process: what cdmq says of its own failure."""
    return scrubbed(text, GIVEN)


def scrubbed(text: str, secrets: Iterable[str]) -> str:
    written = {form for secret in secrets for form in _forms(secret) if form}
    for form in sorted(written, key=len, reverse=True):
        text = _starred(text, form)
    return text


def _forms(secret: str) -> Iterator[str]:
    """How a text is written: as it is, in an address, in SQL, in JSON, in Python, in a message."""
    yield secret
    yield quote(secret, safe="")
    yield secret.replace('"', '""')
    yield secret.replace("'", "''")
    yield from (json.dumps(secret, ensure_ascii=ascii)[1:-1] for ascii in (True, False))
    yield repr(secret)[1:-1]
    yield printable(secret)
    yield " ".join(secret.split())


def _starred(text: str, secret: str) -> str:
    """A short secret only as a whole word; a very short one where it is a value: in quotes, behind
    =, or between : and @."""
    if len(secret) >= _LONG:
        return text.replace(secret, "*****")
    alone = re.escape(secret)
    if len(secret) >= _MIDDLING:
        return re.sub(rf"(?<!\w){alone}(?!\w)", "*****", text)
    around = rf"(?<=[\"'`=])({alone})(?![\w-])|(?<=:)({alone})(?=@)"
    return re.sub(around, "*****", text)
