"""Patient over fhir_patients and its PHI child tables (https://hl7.org/fhir/R4/patient.html)."""

from __future__ import annotations

from sqlalchemy import Table, case, func, literal_column

from fhir_server.mapping import spoken
from fhir_server.mapping.branches import array, required, texts
from fhir_server.mapping.choices import deceased
from fhir_server.mapping.concepts import any_code, concept, one_of, reference
from fhir_server.mapping.dates import partial_date
from fhir_server.mapping.identifiers import contact_point, portal_id
from fhir_server.mapping.primitives import CODE_TEXT, TOKEN, URL
from fhir_server.mapping.projections import many
from fhir_server.mapping.resource import Resource
from fhir_server.mapping.source import SearchColumn, StringColumn, Through, TokenColumn
from fhir_server.mapping.spoken import Sql
from fhir_server.mapping.words import by_default, code_of, period, positive, value
from fhir_server.persistence.tables import (
    PHI,
    fhir_patient_addresses,
    fhir_patient_identifiers,
    fhir_patient_names,
    fhir_patient_strings,
    fhir_patient_telecoms,
    fhir_patients,
)
from fhir_server.resources.canonical import LANGUAGES, PORTAL_IDENTIFIER
from fhir_server.resources.demographics import ETHNICITY, MARITAL_STATUSES, MARITAL_TEXTS, RACE, omb

MARITAL_SYSTEM = "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus"
GENDERS = "http://hl7.org/fhir/administrative-gender"
ADDRESS_USES = "http://hl7.org/fhir/address-use"

t = fhir_patients.c
name, identifier, address, telecom = (
    table.c for table in (fhir_patient_names, fhir_patient_identifiers, fhir_patient_addresses, fhir_patient_telecoms)
)


def _strings(*elements: str) -> tuple[SearchColumn, ...]:
    held = fhir_patient_strings.c
    return tuple(
        StringColumn(
            held.value,
            normal=held.normal,
            through=Through(fhir_patient_strings, "patient_fhir_id", "fhir_id", {"element": element}),
            complete=True,
            said=spoken.is_text(held.value),
        )
        for element in elements
    )


def _child(table: Table, **conditions: str) -> Through:
    return Through(table, "patient_fhir_id", "fhir_id", conditions)


def _legal(column: Sql, test: Sql) -> Sql:
    return case((test, column))


def _codes_of(code: str) -> tuple[str, ...]:
    return (code,) if TOKEN.compose(code) == code else ()


LANGUAGE = concept(t.preferred_language, any_code(LANGUAGES), texts=False)
PORTAL_ID = portal_id(PORTAL_IDENTIFIER, t.fhir_id, t.document_version, t.identifiers)
PHONE, EMAIL = contact_point("phone", t.phone), contact_point("email", t.email)
TELECOM_SYSTEM = code_of(telecom.system, "ContactPoint.system", otherwise="other", needs=telecom.value)
ADDRESS_USE = code_of(address.use, "Address.use", system=ADDRESS_USES)
IDENTIFIER_SYSTEM = _legal(identifier.system, spoken.is_uri(identifier.system))
IDENTIFIER_TYPE = func.concat(
    _legal(identifier.type_system, spoken.is_uri(identifier.type_system)), literal_column("'|'"), identifier.type_code
)


def _identifiers(system: Sql, where: Sql | None = None) -> TokenColumn:
    return TokenColumn(
        identifier.value,
        system_column=system,
        stored=_codes_of,
        through=_child(fhir_patient_identifiers),
        where=where,
        said=spoken.is_token(identifier.value),
    )


def _telecoms(through: Through, system: str | None = None) -> TokenColumn:
    return TokenColumn(
        telecom.value,
        system=system,
        system_column=TELECOM_SYSTEM.sql() if system is None else None,
        stored=_codes_of,
        through=through,
        said=spoken.is_token(telecom.value),
    )


def _telecoms_of(system: str) -> TokenColumn:
    return _telecoms(_child(fhir_patient_telecoms, system=system), system)


NAME_PARTS = ("family", "given", "prefix", "suffix", "name-text")
ADDRESS_PARTS = ("line", "city", "district", "state", "postal-code", "country", "address-text")

PATIENT = Resource(
    "Patient",
    fhir_patients,
    store=PHI,
    elements={
        "extension": [omb(RACE, t.race), omb(ETHNICITY, t.ethnicity)],
        "identifier": [
            PORTAL_ID,
            many(
                t.identifiers,
                fhir_patient_identifiers,
                {
                    "use": code_of(identifier.use, "Identifier.use"),
                    "type": {
                        "coding": [
                            {
                                "system": value(identifier.type_system, URL),
                                "code": value(identifier.type_code, CODE_TEXT),
                            }
                        ],
                        "text": identifier.type_text,
                    },
                    "system": value(identifier.system, URL),
                    "value": value(identifier.value, TOKEN),
                    "period": period(identifier.period_start, identifier.period_end),
                },
            ),
        ],
        "active": t.active,
        "name": required(
            array(
                [
                    many(
                        t.names,
                        fhir_patient_names,
                        {
                            "use": code_of(name.use, "HumanName.use"),
                            "text": name.text,
                            "family": name.family,
                            "given": texts(name.given),
                            "prefix": texts(name.prefix),
                            "suffix": texts(name.suffix),
                            "period": period(name.period_start, name.period_end),
                        },
                    )
                ]
            )
        ),
        "telecom": [
            PHONE,
            EMAIL,
            many(
                t.telecoms,
                fhir_patient_telecoms,
                {
                    "system": TELECOM_SYSTEM,
                    "value": value(telecom.value, TOKEN),
                    "use": code_of(telecom.use, "ContactPoint.use"),
                    "rank": positive(telecom["rank"]),
                    "period": period(telecom.period_start, telecom.period_end),
                },
            ),
        ],
        "gender": required(code_of(t.gender, "Patient.gender", system=GENDERS, complete=True), primitive=True),
        "birthDate": partial_date(t.birth_date, t.birth_date_text),
        "deceased[x]": deceased(t.deceased, t.deceased_date_time),
        "address": [
            many(
                t.addresses,
                fhir_patient_addresses,
                {
                    "use": ADDRESS_USE,
                    "type": code_of(address.type, "Address.type"),
                    "text": address.text,
                    "line": texts(address.line),
                    "city": address.city,
                    "district": address.district,
                    "state": address.state,
                    "postalCode": address.postal_code,
                    "country": address.country,
                    "period": period(address.period_start, address.period_end),
                },
            ),
        ],
        "maritalStatus": concept(t.marital_status, one_of(MARITAL_SYSTEM, MARITAL_STATUSES), aliases=MARITAL_TEXTS),
        "communication": [
            {"language": LANGUAGE, "preferred": by_default(True)},
        ],
        "managingOrganization": reference("Organization", t.managing_organization_fhir_id),
    },
    search={
        "active": "active",
        "gender": "gender",
        "birthdate": "birthDate",
        "deceased": "deceased[x]",
        "death-date": "deceased[x]",
        "organization": "managingOrganization",
        "family": _strings("family"),
        "given": _strings("given"),
        "name": _strings(*NAME_PARTS),
        "address": _strings(*ADDRESS_PARTS),
        "address-city": _strings("city"),
        "address-state": _strings("state"),
        "address-postalcode": _strings("postal-code"),
        "address-country": _strings("country"),
        "address-use": (
            TokenColumn(
                address.use,
                system=ADDRESS_USES,
                stored=ADDRESS_USE.stored,
                through=_child(fhir_patient_addresses),
                said=ADDRESS_USE.is_said(),
            ),
        ),
        "language": LANGUAGE.search_columns("token"),
        "language:text": LANGUAGE.text_columns(),
        # Not complete: a document may say the identifier that portal rows have for want of another.
        "identifier": (*PORTAL_ID.search_columns("token"), _identifiers(IDENTIFIER_SYSTEM)),
        "identifier:of-type": (_identifiers(IDENTIFIER_TYPE, spoken.is_code(identifier.type_code)),),
        "identifier:text": (
            StringColumn(
                identifier.type_text,
                through=_child(fhir_patient_identifiers),
                said=spoken.is_text(identifier.type_text),
            ),
        ),
        "phone": (*PHONE.search_columns("token"), _telecoms_of("phone")),
        "email": (*EMAIL.search_columns("token"), _telecoms_of("email")),
        "telecom": (
            *PHONE.search_columns("token"),
            *EMAIL.search_columns("token"),
            _telecoms(_child(fhir_patient_telecoms)),
        ),
    },
)
