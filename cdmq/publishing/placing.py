"""placing: how what a run made takes the place of what an earlier run made.

What others hold on to keeps its place: a table gets the new rows, a view the new query, and grants,
comments, triggers and the views of others stay as they are. Where the columns that it has are not
to be had any more, it is made anew and what hung on it is put back; where that cannot be done, the
run ends and nothing is published. What nobody holds on to is dropped, the quickest way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from cdmq.outcomes import Built
from cdmq.sql import nodes
from cdmq.sql.relation import Relation
from cdmq.warehouses.base import Attached, Reader, StatementError

if TYPE_CHECKING:
    from cdmq.audit.register import Register


class Placing:
    """Puts relations where they are to stand."""

    def __init__(self, register: Register, made: Sequence[Built]) -> None:
        self.register, self.warehouse = register, register.warehouse
        self.made = {b.final: b for b in made}
        there = [r for r in self.made if register.stands(r)]
        for relation in there:
            register.check(relation)
        held = self.warehouse.inventory.held(there)
        misfits = [r for r in held if not self._fits(self.made[r])]
        read = self.warehouse.inventory.readers(misfits) if misfits else []
        anew = {*misfits, *(r.relation for r in read if r.relation in self.made)}
        self.kept = frozenset(held - anew)
        #: Views of others that are made again as they were, each behind those that it reads.
        self.others: list[Reader] = [r for r in read if r.relation not in self.made]
        self.ours = [r.relation for r in self.others if register.owns(r.relation)]
        self.gone = self._in_order([r for r in there if r not in self.kept])
        self.attached = self._attached()

    def _fits(self, built: Built) -> bool:
        if self._turns(built.final):
            return False
        if self.register.stands(built.staged):
            return self.warehouse.inventory.fits(built.final, built.staged)
        assert built.query is not None
        before = self.warehouse.columns(built.final) or ()
        return built.query.named_selects[: len(before)] == list(before)

    def _turns(self, relation: Relation) -> bool:
        """A table becomes a view, or a view a table."""
        standing = self.register.stands(relation)
        return standing is None or standing.type != self.made[relation].materialized

    def _in_order(self, relations: Sequence[Relation]) -> list[Relation]:
        """Each behind those that it reads now, whatever it read when the project was another."""
        readers = [r.relation for r in self.warehouse.inventory.readers(relations)]
        return [
            *(r for r in relations if r not in readers),
            *(r for r in readers if r in self.made),
        ]

    def _attached(self) -> list[Attached]:
        becoming = {r: self.made[r].materialized for r in self.gone}
        found = self.warehouse.inventory.attached(
            {**becoming, **{r.relation: None for r in self.others}}
        )
        lost = [a for a in found if a.sql is None]
        if lost:
            at = lost[0].relation
            how = (
                f"becomes a {becoming[at]}"
                if at in becoming and self._turns(at)
                else "gets other columns"
            )
            raise StatementError(
                f"{at} {how} and is made anew: {lost[0].what} would be lost; "
                "drop that, and put it there again after the run"
            )
        return found

    def clear(self) -> None:
        """Drop what is made anew, each before those that it reads."""
        for reader in reversed(self.others):
            self.warehouse.run(reader.drop)
        for relation in reversed(self.gone):
            self.register.drop(relation)

    def table(self, final: Relation, staged: Relation) -> None:
        if final in self.kept:
            self.warehouse.inventory.refill(final, staged)
            return
        rename = exp.Alter(
            this=nodes.table(staged),
            kind="TABLE",
            actions=[exp.AlterRename(this=nodes.table(Relation(final.name)))],
        )
        self.warehouse.run(rename.sql(self.warehouse.dialect))

    def view(self, relation: Relation, query: exp.Expr) -> None:
        made = nodes.create(relation, query, what="VIEW", replace=relation in self.kept)
        self.warehouse.run(made.sql(self.warehouse.dialect, copy=False))

    def put_back(self) -> None:
        """The views of others, and what hung on what was made anew."""
        for reader in self.others:
            try:
                with self.warehouse.transaction():
                    self.warehouse.run(reader.create)
            except StatementError as error:
                if reader.relation in self.ours:  # of a dataset that is not selected: it is stale
                    self.ours.remove(reader.relation)
                    continue
                raise StatementError(
                    f"the view {reader.relation} reads what this run makes anew, and does not fit "
                    f"it any more: {error}; mend or drop that view"
                ) from None
        columns: dict[Relation, Iterable[str]] = {}
        for one in self.attached:
            if one.relation not in columns:
                columns[one.relation] = self.warehouse.columns(one.relation) or ()
            there = columns[one.relation]
            if one.sql and there and one.column in (None, *there):
                self.warehouse.run(one.sql)
