"""Who said no, or is in a list of whom a segment never reaches: by the possible.

Parts of the query of a segment, by their names: `events`, what a log of consents or a column says
(party, says, exact, at, address, proved); `seeds`, what stands against a party (party, what, at,
list); `reached`, the same with what stands against records that may be it; `own` and `any`, both
once for each party: `no_at`, the last no, and `list`, the first list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sqlglot import exp

from cdmq.kinds.binding import real
from cdmq.kinds.segments.scope import FOREVER, OBJECTED, Scope, join, moment, named, part, surely
from cdmq.kinds.segments.words import NO, YES, Consents, Never
from cdmq.sql import nodes
from cdmq.sql.logical import logical
from cdmq.sql.text_form import text_of

Parts = Iterator[tuple[str, exp.Query]]


def refusals(scope: Scope) -> Parts:
    """The parts that say what stands against whom, in an order in which each reads those before."""
    yield from _owners(scope)
    events = _of_log(scope) if isinstance(scope.spec.permission, Consents) else _of_column(scope)
    yield "events", events
    yield "seeds", _seeds(scope)
    if scope.party is not None:
        yield "beside", _beside()
        yield "reached", _reached()
    reached = "reached" if scope.party is not None else "seeds"
    yield "own", _standing("seeds")
    yield "any", _standing(reached)


def said_in(asked: Consents, status: exp.Expr) -> exp.Expr:
    """What a status of a log says: yes, no, nothing, or unknown."""
    return says(status, asked.means_yes, asked.means_no, asked.means_nothing or ())


def with_parts(query: exp.Select, parts: Mapping[str, exp.Query]) -> exp.Select:
    """A query that reads parts, with them."""
    tables = [
        exp.CTE(this=own, alias=exp.TableAlias(this=nodes.name(f"__{name}")))
        for name, own in parts.items()
    ]
    query.set("with_", exp.With(expressions=tables, recursive="reached" in parts))
    return query


def says(
    status: exp.Expr, yes: Sequence[str], no: Sequence[str], nothing: Sequence[str]
) -> exp.Expr:
    """`yes`, `no`, `nothing`, or `unknown`."""
    lower = exp.Lower(this=exp.Trim(this=status))
    pairs = [
        (nodes.one_of(lower.copy(), words), nodes.text(what))
        for what, words in (("yes", yes), ("no", no), ("nothing", nothing))
        if words
    ]
    return nodes.cases(pairs, nodes.text("unknown"))


def _owners(scope: Scope) -> Parts:
    """Whose records are: `records` have a name, `rid`, the key as it is compared, `k`, and the cells
    that are asked; `whose` says the party of each; `owners` of each key whose it is, and whether
    that is sure; `selves` are the parties themselves."""
    yield "records", _records(scope)
    record = nodes.column("rid", "r")
    if scope.party is None:
        shown = [nodes.alias(record, "party"), *_cells(scope, "r")]
        yield "whose", nodes.select(shown, part("records", "r"), nodes.present(record.copy()))
    else:
        shown = [nodes.alias(nodes.column("party_id", "x"), "party"), *_cells(scope, "r")]
        query = nodes.select(shown, part("records", "r"))
        same = nodes.equal(nodes.column("key", "x"), record)
        yield "whose", join(query, named(f"xref:{scope.party}", "x"), same)
    one = nodes.select([nodes.column(c, "w") for c in ("k", "party")], part("whose", "w"))
    one.set("where", exp.Where(this=nodes.present(nodes.column("k", "w"))))
    count = exp.Window(this=exp.Count(this=exp.Star()), partition_by=[nodes.column("k", "o")])
    sure = nodes.equal(count, nodes.number(1))
    shown = [*(nodes.column(c, "o") for c in ("k", "party")), nodes.alias(sure, "sure")]
    yield "owners", nodes.select(shown, nodes.subquery(one.distinct(), "o"))
    yield "selves", _selves(scope, sure)


def _selves(scope: Scope, sure: exp.Expr) -> exp.Query:
    """The parties by their ids, those of before too."""
    party = nodes.column("party", "w")
    shown = [nodes.alias(scope.compared(party), "k"), party]
    found: exp.Query = nodes.select(shown, part("whose", "w"))
    if scope.by_ids:
        before = [
            nodes.alias(scope.compared(nodes.column("k", "b")), "k"),
            nodes.column("party", "b"),
        ]
        ever = nodes.select(before, named(f"were:{scope.rule.id}", "b"))
        found = nodes.union_all([found, ever])
    one = nodes.select([nodes.column(c, "u") for c in ("k", "party")], nodes.subquery(found, "u"))
    own: list[exp.Expr] = [nodes.column(c, "o") for c in ("k", "party")]
    own.append(nodes.alias(sure.copy(), "sure"))
    return nodes.select(own, nodes.subquery(one.distinct(), "o"))


def _records(scope: Scope) -> exp.Select:
    """The records of all parties, each under its name."""
    own = scope.named
    shown = {"rid": own.name, "k": scope.compared(own.key)}
    shown |= {n: scope.text(scope.records, c) for n, c in _asked_of_records(scope).items()}
    if (ended := scope.ended) is not None:
        shown["ended"] = ended
    query = nodes.select([nodes.alias(v.copy(), n) for n, v in shown.items()])
    return query.from_(logical(own.relation))


def _asked_of_records(scope: Scope) -> dict[str, str]:
    """The cells of records that are asked, by the name that they have in the query."""
    types = scope.types(scope.records)
    found = [] if isinstance(scope.spec.permission, Consents) else [scope.spec.permission]
    for one in scope.spec.never:
        found += [c for c in one.match if real(c, types) in types] if isinstance(one, Never) else []
    return {f"v_{c}": c for c in dict.fromkeys(found)}


def _cells(scope: Scope, alias: str) -> list[exp.Expr]:
    ended = ("ended",) if scope.ended is not None else ()
    return [nodes.column(c, alias) for c in ("rid", "k", *_asked_of_records(scope), *ended)]


def ended_query() -> exp.Select:
    """The parties that have ended: every record that knows says so."""
    party = nodes.column("party", "w")
    query = nodes.group_by(nodes.select([party], part("whose", "w")), [party.copy()])
    all_ = exp.LogicalAnd(this=nodes.column("ended", "w"))
    query.set("having", exp.Having(this=all_))
    return query


def _of_log(scope: Scope) -> exp.Select:
    """What was said to this purpose and channel, or to all of them."""
    asked = scope.spec.permission
    assert isinstance(asked, Consents)
    types = scope.types(asked.dataset)
    about = [(asked.channel_in, asked.channel)]
    about += [(asked.purpose_in, asked.purpose)] if asked.purpose is not None else []
    cells = [(scope.text(asked.dataset, c, "c"), v) for c, v in about]
    exact = nodes.every([nodes.equal(cell, nodes.text(v)) for cell, v in cells])
    maybe = [
        nodes.any_of([nodes.equal(cell.copy(), nodes.text(v)), nodes.is_null(cell.copy())])
        for cell, v in cells
    ]
    status, proof = (real(c, types) for c in (asked.status, asked.proof))
    what = said_in(asked, text_of(nodes.column(status, "c"), types[status]))
    there = exp.Trim(this=text_of(nodes.column(proof, "c"), types[proof]))
    proved = exp.NEQ(this=there, expression=nodes.text(""))
    shown = {
        "party": nodes.column("party", "o"),
        "says": what,
        "exact": surely(nodes.every([nodes.column("sure", "o"), exact])),
        "at": nodes.cast(nodes.column(real(asked.at, types), "c"), "timestamp"),
        "address": scope.text(asked.dataset, asked.value, "c"),
        "proved": surely(proved),
    }
    query = nodes.select(
        [nodes.alias(v, n) for n, v in shown.items()],
        named(f"clean:{asked.dataset}", "c"),
        nodes.every(maybe),
    )
    same = nodes.equal(nodes.column("k", "o"), scope.refers_to(asked.dataset, "c"))
    return nodes.left_join(query, part(scope.owners(asked.dataset), "o"), same)


def _of_column(scope: Scope) -> exp.Select:
    """What the records of a party say, each at all times and for every address."""
    column = scope.spec.permission
    assert isinstance(column, str)
    cell, none = nodes.column(f"v_{column}", "w"), nodes.null()
    shown = {
        "party": nodes.column("party", "w"),
        "says": says(cell, YES, NO, ()),
        "exact": exp.true(),
        "at": nodes.cast(none, "timestamp"),
        "address": nodes.cast(none.copy(), "text"),
        "proved": exp.true(),
    }
    return nodes.select(
        [nodes.alias(v, n) for n, v in shown.items()],
        part("whose", "w"),
        nodes.present(cell.copy()),
    )


def _seeds(scope: Scope) -> exp.Query:
    """A row for all that stands against a party."""
    at = exp.Coalesce(this=nodes.column("at", "e"), expressions=[moment(FOREVER)])
    no = exp.In(
        this=nodes.column("says", "e"), expressions=[nodes.text("no"), nodes.text("unknown")]
    )
    known = nodes.present(nodes.column("party", "e"))
    said = _seed(nodes.column("party", "e"), "no", at, None)
    said.set("from_", exp.From(this=part("events", "e")))
    said.set("where", exp.Where(this=nodes.every([no, known])))
    found: list[exp.Query] = [said, *_objections(scope)]
    for one in scope.spec.never:
        if isinstance(one, Never):
            found += _by_values(scope, one)
        elif one in scope.project.datasets:
            query = _seed(nodes.column("party", "o"), "list", moment(FOREVER), one)
            query.set("from_", exp.From(this=named(f"clean:{one}", "c")))
            same = nodes.equal(nodes.column("k", "o"), scope.refers_to(one, "c"))
            found.append(join(query, part(scope.owners(one), "o"), same))
    return nodes.union_all(found)


def _objections(scope: Scope) -> Iterator[exp.Select]:
    """Who objects, by the key of a record or the id of a party: no yes is later than that."""
    for whose in ("owners", "selves") if scope.objected else ():
        query = _seed(nodes.column("party", "o"), "no", moment(FOREVER), None)
        query.set("from_", exp.From(this=nodes.table(OBJECTED, "t")))
        key = scope.compared(nodes.column("key", "t"))
        yield join(query, part(whose, "o"), nodes.equal(nodes.column("k", "o"), key))


def _seed(party: exp.Expr, what: str, at: exp.Expr, list_: str | None) -> exp.Select:
    name = nodes.null() if list_ is None else nodes.text(list_)
    return nodes.select(
        [
            nodes.alias(party, "party"),
            nodes.alias(nodes.text(what), "what"),
            nodes.alias(at, "at"),
            nodes.alias(nodes.cast(name, "text"), "list"),
        ]
    )


def _by_values(scope: Scope, one: Never) -> Iterator[exp.Select]:
    """Whose value stands in a list: in any record of the party, or in the golden one."""
    own = scope.rows.dataset.name
    for mine, theirs in one.match.items():
        listed = scope.text(one.dataset, theirs, "l")
        if f"v_{mine}" in _asked_of_records(scope):
            query = _seed(nodes.column("party", "w"), "list", moment(FOREVER), one.dataset)
            query.set("from_", exp.From(this=part("whose", "w")))
            same = nodes.equal(nodes.column(f"v_{mine}", "w"), listed)
            yield join(query, named(f"clean:{one.dataset}", "l"), same)
        if own != scope.records:
            query = _seed(nodes.column("party", "o"), "list", moment(FOREVER), one.dataset)
            query.set("from_", exp.From(this=named(f"clean:{own}", "c")))
            same = nodes.equal(scope.text(own, mine, "c"), listed.copy())
            join(query, named(f"clean:{one.dataset}", "l"), same)
            (key,) = scope.rows.dataset.key
            whose = nodes.equal(nodes.column("party", "o"), nodes.column(key, "c"))
            yield join(query, part("selves", "o"), whose)


def _beside() -> exp.Query:
    """The parties of which a question asks whether they are one, both ways round."""
    ways = []
    for here, there in (("a", "b"), ("b", "a")):
        party, other = (nodes.column("party", alias) for alias in (here, there))
        shown = [nodes.alias(party, "party"), nodes.alias(other, "other")]
        query = nodes.select(shown, part("asked", "q"))
        for alias, column in (("a", "key"), ("b", "other")):
            same = nodes.equal(nodes.column("rid", alias), nodes.column(column, "q"))
            join(query, part("whose", alias), same)
        query.set("where", exp.Where(this=exp.NEQ(this=party.copy(), expression=other.copy())))
        ways.append(query)
    return exp.Union(this=ways[0], expression=ways[1], distinct=True)


def _reached() -> exp.Query:
    """What stands against a party, and against all that lead to it from question to question."""
    names = ("party", "what", "at", "list")
    first = nodes.select([nodes.column(c, "s") for c in names], part("seeds", "s"))
    shown = [
        nodes.alias(nodes.column("other", "b"), "party"),
        *(nodes.column(c, "r") for c in names[1:]),
    ]
    more = nodes.select(shown, part("reached", "r"))
    join(
        more,
        part("beside", "b"),
        nodes.equal(nodes.column("party", "b"), nodes.column("party", "r")),
    )
    return exp.Union(this=first, expression=more, distinct=True)


def _standing(of: str) -> exp.Select:
    """By party: when it last said no, and the first list that it is in."""
    no = nodes.equal(nodes.column("what", "s"), nodes.text("no"))
    shown = [
        nodes.column("party", "s"),
        nodes.alias(exp.Max(this=nodes.when(no, nodes.column("at", "s"))), "no_at"),
        nodes.alias(exp.Min(this=nodes.column("list", "s")), "list"),
    ]
    return nodes.group_by(nodes.select(shown, part(of, "s")), [nodes.column("party", "s")])
