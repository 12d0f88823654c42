"""Levels from one review to the next: kept, lost, gained; what is said about them."""

from __future__ import annotations

from typing import Any

import pytest
from runner import ENGINES
from tiering.tiers import Tiers

WOBBLE = [52, 49, 51, 49.5, 50.5, 48, 44, 43, 51, 52]
VOLUME: dict[str, Any] = {
    "measures": {"volume": {"from": "orders", "sum": "amount", "if_none": "0"}},
    "levels": [
        {"core": "volume >= 50000"},
        {"growing": "volume >= 10000"},
        {"ordinary": "otherwise"},
    ],
    "review": "monthly",
    "keep_unless": {"below_by": "10%", "for": "2 reviews"},
}


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> tuple[str, str | None]:
    uri = request.getfixturevalue("postgres_uri") if request.param == "postgres" else None
    return request.param, uri


def tiers_of(engine: tuple[str, str | None], spec: dict[str, Any], **words: Any) -> Tiers:
    tiers = Tiers(engine[0], spec, uri=engine[1], **words)
    tiers.fill("customers", [["a", "person"]])
    return tiers


def course(tiers: Tiers, volumes: list[Any]) -> list[dict[str, Any]]:
    """One customer's state after each monthly review, with another volume each time."""
    found = []
    for month, volume in enumerate(volumes, start=1):
        tiers.fill("orders", [["1", "a", "2024-12-01", volume, None]])
        found.append(tiers.review(f"2025-{month:02}-01 00:00:00")["a"])
    return found


def flips(levels: list[str]) -> int:
    return sum(a != b for a, b in zip(levels, levels[1:], strict=False))


def test_who_wobbles_at_the_limit_flips_twice(engine: tuple[str, str | None]) -> None:
    volumes = [v * 1000 for v in WOBBLE]
    raw = {k: v for k, v in VOLUME.items() if k != "keep_unless"}
    levels = [r["level"] for r in course(tiers_of(engine, raw), volumes)]
    assert flips(levels) == 6
    kept = course(tiers_of(engine, VOLUME), volumes)
    assert [(r["level"], r["missed"]) for r in kept] == [
        ("core", 0),
        ("core", 0),
        ("core", 0),
        ("core", 0),
        ("core", 0),
        ("core", 0),
        ("core", 1),
        ("growing", 0),
        ("core", 0),
        ("core", 0),
    ]
    assert flips([r["level"] for r in kept]) == 2
    assert [r["reason"] for r in kept[5:9]] == [
        "core is kept, missed by no more than 10%: volume 48000 >= 50000",
        "core is kept, missed in 1 of 2 reviews: volume 44000 >= 50000",
        "volume 43000 >= 10000; core was missed in 2 reviews",
        "volume 51000 >= 50000",
    ]
    assert [r["cut_offs"] for r in kept[6:8]] == ["volume >= 50000", "volume >= 10000"]


def test_a_miss_that_is_made_good_is_forgotten(engine: tuple[str, str | None]) -> None:
    states = course(tiers_of(engine, VOLUME), [60000, 44000, 46000, 44000, 50000, 1, 1, 1])
    assert [(r["level"], r["missed"]) for r in states] == [
        ("core", 0),
        ("core", 1),
        ("core", 0),
        ("core", 1),
        ("core", 0),
        ("core", 1),
        ("ordinary", 0),
        ("ordinary", 0),
    ]
    assert states[6]["reason"] == "no other level fits: volume 1; core was missed in 2 reviews"


def test_nothing_keeps_a_level_without_a_limit(engine: tuple[str, str | None]) -> None:
    levels = [
        {"none": "volume = 0"},
        {"some": "volume <> 7 and volume > 100"},
        {"rest": "otherwise"},
    ]
    states = course(tiers_of(engine, {**VOLUME, "levels": levels}), [0, 5, 0, 200, 91, 80, 80])
    assert [(r["level"], r["missed"]) for r in states] == [
        ("none", 0),
        ("rest", 0),
        ("none", 0),
        ("some", 0),
        ("some", 0),
        ("some", 1),
        ("rest", 0),
    ]


def test_a_missing_figure_does_not_fit_and_does_not_keep(engine: tuple[str, str | None]) -> None:
    spec = {**VOLUME, "measures": {"volume": {"from": "orders", "sum": "amount"}}}
    tiers = tiers_of(engine, spec)
    assert course(tiers, [60000])[0]["level"] == "core"
    tiers.fill("orders", [])
    state = tiers.review("2025-02-01 00:00:00")["a"]
    assert (state["level"], state["missed"]) == ("core", 1)
    assert state["reason"].endswith("volume missing >= 50000")
    assert state["measures"] == '{"volume": null}'
    state = tiers.review("2025-03-01 00:00:00")["a"]
    assert (state["level"], state["missed"]) == ("ordinary", 0)


def test_a_level_that_the_rule_lost_gives_way(engine: tuple[str, str | None]) -> None:
    tiers = tiers_of(engine, VOLUME)
    tiers.before = {"a": {"level": "premium", "missed": 1}}
    assert course(tiers, [12000])[0]["level"] == "growing"


def test_who_comes_and_goes(engine: tuple[str, str | None]) -> None:
    tiers = tiers_of(engine, VOLUME)
    tiers.fill("customers", [["a", "x"], ["b", "x"]])
    course(tiers, [60000])
    tiers.fill("customers", [["b", "x"], ["c", "x"], [None, "x"]])
    found = tiers.review("2025-02-01 00:00:00")
    assert {k: r["level"] for k, r in found.items()} == {"b": "ordinary", "c": "ordinary"}


def test_new_until_known(engine: tuple[str, str | None]) -> None:
    spec = {**VOLUME, "new_for": "3 months"}
    tiers = tiers_of(engine, spec)
    tiers.fill("orders", [["1", "a", "2026-09-14", 90000, None]])
    state = tiers.review("2026-11-01 00:00:00")["a"]
    assert state == {
        "key": "a",
        "level": "new",
        "missed": 0,
        "measures": '{"volume": 90000}',
        "cut_offs": "new_for: 3 months",
        "uncounted": None,
        "reason": "the first fact is of 2026-09-14: less than 3 months ago",
    }
    assert tiers.review("2026-12-14 00:00:00")["a"]["level"] == "core"


def test_a_second_run_changes_nothing(engine: tuple[str, str | None]) -> None:
    tiers = tiers_of(engine, {k: VOLUME[k] for k in ("measures", "levels")})
    first = course(tiers, [52000])[0]
    assert tiers.review("2025-01-01 00:00:00")["a"] == first


def test_the_text_of_a_condition_is_only_text(engine: tuple[str, str | None]) -> None:
    levels = [
        {"a": "volume >= 10 and 'it''s :as_of %s ?' <> '' and \"volume\" < 1e3"},
        {"b": "otherwise"},
    ]
    state = course(tiers_of(engine, {**VOLUME, "levels": levels}), [12])[0]
    assert state["reason"] == "volume 12 >= 10 and 'it''s :as_of %s ?' <> '' and \"volume\" < 1e3"
    assert state["cut_offs"] == levels[0]["a"]
