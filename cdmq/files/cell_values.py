"""The text of one cell as a value of a type: NULL where the type does not hold what is written."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from cdmq.sql import nodes
from cdmq.sql.types import Type

#: 0001 to 9999: years count from 1.
_YEAR = r"(?:[1-9]\d{3}|0[1-9]\d{2}|00[1-9]\d|000[1-9])"
#: strptime form of each `dates:` word, and the shape a cell must have.
DATE_FORMS = {
    "YYYY-MM-DD": ("%Y-%m-%d", rf"{_YEAR}-\d{{2}}-\d{{2}}"),
    "DD.MM.YYYY": ("%d.%m.%Y", rf"\d{{1,2}}\.\d{{1,2}}\.{_YEAR}"),
    "DD/MM/YYYY": ("%d/%m/%Y", rf"\d{{1,2}}/\d{{1,2}}/{_YEAR}"),
    "MM/DD/YYYY": ("%m/%d/%Y", rf"\d{{1,2}}/\d{{1,2}}/{_YEAR}"),
    "DD-MM-YYYY": ("%d-%m-%Y", rf"\d{{1,2}}-\d{{1,2}}-{_YEAR}"),
    "YYYY/MM/DD": ("%Y/%m/%d", rf"{_YEAR}/\d{{1,2}}/\d{{1,2}}"),
    "YYYYMMDD": ("%Y%m%d", rf"{_YEAR}\d{{4}}"),
}
ISO = "YYYY-MM-DD"
TIME = r"[ T]\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?"
ZONE = r" ?(?:[Zz]|UTC|GMT|[+-]\d{2}(?::?\d{2})?)"
_MIDNIGHT = rf"[ T]0?0:00(?::00(?:[.,]0{{1,9}})?)?(?:{ZONE})?$"
_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
#: With a decimal comma the point only parts thousands: 1.234,56.
_WITH_COMMA = r"[+-]?(?:\d{1,3}(?:\.\d{3})+|\d+)(?:,\d+)?"
#: Digits behind the point of a decimal.
PLACES = 9
_SQL = {"integer": "bigint", "decimal": f"decimal(38, {PLACES})", "double": "double"}


@dataclass(frozen=True)
class Cells:
    """How the cells of a file are written; `zone`: the time zone of the project."""

    dates: str
    decimal: str
    zone: str

    def read(self, text: exp.Expr, type_: Type) -> exp.Expr:
        """The value of a text without white space around it, in DuckDB's dialect."""
        if type_ == "date":
            return self._date(text)
        if type_ == "timestamp":
            return self._timestamp(text)
        return _boolean(text) if type_ == "boolean" else self._number(text, type_)

    # days and times ---------------------------------------------------------------------------

    def _date(self, text: exp.Expr) -> exp.Expr:
        """A day; with a time where that is midnight, as it is written or in the project's zone."""
        moment = self._moment(text)
        whole = nodes.equal(moment, nodes.call("date_trunc", nodes.text("day"), moment.copy()))
        with_time = _matches(text, f"^(?:{self._days()}){TIME}(?:{ZONE})?$")
        return nodes.cases(
            [
                *self._plain(text, "date"),
                (
                    nodes.every([with_time, _matches(text, _MIDNIGHT)]),
                    nodes.cast(self._day(text), "date"),
                ),
                (nodes.every([with_time.copy(), whole]), nodes.cast(moment.copy(), "date")),
            ]
        )

    def _timestamp(self, text: exp.Expr) -> exp.Expr:
        quick = _matches(text, rf"^{DATE_FORMS[ISO][1]}[ T]\d{{2}}:\d{{2}}(?::\d{{2}})?$")
        with_time = _matches(text, f"^(?:{self._days()}){TIME}(?:{ZONE})?$")
        return nodes.cases(
            [
                (quick, _try(text, "timestamp")),
                *self._plain(text, "timestamp"),
                (with_time, self._moment(text)),
            ]
        )

    def _forms(self) -> list[tuple[str, str]]:
        return [DATE_FORMS[word] for word in dict.fromkeys((self.dates, ISO))]

    def _days(self) -> str:
        return "|".join(shape for _, shape in self._forms())

    def _plain(self, text: exp.Expr, type_: str) -> list[tuple[exp.Expr, exp.Expr]]:
        """A day alone, in each form that is read."""
        return [
            (
                _matches(text, f"^{shape}$"),
                nodes.cast(nodes.call("try_strptime", text.copy(), nodes.text(form)), type_),
            )
            for form, shape in self._forms()
        ]

    def _day(self, text: exp.Expr) -> exp.Expr:
        """The day of a text that has a time behind it."""
        day = nodes.call("regexp_extract", text.copy(), nodes.text("^[0-9./-]+"))
        return nodes.cases(
            [
                (
                    _matches(text, f"^{shape}[ T]"),
                    nodes.call("try_strptime", day.copy(), nodes.text(form)),
                )
                for form, shape in self._forms()
            ]
        )

    def _moment(self, text: exp.Expr) -> exp.Expr:
        """Day and time; one with an offset from UTC as the clocks of the project's zone show it."""
        clock = nodes.call(
            "regexp_extract", text.copy(), nodes.text(r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,6})?)?")
        )
        clock = nodes.call("replace", clock, nodes.text(","), nodes.text("."))
        whole = nodes.concat(
            [nodes.cast(nodes.cast(self._day(text), "date"), "text"), nodes.text(" "), clock]
        )
        zone = nodes.call(
            "regexp_extract",
            text.copy(),
            nodes.text(rf"[ T]\d{{1,2}}:[0-9:.,]+({ZONE})$"),
            nodes.number(1),
        )
        offset = nodes.when(
            _matches(zone, "[0-9]"), nodes.call("trim", zone.copy()), nodes.text("+00")
        )
        there = nodes.equal(zone.copy(), nodes.text(""))
        instant = _try(nodes.concat([whole.copy(), offset]), "timestamptz")
        local = nodes.call("timezone", nodes.text(self.zone), instant)
        return nodes.when(there, _try(whole, "timestamp"), local)

    # numbers ----------------------------------------------------------------------------------

    def _number(self, text: exp.Expr, type_: Type) -> exp.Expr:
        shape = r"[+-]?\d+" if type_ == "integer" else _NUMBER
        plain, tests = text, []
        if self.decimal == ",":
            tests.append(_matches(text, f"^{_WITH_COMMA}$"))
            without = nodes.call("replace", text.copy(), nodes.text("."), nodes.text(""))
            plain = nodes.call("replace", without, nodes.text(","), nodes.text("."))
        tests.append(_matches(plain, f"^{shape}$"))
        value = nodes.cast(plain.copy(), _SQL[type_])
        read: exp.Expr = exp.TryCast(this=value.this, to=value.to)
        if type_ == "decimal":
            tests.append(_fits(plain))
        elif type_ == "double":
            tests.append(_held(plain, read))
        return nodes.when(nodes.every(tests), read)


def _fits(plain: exp.Expr) -> exp.Expr:
    """No digit but zeros stands behind the last place of a decimal."""
    beyond = _matches(plain, rf"\.\d{{{PLACES}}}\d*[1-9]")
    power = exp.TryCast(this=_part(plain, r"[eE]([+-]?\d+)$"), to=exp.DataType.build("int"))
    behind = nodes.call("length", _part(plain, r"\.(\d*?)0*[eE]"))
    written = exp.LTE(this=exp.Sub(this=behind, expression=power), expression=nodes.number(PLACES))
    nothing = _matches(plain, r"^[+-]?[0.]+[eE]")
    return nodes.paren(
        nodes.when(
            _matches(plain, "[eE]"),
            nodes.any_of([nothing, written]),
            exp.Not(this=nodes.paren(beyond)),
        )
    )


def _held(plain: exp.Expr, read: exp.Expr) -> exp.Expr:
    """A double is rounded behind some 15 digits; it is not another size, nor another whole."""
    size = exp.Abs(this=read.copy())
    finite = exp.LT(this=size, expression=nodes.cast(nodes.text("Infinity"), "double"))
    nothing = _matches(plain, r"^[+-]?[0.]+(?:[eE]|$)")
    kept = nodes.any_of([exp.NEQ(this=read.copy(), expression=nodes.number(0)), nothing])
    huge = nodes.equal(
        _try(plain, "hugeint"),
        exp.TryCast(this=read.copy(), to=exp.DataType.build("hugeint", dialect="duckdb")),
    )
    whole = nodes.when(_matches(plain, r"^[+-]?\d{16,}$"), huge, exp.true())
    return nodes.every([finite, nodes.paren(kept), nodes.paren(whole)])


def _boolean(text: exp.Expr) -> exp.Expr:
    lower = nodes.call("lower", text)
    yes = exp.In(this=lower, expressions=[nodes.text(t) for t in ("true", "t", "1", "yes")])
    no = exp.In(this=lower.copy(), expressions=[nodes.text(t) for t in ("false", "f", "0", "no")])
    return nodes.cases([(yes, exp.true()), (no, exp.false())])


def _matches(text: exp.Expr, pattern: str) -> exp.Expr:
    return nodes.call("regexp_matches", text.copy(), nodes.text(pattern))


def _part(text: exp.Expr, pattern: str) -> exp.Expr:
    return nodes.call("regexp_extract", text.copy(), nodes.text(pattern), nodes.number(1))


def _try(text: exp.Expr, type_: str) -> exp.Expr:
    return exp.TryCast(this=text.copy(), to=exp.DataType.build(type_, dialect="duckdb"))
