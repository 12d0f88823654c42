"""What later kinds need: verification log, links between parties, protected changes, approvals."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from random import Random

from .entities import AS_OF
from .planting import Garden, Planted
from .records import Record

Row = dict[str, str]
FIELDS = ("billing_address", "tax_id", "credit_limit")


class Log:
    """Rows of one log, and the errors planted in them."""

    def __init__(self, garden: Garden, dataset: str, key: str) -> None:
        self.garden, self.dataset, self.key = garden, dataset, key
        self.rows: list[Row] = []
        self._touched: set[str] = set()

    def free(self) -> list[Row]:
        return [r for r in self.rows if r[self.key] not in self._touched]

    def spoil(self, count: int, column: str, kind: str, rule: str,
              value: Callable[[Row], str]) -> None:  # fmt: skip
        for row in self.garden.rng.sample(self.free(), count):
            self._touched.add(row[self.key])
            wrong = value(row)
            self.note(row, column, kind, wrong, rule)
            row[column] = wrong

    def note(self, row: Row, column: str, kind: str, value: str, rule: str,
             certain: str = "yes") -> None:  # fmt: skip
        self._touched.add(row[self.key])
        self.garden.planted.append(
            Planted(self.dataset, self.dataset, row[self.key], column, kind, value,
                    row.get(column, ""), certain, rule, "flag")
        )  # fmt: skip


def _later(rng: Random, day: str, days: int) -> str:
    start = date.fromisoformat(day)
    return (start + timedelta(days=rng.randrange(min(days, (AS_OF - start).days)))).isoformat()


def _beyond(rng: Random) -> str:
    return (AS_OF + timedelta(days=rng.randint(2, 5000))).isoformat()


def verifications(garden: Garden, records: list[Record]) -> list[Row]:
    """Which address was tried when, and what came of it."""
    rng = garden.rng
    log = Log(garden, "verifications", "verification_id")
    able = [r for r in records if r["email"] and r["phone"]]
    for record in rng.sample(able, 3200):
        channel = rng.choice(("email", "phone"))
        bad = ("bounced",) if channel == "email" else ("no_answer", "wrong_number")
        row = {
            "verification_id": "",
            "source": record.source,
            "source_id": record.source_id,
            "channel": channel,
            "value": record[channel],
            "checked_on": _later(rng, record["signup_date"], 4000),
            "result": rng.choice(bad) if rng.random() < 0.12 else "ok",
        }
        log.rows.append(row)
    _number(log, "V{:05d}", "checked_on")
    log.spoil(25, "result", "unknown_code", "verifications.result.accepted_values",
              lambda r: rng.choice(("okay", "?", "n/v")))  # fmt: skip
    log.spoil(25, "source_id", "unknown_reference", "verifications.source_id.relationships",
              lambda r: f"09{rng.randint(10000, 99999)}")  # fmt: skip
    log.spoil(20, "checked_on", "date_in_future", "verifications.checked_on.accepted_range",
              lambda r: _beyond(rng))  # fmt: skip
    return log.rows


def _number(log: Log, form: str, order: str) -> None:
    log.rows.sort(key=lambda r: r[order])
    for number, row in enumerate(log.rows, 1):
        row[log.key] = form.format(number)


def party_links(garden: Garden, records: list[Record]) -> list[Row]:
    """Who belongs to whom: parents of a concern, payers, employees."""
    rng = garden.rng
    log = Log(garden, "party_links", "link_id")
    first: dict[str, Record] = {}
    for record in records:
        first.setdefault(record.entity.id, record)
    companies = [r for r in first.values() if r.entity.kind == "company"]
    persons = [r for r in first.values() if r.entity.kind == "person"]
    concerns: dict[str, list[Record]] = {}
    for record in companies:
        if record.entity.concern_id:
            concerns.setdefault(record.entity.concern_id, []).append(record)
    for members in concerns.values():
        for child in members[1:]:
            _link(rng, log, members[0], child, "parent_of")
    for person in rng.sample(persons, 320):
        _link(rng, log, person, rng.choice(companies), "works_at")
    payers = rng.sample(companies, 160)
    for payer, paid in zip(payers[:80], payers[80:], strict=True):
        _link(rng, log, payer, paid, "pays_for")
    _number(log, "L{:04d}", "start")
    _spoil_links(log, companies)
    return log.rows


def _link(rng: Random, log: Log, a: Record, b: Record, kind: str) -> None:
    start = _later(rng, max(a["signup_date"], b["signup_date"]), 900)
    end = _later(rng, start, 900) if kind == "works_at" and rng.random() < 0.3 else ""
    log.rows.append(
        {"link_id": "", "from_id": a.source_id, "to_id": b.source_id, "type": kind,
         "start": start, "end": end}
    )  # fmt: skip


def _spoil_links(log: Log, companies: list[Record]) -> None:
    rng = log.garden.rng
    before = lambda r: (date.fromisoformat(r["start"]) - timedelta(rng.randint(1, 400))).isoformat()  # noqa: E731
    log.spoil(20, "end", "link_ends_before_start", "link_ends_after_start", before)
    log.spoil(20, "type", "unknown_code", "party_links.type.accepted_values",
              lambda r: rng.choice(("employee", "mother", "?")))  # fmt: skip
    log.spoil(20, "to_id", "unknown_reference", "party_links.to_id.relationships",
              lambda r: f"09{rng.randint(10000, 99999)}")  # fmt: skip
    log.spoil(12, "to_id", "link_to_itself", "link_not_to_itself", lambda r: r["from_id"])
    parents = [r for r in log.free() if r["type"] == "parent_of"]
    for row in rng.sample(parents, 4):
        back = {**row, "link_id": f"L9{row['link_id'][2:]}"}
        back["from_id"], back["to_id"] = row["to_id"], row["from_id"]
        log.rows.append(back)
        log.note(back, "to_id", "link_loop", back["to_id"], "customer_links", "later")
    wrong_end = [r for r in log.free() if r["type"] == "works_at" and not r["end"]]
    for row in rng.sample(wrong_end, 8):
        other = rng.choice(companies).source_id
        if other != row["to_id"]:
            log.note(row, "from_id", "link_wrong_kind", other, "customer_links", "later")
            row["from_id"] = other


def protected_changes(garden: Garden, records: list[Record]) -> tuple[list[Row], list[Row]]:
    """Changes of protected fields, and who approved them."""
    rng = garden.rng
    changes = Log(garden, "protected_changes", "change_id")
    approvals = Log(garden, "approvals", "approval_id")
    able = [r for r in records if r.source == "crm" and r["credit_limit"]]
    for record in rng.sample(able, 450):
        field = rng.choice(FIELDS)
        row = {
            "change_id": "",
            "source": "crm",
            "source_id": record.source_id,
            "field": field,
            "old_value": _old_value(rng, field, record),
            "new_value": record[field],
            "changed_on": _later(rng, record["signup_date"], 3000),
            "changed_by": rng.choice(("mhuber", "kweiler", "tkamp", "sbrandt")),
        }
        changes.rows.append(row)
    _number(changes, "X{:04d}", "changed_on")
    for row in changes.rows:
        _approve(rng, changes, approvals, row)
    _number(approvals, "G{:04d}", "approved_on")
    changes.spoil(15, "old_value", "change_of_nothing", "change_changes_something",
                  lambda r: r["new_value"])  # fmt: skip
    approvals.spoil(12, "role", "unknown_code", "approvals.role.accepted_values",
                    lambda r: rng.choice(("boss", "intern")))  # fmt: skip
    approvals.spoil(12, "change_id", "unknown_reference", "approvals.change_id.relationships",
                    lambda r: f"X9{rng.randint(100, 999)}")  # fmt: skip
    return changes.rows, approvals.rows


def _old_value(rng: Random, field: str, record: Record) -> str:
    if field == "credit_limit":
        return f"{rng.choice((300, 750, 1500, 7500, 15000))}.00"
    if field == "tax_id":
        return ""
    return f"Postfach {rng.randint(100, 999)}, {record['billing_address'].rpartition(', ')[2]}"


def _approve(rng: Random, changes: Log, approvals: Log, row: Row) -> None:
    draw = rng.random()
    if draw < 0.09:
        changes.note(row, "new_value", "change_unapproved", row["new_value"], "protected_fields",
                     "later")  # fmt: skip
        return
    early = 2
    if draw < 0.15:
        early = 30  # the approval was no longer valid
        changes.note(row, "new_value", "approval_expired", row["new_value"], "protected_fields",
                     "later")  # fmt: skip
    roles: tuple[str, ...] = ("customer",) if rng.random() < 0.4 else ("steward", "finance")
    if early == 2 and draw < 0.21:
        roles = ("steward",)
        changes.note(row, "new_value", "approval_by_one", row["new_value"], "protected_fields",
                     "later")  # fmt: skip
    day = date.fromisoformat(row["changed_on"]) - timedelta(days=early)
    for role in roles:
        approvals.rows.append(
            {"approval_id": "", "change_id": row["change_id"], "approved_on": day.isoformat(),
             "approver": f"{role}{rng.randint(1, 9)}", "role": role}
        )  # fmt: skip
