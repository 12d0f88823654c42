"""Words of other tools, and files of theirs: what they are called here, or what to do with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

from cdmq.problems import closest, did_you_mean

Sort = Literal["keys", "checks", "values", "sections"]


def remedy(word: str, known: Iterable[str], sort: Sort) -> tuple[str, str | None]:
    """The remedy for a word that is not known here, and the known word to write in its place.

    A word of another tool comes first, then the nearest of `known`.
    """
    known = list(known)
    said = _words()[sort].get(word.lower())
    if said in known:
        return f"here it is called {said}", said
    if said and " " in said:
        return said, None
    return did_you_mean(word, known), closest(word, known)


@cache
def _words() -> Mapping[Sort, Mapping[str, str]]:
    import yaml

    text = (Path(__file__).parent / "other_words.yml").read_text("utf-8")
    found: Mapping[Sort, Mapping[str, str]] = yaml.load(text, yaml.CSafeLoader)
    return found


def other_file(data: Any, kinds: Iterable[str]) -> tuple[str, str] | None:
    """What a file is, that is no file of this kind, and what to do with it; None where unknown.

    `kinds` are the sections of a rule file where it was found among other files, none in a rule
    file.
    """
    if isinstance(data, list):
        if any(
            isinstance(d, dict) and ("criticality" in d or isinstance(d.get("check"), dict))
            for d in data
        ):
            return "a list of DQX checks", _ONE_FILE
        return None
    if not isinstance(data, dict):
        return None
    names = [str(k) for k in data]
    if any(n.startswith(("checks for ", "discover datasets", "profile columns")) for n in names):
        return "a file of Soda checks", _ONE_FILE
    if "expectations" in data or "expectation_suite_name" in data:
        return "a suite of Great Expectations", _ONE_FILE
    if isinstance(data.get("columns"), list) and "datasets" not in data:
        return "a Soda contract", _ONE_FILE
    if any(isinstance(data.get(k), list) for k in ("models", "sources", "snapshots", "exposures")):
        return "a properties file of dbt", (
            "take the file out of the folder, and write for each of its models a dataset in "
            "models/ (table: or from a file) and a rule file with dataset: and validation:; its "
            "tests: are checks: there"
        )
    if "dataset" in data and set(kinds) & set(names):
        return "a rule file", "move it into a folder of rule-paths, such as rules/"
    return None


_ONE_FILE = (
    "take the file out of the folder, and write a rule file: version: 1, dataset: NAME, "
    "and below validation: a rule for each column with checks: [...]; see: cdmq explain "
    "validation"
)
