"""Ways around an approval: each is an error flag, and the approved value stays."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from control import Control, day
from runner import World

import cdmq

LACKS = "not confirmed by the customer, {} of 2 approvals"


@pytest.fixture
def story(world: World) -> Callable[..., Control]:
    return lambda **words: Control(world, **words)


def held(at: Control, says: str, n: int = 0, value: str | None = "A") -> None:
    """The change waits, for this reason, and the value before it is still approved."""
    at.run(30)
    assert at.approved() == value
    assert at.why() == "; ".join([LACKS.format(n), *([says] if says else [])])
    assert at.world.results()["protected"]["status"] == "fail"
    at.run(31)
    assert at.approved() == value


def both(at: Control, n: float, old: str | None, new: str | None) -> None:
    at.approve(n, "ann", "steward", old, new)
    at.approve(n, "cyd", "finance", old, new)


def test_two_people_let_a_change_through(story: Callable[..., Control]) -> None:
    at = story()
    at.run(0)
    at.change(5, "A", "B")
    at.run(5)
    assert (at.approved(), at.why()) == ("A", LACKS.format(0))
    assert at.asked()
    both(at, 6, "A", "B")
    at.run(7)
    assert (at.approved(), at.why()) == ("B", None)
    assert not at.asked()
    rows = at.world.audit_rows("change_approvals", ["key", "approver", "role"])
    assert rows == [("1", "ann", "steward"), ("1", "cyd", "finance")]


def test_an_approval_waits_for_its_change_so_many_whole_days(
    story: Callable[..., Control],
) -> None:
    at = story()
    at.run(0)
    both(at, 5.4, "A", "B")
    at.change(19, "A", "B")
    at.run(19.45)
    assert at.approved() == "B"
    both(at, 20, "B", "C")
    at.change(35, "B", "C")
    at.run(35)
    late = "the approval of {} had expired"
    assert at.why() == f"{LACKS.format(0)}; {late.format('ann')}; {late.format('cyd')}"


def test_self_approval(story: Callable[..., Control]) -> None:
    at = story(log=True)
    at.run(0)
    at.change(5, "A", "B", who="ann")
    both(at, 6, "A", "B")
    held(at, "ann changed it and approved it", 1)


def test_approve_one_value_and_apply_another(story: Callable[..., Control]) -> None:
    at = story()
    at.run(0)
    both(at, 3, "A", "B")
    at.change(5, "A", "C")
    at.run(5)
    held(at, "ann approved another value; cyd approved another value")


def test_a_value_that_is_changed_after_its_approval(story: Callable[..., Control]) -> None:
    at = story(log=True)
    at.run(0)
    at.change(5, "A", "B")
    both(at, 6, "A", "B")
    at.change(7, "B", "C")
    held(at, "", value="B")


def test_an_approval_older_than_the_present_old_value(story: Callable[..., Control]) -> None:
    at = story(log=True)
    at.run(0)
    both(at, 4, "B", "C")
    at.change(5, "A", "B")
    both(at, 6, "A", "B")
    at.change(8, "B", "C")
    says = "the approval of ann is older than the present value; "
    held(at, says + says.replace("ann", "cyd").removesuffix("; "), value="B")


def test_one_person_in_two_roles(story: Callable[..., Control]) -> None:
    at = story()
    at.run(0)
    at.change(5, "A", "B")
    at.run(5)
    at.approve(6, "bob", "steward", "A", "B")
    at.approve(6, "bob", "finance", "A", "B")
    held(at, "bob approved in two roles and counts once", 1)


def test_a_no_op_that_is_submitted_again(story: Callable[..., Control]) -> None:
    at = story(log=True)
    at.run(0)
    nothing = at.change(4, "A", "A")
    at.sign(4, nothing, "ann", "steward")
    at.sign(4, nothing, "cyd", "finance")
    at.run(4)
    assert at.why() is None
    at.change(6, "A", "B")
    held(at, "")


def test_a_change_that_is_written_anew_after_its_approval(story: Callable[..., Control]) -> None:
    at = story(log=True)
    at.run(0)
    name = at.change(4, "A", "A")
    at.sign(4, name, "ann", "steward")
    at.sign(4, name, "cyd", "finance")
    at.run(4)
    at.changes.clear()
    at.change(4, "A", "B")
    says = "{} approved it when it was another change"
    held(at, f"{says.format('ann')}; {says.format('cyd')}")


def test_a_bulk_without_keys(story: Callable[..., Control]) -> None:
    at = story(log=True)
    at.run(0)
    at.change(5, "A", "B")
    at.said += [[None, "ann", "steward", None, at.changes[0][-1]]]
    at.said += [[None, "cyd", "finance", None, at.changes[0][-1]]]
    held(at, "")
    ((told,),) = at.world.audit_rows(
        "rule_results", ["message"], "rule_id = 'protected' AND message LIKE '%2 approvals%'"
    )[:1]
    assert told == "1 change held, 0 approved; 2 approvals of no change that the log has"


def test_a_role_given_after_the_fact(story: Callable[..., Control]) -> None:
    at = story(log=True)
    at.run(0)
    name = at.change(5, "A", "B")
    at.sign(6, name, "ann", "steward")
    at.sign(6, name, "dan", "finance")
    at.run(6)
    people = (at.world.root / "people.yml").read_text().replace("[sales]", "[sales, finance]")
    at.world.write({"people.yml": people})
    held(at, "dan had not the role finance when a run first read it", 1)


@pytest.mark.parametrize(("by", "role"), [("dan", "sales"), ("bot", "steward"), ("zoe", "steward")])
def test_somebody_who_may_not(story: Callable[..., Control], by: str, role: str) -> None:
    at = story(log=True)
    at.run(0)
    name = at.change(5, "A", "B")
    at.sign(6, name, "ann", "steward")
    at.sign(6, name, by, role)
    barred = f"{by} had not the role {role} when a run first read it"
    held(at, f"{by} approved as {role}, which may not" if by == "dan" else barred, 1)


@pytest.mark.parametrize(("days", "counts"), [(0, False), (29, False), (30, True)])
def test_a_confirmation_through_a_channel_that_just_changed(
    story: Callable[..., Control], days: int, counts: bool
) -> None:
    at = story(log=True)
    at.run(0)
    at.changes.append(["M1", "1", "email", "old@x", "new@x", "eve", day(5)])
    name = at.change(5.1, "A", "B")
    at.sign(5.2 + days, name, "customer1", "customer", "NEW@x ")
    at.run(40)
    assert at.approved() == ("B" if counts else "A")
    why = "the customer confirmed through a contact point that had just changed"
    assert at.why() == (None if counts else f"{LACKS.format(0)}; {why}")


def test_the_customer_alone_is_enough(story: Callable[..., Control]) -> None:
    at = story()
    at.run(0)
    at.change(5, "A", None)
    at.run(5)
    at.approve(6, "customer", None, "A", None)
    at.run(7)
    assert (at.approved(), at.why()) == (None, None)


def test_an_approval_counts_once(story: Callable[..., Control]) -> None:
    at = story(log=True)
    at.run(0)
    at.change(5, "A", "B")
    both(at, 5, "A", "B")
    at.run(5)
    at.change(5.1, "B", "A")
    both(at, 5.1, "B", "A")
    at.run(5.2)
    assert at.approved() == "A"
    at.change(5.3, "A", "B")
    held(at, "")


def test_a_withdrawal_reverts_nothing_and_a_rejection_holds(
    story: Callable[..., Control],
) -> None:
    at = story()
    at.run(0)
    at.change(5, "A", "B")
    both(at, 5, "A", "B")
    at.run(6)
    ids = at.world.audit_rows("decisions", ["id"])
    at.decisions += [
        f"- {{type: withdraw, withdraws: {i}, by: {by}, at: '2026-03-08', reason: no}}\n"
        for (i,) in ids
        for by in ("ann", "cyd")
    ]
    at.run(8)
    assert (at.approved(), at.why()) == ("B", None)
    at.change(9, "B", "C")
    at.run(9)
    at.approve(9, "dan", "sales", "B", "C", type="reject")
    at.run(10)
    both(at, 10, "B", "C")
    at.run(11)
    assert at.approved() == "B"
    assert at.why() == "rejected by dan"
    assert not at.asked()


def test_a_record_that_comes_back_is_held_by_what_was_approved(
    story: Callable[..., Control],
) -> None:
    at = story()
    at.run(0)
    gone = at.rows.pop("1")
    at.run(1)
    at.rows["1"] = ["B", gone[1]]
    held(at, "")


def test_a_default_on_a_protected_column_is_refused(story: Callable[..., Control]) -> None:
    at = story(rule="defaults:\n  - {column: IBAN, set: none, reason: unknown}\n")
    with pytest.raises(cdmq.CdmqError, match="writes into IBAN, which protected protects"):
        cdmq.parse(at.world.root)
