"""compile: rules and their datasets' columns -> conditions and relations as SQL nodes."""

from __future__ import annotations

from sqlglot import exp

from cdmq.checks.base import Check
from cdmq.files import UNREADABLE
from cdmq.problems import CdmqError, Problem, Span, did_you_mean
from cdmq.sql import nodes
from cdmq.sql.expressions import Bound, SqlProblem, bind
from cdmq.sql.expressions import could_not_judge as risky
from cdmq.sql.expressions import lower as lowered
from cdmq.sql.literals import literal
from cdmq.sql.logical import as_of_node, logical
from cdmq.sql.nulls import never_null, strict
from cdmq.sql.text_form import key_of, record_digest, text_of, values_of
from cdmq.sql.types import Type, comparable
from cdmq.stages.cells import Cells, without_tokens
from cdmq.steps import DatasetSteps, Judgement, Stage
from cdmq.values import Catalog, Dataset, Project, Rule


def compile_rules(
    project: Project, catalog: Catalog, dialect: str, only: frozenset[str] | None = None, *,
    check_only: bool = False,
) -> dict[str, DatasetSteps]:
    """The steps of every dataset whose columns are known. Raises CdmqError with all problems.

    With `check_only` names and types are looked at, and the SQL of expressions is left out.
    """
    problems: list[Problem] = []
    steps = {}
    for dataset in project.datasets.values():
        if dataset.name in catalog:
            found = _Compiler(project, catalog, dataset, dialect, problems, check_only).steps(only)
            if found:
                steps[dataset.name] = found
    if problems:
        raise CdmqError(dict.fromkeys(problems))
    return steps


class _Compiler:
    """Compiles the rules of one dataset. It is the Context that checks ask."""

    def __init__(
        self, project: Project, catalog: Catalog, dataset: Dataset, dialect: str,
        problems: list[Problem], check_only: bool = False,
    ) -> None:
        self.project, self.catalog, self.dataset = project, catalog, dataset
        self.check_only = check_only
        self.dialect, self.problems = dialect, problems
        self.columns = catalog[dataset.name]
        self.stage: Stage | None = None
        self.rule: Rule | None = None
        self.as_of = as_of_node()
        self.bound: dict[tuple[str, str], Bound | None] = {}

    def steps(self, only: frozenset[str] | None) -> DatasetSteps | None:
        self.stage = self._stage()
        missing = [k for k in self.dataset.key if k not in self.columns]
        if missing:
            return None
        judgements = []
        for rule in self.project.rules_of(self.dataset.name, "validation"):
            if rule.enabled and (only is None or rule.id in only):
                judgement = self._judgement(rule)
                if judgement:
                    judgements.append(judgement)
        clean, defaulted = self._views()
        return DatasetSteps(
            self.dataset, self.columns, self._key(self.stage), self._key(None),
            self._digest(self.stage), self._digest(None), tuple(judgements), self.stage, clean,
            defaulted, self._validated(),
        )

    def _switched_off(self) -> dict[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        for rule in self.project.rules_of(self.dataset.name, "defaults"):
            if not rule.enabled:
                found[rule.columns[0]] = found.get(rule.columns[0], frozenset()) | {rule.id}
        return found

    def _validated(self) -> bool:
        rules = self.project.rules_of(self.dataset.name, "validation")
        return any(r.enabled for r in rules)

    # the stage and what reads it -----------------------------------------------------------

    def _stage(self) -> Stage | None:
        rules = tuple(
            r for r in self.project.rules_of(self.dataset.name, "defaults")
            if r.enabled and self._default_is_sound(r)
        )
        if not rules and not self.dataset.spec.missing_values:
            return None
        cells = Cells(
            dataset=self.dataset, columns=self.columns, rules=rules,
            source=logical(f"source:{self.dataset.name}"), dialect=self.dialect,
            lower=self._lower_default, table=logical, literal=self._placeholder,
            other_columns=lambda name: self.catalog.get(name, {}), keep_raw=self._wanted_raw(),
            others=self._switched_off(),
            problems=self.problems,
            keys={name: d.key for name, d in self.project.datasets.items()},
        )
        return cells.build()

    def _wanted_raw(self) -> frozenset[str]:
        """The columns that a rule reaches behind with raw()."""
        found = set(self.dataset.key) if self.dataset.spec.missing_values else set()
        for rule in self.project.rules.values():
            if rule.dataset == self.dataset.name:
                for expression in rule.expressions.values():
                    found |= {c for how, c in expression.behind if how == "raw"}
                if rule.kind == "validation" and rule.stage == "raw":
                    found |= {c for c in rule.columns if c in self.columns}
        return frozenset(self._real(c) for c in found if self._real(c) in self.columns)

    def _real(self, name: str) -> str:
        if name in self.columns:
            return name
        same = [c for c in self.columns if c.lower() == name.lower()]
        return same[0] if len(same) == 1 else name

    def _default_is_sound(self, rule: Rule) -> bool:
        """Columns, types and seeds of a default exist; what is wrong is told."""
        from cdmq.stages.default_checks import default_problems

        found = default_problems(rule, self.dataset, self.columns, self.project, self.catalog)
        self.problems += found
        bound = all(self._bound(rule, f) for f in rule.expressions)
        return not found and bound

    def _lower_default(self, rule: Rule, own: exp.Expr | None) -> exp.Expr:
        """A default's `where`, reading the layer below (`l`); or the finished stage, where `own`
        is what stood in the column that the rule writes."""
        bound = self._bound(rule, "where")
        assert bound is not None
        table = "l" if own is None else None

        def column(c: str) -> exp.Expr:
            return own.copy() if own is not None and c == rule.columns[0] else nodes.column(
                c, table)

        return self._guarded(lowered(
            bound.expression.tree, self.dialect, column,
            lambda how, c: nodes.column(f"__raw_{c}", table), self.as_of,
        ))

    def _placeholder(self, rule: Rule, text: str, type_: Type) -> exp.Expr:
        found = literal(text, type_)
        if found is None:
            field = "set" if "set" in rule.spans else "otherwise"
            self.problems.append(
                Problem(rule.spans.get(field, rule.span), "CDMQ216", f"'{text}' is no {type_}, "
                        f"the type of {rule.columns[0]}", "set a value of the column's type")
            )
            return nodes.null()
        return found

    def _views(self) -> tuple[exp.Select, exp.Select]:
        """What `__clean` and `__defaulted` show, over the stage or the source."""
        source = logical(f"stage:{self.dataset.name}" if self.stage
                         else f"source:{self.dataset.name}")
        clean = [nodes.alias(nodes.column(c), c) for c in self.columns]
        defaulted = [
            nodes.alias(nodes.paren(self._filled(c)), c) for c in self.columns
        ]
        if self.stage and self.stage.borrowable:
            clean.append(nodes.alias(nodes.column("__borrowed"), "__borrowed"))
        return nodes.select(clean, source), nodes.select(defaulted, source.copy())

    def _filled(self, column: str) -> exp.Expr:
        if self.stage is None or column not in self.stage.placeholders:
            return nodes.column(column)
        return nodes.when(
            nodes.present(nodes.column(f"__reason_{column}")),
            self.stage.placeholders[column].copy(), nodes.column(column),
        )

    def _behind(self, how: str, column: str) -> exp.Expr:
        if how == "raw":
            kept = self.stage and column in self.stage.kept
            return nodes.column(f"__raw_{column}" if kept else column)
        if how == "filled":
            return nodes.paren(self._filled(column))
        if self.stage and column in self.stage.placeholders:
            return nodes.column(f"__reason_{column}")
        return nodes.cast(nodes.null(), "text")

    def _key(self, stage: Stage | None) -> exp.Expr:
        """The text of a record's key, NULL where a part of it is."""
        if not self.dataset.key:
            return nodes.cast(nodes.null(), "text")
        return key_of([
            (nodes.column(f"__raw_{k}" if stage and k in stage.kept else k), self.columns[k])
            for k in self.dataset.key
        ])

    def _digest(self, stage: Stage | None) -> exp.Expr:
        """What names a record whose key is NULL: the digest of its values before defaults."""
        parts = []
        for name, type_ in self.columns.items():
            kept = stage is not None and name in stage.kept
            value: exp.Expr = nodes.column(f"__raw_{name}" if kept else name)
            if stage is None or kept:
                value = without_tokens(self.dataset, name, type_, value)
            parts.append((value, type_))
        return record_digest(parts)

    # one validation rule -------------------------------------------------------------------

    def _judgement(self, rule: Rule) -> Judgement | None:
        check = rule.spec
        assert isinstance(check, Check)
        before = len(self.problems)
        self.rule = rule
        columns = tuple(self._column_name(c) for c in rule.columns)
        for field in rule.expressions:
            bound = self._bound(rule, field)
            if bound and bound.type not in ("boolean", "unknown"):
                self._tell(rule, field, "CDMQ315", f"'{field}' must be true or false, this is "
                           f"{bound.type}", "write a comparison, for example: amount > 0")
        if len(self.problems) > before:
            return None
        try:
            failing = check.failing(columns, self)
            if check.missing == "fail" and columns:
                failing = nodes.any_of(
                    [failing, *(nodes.is_null(self.column(c)) for c in columns)])
            tested = self.tested()
            judgement = Judgement(
                rule=rule, relation=self._relation(rule),
                failing=failing,
                could_not_judge=self._unjudged(check.could_not_judge(columns, self)),
                tested=tested, judged=check.judged(columns, self),
                shown=self._shown(check, columns), value=nodes.null(), digest=nodes.null(),
                scope=check.SCOPE,
            )
        except CdmqError as error:
            self.problems += error.problems
            return None
        if len(self.problems) > before:
            return None
        return judgement if self.check_only else self._with_value(judgement)

    def _relation(self, rule: Rule) -> str:
        if check_reads_source(rule) or self.stage is None:
            return f"source:{self.dataset.name}"
        return f"stage:{self.dataset.name}"

    def _shown(self, check: Check, columns: tuple[str, ...]) -> tuple[str, ...]:
        assert self.rule is not None
        if columns:
            return columns
        found: dict[str, None] = {}
        for field, _ in self.rule.expressions.items():
            bound = self._bound(self.rule, field) if field != "where" else None
            if bound:
                found.update(dict.fromkeys(bound.expression.columns))
                found.update(dict.fromkeys(c for _, c in bound.expression.behind))
        return tuple(found)

    def _with_value(self, judgement: Judgement) -> Judgement:
        """What the flag shows of the row, by `pii`, and a digest where that hides it."""
        from dataclasses import replace

        from cdmq.audit.pii import stored

        pii = self.dataset.spec.pii
        texts = [(c, self._shown_text(c)) for c in judgement.shown]
        hidden = any(pii.get(c, "plain") != "plain" for c, _ in texts)
        kept = [(c, stored(t, pii.get(c, "plain"))) for c, t in texts]
        if not texts:
            value: exp.Expr = nodes.cast(nodes.null(), "text")
        elif len(texts) == 1:
            value = kept[0][1]
        else:
            value = values_of(kept)
        digest: exp.Expr = nodes.cast(nodes.null(), "text")
        if hidden:
            plain = texts[0][1].copy() if len(texts) == 1 else values_of(
                [(c, t.copy()) for c, t in texts])
            digest = nodes.call("md5", plain)
        return replace(judgement, value=value, digest=digest)

    def _shown_text(self, column: str) -> exp.Expr:
        assert self.rule is not None
        if self.rule.check == "readable":
            return self.unreadable(column)
        return text_of(self.column(column), self.columns.get(column, "text"))

    # Context: what checks ask -----------------------------------------------------------------

    def column(self, name: str) -> exp.Expr:
        rule = self.rule
        raw = rule is not None and rule.stage == "raw" and rule.check != "readable"
        if raw and self.stage and name in self.stage.kept:
            return nodes.column(f"__raw_{name}")
        return nodes.column(name)

    def type_of(self, name: str) -> Type:
        return self.columns.get(name, "unknown")

    def text(self, name: str) -> exp.Expr:
        type_ = self.type_of(name)
        if type_ not in ("text", "unknown"):
            raise self.problem("column", "CDMQ217", f"the column {name} is {type_}, not text",
                               "this check judges text")
        return self.column(name)

    def unreadable(self, name: str) -> exp.Expr:
        value = nodes.column(UNREADABLE)
        if self.dialect == "duckdb":
            return nodes.call("json_extract_string", value,
                              nodes.text('$."' + name.replace('"', '\\"') + '"'))
        return nodes.call("json_extract_path_text", nodes.cast(value, "json"), nodes.text(name))

    def literal(self, text: str, type_: Type, field: str) -> exp.Expr:
        if text == "as_of" and type_ in ("date", "timestamp"):
            return nodes.cast(as_of_node(), type_)
        found = literal(text, type_)
        if found is None:
            raise self.problem(field, "CDMQ216", f"'{text}' is no {type_}, the type of the column",
                               "write a value of the column's type")
        return found

    def expression(self, field: str) -> exp.Expr:
        assert self.rule is not None
        bound = self._bound(self.rule, field)
        assert bound is not None
        if self.check_only:
            return exp.true()
        return self._guarded(lowered(bound.expression.tree, self.dialect, self.column,
                                     self._behind, self.as_of))

    def presence(self, field: str) -> exp.Expr | None:
        assert self.rule is not None
        bound = self._bound(self.rule, field)
        assert bound is not None
        if never_null(bound.expression.tree):
            return None
        if strict(bound.expression.tree) and not bound.expression.behind:
            return nodes.all_present([self.column(c) for c in bound.expression.columns])
        return nodes.present(nodes.paren(self.expression(field)))

    def could_not_judge(self, field: str) -> exp.Expr | None:
        assert self.rule is not None
        bound = self._bound(self.rule, field)
        assert bound is not None
        if self.check_only:
            return None
        found = risky(bound.expression.tree, self.dialect, self.column, self._behind, self.as_of)
        if found is None or self._guarded(found) is found:
            return found
        told = nodes.call("TRY", exp.Is(this=nodes.paren(found), expression=exp.true()))
        return exp.Coalesce(this=told, expressions=[exp.true()])

    def _unjudged(self, by_check: exp.Expr | None) -> exp.Expr | None:
        """Rows of which the check, or whether `where` lets them in, could not be judged."""
        assert self.rule is not None
        where = self.could_not_judge("where") if "where" in self.rule.expressions else None
        within = by_check and nodes.all_of([self.tested(), by_check])
        found = [n for n in (where, within) if n is not None]
        return nodes.any_of(found) if found else None

    def table(self) -> exp.Expr:
        assert self.rule is not None
        return logical(self._relation(self.rule))

    def tested(self) -> exp.Expr | None:
        assert self.rule is not None
        return self.expression("where") if "where" in self.rule.expressions else None

    def other(self, dataset: str) -> exp.Expr:
        return logical(f"clean:{dataset}")

    def other_column(self, dataset: str, name: str | None) -> exp.Expr:
        if dataset not in self.project.datasets:
            raise self.problem("to", "CDMQ202", f"unknown dataset '{dataset}'",
                               did_you_mean(dataset, self.project.datasets))
        key = self.project.datasets[dataset].key
        if name is None and len(key) != 1:
            raise self.problem("to", "CDMQ206", f"{dataset} has no key of one column",
                               "say which column with field:")
        wanted = name or key[0]
        known = self.catalog.get(dataset)
        if known is not None and wanted not in known:
            raise self.problem("field", "CDMQ203", f"{dataset} has no column '{wanted}'",
                               did_you_mean(wanted, known))
        own = self.rule.columns[0] if self.rule and self.rule.columns else None
        if own and known and not comparable(self.type_of(self._real(own)), known[wanted]):
            raise self.problem("field", "CDMQ217", f"{dataset}.{wanted} is {known[wanted]}, {own} "
                               f"is {self.type_of(self._real(own))}",
                               "compare columns of one type; columns: declares that of a file's")
        return nodes.column(wanted)

    def seed_values(self, seed: str, column: str | None) -> tuple[str, ...]:
        found = self.project.seeds.get(seed)
        if found is None:
            raise self.problem("seed", "CDMQ218", f"there is no seed '{seed}'",
                               did_you_mean(seed, self.project.seeds))
        wanted = column or found.columns[0]
        if wanted not in found.columns:
            raise self.problem("column", "CDMQ203", f"the seed {seed} has no column '{wanted}'",
                               did_you_mean(wanted, found.columns))
        place = found.columns.index(wanted)
        return tuple(dict.fromkeys(v for r in found.rows if (v := r[place]) is not None))

    def problem(self, field: str, code: str, cause: str, remedy: str = "") -> CdmqError:
        assert self.rule is not None
        span = self.rule.spans.get(field, self.rule.span)
        return CdmqError(Problem(span, code, f"{cause} (rule {self.rule.id})", remedy))

    # helpers ----------------------------------------------------------------------------------

    def _guarded(self, node: exp.Expr) -> exp.Expr:
        """On DuckDB nothing that a value does may end the statement."""
        if self.dialect != "duckdb" or not _may_raise(node):
            return node
        return nodes.call("TRY", node)

    def _column_name(self, name: str) -> str:
        real = self._real(name)
        if real not in self.columns:
            assert self.rule is not None
            span = self.rule.spans.get("column", self.rule.span)
            self.problems.append(
                Problem(span, "CDMQ203", f"{self.dataset.name} has no column '{name}' "
                        f"(rule {self.rule.id})", did_you_mean(name, self.columns))
            )
        return real

    def _bound(self, rule: Rule, field: str) -> Bound | None:
        place = (rule.id, field)
        if place not in self.bound:
            self.bound[place] = self._bind(rule, field)
        return self.bound[place]

    def _bind(self, rule: Rule, field: str) -> Bound | None:
        try:
            return bind(rule.expressions[field], self.columns)
        except SqlProblem as error:
            self._tell(rule, field, error.code, f"{error.cause} (at column {error.column} of the "
                       f"SQL: {rule.expressions[field].text})", error.remedy)
            return None

    def _tell(self, rule: Rule, field: str, code: str, cause: str, remedy: str) -> None:
        span: Span = rule.spans.get(field, rule.span)
        self.problems.append(Problem(span, code, cause, remedy))


def check_reads_source(rule: Rule) -> bool:
    """Cells that could not be read stand only in the source."""
    return rule.check == "readable"


def _may_raise(node: exp.Expr) -> bool:
    """Arithmetic may overflow; comparisons and pattern matches do not raise."""
    return any(
        isinstance(n, exp.Binary) and isinstance(n, exp.Add | exp.Sub | exp.Mul | exp.Div |
                                                 exp.IntDiv | exp.Mod)
        or isinstance(n, exp.Func) and not isinstance(n, exp.And | exp.Or | exp.Case | exp.Coalesce)
        for n in node.walk()
    )
