"""Observation over fhir_observations (https://hl7.org/fhir/R4/observation.html)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, text

from fhir_server.definitions import required_codes
from fhir_server.mapping.branches import required
from fhir_server.mapping.choices import moment
from fhir_server.mapping.concepts import Codes, any_code, coded, concept, one_of, reference
from fhir_server.mapping.identifiers import portal_id
from fhir_server.mapping.resource import Resource
from fhir_server.mapping.source import CompositeColumn
from fhir_server.mapping.tagged import tagged
from fhir_server.mapping.words import value
from fhir_server.persistence.tables import PHI, fhir_observations
from fhir_server.resources.canonical import CODE_SYSTEM, LOINC, PORTAL_IDENTIFIER, SOURCE_STATUS
from fhir_server.resources.check_digits import is_loinc, is_loinc_in_sql
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
RARE_UNITS = "an amount in a unit that the database cannot convert, searched for in another unit"
ODD_VALUES = "a value of the portal that does not fit its type is served with the reason `error`"

t = fhir_observations.c

CODE = required(
    concept(
        t.code,
        Codes(LOINC, is_loinc, is_loinc_in_sql),
        any_code(f"{CODE_SYSTEM}/observation-code"),
        texts=False,
        display=WOUND_DISPLAYS,
    )
)
VALUE = tagged(t.value_type, t.value_data)


def code_with(columns: tuple[Any, ...]) -> tuple[CompositeColumn, ...]:
    """The columns that answer a composite of the code and a value: both stand in one row."""
    return (CompositeColumn((CODE.search_columns("token"), columns)),)  # type: ignore[arg-type]


OBSERVATION = Resource(
    "Observation",
    fhir_observations,
    store=PHI,
    # A row without a status says `unknown`, which a resource with an extension in its place does not.
    accepts=lambda tree: "status" in tree,
    elements={
        "identifier": [portal_id(PORTAL_IDENTIFIER, t.fhir_id, t.document_version)],
        "status": coded(t.status, STATUS_CODES, system=STATUSES, source_url=SOURCE_STATUS, otherwise="unknown"),
        "category": [concept(t.category, one_of(CATEGORIES, CATEGORY_CODES))],
        "code": CODE,
        "subject": reference("Patient", t.patient_fhir_id, complete=True),
        "effective[x]": moment(t.effective_date_time, t.effective_end),
        "issued": value(t.issued),
        "performer": [reference("Practitioner", t.practitioner_fhir_id)],
        "value[x]": VALUE,
    },
    excludes={"dataAbsentReason": "value[x]"},
    search={
        "identifier": "identifier",
        "status": "status",
        "category": "category[0]",
        "code": "code",
        "combo-code": "code",
        "subject": "subject",
        "patient": "subject",
        "date": "effective[x]",
        "performer": "performer[0]",
        "value-quantity": "value[x]",
        "combo-value-quantity": "value[x]",
        "value-string": "value[x]",
        "value-concept": "value[x]",
        "combo-value-concept": "value[x]",
        "value-date": "value[x]",
        "code-value-concept": code_with(VALUE.search_columns("token")),
        "code-value-date": code_with(VALUE.search_columns("date")),
        "code-value-quantity": code_with(VALUE.search_columns("quantity")),
        "code-value-string": code_with(VALUE.strings_alone()),
        "combo-code-value-concept": code_with(VALUE.search_columns("token")),
        "combo-code-value-quantity": code_with(VALUE.search_columns("quantity")),
    },
    unanswered={
        "value-quantity": RARE_UNITS,
        "combo-value-quantity": RARE_UNITS,
        "code-value-quantity": RARE_UNITS,
        "combo-code-value-quantity": RARE_UNITS,
        "value-concept": "the fifth coding of a value and those after it",
        "combo-value-concept": "the fifth coding of a value and those after it",
        "value-concept:text": "the display of the fifth coding of a value and those after it",
        "combo-value-concept:text": "the display of the fifth coding of a value and those after it",
        "value-date": "a period with a day at one end and a time at the other",
        "code-value-date": "a period with a day at one end and a time at the other",
        "code-value-concept": "the fifth coding of a value and those after it",
        "combo-code-value-concept": "the fifth coding of a value and those after it",
        "data-absent-reason": ODD_VALUES,
        "combo-data-absent-reason": ODD_VALUES,
    },
    sort={"date": func.coalesce(t.effective_date_time, text("'-infinity'::timestamptz"))},
    must_exist={"patient_fhir_id": "Patient", "practitioner_fhir_id": "Practitioner"},
)
