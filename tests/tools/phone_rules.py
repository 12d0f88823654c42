"""libphonenumber's `parse` and `is_valid_number` as functions of digits."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import phonenumbers
from phone_automaton import DEAD, DIGITS, Automaton
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE as REGIONS
from phonenumbers import PhoneMetadata
from phonenumbers import phonenumberutil as lib

TYPES = (
    "fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "personal_number", "voip",
    "pager", "uan", "voicemail",
)  # fmt: skip
_TOO_FEW = (
    phonenumbers.ValidationResult.TOO_SHORT,
    phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY,
    phonenumbers.ValidationResult.INVALID_LENGTH,
)


class Reading(NamedTuple):
    """What becomes of written digits: put + digits[skip:skip+keep] + digits[skip+keep+jump:]."""

    put: str
    skip: int
    keep: int = 0
    jump: int = 0

    def apply(self, digits: str) -> str:
        behind = self.skip + self.keep
        return self.put + digits[self.skip : behind] + digits[behind + self.jump :]


AS_IS = Reading("", 0)


def metadata(code: int, region: str) -> PhoneMetadata:
    """The metadata of a region; 001 is a calling code of no country."""
    if region == "001":
        return PhoneMetadata.metadata_for_nongeo_region(code)
    return PhoneMetadata.metadata_for_region(region)


class Plan:
    """The valid national numbers of a calling code, over all its regions."""

    def __init__(self, code: int) -> None:
        self.code, self.regions = code, REGIONS[code]
        patterns: dict[str, str] = {}
        self._lengths: dict[str, frozenset[int]] = {}
        self._led: set[str] = set()
        for region in self.regions:
            data = metadata(code, region)
            if data.leading_digits:
                self._led.add(region)
                patterns[f"{region} leads"] = f"(?:{data.leading_digits})\\d*"
            for kind in ("general_desc", *TYPES):
                desc = getattr(data, kind)
                if desc is not None and desc.national_number_pattern not in (None, "NA"):
                    patterns[f"{region} {kind}"] = desc.national_number_pattern
                    self._lengths[f"{region} {kind}"] = frozenset(desc.possible_length)
        self.automaton = Automaton(patterns)
        self._outcomes: dict[tuple[int, int, int], int] = {}

    def _of(self, region: str, state: int, length: int) -> bool:
        tags = self.automaton.accepted[state]

        def fits(kind: str) -> bool:
            tag = f"{region} {kind}"
            return tag in tags and length in self._lengths[tag]

        return fits("general_desc") and any(map(fits, TYPES))

    def valid(self, state: int, length: int) -> bool:
        """As is_valid_number: the first region that claims the number decides."""
        if len(self.regions) == 1:
            return self._of(self.regions[0], state, length)
        for region in self.regions:
            if region in self._led:
                if f"{region} leads" in self.automaton.accepted[state]:
                    return self._of(region, state, length)
            elif self._of(region, state, length):
                return True
        return False

    def outcomes(self, state: int, left: int, length: int) -> int:
        """1: some number from here is not valid; 2: some is; 3: both."""
        if state == DEAD:
            return 1
        key = (state, left, length)
        if key not in self._outcomes:
            if left == 0:
                found = 2 if self.valid(state, length) else 1
            else:
                found = 0
                for digit in DIGITS:
                    found |= self.outcomes(self.automaton.step(state, digit), left - 1, length)
            self._outcomes[key] = found
        return self._outcomes[key]

    def starts(self, length: int) -> list[str]:
        """The shortest starts behind which every number of this length is valid."""
        found: list[str] = []

        def go(state: int, start: str) -> None:
            outcome = self.outcomes(state, length - len(start), length)
            if outcome == 2:
                found.append(start)
            elif outcome == 3:
                for digit in DIGITS:
                    go(self.automaton.step(state, digit), start + digit)

        go(self.automaton.start, "")
        return found


@cache
def plan(code: int) -> Plan:
    """One plan a calling code."""
    return Plan(code)


def stripped(digits: str, data: PhoneMetadata) -> str:
    """Without the national prefix, as the library decides."""
    return str(lib._maybe_strip_national_prefix_carrier_code(digits, data)[1])


def _general(digits: str, data: PhoneMetadata) -> bool:
    return bool(lib._match_national_number(digits, data.general_desc, False))


def _finish(digits: str, data: PhoneMetadata, code: int) -> str | None:
    """The end of the library's parse, then is_valid_number."""
    if len(digits) < 2:
        return None
    short = stripped(digits, data)
    if lib._test_number_length(short, data) not in _TOO_FEW:
        digits = short
    if not 2 <= len(digits) <= 17:
        return None
    numbers = plan(code)
    state = numbers.automaton.walk(numbers.automaton.start, digits)
    return digits if numbers.valid(state, len(digits)) else None


def international(code: int, digits: str) -> str | None:
    """The national number of digits written behind + and the calling code."""
    return _finish(digits, metadata(code, REGIONS[code][0]), code)


def national(region: str, digits: str) -> str | None:
    """The national number of digits written in a region, where no international prefix leads."""
    data = metadata(0, region)
    code, head = data.country_code, str(data.country_code)
    if digits.startswith(head):
        short = stripped(digits[len(head) :], data)
        too_long = phonenumbers.ValidationResult.TOO_LONG
        if (not _general(digits, data) and _general(short, data)) or (
            lib._test_number_length(digits, data) == too_long
        ):
            return _finish(short, metadata(code, REGIONS[code][0]), code)
    return _finish(digits, data, code)
