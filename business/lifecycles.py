"""The lives of product requests and of orders as tables: from which status to which, under which conditions.

Whatever changes a status, an operation, an update of a resource or a statement of the portal, goes by them. The
conditions, called guards, are in `business.orders`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

BACK = "(back)"
"""The target of `resume`: the status that the hold interrupted."""

UNLISTED = "(unlisted)"
"""Stands in sources for every text that the status map does not list, and for NULL."""


@dataclass(frozen=True, slots=True)
class Transition:
    """A step that an order or a request may take: from any of `sources` to `target` if all `guards` agree."""

    action: str
    sources: frozenset[str]
    target: str
    guards: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """The transitions of one kind of thing, and the status map that lists its texts.

    `same` gives for a text the one that says the same and that the table leads to: "confirmed" is "accepted".
    `first` is where a held one goes on when nobody knows where it was: at the start, so that all guards come again.
    """

    name: str
    status_map: str
    transitions: tuple[Transition, ...]
    first: str
    same: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def _texts(*words: str) -> frozenset[str]:
    return frozenset(words)


_REQUEST_IN_REVIEW = _texts(
    "submitted", "pending", "processing", "under_review", "verification", "pending_ivr", "ivr_sent", "ivr_confirmed"
)
_REQUEST_UNDECIDED = _REQUEST_IN_REVIEW | {"pending_approval"}
_REQUEST_ORDERED = _texts("ordered", "sent_to_manufacturer")
_REQUEST_OPEN = _REQUEST_UNDECIDED | _REQUEST_ORDERED | {"approved"}
_REQUEST_PAUSED = _texts("on_hold", "needs_info")
_REQUEST_SENT = _texts("shipped", "partially_shipped")
_REQUEST_ENDED = _texts(
    "cancelled",
    "canceled",
    "rejected",
    "denied",
    "withdrawn",
    "expired",
    "completed",
    "delivered",
    "fulfilled",
    "closed",
)
_COMPLETE_REQUEST = ("patient", "product", "facility")

REQUEST_TRANSITIONS: tuple[Transition, ...] = (
    Transition("submit", _texts("draft", "needs_info"), "submitted", _COMPLETE_REQUEST),
    Transition("review", _texts("submitted", "pending", "processing", "verification"), "under_review"),
    Transition("request-ivr", _REQUEST_IN_REVIEW - {"pending_ivr", "ivr_sent"}, "pending_ivr", ("patient",)),
    Transition("send-ivr", _texts("pending_ivr"), "ivr_sent", ("patient",)),
    Transition("confirm-ivr", _texts("pending_ivr", "ivr_sent"), "ivr_confirmed"),
    Transition("request-approval", _REQUEST_IN_REVIEW, "pending_approval", _COMPLETE_REQUEST),
    Transition("ask", _REQUEST_UNDECIDED, "needs_info"),
    Transition("approve", _REQUEST_UNDECIDED, "approved", _COMPLETE_REQUEST),
    Transition("reject", _REQUEST_UNDECIDED | _REQUEST_PAUSED, "rejected", ("reason",)),
    Transition("order", _texts("approved"), "ordered", (*_COMPLETE_REQUEST, "authorization")),
    Transition("send", _texts("approved", "ordered"), "sent_to_manufacturer", (*_COMPLETE_REQUEST, "authorization")),
    Transition("ship-part", _REQUEST_ORDERED, "partially_shipped"),
    Transition("ship", _REQUEST_ORDERED | {"partially_shipped"}, "shipped"),
    Transition("deliver", _texts("shipped"), "delivered"),
    Transition("complete", _texts("delivered", "fulfilled"), "completed"),
    Transition("hold", _REQUEST_OPEN | {UNLISTED}, "on_hold"),
    Transition("resume", _texts("on_hold"), BACK),
    Transition("withdraw", _REQUEST_UNDECIDED | _REQUEST_PAUSED | {"draft"}, "withdrawn"),
    Transition("cancel", _REQUEST_OPEN | _REQUEST_PAUSED | {"draft", UNLISTED}, "cancelled"),
    Transition("expire", _REQUEST_UNDECIDED | _REQUEST_PAUSED | {"draft", "approved"}, "expired"),
    Transition(
        "void",
        _REQUEST_OPEN | _REQUEST_PAUSED | _REQUEST_SENT | _REQUEST_ENDED | {"draft", UNLISTED},
        "void",
        ("reason",),
    ),
)

_ORDER_NEW = _texts("pending", "received")
_ORDER_ACCEPTED = _texts("accepted", "confirmed")
_ORDER_MAKING = _texts("processing", "in_production", "backordered")
_ORDER_READY = _texts("ready", "ready_to_ship")
_ORDER_BEFORE_SHIPPING = _ORDER_NEW | _ORDER_ACCEPTED | _ORDER_MAKING | _ORDER_READY
_ORDER_UNDER_WAY = _texts("shipped", "in_transit", "out_for_delivery")
_ORDER_ENDED = _texts(
    "rejected",
    "cancelled",
    "canceled",
    "failed",
    "lost",
    "undeliverable",
    "delivered",
    "completed",
    "returned",
    "refunded",
)
_ORDER_SHIPPABLE = (_ORDER_ACCEPTED | _ORDER_MAKING | _ORDER_READY) - {"backordered"}

ORDER_TRANSITIONS: tuple[Transition, ...] = (
    Transition("place", _texts("draft"), "pending", ("request", "product", "authorization")),
    Transition("receive", _texts("pending"), "received"),
    Transition("accept", _ORDER_NEW, "accepted", ("product", "authorization")),
    Transition("reject", _ORDER_NEW, "rejected", ("reason",)),
    Transition("process", _ORDER_ACCEPTED | {"backordered"}, "processing"),
    Transition("backorder", _ORDER_ACCEPTED | _ORDER_MAKING - {"backordered"}, "backordered"),
    Transition("ready", _ORDER_ACCEPTED | _ORDER_MAKING, "ready_to_ship"),
    # Never from shipped, in_transit, …: two people cannot ship one order twice.
    Transition("ship-part", _ORDER_SHIPPABLE | {"backordered"}, "partially_shipped", ("authorization", "shipment")),
    Transition("ship", _ORDER_SHIPPABLE | {"partially_shipped"}, "shipped", ("product", "authorization", "shipment")),
    Transition("carry", _texts("shipped"), "in_transit"),
    Transition("bring", _texts("shipped", "in_transit"), "out_for_delivery"),
    Transition("deliver", _ORDER_UNDER_WAY, "delivered"),
    Transition("complete", _texts("delivered"), "completed"),
    Transition("hold", _ORDER_BEFORE_SHIPPING | {UNLISTED}, "on_hold"),
    Transition("resume", _texts("on_hold"), BACK),
    Transition("cancel", _ORDER_BEFORE_SHIPPING | {"draft", "on_hold", UNLISTED}, "cancelled"),
    Transition(
        "fail",
        _ORDER_ACCEPTED | _ORDER_MAKING | _ORDER_READY | _ORDER_UNDER_WAY | {"partially_shipped", "on_hold", UNLISTED},
        "failed",
        ("reason",),
    ),
    Transition("return", _ORDER_UNDER_WAY | {"partially_shipped", "delivered", "completed"}, "returned", ("reason",)),
    Transition("refund", _texts("delivered", "completed", "returned"), "refunded", ("reason",)),
    Transition(
        "void",
        _ORDER_BEFORE_SHIPPING | _ORDER_UNDER_WAY | _ORDER_ENDED | {"draft", "on_hold", "partially_shipped", UNLISTED},
        "void",
        ("reason",),
    ),
)

REQUESTS = Lifecycle(
    "product request",
    "product-request",
    REQUEST_TRANSITIONS,
    "submitted",
    MappingProxyType(
        {
            "pending": "submitted",
            "processing": "under_review",
            "verification": "under_review",
            "denied": "rejected",
            "canceled": "cancelled",
            "fulfilled": "delivered",
            "closed": "completed",
            "error": "void",
            "entered_in_error": "void",
        }
    ),
)
ORDERS = Lifecycle(
    "order",
    "order",
    ORDER_TRANSITIONS,
    "pending",
    MappingProxyType(
        {
            "confirmed": "accepted",
            "in_production": "processing",
            "ready": "ready_to_ship",
            "canceled": "cancelled",
            "lost": "failed",
            "undeliverable": "failed",
        }
    ),
)
