"""Relations named by what they are, and where they stand: staged while a run lasts, then final."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sqlglot import exp

from cdmq.sql import nodes
from cdmq.sql.keyed import spelled
from cdmq.values import Relation

#: The schema of a relation named by what it is, until `execute` knows where it stands.
LOGICAL = "__cdmq"
#: The run's time in a statement: a parameter until it is sent.
AS_OF = "as_of"
#: What a run writes before it is published begins with this; the next start sweeps it.
STAGED = "__cdmq_"


def logical(name: str) -> exp.Table:
    """A relation by its logical name: `source:D`, `stage:D`, `clean:D`, `seed:S`, `ref:T`."""
    return nodes.table(Relation(name, LOGICAL))


def as_of_node() -> exp.Expr:
    return nodes.cast(exp.Placeholder(this=AS_OF), "timestamp")


def short(name: str, longest: int) -> str:
    """`name`, or its beginning and a digest where it is longer than the warehouse allows."""
    encoded = name.encode()
    if len(encoded) <= longest:
        return name
    digest = hashlib.sha256(encoded).hexdigest()[:10]
    return encoded[: longest - 11].decode(errors="ignore") + "_" + digest


@dataclass
class Names:
    """Logical name -> relation: as staged by this run, or as it will stand."""

    schema: str
    longest: int
    token: str
    staged: dict[str, Relation] = field(default_factory=dict)
    final: dict[str, Relation] = field(default_factory=dict)

    def output(self, name: str) -> tuple[Relation, Relation]:
        """(staged, final) relation for a new output."""
        staged = Relation(short(f"{STAGED}{self.token}_{name}", self.longest), self.schema)
        return staged, Relation(short(name, self.longest), self.schema)

    def put(self, logical: str, staged: Relation, final: Relation | None = None) -> None:
        self.staged[logical], self.final[logical] = staged, final or staged


def placed(node: exp.Expr, relations: Mapping[str, Relation]) -> exp.Expr:
    """The node with every logical relation replaced by the one that stands for it."""
    for table in list(node.find_all(exp.Table)):
        if table.db == LOGICAL:
            relation = relations[table.name]
            table.set("this", nodes.name(relation.name))
            table.set("db", nodes.name(relation.schema) if relation.schema else None)
            table.set("catalog", nodes.name(relation.catalog) if relation.catalog else None)
    return node


def renderer(
    names: Names, dialect: str, as_of: str, asked: Callable[[], None] = lambda: None
) -> Callable[[exp.Expr], tuple[str, str]]:
    """A function that gives (the SQL to send, the SQL to keep with `as_of` as a parameter).

    `asked` is called where the SQL reads the time.
    """

    def render(node: exp.Expr) -> tuple[str, str]:
        sent = spelled(node.copy(), dialect)
        kept = placed(sent.copy(), names.final).sql(dialect, copy=False)
        placed(sent, names.staged)
        for parameter in list(sent.find_all(exp.Placeholder)):
            if parameter.name == AS_OF:
                asked()
                parameter.replace(nodes.text(as_of))
        return sent.sql(dialect, copy=False), kept

    return render
