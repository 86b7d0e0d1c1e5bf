"""DeviceRequest/$validate-mac: which Medicare contractor decides, and what it wants to see (`business/mac.py`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from psycopg import Connection

from business.mac import (
    MacAnswer,
    MacValidation,
    Requirement,
    ab_mac,
    dme_mac,
    next_validation_due,
    required_documentation,
    required_documents,
)
from business.readiness import readiness
from fhir_server.errors import Issue, Unprocessable
from fhir_server.interactions.answers import json_answer
from fhir_server.interactions.context import Context, audit_of
from fhir_server.interactions.request import FhirRequest, FhirResponse
from fhir_server.json_text import Tree
from fhir_server.mapping.minted import logical_id, version_name
from fhir_server.operations.arguments import Arguments, arguments_of
from fhir_server.operations.operation import INSTANCE, Operation, OperationParameter
from fhir_server.operations.readiness import known_request, readiness_facts
from fhir_server.persistence.audit import record
from fhir_server.persistence.lifecycles import act_as
from fhir_server.persistence.readiness import Known, Place, write_validation


@dataclass(frozen=True, slots=True)
class _Found:
    """The place that counts, whose contractor it is, and what is wanted."""

    place: Place
    answer: MacAnswer
    requirements: tuple[Requirement, ...]


def validate_mac(context: Context, request: FhirRequest, resource_type: str, fhir_id: str) -> FhirResponse:
    """Parameters with contractor, jurisdiction and documents; writes a row of medicare_mac_validations.

    Raises Unprocessable, and writes nothing, where no contractor is responsible or nobody knows the place.
    """
    given = arguments_of(request, context.limits)
    given.only(("zip", "state"))
    given_place = Place(given.text("state"), given.text("zip"))

    def work(connection: Connection[Any]) -> Tree:
        act_as(connection, request.principal.user_id)
        known = known_request(context.within(connection), resource_type, fhir_id)
        found = _found(known, given_place)
        if found.answer.jurisdiction is None:
            issues = tuple(_issue(given, one.sentence) for one in found.answer.problems)
            raise Unprocessable(" ".join(one.diagnostics for one in issues), issues=issues)
        made, answer = _written(connection, known, found)
        entities = (version_name("Task", made, 1),)
        record(connection, audit_of(request, "validate-mac", resource_type, fhir_id, status=200, entities=entities))
        return answer

    return json_answer(context.database.transaction(work))


def _issue(given: Arguments, sentence: str) -> Issue:
    at = "Parameters.parameter.where(name='zip')" if given.trees("zip") else "DeviceRequest.extension"
    return Issue("error", "business-rule", sentence, (at,))


def _found(known: Known, given: Place) -> _Found:
    listed = [required_documentation(product.hcpcs) for product in known.products]
    wanted = [one for one in listed if one is not None]
    # Equipment is decided where the patient lives, everything else where the service is given.
    is_equipment = bool(wanted) and all(one.contractor == "dme" for one in wanted)
    places = (known.patient_place, known.facility_place)
    places = places if is_equipment else places[::-1]
    place = next((one for one in (given, *places) if one.is_known), Place(None, None))
    answer = (dme_mac if is_equipment else ab_mac)(place.state, place.zip_code)
    again = [required_documentation(product.hcpcs, answer.jurisdiction) for product in known.products]
    return _Found(place, answer, tuple(dict.fromkeys(one for one in again if one is not None)))


def _written(connection: Connection[Any], known: Known, found: _Found) -> tuple[str, Tree]:
    """The id of the Task that was made, and what is answered."""
    documents = required_documents(found.requirements)
    papers = next(one for one in readiness(readiness_facts(known)).conditions if one.code == "documents")
    present = {paper.code for paper in known.papers if paper.code and paper.code not in papers.missing}
    missing = [one for one in documents if one.code not in present]
    # Whether the coverage is met is for a person to say; here is only what there is to look at.
    status = "needs_documentation" if missing else "pending"
    validation = MacValidation("", status, None, not missing, known.now)
    next_due = next_validation_due(validation, found.requirements)
    policies = list(dict.fromkeys(policy for one in found.requirements for policy in one.policies))
    number = f"MAC-{uuid4()}"
    zip_code = (known.patient_place.zip_code or "").strip() or None
    fhir_id = write_validation(
        connection,
        {
            "validation_id": number,
            "order": known.order,
            "patient": known.patient,
            "facility": known.facility,
            "contractor": (found.answer.contractor or "")[:100],
            "jurisdiction": found.answer.jurisdiction,
            "zip_code": None if zip_code is None else zip_code[:10],
            "type": "coverage",
            "status": status,
            "results": {"certain": found.answer.is_certain, "notes": list(found.answer.notes)},
            "policies": policies,
            "complete": not missing,
            "documents": [one.code for one in documents],
            "procedures": list(dict.fromkeys(one.hcpcs for one in known.products if one.hcpcs)),
            "validated_at": known.now,
            "next_due": next_due,
        },
    )
    said: list[Tree] = [
        {"name": "validation", "valueReference": {"reference": f"Task/{logical_id(fhir_id)}"}},
        {"name": "status", "valueCode": status},
        {"name": "contractor", "valueString": found.answer.contractor or ""},
        {"name": "jurisdiction", "valueCode": found.answer.jurisdiction or ""},
        {"name": "certain", "valueBoolean": found.answer.is_certain},
        *({"name": "note", "valueString": note} for note in found.answer.notes),
        *({"name": "policy", "valueString": policy} for policy in policies),
    ]
    for one in documents:
        parts: list[Tree] = [
            {"name": "code", "valueCode": one.code},
            {"name": "title", "valueString": one.title},
            {"name": "present", "valueBoolean": one not in missing},
        ]
        said.append({"name": "document", "part": parts})
    if next_due is not None:
        said.append({"name": "next-due", "valueDateTime": next_due.replace(microsecond=0).isoformat()})
    return fhir_id, {"resourceType": "Parameters", "parameter": said}


def _out(name: str, low: int, high: str, kind: str, documentation: str) -> OperationParameter:
    return OperationParameter(name, "out", low, high, kind, documentation)


VALIDATE_MAC = Operation(
    "validate-mac",
    "DeviceRequest-validate-mac",
    "DeviceRequest",
    frozenset({INSTANCE}),
    True,
    validate_mac,
    "Ask which Medicare contractor decides",
    "Finds the Medicare Administrative Contractor for the place of service (for equipment: of the patient), the"
    " documents and policies for the products, and notes a validation. Whether the coverage is met it does not say.",
    (
        OperationParameter("zip", "in", 0, "1", "string", "The ZIP code to go by, instead of the stored one."),
        OperationParameter("state", "in", 0, "1", "string", "The state to go by, by letters or name."),
        _out("validation", 1, "1", "Reference", "The Task of the validation."),
        _out("status", 1, "1", "code", "needs_documentation or pending."),
        _out("contractor", 1, "1", "string", "Who decides."),
        _out("jurisdiction", 1, "1", "code", "In which jurisdiction."),
        _out("certain", 1, "1", "boolean", "Whether nothing that is not known could change the answer."),
        _out("note", 0, "*", "string", "What to look at."),
        _out("policy", 0, "*", "string", "A policy (LCD, NCD or article) that applies."),
        OperationParameter(
            "document",
            "out",
            0,
            "*",
            None,
            "A document that is wanted.",
            (
                _out("code", 1, "1", "code", "Which."),
                _out("title", 1, "1", "string", "What it is."),
                _out("present", 1, "1", "boolean", "Whether it is there and signed."),
            ),
        ),
        _out("next-due", 0, "1", "dateTime", "When to validate again."),
    ),
)
