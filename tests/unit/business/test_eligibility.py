"""One answer out of many eligibility checks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from business.eligibility import (
    SHELF_LIFE,
    VERDICTS,
    EligibilityCheck,
    eligibility,
    good_until,
    is_fresh,
    verdict,
)
from business.statuses import status_map

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
GOOD = EligibilityCheck(
    "1", "eligible", True, NOW - HOUR, NOW + 24 * HOUR, payer="MEDICARE", member="M1", source="availity"
)
BAD = replace(GOOD, id="2", status="terminated", coverage_active=False)

moments = st.datetimes(datetime(2025, 4, 1), datetime(2025, 7, 1), timezones=st.just(UTC))  # noqa: DTZ001
checks = st.lists(
    st.builds(
        EligibilityCheck,
        st.integers(0, 99).map(str),
        st.sampled_from(["eligible", "Not Covered", "pending", "expired", "odd", None]),
        st.booleans() | st.none(),
        moments | st.none(),
        moments | st.none(),
        st.sampled_from(["medicare", " Medicare", "Other", None]),
        st.sampled_from(["M1", None]),
        st.sampled_from(["availity", "manual", "", None]),
    ),
    max_size=6,
    unique_by=lambda check: check.id,
)


def test_a_check_is_fresh_until_it_expires() -> None:
    assert is_fresh(replace(GOOD, expires_at=NOW + timedelta(microseconds=1)), NOW)
    assert not is_fresh(replace(GOOD, expires_at=NOW), NOW)


def test_a_check_without_an_end_is_good_for_the_shelf_life() -> None:
    check = replace(GOOD, expires_at=None)
    assert good_until(check) == NOW - HOUR + SHELF_LIFE
    assert not is_fresh(check, NOW - HOUR + SHELF_LIFE)
    assert good_until(replace(check, checked_at=None)) is None
    assert not is_fresh(replace(check, checked_at=None), NOW)


def test_a_check_from_the_future_does_not_count_but_a_slow_clock_is_forgiven() -> None:
    assert not is_fresh(replace(GOOD, checked_at=NOW + HOUR), NOW)
    assert is_fresh(replace(GOOD, checked_at=NOW + timedelta(minutes=4)), NOW)


def test_a_check_called_expired_is_not_fresh() -> None:
    assert not is_fresh(replace(GOOD, status="Expired"), NOW)


@pytest.mark.parametrize(
    ("status", "active", "expected"),
    [
        ("Verified", True, "eligible"),
        ("verified", None, "eligible"),
        (None, True, "eligible"),
        (None, False, "not-eligible"),
        (None, None, "unknown"),
        ("not found", None, "not-eligible"),
        ("eligible", False, "unknown"),
        ("inactive", True, "unknown"),
        ("pending", None, "unknown"),
        ("looks good", True, "unknown"),
        ("looks bad", False, "not-eligible"),
    ],
)
def test_a_check_says_only_what_text_and_flag_agree_on(status: str | None, active: bool | None, expected: str) -> None:
    assert verdict(replace(GOOD, status=status, coverage_active=active)) == expected


def test_the_texts_that_decide_are_listed_as_complete() -> None:
    assert {*VERDICTS, "expired"} == set(status_map("eligibility").texts("complete"))


def test_a_fresh_electronic_check_is_answered_with_high_confidence() -> None:
    answer = eligibility([GOOD], NOW)
    assert (answer.answer, answer.confidence, answer.check) == ("eligible", "high", GOOD)
    assert answer.good_until == GOOD.expires_at


def test_nobody_is_eligible_without_a_fresh_check() -> None:
    stale = replace(GOOD, expires_at=NOW)
    for known in ([], [stale]):
        answer = eligibility(known, NOW)
        assert (answer.answer, answer.confidence) == ("unknown", "none")
    assert eligibility([stale], NOW).check == stale


def test_the_latest_check_of_a_coverage_counts_and_the_contrary_one_is_named() -> None:
    answer = eligibility([replace(GOOD, checked_at=NOW - 2 * HOUR), BAD], NOW)
    assert (answer.answer, answer.disagreeing, answer.confidence) == ("not-eligible", ("1",), "medium")
    assert eligibility([GOOD, replace(BAD, checked_at=NOW - 2 * HOUR)], NOW).answer == "eligible"


def test_at_the_same_instant_an_electronic_source_counts_before_one_by_hand() -> None:
    assert eligibility([GOOD, replace(BAD, source="Manual")], NOW).answer == "eligible"
    assert eligibility([GOOD, replace(BAD, source=None)], NOW).answer == "eligible"


def test_at_a_full_tie_the_answer_is_no() -> None:
    assert eligibility([GOOD, BAD], NOW).answer == "not-eligible"
    assert eligibility([replace(GOOD, id="3"), BAD], NOW).answer == "not-eligible"


def test_a_newer_undecided_check_leaves_the_answer_but_lowers_the_confidence() -> None:
    pending = EligibilityCheck("9", "pending", None, NOW, NOW + HOUR, "medicare", "m1", "availity")
    answer = eligibility([GOOD, pending], NOW)
    assert (answer.answer, answer.confidence, answer.doubts) == ("eligible", "medium", ("newer-undecided",))


def test_two_coverages_do_not_contradict_each_other() -> None:
    answer = eligibility([GOOD, replace(BAD, payer="Other", checked_at=NOW)], NOW)
    assert (answer.answer, answer.disagreeing) == ("eligible", ())


def test_a_coverage_that_is_eligible_answers_before_an_undecided_one() -> None:
    pending = replace(GOOD, id="3", status="pending", coverage_active=None, payer="Other", checked_at=NOW)
    assert eligibility([pending, GOOD], NOW).check == GOOD
    assert eligibility([pending, BAD], NOW).answer == "unknown"


@given(checks, st.randoms())
def test_the_answer_does_not_depend_on_the_order_of_the_checks(known: list[EligibilityCheck], random: object) -> None:
    shuffled = list(known)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert eligibility(shuffled, NOW) == eligibility(known, NOW)


@given(checks)
def test_an_answer_always_rests_on_a_fresh_check_that_says_so(known: list[EligibilityCheck]) -> None:
    answer = eligibility(known, NOW)
    assert (answer.answer == "unknown") == (answer.confidence == "none")
    if answer.answer != "unknown":
        assert answer.check is not None
        assert is_fresh(answer.check, NOW)
        assert verdict(answer.check) == answer.answer


@given(checks)
def test_stale_checks_change_nothing(known: list[EligibilityCheck]) -> None:
    fresh = [check for check in known if is_fresh(check, NOW)]
    if fresh:
        assert eligibility(fresh, NOW) == eligibility(known, NOW)
