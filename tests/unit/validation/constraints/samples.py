"""Small resources that the tests of constraints are made of, and how a constraint is tested."""

from __future__ import annotations

from typing import Any

from fhir_server.json_text import parse_json
from fhir_server.validation import validate

Case = tuple[str, str, dict[str, Any], dict[str, Any]]
"""Key, where it is reported, one that breaks it, one that keeps it."""

UCUM = "http://unitsofmeasure.org"
PATIENT = {"reference": "Patient/1"}


def number(text: str) -> Any:
    return parse_json(text.encode())


def resource(resource_type: str, **elements: Any) -> dict[str, Any]:
    return {"resourceType": resource_type} | elements


def observation(**elements: Any) -> dict[str, Any]:
    return resource("Observation", status="final", code={"text": "x"}) | elements


def with_value(name: str, value: Any) -> dict[str, Any]:
    """A Basic with an extension, the place where a value of any type may stand."""
    return resource("Basic", code={"text": "x"}, extension=[{"url": "http://example.org/x", name: value}])


def quantity(value: str, code: str = "cm") -> dict[str, Any]:
    return {"value": number(value), "system": UCUM, "code": code}


def timing(**repeat: Any) -> dict[str, Any]:
    return with_value("valueTiming", {"repeat": repeat})


def organization(**elements: Any) -> dict[str, Any]:
    return resource("Organization", **elements)


def bundle(kind: str, *entries: dict[str, Any], **elements: Any) -> dict[str, Any]:
    listed = {"entry": list(entries)} if entries else {}
    return resource("Bundle", type=kind) | elements | listed


def entry(**elements: Any) -> dict[str, Any]:
    return {"resource": resource("Patient")} | elements


def condition(**elements: Any) -> dict[str, Any]:
    return resource("Condition", subject=PATIENT) | elements


def coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/" + system, "code": code}]}


def risk(**prediction: Any) -> dict[str, Any]:
    return resource("RiskAssessment", status="final", subject=PATIENT, prediction=[prediction])


def task(**elements: Any) -> dict[str, Any]:
    return resource("Task", status="draft", intent="order") | elements


def group(**elements: Any) -> dict[str, Any]:
    return resource("Group", type="person") | elements


def consent(**elements: Any) -> dict[str, Any]:
    return resource("Consent", status="active", scope={"text": "x"}, category=[{"text": "x"}]) | elements


def eligibility(**item: Any) -> dict[str, Any]:
    return resource(
        "CoverageEligibilityResponse",
        status="active",
        purpose=["benefits"],
        patient=PATIENT,
        created="2024-01-01",
        request={"reference": "CoverageEligibilityRequest/1"},
        outcome="complete",
        insurer={"reference": "Organization/1"},
        insurance=[{"coverage": {"reference": "Coverage/1"}, "item": [item]}],
    )


def answers(**item: Any) -> dict[str, Any]:
    return resource("QuestionnaireResponse", status="completed", item=[{"linkId": "1"} | item])


def audit(**entity: Any) -> dict[str, Any]:
    return resource(
        "AuditEvent",
        type={"code": "rest"},
        recorded="2024-01-01T00:00:00Z",
        agent=[{"requestor": True}],
        source={"observer": {"display": "x"}},
        entity=[entity],
    )


def request(method: str = "GET") -> dict[str, Any]:
    return {"method": method, "url": "Patient/1"}


REQUEST = request()
COMPOSITION = resource(
    "Composition",
    status="final",
    type={"text": "x"},
    date="2024-01-01",
    author=[{"display": "x"}],
    title="x",
)
DOCUMENT = {
    "identifier": {"system": "urn:ietf:rfc:3986", "value": "urn:uuid:1"},
    "timestamp": "2024-01-01T00:00:00Z",
}


def assert_refused_and_kept(key: str, place: str, broken: dict[str, Any], kept: dict[str, Any]) -> None:
    """`broken` breaks this constraint there and nothing else; `kept` breaks nothing."""
    issues = validate(broken["resourceType"], broken)
    told = [
        (issue.code, issue.expression, issue.diagnostics.partition(" breaks ")[2].partition(":")[0]) for issue in issues
    ]
    assert told == [("invariant", (place,), key)]
    assert validate(kept["resourceType"], kept) == ()
