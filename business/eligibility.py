"""Whether a patient is insured, out of many checks that may be old, undecided or contrary to each other.

The rules for ties, within one coverage (one payer and member number):

1. Only checks count that are fresh and whose time is not in the future.
2. Decided checks (eligible or not) come before undecided ones (pending, failed, contradicting itself).
3. The latest check counts.
4. Of two at the same instant, the one from an electronic source counts before one by hand.
5. Of two like that, "not eligible" counts before "eligible": nobody gets goods on the strength of a coin.
6. Of two like that, the one with the greater id.

Among several coverages of the patient, an eligible one answers before an undecided one, that before one which is not;
among equals the one with fewer doubts, then by the rules above.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from business.statuses import normal

SHELF_LIFE = timedelta(days=30)
"""How long a check without `expires_at` is good for."""

CLOCK_SKEW = timedelta(minutes=5)
"""How far in the future a check may seem to be because two clocks differ."""

VERDICTS: Mapping[str, str] = MappingProxyType(
    {
        "eligible": "eligible",
        "active": "eligible",
        "verified": "eligible",
        "covered": "eligible",
        "inactive": "not-eligible",
        "ineligible": "not-eligible",
        "not_covered": "not-eligible",
        "terminated": "not-eligible",
        "not_found": "not-eligible",
    }
)
"""What a stored text says by itself; every other text leaves it undecided."""

BY_HAND = frozenset({"manual", "phone", "fax", "portal", "import", "paper"})
"""Sources that are a person's word; every other named source is electronic."""

CONFIDENCE = ("high", "medium", "low")
"""The confidence by the number of doubts: none, one, more."""


@dataclass(frozen=True, slots=True)
class EligibilityCheck:
    """A row of eligibility_checks; times are aware."""

    id: str
    status: str | None
    coverage_active: bool | None = None
    checked_at: datetime | None = None
    expires_at: datetime | None = None
    payer: str | None = None
    member: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class EligibilityAnswer:
    """One plain answer about a patient.

    `answer` is "eligible", "not-eligible" or "unknown"; `confidence` "high", "medium", "low", or "none" for an unknown
    answer; `doubts` are the codes that lowered it. `check` is the one that counts, `good_until` the end of its
    freshness, `disagreeing` the ids of fresh checks of the same coverage that say the contrary.
    """

    answer: str
    confidence: str
    reason: str
    check: EligibilityCheck | None = None
    good_until: datetime | None = None
    doubts: tuple[str, ...] = ()
    disagreeing: tuple[str, ...] = ()


def good_until(check: EligibilityCheck) -> datetime | None:
    """The first instant at which a check is no longer fresh; None when it has neither a time nor an end."""
    if check.expires_at is not None:
        return check.expires_at
    return None if check.checked_at is None else check.checked_at + SHELF_LIFE


def is_fresh(check: EligibilityCheck, now: datetime) -> bool:
    """Whether a check may still be relied on. One that was called expired is not, whatever its times say."""
    end = good_until(check)
    if end is None or now >= end or (check.status is not None and normal(check.status) == "expired"):
        return False
    return check.checked_at is None or check.checked_at <= now + CLOCK_SKEW


def verdict(check: EligibilityCheck) -> str:
    """What one check says: "eligible", "not-eligible" or "unknown", whether fresh or not.

    Text and `coverage_active` must not contradict each other. A text that is not listed never makes anybody eligible,
    but a coverage that is said to be inactive is believed. Without a text the flag decides.
    """
    stated = VERDICTS.get(normal(check.status)) if check.status is not None else None
    if check.coverage_active is None:
        return stated or "unknown"
    flagged = "eligible" if check.coverage_active else "not-eligible"
    if stated is None:
        return flagged if check.status is None or not check.coverage_active else "unknown"
    return stated if stated == flagged else "unknown"


def eligibility(checks: Iterable[EligibilityCheck], now: datetime) -> EligibilityAnswer:
    """The answer about one patient from all of the patient's checks, by the rules of this module."""
    known = list(checks)
    fresh = [check for check in known if is_fresh(check, now)]
    if not fresh:
        return _without_fresh(known)
    coverages: dict[tuple[str, str], list[EligibilityCheck]] = {}
    for check in fresh:
        coverages.setdefault((_key(check.payer), _key(check.member)), []).append(check)
    counting = [(max(of_one, key=_rank), of_one) for of_one in coverages.values()]
    answers = [(_of_coverage(check, of_one), _rank(check)) for check, of_one in counting]
    best, _ = max(answers, key=lambda each: (_ANSWERS.index(each[0].answer), -len(each[0].doubts), each[1]))
    return best


_ANSWERS = ("not-eligible", "unknown", "eligible")


def _of_coverage(check: EligibilityCheck, checks: list[EligibilityCheck]) -> EligibilityAnswer:
    """What the check that counts says, with the doubts that the other checks of the same coverage raise."""
    said = verdict(check)
    if said == "unknown":
        return EligibilityAnswer(
            "unknown", "none", "The check has not come to a decision.", check, good_until(check), ("undecided",)
        )
    against = tuple(sorted(each.id for each in checks if verdict(each) not in (said, "unknown")))
    pending = any(verdict(each) == "unknown" and _time(each) > _time(check) for each in checks)
    doubts = _doubts(check, bool(against), pending)
    reason = "The coverage was found active." if said == "eligible" else "The coverage was found not to be active."
    if against:
        reason += " Another fresh check of the same coverage says the contrary; this one counts before it."
    return EligibilityAnswer(
        said, CONFIDENCE[min(len(doubts), 2)], reason, check, good_until(check), doubts, disagreeing=against
    )


def _doubts(check: EligibilityCheck, disagreement: bool, pending: bool) -> tuple[str, ...]:
    found = {
        "disagreement": disagreement,
        "newer-undecided": pending,
        "by-hand": not _is_electronic(check),
        "no-status": check.status is None,
        "no-coverage-flag": check.coverage_active is None,
        "no-check-date": check.checked_at is None,
        "assumed-shelf-life": check.expires_at is None,
    }
    return tuple(doubt for doubt, is_so in found.items() if is_so)


def _without_fresh(checks: list[EligibilityCheck]) -> EligibilityAnswer:
    if not checks:
        return EligibilityAnswer("unknown", "none", "The patient's insurance has never been checked.", None)
    latest = max(checks, key=_rank)
    return EligibilityAnswer(
        "unknown", "none", "No check of the patient's insurance is fresh.", latest, good_until(latest), ("stale",)
    )


def _rank(check: EligibilityCheck) -> tuple[bool, float, bool, bool, str]:
    said = verdict(check)
    return (
        said != "unknown",
        _time(check),
        _is_electronic(check),
        said == "not-eligible",
        check.id,
    )


def _time(check: EligibilityCheck) -> float:
    return float("-inf") if check.checked_at is None else check.checked_at.timestamp()


def _is_electronic(check: EligibilityCheck) -> bool:
    return check.source is not None and bool(check.source.strip()) and normal(check.source) not in BY_HAND


def _key(text: str | None) -> str:
    return "" if text is None else " ".join(text.split()).lower()
