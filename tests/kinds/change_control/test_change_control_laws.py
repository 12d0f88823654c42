"""Laws of the walk along changes and approvals of a cell, for whatever happens in whatever order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cdmq.kinds.change_control.walk import Approval, Cell, Change, walk
from cdmq.kinds.change_control.words import ChangeControlRule

BEGIN = datetime(2026, 1, 1)
VALID = 4
SPEC = ChangeControlRule.model_validate(
    {
        "id": "protected",
        "protect": ["iban"],
        "approved_by": {"any_of": ["customer", {"people": 2, "roles": ["steward", "finance"]}]},
        "valid_for": f"{VALID} days",
    }
)
VALUES, PEOPLE = ["A", "B", "C", None], ["ann", "bob", "cyd"]
days = st.integers(0, 12)


@dataclass(frozen=True)
class Story:
    changes: list[Change]
    approvals: list[Approval]


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """A log in which each change begins where the one before ended, and approvals of all sorts."""
    when = sorted(draw(st.lists(days, max_size=5)))
    value: str | None = "A"
    changes = []
    for i, n in enumerate(when):
        new = draw(st.sampled_from(VALUES))
        by = draw(st.sampled_from([*PEOPLE, "eve"]))
        changes.append(Change(f"C{i}", value, new, by, BEGIN + timedelta(days=n)))
        value = new
    approvals = []
    for i in range(draw(st.integers(0, 8))):
        role = draw(st.sampled_from(["steward", "finance", "sales", "customer"]))
        of = draw(st.sampled_from(changes)) if changes and draw(st.booleans()) else None
        old, new = (of.old, of.new) if of else (draw(st.sampled_from(VALUES)) for _ in range(2))
        bound = of.id if of and draw(st.booleans()) else None
        kind = (
            "customer" if role == "customer" else draw(st.sampled_from(["person"] * 6 + ["reject"]))
        )
        by = draw(st.sampled_from(PEOPLE))
        at = BEGIN + timedelta(days=draw(days), hours=12)
        approvals.append(Approval(f"D{i}", kind, by, role, at, old, new, bound))
    return Story(changes, approvals)


def cell(changes: list[Change], approvals: list[Approval]) -> Cell:
    return Cell("iban", "A", None, changes, approvals)


def on(moment: datetime) -> int:
    """The day of a story."""
    return (moment - BEGIN).days


def enough(right: list[Approval]) -> list[str]:
    """The approvals by which a change goes through: the customer's, or those of two people."""
    customers = [a.id for a in right if a.kind == "customer"]
    if customers:
        return customers[:1]
    firsts: dict[str, str] = {}
    for a in right:
        if a.kind == "person" and a.role != "sales":
            firsts.setdefault(a.by, a.id)
    people = [r.id for r in right if r.id in firsts.values()]
    return people[:2] if len(people) >= 2 else []


def plainly(story: Story, until: int = 99) -> tuple[str | None, set[str]]:
    """The approved value and the approvals that were used, day by day, asked anew each time."""
    value, since = "A", 0
    used: set[str] = set()
    there: list[int] = []

    def passes(i: int) -> list[str]:
        change = story.changes[i]
        changers = {story.changes[j].by for j in there if j <= i}
        right = []
        for a in sorted(said, key=lambda a: (a.at, a.id)):
            about = (a.old, a.new) == (value, change.new) and a.change in (None, change.id)
            if not about or a.id in used or on(a.at) < since:
                continue
            if a.kind == "reject":
                return []
            if on(a.at) >= on(change.at) - VALID and a.by not in changers:
                right.append(a)
        return enough(right)

    def go_through() -> None:
        nonlocal value, since, there
        while found := next(((i, p) for i in there if (p := passes(i))), None):
            passed, ids = found
            value, since = story.changes[passed].new, on(story.changes[passed].at)
            used.update(ids)
            there = [j for j in there if j > passed]
            back = [j for j in there if story.changes[j].new == value]
            there = [j for j in there if not back or j > back[-1]]

    for day in range(min(until, 13) + 1):
        for i, change in enumerate(story.changes):
            if on(change.at) == day:
                if change.new == value:
                    there.clear()
                elif change.old != change.new:
                    there.append(i)
                said = [a for a in story.approvals if on(a.at) < day]
                go_through()
        today = sorted((a for a in story.approvals if on(a.at) == day), key=lambda a: (a.at, a.id))
        for n in range(len(today)):
            said = [a for a in story.approvals if on(a.at) < day] + today[: n + 1]
            go_through()
    return value, used


@given(stories())
def test_the_walk_is_what_asking_day_by_day_gives(story: Story) -> None:
    at = walk(cell(story.changes, story.approvals), SPEC)
    assert (at.value, {a.id for s in at.steps for a in s.used}) == plainly(story)


@given(stories(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(story: Story, random: object) -> None:
    changes, approvals = list(story.changes), list(story.approvals)
    random.shuffle(changes)  # type: ignore[attr-defined]
    random.shuffle(approvals)  # type: ignore[attr-defined]
    assert walk(cell(changes, approvals), SPEC) == walk(cell(story.changes, story.approvals), SPEC)


@given(stories(), days)
def test_runs_on_the_way_change_nothing(story: Story, until: int) -> None:
    """A run in between, that goes on from what it left, comes to the same."""

    def by(moment: datetime) -> bool:
        return (moment - BEGIN).days <= until

    first = walk(
        cell([c for c in story.changes if by(c.at)], [a for a in story.approvals if by(a.at)]), SPEC
    )
    used = {a.id for s in first.steps for a in s.used}
    after = first.steps[-1].change.place if first.steps else None
    rest = [c for c in story.changes if after is None or c.place > after]
    left = [a for a in story.approvals if a.id not in used]
    then = walk(Cell("iban", first.value, first.since, rest, left), SPEC)
    whole = walk(cell(story.changes, story.approvals), SPEC)
    assert (then.value, then.since, then.held) == (whole.value, whole.since, whole.held)
    assert [*first.steps, *then.steps] == whole.steps


@given(stories())
def test_whoever_changed_a_value_never_approves_it(story: Story) -> None:
    for step in walk(cell(story.changes, story.approvals), SPEC).steps:
        assert step.change.by not in {a.by for a in step.used}
        assert all((a.old, a.new) == (step.old, step.change.new) for a in step.used)
        alone = replace(step.used[0], kind="person")
        assert len({a.by for a in step.used}) == (2 if len(step.used) > 1 else 1), alone
