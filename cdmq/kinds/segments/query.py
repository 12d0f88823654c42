"""compile: a segment -> one query that says of everybody who fits what becomes of him.

Its rows are, one for each key: `key`; `part`: contact, holdout, comparison or out; `because`, the
reason of who is out, and `more` about it. The query is made of parts, each a table of its own that
reads those before it; `refusals` has those that say what stands against whom.
"""

from __future__ import annotations

from sqlglot import exp

from cdmq.kinds.facts.numbers import before
from cdmq.kinds.segments.draw import HELD_OUT, RESTS, drawn, groups, held, one_per, places, rests
from cdmq.kinds.segments.refusals import Parts, ended_query, refusals, with_parts
from cdmq.kinds.segments.scope import FOREVER, Scope, moment, named, part, surely
from cdmq.kinds.segments.words import Consents
from cdmq.kinds.words import Duration
from cdmq.sql import nodes
from cdmq.sql.equality import composed
from cdmq.sql.logical import as_of_node, logical
from cdmq.sql.pii import stored
from cdmq.sql.text_form import text_of

COLUMNS = ("key", "part", "because", "more")
NO_PERMISSION, SUPPRESSED, MINOR, UNKNOWN = "no permission", "suppressed", "minor", "age unknown"
HAS_ENDED = "ended"


def reasons(scope: Scope) -> tuple[str, ...]:
    """Why somebody may be out, in the order in which it is asked."""
    found = [NO_PERMISSION, *([SUPPRESSED] if scope.spec.never else [])]
    found += [MINOR, UNKNOWN] if scope.spec.adults else []
    found += [HAS_ENDED] if scope.ended is not None else []
    found += [one_per(scope)] if scope.spec.one_per else []
    return (*found, *([RESTS] if scope.spec.rest else []), HELD_OUT)


def members_query(scope: Scope) -> exp.Select:
    """What becomes of everybody. The segment is sound."""
    inner = nodes.select([nodes.column(c, "m") for c in COLUMNS], part("drawn", "m"))
    inner = with_parts(inner, dict(_parts(scope)))
    return nodes.select([nodes.column(c, "q") for c in COLUMNS], nodes.subquery(inner, "q"))


def judged_query(scope: Scope) -> exp.Select:
    """(key, address, because, more) of everybody, by what stands against him alone: no group, no
    rest, no chance."""
    shown = [nodes.column(c, "j") for c in ("key", "address", "because", "more")]
    parts = {}
    for name, query in _parts(scope):
        parts[name] = query
        if name == "judged":
            break
    inner = with_parts(nodes.select(shown, part("judged", "j")), parts)
    names = [nodes.column(c.name, "q") for c in shown]
    return nodes.select(names, nodes.subquery(inner, "q"))


def _parts(scope: Scope) -> Parts:
    if scope.party is not None:
        yield "asked", _asked(scope)
    yield from refusals(scope)
    if isinstance(scope.spec.permission, Consents):
        yield "yes", _yes_of_log()
    else:
        yield "yes", _yes_of_column()
    if scope.ended is not None:
        yield "gone", ended_query()
    yield "people", _people(scope)
    yield "judged", _judged(scope)
    if scope.spec.one_per is not None:
        yield "groups", groups(scope, scope.spec.one_per)
        yield "places", places(scope)
    if scope.spec.rest is not None:
        yield "rests", rests(scope, scope.spec.rest)
    yield "held", held(scope)
    yield "drawn", drawn(scope)


def _asked(scope: Scope) -> exp.Select:
    """The pairs of records of which people are asked whether they are one."""
    shown = [nodes.column(c, "q") for c in ("key", "other")]
    return nodes.select(shown, named(f"asked:{scope.rule.id}", "q"))


def _yes_of_log() -> exp.Select:
    """The last sound yes of a party for an address."""
    party, address = nodes.column("party", "e"), nodes.column("address", "e")
    sound = nodes.every(
        [
            nodes.equal(nodes.column("says", "e"), nodes.text("yes")),
            nodes.column("exact", "e"),
            nodes.column("proved", "e"),
            exp.LTE(this=nodes.column("at", "e"), expression=as_of_node()),
        ]
    )
    shown = [party, address, nodes.alias(exp.Max(this=nodes.column("at", "e")), "at")]
    query = nodes.select(shown, part("events", "e"), sound)
    return nodes.group_by(query, [party.copy(), address.copy()])


def _yes_of_column() -> exp.Select:
    """Of a party one of whose records says yes: at the beginning of time, for any no to be later."""
    party = nodes.column("party", "e")
    shown = [
        party,
        nodes.alias(nodes.cast(nodes.null(), "text"), "address"),
        nodes.alias(moment("0001-01-01 00:00:00"), "at"),
    ]
    yes = nodes.equal(nodes.column("says", "e"), nodes.text("yes"))
    return nodes.select(shown, part("events", "e"), yes).distinct()


def _people(scope: Scope) -> exp.Select:
    """Who fits, and those of the others who are drawn to be compared: `fits`, whose key is theirs
    alone."""
    spec, rows, conditions = scope.spec, scope.rows, scope.conditions
    key = rows.key()
    shown = {
        "key": key,
        "inside": surely(conditions.where) if conditions.where is not None else exp.true(),
        "fits": surely(conditions.holds("members")),
        "times": exp.Window(
            this=exp.Count(this=exp.Star()), partition_by=[nodes.paren(key.copy())]
        ),
    }
    shown["address"] = nodes.cast(nodes.null(), "text")
    if isinstance(spec.permission, Consents):
        name = scope.binder.real(spec.permission.address)
        value = text_of(nodes.column(name), rows.columns[name])
        shown["address"] = composed(value, scope.dialect)
    if spec.adults is not None:
        born = nodes.column(scope.binder.real(spec.adults.born))
        shown["born"] = nodes.cast(born, "date")
        aged: exp.Expr = exp.true()
        if "adult_at.when" in scope.rule.expressions:
            told = nodes.paren(conditions.holds("adult_at.when"))
            aged = exp.Coalesce(this=told, expressions=[exp.true()])
        shown["aged"] = aged
    inner = nodes.select([nodes.alias(v, n) for n, v in shown.items()], logical(rows.relation))
    compared = scope.below("compare", nodes.column("key", "p"), spec.compare_with)
    wanted = [
        nodes.equal(nodes.column("times", "p"), nodes.number(1)),
        nodes.present(nodes.column("key", "p")),
    ]
    if not scope.everybody:
        wanted += [
            nodes.column("inside", "p"),
            nodes.any_of([nodes.column("fits", "p"), compared]),
        ]
    kept = [nodes.column(n, "p") for n in shown if n not in ("inside", "times")]
    query = nodes.select(
        [*kept, nodes.alias(_party(scope), "party")],
        nodes.beneath(inner, "p", scope.dialect),
        nodes.every(wanted),
    )
    if scope.party is not None and not rows.dataset.made_by:
        same = nodes.equal(nodes.column("rid", "o"), nodes.column("key", "p"))
        nodes.left_join(query, part("whose", "o"), same)
    return query


def _party(scope: Scope) -> exp.Expr:
    key = nodes.column("key", "p")
    if scope.party is None or scope.rows.dataset.made_by:
        return key
    return exp.Coalesce(this=nodes.column("party", "o"), expressions=[key])


def _judged(scope: Scope) -> exp.Select:
    """The first reason for which somebody is out, apart from what others of his group do."""
    pairs, more = _permitted(scope)
    if scope.spec.never:
        listed = exp.Coalesce(
            this=nodes.column("list", "n"), expressions=[nodes.column("list", "a")]
        )
        own = nodes.concat([nodes.text("in "), nodes.column("list", "n")])
        other = nodes.text("a record that may be the same is in ")
        pairs.append((nodes.present(listed), SUPPRESSED))
        more += [
            (nodes.present(nodes.column("list", "n")), own),
            (nodes.present(listed.copy()), nodes.concat([other, nodes.column("list", "a")])),
        ]
        for one in scope.spec.never:
            if isinstance(one, str) and one not in scope.project.datasets:
                inside = _in_segment(one)
                pairs.append((inside, SUPPRESSED))
                more.append((inside.copy(), nodes.text(f"in {one}")))
    pairs += _too_young(scope)
    if scope.ended is not None:
        pairs.append((nodes.present(nodes.column("party", "z")), HAS_ENDED))
    none = nodes.cast(nodes.null(), "text")
    shown: list[exp.Expr] = [nodes.column(c, "p") for c in ("key", "party", "fits", "address")]
    shown.append(nodes.alias(nodes.cases([(c, nodes.text(r)) for c, r in pairs], none), "because"))
    shown.append(nodes.alias(nodes.cases(more, none.copy()), "more"))
    query = nodes.select(shown, part("people", "p"))
    same = [nodes.equal(nodes.column("party", "y"), nodes.column("party", "p"))]
    if isinstance(scope.spec.permission, Consents):
        same.append(nodes.equal(nodes.column("address", "y"), nodes.column("address", "p")))
    nodes.left_join(query, part("yes", "y"), nodes.every(same))
    if scope.ended is not None:
        whose = nodes.equal(nodes.column("party", "z"), nodes.column("party", "p"))
        nodes.left_join(query, part("gone", "z"), whose)
    for alias, name in (("n", "own"), ("a", "any")):
        whose = nodes.equal(nodes.column("party", alias), nodes.column("party", "p"))
        nodes.left_join(query, part(name, alias), whose)
    return query


def _permitted(
    scope: Scope,
) -> tuple[list[tuple[exp.Expr, str]], list[tuple[exp.Expr, exp.Expr]]]:
    """When there is no permission, and what is behind that."""
    yes = nodes.column("at", "y")

    def stands(alias: str) -> exp.Expr:
        no = nodes.column("no_at", alias)
        later = exp.GTE(this=no, expression=yes.copy())
        either = nodes.any_of([nodes.is_null(yes.copy()), later])
        return nodes.every([nodes.present(no.copy()), either])

    none = nodes.is_null(yes.copy())
    more: list[tuple[exp.Expr, exp.Expr]] = [
        (stands("n"), _said_no(scope, "said no", "n")),
        (stands("a"), _said_no(scope, "a record that may be the same said no", "a")),
    ]
    if isinstance(scope.spec.permission, Consents):
        absent = nodes.is_null(nodes.column("address", "p"))
        more.append((nodes.every([none, absent]), nodes.text("no address")))
        told = "no yes with date and proof for this address"
        more.append((none.copy(), nodes.text(told)))
    else:
        more.append((none.copy(), nodes.text("no yes")))
    return [(nodes.any_of([none.copy(), stands("a")]), NO_PERMISSION)], more


def _said_no(scope: Scope, words: str, alias: str) -> exp.Expr:
    """With the day where it has one, by what pii: says of that."""
    asked = scope.spec.permission
    if not isinstance(asked, Consents):
        return nodes.text(words)
    at = nodes.column("no_at", alias)
    hidden = scope.project.datasets[asked.dataset].spec.pii.get(asked.at, "plain")
    day = stored(nodes.cast(nodes.cast(at, "date"), "text"), hidden)
    dated = nodes.concat([nodes.text(f"{words} on "), day])
    known = exp.LT(this=at.copy(), expression=moment(FOREVER))
    said = exp.Coalesce(this=dated, expressions=[nodes.text(words)])
    return nodes.when(known, said, nodes.text(words))


def _in_segment(name: str) -> exp.Expr:
    mine = nodes.equal(nodes.column("key", "s"), nodes.column("key", "p"))
    return exp.Exists(
        this=nodes.select([nodes.number(1)], named(f"made:{name}__members", "s"), mine)
    )


def _too_young(scope: Scope) -> list[tuple[exp.Expr, str]]:
    adults = scope.spec.adults
    if adults is None:
        return []
    born, aged = nodes.column("born", "p"), nodes.column("aged", "p")
    today = nodes.cast(as_of_node(), "date")
    day = nodes.cast(nodes.paren(before(today, Duration(adults.age, "year"))), "date")
    young = nodes.every([aged, exp.GT(this=born, expression=day)])
    return [(young, MINOR), (nodes.every([aged.copy(), nodes.is_null(born.copy())]), UNKNOWN)]
