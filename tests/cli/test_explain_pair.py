"""cdmq explain --pair: two records side by side, what speaks for one party, and the verdict."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from people_project import FILES, steady
from small_project import Small
from told_pairs import told_pair, unweighed

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


def test_the_same_by_same_if(people: Small) -> None:
    assert (
        told_pair(people, "crm/1", "shop/1")
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
    out = told_pair(people, "shop/9", "crm/4")
    assert out.startswith("shop/9 and crm/4 in people")
    assert "\nverdict  one: S% sure, and 90% is enough\n" in out
    assert "  mail  missing  nothing | 'd***'  no evidence, named by same_if\n" in out
    assert "\nnow  both are in the party " in out


def test_a_veto_keeps_apart_and_is_asked(people: Small) -> None:
    out = told_pair(people, "shop/8", "crm/3")
    assert "  vat  differs  'DE2' <> 'DE1'  may never differ\n" in out
    assert "verdict  never one by never_if_differs: vat differs\n" in out
    assert "now  shop/8 is in the party P5371DA4343F7A126, crm/3 is in the party P2B8" in out
    assert (
        "\nasked  same_person  are crm/3 and shop/8 one? S% sure; alike, but what may never "
        "differ does\n  open since <2026-11-01>\n"
    ) in out
    story = unweighed(steady(people.told("explain", "--record", "crm/3").out))
    assert "  shop/8  S% sure, kept apart by never_if_differs (vat)\n" in story
    assert "asked  same_person  are crm/3 and shop/8 one? S% sure; alike" in story


def test_a_pair_of_which_nothing_is_kept(people: Small) -> None:
    assert (
        told_pair(people, "crm/1", "crm/2")
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
