"""Composite searches over index rows of every composite parameter, and over rows of the portal.

https://hl7.org/fhir/R4/search.html#composite
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from fhir_server.definitions import RESOURCE_TYPES, search_parameters
from fhir_server.indexing import CompositeValue, extract
from fhir_server.indexing.composites import components, kinds
from fhir_server.persistence.connections import connect
from fhir_server.resources.registry import registry
from fhir_server.search import Statements, parse, parse_query

UCUM = "http://unitsofmeasure.org"
BASE_URL = "http://server.example/fhir"
CONCEPT = {"coding": [{"system": "urn:s", "code": "a,b$c|d"}]}
CONTEXT = [
    {"code": {"system": "urn:t", "code": "age"}, "valueQuantity": {"value": 5, "system": UCUM, "code": "mm"}},
    {"code": {"system": "urn:t", "code": "focus"}, "valueCodeableConcept": CONCEPT},
]
EXAMPLES: list[dict[str, Any]] = [
    {"resourceType": "Observation", "id": "q", "code": CONCEPT, "valueQuantity": {"value": 5, "comparator": "<"}},
    {"resourceType": "Observation", "id": "s", "code": CONCEPT, "valueString": "Größe, 5$"},
    {"resourceType": "Observation", "id": "d", "code": CONCEPT, "valueDateTime": "2024-03"},
    {"resourceType": "Observation", "id": "c", "code": CONCEPT, "valueCodeableConcept": CONCEPT},
    {
        "resourceType": "Observation",
        "id": "k",
        "component": [
            {"code": CONCEPT, "valueQuantity": {"value": 5, "system": UCUM, "code": "mm"}},
            {"code": CONCEPT, "valueCodeableConcept": CONCEPT},
        ],
    },
    {
        "resourceType": "DocumentReference",
        "id": "r",
        "relatesTo": [{"code": "replaces", "target": {"reference": "DocumentReference/1"}}],
    },
    {"resourceType": "Group", "id": "g", "characteristic": [{"code": CONCEPT, "valueCodeableConcept": CONCEPT}]},
    {
        "resourceType": "MolecularSequence",
        "id": "m",
        "referenceSeq": {"chromosome": CONCEPT, "referenceSeqId": CONCEPT, "windowStart": 1, "windowEnd": 2},
        "variant": [{"start": 10, "end": 20}],
    },
    *({"resourceType": name, "id": "u", "useContext": CONTEXT} for name in ("ValueSet", "Library", "Measure")),
]
COMPOSITES = [
    (resource_type, parameter.code)
    for resource_type in (
        "DocumentReference",
        "Group",
        "Library",
        "Measure",
        "MolecularSequence",
        "Observation",
        "ValueSet",
    )
    for parameter in search_parameters(resource_type).values()
    if parameter.type == "composite"
]


def escaped(text: str) -> str:
    for character in "\\,|$":
        text = text.replace(character, f"\\{character}")
    return text.replace("%", "%25").replace("+", "%2B").replace("&", "%26")


def value_of(row: CompositeValue, kinds: tuple[str, ...]) -> str:
    """The search value that names what a row says."""
    said: list[str] = []
    for place, kind in enumerate(kinds):
        again = kind in kinds[:place]
        if kind == "token":
            system, code = (row.value_system, row.value_code) if again else (row.system, row.code)
            said.append(f"{escaped(system or '')}|{escaped(code or '')}" if system else escaped(code or ""))
        elif kind == "quantity":
            unit = f"|{row.value_system}|{row.value_code}" if row.value_code else ""
            said.append(f"{row.high}{unit}" if row.low is not None else f"lt{row.high}")
        elif kind == "number":
            said.append(str(row.second_low if again else row.low))
        elif kind == "date":
            assert row.time_low is not None
            said.append(f"ge{row.time_low.date().isoformat()}")
        elif kind == "string":
            said.append(escaped(row.value or ""))
        else:
            said.append(f"{row.target_type}/{row.target_id}")
    return "$".join(said)


@pytest.mark.parametrize(("resource_type", "code"), COMPOSITES)
def test_every_composite_finds_what_its_rows_say_and_not_with_another_part(
    engine: Any, resource_type: str, code: str
) -> None:
    engine.store(EXAMPLES)
    parameter = search_parameters(resource_type)[code]
    found = 0
    for tree in EXAMPLES:
        if tree["resourceType"] != resource_type:
            continue
        for row in extract(resource_type, tree, BASE_URL).composite:
            if row.parameter == parameter.number:
                found += 1
                value = value_of(row, kinds(parameter))
                assert tree["id"] in engine.ids(resource_type, f"{code}={value}")
                other = value.rpartition("$")[0] + "$" + OTHER[kinds(parameter)[-1]]
                assert engine.ids(resource_type, f"{code}={other}") == []
    assert found
    assert len(components(parameter)) in (2, 3)


OTHER = {"token": "none", "quantity": "999", "number": "999", "date": "1990", "string": "none"}


def test_every_composite_of_every_type_compiles() -> None:
    values = {"token": "a", "quantity": "1|http://unitsofmeasure.org|cm", "number": "1", "date": "2024", "string": "a"}
    statements = Statements(registry().sources)
    for resource_type in sorted(RESOURCE_TYPES):
        for parameter in search_parameters(resource_type).values():
            if parameter.type == "composite":
                value = "$".join(values.get(kind, "DocumentReference/1") for kind in kinds(parameter))
                search = parse(resource_type, parse_query(f"{parameter.code}={value}"))
                assert "composite_index" in statements.page(search).sql


PORTAL = {
    "cm": ("39126-8", "quantity", f'{{"value": 4.0, "unit": "cm", "system": "{UCUM}", "code": "cm"}}'),
    "mm": ("39126-8", "quantity", f'{{"value": 40, "unit": "mm", "system": "{UCUM}", "code": "mm"}}'),
    "less": ("39126-8", "quantity", f'{{"value": 5, "comparator": "<", "system": "{UCUM}", "code": "mm"}}'),
    "more": ("39126-8", "quantity", '{"value": 500, "comparator": ">="}'),
    "bare": ("39125-0", "quantity", "4"),
    "degree": ("8310-5", "quantity", f'{{"value": 98.6, "system": "{UCUM}", "code": "[degF]"}}'),
    "text": ("39111-0", "string", '{"value": "Serous fluid"}'),
    "concept": (
        "39116-9",
        "codeable-concept",
        '{"coding": [{"system": "urn:l", "code": "moderate"}], "text": "Serous"}',
    ),
    "day": ("80339-5", "datetime", '{"value": "2024-03-10"}'),
    "month": ("80339-5", "datetime", '"2024-03"'),
    "time": ("80339-5", "datetime", '{"value": "2024-03-10T23:30:00-05:00"}'),
    "period": ("80339-5", "period", '{"start": "2024-03-10"}'),
    "odd": ("80339-5", "datetime", '{"value": "2024-02-30"}'),
}

EXPECTED = """
code-value-quantity=39126-8$4.0|http://unitsofmeasure.org|cm        cm mm
code-value-quantity=http://loinc.org|39126-8$40|http://unitsofmeasure.org|mm  cm mm
code-value-quantity=39126-8$4.0                                     cm
code-value-quantity=39126-8$4.0||cm                                 cm
code-value-quantity=39125-0$4.0||cm                                 -
code-value-quantity=39125-0$4.0                                     bare
code-value-quantity=8310-5$37.0|http://unitsofmeasure.org|Cel       degree
code-value-quantity=39126-8$5                                       -
code-value-quantity=39126-8$lt5                                     cm less
code-value-quantity=39126-8$gt100                                   more
code-value-quantity=39126-8$lt0.5|http://unitsofmeasure.org|cm      less
combo-code-value-quantity=39126-8$4.0|http://unitsofmeasure.org|cm  cm mm
component-code-value-quantity=39126-8$4.0                           -
code-value-concept=39116-9$urn:l|moderate                           concept
code-value-concept=39116-9$moderate                                 concept
code-value-concept=39111-0$moderate                                 -
combo-code-value-concept=39116-9$moderate                           concept
code-value-string=39111-0$serous                                    text
code-value-string=39116-9$serous                                    -
code-value-date=80339-5$2024-03-10                                  day
code-value-date=80339-5$2024-03                                     day month time
code-value-date=80339-5$gt2025                                      period
code-value-date=80339-5$2024-03-11                                  time
value-date=2024-03-11T04:30:00Z                                     time
value-date=2024-03                                                  day month time
value-date=sa2024-03-10                                             time
value-date:missing=false                                            day month period time
value-quantity=5                                                    -
value-quantity=lt5                                                  bare cm less
value-quantity=ge500                                                more
value-quantity=4.0|http://unitsofmeasure.org|cm                     cm mm
combo-value-quantity=lt0.5|http://unitsofmeasure.org|cm             less
combo-code=39125-0                                                  bare
combo-value-concept=moderate                                        concept
"""


@pytest.fixture(scope="module")
def portal(postgres: str, migrated_template: str) -> Iterator[psycopg.Connection[Any]]:
    """A database whose Observations only the portal wrote."""
    name = f"{migrated_template}_portal_values"
    with psycopg.connect(postgres, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name} TEMPLATE {migrated_template}")
        try:
            with connect(psycopg.conninfo.make_conninfo(postgres, dbname=name)) as opened:
                opened.execute("INSERT INTO fhir_patients (fhir_id) VALUES ('p')")
                for fhir_id, (code, kind, data) in PORTAL.items():
                    opened.execute(
                        "INSERT INTO fhir_observations (fhir_id, patient_fhir_id, code, value_type, value_data)"
                        " VALUES (%s, 'p', %s, %s, %s::jsonb)",
                        (fhir_id, code, kind, data),
                    )
                yield opened
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.parametrize("line", EXPECTED.strip().splitlines())
def test_columns_of_portal_rows_answer(portal: psycopg.Connection[Any], line: str) -> None:
    query, _, expected = line.partition(" ")
    statement = Statements(registry().sources).page(parse("Observation", parse_query(query)))
    found = {row[3] for row in portal.execute(statement.sql, statement.parameters) if row[0] == "match"}
    assert found == set(expected.replace("-", "").split())
