"""Rows of the declared tables, with whatever their columns can hold, as row_to_json prints them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    Numeric,
    String,
    Table,
)
from sqlalchemy.dialects.postgresql import JSONB

from fhir_server.json_text import DecimalText
from fhir_server.mapping.resource import Resource
from fhir_server.resources.registry import DECLARED
from tests.properties.strategies.moments import PARTIAL_DATES, ROW_DATES, ROW_TIMES
from tests.properties.strategies.texts import ANY_JSON, PLAIN_TEXTS, TEXTS

Strategy = st.SearchStrategy[Any]

STATUSES = (
    "active", "Active", " ACTIVE ", "inactive", "on_hold", "on-hold", "On Hold", "temporarily closed",
    "temporarily_closed", "suspended", "closed", "archived", "discontinued",
    "deleted", "pending", "prospect",
    "shipped", "Shipped", "confirmed", "delivered", "processing", "submitted", "void", "ready to ship", "lost",
    "backordered", "awaiting customs",
    "approved", "Approved", "partially_approved", "denied", "appealed", "withdrawn", "failed",
    "open", "In Progress", "snoozed", "dismissed", "false positive", "expired", "sent", "awaiting signature",
    "signed", "re-signed", "declined", "viewed", "calculated", "Paid", "partially_paid", "clawback",
    "merged", "unknown", "final", "FINAL", "amended", "entered-in-error", "entered_in_error", "draft", "",
)  # fmt: skip
IDS = st.text("abcdefABC0123456789-.", min_size=1, max_size=20)
BAD_IDS = st.sampled_from(("a/b", "x y", "ä", "x" * 65, ""))

_USES = ("home", "work", "temp", "old", "mobile", "billing", "official", "usual", "nickname", "Home", "private")
_PLAUSIBLE: Mapping[str, Strategy] = {
    "status": st.sampled_from(STATUSES),
    "order_status": st.sampled_from(STATUSES),
    "shipping_carrier": st.sampled_from(("UPS", "Fed Ex", "U.S. Mail", "--", "DHL\u00a0Express")),
    "eligibility_status": st.sampled_from(
        ("eligible", "Eligible", "Not Covered", "pending", "queued", "partial", "needs-review", "error", "timeout",
         "expired", "void", "whatever", "")
    ),
    "validation_status": st.sampled_from(
        ("pending", "passed", "Passed", "not met", "needs_documentation", "incomplete", "timeout", "expired",
         "cancelled", "canceled", "validated", "")
    ),
    "mac_jurisdiction": st.sampled_from(("J6", "JK", " J6", "a  b")),
    "priority": st.sampled_from(("normal", "Normal", "urgent", "rush", "STAT", "whenever")),
    "hcpcs_code": st.sampled_from(("Q4101", "A6021", "97597", "q4101", " x")),
    "gender": st.sampled_from(("male", "female", "other", "unknown")),
    "marital_status": st.sampled_from(("M", "married", "Married", "never married", "X", "S", " divorced ")),
    "preferred_language": st.sampled_from(("en", "en-US", "de", "english us", "zh hans")),
    "race": st.sampled_from(("White", "white", "Asian", "unknown", "Mixed", "  white ")),
    "ethnicity": st.sampled_from(("Hispanic or Latino", "not hispanic or latino", "none")),
    "phone": st.sampled_from(("+1 555 0100", "(555) 010-0199", "555")),
    "email": st.sampled_from(("jane@example.org", "x@y")),
    "npi_number": st.sampled_from(("1234567893", "1234567890", "1", "2234567892", "123456789", "abcdefghij")),
    "category": st.sampled_from(("exam", "survey", "vital-signs", "Exam", "wound care", "laboratory")),
    "code": st.sampled_from(("39126-8", "39126-9", "89260-4", "WOUND-1", "wound  size", " x", "0-0", "00000-0")),
    "type": st.sampled_from(("prov", "dept", "HOSP", "SNF", "clinic", "wound center", "postal", "physical", "both")),
    "value_type": st.sampled_from(
        (
            "quantity", "Quantity", "string", "text", "boolean", "integer", "codeable", "codeable-concept",
            "CodeableConcept", "coded", "range", "ratio", "sampled", "sampled-data",
            "time", "datetime",
            "dateTime", "period", "photo", "",
        )
    ),
    "use": st.sampled_from(_USES),
    "system": st.sampled_from(("phone", "email", "fax", "Phone", "sms", "urn:x", "http://hospital.example/mrn", "a b")),
    "type_system": st.sampled_from(("http://terminology.hl7.org/CodeSystem/v2-0203", "has blank")),
    "type_code": st.sampled_from(("MR", "SS", "a  b")),
    "birth_date_text": PARTIAL_DATES | st.sampled_from(("0000", "1980-13", "80", "1980-02-", "9999", "9999-12")),
    "logo_url": st.sampled_from(("https://x.example/logo.png", "has blank", "")),
    "rank": st.integers(-1, 3),
    "period_month": st.integers(0, 13),
    "period_year": st.sampled_from((2026, 1, 0, -5, 9999, 10000)),
    "commission_type": st.sampled_from(("order", "bonus", "override", " ")),
    "completion_status": st.sampled_from(("complete", "missing signature", "")),
    "risk_scale": st.sampled_from(("percentage", "model 3", "")),
    "template_id": st.sampled_from(("harbor-ivr", "harbor  ivr", " x")),
    "content_type": st.sampled_from(("application/pdf", "image/png", "pdf  file", "")),
    "file_content_type": st.sampled_from(("application/pdf", "pdf  file", "")),
    "file_hash": st.sampled_from(("2jmj7l5rSw0yVb/vlWAYkK/YBwk=", "none", "")),
    "address": st.sampled_from(("1 Main St", "1 Main St\nSuite 2", "a\r\nb\r\n", "\n", "1, Main\n\nx")),
}  # fmt: skip

_TELECOM = st.fixed_dictionaries(
    {},
    optional={
        "system": st.sampled_from(("phone", "fax", "sms", "bogus")),
        "value": TEXTS,
        "use": st.sampled_from(("work", "bogus")),
        "rank": st.integers(-1, 2),
        "period": st.fixed_dictionaries({}, optional={"start": PARTIAL_DATES, "end": PARTIAL_DATES}),
    },
)
_CODING = st.fixed_dictionaries(
    {},
    optional={
        "system": st.sampled_from(("urn:x", "http://loinc.org", "has blank", "")),
        "code": st.sampled_from(("a", "b c", " bad", "5")) | st.integers(0, 9),
        "display": TEXTS,
        "userSelected": st.booleans() | st.just("yes"),
    },
)
_CONCEPT = st.fixed_dictionaries({}, optional={"coding": st.lists(_CODING, max_size=4) | _CODING, "text": TEXTS})
_QUANTITY = st.fixed_dictionaries(
    {
        "value": st.sampled_from((3, 0, "3.2", "x", None, True, "1e2", "007", ["5"]))
        | st.decimals(0, 9, places=2).map(str)
    },
    optional={
        "unit": TEXTS,
        "system": st.sampled_from(("http://unitsofmeasure.org", "has blank")),
        "code": st.sampled_from(("cm", "cm2", " cm")),
        "comparator": st.sampled_from(("<", ">=", "~")),
    },
)
_PERIOD = st.fixed_dictionaries({}, optional={"start": PARTIAL_DATES, "end": PARTIAL_DATES})
_TEXT = TEXTS | st.integers(0, 99)
_ADDRESS = st.fixed_dictionaries(
    {},
    optional={
        "use": st.sampled_from(("work", "home", "bogus")),
        "line": st.lists(_TEXT, max_size=3) | _TEXT,
        "city": _TEXT,
        "district": _TEXT,
        "state": _TEXT,
        "postalCode": _TEXT,
        "country": _TEXT,
        "text": _TEXT,
        "period": _PERIOD,
        "geo": st.just({"lat": 1}),
    },
)
_REFERENCE = st.fixed_dictionaries(
    {},
    optional={
        "reference": st.sampled_from(("Organization/1", "Patient/1", "#a", "#", "http://x/Organization/1", "x")),
        "type": st.sampled_from(("Organization", "Patient")),
        "display": TEXTS,
    },
)
_QUALIFICATION = st.fixed_dictionaries(
    {},
    optional={
        "code": _CONCEPT,
        "identifier": st.lists(
            st.fixed_dictionaries({}, optional={"system": TEXTS, "value": TEXTS, "assigner": _REFERENCE})
        ),
        "period": _PERIOD,
        "issuer": _REFERENCE,
    },
)
_RANGE = st.fixed_dictionaries({}, optional={"low": _QUANTITY, "high": _QUANTITY})
_RATIO = st.fixed_dictionaries({}, optional={"numerator": _QUANTITY, "denominator": _QUANTITY})
_VALUES = (
    st.fixed_dictionaries({"value": TEXTS | st.integers() | st.booleans() | PARTIAL_DATES})
    | st.sampled_from(("10:00:00", "10:00", 5, "5", True))
    | _QUANTITY | _CONCEPT | _CODING | _RANGE | _RATIO | _PERIOD
)  # fmt: skip
_AMOUNT = st.sampled_from(("25.00", 40, "free", True)) | st.decimals(0, 99, places=2).map(
    lambda n: DecimalText(f"{n:.2f}")
)
_SERVICE = TEXTS | st.fixed_dictionaries({"name": TEXTS | st.integers()}, optional={"fee": st.integers(0, 9)})

_ODD = TEXTS | st.integers(-1, 99) | st.booleans() | st.none() | st.lists(TEXTS, max_size=2) | st.just({"a": None})
_CODES = st.sampled_from(("L97.421", "I87.312", "E11", "l97", "L97.421 ulcer", "")) | _ODD
_DIAGNOSIS = _CODES | st.fixed_dictionaries(
    {}, optional={"code": _CODES, "description": _ODD, "display": TEXTS, "name": TEXTS}
)
_LOGICAL = IDS | BAD_IDS | _ODD
_POLICY = st.fixed_dictionaries(
    {},
    optional={
        "coverage_fhir_id": _LOGICAL,
        "payer_name": TEXTS,
        "payer": _ODD,
        "member_id": TEXTS | st.integers(0, 9),
        "policy_number": _ODD,
        "group_number": _ODD,
    },
)
_SHIPPING_NAMES = (
    "recipient_name", "name", "phone", "method", "shipping_method", "instructions", "special_instructions", "to",
    "street", "address_line1", "address_line2", "city", "state", "zip", "postal_code", "country",
)  # fmt: skip
_DETAILS: Mapping[str, Strategy] = {
    "clinical_details": st.fixed_dictionaries(
        {},
        optional={
            "diagnosis_codes": st.lists(_DIAGNOSIS, max_size=3) | _DIAGNOSIS,
            "diagnosis": _DIAGNOSIS,
            "primary_diagnosis": _DIAGNOSIS,
            "condition_fhir_ids": st.lists(_LOGICAL, max_size=3) | _LOGICAL,
            "condition_fhir_id": _LOGICAL,
            "observation_fhir_ids": st.lists(_LOGICAL, max_size=2),
            "wound_type": _ODD,
            "wound_length": _ODD | st.sampled_from(("3.2", "007")) | st.just(DecimalText("4.50")),
            "infection_present": _ODD,
            "clinical_notes": _ODD,
            "notes": _ODD,
            "surgeon": _ODD,
        },
    ),
    "insurance_details": st.builds(
        lambda own, more: {**own, **more},
        _POLICY,
        st.fixed_dictionaries(
            {},
            optional={
                "primary": _POLICY | _ODD,
                "secondary": st.lists(_POLICY, max_size=2),
                "policies": st.lists(_POLICY | _ODD, max_size=3) | _POLICY,
                "coverage_fhir_ids": st.lists(_LOGICAL, max_size=3) | _LOGICAL,
            },
        ),
    ),
    "shipping_details": st.fixed_dictionaries(
        {},
        optional={
            "address": _ADDRESS | _ODD | st.fixed_dictionaries({}, optional={"street": _TEXT, "zip": _TEXT}),
            "needed_by": PARTIAL_DATES | _ODD,
            **dict.fromkeys(_SHIPPING_NAMES, _ODD),
        },
    ),
}
_FORM = st.dictionaries(
    TEXTS,
    TEXTS
    | st.booleans()
    | st.integers(-(2**33), 2**33)
    | st.lists(TEXTS | st.dictionaries(TEXTS, TEXTS, max_size=2), max_size=3),
    max_size=4,
)

_JSON: Mapping[str, Strategy] = {
    **_DETAILS,
    "address": _ADDRESS,
    "contact": st.fixed_dictionaries(
        {},
        optional={
            "phone": _TEXT,
            "email": TEXTS,
            "fax": TEXTS,
            "url": TEXTS,
            "telecom": st.lists(_TELECOM),
            "note": TEXTS,
        },
    )
    | st.lists(_TELECOM),
    "services": st.lists(_SERVICE, max_size=3),
    "qualification": st.lists(TEXTS | _QUALIFICATION, max_size=3),
    "specialty": st.lists(TEXTS | _CONCEPT, max_size=3),
    "communication": st.lists(st.sampled_from(("en", "de-AT", "English (US), fluent")) | TEXTS | _CONCEPT, max_size=3),
    "value_data": _VALUES,
    "coverage_details": st.fixed_dictionaries(
        {},
        optional={
            "coverage_type": _TEXT,
            "plan_name": _TEXT,
            "effective_date": PARTIAL_DATES | _TEXT,
            "termination_date": PARTIAL_DATES | _TEXT,
            "copay": _AMOUNT,
            "deductible": _AMOUNT,
            "part_b": st.booleans(),
        },
    ),
    "supporting_documents": st.lists(
        TEXTS | _REFERENCE | st.sampled_from(("DocumentReference/d1", "DocumentReference/", "scan.pdf")), max_size=3
    ),
    "required_documentation": st.lists(TEXTS | st.integers(0, 9), max_size=3),
    "coverage_policies": st.lists(TEXTS | st.just("L35041") | _CODING, max_size=3),
    "procedures_validated": st.lists(TEXTS, max_size=2) | TEXTS,
    "cpt_codes_validated": st.lists(st.sampled_from(("15271", "15271", "Q4101", "0232T", " ")) | TEXTS, max_size=3),
    "validation_results": st.dictionaries(TEXTS, TEXTS | st.booleans() | _AMOUNT | st.none(), max_size=3),
    "form_data": _FORM,
    "mapped_data": _FORM,
    "recommended_actions": st.lists(TEXTS | st.integers(0, 9), max_size=3) | TEXTS,
    "product_specifications": st.dictionaries(
        TEXTS,
        TEXTS
        | st.none()
        | st.lists(TEXTS, max_size=2)
        | st.just({"a": [1]})
        | st.booleans()
        | st.integers(0, 99)
        | st.decimals(0, 9, places=2).map(lambda n: DecimalText(str(n))),
    ),
}
_OWN_JSON: Mapping[str, Strategy] = {
    "product_snapshot": st.fixed_dictionaries(
        {"name": TEXTS},
        optional={
            "sku": TEXTS,
            "hcpcs_code": st.sampled_from(("Q4101", "97597", "q4101", " x")),
            "unit_of_measure": st.sampled_from(("each", "cm2", " ")),
        },
    ),
    "line_fhir_ids": st.lists(IDS | BAD_IDS, max_size=3),
    "user_contact": st.fixed_dictionaries({"email": TEXTS}, optional={"phone": TEXTS}),
    "role_codes": st.lists(
        st.fixed_dictionaries(
            {"slug": st.sampled_from(("nurse", "office manager", " bad")), "name": TEXTS | st.none()}
        ),
        max_size=2,
        unique_by=lambda role: role["slug"],
    ),
}
"""JSON that only triggers write, in one shape."""

FOREIGN = frozenset({"resource_key", "version_id", "version_xid", "document_version", "updated_at", "deleted_at", "id"})


def held(column: Column[Any]) -> Strategy:
    """What a column can hold; NULL where it may."""
    found = _held(column)
    return found if not column.nullable else st.none() | found


def _held(column: Column[Any]) -> Strategy:
    name, sql_type = column.name, column.type
    if name == "fhir_id":
        return IDS
    if name.endswith("_fhir_id"):
        return IDS | BAD_IDS
    if isinstance(sql_type, JSONB):
        return _OWN_JSON[name] if name in _OWN_JSON else _JSON.get(name, ANY_JSON) | ANY_JSON
    if isinstance(sql_type, ARRAY):
        return st.lists(st.none() | TEXTS, max_size=3)
    if isinstance(sql_type, Boolean):
        return st.booleans()
    if isinstance(sql_type, Date):
        return ROW_DATES
    if isinstance(sql_type, DateTime):
        return ROW_TIMES
    if isinstance(sql_type, Numeric | LargeBinary):
        return _numbers(sql_type) if isinstance(sql_type, Numeric) else _bytes(name)
    if isinstance(sql_type, BigInteger | Integer):
        return _PLAUSIBLE.get(name, st.integers(0, 2**31 - 1))
    texts = PLAIN_TEXTS | TEXTS
    if name == "gender":
        return _PLAUSIBLE[name]
    if name in _PLAUSIBLE:
        texts = _PLAUSIBLE[name] | texts
    length = sql_type.length if isinstance(sql_type, String) else None
    return texts if length is None else texts.map(lambda text: text[:length])


def _numbers(sql_type: Numeric[Any]) -> Strategy:
    places = sql_type.scale or 0
    most = 10 ** ((sql_type.precision or 10) - places) - 1
    return st.decimals(-most, most, places=places).map(lambda amount: DecimalText(f"{amount:.{places}f}"))


def _bytes(name: str) -> Strategy:
    least, most = (20, 20) if name == "sha1" else (0, 9)
    return st.binary(min_size=least, max_size=most).map(lambda held: f"\\x{held.hex()}")


def child_rows(table: Table, key: str) -> Strategy:
    """Child rows as the projection column holds them: without NULLs, keys and positions; None for none."""
    columns = {column.name: held(column) for column in table.c if column.name not in ("id", "position", key)}
    one = st.fixed_dictionaries(columns).map(
        lambda row: {name: value for name, value in row.items() if value is not None}
    )
    return st.none() | st.lists(one, min_size=1, max_size=3)


def user_snapshots() -> Strategy:
    """The public part of a user as the trigger copies it."""
    text = st.sampled_from(("Ann", "O'Brien", "Müller-Lüdenscheidt", " ")) | TEXTS.map(lambda text: text[:255])
    return st.none() | st.fixed_dictionaries(
        {"first_name": text, "last_name": text, "email": text},
        optional={"phone": text.map(lambda phone: phone[:20]), "npi_number": _PLAUSIBLE["npi_number"]},
    )


def rows(resource: Resource) -> Strategy:
    """Rows of the table of a declaration that no document has been written for."""
    children = {child.projection: child_rows(child.table, child.key) for child in resource.children}
    columns: dict[str, Strategy] = {}
    for column in resource.table.c:
        if column.name in children:
            columns[column.name] = children[column.name]
        elif column.name == "user_snapshot":
            columns[column.name] = user_snapshots()
        elif column.name not in FOREIGN:
            columns[column.name] = held(column)
    return st.fixed_dictionaries({**columns, "document_version": st.none()}).map(_as_triggers_leave_it)


def _as_triggers_leave_it(row: dict[str, Any]) -> dict[str, Any]:
    """What goes to a clinic does not go to the patient; a check that knows nothing of the coverage has no Coverage."""
    if "source_id" in row:
        row = {**row, "updated_at": "2026-01-02T03:04:05+00:00"}
    if "coverage_active" in row and "source_id" in row:
        row |= {"coverage_active": row["coverage_active"] is True, "patient_fhir_id": row["patient_fhir_id"] or "p1"}
    return (
        {**row, "recipient_fhir_id": None}
        if row.get("facility_fhir_id") is not None and "recipient_fhir_id" in row
        else row
    )


def named(resource: Resource) -> str:
    """A name for test ids: two declarations may be of one type."""
    return str(resource.table.name)


DECLARATIONS = {named(resource): resource for resource in DECLARED}
