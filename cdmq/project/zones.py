"""The time zone of a project: where the clocks stand by which its days and times are meant."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from functools import cache

from cdmq.problems import CdmqError, Problem, Span, closest


@cache
def zone_of(name: str) -> tzinfo:
    from zoneinfo import ZoneInfo

    return UTC if name == "UTC" else ZoneInfo(name)


def wrong(name: str) -> str | None:
    """Why a name is no time zone; None where it is one."""
    if name == "UTC":
        return None
    from zoneinfo import available_timezones

    known = available_timezones()
    if not known:
        return "this machine has no list of time zones: pip install tzdata"
    if name in known:
        return None
    near = closest(name, known)
    return (
        f"'{name}' is no time zone; write a name of the IANA's list such as "
        f"{near or 'Europe/Berlin'}"
    )


def utc(moment: datetime, zone: str) -> datetime:
    """A moment in UTC; one that names no zone is meant in the project's."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=zone_of(zone))
    try:
        return aware.astimezone(UTC)
    except OverflowError:  # it leaves the years 1 to 9999
        raise CdmqError(
            Problem(
                Span("--as-of"),
                "CDMQ345",
                f"'{moment}' is no time in UTC",
                "write a time in the years 2 to 9998",
            )
        ) from None


def local(moment: datetime, zone: str) -> datetime:
    """What the project's clocks show at a moment; one that names no zone is in UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        return aware.astimezone(zone_of(zone)).replace(tzinfo=None)
    except OverflowError:
        return aware.replace(tzinfo=None)  # at the ends of time clocks agree
