"""A dataset that was renamed keeps flags, changes, parties, golden cells, levels and versions."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest
from gitted import ran as gitted_ran
from runner import AS_OF, World

import cdmq
from cdmq.explaining.history import histories, history
from cdmq.explaining.story import stories
from cdmq.kinds.matching.story_values import Membership
from cdmq.problems import CdmqError

NAMES = {"people": "humans", "orders": "purchases", "crm_raw": "crm", "best": "golden_humans"}
FILES = {
    "models/m.yml": """\
version: 1
datasets:
  - {name: crm_raw, table: crm_src, key: id, changed_at: changed}
  - name: people
    stack: {crm: crm_raw}
    key: [source, id]
    changed_at: changed
  - name: orders
    table: orders_src
    key: no
    happened_at: day
    refers_to: {people: [source, customer]}
  - name: best
    key: party_id
  - name: adults
    key: id
""",
    "models/adults.sql": "select id, mail from {{ ref('people') }} where id < 3\n",
    "rules/people.yml": """\
version: 1
dataset: people
defaults:
  - {id: no_mail, column: mail, set: unknown, reason: unknown}
validation:
  - {column: phone, checks: [not_null]}
matching:
  - id: same_person
    same_if: [[last, first]]
golden:
  - id: best_of
    from: same_person
    into: best
    pick: [newest]
""",
    "rules/best.yml": """\
version: 1
dataset: best
validation:
  - {column: phone, checks: [not_null]}
tiering:
  - id: class
    measures: {volume: {from: orders, sum: amount, if_none: 0}}
    levels: [{core: "volume >= 50"}, {ordinary: otherwise}]
    review: monthly
""",
    "rules/orders.yml": """\
version: 1
dataset: orders
validation:
  - {column: amount, checks: [{accepted_range: {max: 70}}]}
  - {column: customer, check: relationships, to: crm_raw, field: id}
""",
    "rules/adults.yml": "version: 1\ndataset: adults\nvalidation:\n"
    "  - {column: mail, checks: [not_null]}\n",
}
TABLES = (
    "flags",
    "changes",
    "xref",
    "golden_cells",
    "tier_history",
    "party_events",
    "model_versions",
)


def renamed(text: str) -> str:
    for old, new in NAMES.items():
        text = re.sub(rf"(?<![\w_/]){old}(?![\w_])", new, text)
    return text


def begin(world: World) -> None:
    world.table(
        "crm_src",
        {
            "id": "integer",
            "first": "text",
            "last": "text",
            "mail": "text",
            "phone": "text",
            "changed": "date",
        },
        [
            [1, "Anna", "Meyer", "a@x.org", None, "2026-01-01"],
            [2, "Anna", "Meyer", None, "+49", "2026-01-02"],
            [3, "Bert", "Klein", None, None, "2026-01-03"],
        ],
    )
    world.table(
        "orders_src",
        {
            "no": "integer",
            "source": "text",
            "customer": "integer",
            "day": "date",
            "amount": "decimal",
        },
        [[1, "crm", 1, "2026-02-01", 80], [2, "crm", 9, "2026-03-01", 5]],
    )
    world.write(FILES)
    world.run()


def rename(world: World) -> None:
    files = {name: renamed(text) for name, text in FILES.items()}
    for old, new in NAMES.items():
        for end, more in ((", ", f", formerly: {old}, "), ("\n", f"\n    formerly: {old}\n")):
            files["models/m.yml"] = files["models/m.yml"].replace(
                f"name: {new}{end}", f"name: {new}{more}"
            )
    assert files["models/m.yml"].count("formerly") == len(NAMES)
    world.write(files)


def kept(world: World) -> dict[str, list[tuple[object, ...]]]:
    return {
        t: sorted(
            map(
                str,
                world.sql(  # type: ignore[misc]
                    f"SELECT * FROM {world.audit}.{t}"
                ),
            )
        )
        for t in TABLES
    }


def test_nothing_is_opened_closed_or_new(begun: World) -> None:
    before = kept(begun)
    assert all(before[t] for t in TABLES if t != "party_events")
    shown = begun.view("people__passed"), begun.view("people__flagged"), begun.view("best")
    rename(begun)
    second = begun.run(as_of=AS_OF + dt.timedelta(hours=1))
    assert second.exit_code == 1
    assert second.new_versions == ()
    assert {k: v for k, v in {**second.opened, **second.closed}.items() if v} == {}
    assert kept(begun) == before
    flagged = [{**r, "__rules": r["__rules"].replace("people", "humans")} for r in shown[1]]
    assert (
        begun.view("humans__passed"),
        begun.view("humans__flagged"),
        begun.view("golden_humans"),
    ) == (shown[0], flagged, shown[2])
    begun.run(as_of=AS_OF + dt.timedelta(hours=2))
    assert kept(begun) == before


def test_what_is_mended_then_closes_the_flag_of_the_old_name(begun: World) -> None:
    rename(begun)
    begun.sql("UPDATE crm_src SET phone = '+491' WHERE id = 1")
    begun.sql("UPDATE crm_src SET mail = 'x@y.org' WHERE id = 3")
    begun.run(as_of=AS_OF + dt.timedelta(hours=1))
    closed = begun.sql(
        f"SELECT rule_id, dataset, key, closed_because FROM {begun.audit}.flags "
        "WHERE to_run IS NOT NULL"
    )
    assert closed == [("people.phone.not_null", "people", "crm/1", "fixed")]
    closed = begun.sql(f"SELECT dataset, key FROM {begun.audit}.changes WHERE to_run IS NOT NULL")
    assert closed == [("people", "crm/3")]


def test_history_and_stories_go_on(begun: World) -> None:
    rename(begun)
    begun.run(as_of=AS_OF + dt.timedelta(hours=1))
    found = history(begun.root, "humans.phone.not_null")
    assert found.names == ("humans.phone.not_null", "people.phone.not_null")
    (version,) = found.versions
    (words,) = version.words
    assert "~ dataset: [-people-]{+humans+}" in words.changed
    assert version.runs == 2
    assert history(begun.root, "no_mail").versions[0].words[0].changed == (
        "~ dataset: [-people-]{+humans+}",
    )
    assert history(begun.root, "adults.mail.not_null").versions[0].models == ()
    assert not any(r.rule.startswith("people.") for r in histories(begun.root))
    (story,) = stories(cdmq.parse(begun.root), "crm/3", "humans")
    assert {(e.what, e.rule, e.then) for e in story.episodes} == {
        ("flag", "humans.phone.not_null", "people.phone.not_null"),
        ("change", "no_mail", "no_mail"),
    }
    assert "humans.phone.not_null" in story.fails
    assert len([c for c in story.chapters if isinstance(c.data, Membership)]) == 1


def test_a_name_in_use_is_nobodys_former_one(begun: World) -> None:
    begun.write(
        {
            "models/m.yml": FILES["models/m.yml"].replace(
                "- name: orders", "- name: orders\n    formerly: people"
            )
        }
    )
    with pytest.raises(
        CdmqError,
        match="CDMQ211 the dataset 'orders' says it was formerly 'people', which still exists",
    ):
        cdmq.api.parse(begun.root)


def test_who_renamed_it_did_not_change_what_it_means(tmp_path: Path) -> None:
    project = gitted_ran(tmp_path)
    for name in ("models/customers.yml", "models/rich.sql", "rules/customers.yml"):
        text = (project.root / name).read_text()
        project.write(
            {
                name: text.replace("customers", "clients")
                .replace("data/clients", "data/customers")
                .replace("- name: clients", "- name: clients\n    formerly: customers")
            }
        )
    project.commit("Bo")
    second = cdmq.run(project.root)
    assert second.new_versions == ()
    (version,) = history(project.root, "mail").versions
    assert (version.author, version.words[0].author) == (
        "Ada <ada@example.com>",
        "Bo <bo@example.com>",
    )
    project.commit("Cleo", ("rules/customers.yml", "check: email", "check: not_blank"))
    project.run()
    assert [v.author.split()[0] for v in history(project.root, "mail").versions] == ["Cleo", "Ada"]
    shallow = cdmq.run(project.root, variables={"most": "500"})
    assert shallow.new_versions == ()
