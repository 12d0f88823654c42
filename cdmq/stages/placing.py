"""placing: how what a run made takes the place of what an earlier run made.

What others hold on to keeps its place: a table gets the new rows, a view the new query, and grants,
comments, triggers and the views of others stay as they are. Where the columns that it has are not
to be had any more, it is made anew and what hung on it is put back; where that cannot be done, the
run ends and nothing is published. What nobody holds on to is dropped, the quickest way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from sqlglot import exp

from cdmq.sql import nodes
from cdmq.values import Relation
from cdmq.warehouses.base import Attached, Reader, StatementError

if TYPE_CHECKING:
    from cdmq.audit.register import Register


#: A staged relation, or the columns of a view that is not staged.
New = Relation | tuple[str, ...]


class Placing:
    """Puts relations where they are to stand. `new`: final -> what is to stand there."""

    def __init__(self, register: Register, new: Mapping[Relation, New]) -> None:
        self.register, self.warehouse = register, register.warehouse
        there = [r for r in new if register.stands(r)]
        for relation in there:
            register.check(relation)
        held = self.warehouse.held(there)
        misfits = [r for r in held if not self._fits(r, new[r])]
        read = self.warehouse.readers(misfits) if misfits else []
        anew = {*misfits, *(r.relation for r in read if r.relation in new)}
        self.kept = frozenset(held - anew)
        #: Views of others that are made again as they were, each behind those that it reads.
        self.others: list[Reader] = [r for r in read if r.relation not in new]
        self.ours = [r.relation for r in self.others if register.owns(r.relation)]
        self.attached = self._attached([*(r for r in there if r not in self.kept),
                                        *(r.relation for r in self.others)])

    def _fits(self, relation: Relation, new: New) -> bool:
        if isinstance(new, Relation):
            return self.warehouse.fits(relation, new)
        before = tuple(self.warehouse.columns(relation) or ())
        standing = self.register.stands(relation)
        return standing is not None and standing.kind == "view" and new[:len(before)] == before

    def _attached(self, to: list[Relation]) -> list[Attached]:
        found = self.warehouse.attached(to)
        lost = [a for a in found if a.sql is None]
        if lost:
            raise StatementError(
                f"{lost[0].relation} gets other columns and is made anew: {lost[0].what} would be "
                "lost; drop that, and put it there again after the run")
        return found

    def drop_others(self) -> None:
        for reader in reversed(self.others):
            self.warehouse.run(reader.drop)

    def drop(self, relation: Relation) -> None:
        if relation not in self.kept:
            self.register.drop(relation)

    def table(self, final: Relation, staged: Relation) -> None:
        if final in self.kept:
            self.warehouse.refill(final, staged)
            return
        rename = exp.Alter(this=nodes.table(staged), kind="TABLE", actions=[
            exp.AlterRename(this=nodes.table(Relation(final.name)))])
        self.warehouse.run(rename.sql(self.warehouse.dialect))

    def view(self, relation: Relation, query: exp.Expr) -> None:
        made = nodes.create(relation, query, kind="VIEW", replace=relation in self.kept)
        self.warehouse.run(made.sql(self.warehouse.dialect))

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
                    f"it any more: {error}; mend or drop that view") from None
        columns: dict[Relation, Iterable[str]] = {}
        for one in self.attached:
            if one.relation not in columns:
                columns[one.relation] = self.warehouse.columns(one.relation) or ()
            there = columns[one.relation]
            if one.sql and there and one.column in (None, *there):
                self.warehouse.run(one.sql)
