"""Commission records: recalculation, reversals, statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from business.commission_plans import Earning, Period
from business.commissions import (
    STANDINGS,
    Change,
    CommissionRecord,
    flaws,
    recalculate,
    reversal,
    statement,
)
from business.statuses import status_map

MAY, JUNE = Period(2025, 5), Period(2025, 6)
EARNED = Earning("rep", "o1", "order", Decimal("1000.00"), Decimal("0.0500"), MAY, "bronze", "org")
RECORD = CommissionRecord(
    "1",
    "rep",
    "o1",
    "order",
    Decimal("1000.00"),
    Decimal("0.0500"),
    Decimal("50.00"),
    "bronze",
    2025,
    5,
    "calculated",
    "org",
)

cents = st.decimals(Decimal(-500), Decimal(2000), places=2)
keys = st.tuples(
    st.sampled_from(["rep", "boss"]), st.sampled_from(["o1", "o2"]), st.sampled_from(["order", "bonus", "override"])
)
all_earned = st.lists(
    st.builds(
        lambda key, base, rate, month: Earning(*key, base, rate, Period(2025, month)),
        keys,
        st.decimals(Decimal(0), Decimal(2000), places=2),
        st.sampled_from([Decimal("0.0500"), Decimal("0.0825"), Decimal("0.0000")]),
        st.integers(1, 12),
    ),
    max_size=6,
)
all_records = st.lists(
    st.builds(
        lambda key, amount, status, month: CommissionRecord(
            None, *key, amount, Decimal("1.0000"), amount, None, 2025, month, status
        ),
        keys,
        cents | st.none(),
        st.sampled_from([*STANDINGS, "Partially Paid", "odd", None]),
        st.integers(1, 12) | st.none(),
    ),
    max_size=6,
).map(lambda records: [replace(record, id=str(place)) for place, record in enumerate(records)])


def after(records: Iterable[CommissionRecord], changes: Iterable[Change]) -> list[CommissionRecord]:
    """The records once the changes are made."""
    stored = {record.id: record for record in records}
    for change in changes:
        name = change.record.id or f"new-{len(stored)}"
        assert (change.record.id is None) == (change.action == "add")
        stored[name] = replace(change.record, id=name)
    return list(stored.values())


def test_what_is_earned_for_the_first_time_is_added() -> None:
    (change,) = recalculate([EARNED], [], JUNE)
    assert (change.action, change.record) == ("add", replace(RECORD, id=None))


def test_a_record_that_is_right_is_left_alone() -> None:
    assert recalculate([EARNED], [RECORD], JUNE) == ()


def test_an_open_record_is_corrected_in_place() -> None:
    (change,) = recalculate([replace(EARNED, rate=Decimal("0.0800"), tier="gold")], [RECORD], JUNE)
    assert change.action == "change"
    assert (change.record.id, change.record.amount, change.record.tier) == ("1", Decimal("80.00"), "gold")
    assert change.record.month == 5


@pytest.mark.parametrize("status", ["approved", "paid", "partially_paid", "disputed", "odd", None])
def test_a_record_that_is_not_open_stays_and_the_difference_is_a_new_one(status: str | None) -> None:
    (change,) = recalculate([replace(EARNED, rate=Decimal("0.0800"))], [replace(RECORD, status=status)], JUNE)
    assert (change.action, change.record.amount, change.record.status) == ("add", Decimal("30.00"), "adjusted")
    assert (change.record.year, change.record.month) == (2025, 6)
    assert flaws(change.record) == ()


@pytest.mark.parametrize(("status", "becomes"), [("approved", "reversed"), ("paid", "clawback")])
def test_an_order_that_earns_nothing_any_more_is_taken_back(status: str, becomes: str) -> None:
    (change,) = recalculate([], [replace(RECORD, status=status)], JUNE)
    assert (change.action, change.record.amount, change.record.status) == ("add", Decimal("-50.00"), becomes)


def test_an_open_record_of_an_order_that_earns_nothing_is_void() -> None:
    assert [(change.action, change.record.status) for change in recalculate([], [RECORD], JUNE)] == [("void", "void")]


def test_a_second_open_record_for_the_same_is_void() -> None:
    changes = recalculate([EARNED], [RECORD, replace(RECORD, id="2")], JUNE)
    assert [(change.action, change.record.id) for change in changes] == [("void", "2")]


def test_a_void_record_is_made_anew_but_a_cancelled_one_was_a_decision() -> None:
    assert [change.action for change in recalculate([EARNED], [replace(RECORD, status="void")], JUNE)] == ["add"]
    for status in ("cancelled", "reversed", "clawback"):
        assert recalculate([EARNED], [replace(RECORD, status=status)], JUNE) == ()


def test_the_month_of_the_recalculation_does_not_move_what_is_open() -> None:
    paid = replace(RECORD, status="paid")
    correction = CommissionRecord(
        "2",
        "rep",
        "o1",
        "order",
        Decimal("30.00"),
        Decimal("1.0000"),
        Decimal("30.00"),
        "bronze",
        2025,
        6,
        "pending",
        "org",
    )
    higher = replace(EARNED, rate=Decimal("0.0800"))
    assert recalculate([higher], [paid, correction], Period(2025, 9)) == ()


@given(all_earned, all_records, st.integers(1, 12))
def test_calculating_again_changes_nothing(earned: list[Earning], records: list[CommissionRecord], month: int) -> None:
    once = after(records, recalculate(earned, records, JUNE))
    assert recalculate(earned, once, Period(2026, month)) == ()


@given(all_earned, all_records)
def test_afterwards_the_ledger_says_what_is_earned(earned: list[Earning], records: list[CommissionRecord]) -> None:
    wanted: defaultdict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for earning in earned:
        wanted[earning.representative, earning.order, earning.type] += earning.amount
    held: defaultdict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    withheld = set()
    for record in after(records, recalculate(earned, records, JUNE)):
        key = record.representative, record.order, str(record.type)
        held[key] += record.counted
        if record.is_taken_back or record.status == "cancelled":
            withheld.add(key)
    for key in {*wanted, *held}:
        assert held[key] == wanted[key] or (key in withheld and held[key] < wanted[key])


@given(all_earned, all_records)
def test_what_is_approved_or_paid_is_never_touched(earned: list[Earning], records: list[CommissionRecord]) -> None:
    settled = {record.id for record in records if record.standing not in ("open", "none")}
    assert not settled & {change.record.id for change in recalculate(earned, records, JUNE)}


@given(all_earned, all_records)
def test_no_new_record_has_a_flaw(earned: list[Earning], records: list[CommissionRecord]) -> None:
    for change in recalculate(earned, records, JUNE):
        if change.action == "add":
            assert flaws(change.record) == ()


@given(all_records)
def test_a_reversal_takes_back_all_that_a_record_counts(records: list[CommissionRecord]) -> None:
    for record in records:
        assert record.counted + reversal(record, JUNE).counted == 0 or record.counted < 0


def test_a_reversal_is_a_record_of_its_own_in_the_month_in_which_it_happens() -> None:
    entry = reversal(replace(RECORD, status="paid"), JUNE)
    assert (entry.id, entry.base, entry.amount, entry.month, entry.status) == (
        None,
        Decimal("-1000.00"),
        Decimal("-50.00"),
        6,
        "clawback",
    )
    assert flaws(entry) == ()


@pytest.mark.parametrize(
    ("record", "code"),
    [
        (replace(RECORD, amount=Decimal("50.01")), "amount-differs"),
        (replace(RECORD, rate=None), "amount-missing"),
        (replace(RECORD, month=13), "period"),
        (replace(RECORD, month=0), "period"),
        (replace(RECORD, year=None), "period"),
        (replace(RECORD, type="gift"), "type"),
        (replace(RECORD, type=None), "type"),
    ],
)
def test_a_flaw_of_a_record_is_named(record: CommissionRecord, code: str) -> None:
    assert [problem.code for problem in flaws(record)] == [code]


def test_a_good_record_has_no_flaws() -> None:
    assert flaws(RECORD) == ()


def test_the_standings_cover_exactly_the_texts_of_the_status_map() -> None:
    assert set(STANDINGS) == set(status_map("commission").codes)


def test_a_statement_sums_up_a_month_of_a_representative() -> None:
    records = [
        RECORD,
        replace(RECORD, id="2", status="Paid", type="bonus"),
        replace(RECORD, id="3", status="void"),
        replace(RECORD, id="4", month=6),
        replace(RECORD, id="5", representative="boss"),
        reversal(replace(RECORD, status="approved"), MAY),
    ]
    found = statement(records, "rep", MAY)
    assert found.total == Decimal("50.00")
    assert found.by_type == {"order": Decimal("0.00"), "bonus": Decimal("50.00")}
    assert found.by_standing == {"open": Decimal("50.00"), "paid": Decimal("50.00"), "payable": Decimal("-50.00")}
    assert found.by_tier == {"bronze": Decimal("50.00")}
    assert found.problems == {}


@given(all_records, st.integers(1, 12))
def test_the_sums_of_a_statement_are_its_total(records: list[CommissionRecord], month: int) -> None:
    found = statement(records, "rep", Period(2025, month))
    for sums in (found.by_type, found.by_standing, found.by_tier):
        assert sum(sums.values()) == found.total


@given(all_records)
def test_all_statements_together_are_all_records_with_a_period(records: list[CommissionRecord]) -> None:
    totals = [statement(records, who, Period(2025, each)).total for who in ("rep", "boss") for each in range(1, 13)]
    assert sum(totals) == sum(record.counted for record in records if record.month is not None)
