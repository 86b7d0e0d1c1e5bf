"""Patient over fhir_patients and its PHI child tables (https://hl7.org/fhir/R4/patient.html)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table

from fhir_server.definitions import required_codes
from fhir_server.mapping.branches import array, many, required, texts
from fhir_server.mapping.choices import deceased
from fhir_server.mapping.dates import partial_date
from fhir_server.mapping.resource import Resource
from fhir_server.mapping.source import SearchColumn, StringColumn, Through, TokenColumn
from fhir_server.mapping.words import code_of, coded, concept, contact_point, one_of, period, positive, reference, value
from fhir_server.persistence.tables import (
    PHI,
    fhir_patient_addresses,
    fhir_patient_identifiers,
    fhir_patient_names,
    fhir_patient_strings,
    fhir_patient_telecoms,
    fhir_patients,
)
from fhir_server.resources.canonical import LANGUAGES
from fhir_server.resources.demographics import ETHNICITY, MARITAL_STATUSES, MARITAL_TEXTS, RACE, omb

MARITAL_SYSTEM = "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus"
CONTACT_SYSTEMS = {code: code for code in sorted(required_codes("ContactPoint.system") or ())}
GENDERS = "http://hl7.org/fhir/administrative-gender"

t = fhir_patients.c
name, identifier, address, telecom = (
    table.c for table in (fhir_patient_names, fhir_patient_identifiers, fhir_patient_addresses, fhir_patient_telecoms)
)


def _strings(*elements: str) -> tuple[SearchColumn, ...]:
    held = fhir_patient_strings
    return tuple(
        StringColumn(
            held.c.value,
            normal=held.c.normal,
            through=Through(held, "patient_fhir_id", "fhir_id", {"element": element}),
            complete=True,
        )
        for element in elements
    )


def _child(table: Table) -> Through:
    return Through(table, "patient_fhir_id", "fhir_id")


def _telecom(system: str, column: Any) -> tuple[SearchColumn, ...]:
    of_system = Through(fhir_patient_telecoms, "patient_fhir_id", "fhir_id", {"system": system})
    return (TokenColumn(column, system=system), TokenColumn(telecom.value, system=system, through=of_system))


NAME_PARTS = ("family", "given", "prefix", "suffix", "name-text")
ADDRESS_PARTS = ("line", "city", "district", "state", "postal-code", "country", "address-text")

PATIENT = Resource(
    "Patient",
    fhir_patients,
    store=PHI,
    elements={
        "extension": [omb(RACE, t.race), omb(ETHNICITY, t.ethnicity)],
        "identifier": [
            many(
                t.identifiers,
                fhir_patient_identifiers,
                {
                    "use": code_of(identifier.use, "Identifier.use"),
                    "type": {
                        "coding": [{"system": identifier.type_system, "code": identifier.type_code}],
                        "text": identifier.type_text,
                    },
                    "system": identifier.system,
                    "value": identifier.value,
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
            contact_point("phone", t.phone),
            contact_point("email", t.email),
            many(
                t.telecoms,
                fhir_patient_telecoms,
                {
                    "system": coded(telecom.system, CONTACT_SYSTEMS, otherwise="other"),
                    "value": telecom.value,
                    "use": code_of(telecom.use, "ContactPoint.use"),
                    "rank": positive(telecom["rank"]),
                    "period": period(telecom.period_start, telecom.period_end),
                },
            ),
        ],
        "gender": required(value(t.gender, system=GENDERS, complete=True), primitive=True),
        "birthDate": partial_date(t.birth_date, t.birth_date_text),
        "deceased[x]": deceased(t.deceased, t.deceased_date_time),
        "address": [
            many(
                t.addresses,
                fhir_patient_addresses,
                {
                    "use": code_of(address.use, "Address.use"),
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
        "maritalStatus": concept(t.marital_status, (MARITAL_SYSTEM, one_of(MARITAL_STATUSES)), aliases=MARITAL_TEXTS),
        "communication": [
            {"language": concept(t.preferred_language, (LANGUAGES, lambda code: True), texts=False)},
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
        "identifier": (
            TokenColumn(identifier.value, system_column=identifier.system, through=_child(fhir_patient_identifiers), complete=True),
        ),
        "phone": _telecom("phone", t.phone),
        "email": _telecom("email", t.email),
        "telecom": (
            TokenColumn(t.phone, system="phone"),
            TokenColumn(t.email, system="email"),
            TokenColumn(telecom.value, system_column=telecom.system, through=_child(fhir_patient_telecoms)),
        ),
    },
)
