"""What sales earn."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from business.commission_plans import Override, Period, Plan, Sale, Tier, commission, earnings, tier_of

PLAN = Plan(
    (
        Tier("bronze", Decimal(0), Decimal("0.0500")),
        Tier("gold", Decimal("10000.00"), Decimal("0.0800"), bonus=Decimal("0.0100")),
    ),
    {"rep": (Override("boss", Decimal("0.0100")),)},
)
SALE = Sale("o1", "rep", Decimal("1000.00"), "delivered", date(2025, 5, 31), "org")


@pytest.mark.parametrize(
    ("base", "rate", "amount"),
    [
        ("0.50", "0.0500", "0.02"),
        ("0.70", "0.0500", "0.04"),
        ("1234.56", "0.0725", "89.51"),
        ("-0.70", "0.0500", "-0.04"),
        ("99999999.99", "9.9999", "999989999.90"),
        ("0", "0.05", "0.00"),
    ],
)
def test_halves_of_cents_go_to_the_even_cent(base: str, rate: str, amount: str) -> None:
    assert str(commission(Decimal(base), Decimal(rate))) == amount


@given(
    st.decimals(Decimal("-99999999.99"), Decimal("99999999.99"), places=2),
    st.decimals(Decimal(0), Decimal("9.9999"), places=4),
)
def test_the_amount_is_the_exact_product_rounded_to_the_nearest_cent(base: Decimal, rate: Decimal) -> None:
    cents = Fraction(base) * Fraction(rate) * 100
    assert Fraction(commission(base, rate)) * 100 == round(cents)


def test_a_month_has_a_number_from_one_to_twelve() -> None:
    assert Period.of(date(2025, 12, 31)) == Period(2025, 12)
    for month in (0, 13):
        with pytest.raises(ValueError, match=str(month)):
            Period(2025, month)


def test_the_tier_is_the_highest_that_the_month_reaches() -> None:
    assert [tier and tier.name for tier in (tier_of(PLAN.tiers, Decimal(each)) for each in (-1, 0, 9999, 10000))] == [
        None,
        "bronze",
        "bronze",
        "gold",
    ]


def test_a_delivered_order_earns_the_representative_and_the_manager() -> None:
    assert [(each.representative, each.type, each.amount, each.tier) for each in earnings([SALE], PLAN)] == [
        ("rep", "order", Decimal("50.00"), "bronze"),
        ("boss", "override", Decimal("10.00"), None),
    ]


def test_the_tier_of_the_month_holds_for_all_its_sales() -> None:
    second = replace(SALE, order="o2", amount=Decimal("9000.00"), delivered_on=date(2025, 5, 1))
    found = [(each.order, each.type, each.amount) for each in earnings([SALE, second], PLAN) if each.type != "override"]
    assert found == [
        ("o1", "order", Decimal("80.00")),
        ("o1", "bonus", Decimal("10.00")),
        ("o2", "order", Decimal("720.00")),
        ("o2", "bonus", Decimal("90.00")),
    ]
    june = replace(second, delivered_on=date(2025, 6, 1))
    assert {each.tier for each in earnings([SALE, june], PLAN) if each.type == "order"} == {"bronze"}


@pytest.mark.parametrize("status", ["shipped", "cancelled", "returned", "odd", None])
def test_an_order_that_is_not_delivered_earns_nothing(status: str | None) -> None:
    assert earnings([replace(SALE, status=status)], PLAN) == ()


def test_a_delivery_without_a_date_earns_nothing_yet() -> None:
    assert earnings([replace(SALE, delivered_on=None)], PLAN) == ()
