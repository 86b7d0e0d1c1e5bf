"""The constraints of `fhir_server.validation.constraints.administrative`: each broken once and kept once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.validation.constraints.samples import (
    PATIENT,
    Case,
    assert_refused_and_kept,
    audit,
    consent,
    eligibility,
    group,
    organization,
    resource,
)

CASES: list[Case] = [
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
    (
        "grp-1",
        "Group",
        group(actual=False, member=[{"entity": PATIENT}]),
        group(actual=True, member=[{"entity": PATIENT}]),
    ),
    ("ppc-1", "Consent", consent(), consent(policyRule={"text": "x"})),
    (
        "app-3",
        "Appointment",
        resource("Appointment", status="booked", participant=[{"actor": PATIENT, "status": "accepted"}]),
        resource("Appointment", status="proposed", participant=[{"actor": PATIENT, "status": "accepted"}]),
    ),
]


@pytest.mark.parametrize(("key", "place", "broken", "kept"), CASES, ids=[case[0] for case in CASES])
def test_what_breaks_a_constraint_is_refused_and_what_keeps_it_is_not(
    key: str, place: str, broken: dict[str, Any], kept: dict[str, Any]
) -> None:
    assert_refused_and_kept(key, place, broken, kept)
