"""What the insurance resources share: numbers of the portal, the payer, what a member is known by, texts in JSON lists.

https://hl7.org/fhir/R4/financial-module.html
"""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

from sqlalchemy import Column

from fhir_server.errors import Unprocessable
from fhir_server.mapping.identifiers import identifier
from fhir_server.mapping.logical import named
from fhir_server.mapping.word import HeardRow
from fhir_server.mapping.words import DATA_ABSENT_REASON
from fhir_server.resources.canonical import EXTENSION, IDENTIFIER, IDENTIFIER_TYPES

CHECK_NUMBER = f"{IDENTIFIER}/eligibility-check"
AUTHORIZATION_NUMBER = f"{IDENTIFIER}/authorization-number"
VALIDATION_NUMBER = f"{IDENTIFIER}/mac-validation"
PAYER = f"{IDENTIFIER}/payer-id"
MEMBER = f"{IDENTIFIER}/member-id"
MEMBER_NUMBER = (IDENTIFIER_TYPES, "MB")

RESULT_EXPIRES = f"{EXTENSION}/result-expires"
CHECK_SOURCE = f"{EXTENSION}/check-source"
GROUP_NUMBER = f"{EXTENSION}/group-number"
AUTHORIZED_REQUEST = f"{EXTENSION}/authorized-request"
APPROVED_UNITS = f"{EXTENSION}/approved-units"
SUPPORTING_DOCUMENT = f"{EXTENSION}/supporting-document"

STATUSES = "http://hl7.org/fhir/fm-status"
OUTCOMES = "http://hl7.org/fhir/remittance-outcome"

ABSENT_CONCEPT = {"extension": [{"url": DATA_ABSENT_REASON, "valueCode": "unknown"}]}
"""Stands where FHIR demands a concept or a reference that the portal does not have."""


class record_number(identifier):  # noqa: N801
    """The number by which a record of the portal is told; one that the portal cannot have is refused."""

    def __init__(self, system: str, column: Column[Any], resource_type: str) -> None:
        super().__init__(system, column)
        self.expression = f"{resource_type}.identifier"

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        if super().decompose(value, row):
            return True
        if isinstance(value, dict) and value.get("system") == self.system:
            reason = f"{self.expression} is not what a record of the portal can have as its number"
            raise Unprocessable(reason, (self.expression,))
        return False


def payer(name: Column[Any], number: Column[Any] | None = None) -> named:
    """The payer, who is no resource here."""
    return named(name, number, PAYER)


def coverage_id(check: str) -> str:
    """The logical id of the Coverage that follows a check; the shadow's trigger computes the same."""
    return str(uuid.UUID(hashlib.md5(f"Coverage/{check}".encode(), usedforsecurity=False).hexdigest()))
