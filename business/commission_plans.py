"""Commission plans: what a sale earns whom, by the tier that the month reached."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from types import MappingProxyType

from business.statuses import normal

CENT = Decimal("0.01")

EARNED_AT = frozenset({"delivered", "completed"})
"""Statuses of an order that earns a commission."""

_ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A month. Raises ValueError for a month that is none."""

    year: int
    month: int

    def __post_init__(self) -> None:
        if not 1 <= self.month <= 12:
            raise ValueError(self.month)

    @classmethod
    def of(cls, day: date) -> Period:
        """The month of a day."""
        return cls(day.year, day.month)


@dataclass(frozen=True, slots=True)
class Tier:
    """A step of a plan: from which sales in a month it holds, its rate, and the rate of a bonus on top of it."""

    name: str
    from_amount: Decimal
    rate: Decimal
    bonus: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Override:
    """What somebody else, as a rule the manager, earns from a representative's sales."""

    receiver: str
    rate: Decimal


@dataclass(frozen=True, slots=True)
class Plan:
    """The tiers of a commission plan, and the overrides by the representative whose sales they are of."""

    tiers: tuple[Tier, ...]
    overrides: Mapping[str, tuple[Override, ...]] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Sale:
    """An order of a representative. It earns something once it is delivered, in the month of the delivery."""

    order: str
    representative: str
    amount: Decimal
    status: str | None
    delivered_on: date | None
    organization: str | None = None


@dataclass(frozen=True, slots=True)
class Earning:
    """What somebody has earned from an order."""

    representative: str
    order: str
    type: str
    base: Decimal
    rate: Decimal
    period: Period
    tier: str | None = None
    organization: str | None = None

    @property
    def amount(self) -> Decimal:
        """Base times rate in cents."""
        return commission(self.base, self.rate)


def commission(base: Decimal, rate: Decimal) -> Decimal:
    """Base times rate, rounded to cents, halves to the even cent.

    >>> commission(Decimal("0.50"), Decimal("0.0500"))
    Decimal('0.02')
    """
    return (base * rate).quantize(CENT, ROUND_HALF_EVEN)


def tier_of(tiers: Iterable[Tier], sold: Decimal) -> Tier | None:
    """The highest tier that the sales of a month reach; None below all of them."""
    reached = [tier for tier in tiers if tier.from_amount <= sold]
    return max(reached, key=lambda tier: tier.from_amount, default=None)


def earnings(sales: Iterable[Sale], plan: Plan) -> tuple[Earning, ...]:
    """What everybody earns from sales, by the plan; `sales` must hold all of the months that it touches.

    The tier that a representative reaches in a month holds for all sales of that month.
    """
    earned = [
        (sale, Period.of(sale.delivered_on))
        for sale in sales
        if sale.delivered_on is not None and sale.status is not None and normal(sale.status) in EARNED_AT
    ]
    sold: defaultdict[tuple[str, Period], Decimal] = defaultdict(lambda: _ZERO)
    for sale, period in earned:
        sold[sale.representative, period] += sale.amount
    found: list[Earning] = []
    for sale, period in earned:
        own = tier_of(plan.tiers, sold[sale.representative, period])
        shares = [(sale.representative, "order", own.rate, own.name)] if own else []
        if own and own.bonus is not None:
            shares.append((sale.representative, "bonus", own.bonus, own.name))
        shares += [(each.receiver, "override", each.rate, "") for each in plan.overrides.get(sale.representative, ())]
        found += [
            Earning(who, sale.order, kind, sale.amount, rate, period, tier or None, sale.organization)
            for who, kind, rate, tier in shares
        ]
    return tuple(found)
