"""What a segment reads: its members, the log of consents, lists of whom it never reaches, and who
is one party. It says of each record whether it is in it."""

from __future__ import annotations

from collections.abc import Callable

from cdmq.kinds.facts.counted import reads_of
from cdmq.kinds.kind import Known
from cdmq.kinds.reads import expression_columns, may_be_unread
from cdmq.kinds.segments.parties import party_rule
from cdmq.kinds.segments.words import ENDED, Consents, Never, SegmentRule
from cdmq.values import Dataset, Given, Rule, Uses

#: The conditions on the dataset of the segment itself.
OWN = ("where", "members", "adult_at.when")
#: Notes that columns of something are read.
Read = Callable[..., None]


def uses(rule: Rule, at: Known) -> Uses:
    spec = rule.spec
    assert isinstance(spec, SegmentRule)
    dataset = at.datasets[rule.dataset]
    reads: dict[str, frozenset[str]] = {}

    def read(name: str, *columns: str) -> None:
        reads[name] = reads.get(name, frozenset()) | set(columns)

    own = (c for field in OWN for c in expression_columns(rule, field))
    read(f"rows:{rule.dataset}", *own, *dataset.key)
    if spec.adults is not None:
        read(f"rows:{rule.dataset}", spec.adults.born)
    read(f"rows:{rule.dataset}", *spec.columns)
    if spec.response is not None:
        for name, columns in reads_of(rule, {"response.where": spec.response.facts}, at).items():
            read(name, *columns)
    records = at.datasets.get(dataset.made_of or dataset.name)
    if ENDED in rule.expressions and records is not None and records.spec.ended is not None:
        on = records.spec.ended.on
        read(f"rows:{records.name}", *expression_columns(rule, ENDED), *([on] if on else []))
    _permission(spec, dataset, at, read)
    for one in spec.never:
        _never(one, dataset, at, read)
    party = party_rule(dataset, at)
    for kept in (party, spec.one_per):
        if kept is not None:
            read(f"kept:{kept}", "party_id")
    makes = {
        f"column:{rule.dataset}": frozenset({rule.id}),
        f"kept:{rule.id}": frozenset({"part"}),
    }
    for name in {dataset.name, dataset.made_of or dataset.name}:
        makes[f"handed:{name}"] = frozenset(_addresses(spec))
    if may_be_unread(rule, *OWN):
        makes[f"flags:{rule.dataset}"] = frozenset()
    return Uses(reads, makes)


def _addresses(spec: SegmentRule) -> list[str]:
    """The columns that are written to: a segment alone hands them out."""
    return [spec.permission.address] if isinstance(spec.permission, Consents) else []


def _permission(spec: SegmentRule, dataset: Dataset, at: Known, read: Read) -> None:
    asked = spec.permission
    if isinstance(asked, Consents):
        read(f"rows:{dataset.name}", asked.address)
        own = (asked.channel_in, asked.value, asked.status, asked.at, asked.proof)
        purpose = (asked.purpose_in,) if asked.purpose is not None else ()
        read(f"rows:{asked.dataset}", *own, *purpose, *_refers(asked.dataset, at))
    else:
        read(f"rows:{dataset.made_of or dataset.name}", asked)


def _never(one: str | Never, dataset: Dataset, at: Known, read: Read) -> None:
    if isinstance(one, Never):
        read(f"rows:{one.dataset}", *one.match.values())
        read(f"rows:{dataset.name}", *one.match)
        if dataset.made_of:
            read(f"rows:{dataset.made_of}", *one.match)
    elif one in at.datasets:
        read(f"rows:{one}", *_refers(one, at))
    else:
        read(f"kept:{one}", "part")


def _refers(name: str, at: Known) -> list[str]:
    found = at.datasets.get(name)
    return [c for columns in found.spec.refers_to.values() for c in columns] if found else []


def leaves(rule: Rule) -> dict[str, str]:
    assert isinstance(rule.spec, SegmentRule)
    names = ["members", "left_out", *(["responses"] if rule.spec.response else [])]
    found = {f"made:{rule.id}__{n}": f"{rule.id}__{n}" for n in names}
    return found | {f"{n}:{rule.id}": f"{rule.id}__{n}" for n in ("asked", "exported", "were")}


def gives(rule: Rule) -> Given | None:
    return Given(rule.id, "text", f"{rule.id}__members", "part", "segment_members")
