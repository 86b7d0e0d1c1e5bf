"""What may be done with a product request or an order: the steps of its lifecycle, and the guards that watch them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from business.authorizations import Authorization, Use, authorize
from business.lifecycles import BACK, ORDERS, REQUESTS, UNLISTED, Lifecycle, Transition
from business.problems import Problem
from business.statuses import normal, status_map


@dataclass(frozen=True, slots=True)
class Line:
    """A product that is asked for, and how much of it."""

    product: str
    quantity: int = 1
    requires_authorization: bool = False
    total: Decimal = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """What is known of a product request when somebody wants to change its status.

    `uses` are the orders of the request that exist already; `held_from` is the status before the last hold.
    """

    status: str | None
    today: date
    patient: str | None = None
    facility: str | None = None
    lines: tuple[Line, ...] = ()
    authorizations: tuple[Authorization, ...] = ()
    uses: tuple[Use, ...] = ()
    tracking_number: str | None = None
    carrier: str | None = None
    reason: str | None = None
    held_from: str | None = None


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """What is known of an order when somebody wants to change its status.

    `authorizations` are those of its product request, `uses` the other orders of that request, without this one.
    """

    status: str | None
    today: date
    request: str | None = None
    lines: tuple[Line, ...] = ()
    authorizations: tuple[Authorization, ...] = ()
    uses: tuple[Use, ...] = ()
    tracking_number: str | None = None
    carrier: str | None = None
    reason: str | None = None
    held_from: str | None = None


Facts = RequestFacts | OrderFacts


@dataclass(frozen=True, slots=True)
class Decision:
    """What comes of an action: the status to store, or the problems, and then `new_status` is the old one."""

    action: str
    old_status: str | None
    new_status: str | None
    problems: tuple[Problem, ...] = ()

    @property
    def is_allowed(self) -> bool:
        """Whether nothing stands in the way."""
        return not self.problems


def allowed(facts: Facts) -> tuple[Transition, ...]:
    """The transitions that the facts allow now, guards included, in the order of the table."""
    return tuple(
        transition
        for transition in _open(_lifecycle(facts), facts.status)
        if not _target_and_problems(transition, facts)[1]
    )


def apply(facts: Facts, action: str) -> Decision:
    """What comes of an action by its name.

    An action that does not exist, one that the status does not allow, and guards that fail are problems.
    """
    lifecycle = _lifecycle(facts)
    named = [transition for transition in lifecycle.transitions if transition.action == action]
    if not named:
        return _refused(facts, action, _no_such_action(lifecycle, action))
    steps = [transition for transition in _open(lifecycle, facts.status) if transition.action == action]
    if not steps:
        return _refused(facts, action, _wrong_status(lifecycle, facts, action))
    target, problems = _target_and_problems(steps[0], facts)
    return _refused(facts, action, *problems) if problems else Decision(action, facts.status, target)


def move(facts: Facts, status: str) -> Decision:
    """What comes of setting a status text, as an update of a resource or a statement of the portal does.

    The same text in another spelling changes nothing and keeps the old one; another word for the same is taken over. A
    text that no open transition leads to is a problem; so is one that nobody knows.
    """
    lifecycle = _lifecycle(facts)
    wanted = normal(status)
    if facts.status is not None and wanted == normal(facts.status):
        return Decision("keep", facts.status, facts.status)
    reached = lifecycle.same.get(wanted, wanted)
    if facts.status is not None and lifecycle.same.get(normal(facts.status), normal(facts.status)) == reached:
        return Decision("keep", facts.status, status)
    found: Decision | None = None
    for transition in _open(lifecycle, facts.status):
        target, problems = _target_and_problems(transition, facts)
        if lifecycle.same.get(target, target) != reached:
            continue
        if not problems:
            return Decision(transition.action, facts.status, status)
        found = found or _refused(facts, transition.action, *problems)
    return found or _refused(facts, "move", _no_way(lifecycle, facts, wanted))


def _lifecycle(facts: Facts) -> Lifecycle:
    return ORDERS if isinstance(facts, OrderFacts) else REQUESTS


def _open(lifecycle: Lifecycle, status: str | None) -> list[Transition]:
    """The transitions out of a status. A text that the status map does not list can only be held, ended or voided."""
    standing = normal(status) if status is not None and status_map(lifecycle.status_map).lists(status) else UNLISTED
    return [transition for transition in lifecycle.transitions if standing in transition.sources]


def _target_and_problems(transition: Transition, facts: Facts) -> tuple[str, tuple[Problem, ...]]:
    target, problems = (
        transition.target,
        tuple(problem for guard in transition.guards for problem in GUARDS[guard](facts)),
    )
    if target != BACK:
        return target, problems
    # Only to where a hold is possible from: otherwise a hold would be a way around the guards.
    lifecycle = _lifecycle(facts)
    holding = next(each for each in lifecycle.transitions if each.action == "hold")
    if facts.held_from is not None and normal(facts.held_from) in holding.sources:
        return normal(facts.held_from), problems
    return lifecycle.first, problems


def _refused(facts: Facts, action: str, *problems: Problem) -> Decision:
    return Decision(action, facts.status, facts.status, problems)


def _no_such_action(lifecycle: Lifecycle, action: str) -> Problem:
    known = ", ".join(sorted({transition.action for transition in lifecycle.transitions}))
    return Problem(
        "unknown-action", f"There is no action {action!r} for a {lifecycle.name}; there are {known}.", "action"
    )


def _wrong_status(lifecycle: Lifecycle, facts: Facts, action: str) -> Problem:
    ways = ", ".join(transition.action for transition in _open(lifecycle, facts.status)) or "nothing"
    return Problem(
        "wrong-status",
        f"{action!r} is not possible for a {lifecycle.name} that is {_called(facts.status)}; possible is {ways}.",
        "status",
    )


def _no_way(lifecycle: Lifecycle, facts: Facts, wanted: str) -> Problem:
    if not status_map(lifecycle.status_map).lists(wanted):
        return Problem("unknown-status", f"'{wanted}' is not a status of a {lifecycle.name}.", "status")
    ways = ", ".join(_target_and_problems(transition, facts)[0] for transition in _open(lifecycle, facts.status))
    called = _called(facts.status)
    return Problem(
        "wrong-status",
        f"The {lifecycle.name} is {called} and cannot become '{wanted}'; possible is {ways or 'nothing'}.",
        "status",
    )


def _called(status: str | None) -> str:
    return "without a status" if status is None else f"'{status}'"


def _patient(facts: Facts) -> tuple[Problem, ...]:
    if isinstance(facts, RequestFacts) and not facts.patient:
        return (Problem("patient-missing", "The request does not say which patient it is for.", "patient_fhir_id"),)
    return ()


def _facility(facts: Facts) -> tuple[Problem, ...]:
    if isinstance(facts, RequestFacts) and not facts.facility:
        return (Problem("facility-missing", "The request does not say which facility it is for.", "facility_id"),)
    return ()


def _product(facts: Facts) -> tuple[Problem, ...]:
    if not facts.lines:
        return (Problem("product-missing", "No product is asked for.", "product_id"),)
    if any(line.quantity < 1 for line in facts.lines):
        return (Problem("quantity", "A product is asked for with a quantity below one.", "quantity"),)
    return ()


def _request(facts: Facts) -> tuple[Problem, ...]:
    if isinstance(facts, OrderFacts) and not facts.request:
        return (Problem("request-missing", "The order does not belong to a product request.", "product_request_id"),)
    return ()


def _reason(facts: Facts) -> tuple[Problem, ...]:
    if facts.reason is None or not facts.reason.strip():
        return (Problem("reason-missing", "This step needs a reason.", "status_reason"),)
    return ()


def _shipment(facts: Facts) -> tuple[Problem, ...]:
    if any(text and text.strip() for text in (facts.tracking_number, facts.carrier)):
        return ()
    return (
        Problem("shipment-missing", "Shipping needs a tracking number or the name of the carrier.", "tracking_number"),
    )


def _authorization(facts: Facts) -> tuple[Problem, ...]:
    needing = [line for line in facts.lines if line.requires_authorization]
    if not needing:
        return ()
    return authorize(
        facts.authorizations,
        facts.uses,
        units=sum(line.quantity for line in needing),
        amount=sum((line.total for line in needing), Decimal("0.00")),
        on=facts.today,
    ).problems


GUARDS: Mapping[str, Callable[[Facts], tuple[Problem, ...]]] = MappingProxyType(
    {
        "patient": _patient,
        "facility": _facility,
        "product": _product,
        "request": _request,
        "reason": _reason,
        "shipment": _shipment,
        "authorization": _authorization,
    }
)
