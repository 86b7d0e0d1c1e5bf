"""Random resources made into ones that a table of the portal takes: with its numbers, and without contradictions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from fhir_server.json_text import DecimalText
from fhir_server.resources.canonical import EXTENSION, IDENTIFIER_TYPES
from fhir_server.resources.commission import RECORDS
from fhir_server.resources.device_request import STATUS
from fhir_server.resources.form_document import CATEGORIES, SUBMISSION, TEMPLATES
from fhir_server.resources.insurance_numbers import (
    AUTHORIZATION_NUMBER,
    AUTHORIZED_REQUEST,
    CHECK_NUMBER,
    MEMBER,
    PAYER,
    VALIDATION_NUMBER,
)
from fhir_server.resources.insurance_verification import EPISODE_NUMBER
from fhir_server.resources.mac_validation import MAC_VALIDATION
from fhir_server.resources.opportunity import ACTION, RISK_SCORE
from fhir_server.resources.order_numbers import ORDER_NUMBER, REQUEST_NUMBER
from fhir_server.resources.order_task import FULFILL
from fhir_server.resources.organization import MANUFACTURER
from fhir_server.resources.portal_tasks import portal_task

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


PAYERS = (
    {"display": "Medicare"},
    {"identifier": {"system": PAYER, "value": "P 1"}, "display": "Medicare Part B"},
    {"identifier": {"system": "urn:other", "value": "1"}},
    {"reference": "Organization/o1", "display": "Aetna"},
)
DAYS_AND_TIMES = ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.678+02:00")


def _check(draw: Callable[[Any], Any], tree: Tree) -> Tree:
    made = _numbered(draw, tree, CHECK_NUMBER)
    states = (
        ("active", "queued", None),
        ("active", "complete", "eligible"),
        ("active", "complete", "Not Covered"),
        ("active", "partial", None),
        ("draft", "queued", "new at the payer"),
        ("entered-in-error", "queued", None),
        ("active", "error", "timeout"),
    )
    _say(made, ("status", "outcome", "disposition"), draw(st.sampled_from(states)))
    made["created"] = draw(st.sampled_from(DAYS_AND_TIMES))
    made["insurer"] = draw(st.sampled_from(PAYERS))
    made["patient"] = {"reference": draw(st.sampled_from(("Patient/p1", "Patient/p2"))), "display": "someone"}
    made.pop("insurance", None)
    made.pop("contained", None)  # nothing refers to it any more
    if draw(st.booleans()):
        coverage = {"identifier": {"system": MEMBER, "value": draw(st.sampled_from(NUMBERS))}, "display": "hers"}
        made["insurance"] = [{"coverage": coverage, "inforce": draw(st.booleans())}]
    return made


def _authorization(draw: Callable[[Any], Any], tree: Tree) -> Tree:
    made = _numbered(draw, tree, AUTHORIZATION_NUMBER)
    states = (
        ("active", "queued", None),
        ("active", "queued", "appealed"),
        ("active", "complete", "Approved"),
        ("active", "complete", "denied"),
        ("active", "partial", None),
        ("active", "error", None),
        ("draft", "queued", None),
        ("draft", "queued", "lost in the mail"),
        ("cancelled", "queued", "withdrawn"),
    )
    _say(made, ("status", "outcome", "disposition"), draw(st.sampled_from(states)))
    made["use"] = "preauthorization"
    made["preAuthRef"] = made["identifier"][0]["value"]
    made["identifier"] = made["identifier"][:1]
    made["created"] = draw(st.sampled_from(("2026-01-02", "2025-12-31")))
    made["insurer"] = draw(st.sampled_from(PAYERS))
    made["patient"] = {"reference": "Patient/p1"}
    made.pop("contained", None)
    request = {"url": AUTHORIZED_REQUEST, "valueReference": {"reference": "DeviceRequest/r1"}}
    made["extension"] = [request, *made.get("extension", [])]
    return made


def _validation(draw: Callable[[Any], Any], tree: Tree) -> Tree:
    made = _numbered(draw, tree, VALIDATION_NUMBER)
    states = (
        ("requested", None),
        ("in-progress", {"text": "validating"}),
        ("completed", {"text": "Passed"}),
        ("on-hold", {"text": "who knows"}),
        ("on-hold", None),
        ("cancelled", None),
    )
    _say(made, ("status", "businessStatus"), draw(st.sampled_from(states)))
    made["code"] = {"coding": [*MAC_VALIDATION["coding"], *made.get("code", {}).get("coding", ())], "text": "check it"}
    made["intent"] = "order"
    made["focus"], made["for"] = {"reference": "Task/o1"}, {"reference": "Patient/p1"}
    return made


def _say(made: Tree, names: tuple[str, ...], said: tuple[Any, ...]) -> None:
    for name, value in zip(names, said, strict=True):
        made.pop(f"_{name}", None)
        made.pop(name, None)
        if value is not None:
            made[name] = value


def _episode(draw: Callable[[Any], Any], tree: Tree) -> Tree:
    made = _numbered(draw, tree, EPISODE_NUMBER)
    made["code"] = {**portal_task("insurance-verification"), "text": "verify it"}
    made["intent"] = "order"
    made.pop("_status", None)
    for name, target in {"focus": "DeviceRequest/r1", "for": "Patient/p1", "owner": "Organization/m1"}.items():
        made[name] = {"reference": target}
    return made


def _opportunity(draw: Callable[[Any], Any], tree: Tree) -> Tree:
    made = {**tree, "code": portal_task("clinical-opportunity"), "intent": "proposal"}
    made["for"] = {"reference": "Patient/p1"}
    for name in ("_status", "businessStatus", "owner"):
        made.pop(name, None)
    if draw(st.booleans()):
        made["owner"] = {"reference": "Practitioner/d1", "display": "someone"}
    if draw(st.booleans()):
        score = DecimalText(draw(st.sampled_from(("71.5", "0", "999.99"))))
        made["extension"] = [*made.get("extension", ()), {"url": RISK_SCORE, "valueDecimal": score}]
    if draw(st.booleans()):
        made["input"] = [{"type": ACTION, "valueString": "Assess perfusion"}, *made.get("input", ())]
    return made


def _commission(draw: Callable[[Any], Any], tree: Tree) -> Tree:
    made = {**tree, "code": {"coding": [{"system": RECORDS, "code": "commission-record"}], "text": "commission"}}
    made["subject"] = {"reference": draw(st.sampled_from(("Practitioner/d1", "Practitioner/d2")))}
    for name in ("author", "contained"):
        made.pop(name, None)
    month = draw(st.sampled_from(("2026-03", "9999-12", "2026")))
    said = {
        "order": {"valueReference": {"reference": "Task/o1"}},
        "rate": {"valueDecimal": DecimalText(draw(st.sampled_from(("0.125", "0.1250", "9.9999"))))},
        "amount": {"valueMoney": {"value": DecimalText("12.50"), "currency": "USD"}},
        "period": {"valuePeriod": dict.fromkeys(("start", "end"), month)},
        "commission-status": {"valueCode": draw(st.sampled_from(("paid", "partially-paid")))},
        "paid-at": {"valueDateTime": "2026-04-01T00:00:00Z"},
    }
    wanted = draw(st.lists(st.sampled_from(sorted(said)), unique=True))
    parts = [{"url": f"{EXTENSION}/{name}", **said[name]} for name in wanted]
    return {**made, "extension": [*parts, *made.get("extension", ())]} if parts else made


def _form(draw: Callable[[Any], Any], tree: Tree) -> Tree:
    made = {**tree, "masterIdentifier": {"system": SUBMISSION, "value": draw(st.sampled_from(NUMBERS))}}
    made["type"] = {"coding": [{"system": TEMPLATES, "code": "harbor-ivr"}]}
    made["category"] = [{"coding": [{"system": CATEGORIES, "code": "insurance-form"}]}, *made.get("category", ())]
    for name in ("_status", "docStatus", "_docStatus"):
        made.pop(name, None)
    made["status"], state = draw(
        st.sampled_from(
            (("current", None), ("current", "final"), ("superseded", None), ("entered-in-error", "entered-in-error"))
        )
    )
    if state is not None:
        made["docStatus"] = state
    if draw(st.booleans()):
        made["subject"] = {"reference": "Patient/p1"}
        made["context"] = {**made.get("context", {}), "related": [{"reference": "Task/e1"}]}
    return made


_MAKERS: dict[str, Callable[[Callable[[Any], Any], Tree], Tree]] = {
    "manufacturers": _manufacturer,
    "product_requests": _request,
    "orders": _order,
    "eligibility_checks": _check,
    "prior_authorizations": _authorization,
    "medicare_mac_validations": _validation,
    "patient_manufacturer_ivr_episodes": _episode,
    "docuseal_submissions": _form,
    "commission_records": _commission,
    "clinical_opportunities": _opportunity,
}
