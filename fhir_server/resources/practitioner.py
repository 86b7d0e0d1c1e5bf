"""Practitioner over fhir_practitioners and the user behind it (https://hl7.org/fhir/R4/practitioner.html)."""

from __future__ import annotations

from typing import Any

from fhir_server.mapping.branches import array, derived, projected, required
from fhir_server.mapping.json_columns import json_list, text_member
from fhir_server.mapping.primitives import code_or_absent
from fhir_server.mapping.resource import Resource
from fhir_server.mapping.source import StringColumn, TokenColumn
from fhir_server.mapping.trees import ABSENT
from fhir_server.mapping.words import identifier
from fhir_server.persistence.tables import OPEN, fhir_practitioners
from fhir_server.resources.canonical import IDENTIFIER, LANGUAGES, US_NPI
from fhir_server.resources.check_digits import is_npi

t = fhir_practitioners.c


def _qualification(text: str) -> dict[str, Any]:
    return {"code": {"text": text}}


def _language(text: str) -> dict[str, Any]:
    code = code_or_absent(text)
    return {"text": text} if code is ABSENT or len(text) > 12 else {"coding": [{"system": LANGUAGES, "code": text}]}


def _user(key: str) -> Any:
    return projected(t.user_snapshot, key)


def _work_telecom(system: str) -> Any:
    return derived({"system": system, "value": _user(system), "use": "work"}, "Practitioner.telecom")


FAMILY = StringColumn(text_member(t.user_snapshot, "last_name"))
GIVEN = StringColumn(text_member(t.user_snapshot, "first_name"))
PHONE = TokenColumn(text_member(t.user_snapshot, "phone"), system="phone")
EMAIL = TokenColumn(text_member(t.user_snapshot, "email"), system="email")

PRACTITIONER = Resource(
    "Practitioner",
    fhir_practitioners,
    store=OPEN,
    elements={
        "identifier": [
            identifier(US_NPI, t.npi_number, legal=is_npi),
            identifier(f"{IDENTIFIER}/unverified-npi", t.npi_number, legal=lambda number: not is_npi(number)),
        ],
        "active": t.active,
        "name": required(
            array([derived({"family": _user("last_name"), "given": array([_user("first_name")])}, "Practitioner.name")])
        ),
        "telecom": [_work_telecom("phone"), _work_telecom("email")],
        "qualification": json_list(t.qualification, "Practitioner.qualification", _qualification),
        "communication": json_list(t.communication, "CodeableConcept", _language),
    },
    search={
        "active": "active",
        "identifier": "identifier",
        "family": (FAMILY,),
        "given": (GIVEN,),
        "name": (FAMILY, GIVEN),
        "phone": (PHONE,),
        "email": (EMAIL,),
        "telecom": (PHONE, EMAIL),
    },
)
