"""PractitionerRole over user_organizations: a portal user who works for an organization.

https://hl7.org/fhir/R4/practitionerrole.html. Triggers put the row together from users, roles and practitioners, so
FHIR reads it and keeps what clients say beside it; roles that come in through FHIR live in the generic store.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, case

from fhir_server.mapping import spoken
from fhir_server.mapping.branches import array
from fhir_server.mapping.concepts import concept, reference
from fhir_server.mapping.json_columns import json_list
from fhir_server.mapping.listed import ListedConcepts, listed, through
from fhir_server.mapping.primitives import TOKEN, code_or_absent, text_or_absent
from fhir_server.mapping.projections import derived, projected
from fhir_server.mapping.resource import Resource
from fhir_server.mapping.source import StringColumn, TokenColumn
from fhir_server.mapping.spoken import Sql
from fhir_server.mapping.trees import ABSENT, Atomic, Slots
from fhir_server.mapping.word import Row, Word
from fhir_server.persistence.tables import OPEN, user_organizations
from fhir_server.resources.canonical import CODE_SYSTEM

PORTAL_ROLES = f"{CODE_SYSTEM}/role"

t = user_organizations.c


class portal_roles(Word):  # noqa: N801
    """The user's portal roles as concepts; permissions never leave the database."""

    def __init__(self, column: Column[Any]) -> None:
        self.column = column

    def compose(self, row: Row) -> Any:
        held = row.get(self.column.name)
        found: dict[str, Any] = {}
        for role in held if isinstance(held, list) else ():
            slug, name = code_or_absent(role.get("slug")), text_or_absent(role.get("name"))
            if slug is not ABSENT:
                coding = {"system": PORTAL_ROLES, "code": slug} | ({} if name is ABSENT else {"display": name})
                found.setdefault(slug, Atomic(coding=[coding]))
        return Slots(list(found.items())) if found else ABSENT


def _name(role: Sql) -> Sql:
    has_slug = spoken.json_code(spoken.member(role, "slug")).is_not(None)
    return case((has_slug, spoken.json_text(spoken.member(role, "name"))))


def work_telecom(system: str) -> dict[str, Any]:
    """How the user is reached at work, as the portal's account has it."""
    return {"system": system, "value": projected(t.user_contact, system, TOKEN), "use": "work"}


def _contact(system: str) -> TokenColumn:
    return TokenColumn(spoken.json_token(spoken.member(t.user_contact, system)), system=system)


ROLES = listed(t.role_codes, "roles", code=lambda role: spoken.json_code(spoken.member(role, "slug")), display=_name)
POSITION = concept(t.role)
PRACTITIONER = reference("Practitioner", t.practitioner_fhir_id)
ORGANIZATION = reference("Organization", t.organization_fhir_id)
SPECIALTIES = ListedConcepts(t.specialty)
PHONE, EMAIL = _contact("phone"), _contact("email")

PRACTITIONER_ROLE = Resource(
    "PractitionerRole",
    user_organizations,
    store=OPEN,
    creatable=False,
    elements={
        "practitioner": derived(PRACTITIONER, "PractitionerRole.practitioner"),
        "organization": derived(ORGANIZATION, "PractitionerRole.organization"),
        "code": derived(array([portal_roles(t.role_codes), POSITION]), "PractitionerRole.code"),
        "telecom": derived(array([work_telecom("phone"), work_telecom("email")]), "PractitionerRole.telecom"),
        "specialty": derived(
            json_list(t.specialty, "CodeableConcept", lambda text: {"text": text_or_absent(text)}),
            "PractitionerRole.specialty",
        ),
    },
    search={
        "practitioner": "practitioner",
        "organization": "organization",
        "phone": (PHONE,),
        "email": (EMAIL,),
        "telecom": (PHONE, EMAIL),
        "role": (TokenColumn(ROLES.c.code, system=PORTAL_ROLES, through=through(ROLES)),),
        "role:text": (StringColumn(ROLES.c.display, through=through(ROLES)), *POSITION.text_columns()),
        "specialty": SPECIALTIES.token_columns(),
        "specialty:text": SPECIALTIES.text_columns(),
    },
)
