"""Observation over fhir_observations (https://hl7.org/fhir/R4/observation.html)."""

from __future__ import annotations

from sqlalchemy import func, text

from fhir_server.definitions import required_codes
from fhir_server.mapping.choices import moment, tagged
from fhir_server.mapping.resource import Resource
from fhir_server.mapping.words import coded, concept, one_of, reference, value
from fhir_server.persistence.tables import PHI, fhir_observations
from fhir_server.resources.canonical import CODE_SYSTEM, LOINC, SOURCE_STATUS
from fhir_server.resources.check_digits import is_loinc
from fhir_server.resources.wound_codes import WOUND_DISPLAYS

CATEGORIES = "http://terminology.hl7.org/CodeSystem/observation-category"
STATUSES = "http://hl7.org/fhir/observation-status"
CATEGORY_CODES = (
    "social-history",
    "vital-signs",
    "imaging",
    "laboratory",
    "procedure",
    "survey",
    "exam",
    "therapy",
    "activity",
)
STATUS_CODES = {code: code for code in sorted(required_codes("Observation.status") or ())}

t = fhir_observations.c

OBSERVATION = Resource(
    "Observation",
    fhir_observations,
    store=PHI,
    elements={
        "status": coded(t.status, STATUS_CODES, system=STATUSES, source_url=SOURCE_STATUS, otherwise="unknown"),
        "category": [concept(t.category, (CATEGORIES, one_of(CATEGORY_CODES)))],
        "code": concept(
            t.code,
            (LOINC, is_loinc),
            (f"{CODE_SYSTEM}/observation-code", lambda code: True),
            texts=False,
            display=WOUND_DISPLAYS,
        ),
        "subject": reference("Patient", t.patient_fhir_id, complete=True),
        "effective[x]": moment(t.effective_date_time, t.effective_end),
        "issued": value(t.issued),
        "performer": [reference("Practitioner", t.practitioner_fhir_id)],
        "value[x]": tagged(t.value_type, t.value_data),
    },
    search={
        "status": "status",
        "category": "category[0]",
        "code": "code",
        "subject": "subject",
        "patient": "subject",
        "date": "effective[x]",
        "performer": "performer[0]",
        "value-quantity": "value[x]",
        "value-string": "value[x]",
        "value-concept": "value[x]",
    },
    sort={"date": func.coalesce(t.effective_date_time, text("'-infinity'::timestamptz"))},
    must_exist={"patient_fhir_id": "Patient", "practitioner_fhir_id": "Practitioner"},
)
