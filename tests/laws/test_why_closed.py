"""Why a flag closes: all that may have happened to a record and its rule, in two runs.

The people are there once for each thing that may happen to a record; the rule of their age is there
once for each that may happen to a rule.
"""

from __future__ import annotations

from typing import Any

import pytest
from laws.small import PEOPLE, ROWS, RULES, SEED
from runner import Twin, World


def with_row(number: int, **cells: Any) -> list[list[Any]]:
    return [
        [cells.get(n, v) for n, v in zip(PEOPLE, r, strict=True)] if r[0] == number else r
        for r in ROWS
    ]


OLD = [6, "f@b.de", "DE", 250, True]
#: Before the second run.
HAPPENS: dict[str, list[list[Any]]] = {
    "nothing": ROWS,
    "fixed": with_row(2, age=7),
    "changed": with_row(2, age=-2),
    "two is gone": [r for r in ROWS if r[0] != 2],
    "one is gone": [r for r in ROWS if r[0] != 1],
    "out of scope": with_row(2, live=False),
    "three is fixed": with_row(3, age=30),
    "three is changed": [*with_row(3, age=199), OLD],
}
BEFORE = {name: [*ROWS, OLD] if OLD in rows else ROWS for name, rows in HAPPENS.items()}
#: What becomes of a rule of the age.
AGE = "{id: ID, column: age, check: accepted_range, min: 0, max: 120, where: live}"
EDITS = {
    "age_max": AGE.replace("120", "300"),
    "age_where": AGE.replace("where: live", "where: 'live and id < 3'"),
    "age_severity": AGE.replace("}", ", severity: warn}"),
    "age_error_above": AGE.replace("}", ", error_above: 50%}"),
}
#: Datasets of which something is said that is not said of people: the type of a column, what is
#: hidden.
TYPED = {"other_typed": "{country: text}", "typed": "{live: boolean}"}
HIDDEN = ("mask", "hash", "omit")
MAIL = "{id: mail_HOW, column: email, check: regex, pattern: 'PATTERN'}"


def _rows(of: dict[str, list[list[Any]]]) -> list[list[Any]]:
    """The people of all groups; each group has keys and addresses of its own."""
    return [
        [
            10 * group + key,
            email.replace("b.de", f"b{group}.de").replace("en", f"en{group}")
            if email and email != "n/a"
            else email,
            *rest,
        ]
        for group, rows in enumerate(of.values())
        for key, email, *rest in rows
    ]


def _key(group: str, number: int) -> str:
    return str(10 * list(HAPPENS).index(group) + number)


def _write(world: World, second: bool) -> None:
    models = (
        "version: 1\ndatasets:\n  - {name: people, table: people, key: id, missing_values: [n/a]}\n"
    )
    rules = {
        "people": RULES
        + "".join(
            f"  - {(edit if second else AGE).replace('ID', name)}\n" for name, edit in EDITS.items()
        )
    }
    for name, columns in TYPED.items():
        said = f", columns: {columns}" if second else ""
        models += f"  - {{name: {name}, table: three, key: id, missing_values: [n/a]{said}}}\n"
        rules[name] = _rules(name, AGE.replace("ID", f"age_{name}"))
    for how in HIDDEN:
        models += (
            f"  - {{name: {how}, table: two, key: id, missing_values: [n/a], "
            f"pii: {{email: {how}}}}}\n"
        )
        rules[how] = _rules(
            how,
            MAIL.replace("HOW", how).replace(
                "PATTERN", "@b[.](com|de)$" if second else "@b[.]com$"
            ),
        )
    world.write(
        {
            "models/m.yml": models,
            "seeds/countries.csv": SEED,
            **{f"rules/{name}.yml": text for name, text in rules.items()},
        }
    )
    world.table("people", PEOPLE, _rows(HAPPENS if second else BEFORE))
    world.table("three", PEOPLE, HAPPENS["three is fixed"] if second else ROWS)
    world.table("two", PEOPLE, with_row(2, email="other@b.de") if second else ROWS)


def _rules(dataset: str, rule: str) -> str:
    return f"version: 1\ndataset: {dataset}\nvalidation:\n  - {rule}\n"


def begin(world: World) -> None:
    for second in (False, True):
        _write(world, second)
        world.run()


def closed(world: World, table: str = "flags", **of: str) -> set[tuple[Any, ...]]:
    """Rule, number and why, of a group of people; those of the edited rules are asked for alone."""
    rows = world.audit_rows(
        table, ("rule_id", "key", "closed_because"), "to_run IS NOT NULL AND dataset = 'people'"
    )
    first = int(_key(of["group"], 0))
    return {
        (rule, int(key) - first, why)
        for rule, key, why in rows
        if first < int(key) < first + 10
        and (rule == of["rule"] if "rule" in of else rule not in EDITS)
    }


def closed_of(world: World, dataset: str) -> set[tuple[Any, ...]]:
    return set(
        world.audit_rows(
            "flags",
            ("rule_id", "key", "closed_because"),
            f"to_run IS NOT NULL AND dataset = '{dataset}'",
        )
    )


def open_of(world: World, rule: str, group: str) -> set[tuple[str, str]]:
    keys = {_key(group, n): n for n in range(10)}
    return {(keys[f[1]], f[3]) for f in world.flags() if f[0] == rule and f[1] in keys}


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ("nothing", set()),
        ("fixed", {("age_range", 2, "fixed")}),
        ("changed", {("age_range", 2, "changed")}),
        (
            "two is gone",
            {
                ("age_range", 2, "gone"),
                ("people.email.unique", 2, "gone"),
                ("people.email.unique", 1, "fixed"),
            },
        ),
        ("out of scope", {("age_range", 2, "out_of_scope")}),
    ],
)
def test_what_happened_to_the_record(
    left: World, group: str, expected: set[tuple[Any, ...]]
) -> None:
    assert closed(left, group=group) == expected


def test_a_value_that_changed_is_open_anew(left: World) -> None:
    assert (2, "-2") in open_of(left, "age_range", "changed")


def test_gone_changes(left: World) -> None:
    assert closed(left, "changes", group="one is gone") == {("country_code", 1, "gone")}
    rows = left.audit_rows("changes", ("key",), "to_run IS NOT NULL")
    assert rows == [(_key("one is gone", 1),)]


def test_rule_changed(left: World) -> None:
    assert closed(left, group="nothing", rule="age_max") == {("age_max", 3, "rule_changed")}
    assert {n for n, _ in open_of(left, "age_max", "nothing")} == {2}


def test_the_rule_and_the_value_changed(left: World) -> None:
    """Which of the two did it nobody can tell; the other record is as it was."""
    assert closed(left, group="three is changed", rule="age_max") == {
        ("age_max", 3, "both_changed"),
        ("age_max", 6, "rule_changed"),
    }


@pytest.mark.parametrize("pii", HIDDEN)
def test_the_rule_and_a_hidden_value_changed(left: World, pii: str) -> None:
    assert closed_of(left, pii) == {
        (f"mail_{pii}", "1", "rule_changed"),
        (f"mail_{pii}", "2", "both_changed"),
    }


@pytest.mark.parametrize("rule", ["age_severity", "age_error_above"])
def test_how_bad_it_is_has_fixed_nothing(left: World, rule: str) -> None:
    """It makes a new version, and has no say in the verdict on a record."""
    assert len(versions(left, rule)) == 2
    assert closed(left, group="three is fixed", rule=rule) == {(rule, 3, "fixed")}
    assert closed(left, group="nothing", rule=rule) == set()


def test_the_type_of_another_column_has_fixed_nothing(left: World) -> None:
    assert len(versions(left, "age_other_typed")) == 2
    assert closed_of(left, "other_typed") == {("age_other_typed", "3", "fixed")}


def test_what_it_reads_has_changed_it(left: World) -> None:
    """The type of its own column, and of the column of its where."""
    assert closed_of(left, "typed") == {("age_typed", "3", "both_changed")}


def test_rule_changed_by_its_where(left: World) -> None:
    assert closed(left, group="nothing", rule="age_where") == {("age_where", 3, "rule_changed")}


def versions(world: World, rule: str) -> set[tuple[Any, ...]]:
    return set(world.audit_rows("rule_versions", ("version",), f"rule_id = '{rule}'"))


def test_it_opens_again(twin: Twin) -> None:
    """As everything was before: what was fixed is flagged again, and what was gone is changed."""
    world = twin(begin)
    _write(world, second=False)
    world.run()
    rows = world.audit_rows("flags", ("rule_id", "key", "to_run IS NULL"))
    age = [r[2] for r in rows if r[:2] == ("age_range", _key("fixed", 2))]
    mail = [r[2] for r in rows if r[:2] == ("people.email.unique", _key("two is gone", 1))]
    made = [
        r[2]
        for r in world.audit_rows("changes", ("rule_id", "key", "to_run IS NULL"))
        if r[:2] == ("country_code", _key("one is gone", 1))
    ]
    assert sorted(age) == sorted(mail) == sorted(made) == ["false", "true"]
