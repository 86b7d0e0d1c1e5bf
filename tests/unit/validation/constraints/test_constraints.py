"""Each constraint refuses what breaks it and lets pass what keeps it; none of the specification is forgotten."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_server.definitions import packaged
from fhir_server.json_text import parse_json
from fhir_server.validation import validate
from fhir_server.validation.constraints import CHECKED_ELSEWHERE, CONSTRAINTS, NOT_CHECKED

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

# Key, where it is reported, one that breaks it, one that keeps it.
CASES: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    (
        "per-1",
        "Basic.extension[0].value",
        with_value("valuePeriod", {"start": "2024-01-02", "end": "2024-01-01"}),
        with_value("valuePeriod", {"start": "2024-01-01", "end": "2024-01-01"}),
    ),
    (
        "per-1",
        "Basic.extension[0].value",
        with_value("valuePeriod", {"start": "2024-01-01T10:00:00+02:00", "end": "2024-01-01T07:59:59Z"}),
        with_value("valuePeriod", {"start": "2024-01-01T10:00:00+02:00", "end": "2024-01-01T08:00:00Z"}),
    ),
    (
        "per-1",
        "Basic.extension[0].value",
        with_value("valuePeriod", {"start": "2024-02", "end": "2024-01-31"}),
        with_value("valuePeriod", {"start": "2024-01-31", "end": "2024-01"}),
    ),
    (
        "per-1",
        "Basic.extension[0].value",
        with_value("valuePeriod", {"start": "2024-01-01T10:00:01Z", "end": "2024-01-01T10:00:00Z"}),
        with_value("valuePeriod", {"start": "2016-12-31T23:59:60Z", "end": "2017-01-01T00:59:59+01:00"}),
    ),
    (
        "att-1",
        "Basic.extension[0].value",
        with_value("valueAttachment", {"data": "AAAA"}),
        with_value("valueAttachment", {"data": "AAAA", "contentType": "text/plain"}),
    ),
    (
        "qty-3",
        "Basic.extension[0].value",
        with_value("valueQuantity", {"value": 1, "code": "cm"}),
        with_value("valueQuantity", {"value": 1, "unit": "cm"}),
    ),
    (
        "rng-2",
        "Basic.extension[0].value",
        with_value("valueRange", {"low": quantity("2.0"), "high": quantity("1.9")}),
        with_value("valueRange", {"low": quantity("2.0"), "high": quantity("2")}),
    ),
    (
        "rng-2",
        "Basic.extension[0].value",
        with_value("valueRange", {"low": {"value": 2}, "high": {"value": 1}}),
        with_value("valueRange", {"low": quantity("2", "cm"), "high": quantity("1", "m")}),
    ),
    (
        "rat-1",
        "Basic.extension[0].value",
        with_value("valueRatio", {"numerator": {"value": 1}}),
        with_value("valueRatio", {"numerator": {"value": 1}, "denominator": {"value": 2}}),
    ),
    (
        "rat-1",
        "Basic.extension[0].value",
        with_value("valueRatio", {"denominator": {"value": 1}}),
        with_value("valueRatio", {"extension": [{"url": "http://example.org/y", "valueCode": "unknown"}]}),
    ),
    (
        "cpt-2",
        "Basic.extension[0].value",
        with_value("valueContactPoint", {"value": "1"}),
        with_value("valueContactPoint", {"value": "1", "system": "phone"}),
    ),
    (
        "age-1",
        "Basic.extension[0].value",
        with_value("valueAge", quantity("0", "a")),
        with_value("valueAge", quantity("1", "a")),
    ),
    (
        "age-1",
        "Basic.extension[0].value",
        with_value("valueAge", {"value": 1, "system": "http://example.org", "code": "a"}),
        with_value("valueAge", {"value": 1, "code": "a", "system": UCUM}),
    ),
    (
        "cnt-3",
        "Basic.extension[0].value",
        with_value("valueCount", quantity("1.5", "1")),
        with_value("valueCount", quantity("2", "1")),
    ),
    (
        "dis-1",
        "Basic.extension[0].value",
        with_value("valueDistance", {"value": 1}),
        with_value("valueDistance", quantity("1", "m")),
    ),
    (
        "drt-1",
        "Basic.extension[0].value",
        with_value("valueDuration", {"code": "h", "system": UCUM}),
        with_value("valueDuration", quantity("1", "h")),
    ),
    (
        "exp-1",
        "Basic.extension[0].value",
        with_value("valueExpression", {"language": "text/cql"}),
        with_value("valueExpression", {"language": "text/cql", "expression": "x"}),
    ),
    ("tim-1", "Basic.extension[0].value.repeat", timing(duration=1), timing(duration=1, durationUnit="h")),
    ("tim-2", "Basic.extension[0].value.repeat", timing(period=1), timing(period=1, periodUnit="h")),
    (
        "tim-4",
        "Basic.extension[0].value.repeat",
        timing(duration=-1, durationUnit="h"),
        timing(duration=0, durationUnit="h"),
    ),
    (
        "tim-5",
        "Basic.extension[0].value.repeat",
        timing(period=number("-0.5"), periodUnit="h"),
        timing(period=number("0.5"), periodUnit="h"),
    ),
    (
        "tim-6",
        "Basic.extension[0].value.repeat",
        timing(periodMax=1),
        timing(period=1, periodMax=2, periodUnit="h"),
    ),
    (
        "tim-7",
        "Basic.extension[0].value.repeat",
        timing(durationMax=1),
        timing(duration=1, durationMax=2, durationUnit="h"),
    ),
    ("tim-8", "Basic.extension[0].value.repeat", timing(countMax=2), timing(count=1, countMax=2)),
    ("tim-9", "Basic.extension[0].value.repeat", timing(offset=10, when=["C"]), timing(offset=10, when=["AC"])),
    ("tim-9", "Basic.extension[0].value.repeat", timing(offset=10), timing(when=["C"])),
    (
        "tim-10",
        "Basic.extension[0].value.repeat",
        timing(timeOfDay=["10:00:00"], when=["AC"]),
        timing(timeOfDay=["10:00:00"]),
    ),
    (
        "trd-3",
        "Basic.extension[0].value",
        with_value("valueTriggerDefinition", {"type": "named-event"}),
        with_value("valueTriggerDefinition", {"type": "named-event", "name": "x"}),
    ),
    (
        "drq-1",
        "Basic.extension[0].value.codeFilter[0]",
        with_value("valueDataRequirement", {"type": "Patient", "codeFilter": [{"path": "a", "searchParam": "b"}]}),
        with_value("valueDataRequirement", {"type": "Patient", "codeFilter": [{"path": "a"}]}),
    ),
    (
        "obs-3",
        "Observation.referenceRange[0]",
        observation(referenceRange=[{"type": {"text": "x"}}]),
        observation(referenceRange=[{"text": "x"}]),
    ),
    (
        "obs-6",
        "Observation",
        observation(valueString="a", dataAbsentReason={"text": "x"}),
        observation(dataAbsentReason={"text": "x"}),
    ),
    (
        "obs-7",
        "Observation",
        observation(
            code={"coding": [{"system": "http://loinc.org", "code": "1-1"}]},
            valueString="a",
            component=[{"code": {"coding": [{"code": "1-1", "system": "http://loinc.org"}]}}],
        ),
        observation(
            code={"coding": [{"system": "http://loinc.org", "code": "1-1"}]},
            valueString="a",
            component=[{"code": {"coding": [{"code": "1-2", "system": "http://loinc.org"}]}}],
        ),
    ),
    (
        "pat-1",
        "Patient.contact[0]",
        resource("Patient", contact=[{"gender": "male"}]),
        resource("Patient", contact=[{"telecom": [{"system": "phone", "value": "1"}]}]),
    ),
    ("org-1", "Organization", organization(active=True), organization(name="x")),
    (
        "org-2",
        "Organization",
        organization(name="x", address=[{"use": "home"}]),
        organization(name="x", address=[{"use": "work"}]),
    ),
    (
        "org-3",
        "Organization",
        organization(name="x", telecom=[{"use": "work"}, {"use": "home"}]),
        organization(name="x", telecom=[{"use": "work"}]),
    ),
    (
        "ces-1",
        "CoverageEligibilityResponse.insurance[0].item[0]",
        eligibility(category={"text": "x"}, productOrService={"text": "x"}),
        eligibility(category={"text": "x"}),
    ),
    (
        "ces-1",
        "CoverageEligibilityResponse.insurance[0].item[0]",
        eligibility(name="x"),
        eligibility(productOrService={"text": "x"}),
    ),
    ("sev-1", "AuditEvent.entity[0]", audit(name="x", query="AAAA"), audit(query="AAAA")),
    ("ras-2", "RiskAssessment.prediction[0]", risk(probabilityDecimal=number("100.1")), risk(probabilityDecimal=100)),
    (
        "ras-1",
        "RiskAssessment.prediction[0]",
        risk(probabilityRange={"low": quantity("1", "1")}),
        risk(probabilityRange={"low": quantity("1", "%")}),
    ),
    (
        "inv-1",
        "Task",
        task(authoredOn="2024-01-02T00:00:00Z", lastModified="2024-01-01T00:00:00Z"),
        task(authoredOn="2024-01-01T00:00:00Z", lastModified="2024-01-01T00:00:00.5Z"),
    ),
    (
        "grp-1",
        "Group",
        group(actual=False, member=[{"entity": PATIENT}]),
        group(actual=True, member=[{"entity": PATIENT}]),
    ),
    ("ppc-1", "Consent", consent(), consent(policyRule={"text": "x"})),
    (
        "con-4",
        "Condition",
        condition(abatementDateTime="2024"),
        condition(abatementDateTime="2024", clinicalStatus=coded("condition-clinical", "resolved")),
    ),
    (
        "con-5",
        "Condition",
        condition(
            clinicalStatus=coded("condition-clinical", "active"),
            verificationStatus=coded("condition-ver-status", "entered-in-error"),
        ),
        condition(
            clinicalStatus=coded("condition-clinical", "active"),
            verificationStatus=coded("condition-ver-status", "confirmed"),
        ),
    ),
    (
        "con-1",
        "Condition.stage[0]",
        condition(stage=[{"type": {"text": "x"}}]),
        condition(stage=[{"summary": {"text": "x"}}]),
    ),
    (
        "con-2",
        "Condition.evidence[0]",
        condition(evidence=[{"extension": [{"url": "http://example.org/x", "valueCode": "a"}]}]),
        condition(evidence=[{"code": [{"text": "x"}]}]),
    ),
    (
        "qrs-1",
        "QuestionnaireResponse.item[0]",
        answers(answer=[{"valueBoolean": True}], item=[{"linkId": "2"}]),
        answers(answer=[{"valueBoolean": True, "item": [{"linkId": "2"}]}]),
    ),
    ("bdl-1", "Bundle", bundle("collection", total=0), bundle("searchset", total=0)),
    (
        "bdl-2",
        "Bundle",
        bundle("collection", entry(search={"mode": "match"})),
        bundle("searchset", entry(search={"mode": "match"})),
    ),
    ("bdl-3", "Bundle", bundle("batch", entry()), bundle("batch", entry(request=request("PUT")))),
    ("bdl-3", "Bundle", bundle("searchset", entry(request=REQUEST)), bundle("searchset", entry())),
    (
        "bdl-4",
        "Bundle",
        bundle("collection", entry(response={"status": "200"})),
        bundle("batch-response", entry(response={"status": "200"})),
    ),
    (
        "bdl-5",
        "Bundle.entry[0]",
        bundle("collection", {"fullUrl": "urn:uuid:1"}),
        bundle("collection", entry(fullUrl="urn:uuid:1")),
    ),
    (
        "bdl-7",
        "Bundle",
        bundle("collection", entry(fullUrl="urn:uuid:1"), entry(fullUrl="urn:uuid:1")),
        bundle(
            "collection",
            entry(fullUrl="http://example.org/Patient/1", resource=resource("Patient", meta={"versionId": "1"})),
            entry(fullUrl="http://example.org/Patient/1", resource=resource("Patient", meta={"versionId": "2"})),
        ),
    ),
    (
        "bdl-8",
        "Bundle.entry[0]",
        bundle("collection", entry(fullUrl="http://example.org/Patient/1/_history/2")),
        bundle("collection", entry(fullUrl="http://example.org/Patient/1")),
    ),
    (
        "bdl-9",
        "Bundle",
        bundle("document", {"resource": COMPOSITION}, timestamp="2024-01-01T00:00:00Z"),
        bundle("document", {"resource": COMPOSITION}, **DOCUMENT),
    ),
    (
        "bdl-10",
        "Bundle",
        bundle("document", {"resource": COMPOSITION}, identifier=DOCUMENT["identifier"]),
        bundle("document", {"resource": COMPOSITION}, **DOCUMENT),
    ),
    (
        "bdl-11",
        "Bundle",
        bundle("document", entry(), {"resource": COMPOSITION}, **DOCUMENT),
        bundle("document", {"resource": COMPOSITION}, entry(), **DOCUMENT),
    ),
    ("bdl-12", "Bundle", bundle("message", entry()), bundle("collection", entry())),
    (
        "inv-1",
        "Parameters.parameter[0]",
        resource("Parameters", parameter=[{"name": "a"}]),
        resource("Parameters", parameter=[{"name": "a", "part": [{"name": "b", "valueCode": "c"}]}]),
    ),
    (
        "inv-1",
        "Parameters.parameter[0]",
        resource("Parameters", parameter=[{"name": "a", "valueCode": "c", "resource": resource("Patient")}]),
        resource("Parameters", parameter=[{"name": "a", "resource": resource("Patient")}]),
    ),
    (
        "ait-1",
        "AllergyIntolerance",
        resource("AllergyIntolerance", patient=PATIENT),
        resource("AllergyIntolerance", patient=PATIENT, clinicalStatus=coded("allergyintolerance-clinical", "active")),
    ),
    (
        "app-3",
        "Appointment",
        resource("Appointment", status="booked", participant=[{"actor": PATIENT, "status": "accepted"}]),
        resource("Appointment", status="proposed", participant=[{"actor": PATIENT, "status": "accepted"}]),
    ),
    (
        "csd-1",
        "CodeSystem",
        resource("CodeSystem", status="draft", content="complete", concept=[{"code": "a", "concept": [{"code": "a"}]}]),
        resource("CodeSystem", status="draft", content="complete", concept=[{"code": "a", "concept": [{"code": "b"}]}]),
    ),
    (
        "que-2",
        "Questionnaire",
        resource(
            "Questionnaire",
            status="draft",
            item=[{"linkId": "1", "type": "group", "item": [{"linkId": "1", "type": "string"}]}],
        ),
        resource(
            "Questionnaire",
            status="draft",
            item=[{"linkId": "1", "type": "group", "item": [{"linkId": "2", "type": "string"}]}],
        ),
    ),
    (
        "que-1",
        "Questionnaire.item[0]",
        resource("Questionnaire", status="draft", item=[{"linkId": "1", "type": "group"}]),
        resource("Questionnaire", status="draft", item=[{"linkId": "1", "type": "display"}]),
    ),
]


@pytest.mark.parametrize(("key", "place", "broken", "kept"), CASES, ids=[case[0] for case in CASES])
def test_what_breaks_a_constraint_is_refused_and_what_keeps_it_is_not(
    key: str, place: str, broken: dict[str, Any], kept: dict[str, Any]
) -> None:
    issues = validate(broken["resourceType"], broken)
    told = [
        (issue.code, issue.expression, issue.diagnostics.partition(" breaks ")[2].partition(":")[0]) for issue in issues
    ]
    assert told == [("invariant", (place,), key)]
    assert validate(kept["resourceType"], kept) == ()


def test_every_error_constraint_of_the_specification_is_checked_or_known_not_to_be() -> None:
    published = {
        (name, one["key"])
        for name, listed in packaged("constraints.json")["constraints"].items()
        for one in listed
        if one["severity"] == "error"
    }
    checked = {(home.partition(".")[0], one.key) for home, listed in CONSTRAINTS.items() for one in listed}
    # An element's constraint may be checked on the object around it, so only the type is compared.
    missing = {
        (name, key) for name, key in published - checked if key not in CHECKED_ELSEWHERE and key not in NOT_CHECKED
    }
    assert missing == set()
    assert checked - published == set()


def test_every_reason_why_a_constraint_is_not_checked_belongs_to_a_constraint() -> None:
    keys = {one["key"] for listed in packaged("constraints.json")["constraints"].values() for one in listed}
    assert set(CHECKED_ELSEWHERE) <= keys
    assert set(NOT_CHECKED) <= keys
