"""PractitionerRole over user_organizations: a portal user who works for an organization.

https://hl7.org/fhir/R4/practitionerrole.html. The row is put together by triggers from users, roles and practitioners, so FHIR
reads it and keeps what clients say beside it; roles that come in through FHIR live in the generic store.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column

from fhir_server.mapping.branches import derived
from fhir_server.mapping.json_columns import json_list
from fhir_server.mapping.primitives import code_or_absent, text_or_absent
from fhir_server.mapping.resource import Resource
from fhir_server.mapping.trees import ABSENT, Atomic, Slots
from fhir_server.mapping.word import Row, Word
from fhir_server.mapping.words import reference
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
        pairs: list[tuple[str, Any]] = []
        for role in held if isinstance(held, list) else ():
            slug, name = code_or_absent(role.get("slug")), text_or_absent(role.get("name"))
            if slug is not ABSENT:
                coding = {"system": PORTAL_ROLES, "code": slug} | ({} if name is ABSENT else {"display": name})
                pairs.append((slug, Atomic(coding=[coding])))
        return Slots(pairs) if pairs else ABSENT


PRACTITIONER_ROLE = Resource(
    "PractitionerRole",
    user_organizations,
    store=OPEN,
    creatable=False,
    elements={
        "practitioner": derived(reference("Practitioner", t.practitioner_fhir_id), "PractitionerRole.practitioner"),
        "organization": derived(reference("Organization", t.organization_fhir_id), "PractitionerRole.organization"),
        "code": derived(portal_roles(t.role_codes), "PractitionerRole.code"),
        "specialty": derived(
            json_list(t.specialty, "CodeableConcept", lambda text: {"text": text}), "PractitionerRole.specialty"
        ),
    },
    search={
        "practitioner": reference("Practitioner", t.practitioner_fhir_id).search_columns("reference"),
        "organization": reference("Organization", t.organization_fhir_id).search_columns("reference"),
    },
)
