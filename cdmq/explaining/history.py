"""The history of rules: their versions, what changed in each, who, when, and what it did.

>>> from cdmq.explaining.history import history
>>> history("path/to/project", "phone_form").versions[0].author      # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlglot import exp

from cdmq.audit.episode_tables import CHANGES, FLAGS
from cdmq.audit.meanings import author_of, meanings, named, names_of, switched_off
from cdmq.audit.moments import held, moment_of, run_at, stood
from cdmq.audit.reading import Audit, Row, Where, open_audit
from cdmq.audit.tables import RULE_FIGURES, RULE_RESULTS, RULE_VERSIONS
from cdmq.explaining.history_values import RuleHistory, RuleLine, RuleVersion
from cdmq.explaining.rule_version import version_told, with_figures, with_upstream
from cdmq.explaining.upstream import Upstream
from cdmq.problems import CdmqError, Problem, Span, did_you_mean
from cdmq.sql import nodes
from cdmq.sql.relation import Relation


def history(
    root: str | Path,
    rule: str,
    *,
    as_of: str | None = None,
    where: Where = Where(),  # noqa: B008
) -> RuleHistory:
    """The versions of one rule; with `as_of` only the one in force then, by when runs ran.

    Raises CdmqError where no run knows the rule, or there was no version of it then.
    """
    with _opened(root, where) as audit:
        rows = audit.rows(RULE_VERSIONS)
        names = names_of(rule, rows)
        own = sorted((r for r in rows if r["rule_id"] in names), key=lambda r: r["from_run"])
        if not own:
            raise CdmqError(
                Problem(
                    Span("history"),
                    "CDMQ532",
                    f"no run knows the rule '{rule}'",
                    did_you_mean(rule, {r["rule_id"] for r in rows}),
                )
            )
        groups, results = meanings(own), _results(names, audit)
        at = None if as_of is None else _in_force(own, audit, rule, as_of)
        upstream, figures = Upstream(audit), _figures(names, audit)
        versions = tuple(
            with_upstream(
                with_figures(
                    _removed(
                        version_told(
                            group, groups[n - 1] if n else None, at or group[-1], results, audit
                        ),
                        group[-1]["to_run"],
                        own,
                    ),
                    results,
                    figures,
                ),
                group,
                results,
                audit,
                upstream,
            )
            for n, group in reversed([*enumerate(groups)])
            if at is None or at in group
        )
        return RuleHistory(names[0], names, own[-1]["kind"], versions)


def histories(
    root: str | Path,
    *,
    as_of: str | None = None,
    where: Where = Where(),  # noqa: B008
) -> tuple[RuleLine, ...]:
    """Every rule that a run has used, by its present id; with `as_of` as it all stood then, by
    when runs ran: what came later is not known."""
    with _opened(root, where) as audit:
        run = None if as_of is None else run_at(audit, as_of)
        rows = stood(audit.rows(RULE_VERSIONS), run)
        former = {r["formerly"] for r in rows if r["formerly"]}
        open_ = {**_open(audit, FLAGS.name, run), **_open(audit, CHANGES.name, run)}
        lines = []
        for rule in sorted({r["rule_id"] for r in rows} - former):
            names = names_of(rule, rows)
            own = sorted((r for r in rows if r["rule_id"] in names), key=lambda r: r["from_run"])
            groups = meanings(own)
            last = groups[-1][0]
            lines.append(
                RuleLine(
                    rule,
                    last["kind"],
                    len(groups),
                    audit.started(last["from_run"]),
                    author_of(named(groups[-1]), audit),
                    sum(open_.get(n, 0) for n in names),
                    own[-1]["to_run"] is not None,
                    switched_off(own[-1]),
                )
            )
        return tuple(lines)


@contextmanager
def _opened(root: str | Path, where: Where) -> Iterator[Audit]:
    """The audit tables of a project whose rules need not be right."""
    from cdmq.project import given
    from cdmq.project.walk import find_root
    from cdmq.stages.load import load

    given.check(root=root)
    folder = find_root(Path(root))
    with open_audit(folder, load(folder).config, where) as audit:
        yield audit


def _open(audit: Audit, table: str, run: str | None) -> dict[str, int]:
    """Rule -> its open episodes, now or when a run was done."""
    query = nodes.group_by(
        nodes.select(
            [nodes.column("rule_id"), exp.Sum(this=nodes.column("records"))],
            nodes.table(Relation(table, audit.schema)),
            held(run),
        ),
        [nodes.column("rule_id")],
    )
    return {r: int(n) for r, n in audit.fetch(query)}


def _results(names: tuple[str, ...], audit: Audit) -> list[dict[str, Any]]:
    """The results of the runs that evaluated the rule, in order."""
    known = exp.In(this=nodes.column("rule_id"), expressions=[nodes.text(n) for n in names])
    rows = audit.rows(RULE_RESULTS, known)
    done = [r for r in rows if r["status"] not in ("skipped", "error")]
    return sorted(done, key=lambda r: r["run_id"])


def _figures(names: tuple[str, ...], audit: Audit) -> dict[str, dict[str, float | None]]:
    """Run -> figure -> value, of a rule by all its ids."""
    known = exp.In(this=nodes.column("rule_id"), expressions=[nodes.text(n) for n in names])
    found: dict[str, dict[str, float | None]] = {}
    for row in sorted(audit.rows(RULE_FIGURES, known), key=lambda r: str(r["figure"])):
        found.setdefault(row["run_id"], {})[row["figure"]] = row["value"]
    return found


def _removed(version: RuleVersion, end: str | None, own: Sequence[Row]) -> RuleVersion:
    """The version with the run at which it ended, where no other followed in that."""
    return replace(version, removed=None if end in {r["from_run"] for r in own} else end)


def _in_force(own: Sequence[Row], audit: Audit, rule: str, as_of: str) -> Row:
    """What a run at that time would have used."""
    moment = moment_of(as_of)
    for row in reversed(own):
        began, end = audit.started(row["from_run"]), audit.started(row["to_run"])
        if began and began <= moment and (end is None or end > moment):
            return row
    first = audit.started(own[0]["from_run"])
    since = f"its first run was on {first:%Y-%m-%d %H:%M}" if first else ""
    ends = [end for r in own if (end := audit.started(r["to_run"])) and end <= moment]
    if ends:
        since = f"it was removed: the first run without it was on {max(ends):%Y-%m-%d %H:%M}"
    begins = [at for r in own if (at := audit.started(r["from_run"])) and at > moment]
    if ends and begins:
        since += f"; it came back on {min(begins):%Y-%m-%d %H:%M}"
    raise CdmqError(
        Problem(
            Span("--as-of"), "CDMQ535", f"no version of '{rule}' was in force at {as_of}", since
        )
    )
