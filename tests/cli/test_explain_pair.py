"""cdmq explain --pair: two records side by side, what speaks for one party, and the verdict."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from people_project import FILES, steady
from small_project import Small

from cdmq.audit.telling_text import sure
from cdmq.kinds.matching.pair_story_text import strength

SCORED = {
    "models/people.yml": """\
version: 1
datasets:
  - name: crm
    file: data/crm.csv
    key: id
    columns: {birth: date}
  - name: shop
    file: data/shop.csv
    key: id
    columns: {birth: date}
  - name: people
    stack: {crm: crm, shop: shop}
    key: [source, id]
    pii: {first: plain, last: plain, mail: mask, vat: plain}
  - name: orders
    file: data/orders.csv
    key: no
""",
    "data/crm.csv": """\
id,first,last,birth,mail,phone,vat
1,Anna,Meyer,1980-02-03,anna@x.com,+4917011111,
2,Bert,Schulz,1975-05-05,bert@x.com,+4917022222,
3,Carl,Huber,1960-07-01,,+4917033333,DE1
4,Dora,Lang,1951-01-09,dora@x.com,+4917044444,
5,Emil,Roth,1949-12-24,emil@x.com,+4917055555,
""",
    "data/shop.csv": """\
id,first,last,birth,mail,phone,vat
1,Ana,Meyer,1980-02-03,anna@x.com,+4917099999,
7,Doris,Klein,1990-01-01,doris@x.com,,
8,Karl,Huber,1960-07-01,carl@x.com,+4917033333,DE2
9,Dora,Lang,1951-01-09,,+4917044444,
""",
    "rules/people.yml": """\
version: 1
dataset: people
matching:
  - id: same_person
    why: One person, two lists.
    same_if: [[mail]]
    compare: {first: name, last: name, birth: date, phone: phone}
    never_if_differs: [vat]
    merge_above: 90%
    review_above: 50%
""",
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("pairs")
    project = Small(folder, None)  # type: ignore[arg-type]
    project.write({n: t for n, t in FILES.items() if n != "rules/persons.yml"} | SCORED)
    project.run("2026-11-01")
    return folder


@pytest.fixture
def people(root: Path, capsys: pytest.CaptureFixture[str]) -> Small:
    return Small(root, capsys)


@pytest.fixture
def own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Small:
    project = Small(tmp_path / "own", capsys)
    project.write(FILES)
    return project


def _pair(project: Small, *words: str) -> str:
    told = project.told("explain", "--pair", *words)
    assert (told.code, told.err) == (0, "")
    return _unweighed(steady(told.out))


def _unweighed(text: str) -> str:
    """Figures of the model are none of this test's business; their signs are."""
    text = re.sub(r"([+-])\d+\.\d", r"\1W", text)
    text = re.sub(r"[\d,]+ to 1|more than a million to 1", "N to 1", text)
    text = re.sub(r"(strongly|slightly) (for|against)", r"\2", text)
    text = re.sub(r">?\d+\.\d+% sure", "S% sure", text)
    return re.sub(r" {2,}", "  ", text)


def test_the_same_by_same_if(people: Small) -> None:
    assert (
        _pair(people, "crm/1", "shop/1")
        == """\
crm/1 and shop/1 in people, by same_person
why: One person, two lists.

  first  alike  'Anna' ~ 'Ana'  +W  for
  last  same  'Meyer' = 'Meyer'  +W  for
  birth  same  '1980-02-03' = '1980-02-03'  +W  for
  phone  differs  '+***' <> '+***'  -W  against
  mail  same  'a***' = 'a***'  named by same_if
  vat  missing  nothing | nothing  no evidence, may never differ
  to begin with  -W  for any two records, before a column is looked at
  together  +W  N to 1 that they are one: S% sure

verdict  the same by same_if: equal in mail
  as weighed <2026-11-01>
now  both are in the party P5C1A6F5EAAC83891
"""
    )


def test_columns_stand_below_each_other(people: Small) -> None:
    out = people.told("explain", "--pair", "crm/1", "shop/1", "--unmask").out
    assert "    first  alike    'Anna' ~ 'Ana'" in out
    assert "    phone  differs  '+4917011111' <> '+4917099999'  " in out
    assert "    mail   same     'anna@x.com' = 'anna@x.com'     " in out
    signs = [line for line in out.splitlines() if re.search(r" [+-]\d+\.\d  ", line)]
    assert len({re.search(r"[+-]\d+\.\d  ", line).end() for line in signs}) == 1  # type: ignore[union-attr]


def test_sure_enough_by_the_score(people: Small) -> None:
    out = _pair(people, "shop/9", "crm/4")
    assert out.startswith("shop/9 and crm/4 in people")
    assert "\nverdict  one: S% sure, and 90% is enough\n" in out
    assert "  mail  missing  nothing | 'd***'  no evidence, named by same_if\n" in out
    assert "\nnow  both are in the party " in out


def test_a_veto_keeps_apart_and_is_asked(people: Small) -> None:
    out = _pair(people, "shop/8", "crm/3")
    assert "  vat  differs  'DE2' <> 'DE1'  may never differ\n" in out
    assert "verdict  never one by never_if_differs: vat differs\n" in out
    assert "now  shop/8 is in the party P5371DA4343F7A126, crm/3 is in the party P2B8" in out
    assert (
        "\nasked  same_person  are crm/3 and shop/8 one? S% sure; alike, but what may never "
        "differ does\n  open since <2026-11-01>\n"
    ) in out
    story = _unweighed(steady(people.told("explain", "--record", "crm/3").out))
    assert "  shop/8  S% sure, kept apart by never_if_differs (vat)\n" in story
    assert "asked  same_person  are crm/3 and shop/8 one? S% sure; alike" in story


def test_a_pair_of_which_nothing_is_kept(people: Small) -> None:
    assert (
        _pair(people, "crm/1", "crm/2")
        == """\
crm/1 and crm/2 in people, by same_person
why: One person, two lists.

  first  unequal  'Anna' <> 'Bert'  not weighed
  last  unequal  'Meyer' <> 'Schulz'  not weighed
  birth  unequal  '1980-02-03' <> '1975-05-05'  not weighed
  phone  unequal  '+***' <> '+***'  not weighed
  mail  differs  'a***' <> 'b***'  named by same_if
  vat  missing  nothing | nothing  no evidence, may never differ

verdict  none: they are not among the pairs that were found alike and kept
  never weighed, as too little is alike to look closer, or weighed and found less than 50% sure: \
that is not kept
now  crm/1 is in the party P5C1A6F5EAAC83891, crm/2 is in the party PA986B7169EE2C0D1
"""
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("crm/1", "crm/9"), "--pair: CDMQ531 no record with the key 'crm/9'; near it: crm/"),
        (
            ("crm/1", "7"),
            "--pair: CDMQ531 'crm/1' is a record of people, '7' of shop; "
            "name two records of one dataset",
        ),
        (
            ("1", "2"),
            "--pair: CDMQ224 no matching rule compares records of crm, orders; "
            "records are compared in people",
        ),
        (("crm/1", "crm/1"), "--pair takes two records, here is one twice"),
        (
            ("crm/1", "crm/2", "--rule", "same_persn"),
            "--rule: CDMQ224 there is no matching rule 'same_persn'; did you mean 'same_person'?",
        ),
        (
            ("crm/1", "crm/2", "--dataset", "peopel"),
            "--dataset: CDMQ202 unknown dataset 'peopel'; did you mean 'people'?",
        ),
        (("crm/1", "crm/2", "--record", "crm/1"), "give --record or --pair, not both"),
    ],
)
def test_what_cannot_be_compared(people: Small, words: tuple[str, ...], said: str) -> None:
    told = people.told("explain", "--pair", *words)
    assert told.code == 2
    assert said in told.err


def test_rule_goes_with_pair(people: Small) -> None:
    told = people.told("explain", "--record", "crm/1", "--rule", "same_person")
    assert (told.code, "--rule goes with --pair" in told.err) == (2, True)


def test_one_party_through_others(own: Small) -> None:
    own.swap("data/crm.csv", ("bert@example.com,222", "bert@example.com,111"))
    own.run()
    out = _pair(own, "crm/1", "shop/2")
    by_rule = out.split("\n\ncrm/1 and shop/2 in people, by namesakes\n")
    assert len(by_rule) == 2
    assert (
        "verdict  two: this rule weighs nothing, and in no list of same_if are they equal\n"
        "now  both are in the party P5C1A6F5EAAC83891, through others: crm/1 and crm/2 "
        "(same_if), crm/2 and shop/2 (same_if)"
    ) in by_rule[0]
    assert "now  crm/1 is in the group P58" in by_rule[1]
    assert _pair(own, "crm/1", "shop/2", "--rule", "namesakes").startswith(
        "crm/1 and shop/2 in people, by namesakes\n"
    )


def test_what_was_kept_before(own: Small) -> None:
    own.run("2026-11-01")
    own.swap("data/shop.csv", ("anna@example.com", "anne@example.com"))
    own.swap("data/crm.csv", ("3,Huber,carl@example.com,333,Köln,\n", ""))
    own.run("2026-11-02")
    out = _pair(own, "crm/1", "shop/1", "--rule", "same_person")
    assert "  until <2026-11-02> they were kept as the same by same_if\n" in out
    out = _pair(own, "crm/1", "crm/3", "--rule", "same_person")
    assert "\ncrm/3 is no longer in the dataset.\n" in out
    assert "crm/3 is in no party\n" in out


def test_what_is_no_evidence(own: Small) -> None:
    own.swap(
        "rules/people.yml",
        (
            "same_if: [[mail], [phone]]",
            "same_if: [[mail], [phone], [city]]\n    "
            "ignore_values: {shared_by_more_than: {phone: 1}}\n    where: last <> 'Huber'",
        ),
    )
    own.swap(
        "rules/people.yml",
        (
            "matching:",
            """\
defaults:
  - id: city_of
    column: city
    fill_from: [last]
matching:""",
        ),
    )
    own.swap("data/crm.csv", ("bert@example.com,222", "bert@example.com,111"))
    own.run()
    out = _pair(own, "crm/1", "crm/2", "--rule", "same_person")
    assert (
        "  phone  too common  '111' = '111'  no evidence: too many records share it, "
        "named by same_if\n"
    ) in out.replace("|", "=")
    out = _pair(own, "crm/1", "shop/1", "--rule", "same_person")
    assert (
        "  city  borrowed  'Bonn' | 'Maier'  no evidence: a default filled it in, "
        "named by same_if\n"
    ) in out
    out = _pair(own, "crm/2", "crm/3", "--rule", "same_person")
    assert "  the rule looks only at records with: last <> 'Huber'\n" in out


def test_questions_about_two_parties_and_a_review(own: Small) -> None:
    own.run()
    import duckdb

    with duckdb.connect(str(own.root / "target/small.duckdb")) as connection:
        run = connection.execute("SELECT run_id FROM cdmq.runs").fetchall()[0][0]
        connection.execute(
            "INSERT INTO cdmq.queue (rule_id, version, about, key, other, why, sure, more, from_run) "
            f"VALUES ('same_person', 'v', 'pair', 'shop/1', 'shop/2', 'bridge', 0.93, 0, '{run}')"
        )
        connection.execute(
            "INSERT INTO cdmq.pairs VALUES ('same_person', 'v', 'crm/1', 'crm/3', 'score', 0.98999,"
            f" 6.6, '{json.dumps({'city': -1.4})}', '{run}', NULL, NULL)"
        )
    out = _pair(own, "crm/1", "crm/2", "--rule", "same_person")
    assert out.endswith(
        "\nasked  same_person  are shop/1 and shop/2 one? 93.0% sure; alike, but most others of "
        "the two groups are not\n  open since <2026-11-01>\n"
        "  what is said of them is said of the two parties\n".replace("93.0%", "S%")
    )
    out = own.told("explain", "--pair", "crm/1", "crm/3", "--rule", "same_person").out
    assert "verdict  not sure enough to be one: 98.9%, and merge_above is 99%\n" in out
    assert "to begin with  +8.0  for any two records" in re.sub(" {2,}", "  ", out)


def test_words_for_weights_and_chances() -> None:
    assert [strength(w) for w in (11.2, 3, 0.4, 0, -0.4, -3.1, -6)] == [
        "strongly for",
        "for",
        "slightly for",
        "no evidence",
        "slightly against",
        "against",
        "strongly against",
    ]
    assert [sure(p) for p in (1, 0.99998, 0.98999, 0.99, 0.712, 0.5, 0.0012, 0.00001)] == [
        "100%",
        ">99.99%",
        "98.9%",
        "99.00%",
        "71.2%",
        "50.0%",
        "0.12%",
        "<0.01%",
    ]
