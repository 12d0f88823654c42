"""The options that several commands share, as dbt names them. Each has a CDMQ_ variable."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

#: The default of --project-dir.
HERE = Path()


def _env(flag: str) -> str:
    return "CDMQ_" + flag.strip("-").replace("-", "_").upper()


def _option(flag: str, help: str, short: str | None = None, metavar: str | None = None) -> object:
    names = [flag, short] if short else [flag]
    return typer.Option(*names, envvar=_env(flag), help=help, metavar=metavar, show_envvar=False)


ProjectDir = Annotated[
    Path, _option("--project-dir", "The project, or a folder in it. Default: here.", metavar="DIR")
]
ProfilesDir = Annotated[
    Path | None, _option("--profiles-dir", "Where profiles.yml is.", metavar="DIR")
]
Profile = Annotated[str | None, _option("--profile", "Which profile.", metavar="NAME")]
Target = Annotated[
    str | None, _option("--target", "Which target of the profile.", "-t", metavar="NAME")
]
Vars = Annotated[
    str | None, _option("--vars", "Values for var(), as YAML: '{name: value}'.", metavar="YAML")
]
Select = Annotated[
    list[str] | None,
    _option(
        "--select",
        "Only these rules and datasets: names, * , +name+, tag: path: file: kind: "
        "rule: dataset: column: severity: owner: dimension: .",
        "-s",
        metavar="WORDS",
    ),
]
Exclude = Annotated[
    list[str] | None, _option("--exclude", "Not these; written like --select.", metavar="WORDS")
]
AsOf = Annotated[
    str | None,
    _option(
        "--as-of",
        "The time that rules judge by: a date or a timestamp, by the project's time_zone. "
        "Default: now.",
        metavar="TIME",
    ),
]
Threads = Annotated[
    int | None,
    typer.Option(
        "--threads",
        envvar=_env("--threads"),
        show_envvar=False,
        min=1,
        max=1024,
        metavar="N",
        help="Threads of the engine.",
    ),
]
FailOn = Annotated[
    list[str] | None,
    _option(
        "--fail-on",
        "What ends with exit code 1: error (default), warn, no_data or never.",
        metavar="WORDS",
    ),
]
AcceptMoves = Annotated[
    list[str] | None,
    _option(
        "--accept-moves",
        "A rule of which more may move in this run than moves_at_most lets; it is kept who said so.",
        metavar="RULE",
    ),
]
ReviewFrom = Annotated[
    str | None,
    _option(
        "--review-from",
        "Make up for the reviews since then, before the first real one: 2025-01 or 2025-01-15.",
        metavar="DAY",
    ),
]
FailFast = Annotated[
    bool,
    typer.Option(
        "--fail-fast",
        "-x",
        envvar="CDMQ_FAIL_FAST",
        show_envvar=False,
        help="Stop at the first dataset with a rule that fails.",
    ),
]
AllowEmpty = Annotated[
    bool,
    _option(
        "--allow-empty",
        "A pattern or intersection may find nothing; an unknown name is still an error.",
    ),
]
Wait = Annotated[
    float,
    _option(
        "--wait",
        "Wait for a run that holds the warehouse; alone: as long as it takes.",
        metavar="[SECONDS]",
    ),
]
TargetPath = Annotated[
    Path | None,
    _option(
        "--target-path",
        "Where files are written. Default: target-path of the project.",
        metavar="DIR",
    ),
]
LogFormat = Annotated[str, _option("--log-format", "text or json.", metavar="FORMAT")]
Quiet = Annotated[
    bool,
    typer.Option("--quiet", "-q", envvar="CDMQ_QUIET", show_envvar=False, help="Only what fails."),
]
Unmask = Annotated[
    bool, typer.Option("--unmask", help="Show the values that pii: hides outside the warehouse.")
]
NoColors = Annotated[bool, _option("--no-use-colors", "Plain text on a terminal too.")]

_LISTS = ("-s", "--select", "--exclude", "--fail-on")


def normalised(words: Sequence[str]) -> list[str]:
    """The arguments as typer reads them: `-s a b` is `-s "a b"`, and `--wait` may stand alone."""
    done: list[str] = []
    taken = -1  # how many values the list option before has; -1: there is none
    for word in words:
        if done and done[-1] == "--wait" and not _is_number(word):
            done.append("inf")
        if word in _LISTS:
            taken = 0
        elif taken > 0 and not word.startswith("-"):
            done[-1] += f" {word}"
            continue
        else:
            taken = 1 if taken == 0 else -1
        done.append(word)
    return [*done, "inf"] if done and done[-1] == "--wait" else done


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def moment(text: str | None) -> datetime | None:
    """`--as-of` as a time; one without a zone is in the project's."""
    if text is None:
        return None
    from datetime import UTC

    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"'{text}' is no time: write 2026-11-01 or 2026-11-01T06:00:00", param_hint="--as-of"
        ) from None
    try:
        return found.astimezone(UTC) if found.tzinfo else found
    except OverflowError:  # it leaves the years 1 to 9999
        raise typer.BadParameter(f"'{text}' is no time in UTC", param_hint="--as-of") from None


def words(given: list[str] | None) -> str | None:
    """Several --select as one text; None where nothing was said."""
    return " ".join(given) if given else None


def fail_on(given: list[str] | None) -> frozenset[str]:
    """`--fail-on`: several words, with commas or spaces."""
    from cdmq.problems import did_you_mean
    from cdmq.stages.judge import FAIL_ON

    said = frozenset(w for text in given or [] for w in text.replace(",", " ").split())
    for word in sorted(said - set(FAIL_ON)):
        raise typer.BadParameter(
            f"'{word}' is not known; {did_you_mean(word, FAIL_ON)}", param_hint="--fail-on"
        )
    return said or frozenset({"error"})


def one_of(flag: str, given: str, known: Sequence[str]) -> None:
    """Refuse a word that the option does not know."""
    from cdmq.problems import did_you_mean

    if given not in known:
        raise typer.BadParameter(
            f"'{given}' is not known; {did_you_mean(given, known)}", param_hint=flag
        )
