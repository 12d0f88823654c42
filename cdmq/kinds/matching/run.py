"""match: records of a dataset -> who is one party. Scored beside the warehouse, kept in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from cdmq.audit.latest import down, latest, open_first
from cdmq.audit.renames import of_rule
from cdmq.audit.tables import audit_schema
from cdmq.kinds.matching.answers import Answers
from cdmq.kinds.matching.columns import MatchStep
from cdmq.kinds.matching.engine.model import Model
from cdmq.kinds.matching.sent import SENT
from cdmq.kinds.matching.tables import ASTRAY, MATCH_MODELS, PARTY_EVENTS, XREF
from cdmq.kinds.matching.words import MatchingRule
from cdmq.outcomes import Outcome, State
from cdmq.sql import nodes
from cdmq.sql.logical import Names, Renderer
from cdmq.sql.relation import Relation
from cdmq.sql.shape import Table
from cdmq.steps import DatasetSteps
from cdmq.warehouses.scratch import Scratch

if TYPE_CHECKING:
    from cdmq.sql.types import Type
    from cdmq.warehouses.base import Warehouse

#: Raised when what a model is, or how it scores, changes: older ones are trained anew.
MODEL_FORMAT = 1
#: A model serves up to so many times the records it was trained on: a first small load, or one
#: department, does not show how rare names are or how many live at one address.
OUTGROWN = 2
_KEY = "__key"


@dataclass(frozen=True)
class Matched:
    """What a matching rule found."""

    outcome: Outcome
    states: tuple[State, ...]


@dataclass(frozen=True)
class Matcher:
    """Runs matching rules, and trains their models."""

    warehouse: Warehouse
    names: Names
    render: Renderer
    #: Rule -> every id that it ever had.
    ids: Mapping[str, tuple[str, ...]]
    answers: Answers = Answers()

    def train(self, step: MatchStep, steps: DatasetSteps) -> Matched:
        """Train the model of a rule on the records as they are. Raises StatementError."""
        from cdmq.kinds.matching.engine.train import train

        spec = step.rule.spec
        assert isinstance(spec, MatchingRule)
        with self.warehouse.scratch() as scratch:
            self._records(scratch, step, steps)
            model = train(scratch.connection, spec, step.types)
        outcome = Outcome(
            step.rule,
            tested=model.trained_on,
            judged=model.trained_on,
            note=f"trained on {model.trained_on:,} records, model {model.digest[:10]}",
        )
        return Matched(outcome, self._trained(step.rule.id, trained_for(spec), model))

    def match(self, step: MatchStep, steps: DatasetSteps) -> Matched:
        """Find the parties of a dataset, under the ids that they had. Raises StatementError."""
        from cdmq.kinds.matching.engine.clusters import cluster
        from cdmq.kinds.matching.engine.parties import carry
        from cdmq.kinds.matching.engine.score import score

        rule, spec = step.rule, step.rule.spec
        assert isinstance(spec, MatchingRule)
        with self.warehouse.scratch() as scratch:
            self._records(scratch, step, steps)
            model, trained, told = self._model(scratch, step, spec)
            score(scratch.connection, spec, step.types, model, prepared=trained)
            self.answers.heed(scratch.connection, list(step.types))
            cluster(scratch.connection, spec)
            self.answers.ask_again(scratch.connection)
            self._before(scratch, rule.id)
            carry(scratch.connection, rule.id)
            states = tuple(self._sent(scratch, rule.id, table) for table in SENT)
            outcome = self._outcome(scratch, step, told)
        self.names.put(
            f"xref:{rule.id}", states[0].staged, self.names.output(f"{rule.id}__xref")[1]
        )
        learnt = self._trained(rule.id, trained_for(spec), model) if trained and model else ()
        return Matched(outcome, (*states, *learnt))

    def _records(self, scratch: Scratch, step: MatchStep, steps: DatasetSteps) -> None:
        """`records`: numbered in the order of their keys."""
        keyed = steps.with_digests().key_for(steps.relation)
        query = step.query.copy()
        query.set("expressions", [nodes.alias(keyed, _KEY), *query.expressions])
        scratch.bring("delivered", {_KEY: "text", **step.types}, self.render.sent(query))
        columns = [nodes.column(c) for c in step.types]
        number = exp.Window(
            this=nodes.call("row_number"),
            order=exp.Order(expressions=[exp.Ordered(this=nodes.column(_KEY))]),
        )
        records = nodes.select(
            [
                nodes.alias(nodes.cast(number, "integer"), "rid"),
                nodes.alias(nodes.column(_KEY), "key"),
                *(c.copy() for c in columns),
            ],
            nodes.table(Relation("delivered")),
        )
        scratch.connection.execute(nodes.create(Relation("records"), records).sql("duckdb"))
        scratch.connection.execute(nodes.drop(Relation("delivered")).sql("duckdb"))

    def _model(
        self, scratch: Scratch, step: MatchStep, spec: MatchingRule
    ) -> tuple[Model | None, bool, str]:
        """The model in use, or one that is trained now and what is said of that; None where
        nothing is compared."""
        from cdmq.kinds.matching.engine.train import train

        if not spec.compare:
            return None, False, ""
        kept = self._kept(step.rule.id, trained_for(spec))
        ((records,),) = scratch.connection.execute("SELECT count(*) FROM records").fetchall()
        if kept and records <= OUTGROWN * kept.trained_on:
            return kept, False, ""
        model = train(scratch.connection, spec, step.types)
        told = (
            (
                f"trained anew, as the model before was trained on {kept.trained_on:,} of now "
                f"{records:,} records"
            )
            if kept
            else ""
        )
        return model, True, told

    def _kept(self, rule: str, for_: str) -> Model | None:
        query = nodes.select(
            [nodes.column("settings"), nodes.column("trained_on")],
            self._audit(MATCH_MODELS.name),
            nodes.every(
                [
                    of_rule(rule, self.ids),
                    nodes.equal(nodes.column("trained_for"), nodes.text(for_)),
                    nodes.is_null(nodes.column("to_run")),
                ]
            ),
        )
        rows = self.warehouse.fetch(query.sql(self.warehouse.dialect))
        return Model(str(rows[0][0]), int(rows[0][1])) if rows else None

    def _before(self, scratch: Scratch, rule: str) -> None:
        """What was before, of every record and every id that there ever was: see `carry`."""
        mine = of_rule(rule, self.ids)
        rows, closed = self._audit(XREF.name), nodes.present(nodes.column("to_run"))
        was = latest(
            nodes.select(
                [nodes.column(c) for c in ("key", "party_id", "from_run", "to_run")],
                rows,
                mine.copy(),
            ),
            "row_number",
            "key",
            open_first(),
        )
        bygone = latest(
            nodes.select(
                [nodes.column(c) for c in ("key", "party_id", "to_run")],
                rows.copy(),
                nodes.every([mine.copy(), closed]),
            ),
            "rank",
            "party_id",
            [down("to_run")],
        )
        astray = nodes.select(
            [nodes.column("key"), nodes.column("own")],
            self._audit(ASTRAY.name),
            nodes.every([mine.copy(), nodes.is_null(nodes.column("to_run"))]),
        )
        begun = exp.In(
            this=nodes.column("event"), expressions=[nodes.text("mint"), nodes.text("split")]
        )
        minted = nodes.group_by(
            nodes.select(
                [nodes.column("party_id")],
                self._audit(PARTY_EVENTS.name),
                nodes.every([mine.copy(), begun]),
            ),
            [nodes.column("party_id")],
        )
        for table, columns, query in (
            ("was", ("key", "party_id", "to_run"), was),
            ("bygone", ("key", "party_id"), bygone),
            ("astray", ("key", "own"), astray),
            ("minted", ("party_id",), minted),
        ):
            if len(columns) > 1:
                query = nodes.select([nodes.column(c) for c in columns], nodes.subquery(query, "q"))
            scratch.bring(table, dict.fromkeys(columns, "text"), query.sql(self.warehouse.dialect))

    def _audit(self, table: str) -> exp.Table:
        return nodes.table(Relation(table, audit_schema(self.warehouse)))

    def _sent(self, scratch: Scratch, rule: str, table: Table) -> State:
        columns, query = SENT[table]
        scratch.connection.execute(f"CREATE TABLE sent_{table.name} AS {query}")
        staged, _ = self.names.output(f"{table.name}__{rule}")
        scratch.send(f"sent_{table.name}", staged, columns)
        return State(rule, table, staged, tuple(columns))

    def _trained(self, rule: str, for_: str, model: Model) -> tuple[State, ...]:
        """The model that a run trained; none where there was nothing to learn from."""
        if model.trained_on <= 1:
            return ()
        staged, _ = self.names.output(f"{MATCH_MODELS.name}__{rule}")
        types: dict[str, Type] = dict.fromkeys(("model", "trained_for", "settings"), "text")
        types["trained_on"] = "integer"
        row = [model.digest, for_, model.settings, model.trained_on]
        self.warehouse.run(nodes.drop(staged).sql(self.warehouse.dialect))  # learnt once already
        self.warehouse.load(staged, types, [row])
        return (State(rule, MATCH_MODELS, staged, tuple(types)),)

    def _outcome(self, scratch: Scratch, step: MatchStep, told: str) -> Outcome:
        ((records, parties, pairs, held),) = scratch.connection.execute(
            "SELECT (SELECT count(*) FROM records), (SELECT count(DISTINCT party_id) FROM xref), "
            "(SELECT count(*) FROM pairs), (SELECT count(*) FROM held)"
        ).fetchall()
        spec, answered = step.rule.spec, self.answers.note(scratch.connection)
        assert isinstance(spec, MatchingRule)
        word = {"party": "parties", "group": "groups"}[spec.makes]
        parts = [
            f"{records:,} records are {parties:,} {word}",
            f"{pairs:,} alike" if pairs else "",
            f"{held:,} for people to decide" if held else "",
        ]
        note = "; ".join(filter(None, [", ".join(filter(None, parts)), answered, told]))
        figures = {"records": records, word: parties, "pairs": pairs, "asked": held}
        return Outcome(step.rule, tested=records, judged=records, note=note, figures=figures)


def trained_for(spec: MatchingRule) -> str:
    """The digest of the words that a model hangs on: others may change, and it stays."""
    said = spec.model_dump(
        mode="json", include={"compare", "candidates", "same_if", "ignore_values"}
    )
    written = json.dumps([MODEL_FORMAT, said], sort_keys=True)
    return hashlib.sha256(written.encode()).hexdigest()
