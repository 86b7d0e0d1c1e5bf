"""The data that is measured on: rows as the portal writes them and resources as a FHIR client sends them, all made up.

Ids are numbered, so that a load, a pgbench script and a profile can name any of them without asking first:
`pp-N` and `po-N` are the portal's patients and observations, `fp-N` and `fo-N` those written through FHIR.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

CODES = (
    ("39126-8", "Length of Wound", "cm"),
    ("39125-0", "Width of Wound", "cm"),
    ("39127-6", "Depth of Wound", "cm"),
    ("72287-6", "Wound bed area", "cm2"),
    ("8867-4", "Heart rate", "/min"),
    ("8310-5", "Body temperature", "Cel"),
    ("29463-7", "Body weight", "kg"),
    ("8302-2", "Body height", "cm"),
    ("2708-6", "Oxygen saturation", "%"),
    ("9279-1", "Respiratory rate", "/min"),
)
_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
_FAMILIES = ("Adler", "Brandt", "Castillo", "Dubois", "Eriksen", "Ferreira", "Göbel", "Haddad", "Ito", "Jansen")
_GIVEN = ("Ana", "Ben", "Clara", "David", "Elif", "Femi", "Greta", "Hugo", "Iris", "Jon")


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is of each kind; observations are spread evenly over the patients of their kind."""

    portal_patients: int = 2_000
    portal_observations: int = 200_000
    fhir_patients: int = 200
    fhir_observations: int = 20_000
    writers: int = 64
    """Patients that get the observations which are written while measuring, so that the others stay as they are."""


def portal_statements(size: Size) -> tuple[str, ...]:
    """SQL that writes the portal's rows, a bounded number in each statement."""
    codes = "ARRAY[" + ", ".join(f"'{code}'" for code, _, _ in CODES) + "]"
    units = "ARRAY[" + ", ".join(f"'{unit}'" for _, _, unit in CODES) + "]"
    statements = [
        f"""INSERT INTO fhir_patients (fhir_id, gender, birth_date, phone, email, preferred_language)
        SELECT 'pp-' || n, (ARRAY['male', 'female', 'other'])[1 + n % 3], date '1930-01-01' + (n * 37) % 30000,
               '555-' || lpad(n::text, 7, '0'), 'p' || n || '@example.org', 'en'
        FROM generate_series(0, {size.portal_patients - 1}) n""",
        f"""INSERT INTO fhir_patient_names (patient_fhir_id, use, family, given)
        SELECT 'pp-' || n, 'official', (ARRAY{list(_FAMILIES)})[1 + n % 10],
               ARRAY[(ARRAY{list(_GIVEN)})[1 + n / 10 % 10]]
        FROM generate_series(0, {size.portal_patients - 1}) n""",
    ]
    chunk = 20_000
    for first in range(0, size.portal_observations, chunk):
        last = min(first + chunk, size.portal_observations) - 1
        statements.append(
            f"""INSERT INTO fhir_observations
                (fhir_id, patient_fhir_id, category, code, value_type, value_data, effective_date_time, issued, status)
            SELECT 'po-' || n, 'pp-' || n % {size.portal_patients}, 'vital-signs', ({codes})[1 + c % 10], 'quantity',
                jsonb_build_object('value', round((1 + n * 7919 % 3000)::numeric / 10, 1),
                    'unit', ({units})[1 + c % 10],
                    'system', 'http://unitsofmeasure.org', 'code', ({units})[1 + c % 10]),
                timestamptz '2020-01-01 08:00+00' + make_interval(mins => n * 9),
                timestamptz '2020-01-01 08:05+00' + make_interval(mins => n * 9), 'final'
            FROM generate_series({first}, {last}) n, LATERAL (SELECT n / {size.portal_patients} AS c) x"""
        )
    return tuple(statements)


def _bundle(entries: list[dict[str, Any]]) -> bytes:
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    return json.dumps(bundle, ensure_ascii=False, separators=(",", ":")).encode()


def _put(resource: dict[str, Any]) -> dict[str, Any]:
    return {"resource": resource, "request": {"method": "PUT", "url": f"{resource['resourceType']}/{resource['id']}"}}


def patient_bundles(size: Size) -> Iterator[bytes]:
    """Transactions that put the FHIR-written patients and the writers' ones; they come before the observations."""
    people = [patient(f"fp-{n}", n) for n in range(size.fhir_patients)]
    people += [patient(f"fw-{n}", n) for n in range(size.writers)]
    for first in range(0, len(people), 100):
        yield _bundle([_put(one) for one in people[first : first + 100]])


def observation_bundles(size: Size) -> Iterator[bytes]:
    """Transactions of at most 200 entries that put the FHIR-written observations."""
    for first in range(0, size.fhir_observations, 200):
        numbers = range(first, min(first + 200, size.fhir_observations))
        yield _bundle(
            [_put(observation(f"fp-{n % size.fhir_patients}", n, n // size.fhir_patients, f"fo-{n}")) for n in numbers]
        )


def patient(fhir_id: str, number: int) -> dict[str, Any]:
    """A Patient as a client sends it."""
    return {
        "resourceType": "Patient",
        "id": fhir_id,
        "identifier": [{"use": "usual", "system": "http://clinic.example/mrn", "value": f"MRN-{fhir_id}"}],
        "active": True,
        "name": [
            {"use": "official", "family": _FAMILIES[number % 10], "given": [_GIVEN[number // 10 % 10], "M."]},
        ],
        "telecom": [{"system": "phone", "value": f"555-9{number:06d}", "use": "home"}],
        "gender": ("male", "female")[number % 2],
        "birthDate": f"{1940 + number % 60}-{1 + number % 12:02d}-{1 + number % 28:02d}",
        "address": [{"line": [f"{number} Elm Street"], "city": "Springfield", "state": "MA", "postalCode": "01101"}],
    }


def observation(patient_id: str, number: int, code: int, fhir_id: str | None = None) -> dict[str, Any]:
    """An Observation as a client sends it, about 900 bytes; `code` is the number of one of CODES."""
    loinc, display, unit = CODES[code % len(CODES)]
    day, minute = divmod(number * 9, 1440)
    date = (
        f"{2020 + day // 336 % 5}-{1 + day // 28 % 12:02d}-{1 + day % 28:02d}T{minute // 60:02d}:{minute % 60:02d}:00"
    )
    said = {} if fhir_id is None else {"id": fhir_id}
    return {
        "resourceType": "Observation",
        **said,
        "status": "final",
        "category": [{"coding": [{"system": _CATEGORY, "code": "vital-signs", "display": "Vital signs"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": loinc, "display": display}], "text": display},
        "subject": {"reference": f"Patient/{patient_id}"},
        "effectiveDateTime": f"{date}+02:00",
        "issued": f"{date}.000+02:00",
        "valueQuantity": {
            "value": (1 + number * 7919 % 3000) / 10,
            "unit": unit,
            "system": "http://unitsofmeasure.org",
            "code": unit,
        },
        "interpretation": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation",
                        "code": "N",
                        "display": "Normal",
                    }
                ]
            }
        ],
        "bodySite": {"coding": [{"system": "http://snomed.info/sct", "code": "56459004", "display": "Foot"}]},
    }


def new_observations(size: Size, seed: int) -> Iterator[bytes]:
    """Bodies of creates, without end."""
    chance = random.Random(seed)
    while True:
        number = chance.randrange(1_000_000)
        yield json.dumps(observation(f"fw-{number % size.writers}", number, number), separators=(",", ":")).encode()


def new_transactions(size: Size, seed: int, entries: int = 100) -> Iterator[bytes]:
    """Bodies of transactions with as many creates of Observations, without end."""
    chance = random.Random(seed)
    while True:
        numbers = [chance.randrange(1_000_000) for _ in range(entries)]
        made = [observation(f"fw-{number % size.writers}", number, number) for number in numbers]
        yield _bundle([{"resource": one, "request": {"method": "POST", "url": "Observation"}} for one in made])
