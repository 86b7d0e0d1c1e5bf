"""Commission records: what is wrong with them, what changes when they are calculated again, and what is due to whom.

The records of one representative, order and type are a ledger: recalculation brings their sum to what is earned. Open
records are corrected in place; what has been approved or paid stays as it is, and the difference is a new record.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from business.commission_plans import Earning, Period, commission
from business.problems import Problem
from business.statuses import normal

TYPES = ("order", "bonus", "override")

_ZERO = Decimal("0.00")
_ONE = Decimal("1.0000")

STANDINGS: Mapping[str, str] = MappingProxyType(
    {
        "calculated": "open",
        "pending": "open",
        "approved": "payable",
        "adjusted": "payable",
        "reversed": "payable",
        "clawback": "payable",
        "paid": "paid",
        "partially_paid": "part-paid",
        "disputed": "disputed",
        "void": "none",
        "cancelled": "none",
    }
)
"""Which sum of a statement a record belongs to, by its status; of every other status to "other"."""

_TAKEN_BACK = frozenset({"reversed", "clawback"})


@dataclass(frozen=True, slots=True)
class CommissionRecord:
    """A row of commission_records, as it is or as it should become; a new one has no id."""

    id: str | None
    representative: str
    order: str
    type: str | None
    base: Decimal | None
    rate: Decimal | None
    amount: Decimal | None
    tier: str | None = None
    year: int | None = None
    month: int | None = None
    status: str | None = "calculated"
    organization: str | None = None
    paid_on: date | None = None

    @property
    def counted(self) -> Decimal:
        """What the record adds to the ledger.

        Nothing when void or cancelled, or when it was itself taken back; the counter-entry of a reversal is negative
        and counts.
        """
        amount = _ZERO if self.amount is None else self.amount
        return _ZERO if self.standing == "none" or self.is_taken_back else amount

    @property
    def is_taken_back(self) -> bool:
        """Whether the record itself was taken back, not by a counter-entry."""
        named = self.status is not None and normal(self.status) in _TAKEN_BACK
        return named and self.amount is not None and self.amount > 0

    @property
    def standing(self) -> str:
        """A value of `STANDINGS` or "other"; a correction that was paid out is "paid"."""
        stated = STANDINGS.get(normal(self.status), "other") if self.status is not None else "other"
        return "paid" if stated == "payable" and self.paid_on is not None else stated


@dataclass(frozen=True, slots=True)
class Change:
    """A step of a recalculation: "add", "change" or "void", and the record as it then is."""

    action: str
    record: CommissionRecord
    reason: str


@dataclass(frozen=True, slots=True)
class Statement:
    """The sums of a representative in a period.

    `by_standing` has all standings but "none"; its sums and those of `by_type` are `total`. `problems` has the flaws of
    records by their id.
    """

    representative: str
    period: Period
    records: tuple[CommissionRecord, ...]
    total: Decimal
    by_type: Mapping[str, Decimal]
    by_standing: Mapping[str, Decimal]
    by_tier: Mapping[str, Decimal]
    problems: Mapping[str, tuple[Problem, ...]]


def flaws(record: CommissionRecord) -> tuple[Problem, ...]:
    """What is wrong with a record: a missing or wrong amount, a month that is none, a type that is not known."""
    problems = []
    if record.base is None or record.rate is None or record.amount is None:
        problems.append(Problem("amount-missing", "Base, rate or amount is missing.", "commission_amount"))
    elif record.amount != commission(record.base, record.rate):
        expected = commission(record.base, record.rate)
        sentence = f"The amount is {record.amount}, base times rate is {expected}."
        problems.append(Problem("amount-differs", sentence, "commission_amount"))
    if record.month is None or record.year is None or not 1 <= record.month <= 12:
        problems.append(Problem("period", "The period is not a month of a year.", "period_month"))
    if record.type is None or normal(record.type) not in TYPES:
        problems.append(Problem("type", "The type is not order, bonus or override.", "commission_type"))
    return tuple(problems)


def recalculate(earned: Iterable[Earning], records: Iterable[CommissionRecord], period: Period) -> tuple[Change, ...]:
    """The changes that bring the records to what is earned; none when they are made and it is calculated again.

    `records` must hold all records of the orders concerned: one of an order that earns nothing any more (cancelled,
    returned) is taken back. Corrections of what is approved or paid belong to `period`, the month in which it is found.
    Two earnings of the same representative, order and type add up. Nothing is added where somebody has cancelled a
    record, or taken it back in place: that was a decision. A void record was an error, and is made anew.
    """
    wanted: defaultdict[tuple[str, str, str], list[Earning]] = defaultdict(list)
    for earning in earned:
        wanted[earning.representative, earning.order, earning.type].append(earning)
    ledger: defaultdict[tuple[str, str, str], list[CommissionRecord]] = defaultdict(list)
    for record in records:
        ledger[record.representative, record.order, normal(record.type or "")].append(record)
    changes: list[Change] = []
    for key in sorted({*wanted, *ledger}):
        changes += _balance(key, wanted[key], ledger[key], period)
    return tuple(changes)


def reversal(record: CommissionRecord, period: Period) -> CommissionRecord:
    """The counter-entry that takes a record back in full, in the month of `period`."""
    return replace(
        record,
        id=None,
        base=None if record.base is None else -record.base,
        amount=-record.counted,
        year=period.year,
        month=period.month,
        status="clawback" if record.standing in ("paid", "part-paid") else "reversed",
        paid_on=None,
    )


def statement(records: Iterable[CommissionRecord], representative: str, period: Period) -> Statement:
    """The sums of a representative in a month, over the records that belong to both."""
    own = tuple(
        record
        for record in records
        if record.representative == representative and (record.year, record.month) == (period.year, period.month)
    )
    by_type: defaultdict[str, Decimal] = defaultdict(lambda: _ZERO)
    by_standing: defaultdict[str, Decimal] = defaultdict(lambda: _ZERO)
    by_tier: defaultdict[str, Decimal] = defaultdict(lambda: _ZERO)
    for record in own:
        by_type[normal(record.type or "")] += record.counted
        by_tier[record.tier or ""] += record.counted
        if record.standing != "none":
            by_standing[record.standing] += record.counted
    return Statement(
        representative,
        period,
        own,
        total=sum((record.counted for record in own), _ZERO),
        by_type=MappingProxyType(dict(by_type)),
        by_standing=MappingProxyType(dict(by_standing)),
        by_tier=MappingProxyType(dict(by_tier)),
        problems=MappingProxyType({record.id or "": flaws(record) for record in own if flaws(record)}),
    )


def _balance(
    key: tuple[str, str, str], earned: list[Earning], records: list[CommissionRecord], period: Period
) -> list[Change]:
    """The changes to the records of one representative, order and type."""
    withheld = any(record.is_taken_back or normal(record.status or "") == "cancelled" for record in records)
    live = [record for record in records if record.standing == "open"]
    fixed = [record for record in records if record.standing not in ("open", "none")]
    due = sum((earning.amount for earning in earned), _ZERO) - sum((record.counted for record in fixed), _ZERO)
    live.sort(key=lambda record: record.id or "")
    kept = live[0] if live else None
    target = _entry(key, earned, fixed, due, period, kept)
    changes = [Change("void", replace(record, status="void"), "There is another open record.") for record in live[1:]]
    if target is None:
        if kept is not None:
            changes.append(Change("void", replace(kept, status="void"), "Nothing is open any more."))
    elif kept is None and withheld and due >= 0:
        return changes
    elif kept is None:
        changes.append(Change("add", target, "It was earned." if not fixed else "What is earned has changed."))
    elif target != kept:
        changes.append(Change("change", target, "What is earned has changed."))
    return changes


def _entry(
    key: tuple[str, str, str],
    earned: list[Earning],
    fixed: list[CommissionRecord],
    due: Decimal,
    period: Period,
    kept: CommissionRecord | None,
) -> CommissionRecord | None:
    """The one record, beside the fixed ones, that makes the ledger right; None when it is right without."""
    representative, order, kind = key
    if not fixed and len(earned) == 1:
        (earning,) = earned
        base, rate, tier, when = earning.base, earning.rate, earning.tier, earning.period
    elif due == _ZERO:
        return None
    else:
        base, rate = due, _ONE
        tier = earned[0].tier if earned else None
        when = earned[0].period if earned and not fixed else period
    organization = earned[0].organization if earned else None
    if kept is not None:
        # An open correction stays in the month in which it was found first, or every month would move it.
        stays = bool(fixed) and kept.year is not None and kept.month is not None
        return replace(
            kept,
            base=base,
            rate=rate,
            amount=due,
            tier=tier,
            year=kept.year if stays else when.year,
            month=kept.month if stays else when.month,
            organization=organization if earned else kept.organization,
        )
    status = "calculated"
    if fixed:
        was_paid = any(record.standing in ("paid", "part-paid") for record in fixed)
        status = "adjusted" if due > 0 else "clawback" if was_paid else "reversed"
        organization = organization or fixed[0].organization
    return CommissionRecord(
        None, representative, order, kind, base, rate, due, tier, when.year, when.month, status, organization
    )
