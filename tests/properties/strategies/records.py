"""Random resources made into ones that a table of the portal takes: with its numbers, and without contradictions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from fhir_server.resources.canonical import IDENTIFIER_TYPES
from fhir_server.resources.device_request import STATUS
from fhir_server.resources.order_numbers import ORDER_NUMBER, REQUEST_NUMBER
from fhir_server.resources.order_task import FULFILL
from fhir_server.resources.organization import MANUFACTURER

Tree = dict[str, Any]
NUMBERS = ("1", "A 7", "R-0001")
PLACER = {"coding": [{"system": IDENTIFIER_TYPES, "code": "PLAC"}]}


def record(draw: Callable[[Any], Any], table: str, tree: Tree) -> Tree:
    """`tree` as a record of the table."""
    made = _MAKERS.get(table)
    return tree if made is None else made(draw, tree)


def _manufacturer(draw: Callable[[Any], Any], tree: Tree) -> Tree:
    kind = {"coding": [{**MANUFACTURER["coding"][0], "display": "Maker"}], "text": "a maker"}
    return {**tree, "type": [kind, *tree.get("type", [])]}


def _numbered(draw: Callable[[Any], Any], tree: Tree, system: str) -> Tree:
    number = {"system": system, "value": draw(st.sampled_from(NUMBERS))}
    if draw(st.booleans()):
        number = {"type": PLACER, **number}
    return {**tree, "identifier": [number, *tree.get("identifier", [])]}


def _request(draw: Callable[[Any], Any], tree: Tree) -> Tree:
    made = _numbered(draw, tree, REQUEST_NUMBER)
    made.setdefault("status", "active")
    is_open = STATUS.codes.get(made["status"]) == "draft" or (made["status"] == "unknown" and "authoredOn" not in made)
    made["intent"] = "plan" if is_open else "order"
    made.pop("_status", None)
    made["subject"] = {"reference": draw(st.sampled_from(("Patient/p1", "Patient/p2"))), "display": "someone"}
    made["requester"] = {"reference": draw(st.sampled_from(("Practitioner/d1", "Practitioner/d2")))}
    return made


def _order(draw: Callable[[Any], Any], tree: Tree) -> Tree:
    made = _numbered(draw, tree, ORDER_NUMBER)
    made["code"] = {"coding": [*FULFILL["coding"], *made.get("code", {}).get("coding", ())], "text": "fulfil it"}
    made["intent"] = "order"
    made.pop("_status", None)
    made.pop("businessStatus", None)
    if made["status"] == "in-progress" and draw(st.booleans()):
        made["businessStatus"] = {"text": draw(st.sampled_from(("shipped", "In Transit")))}
    for name, targets in {"focus": "DeviceRequest/r1", "for": "Patient/p1", "owner": "Organization/m1"}.items():
        made[name] = {"reference": targets}
    return made


_MAKERS: dict[str, Callable[[Callable[[Any], Any], Tree], Tree]] = {
    "manufacturers": _manufacturer,
    "product_requests": _request,
    "orders": _order,
}
