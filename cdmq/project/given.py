"""What a caller of the Python API gives: taken where a person would give it so, else refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from os import PathLike
from typing import Any

from cdmq.problems import CdmqError, Problem, Span, did_you_mean

_PATH, _TEXT, _FLAG = (str | PathLike, "a path"), (str, "a text"), (bool, "True or False")
#: The types that a word takes, and how that is said.
_TAKES: dict[str, tuple[Any, str]] = {
    "root": _PATH,
    "target_path": _PATH,
    "profiles_dir": _PATH,
    "target": _TEXT,
    "profile": _TEXT,
    "dataset": _TEXT,
    "stage": _TEXT,
    "threads": (int, "a whole number from 1 on"),
    "limit": (int, "a whole number from 0 on"),
    "wait": (int | float, "seconds, from 0 on"),
    "as_of": (date | str, "a time, a date or a text"),
    "variables": (Mapping, "a dict"),
    "select": (Iterable, "a text or several"),
    "exclude": (Iterable, "a text or several"),
    "fail_on": (Iterable, "a text or several"),
    "accept_moves": (Iterable, "a text or several"),
    "review_from": (date | str, "a date or a text"),
    "listen": (Callable, "a function"),
    "fail_fast": _FLAG,
    "allow_empty": _FLAG,
    "unmask": _FLAG,
}
_LEAST = {"threads": 1, "limit": 0, "wait": 0}
#: What only `run` is told.
_OF_RUN = frozenset({"accept_moves", "review_from"})
#: For which None stands for no default.
_NEEDED = frozenset({"root", "dataset", "stage", "limit", "wait"})
#: Words of --fail-on.
FAIL_ON = ("error", "warn", "no_data", "never")


def check(**given: Any) -> None:
    """Raises TypeError for a word whose value is of another type than it takes, CdmqError for a
    number that is too small."""
    for word, value in given.items():
        types, said = _TAKES[word]
        if value is None and word not in _NEEDED:
            continue
        if not isinstance(value, types) or (isinstance(value, bool) and word in _LEAST):
            raise TypeError(f"{word} takes {said}, here is {value!r}")
        if word in _LEAST and not value >= _LEAST[word]:
            raise CdmqError(
                Problem(Span(word), "CDMQ505", f"{value} is too small", f"{word} takes {said}")
            )


def options(command: str, given: Mapping[str, Any], known: Iterable[str]) -> dict[str, Any]:
    """The options of `run`, `test` or `train`, read. Raises TypeError for one that is unknown."""
    words = [w for w in known if command == "run" or w not in _OF_RUN]
    for word in given:
        if word not in words:
            raise TypeError(f"{command}() has no option '{word}'; {did_you_mean(word, words)}")
    check(**given)
    read: dict[str, Callable[[Any], Any]] = {
        "as_of": moment,
        "select": selection,
        "exclude": selection,
        "fail_on": fail_on,
        "accept_moves": rules,
        "review_from": day,
        "variables": variables,
    }
    return {word: read[word](value) if word in read else value for word, value in given.items()}


def selection(value: str | Iterable[str] | None) -> str | None:
    """Words as --select has them: one text, or several texts whose union is meant."""
    if value is None or isinstance(value, str):
        return value
    words = list(value)
    _all_text("select", words)
    return " ".join(sorted(words) if isinstance(value, set | frozenset) else words)


def rules(value: str | Iterable[str] | None) -> frozenset[str]:
    """Names of rules: one text, or several."""
    words = value.replace(",", " ").split() if isinstance(value, str) else list(value or ())
    _all_text("accept_moves", words)
    return frozenset(words)


def day(value: date | str | None) -> date | None:
    """A day; a month is its first one."""
    if value is None or isinstance(value, date):
        return value.date() if isinstance(value, datetime) else value
    try:
        return date.fromisoformat(f"{value}-01" if len(value) == len("2025-01") else value)
    except ValueError:
        cause, how = f"'{value}' is no day", "write a month or a day: 2025-01 or 2025-01-15"
        raise CdmqError(Problem(Span("review_from"), "CDMQ505", cause, how)) from None


def fail_on(value: str | Iterable[str] | None) -> frozenset[str]:
    """Words of --fail-on; none: error."""
    words = value.replace(",", " ").split() if isinstance(value, str) else list(value or ())
    _all_text("fail_on", words)
    for word in words:
        if word not in FAIL_ON:
            raise CdmqError(
                Problem(
                    Span("fail_on"),
                    "CDMQ505",
                    f"'{word}' is not known",
                    did_you_mean(word, FAIL_ON),
                )
            )
    return frozenset(words or ["error"])


def moment(value: datetime | date | str | None) -> datetime | None:
    """A time: one without a zone is in the project's, a date is its first moment."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise CdmqError(
                Problem(
                    Span("as_of"),
                    "CDMQ505",
                    f"'{value}' is no time",
                    "write 2026-11-01 or 2026-11-01T06:00:00",
                )
            ) from None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if value is None:
        return None
    try:
        return value.astimezone(UTC) if value.tzinfo else value
    except OverflowError:  # it leaves the years 1 to 9999
        raise CdmqError(
            Problem(
                Span("as_of"),
                "CDMQ505",
                f"{value} is no time in UTC",
                "write one in the years 1 to 9999",
            )
        ) from None


def variables(value: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Values for var(), as YAML would read them: numbers and dates are text, None is nothing."""
    if value is None:
        return None
    return {str(name): _plain(name, one) for name, one in value.items()}


def read_vars(text: str | None) -> dict[str, object]:
    """The text of `--vars`: YAML or JSON, keys with values."""
    if not text:
        return {}
    from cdmq.project.secret_words import starred
    from cdmq.project.yaml_source import read_yaml

    source = read_yaml(text, "--vars")
    if source.problems:
        raise CdmqError(starred(problem, text) for problem in source.problems)
    if isinstance(source.data, dict):
        return source.data
    cause, remedy = "--vars must be keys with values", "write --vars '{name: value}'"
    raise CdmqError(Problem(Span("--vars"), "CDMQ501", cause, remedy))


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
        return [
            _plain(name, v)
            for v in (sorted(value, key=str) if isinstance(value, set | frozenset) else value)
        ]
    raise CdmqError(
        Problem(
            Span("variables"),
            "CDMQ505",
            f"'{name}' is of type {type(value).__name__}",
            "give a text, a number, a date, or lists and keys with such values",
        )
    )


def _all_text(what: str, words: list[Any]) -> None:
    for word in words:
        if not isinstance(word, str):
            raise TypeError(f"{what} takes texts, here is {word!r}")
