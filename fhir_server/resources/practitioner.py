"""Practitioner over fhir_practitioners and the user behind it (https://hl7.org/fhir/R4/practitioner.html)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Text, and_, case, func, literal_column, not_

from fhir_server.mapping import spoken
from fhir_server.mapping.branches import array, required
from fhir_server.mapping.identifiers import identifier, portal_id
from fhir_server.mapping.json_columns import json_list
from fhir_server.mapping.listed import ListedConcepts
from fhir_server.mapping.primitives import TOKEN, code_or_absent, text_or_absent
from fhir_server.mapping.projections import derived, projected
from fhir_server.mapping.resource import Resource
from fhir_server.mapping.source import StringColumn, TokenColumn
from fhir_server.mapping.spoken import Sql
from fhir_server.mapping.trees import ABSENT
from fhir_server.mapping.word import Row, Word
from fhir_server.persistence.tables import OPEN, fhir_practitioners
from fhir_server.resources.canonical import IDENTIFIER, LANGUAGES, PORTAL_IDENTIFIER, US_NPI
from fhir_server.resources.check_digits import is_npi, is_npi_in_sql

LONGEST_LANGUAGE = 12
"""A longer text is no code of BCP 47 but the name of a language."""

t = fhir_practitioners.c


def _qualification(text: str) -> dict[str, Any]:
    return {"code": {"text": text_or_absent(text)}}


def _language(text: str) -> dict[str, Any]:
    is_code = code_or_absent(text) is not ABSENT and len(text) <= LONGEST_LANGUAGE
    return {"coding": [{"system": LANGUAGES, "code": text}]} if is_code else {"text": text_or_absent(text)}


def _is_language(text: Sql) -> Sql:
    return and_(text.is_not(None), func.length(text) <= LONGEST_LANGUAGE)


def _is_no_npi(number: str) -> bool:
    return not is_npi(number)


def _user(key: str) -> Any:
    return projected(t.user_snapshot, key)


def _member(key: str) -> Sql:
    return spoken.json_token(spoken.member(t.user_snapshot, key))


def _work_telecom(system: str) -> Any:
    value = projected(t.user_snapshot, system, TOKEN)
    return derived({"system": system, "value": value, "use": "work"}, "Practitioner.telecom")


class user_npi(Word):  # noqa: N801
    """The NPI of the user, where the practitioner's own record has no number and no document says which there are."""

    def compose(self, row: Row) -> Any:
        held = row.get(t.user_snapshot.name)
        number = held.get("npi_number") if isinstance(held, dict) else None
        if any(row.get(column.name) is not None for column in (t.npi_number, t.document_version)):
            return ABSENT
        if not isinstance(number, str) or not is_npi(number):
            return ABSENT
        return {"system": US_NPI, "value": number}

    def search_columns(self, parameter_type: str) -> tuple[TokenColumn, ...]:
        number = _member("npi_number")
        said = and_(t.npi_number.is_(None), t.document_version.is_(None), is_npi_in_sql(number))
        return (TokenColumn(case((said, number)), system=US_NPI),)


def _name(key: str) -> StringColumn:
    # As the index on the expression has it, and not as text_member would say it.
    text = t.user_snapshot.op("->>", return_type=Text())(literal_column(f"'{key}'"))
    return StringColumn(text, said=spoken.is_text(text))


FAMILY, GIVEN = _name("last_name"), _name("first_name")
PHONE = TokenColumn(_member("phone"), system="phone")
EMAIL = TokenColumn(_member("email"), system="email")
LANGUAGE_COLUMNS = ListedConcepts(t.communication, LANGUAGES, _is_language)

PRACTITIONER = Resource(
    "Practitioner",
    fhir_practitioners,
    store=OPEN,
    elements={
        "identifier": [
            identifier(US_NPI, t.npi_number, legal=is_npi, legal_in_sql=is_npi_in_sql),
            identifier(
                f"{IDENTIFIER}/unverified-npi",
                t.npi_number,
                legal=_is_no_npi,
                legal_in_sql=lambda number: not_(is_npi_in_sql(number)),
            ),
            user_npi(),
            portal_id(PORTAL_IDENTIFIER, t.fhir_id, t.document_version),
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
        "communication": LANGUAGE_COLUMNS.token_columns(),
        "communication:text": LANGUAGE_COLUMNS.text_columns(),
    },
)
