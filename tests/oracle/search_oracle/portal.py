"""What the portal does with plain SQL: rows of its own, and changes of rows that came through FHIR."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import psycopg

from fhir_server.resources.registry import DECLARED

from .pools import IDENTIFIERS, NAMES

TYPES = ("Patient", "Practitioner", "PractitionerRole", "Organization", "Location", "Observation")
CODES = ("39126-8", "39125-0", "local-code", "8480-6", "A")
CATEGORIES = ("exam", "vital-signs", "wound", None)
TIMES = (None, "2024-03-10 00:00:00+00", "2024-03-11 04:30:00+00", "2024-03-11 04:30:00.5+00", "1980-02-29 12:00:00+00")
VALUES: tuple[tuple[str | None, Any], ...] = (
    (None, None),
    ("Quantity", {"value": 4.0, "unit": "cm", "system": "http://unitsofmeasure.org", "code": "cm"}),
    ("Quantity", {"value": 40, "unit": "mm", "system": "http://unitsofmeasure.org", "code": "mm"}),
    ("Quantity", {"value": 3.95, "unit": "cm"}),
    ("Quantity", {"value": 5, "comparator": "<"}),
    ("string", "Müller"),
    ("CodeableConcept", {"coding": [{"system": "http://loinc.org", "code": "A", "display": "Anna"}], "text": "M"}),
    ("boolean", True),
    ("integer", 3),
)


def living(session: psycopg.Connection[Any]) -> dict[str, list[str]]:
    """The ids of all resources that are not deleted, by type."""
    found: dict[str, list[str]] = {}
    for schema in ("phi", "open"):
        rows = session.execute(f"SELECT resource_type, fhir_id FROM {schema}.fhir_resources WHERE deleted_at IS NULL")
        for kind, logical_id in rows:
            found.setdefault(kind, []).append(logical_id)
    for kind, table in _versioned(session):
        rows = session.execute(f"SELECT fhir_id FROM {table} WHERE deleted_at IS NULL")
        found.setdefault(kind, []).extend(row[0] for row in rows)
    return found


def _versioned(session: psycopg.Connection[Any]) -> list[tuple[str, str]]:
    """The declared tables with the types that they hold."""
    return [(one.resource_type, one.table.fullname) for one in DECLARED]


def insert_rows(session: psycopg.Connection[Any], random: Random) -> None:
    """New people, places and measures that no FHIR client ever wrote."""

    def run(statement: str, *values: Any) -> Any:
        return session.execute(statement, values)

    for number in range(8):
        run(
            "INSERT INTO organizations (id, fhir_id, name, city, region, postal_code, phone, type, status)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            900 + number, f"portal-o{number}", *random.sample([name[:20] for name in NAMES], 3), "94105",
            random.choice(IDENTIFIERS), random.choice(("prov", "clinic")), random.choice(("active", "closed", "odd")),
        )  # fmt: skip
        run(
            "INSERT INTO users (id, email, password, first_name, last_name, phone) VALUES (%s, %s, 'x', %s, %s, %s)",
            900 + number, f"u{number}@x.example", *random.sample([name[:100] for name in NAMES], 2),
            random.choice(IDENTIFIERS),
        )  # fmt: skip
        run(
            "INSERT INTO fhir_practitioners (fhir_id, user_id, npi_number) VALUES (%s, %s, %s)",
            f"portal-d{number}", 900 + number, random.choice((None, "1234567893", "123")),
        )  # fmt: skip
        run(
            "INSERT INTO fhir_facilities (fhir_id, organization_id, name, status) VALUES (%s, %s, %s, %s)",
            f"portal-l{number}", 900 + number, random.choice(NAMES)[:100], random.choice(("active", "inactive")),
        )  # fmt: skip
        patient = f"portal-p{number}"
        run(
            "INSERT INTO fhir_patients (fhir_id, gender, birth_date, active, phone, email)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            patient, random.choice(("male", "female", None)), random.choice((None, "1980-02-29", "1979-01-01")),
            random.choice((True, False, None)), random.choice((None, "001", "555-0100")), random.choice((None, "a@b")),
        )  # fmt: skip
        run(
            "INSERT INTO fhir_patient_names (patient_fhir_id, position, family, given) VALUES (%s, 0, %s, %s)",
            patient, random.choice(NAMES), random.sample(NAMES, 2),
        )  # fmt: skip
        run(
            "INSERT INTO fhir_patient_identifiers (patient_fhir_id, position, system, value) VALUES (%s, 0, %s, %s)",
            patient, random.choice(("urn:x-mrn", None)), random.choice(IDENTIFIERS),
        )  # fmt: skip
    for number in range(30):
        kind, value = random.choice(VALUES)
        run(
            "INSERT INTO fhir_observations (fhir_id, patient_fhir_id, practitioner_fhir_id, category, code, value_type,"
            " value_data, effective_date_time, status) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            f"portal-w{number}", f"portal-p{random.randrange(8)}",
            random.choice((None, f"portal-d{random.randrange(8)}")),
            random.choice(CATEGORIES), random.choice(CODES), kind, None if kind is None else json.dumps(value),
            random.choice(TIMES), random.choice(("final", "amended", "FINAL", "odd")),
        )  # fmt: skip


def change_rows(session: psycopg.Connection[Any], random: Random) -> None:
    """Changes about a third of the rows, whoever wrote them."""

    def ids(table: str) -> list[str]:
        rows = session.execute(f"SELECT fhir_id FROM {table} WHERE deleted_at IS NULL ORDER BY fhir_id").fetchall()
        return random.sample([row[0] for row in rows], len(rows) // 3)

    for one in ids("fhir_patients"):
        session.execute(
            random.choice(
                (
                    "UPDATE fhir_patients SET gender = 'other' WHERE fhir_id = %s",
                    "UPDATE fhir_patients SET birth_date = '1980-02-28' WHERE fhir_id = %s",
                    "UPDATE fhir_patients SET active = NOT active, phone = '999' WHERE fhir_id = %s",
                    "UPDATE fhir_patients SET deceased = true WHERE fhir_id = %s",
                    "UPDATE fhir_patient_names SET family = 'Müller-Changed' WHERE patient_fhir_id = %s",
                    "DELETE FROM fhir_patient_identifiers WHERE patient_fhir_id = %s",
                    (
                        "INSERT INTO fhir_patient_identifiers (patient_fhir_id, position, system, value)"
                        " VALUES (%s, 50, 'urn:x-mrn', 'added')"
                    ),
                )
            ),
            (one,),
        )
    for one in ids("fhir_observations"):
        kind, value = random.choice(VALUES)
        session.execute(
            random.choice(
                (
                    "UPDATE fhir_observations SET status = 'amended' WHERE fhir_id = %(id)s",
                    "UPDATE fhir_observations SET code = '39125-0' WHERE fhir_id = %(id)s",
                    "UPDATE fhir_observations SET category = 'vital-signs' WHERE fhir_id = %(id)s",
                    (
                        "UPDATE fhir_observations SET effective_date_time = '2024-03-12 10:00:00+00',"
                        " effective_end = NULL WHERE fhir_id = %(id)s"
                    ),
                    "UPDATE fhir_observations SET value_type = %(kind)s, value_data = %(value)s WHERE fhir_id = %(id)s",
                )
            ),
            {"id": one, "kind": kind, "value": None if kind is None else json.dumps(value)},
        )
    for one in ids("organizations"):
        session.execute("UPDATE organizations SET name = 'Ärzte GmbH', city = 'Köln' WHERE fhir_id = %s", (one,))
    for one in ids("fhir_facilities"):
        session.execute("UPDATE fhir_facilities SET name = 'Müller Clinic' WHERE fhir_id = %s", (one,))
    for one in ids("fhir_practitioners"):
        session.execute("UPDATE fhir_practitioners SET active = false WHERE fhir_id = %s", (one,))
