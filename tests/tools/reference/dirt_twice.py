"""Records that stand twice."""

from __future__ import annotations

from .planting import Garden
from .records import Record


def duplicates(garden: Garden) -> list[Record]:
    """Rows that stand twice in their export, and shop accounts that share one mail."""
    copies = []
    mails: dict[str, list[Record]] = {}
    for record in garden.records:
        if record.source == "shop" and record["email"]:
            mails.setdefault(record["email"], []).append(record)
    mail_unique = "shop_users.mail.unique"
    for shared in (m for m in mails.values() if len(m) > 1):
        for record in shared:
            record.touched |= {"email", "source_id"}
            garden.note(record, "email", "duplicate_mail", record["email"], mail_unique,
                        "flag", dataset="shop_users")  # fmt: skip
    own = {"crm": ("crm_export.customer_no", 12), "shop": ("shop_users.id", 8),
           "calls": ("call_contacts.contact_id", 5)}  # fmt: skip
    for source, (column, count) in own.items():
        fits = lambda r, s=source: r.source == s and r["email"]  # noqa: E731
        for record in garden.pick(count, ["source_id", "email", "phone"], fits):
            dataset = column.partition(".")[0]
            found = [(f"{column}.unique", dataset), ("customer_key", "customers")]
            if source == "shop":
                found.append((mail_unique, dataset))
            for rule, where in found:
                garden.note(record, "source_id", "duplicate_key", record.source_id, rule, "flag",
                            dataset=where)  # fmt: skip
            copies.append(record)
    return copies
