"""States of prior authorizations, and what is left of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from business.authorizations import (
    STATES,
    Authorization,
    Use,
    authorize,
    is_decided,
    remaining,
    spread,
    state,
)
from business.statuses import status_map

DAY = date(2025, 6, 1)
ZERO = Decimal("0.00")
VALID = Authorization("1", "approved", "PA-1", date(2025, 5, 1), date(2025, 6, 30), 10, Decimal("1000.00"))

statuses = st.sampled_from(["pending", "shipped", "delivered", "cancelled", "void", "something", None])
amounts = st.decimals(min_value=0, max_value=500, places=2)
days = st.dates(date(2025, 1, 1), date(2025, 12, 31))
uses = st.lists(
    st.builds(Use, st.integers(0, 99).map(str), statuses, st.integers(0, 5), amounts, days | st.none()), max_size=8
).map(tuple)
grants = st.lists(
    st.builds(
        Authorization,
        st.integers(0, 99).map(str),
        st.sampled_from([*STATES, "odd", None]),
        st.none(),
        days | st.none(),
        days | st.none(),
        st.integers(0, 20) | st.none(),
        st.decimals(min_value=0, max_value=2000, places=2) | st.none(),
    ),
    max_size=4,
    unique_by=lambda each: each.id,
).map(tuple)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("Approved", "approved"),
        ("partially-approved", "partially-approved"),
        ("In Review", "pending"),
        ("rejected", "denied"),
        ("not required", "not-required"),
        ("all good", "unknown"),
        (None, "unknown"),
    ],
)
def test_a_status_text_means_a_state_and_an_unknown_one_no_approval(status: str | None, expected: str) -> None:
    assert state(Authorization("1", status), DAY) == expected


def test_an_authorization_is_valid_on_its_last_day_and_expired_on_the_next() -> None:
    assert state(VALID, date(2025, 6, 30)) == "approved"
    assert state(VALID, date(2025, 7, 1)) == "expired"


def test_an_authorization_is_not_valid_before_its_first_day() -> None:
    assert state(VALID, date(2025, 5, 1)) == "approved"
    assert state(VALID, date(2025, 4, 30)) == "not-yet-valid"


def test_the_states_cover_exactly_the_texts_of_the_status_map() -> None:
    assert set(STATES) == set(status_map("prior-authorization-outcome").codes)


def test_only_what_the_payer_answered_is_decided() -> None:
    assert not is_decided(Authorization("1", "pending"))
    assert is_decided(Authorization("1", "denied"))
    assert not is_decided(Authorization("1", "cancelled"))
    assert is_decided(Authorization("1", "cancelled", approved_on=DAY))
    assert is_decided(Authorization("1", "voided", denial_reason="no need"))


def test_orders_that_came_to_nothing_use_nothing() -> None:
    ended = [Use("a", status, 3, Decimal("30.00")) for status in ("cancelled", "Canceled", "rejected", "void", "draft")]
    left = remaining(VALID, [*ended, Use("b", "returned", 2, Decimal("20.00")), Use("c", "odd", 1, Decimal("0.01"))])
    assert (left.units, left.amount) == (7, Decimal("979.99"))


def test_a_limit_that_the_payer_did_not_set_is_never_used_up() -> None:
    left = remaining(Authorization("1", "approved"), [Use("a", "shipped", 1000, Decimal("99999.99"))])
    assert left.units is None
    assert left.covers(10**9, Decimal("1e12"))
    assert not left.overdrawn


def test_using_more_than_was_approved_is_overdrawn() -> None:
    left = remaining(VALID, [Use("a", "shipped", 11)])
    assert (left.units, left.overdrawn) == (-1, True)


def test_an_order_takes_the_authorization_that_ends_first_and_has_room() -> None:
    later = replace(VALID, id="2", expires_on=date(2025, 12, 31))
    taken = spread([later, VALID], [Use("a", "shipped", 8, ZERO, DAY), Use("b", "shipped", 4, ZERO, DAY)])
    assert [[use.order for use in taken[each]] for each in ("1", "2")] == [["a"], ["b"]]


def test_old_orders_stay_with_the_authorization_of_their_time() -> None:
    old = Authorization("0", "expired", None, date(2025, 1, 1), date(2025, 3, 31), 10)
    taken = spread([VALID, old], [Use("a", "delivered", 9, ZERO, date(2025, 2, 1))])
    assert remaining(VALID, taken["1"]).units == 10
    assert remaining(old, taken["0"]).units == 1


@given(grants, uses)
def test_every_use_that_counts_belongs_to_one_authorization_if_any_was_granted(
    authorizations: tuple[Authorization, ...], used: tuple[Use, ...]
) -> None:
    taken = spread(authorizations, used)
    spent = sorted(use.order for each in taken.values() for use in each)
    assert spent == (sorted(use.order for use in used if use.counts) if taken else [])


@given(grants, uses, st.integers(0, 10), amounts)
def test_what_is_authorized_is_granted_and_fits(
    authorizations: tuple[Authorization, ...], used: tuple[Use, ...], units: int, amount: Decimal
) -> None:
    answer = authorize(authorizations, used, units, amount, DAY)
    assert (answer.authorization is None) == bool(answer.problems)
    if answer.authorization is not None and answer.remaining is not None:
        assert state(answer.authorization, DAY) in ("approved", "partially-approved")
        assert answer.remaining.covers(units, amount)


@given(grants, uses, st.integers(1, 10), amounts)
def test_more_orders_never_authorize_what_fewer_do_not(
    authorizations: tuple[Authorization, ...], used: tuple[Use, ...], units: int, amount: Decimal
) -> None:
    more = (*used, Use("~", "shipped", 1, ZERO, None))
    if len(authorizations) == 1 and authorize(authorizations, more, units, amount, DAY).authorization is not None:
        assert authorize(authorizations, used, units, amount, DAY).authorization is not None


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        (replace(VALID, status="pending"), "authorization-pending"),
        (replace(VALID, status="denied"), "authorization-denied"),
        (replace(VALID, expires_on=DAY - timedelta(days=1)), "authorization-expired"),
        (replace(VALID, approved_on=DAY + timedelta(days=1)), "authorization-not-yet-valid"),
        (replace(VALID, status="looks fine"), "authorization-unknown"),
        (replace(VALID, approved_units=1), "authorization-units"),
        (replace(VALID, approved_amount=Decimal("9.99")), "authorization-amount"),
    ],
)
def test_what_stands_in_the_way_has_a_code_a_sentence_and_a_field(authorization: Authorization, code: str) -> None:
    (problem,) = authorize([authorization], [], 2, Decimal("10.00"), DAY).problems
    assert problem.code == code
    assert problem.sentence.endswith(".")
    assert problem.field


def test_no_authorization_at_all_is_a_problem_of_its_own() -> None:
    assert [problem.code for problem in authorize([], [], 1, ZERO, DAY).problems] == ["authorization-missing"]


def test_a_payer_that_requires_none_is_enough() -> None:
    answer = authorize([Authorization("9", "not_required")], [], 5, ZERO, DAY)
    assert answer.authorization is not None
    assert answer.problems == ()
