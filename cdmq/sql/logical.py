"""Relations named by what they are, and where they stand: staged while a run lasts, then final."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sqlglot import exp

from cdmq.sql import nodes
from cdmq.sql.keyed import spelled
from cdmq.sql.relation import Relation

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
    #: What stands nowhere: a statement that reads it has its query as a table of its own.
    queries: dict[str, exp.Select] = field(default_factory=dict)

    def output(self, name: str) -> tuple[Relation, Relation]:
        """(staged, final) relation for a new output."""
        staged = Relation(short(f"{STAGED}{self.token}_{name}", self.longest), self.schema)
        return staged, Relation(short(name, self.longest), self.schema)

    def put(self, logical: str, staged: Relation, final: Relation | None = None) -> None:
        self.staged[logical], self.final[logical] = staged, final or staged


def placed(
    node: exp.Expr,
    relations: Mapping[str, Relation],
    queries: Mapping[str, exp.Select] | None = None,
) -> exp.Expr:
    """The node with every logical relation replaced by the one that stands for it, or by a table
    of its own that is made first."""
    own: dict[str, str] = {}
    for table in list(node.find_all(exp.Table)):
        if table.db == LOGICAL and queries and table.name in queries:
            table.set("this", nodes.name(own.setdefault(table.name, f"__rows_{len(own)}")))
            table.set("db", None)
        elif table.db == LOGICAL:
            relation = relations[table.name]
            table.set("this", nodes.name(relation.name))
            table.set("db", nodes.name(relation.schema) if relation.schema else None)
            table.set("catalog", nodes.name(relation.catalog) if relation.catalog else None)
    for name, alias in own.items():
        assert queries is not None
        query = placed(queries[name].copy(), relations, queries)
        _with(node, alias, query)
    return node


def _with(node: exp.Expr, alias: str, query: exp.Expr) -> None:
    """Put a table of its own before a statement: it is made once."""
    read = node.expression if isinstance(node, exp.Insert | exp.Create) else node
    table = exp.CTE(this=query, alias=exp.TableAlias(this=nodes.name(alias)), materialized=True)
    known = read.args.get("with_")
    read.set("with_", exp.With(expressions=[*(known.expressions if known else ()), table]))


@dataclass(frozen=True)
class Renderer:
    """Writes SQL over logical names. `asked` is called where it reads the time."""

    names: Names
    dialect: str
    as_of: str
    asked: Callable[[], None] = lambda: None

    def sent(self, node: exp.Expr) -> str:
        """The SQL to send, over what this run has staged."""
        node = placed(node.copy(), self.names.staged, self.names.queries)
        node = spelled(node, self.dialect)
        for parameter in list(node.find_all(exp.Placeholder)):
            if parameter.name == AS_OF:
                self.asked()
                parameter.replace(nodes.text(self.as_of))
        return node.sql(self.dialect, copy=False)

    def kept(self, node: exp.Expr) -> str:
        """The SQL to keep: over what will stand, with `as_of` as a parameter."""
        node = placed(node.copy(), self.names.final, self.names.queries)
        node = spelled(node, self.dialect)
        return node.sql(self.dialect, copy=False)
