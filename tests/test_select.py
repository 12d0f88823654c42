"""Selection: methods, wildcards, graph operators, union and intersection, what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdmq.api import parse
from cdmq.graph.select import select
from cdmq.problems import CdmqError
from cdmq.values import Project

FILES = {
    "cdmq_project.yml": "name: sel\n",
    "models/all.yml": """\
datasets:
  - {name: crm, table: raw.crm, key: id, tags: [raw]}
  - {name: shop, table: raw.shop, key: id}
  - {name: customers, stack: {crm: crm, shop: shop}, key: [source, id]}
  - {name: orders, table: raw.orders, key: id}
  - {name: alone, table: raw.alone, key: id}
""",
    "models/seeds/countries.csv": "code\nDE\nAT\n",
    "models/summary.sql": "select id from {{ ref('customers') }} union select id "
    "from {{ ref('orders') }}",
    "rules/crm.yml": """\
dataset: crm
owner: crm_team
validation:
  - {column: email, checks: [not_null, email]}
""",
    "rules/deep/customers.yml": """\
dataset: customers
owner: stewards
tags: [party]
defaults:
  - {id: tidy, column: email, standardise: whitespace}
validation:
  - {column: email, checks: [not_null, {unique: , severity: warn}]}
  - {id: land, column: country, check: accepted_values, seed: countries, tags: [address]}
""",
    "rules/orders.yml": """\
dataset: orders
owner: sales
validation:
  - {id: refers, column: customer, check: relationships, to: customers, field: id}
  - {id: off, column: id, check: not_null, enabled: false}
""",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    root: Path = tmp_path_factory.mktemp("sel")
    config = FILES | {"cdmq_project.yml": "name: sel\nseed-paths: [models/seeds]\n"}
    for name, text in config.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")
    return parse(root)


#: What every dataset with a key, or of files, has of itself; a selection takes it along.
OF_ITSELF = (".key", ".delivered", ".lines", ".readable")


def named(found: frozenset[str]) -> set[str]:
    """The rules that the files of the project name."""
    return {r for r in found if not r.endswith(OF_ITSELF)}


CRM = {"crm.email.not_null", "crm.email.email"}
CUSTOMERS = {"tidy", "customers.email.not_null", "customers.email.unique", "land"}
ALL = CRM | CUSTOMERS | {"refers"}


@pytest.mark.parametrize(
    ("words", "rules"),
    [
        (None, ALL),
        ("customers", CUSTOMERS),
        ("land", {"land"}),
        ("customers.email", {"customers.email.not_null", "customers.email.unique"}),
        ("*.not_null", {"crm.email.not_null", "customers.email.not_null"}),
        ("crm land", CRM | {"land"}),
        ("tag:party", CUSTOMERS),
        ("tag:raw", CRM),
        ("tag:address", {"land"}),
        ("path:rules/deep", CUSTOMERS),
        ("rules/crm.yml", CRM),
        ("path:rules/*/customers.yml", CUSTOMERS),
        ("path:./rules/deep/", CUSTOMERS),
        ("./rules/crm.yml", CRM),
        ("path:rules/**/customers.yml", CUSTOMERS),
        ("path:rules/d*", CUSTOMERS),
        ("path:rules/*rm.yml", CRM),
        ("file:crm.yml", CRM),
        ("file:crm", CRM),
        ("file:c*", CRM | CUSTOMERS),
        ("kind:defaults", {"tidy"}),
        ("rule:land", {"land"}),
        ("dataset:c*", CRM | CUSTOMERS),
        ("column:email", CRM | CUSTOMERS - {"land"}),
        ("column:crm.email", CRM),
        ("severity:warn", {"customers.email.unique"}),
        ("owner:sales", {"refers"}),
        ("dimension:uniqueness", {"customers.email.unique"}),
        ("customers,severity:error", CUSTOMERS - {"customers.email.unique"}),
        ("customers,kind:validation,column:country refers", {"land", "refers"}),
        ("+customers", CRM | CUSTOMERS),
        ("crm+", CRM | CUSTOMERS | {"refers"}),
        ("crm+1", CRM | CUSTOMERS),
        ("1+land", CUSTOMERS),
        ("2+land", CRM | CUSTOMERS),
        ("+land", CRM | CUSTOMERS),
        ("1+customers+1", CRM | CUSTOMERS | {"refers"}),
        ("summary", set()),
        ("+summary", ALL),
        ("@crm", ALL),
        ("alone", set()),
    ],
)
def test_chosen_rules(project: Project, words: str | None, rules: set[str]) -> None:
    assert named(select(project, words).rules) == rules


@pytest.mark.parametrize(
    ("include", "exclude", "rules"),
    [
        (None, "customers", CRM | {"refers"}),
        (None, "kind:defaults severity:warn", ALL - {"tidy", "customers.email.unique"}),
        ("customers", "land", CUSTOMERS - {"land"}),
        ("crm+", "+customers", {"refers"}),
    ],
)
def test_excluded(project: Project, include: str | None, exclude: str, rules: set[str]) -> None:
    found = select(project, include, exclude)
    assert named(found.rules) == rules
    assert not found.whole


@pytest.mark.parametrize(
    ("words", "datasets"),
    [
        ("crm.email.email", ["crm"]),
        ("customers.email.not_null", ["crm", "shop", "customers"]),
        ("land", ["countries", "crm", "shop", "customers"]),
        ("refers", ["crm", "shop", "customers", "orders"]),
        ("alone", ["alone"]),
        ("summary", ["crm", "shop", "customers", "orders", "summary"]),
    ],
)
def test_built_datasets(project: Project, words: str, datasets: list[str]) -> None:
    """What the rules read, and no more; each after what it stands on."""
    found = select(project, words).datasets
    assert sorted(found) == sorted(datasets)
    order = list(project.datasets)
    assert [order.index(d) for d in found] == sorted(order.index(d) for d in found)


def test_whole(project: Project) -> None:
    assert select(project).whole
    assert select(project, "*").whole
    assert not select(project, "customers").whole
    assert not select(project, kinds=frozenset({"validation"})).whole


def test_disabled_rules_are_listed_only_when_asked(project: Project) -> None:
    assert "off" not in select(project).rules
    assert "off" in select(project, disabled=True).rules


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            "custmers",
            "--select: CDMQ513 no rule or dataset is named 'custmers'; did you mean 'customers'?",
        ),
        ("tga:party", "--select: CDMQ512 unknown method 'tga:'; did you mean 'tag'?"),
        (
            "state:new",
            "--select: CDMQ512 state: is not built yet; known here: column, dataset, "
            "dimension, file, kind, owner, path, rule, severity, tag",
        ),
        ("owner:salse", "--select: CDMQ513 nothing has owner:salse; did you mean 'sales'?"),
        (
            "x++y",
            "--select: CDMQ511 'x++y' is not a selection; write for example: tag:contact, "
            "+customers+, rules/x.yml",
        ),
        (
            "crm,orders",
            "--select: CDMQ510 nothing is selected by --select 'crm,orders'; "
            "try it with: cdmq ls, or say --allow-empty",
        ),
        (
            "zz*",
            "--select: CDMQ510 nothing is selected by --select 'zz*'; "
            "try it with: cdmq ls, or say --allow-empty",
        ),
    ],
)
def test_refused(project: Project, words: str, said: str) -> None:
    with pytest.raises(CdmqError) as caught:
        select(project, words)
    assert str(caught.value) == said
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("word", ["nothing", "tag:nothing"])
def test_allow_empty_lets_no_unknown_name_pass(project: Project, word: str) -> None:
    with pytest.raises(
        CdmqError,
        match="--allow-empty lets patterns and intersections be empty, not unknown names$",
    ):
        select(project, word, allow_empty=True)


def test_an_unknown_word_of_exclude_is_refused(project: Project) -> None:
    with pytest.raises(CdmqError, match="^--exclude: CDMQ513 no rule or dataset is named 'x'"):
        select(project, None, "x")


def test_empty_is_allowed_when_said(project: Project) -> None:
    found = select(project, "zz*", allow_empty=True)
    assert (found.rules, found.datasets, found.whole) == (frozenset(), (), False)


def test_a_name_with_a_blank_stands_in_quotes() -> None:
    from cdmq.graph.select import words

    assert words('a rule:"crm.last name.not_null" +b,c') == [
        "a",
        "rule:crm.last name.not_null",
        "+b,c",
    ]


def test_a_whole_path(project: Project) -> None:
    assert select(project, f"path:{project.root.resolve()}/rules/crm.yml").rules == CRM


def test_what_a_dataset_has_of_itself_goes_with_it(project: Project) -> None:
    assert "customers.key" in select(project, "customers").rules
    assert select(project, "customers.key").rules == {"customers.key"}


def test_a_star_stays_inside_of_a_name(project: Project) -> None:
    assert select(project, "path:rules/*.yml", allow_empty=True).rules.isdisjoint(CUSTOMERS)
