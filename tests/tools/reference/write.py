"""Writes each department's file in its own form, and the truth."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping

from .dirt_orders import COLUMNS, OrderRow
from .entities import Entity
from .orders import Level
from .planting import OWN, Planted
from .records import Record

Row = Mapping[str, str]
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_NUMBER = re.compile(r"-?\d+\.\d+")
_DATES = {"crm": r"\3.\2.\1", "shop": r"\1-\2-\3", "calls": r"\3/\2/\1"}


def _cell(source: str, text: str) -> str:
    if _DAY.fullmatch(text):
        return _DAY.sub(_DATES[source], text)
    if source == "crm" and _NUMBER.fullmatch(text):
        return text.replace(".", ",")
    return text


def _own_row(record: Record) -> dict[str, str]:
    own = OWN[record.source]
    cells = {name: _cell(record.source, record[c]) for c, name in own.items()}
    return cells | {own["source_id"]: record.source_id}


def _table(
    columns: Iterable[str], rows: Iterable[Row], delimiter: str = ",", end: str = "\n"
) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(columns), delimiter=delimiter, lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def departments(records: list[Record]) -> dict[str, bytes]:
    rows = {s: [_own_row(r) for r in records if r.source == s] for s in OWN}
    calls = "".join(
        json.dumps({k: v for k, v in row.items() if v}, ensure_ascii=False, separators=(",", ":"))
        + "\n"
        for row in rows["calls"]
    )
    return {
        "crm.csv": _table(OWN["crm"].values(), rows["crm"], ";", "\r\n").encode("cp1252"),
        "shop.csv": _table(OWN["shop"].values(), rows["shop"]).encode(),
        "calls.json": calls.encode(),
    }


def orders(rows: list[OrderRow]) -> dict[str, bytes]:
    return {"orders.csv": _table(COLUMNS, (r.cells for r in rows)).encode()}


def logs(tables: Mapping[str, list[dict[str, str]]]) -> dict[str, bytes]:
    return {f"{name}.csv": _table(rows[0], rows).encode() for name, rows in tables.items()}


def truth(
    entities: list[Entity], records: list[Record], planted: list[Planted], levels: dict[str, Level]
) -> dict[str, bytes]:
    listed = sorted(planted, key=lambda p: (p.kind, p.source, p.source_id, p.column, p.rule))
    return {
        "entities.csv": _rows(map(_entity, entities)),
        "records.csv": _rows(map(_record, {r.key: r for r in records}.values())),
        "planted.csv": _rows(vars(p) for p in listed),
        "levels.csv": _rows(_level(e, levels[e.id]) for e in entities),
    }


def _rows(rows: Iterable[Row]) -> bytes:
    listed = list(rows)
    return _table(listed[0], listed).encode()


def _entity(e: Entity) -> dict[str, str]:
    return {
        "entity_id": e.id,
        "kind": e.kind,
        "household_id": e.household_id,
        "concern_id": e.concern_id,
        "first_name": e.first_name,
        "last_name": e.last_name,
        "company": e.company,
        "birth_date": e.birth_date,
        "email": e.email,
        "email_other": e.email_other,
        "phone": e.phone,
        "mobile": e.mobile,
        "street": e.address.street,
        "postcode": e.address.postcode,
        "city": e.address.city.name,
        "country": e.country,
        "tax_id": e.tax_id,
    }


def _record(r: Record) -> dict[str, str]:
    return {
        "source": r.source,
        "source_id": r.source_id,
        "entity_id": r.entity.id,
    }


def _level(e: Entity, level: Level) -> dict[str, str]:
    return {
        "entity_id": e.id,
        "level": level.level,
        "volume_24_months": f"{level.volume_cents / 100:.2f}",
        "orders_ever": str(level.orders_ever),
        "first_order": level.first_order.isoformat() if level.first_order else "",
        "pattern": e.pattern,
    }
