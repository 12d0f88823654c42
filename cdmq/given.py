"""What a caller of the Python API gives: taken where a person would give it so, else refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from cdmq.problems import CdmqError, Problem, Span, did_you_mean

#: Words of --fail-on.
FAIL_ON = ("error", "warn", "no_data", "never")


def options(command: str, given: Mapping[str, Any], known: Iterable[str]) -> dict[str, Any]:
    """The options of `run`, `test` or `train`, read. Raises TypeError for one that is unknown."""
    words = list(known)
    for word in given:
        if word not in words:
            raise TypeError(f"{command}() has no option '{word}'; {did_you_mean(word, words)}")
    read: dict[str, Callable[[Any], Any]] = {
        "as_of": moment, "select": selection, "exclude": selection, "fail_on": fail_on,
        "variables": variables}
    return {word: read[word](value) if word in read else value for word, value in given.items()}


def selection(value: str | Iterable[str] | None) -> str | None:
    """Words as --select has them: one text, or several texts whose union is meant."""
    if value is None or isinstance(value, str):
        return value
    words = list(value)
    _all_text("select", words)
    return " ".join(sorted(words) if isinstance(value, set | frozenset) else words)


def fail_on(value: str | Iterable[str] | None) -> frozenset[str]:
    """Words of --fail-on; none: error."""
    words = value.replace(",", " ").split() if isinstance(value, str) else list(value or ())
    _all_text("fail_on", words)
    for word in words:
        if word not in FAIL_ON:
            raise CdmqError(Problem(Span("fail_on"), "CDMQ505", f"'{word}' is not known",
                                    did_you_mean(word, FAIL_ON)))
    return frozenset(words or ["error"])


def moment(value: datetime | date | str | None) -> datetime | None:
    """A time: one without a zone is in the project's, a date is its first moment."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise CdmqError(Problem(Span("as_of"), "CDMQ505", f"'{value}' is no time",
                                    "write 2026-11-01 or 2026-11-01T06:00:00")) from None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if value is None:
        return None
    try:
        return value.astimezone(UTC) if value.tzinfo else value
    except OverflowError:  # it leaves the years 1 to 9999
        raise CdmqError(Problem(Span("as_of"), "CDMQ505", f"{value} is no time in UTC",
                                "write one in the years 1 to 9999")) from None


def variables(value: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Values for var(), as YAML would read them: numbers and dates are text, None is nothing."""
    if value is None:
        return None
    return {str(name): _plain(name, one) for name, one in value.items()}


def _plain(name: object, value: Any) -> Any:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float | Decimal | date):
        return str(value)
    if isinstance(value, Mapping):
        return {str(k): _plain(name, v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(name, v) for v in (sorted(value, key=str) if isinstance(
            value, set | frozenset) else value)]
    raise CdmqError(Problem(
        Span("variables"), "CDMQ505", f"'{name}' is of type {type(value).__name__}",
        "give a text, a number, a date, or lists and keys with such values"))


def _all_text(what: str, words: list[Any]) -> None:
    for word in words:
        if not isinstance(word, str):
            raise TypeError(f"{what} takes texts, here is {word!r}")
