"""The SQL that searches become, as files to be read: `golden/*.sql`.

A changed statement is a changed file in review; they are written anew where UPDATE_GOLDEN=1 is in the environment.
The tables are the real ones, the declarations are made up here, so that the files change with the compiler alone.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func

from fhir_server.mapping.source import (
    BooleanColumn,
    DateColumn,
    ReferenceColumn,
    Source,
    Store,
    StringColumn,
    Through,
    TokenColumn,
)
from fhir_server.persistence.tables import (
    HISTORY,
    OPEN,
    PHI,
    fhir_observations,
    fhir_patient_identifiers,
    fhir_patient_strings,
    fhir_patients,
)
from fhir_server.search import Reading, Statements, parse, parse_query

FOLDER = Path(__file__).parent / "golden"
LOINC = "http://loinc.org"

p, o = fhir_patients.c, fhir_observations.c


def part(element: str) -> StringColumn:
    """A kind of name."""
    held = fhir_patient_strings
    through = Through(held, "patient_fhir_id", "fhir_id", {"element": element})
    return StringColumn(held.c.value, held.c.normal, through, complete=True)


IDENTIFIER = TokenColumn(
    fhir_patient_identifiers.c.value,
    system_column=fhir_patient_identifiers.c.system,
    through=Through(fhir_patient_identifiers, "patient_fhir_id", "fhir_id"),
    complete=True,
)
TABLES = {
    "Patient": Source(
        1,
        "Patient",
        fhir_patients,
        HISTORY[fhir_patients],
        PHI,
        {
            "active": (BooleanColumn(p.active),),
            "gender": (TokenColumn(p.gender, "http://hl7.org/fhir/administrative-gender", complete=True),),
            "birthdate": (DateColumn(p.birth_date, p.birth_date + 1),),
            "family": (part("family"),),
            "name": (part("family"), part("given")),
            "identifier": (IDENTIFIER,),
            "phone": (TokenColumn(p.phone, "phone"),),
        },
        {"birthdate": p.birth_date},
    ),
    "Observation": Source(
        2,
        "Observation",
        fhir_observations,
        HISTORY[fhir_observations],
        PHI,
        {
            "patient": (ReferenceColumn(o.patient_fhir_id, "Patient", complete=True),),
            "performer": (ReferenceColumn(o.practitioner_fhir_id, "Practitioner"),),
            "code": (TokenColumn(o.code, LOINC, stored=lambda code: (code,) if code[0].isdigit() else ()),),
            "status": (TokenColumn(func.lower(o.status), stored=lambda code: (code, f"{code} (portal)")),),
            "date": (DateColumn(o.effective_date_time, o.effective_end),),
        },
        {"date": o.effective_date_time},
    ),
}


def sources_of(resource_type: str) -> Sequence[Source]:
    """The table of a type, if it has one, and its generic store."""
    store: Store = OPEN if resource_type in ("Practitioner", "Organization") else PHI
    generic = Source(100, resource_type, store.resources, HISTORY[store.resources], store, generic=True)
    return (TABLES[resource_type], generic) if resource_type in TABLES else (generic,)


CASES = {
    "patient_newest": ("Observation", "patient=pa&_sort=-date"),
    "patients_newest": ("Observation", "patient=pa,pb&_sort=-date"),
    "code_partly_held": ("Observation", "code=http://loinc.org|39126-8&_sort=-date"),
    "code_never_held": ("Observation", "code=urn:local|x"),
    "codes_without_order": ("Observation", "code=39126-8,39125-0"),
    "patient_and_code": ("Observation", "patient=pa&code=39126-8"),
    "status_of_several_texts": ("Observation", "status=final"),
    "name_of_patient": ("Patient", "name=smith"),
    "name_exact_and_contains": ("Patient", "family:exact=Smith&given:contains=nn"),
    "gender_not": ("Patient", "gender:not=female"),
    "identifier_forms": ("Patient", "identifier=urn:x|1,2,|3,urn:y|"),
    "missing": ("Patient", "birthdate:missing=true&address:missing=false"),
    "date_prefixes": ("Condition", "onset-date=ge2024-01-01&onset-date=lt2025"),
    "date_partly_held": ("Observation", "date=2024-03"),
    "quantity_with_unit": ("Observation", "value-quantity=gt4.0|http://unitsofmeasure.org|cm"),
    "composite_with_unit": ("Observation", "code-value-quantity=39126-8$gt4.0|http://unitsofmeasure.org|cm"),
    "composite_of_tokens": ("ValueSet", "context-type-value=focus$urn:s|a,focus$b"),
    "generic_patient": ("Condition", "patient=pa&clinical-status=active"),
    "generic_sorted": ("Condition", "code=a&_sort=-onset-date,_id"),
    "mixed_directions": ("Patient", "_sort=birthdate,-family"),
    "include": ("Observation", "_id=w1&_include=Observation:patient"),
    "include_partly_held": ("Observation", "_id=w1&_include=Observation:performer"),
    "revinclude": ("Patient", "_id=pa&_revinclude=Condition:patient&_revinclude=Observation:patient"),
    "revinclude_all": ("Patient", "_id=pa&_revinclude=*"),
    "chain_by_column": ("Observation", "patient.gender=female&_sort=-date"),
    "chain_partly_held": ("Observation", "performer:Practitioner.name=smith"),
    "chain_beside_id": ("Observation", "_id=w1&performer:Practitioner.name=smith"),
    "chain_of_generic": ("Condition", "subject.birthdate=1980&_sort=-onset-date"),
    "chain_of_two": ("Condition", "encounter.patient.gender=female"),
    "has": ("Patient", "_has:Observation:patient:code=39126-8"),
    "has_twice": ("Patient", "_has:Condition:patient:code=a&_has:Observation:patient:code=b"),
    "sort_by_chain": ("Condition", "code=a&_sort=-patient.birthdate"),
    "include_iterated": ("Patient", "_id=pa&_revinclude=Observation:patient&_include:iterate=Observation:performer"),
    "filter_or": ("Observation", "_filter=code eq a and (status eq final or not(patient.gender eq male))"),
    "filter_words": ("Patient", '_filter=family eq "smith" or family ew ith or birthdate po 1980'),
    "hierarchy_below": ("Organization", "partof:below=o1,o2"),
    "hierarchy_above": ("PractitionerRole", "organization:above=Organization/o1"),
    "list": ("Patient", "_list=l1"),
    "value_set": ("Observation", "code:in=urn:v"),
    "value_set_not": ("Observation", "code:not-in=urn:v"),
    "last_updated": ("Condition", "_lastUpdated=ge2024-01-01T00:00:00.000Z"),
    "profile_and_tag": ("Condition", "_profile=http://x/p&_tag=urn:t|1"),
    "reference_forms": ("Condition", "encounter:identifier=urn:e|1&subject=http://other/Patient/1"),
    "contained_in": ("Medication", "ingredient-code=a&_contained=true"),
    "contained_itself": ("Practitioner", "name=smith&_contained=both&_containedType=contained&_sort=-_lastUpdated"),
    "whole_system": (None, "_type=Patient,Condition,Practitioner&_id=a"),
}


class Shelf:
    """One value set of two systems, and no Lists."""

    def by_id(self, resource_type: str, fhir_id: str) -> None:
        """Nothing: see Stored."""

    def by_url(self, resource_type: str, url: str, version: str | None) -> dict[str, Any]:
        """The value set, whatever its name."""
        codes = [{"code": "39126-8"}, {"code": "39125-0"}]
        return {"compose": {"include": [{"system": LOINC, "concept": codes}, {"system": "urn:local"}]}}


SPACE = re.compile(r"\s*\n\s*")
# What every statement has would hide what is particular; `resource.sql` shows it once.
PRINTED = re.compile(r"SELECT '(match|include)' AS mode, .*? AS base(?=,| FROM)")
WHOLE_ROW = re.compile(
    r"SELECT r\.(?:id|resource_type) AS \w+,(?: r\.\w+ AS \w+,)*? r\.\w+ AS \w+,(?= (?:\S+ AS sort0|coalesce))"
)
DOCUMENT = re.compile(r" LEFT OUTER JOIN LATERAL \(SELECT v\.document .*? LIMIT 1\) AS d ON true")
ANSWER = re.compile(r"(SELECT|answer\.|page\.|, )?(answer|page)\.mode(?: AS mode)?, .*?\.base(?: AS base)?, ")
MANY_TYPES = re.compile(r"IN \((?:'[A-Z]\w+', ){20,}'\w+'\)")
BREAK = re.compile(r" (?=(?:FROM|WHERE|ORDER BY|LIMIT|UNION ALL|UNION|AND \(?EXISTS|AND NOT|OR \(?EXISTS) )")


def readable(sql: str) -> str:
    """One clause a line, without what all statements have in common."""
    text = SPACE.sub(" ", sql)
    text = DOCUMENT.sub("", text)
    text = PRINTED.sub(r"SELECT <\1>", text)
    text = ANSWER.sub(r" <\2>, ", text).replace("SELECT  <", "SELECT <")
    text = MANY_TYPES.sub("IN (<types>)", WHOLE_ROW.sub("SELECT r.*,", text))
    return BREAK.sub("\n", text).strip()


def statements(case: str) -> str:
    """The file of a case."""
    resource_type, query = CASES[case]
    reading = Reading("http://server.example/fhir", now=datetime(2024, 4, 1, tzinfo=UTC), stored=Shelf())
    search = parse(resource_type, parse_query(query), reading=reading)
    made = Statements(sources_of)
    first = made.page(search)
    after = made.page(search, after=["0"] * len(set(re.findall(r"AS (sort\d)", first.sql))))
    values = {name: value for name, value in first.parameters.items() if re.fullmatch(r"p\d+", name)}
    continued = [line for line in readable(after.sql).splitlines() if "%(after0)s" in line]
    parts = [f"-- {resource_type or ''}?{query}", f"-- {values}", readable(first.sql), "-- next page", *continued]
    return "\n".join(parts) + "\n"


def check(name: str, made: str) -> None:
    """Compare with the file, or write it when asked to."""
    file = FOLDER / f"{name}.sql"
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(made)
    assert made == file.read_text()


@pytest.mark.parametrize("case", CASES)
def test_a_search_becomes_the_sql_on_file(case: str) -> None:
    check(case, statements(case))


def test_a_read_becomes_the_sql_on_file() -> None:
    read = Statements(sources_of).read("Patient", "pa")
    check("resource", f"-- Patient/pa\n-- {dict(read.parameters)}\n{BREAK.sub(chr(10), SPACE.sub(' ', read.sql))}\n")


def test_a_count_becomes_the_sql_on_file() -> None:
    search = parse("Observation", parse_query("code=39126-8"))
    check("count", f"-- Observation?code=39126-8\n{readable(Statements(sources_of).count(search).sql)}\n")


def test_every_file_belongs_to_a_case() -> None:
    assert {file.stem for file in FOLDER.glob("*.sql")} == {*CASES, "resource", "count"}
