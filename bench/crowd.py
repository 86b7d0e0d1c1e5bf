"""A crowd of patients with observations, made inside PostgreSQL: what the portal wrote and what came through FHIR.

What came through FHIR is written once by the server's own code, as templates; the others are copies of these rows,
documents and index rows with ids, dates and amounts of their own. So the rows are what the server would write, at the
speed of COPY. Triggers of the tables are off meanwhile: every copy is version 1.

Ids are numbered: patients `p-N`, observations `po-N` (portal), `fo-N` (FHIR) and `go-N` (FHIR, no table holds them).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from psycopg import Connection

from bench.data import CODES
from fhir_server.json_text import parse_json
from fhir_server.mapping.registry import Registry
from fhir_server.persistence.connections import connect
from fhir_server.persistence.tables import OPEN, PHI, fhir_observations, fhir_patients
from fhir_server.persistence.writes import Change, write
from fhir_server.resources.registry import registry

RARE_CODE = "72514-3"
WEIGHTS = (30, 20, 15, 10, 8, 6, 5, 3, 2, 1)
"""How many of a hundred observations have each of CODES; one in a thousand has RARE_CODE instead."""
FAMILIES = ("Adler", "Brandt", "Castillo", "Dubois", "Eriksen", "Ferreira", "Göbel", "Haddad", "Ito", "Jansen")
ENDINGS = ("", "son", "berg", "mann", "ova", "stein", "dottir", "ez", "ini", "wick")
GIVEN = ("Ana", "Ben", "Clara", "David", "Elif", "Femi", "Greta", "Hugo", "Iris", "Jon")
BASE_URL = "http://127.0.0.1/fhir"
_CATEGORY = "http://terminology.hl7.org/CodeSystem"
_TEMPLATE_MOMENT = "1999-01-01T00:00:00Z"
_TRIGGERED = ("fhir_observations", "phi.fhir_resources")
_CHUNK = 100_000


@dataclass(frozen=True, slots=True)
class Crowd:
    """How much there is; the other numbers follow from that of the observations."""

    observations: int = 1_000_000

    @property
    def patients(self) -> int:
        """One for each hundred observations."""
        return max(20, self.observations // 100)

    @property
    def portal(self) -> int:
        """Observations that the portal wrote."""
        return self.observations - self.fhir - self.generic

    @property
    def fhir(self) -> int:
        """Observations that came through FHIR and are rows of the portal's table."""
        return self.observations // 10

    @property
    def generic(self) -> int:
        """Observations that came through FHIR and fit no row of that table."""
        return self.observations // 100

    @property
    def others(self) -> Mapping[str, int]:
        """Resources of types without a table."""
        return {
            "Encounter": self.observations // 20,
            "Condition": self.observations // 10,
            "Procedure": self.observations // 50,
            "DocumentReference": self.observations // 50,
        }


def fill(conninfo: str, crowd: Crowd) -> None:
    """Fills a migrated, empty database, whose owner the user of `conninfo` must be, and lets PostgreSQL analyze it."""
    with connect(conninfo) as connection:
        known = registry()
        _write(connection, known, _people(crowd))
        for statement in _portal_patients(crowd):
            connection.execute(statement)
        templates = _templates()
        _write(connection, known, templates)
        for table in _TRIGGERED:
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for statement in (*_portal_observations(crowd), *_copies(crowd, templates)):
            connection.execute(statement)
        for table in _TRIGGERED:
            connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        # An index-only scan needs to know which pages everybody sees, which is what VACUUM notes.
        connection.execute("VACUUM (ANALYZE)")


def _write(connection: Connection[Any], known: Registry, trees: Sequence[Mapping[str, Any]]) -> None:
    read = [parse_json(json.dumps(tree).encode()) for tree in trees]
    for first in range(0, len(read), 1000):
        changes = [Change(tree["resourceType"], tree["id"], "PUT", tree) for tree in read[first : first + 1000]]
        with connection.transaction():
            write(connection, known, changes, base_url=BASE_URL, zone=ZoneInfo("UTC"))


def family(number: int) -> str:
    """The family name of patient `p-<number>`."""
    return FAMILIES[number % 10] + ENDINGS[number // 10 % 10]


def _people(crowd: Crowd) -> list[dict[str, Any]]:
    """Organizations, places, practitioners, and the tenth of the patients that came through FHIR."""
    made: list[dict[str, Any]] = [
        {"resourceType": "Organization", "id": f"org-{n}", "name": f"Clinic {FAMILIES[n % 10]} {n}", "active": True}
        for n in range(20)
    ]
    made += [{"resourceType": "Location", "id": f"loc-{n}", "name": f"Ward {n}"} for n in range(20)]
    made += [
        {
            "resourceType": "Practitioner",
            "id": f"doc-{n}",
            "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": f"{1_000_000_000 + n}"}],
            "name": [{"family": f"{FAMILIES[n % 10]}{ENDINGS[n // 10]}", "given": [GIVEN[n % 7]]}],
        }
        for n in range(100)
    ]
    return made + [_patient(n) for n in range(0, crowd.patients, 10)]


def _patient(number: int) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": f"p-{number}",
        "identifier": [{"use": "usual", "system": "http://clinic.example/mrn", "value": f"MRN-{number}"}],
        "active": True,
        "name": [{"use": "official", "family": family(number), "given": [GIVEN[number // 100 % 10], "M."]}],
        "telecom": [{"system": "phone", "value": f"555-9{number:06d}", "use": "home"}],
        "gender": ("male", "female")[number // 10 % 2],
        "birthDate": f"{1940 + number // 10 % 60}-{1 + number // 10 % 12:02d}-{1 + number // 10 % 28:02d}",
        "address": [{"line": [f"{number} Elm Street"], "city": "Springfield", "state": "MA", "postalCode": "01101"}],
        "generalPractitioner": [{"reference": f"Practitioner/doc-{number // 10 % 100}"}],
        "managingOrganization": {"reference": f"Organization/org-{number // 10 % 20}"},
    }


def _array(texts: Sequence[str]) -> str:
    return "(ARRAY[" + ", ".join(f"'{text}'" for text in texts) + "])"


def _portal_patients(crowd: Crowd) -> Iterator[str]:
    numbers = f"generate_series(0, {crowd.patients - 1}) n WHERE n % 10 <> 0"
    yield f"""INSERT INTO {fhir_patients} (fhir_id, gender, birth_date, phone, email, preferred_language)
        SELECT 'p-' || n, {_array(("male", "female", "other"))}[1 + n % 3], date '1930-01-01' + n * 37 % 30000,
               '555-' || lpad(n::text, 7, '0'), 'p' || n || '@example.org', 'en' FROM {numbers}"""
    yield f"""INSERT INTO fhir_patient_names (patient_fhir_id, use, family, given)
        SELECT 'p-' || n, 'official', {_array(FAMILIES)}[1 + n % 10] || {_array(ENDINGS)}[1 + n / 10 % 10],
               ARRAY[{_array(GIVEN)}[1 + n / 100 % 10]] FROM {numbers}"""
    yield f"""INSERT INTO fhir_patient_identifiers (patient_fhir_id, use, system, value)
        SELECT 'p-' || n, 'usual', 'http://clinic.example/mrn', 'MRN-' || n FROM {numbers}"""


def _weighted() -> list[int]:
    """The place in CODES for each number below a hundred."""
    return [place for place, weight in enumerate(WEIGHTS) for _ in range(weight)]


_MOMENT = "timestamptz '2020-01-01 00:00+00' + make_interval(mins => (n::bigint * 104729 % 2628000)::int)"
_VALUE = "round((1 + n::bigint * 7919 % 3000)::numeric / 10, 1)"
_CHANGED = "timestamptz '2024-01-01 00:00+00' + make_interval(secs => n)"


def _portal_observations(crowd: Crowd) -> Iterator[str]:
    codes, units = _array([code for code, _, _ in CODES]), _array([unit for _, _, unit in CODES])
    places = "(ARRAY" + str(_weighted()) + ")"
    categories = _array(("vital-signs",) * 6 + ("laboratory",) * 3 + ("exam",))
    statuses = _array(("final",) * 18 + ("amended", "preliminary"))
    for first in range(0, crowd.portal, _CHUNK):
        last = min(first + _CHUNK, crowd.portal) - 1
        yield f"""INSERT INTO {fhir_observations} (fhir_id, patient_fhir_id, practitioner_fhir_id, category, code,
                value_type, value_data, effective_date_time, issued, status, updated_at)
            SELECT 'po-' || n, 'p-' || n % {crowd.patients}, CASE WHEN m % 3 = 0 THEN 'doc-' || m / 3 % 100 END,
                {categories}[1 + m / 7 % 10], CASE WHEN m % 1000 = 7 THEN '{RARE_CODE}' ELSE {codes}[1 + c] END,
                CASE WHEN m % 20 = 3 THEN 'string' ELSE 'quantity' END,
                CASE WHEN m % 20 = 3 THEN to_jsonb('note ' || m % 500) ELSE jsonb_build_object('value', {_VALUE},
                    'unit', {units}[1 + c], 'system', 'http://unitsofmeasure.org', 'code', {units}[1 + c]) END,
                {_MOMENT}, {_MOMENT} + interval '5 minutes', {statuses}[1 + m / 11 % 20], {_CHANGED}
            FROM generate_series({first}, {last}) n,
                LATERAL (SELECT n + n / {crowd.patients} AS m) x, LATERAL (SELECT {places}[1 + m % 100] AS c) y"""


def _concept(system: str, code: str, text: str | None = None) -> dict[str, Any]:
    said = {} if text is None else {"display": text}
    return {"coding": [{"system": system, "code": code, **said}]}


def _observation_template(number: int) -> dict[str, Any]:
    """Number 0 to 99: the codes by their weights; every tenth says more than the table's columns hold."""
    loinc, display, unit = CODES[_weighted()[number]]
    made = {
        "resourceType": "Observation",
        "id": f"template-{number}",
        "status": "amended" if number % 20 == 9 else "final",
        "category": [_concept(f"{_CATEGORY}/observation-category", ("vital-signs", "laboratory")[number % 2])],
        "code": {**_concept("http://loinc.org", loinc, display), "text": display},
        "subject": {"reference": "Patient/p-0"},
        "effectiveDateTime": _TEMPLATE_MOMENT,
        "performer": [{"reference": f"Practitioner/doc-{number}"}],
        "valueQuantity": {"value": 1, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit},
        "interpretation": [_concept(f"{_CATEGORY}/v3-ObservationInterpretation", "N")],
        "bodySite": _concept("http://snomed.info/sct", "56459004", "Foot"),
    }
    if number % 10 == 5:
        made["meta"] = {
            "profile": ["http://hl7.org/fhir/StructureDefinition/vitalsigns"],
            "tag": [{"system": "http://clinic.example/tags", "code": "imported"}],
        }
        made["code"]["coding"].append({"system": "http://clinic.example/codes", "code": f"local-{number}"})
        made["encounter"] = {"reference": "Encounter/enc-0"}
    return made


def _templates() -> list[dict[str, Any]]:
    """One hundred observations of the table, and ten of each kind that only the generic store holds."""
    patient, encounter = {"reference": "Patient/p-0"}, {"reference": "Encounter/enc-0"}
    made = [_observation_template(number) for number in range(100)]
    for number in range(10):
        panel = {key: value for key, value in _observation_template(number).items() if key not in ("status", "meta")}
        # A status that is only an extension is what no row can say.
        panel |= {
            "id": f"template-go-{number}",
            "_status": {"extension": [{"url": "http://x.example", "valueCode": "x"}]},
        }
        made.append(panel)
        code = _concept("http://snomed.info/sct", str(13_954_000 + number), f"finding {number}")
        status = ("active", "resolved", "inactive")[number % 3]
        made.append(
            {
                "resourceType": "Condition",
                "id": f"template-{number}",
                "clinicalStatus": _concept(f"{_CATEGORY}/condition-clinical", status),
                "category": [_concept(f"{_CATEGORY}/condition-category", "problem-list-item")],
                "code": code,
                "subject": patient,
                "encounter": encounter,
                "onsetDateTime": _TEMPLATE_MOMENT,
                "recordedDate": _TEMPLATE_MOMENT,
            }
        )
        made.append(
            {
                "resourceType": "Encounter",
                "id": f"template-{number}",
                "status": ("finished", "in-progress")[number % 2],
                "class": {"system": f"{_CATEGORY}/v3-ActCode", "code": ("AMB", "IMP")[number % 2]},
                "type": [code],
                "subject": patient,
                "participant": [{"individual": {"reference": f"Practitioner/doc-{number}"}}],
                "period": {"start": _TEMPLATE_MOMENT, "end": _TEMPLATE_MOMENT},
                "location": [{"location": {"reference": f"Location/loc-{number}"}}],
            }
        )
        made.append(
            {
                "resourceType": "Procedure",
                "id": f"template-{number}",
                "status": "completed",
                "code": code,
                "subject": patient,
                "encounter": encounter,
                "performedDateTime": _TEMPLATE_MOMENT,
            }
        )
        made.append(
            {
                "resourceType": "DocumentReference",
                "id": f"template-{number}",
                "status": "current",
                "type": _concept("http://loinc.org", ("34117-2", "11506-3")[number % 2]),
                "category": [_concept(f"{_CATEGORY}/us-core-documentreference-category", "clinical-note")],
                "subject": patient,
                "date": _TEMPLATE_MOMENT,
                "content": [{"attachment": {"contentType": "text/plain", "url": "http://x.example/note"}}],
            }
        )
    return made


_PREFIXES = {
    "Encounter": "enc",
    "Condition": "cond",
    "Procedure": "proc",
    "DocumentReference": "doc-ref",
}
_AMOUNTS = ("low", "high", "canonical_low", "canonical_high")
_MOMENTS = {"date_index": ("low", "high"), "composite_index": ("time_low", "time_high")}


def _copies(crowd: Crowd, templates: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Statements that copy the templates: first who the copies are, then their rows, documents and index rows."""
    yield """CREATE TEMPORARY TABLE copies (
        resource_type text, n int, fhir_id text, template text, patient text, encounter text, moment timestamptz,
        amount numeric, changed timestamptz, key bigint, template_key bigint, in_table boolean)"""
    counts = {"fo": ("Observation", crowd.fhir, 100, ""), "go": ("Observation", crowd.generic, 10, "go-")}
    counts |= {_PREFIXES[kind]: (kind, count, 10, "") for kind, count in crowd.others.items()}
    for prefix, (kind, count, kinds, middle) in counts.items():
        yield f"""INSERT INTO copies
            SELECT '{kind}', n, '{prefix}-' || n, 'template-{middle}' || (n + n / {crowd.patients}) * 7 % {kinds},
                'p-' || n % {crowd.patients}, 'enc-' || n % {crowd.others["Encounter"]},
                {_MOMENT}, {_VALUE}, {_CHANGED},
                nextval('fhir_resource_key'), NULL, {"true" if prefix == "fo" else "false"}
            FROM generate_series(0, {count - 1}) n"""
    yield """UPDATE copies c SET template_key = r.resource_key FROM (
            SELECT 'Observation' AS resource_type, fhir_id, resource_key FROM fhir_observations
            UNION ALL SELECT resource_type, fhir_id, resource_key FROM phi.fhir_resources) r
        WHERE r.resource_type = c.resource_type AND r.fhir_id = c.template"""
    yield "CREATE INDEX ON copies (template_key)"
    yield "ANALYZE copies"
    yield f"""INSERT INTO {fhir_observations} (fhir_id, patient_fhir_id, practitioner_fhir_id, category, code,
            value_type, value_data, effective_date_time, effective_end, issued, status, updated_at, resource_key,
            document_version)
        SELECT c.fhir_id, c.patient, t.practitioner_fhir_id, t.category, t.code, t.value_type,
            jsonb_set(t.value_data, '{{value}}', to_jsonb(c.amount)), c.moment, NULL, t.issued, t.status, c.changed,
            c.key, 1
        FROM copies c JOIN {fhir_observations} t ON t.resource_key = c.template_key WHERE c.in_table"""
    yield f"""INSERT INTO {PHI.resources} (resource_type, fhir_id, patient_fhir_id, resource_key, updated_at,
            document_version)
        SELECT c.resource_type, c.fhir_id, CASE WHEN t.patient_fhir_id IS NULL THEN NULL ELSE c.patient END, c.key,
            c.changed, 1
        FROM copies c JOIN {PHI.resources} t ON t.resource_key = c.template_key WHERE NOT c.in_table"""
    yield f"""INSERT INTO {PHI.documents} (resource_type, fhir_id, version_id, document, method)
        SELECT c.resource_type, c.fhir_id, 1, replace(replace(replace(replace(replace(d.document::text,
            '"' || c.template || '"', '"' || c.fhir_id || '"'), '"Patient/p-0"', '"Patient/' || c.patient || '"'),
            '"Encounter/enc-0"', '"Encounter/' || c.encounter || '"'),
            '{_TEMPLATE_MOMENT}', to_char(c.moment, 'YYYY-MM-DD"T"HH24:MI:SS"Z"')),
            '"value":1,', '"value":' || c.amount || ',')::json, d.method
        FROM copies c JOIN {PHI.documents} d ON d.resource_type = c.resource_type AND d.fhir_id = c.template"""
    for name in (name for name in type(PHI).__dataclass_fields__ if name.endswith("_index")):
        yield _index_copies(name)
    # The templates themselves are nobody's.
    keys = "SELECT DISTINCT template_key FROM copies"
    for name in (name for name in type(PHI).__dataclass_fields__ if name.endswith("_index")):
        yield f"DELETE FROM {getattr(PHI, name)} WHERE resource_key IN ({keys})"
    yield f"DELETE FROM {PHI.documents} WHERE fhir_id LIKE 'template-%'"
    yield f"DELETE FROM {fhir_observations} WHERE resource_key IN ({keys})"
    yield f"DELETE FROM {PHI.resources} WHERE resource_key IN ({keys})"
    yield "DROP TABLE copies"


def _index_copies(name: str) -> str:
    table = getattr(PHI, name)
    moments = _MOMENTS.get(name, ())
    values = {column.name: f"i.{column.name}" for column in table.c}
    values["resource_key"] = "c.key"
    if "target_id" in values:
        values["target_id"] = (
            "CASE WHEN i.target_id = 'p-0' THEN c.patient WHEN i.target_id = 'enc-0' THEN c.encounter"
            " ELSE i.target_id END"
        )
    for column in values:
        if column in moments:
            values[column] = f"i.{column} + (c.moment - timestamptz '{_TEMPLATE_MOMENT}')"
        elif column in _AMOUNTS:
            values[column] = f"i.{column} * c.amount"
    columns, said = ", ".join(values), ", ".join(values.values())
    return (
        f"INSERT INTO {table} ({columns}) SELECT {said} FROM copies c JOIN {table} i ON i.resource_key = c.template_key"
    )


BIG_TABLES = frozenset(
    {
        fhir_observations.name,
        fhir_patients.name,
        "fhir_patient_names",
        "fhir_patient_identifiers",
        "fhir_patient_strings",
        PHI.resources.name,
        PHI.documents.name,
        *(name for name in type(OPEN).__dataclass_fields__ if name.endswith("_index")),
    }
)
"""Tables that grow with the crowd, without their schema; those of `open` stay small."""
