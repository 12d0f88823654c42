"""The texts of a file as values of the types that its dataset declares."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from cdmq.missing import is_word, tokens_of
from cdmq.sql import nodes
from cdmq.sql.types import Type
from cdmq.standards.whitespace import trimmed as without_blanks
from cdmq.values import Dataset

#: strptime form of each `dates:` word, and the shape a cell must have.
DATE_FORMS = {
    "YYYY-MM-DD": ("%Y-%m-%d", r"^\d{4}-\d{2}-\d{2}$"),
    "DD.MM.YYYY": ("%d.%m.%Y", r"^\d{1,2}\.\d{1,2}\.\d{4}$"),
    "DD/MM/YYYY": ("%d/%m/%Y", r"^\d{1,2}/\d{1,2}/\d{4}$"),
    "MM/DD/YYYY": ("%m/%d/%Y", r"^\d{1,2}/\d{1,2}/\d{4}$"),
    "DD-MM-YYYY": ("%d-%m-%Y", r"^\d{1,2}-\d{1,2}-\d{4}$"),
    "YYYY/MM/DD": ("%Y/%m/%d", r"^\d{4}/\d{1,2}/\d{1,2}$"),
    "YYYYMMDD": ("%Y%m%d", r"^\d{8}$"),
}
_TIME = r"( |T)\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?$"
#: Hidden column of a file's table: the cells that could not be read, as JSON text.
UNREADABLE = "__unreadable"


def typed_rows(dataset: Dataset, names: Sequence[str], table: exp.Expr) -> exp.Select:
    """Texts as their declared types; a cell that cannot be read is NULL and kept beside."""
    source = dataset.spec.file
    trims = source is not None and source.trim
    shown: list[exp.Expr] = []
    unread: list[exp.Expr] = []
    for name in names:
        type_ = dataset.spec.columns.get(name, "text")
        value = nodes.column(name)
        bare = nodes.call("nullif", without_blanks(value, "duckdb"), nodes.text(""))
        if type_ == "text":
            shown.append(nodes.alias(bare if trims else value, name))
            continue
        read = _read_as(value, type_, dataset)
        shown.append(nodes.alias(read, name))
        tokens = tokens_of(dataset, name)
        missing = is_word(value.copy(), tokens, "duckdb")
        failed = nodes.all_of([
            nodes.present(bare.copy()), nodes.is_null(nodes.paren(read.copy())),
            exp.Not(this=nodes.paren(missing)) if tokens else None,
        ])
        assert failed is not None
        pair = nodes.call("json_object", nodes.text(name), (bare if trims else value).copy())
        unread.append(nodes.when(failed, pair))
    if unread:
        merged = unread[0]
        if len(unread) > 1:
            merged = nodes.call("json_merge_patch", *(
                exp.Coalesce(this=u, expressions=[nodes.text("{}")]) for u in unread))
            merged = nodes.call("nullif", nodes.cast(merged, "text"), nodes.text("{}"))
        shown.append(nodes.alias(nodes.cast(merged, "text"), UNREADABLE))
    return nodes.select(shown, table)


def _read_as(value: exp.Expr, type_: Type, dataset: Dataset) -> exp.Expr:
    source = dataset.spec.file
    assert source is not None
    trimmed: exp.Expr = nodes.paren(without_blanks(value, "duckdb"))
    if type_ in ("date", "timestamp"):
        form, shape = DATE_FORMS[source.dates]
        read: exp.Expr = nodes.call("try_strptime", trimmed, nodes.text(form))
        fits = nodes.call("regexp_matches", trimmed.copy(), nodes.text(shape))
        if type_ == "date":
            return nodes.when(fits, nodes.cast(read, "date"))
        iso = nodes.call("regexp_matches", trimmed.copy(),
                         nodes.text(DATE_FORMS["YYYY-MM-DD"][1].rstrip("$") + _TIME))
        return nodes.cases([(fits, nodes.cast(read, "timestamp")),
                            (iso, exp.TryCast(this=trimmed.copy(),
                                              to=exp.DataType.build("timestamp")))])
    if type_ == "boolean":
        lower = nodes.call("lower", trimmed)
        yes = exp.In(this=lower, expressions=[nodes.text(t) for t in ("true", "t", "1", "yes")])
        no = exp.In(this=lower.copy(),
                    expressions=[nodes.text(t) for t in ("false", "f", "0", "no")])
        return nodes.cases([(yes, exp.true()), (no, exp.false())])
    plain = trimmed
    shape = r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$" if type_ != "integer" else r"^[+-]?\d+$"
    if source.decimal == ",":
        # 1.234,56: the point only parts thousands
        shape_in = r"^[+-]?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?$"
        plain = nodes.call("replace", nodes.call("replace", trimmed, nodes.text("."),
                                                 nodes.text("")), nodes.text(","), nodes.text("."))
    else:
        shape_in = shape
    names = {"integer": "bigint", "decimal": "decimal(38, 9)", "double": "double"}
    fits = nodes.call("regexp_matches", trimmed.copy(), nodes.text(shape_in))
    whole = nodes.call("regexp_matches", plain.copy(), nodes.text(shape))
    both = nodes.all_of([fits, whole])
    assert both is not None
    return nodes.when(both, exp.TryCast(this=plain, to=exp.DataType.build(names[type_],
                                                                           dialect="duckdb")))
