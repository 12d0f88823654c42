"""The reference project's bundled data: made by the generator, right where nothing was planted."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
DATA, TRUTH = ROOT / "models" / "data", ROOT / "tests" / "truth" / "reference"
Rows = list[dict[str, str]]


def read(path: Path, encoding: str = "utf-8", delimiter: str = ",") -> Rows:
    with path.open(encoding=encoding, newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


@pytest.fixture(scope="module")
def crm() -> Rows:
    return read(DATA / "crm.csv", "cp1252", ";")


@pytest.fixture(scope="module")
def shop() -> Rows:
    return read(DATA / "shop.csv")


@pytest.fixture(scope="module")
def calls() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / "calls.json").read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def planted() -> Rows:
    return read(TRUTH / "planted.csv")


@pytest.fixture(scope="module")
def entities() -> dict[str, dict[str, str]]:
    return {row["entity_id"]: row for row in read(TRUTH / "entities.csv")}


@pytest.fixture(scope="module")
def entity_of() -> dict[tuple[str, str], str]:
    records = read(TRUTH / "records.csv")
    return {(r["source"], r["source_id"]): r["entity_id"] for r in records}


def test_the_generator_makes_the_bundled_bytes(tmp_path: Path) -> None:
    tool = ROOT / "tests" / "tools" / "reference_data.py"
    subprocess.run([sys.executable, str(tool), str(tmp_path)], check=True, capture_output=True)
    made = {p.relative_to(tmp_path): p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    bundled = {p.relative_to(ROOT) for p in (*DATA.iterdir(), *TRUTH.iterdir()) if p.is_file()}
    assert set(made) == bundled
    assert [str(p) for p, content in made.items() if (ROOT / p).read_bytes() != content] == []


def test_files_are_small() -> None:
    assert sum(p.stat().st_size for p in DATA.iterdir()) < 6_000_000
    assert sum(p.stat().st_size for p in TRUTH.iterdir()) < 4_300_000


def test_counts(crm: Rows, shop: Rows, calls: Rows, entities: Any, entity_of: Any) -> None:
    assert len(entities) == 12_000
    assert Counter(e["kind"] for e in entities.values()) == {"person": 9_000, "company": 3_000}
    assert 19_500 < len(crm) + len(shop) + len(calls) < 20_500
    numbers = {("crm", r["customer_no"]) for r in crm} | {("shop", r["id"]) for r in shop}
    numbers |= {("calls", r["contact_id"]) for r in calls}
    assert numbers == set(entity_of)
    assert len(set(entity_of.values())) == 12_000


def test_the_crm_export_is_a_german_excel_file() -> None:
    content = (DATA / "crm.csv").read_bytes()
    header = content.split(b"\r\n")[0].decode("cp1252")
    assert header.startswith("customer_no;Kundenart;Vorname;Nachname;Firma;Straße;PLZ;Ort")
    assert "Angelegt am" in header.split(";")
    with pytest.raises(UnicodeDecodeError):
        content.decode("utf-8")
    rows = list(csv.reader(io.StringIO(content.decode("cp1252")), delimiter=";"))
    assert {len(row) for row in rows} == {len(rows[0])}
    assert any(re.fullmatch(r"\d+,\d\d", row[header.split(";").index("Umsatz")]) for row in rows)


def test_who_shares_what(entities: dict[str, dict[str, str]]) -> None:
    households, concerns = defaultdict(list), defaultdict(list)
    for entity in entities.values():
        if entity["household_id"]:
            households[entity["household_id"]].append(entity)
        if entity["concern_id"]:
            concerns[entity["concern_id"]].append(entity)
    assert len(households) == 900
    assert len(concerns) == 160
    assert all(len({e["phone"] for e in members}) == 1 for members in households.values())
    assert all(len({e["tax_id"] for e in members}) == 1 for members in concerns.values())
    emails = Counter(e["email"] for e in entities.values())
    assert max(emails.values()) == 1


def test_names_and_addresses_are_nobodys(entities: dict[str, dict[str, str]]) -> None:
    reserved = re.compile(r"@([a-z0-9-]+\.)*(example\.(com|org|net)|[a-z0-9-]+\.example)$")
    found = [e["email"] for e in entities.values() if not reserved.search(e["email"])]
    assert found == []


def test_phones_are_what_the_truth_says(
    planted: Rows, entities: dict[str, dict[str, str]], entity_of: dict[tuple[str, str], str]
) -> None:
    import phonenumbers

    def e164(text: str, country: str) -> str | None:
        try:
            number = phonenumbers.parse(text, country)
        except phonenumbers.NumberParseException:
            return None
        if not phonenumbers.is_valid_number(number):
            return None
        return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))

    for entity in entities.values():
        for number in filter(None, (entity["phone"], entity["mobile"])):
            assert e164(number, entity["country"]) == number
    for row in planted:
        if row["kind"] in ("phone_national", "phone_invalid"):
            country = entities[entity_of[row["source"], row["source_id"]]]["country"]
            wanted = row["true"] if row["kind"] == "phone_national" else None
            assert e164(row["planted"], country) == wanted, row


def test_cells_that_are_not_planted_are_true(
    shop: Rows, planted: Rows, entities: dict[str, dict[str, str]],
    entity_of: dict[tuple[str, str], str],
) -> None:  # fmt: skip
    columns = {
        "first_name": "first_name", "last_name": "last_name", "company": "company",
        "street": "street", "zip": "postcode", "city": "city", "country": "country",
    }  # fmt: skip
    spoilt = {(p["source"], p["source_id"], p["column"]) for p in planted}
    wrong = [
        (row["id"], own, row[own], truth[column])
        for row in shop
        for truth in [entities[entity_of["shop", row["id"]]]]
        for own, column in columns.items()
        if row[own] != truth[column] and ("shop", row["id"], column) not in spoilt
    ]
    assert wrong == []


def test_levels_follow_from_the_orders(entity_of: dict[tuple[str, str], str]) -> None:
    levels = {r["entity_id"]: r for r in read(TRUTH / "levels.csv")}
    volume: Counter[str] = Counter()
    first: dict[str, str] = {}
    for order in read(DATA / "orders.csv"):
        entity = entity_of.get((order["source"], order["customer_no"]))
        if entity is None or order["ordered_at"] >= "2026-11-01":
            continue
        first[entity] = min(order["ordered_at"], first.get(entity, "9999"))
        cents = order["amount"].replace(".", "", 1)
        recent = order["ordered_at"] >= "2024-11-01" and order["status"] != "cancelled"
        if recent and cents.lstrip("-").isdigit():
            volume[entity] += int(cents)
    assert Counter(r["level"] for r in levels.values()).keys() == {
        "prospect", "core", "growing", "ordinary",
    }  # fmt: skip
    for entity, row in levels.items():
        annual = volume[entity] / 200
        if entity not in first:
            level = "prospect"
        elif annual >= 50_000 and first[entity] <= "2024-11-01":
            level = "core"
        else:
            level = "growing" if annual >= 10_000 else "ordinary"
        assert row["level"] == level, row


def test_planted_rules_exist_and_every_rule_has_a_unit_test(planted: Rows) -> None:
    files = [yaml.safe_load(p.read_text("utf-8")) for p in (ROOT / "rules").rglob("*.yml")]
    ids: set[str] = set()
    for file in files:
        for kind in ("defaults", "matching", "golden", "tiering", "completeness", "freshness"):
            ids |= {rule["id"] for rule in file.get(kind, [])}
        for rule in file.get("validation", []):
            assert rule.get("why"), rule
            ids |= {rule["id"]} if "id" in rule else set(_listed(file["dataset"], rule))
    wanted = {p["rule"] for p in planted if p["certain"] == "yes"}
    assert {r for r in wanted - ids if not r.endswith(".readable")} == set()
    tested = {
        rule
        for file in files
        for test in file.get("unit_tests", [])
        for rule in (test.get("rules") or [test["rule"]])
    }
    assert tested == ids


def _listed(dataset: str, rule: dict[str, Any]) -> list[str]:
    names = [c if isinstance(c, str) else next(iter(c)) for c in rule["checks"]]
    return [f"{dataset}.{rule['column']}.{name}" for name in names]
