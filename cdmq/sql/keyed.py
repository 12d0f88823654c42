"""A digest that nobody can guess who does not have the key: HMAC-SHA-256, on every engine.

The key stands in a temporary table, so no statement that is sent, kept or logged holds it. What is
keyed is the MD5 of the value: digests of a cdmq that had no key are brought over by their own.
"""

from __future__ import annotations

import hashlib
import hmac

from sqlglot import exp

from cdmq.sql import nodes
from cdmq.sql.dialects import dialect_of
from cdmq.sql.relation import Relation

#: Holds the two pads of the key as hex, while a connection lives.
KEY = Relation("__cdmq_key")
#: The audit table in which a secret that nobody gave is kept.
KEPT = "pii_key"
KEY_COLUMNS = {"inner_pad": "text", "outer_pad": "text"}
_DIGEST = "__cdmq_keyed"
_BLOCK = 64


def keyed(value: exp.Expr) -> exp.Expr:
    """The digest of a text; NULL of NULL."""
    return keyed_again(nodes.call("md5", value))


def keyed_again(digest: exp.Expr) -> exp.Expr:
    """The digest of a text of which only the MD5 is known."""
    return nodes.call(_DIGEST, digest)


def spelled(node: exp.Expr, dialect: str) -> exp.Expr:
    """A query, in which its keyed digests now stand in the words of an engine."""
    for found in list(node.find_all(exp.Anonymous)):
        if found.name == _DIGEST:
            found.replace(_hmac(found.expressions[0], dialect))
    return node


def pads(key: bytes) -> tuple[str, str]:
    """The key as HMAC mixes it in, before and after."""
    if len(key) > _BLOCK:
        key = hashlib.sha256(key).digest()
    key = key.ljust(_BLOCK, b"\0")
    return bytes(b ^ 0x36 for b in key).hex(), bytes(b ^ 0x5C for b in key).hex()


def hmac_by(pads_: tuple[str, str], digest: str) -> str:
    """What `keyed_again` gives, worked out here by the two pads of the key."""
    inner, outer = map(bytes.fromhex, pads_)
    return hashlib.sha256(outer + hashlib.sha256(inner + digest.encode()).digest()).hexdigest()


def hmac_of(key: bytes, digest: str) -> str:
    """What `keyed_again` gives, worked out here."""
    return hmac.new(key, digest.encode(), hashlib.sha256).hexdigest()


def _hmac(text: exp.Expr, dialect: str) -> exp.Expr:
    own = dialect_of(dialect).digests
    inner, outer = (own.unhex(_pad(name)) for name in KEY_COLUMNS)
    return own.hmac(inner, outer, text)


def _pad(name: str) -> exp.Expr:
    return exp.Subquery(this=nodes.select([nodes.column(name)], nodes.table(KEY)))
