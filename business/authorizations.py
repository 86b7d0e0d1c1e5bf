"""Prior authorizations: in which state they are, and what is left of them over the orders that used them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from business.problems import Problem
from business.statuses import normal

STATES: Mapping[str, str] = MappingProxyType(
    {
        "draft": "draft",
        "pending": "pending",
        "submitted": "pending",
        "in_review": "pending",
        "more_info_needed": "pending",
        "appealed": "pending",
        "approved": "approved",
        "modified": "approved",
        "partially_approved": "partially-approved",
        "not_required": "not-required",
        "denied": "denied",
        "rejected": "denied",
        "expired": "expired",
        "cancelled": "cancelled",
        "canceled": "cancelled",
        "withdrawn": "cancelled",
        "voided": "cancelled",
        "error": "error",
        "failed": "error",
    }
)
"""Which state a stored text means; every other text is "unknown", which allows nothing."""

GRANTED = frozenset({"approved", "partially-approved"})
"""States in which goods may be ordered."""

UNUSED_BY = frozenset({"draft", "cancelled", "canceled", "rejected", "failed", "void"})
"""Statuses of orders that use nothing. Returned goods count as used until the payer gives the units back."""

_ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Authorization:
    """A row of prior_authorizations. None for amount or units means that the payer set no such limit."""

    id: str
    status: str | None
    number: str | None = None
    approved_on: date | None = None
    expires_on: date | None = None
    approved_units: int | None = None
    approved_amount: Decimal | None = None
    denial_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Use:
    """What one order takes of an authorization: the units and amounts of its lines that need one."""

    order: str
    status: str | None
    units: int
    amount: Decimal = _ZERO
    ordered_on: date | None = None

    @property
    def counts(self) -> bool:
        """Whether the order still takes anything; a status nobody knows does."""
        return self.status is None or normal(self.status) not in UNUSED_BY


@dataclass(frozen=True, slots=True)
class Remaining:
    """What is left of an authorization. None is "no limit"; a negative number is how far it was overdrawn."""

    units: int | None
    amount: Decimal | None
    units_used: int
    amount_used: Decimal

    @property
    def overdrawn(self) -> bool:
        """Whether the orders took more than was approved."""
        return (self.units is not None and self.units < 0) or (self.amount is not None and self.amount < 0)

    def covers(self, units: int, amount: Decimal) -> bool:
        """Whether a further order of so many units and that amount still fits."""
        return (self.units is None or self.units >= units) and (self.amount is None or self.amount >= amount)


@dataclass(frozen=True, slots=True)
class AuthorizationAnswer:
    """Whether goods may be ordered: the authorization to use and what is left of it, or the problems."""

    authorization: Authorization | None
    remaining: Remaining | None
    problems: tuple[Problem, ...] = ()


def state(authorization: Authorization, on: date) -> str:
    """The state on a day: one of the values of `STATES`, "not-yet-valid" or "unknown".

    The last day of the period counts as valid. What the portal still calls approved is "expired" after that day.
    """
    stated = STATES.get(normal(authorization.status), "unknown") if authorization.status is not None else "unknown"
    if stated in GRANTED:
        if authorization.expires_on is not None and authorization.expires_on < on:
            return "expired"
        if authorization.approved_on is not None and authorization.approved_on > on:
            return "not-yet-valid"
    return stated


def is_decided(authorization: Authorization) -> bool:
    """Whether the payer has answered, also where the request was cancelled afterwards."""
    stated = STATES.get(normal(authorization.status or ""))
    if stated == "cancelled":
        return authorization.approved_on is not None or authorization.denial_reason is not None
    return stated in {"approved", "partially-approved", "denied", "not-required", "expired"}


def remaining(authorization: Authorization, uses: Iterable[Use]) -> Remaining:
    """What is left of an authorization after the orders in `uses`, which are all its own; see `spread`."""
    counted = [use for use in uses if use.counts]
    units = sum(use.units for use in counted)
    amount = sum((use.amount for use in counted), _ZERO)
    return Remaining(
        units=None if authorization.approved_units is None else authorization.approved_units - units,
        amount=None if authorization.approved_amount is None else authorization.approved_amount - amount,
        units_used=units,
        amount_used=amount,
    )


def spread(authorizations: Iterable[Authorization], uses: Iterable[Use]) -> dict[str, tuple[Use, ...]]:
    """To which authorization of a request each order belongs: authorization id → its uses, none split, none lost.

    The tables do not say it, so: orders in the order of their dates; each takes the authorization that was granted,
    covers its date, ends first and still has room. Without room it goes to the one that ends last, which is then
    overdrawn; without any that covers its date, to the one that ends last of all. No granted one: to none.
    """
    granted = sorted((each for each in authorizations if _was_granted(each)), key=_end)
    taken: dict[str, tuple[Use, ...]] = {each.id: () for each in granted}
    for use in sorted((use for use in uses if use.counts), key=_when):
        covering = [each for each in granted if _covers(each, use.ordered_on)] or granted[-1:]
        roomy = [each for each in covering if remaining(each, taken[each.id]).covers(use.units, use.amount)]
        for chosen in roomy[:1] or covering[-1:]:
            taken[chosen.id] += (use,)
    return taken


def authorize(
    authorizations: Sequence[Authorization], uses: Iterable[Use], units: int, amount: Decimal, on: date
) -> AuthorizationAnswer:
    """Whether the authorizations of a request allow one more order of so many units and that amount on a day.

    `uses` are the other orders of the request. The answer names the authorization that ends first among those that
    have room; otherwise all problems, the most telling first.
    """
    taken = spread(authorizations, uses)
    waived = next((each for each in authorizations if state(each, on) == "not-required"), None)
    if waived is not None:
        return AuthorizationAnswer(waived, None)
    valid = sorted((each for each in authorizations if state(each, on) in GRANTED), key=_end)
    for each in valid:
        left = remaining(each, taken[each.id])
        if left.covers(units, amount):
            return AuthorizationAnswer(each, left)
    if valid:
        left = remaining(valid[-1], taken[valid[-1].id])
        return AuthorizationAnswer(None, left, _shortage(left, units, amount))
    return AuthorizationAnswer(None, None, _no_valid_one([state(each, on) for each in authorizations]))


def _shortage(left: Remaining, units: int, amount: Decimal) -> tuple[Problem, ...]:
    problems = []
    if left.units is not None and left.units < units:
        have = max(left.units, 0)
        problems.append(
            Problem(
                "authorization-units",
                f"The prior authorization has {have} units left, the order needs {units}.",
                "approved_units",
            )
        )
    if left.amount is not None and left.amount < amount:
        have_amount = max(left.amount, _ZERO)
        problems.append(
            Problem(
                "authorization-amount",
                f"The prior authorization has {have_amount} left, the order amounts to {amount}.",
                "approved_amount",
            )
        )
    return tuple(problems)


_STANDING: Mapping[str, Problem] = MappingProxyType(
    {
        "expired": Problem("authorization-expired", "The prior authorization has expired.", "expiry_date"),
        "not-yet-valid": Problem(
            "authorization-not-yet-valid", "The prior authorization begins on a later day.", "approved_date"
        ),
        "pending": Problem("authorization-pending", "The payer has not yet decided the prior authorization.", "status"),
        "draft": Problem("authorization-draft", "The prior authorization has not been requested yet.", "status"),
        "denied": Problem("authorization-denied", "The payer denied the prior authorization.", "status"),
        "cancelled": Problem("authorization-cancelled", "The prior authorization was cancelled.", "status"),
        "error": Problem("authorization-error", "The request for the prior authorization failed.", "status"),
        "unknown": Problem(
            "authorization-unknown", "The status of the prior authorization is not a known one.", "status"
        ),
    }
)
MISSING = Problem(
    "authorization-missing", "A product of the order requires a prior authorization and there is none.", "auth_number"
)


def _no_valid_one(states: Sequence[str]) -> tuple[Problem, ...]:
    """The problems of authorizations none of which is valid, in the order of `_STANDING`, each once."""
    return tuple(problem for named, problem in _STANDING.items() if named in states) or (MISSING,)


def _was_granted(authorization: Authorization) -> bool:
    # "expired" too: the orders of its time were taken from it, not from its successor.
    return STATES.get(normal(authorization.status or "")) in GRANTED | {"expired"}


def _covers(authorization: Authorization, day: date | None) -> bool:
    return day is None or (
        (authorization.approved_on is None or authorization.approved_on <= day)
        and (authorization.expires_on is None or day <= authorization.expires_on)
    )


def _end(authorization: Authorization) -> tuple[date, str]:
    return authorization.expires_on or date.max, authorization.id


def _when(use: Use) -> tuple[date, str]:
    return use.ordered_on or date.max, use.order
