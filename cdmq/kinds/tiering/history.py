"""When a tiering rule is reviewed, and what a review changes in `tier_history`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from cdmq.kinds.tiering.words import TieringRule
from cdmq.project.zones import local
from cdmq.values import Project, Rule

#: What `review_query` gives that a row of tier_history keeps.
STATE = ("key", "level", "measures", "cut_offs", "reason", "missed", "uncounted")


@dataclass(frozen=True)
class Clocks:
    """Where the project's clocks stand, and the month with which a year of the books begins."""

    zone: str = "UTC"
    first: int = 1


@dataclass(frozen=True)
class Review:
    """Whether a run judges anew. `label` is the date by which its review is known.

    `due`: judge. `done`: this review was made by an earlier run. `past`: a later review was made;
    history is not rewritten. `message` says so, for the rule's result.
    """

    label: str
    state: Literal["due", "done", "past"]
    message: str = ""


def review_at(
    spec: TieringRule,
    as_of: datetime,
    last: str | None,
    judged: datetime | None = None,
    clocks: Clocks = Clocks(),
) -> Review:
    """The review of a run at `as_of` (UTC). `last` is the label of the last review, if any, and
    `judged` the time it judged by: a longer period than that of then may begin before it."""
    label = label_of(spec, as_of, clocks)
    if last is not None and judged is not None and label < last and _utc(as_of) >= _utc(judged):
        label = last
    if last is None or label > last:
        return Review(label, "due")
    if label < last:
        return Review(
            label,
            "past",
            f"as_of is before the last review, {last}: the history of "
            "levels is not rewritten (was it a mistake: cdmq clean --reviews-after DAY)",
        )
    if spec.review is None:
        return Review(label, "due")
    return Review(label, "done", f"judged already in the {spec.review} review of {label}")


def label_of(spec: TieringRule, as_of: datetime, clocks: Clocks = Clocks()) -> str:
    """The first day of the period by the project's calendar, or the time itself (UTC: it never
    goes back) where every run is a review."""
    as_of = _utc(as_of)
    if spec.review is None:
        return as_of.isoformat(sep=" ", timespec="seconds")
    return _begins(local(as_of, clocks.zone).date(), spec.review, clocks.first).isoformat()


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


def _begins(day: date, period: str, first: int) -> date:
    if period == "weekly":
        return day - timedelta(days=day.weekday())
    if period == "monthly":
        return day.replace(day=1)
    if period == "quarterly":
        return _months_before(day, (day.month - first) % 3)
    if period == "yearly":
        return _months_before(day, (day.month - first) % 12)
    return day


def _months_before(day: date, months: int) -> date:
    """The first day of an earlier month."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, 1)


def periods(spec: TieringRule, begin: date, until: str, clocks: Clocks) -> list[str]:
    """The labels of the reviews from the one of a day on, before another."""
    assert spec.review is not None
    day, found = _begins(begin, spec.review, clocks.first), []
    while day.isoformat() < until:
        found.append(day.isoformat())
        months = {"monthly": 1, "quarterly": 3, "yearly": 12}.get(spec.review)
        days = 7 if spec.review == "weekly" else 1
        day = _months_before(day, -months) if months else day + timedelta(days=days)
    return found


def clocks_of(rule: Rule, project: Project) -> Clocks:
    """By the calendar of whom it judges, or of the records that those are made of."""
    judged = project.datasets[rule.dataset]
    both = (judged, project.datasets.get(judged.made_of or ""))
    said = [d.spec.calendar for d in both if d is not None and d.spec.calendar]
    return Clocks(project.config.time_zone, said[0].first if said else 1)
