"""A resource gives the index rows that its search parameters need, each once."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fhir_server.definitions import RESOURCE_TYPES, is_primitive, properties, search_parameters
from fhir_server.indexing import (
    DateValue,
    IndexRows,
    NumberValue,
    QuantityValue,
    ReferenceValue,
    StringValue,
    TokenValue,
    UriValue,
    extract,
    parameter_number,
)
from fhir_server.indexing.converters import CONVERSIONS, Context
from fhir_server.indexing.converters.contract import nothing
from fhir_server.indexing.paths import compile_paths
from fhir_server.indexing.plan import KINDS, NOT_INDEXED
from fhir_server.json_text import parse_json

BASE = "http://localhost:8080/fhir"


def rows(resource_type: str, tree: dict[str, Any], code: str, zone: tzinfo = UTC) -> list[tuple[Any, ...]]:
    """The rows of one parameter (or of `code:text`), without its number."""
    number = parameter_number(f"{resource_type}.{code}")
    extracted = extract(resource_type, tree, BASE, zone)
    return [tuple(row[1:]) for kind in KINDS for row in getattr(extracted, kind) if row[0] == number]


def test_a_concept_gives_each_coding_and_its_texts() -> None:
    tree = {
        "code": {
            "text": "Body weight",
            "coding": [
                {"system": "http://loinc.org", "code": "29463-7", "display": "Body Weight"},
                {"code": "local"},
                {"system": "http://loinc.org", "display": "no code"},
            ],
        }
    }
    tokens = [("http://loinc.org", "29463-7"), (None, "local")]
    texts = [("Body weight", "body weight"), ("Body Weight", "body weight"), ("no code", "no code")]
    for code in ("code", "combo-code"):
        assert rows("Observation", tree, code) == tokens
        assert rows("Observation", tree, code + ":text") == texts


def test_an_identifier_gives_its_value_its_type_and_its_type_text() -> None:
    mrn = "http://terminology.hl7.org/CodeSystem/v2-0203"
    tree = {
        "identifier": [
            {
                "system": "urn:x-mrn",
                "value": "001",
                "type": {"text": "Record", "coding": [{"system": mrn, "code": "MR"}]},
            },
            {"value": "002", "type": {"coding": [{"code": "XX"}, {"display": "no code"}]}},
            {"system": "urn:x-mrn"},
        ]
    }
    assert rows("Patient", tree, "identifier") == [("urn:x-mrn", "001"), (None, "002")]
    assert rows("Patient", tree, "identifier:of-type") == [(f"{mrn}|MR", "001"), ("|XX", "002")]
    assert rows("Patient", tree, "identifier:text") == [("Record", "record")]


def test_a_code_belongs_to_the_system_of_its_binding() -> None:
    assert rows("Patient", {"gender": "female"}, "gender") == [("http://hl7.org/fhir/administrative-gender", "female")]
    assert rows("Patient", {"name": [{"use": "old"}], "address": [{"use": "home"}]}, "address-use") == [
        ("http://hl7.org/fhir/address-use", "home")
    ]


def test_booleans_contacts_strings_ids_and_uris_are_tokens_too() -> None:
    assert rows("Patient", {"active": True}, "active") == [(None, "true")]
    assert rows("Patient", {"active": False}, "active") == [(None, "false")]
    tree = {
        "telecom": [
            {"system": "phone", "value": "555-0100"},
            {"system": "email", "value": "a@b.example"},
            {"value": "1"},
        ]
    }
    assert rows("Patient", tree, "telecom") == [("phone", "555-0100"), ("email", "a@b.example"), (None, "1")]
    assert rows("Patient", tree, "phone") == [("phone", "555-0100")]
    assert rows("Patient", tree, "email") == [("email", "a@b.example")]
    assert rows("ValueSet", {"version": "1.0"}, "version") == [(None, "1.0")]
    assert rows("ImagingStudy", {"series": [{"uid": "1.2.3"}]}, "series") == [(None, "1.2.3")]
    assert rows("MessageHeader", {"eventUri": "urn:e"}, "event") == [(None, "urn:e")]


def test_deceased_is_false_for_a_patient_who_is_not_said_to_be() -> None:
    assert rows("Patient", {}, "deceased") == [(None, "false")]
    assert rows("Patient", {"deceasedDateTime": "2023-05-01"}, "deceased") == [(None, "true")]


def test_names_and_addresses_are_searched_by_their_parts() -> None:
    tree = {
        "name": [
            {
                "use": "official",
                "family": "Müller",
                "given": ["Anna", None, "Maria"],
                "prefix": ["Dr."],
                "suffix": ["MD"],
            },
            {"text": "Annie"},
        ],
        "address": [
            {
                "use": "home",
                "line": ["1 High St"],
                "city": "Zürich",
                "district": "Kreis 1",
                "state": "ZH",
                "postalCode": "8001",
                "country": "CH",
                "text": "Zürich",
            }
        ],
    }
    assert rows("Patient", tree, "name") == [
        ("Müller", "muller"),
        ("Anna", "anna"),
        ("Maria", "maria"),
        ("Dr.", "dr"),
        ("MD", "md"),
        ("Annie", "annie"),
    ]
    assert rows("Patient", tree, "given") == [("Anna", "anna"), ("Maria", "maria")]
    assert rows("Patient", tree, "address") == [
        ("1 High St", "1 high st"),
        ("Zürich", "zurich"),
        ("Kreis 1", "kreis 1"),
        ("ZH", "zh"),
        ("8001", "8001"),
        ("CH", "ch"),
    ]
    assert rows("Patient", tree, "address-city") == [("Zürich", "zurich")]


def test_a_text_may_come_from_a_concept() -> None:
    assert rows("Observation", {"valueString": "Déjà vu"}, "value-string") == [("Déjà vu", "deja vu")]
    tree = {
        "valueCodeableConcept": {"text": "Moderate amount", "coding": [{"system": "urn:local", "code": "moderate"}]}
    }
    assert rows("Observation", tree, "value-string") == [("Moderate amount", "moderate amount")]
    assert rows("Observation", tree, "value-concept:text") == [("Moderate amount", "moderate amount")]


@pytest.mark.parametrize(
    ("reference", "row"),
    [
        ({"reference": "Patient/pa"}, ("Patient", "pa", None, None, None, None)),
        ({"reference": "Patient/pa/_history/2"}, ("Patient", "pa", "2", None, None, None)),
        ({"reference": f"{BASE}/Patient/pb"}, ("Patient", "pb", None, None, None, None)),
        ({"reference": "http://o.example/Patient/pb"}, (None, None, None, "http://o.example/Patient/pb", None, None)),
        ({"reference": "urn:uuid:1"}, (None, None, None, "urn:uuid:1", None, None)),
        (
            {"identifier": {"system": "urn:x-mrn", "value": "001"}},
            (None, None, None, None, "urn:x-mrn", "001"),
        ),
        (
            {"type": "Patient", "identifier": {"value": "001"}},
            ("Patient", None, None, None, None, "001"),
        ),
        (
            {"reference": "Patient/pa", "identifier": {"system": "urn:x-mrn", "value": "001"}},
            ("Patient", "pa", None, None, "urn:x-mrn", "001"),
        ),
        ({"reference": "#p1", "identifier": {"value": "001"}}, (None, None, None, None, None, "001")),
        ({"reference": "#p1"}, None),
        ({"display": "somebody"}, None),
        ({"identifier": {"system": "urn:x-mrn"}}, None),
    ],
)
def test_a_reference_says_where_it_leads_and_what_identifies_its_target(
    reference: dict[str, Any], row: tuple[str | None, ...] | None
) -> None:
    assert rows("Observation", {"subject": reference}, "subject") == ([] if row is None else [row])


def test_patient_is_the_subject_when_that_is_a_patient() -> None:
    patient, device = {"reference": "Patient/pa"}, {"reference": "Device/d"}
    assert rows("Observation", {"subject": patient}, "patient") == [("Patient", "pa", None, None, None, None)]
    assert rows("Observation", {"subject": device}, "patient") == []
    assert rows("Observation", {"subject": {"identifier": {"value": "1"}}}, "patient") == []


def test_canonicals_uris_and_resources_in_a_bundle_are_references_too() -> None:
    tree = {"instantiatesCanonical": ["http://x.example/Plan|1.0", "http://x.example/Plan", "#inner"]}
    assert rows("DeviceRequest", tree, "instantiates-canonical") == [
        (None, None, "1.0", "http://x.example/Plan", None, None),
        (None, None, None, "http://x.example/Plan", None, None),
    ]
    assert rows("ConceptMap", {"sourceUri": "http://x.example/a|b"}, "source-uri") == [
        (None, None, None, "http://x.example/a|b", None, None)
    ]
    bundle = {"entry": [{"resource": {"resourceType": "Composition", "id": "c"}}, {"resource": {"id": "d"}}]}
    assert rows("Bundle", bundle, "composition") == [("Composition", "c", None, None, None, None)]
    assert rows("Bundle", {"entry": [{"resource": {"resourceType": "Composition"}}]}, "composition") == []


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("tree", "row"),
    [
        ({"effectiveDateTime": "2024-03"}, (utc(2024, 3, 1), utc(2024, 4, 1))),
        ({"effectiveInstant": "2024-03-11T00:00:00.000Z"}, (utc(2024, 3, 11), utc(2024, 3, 11, 0, 0, 0, 1000))),
        ({"effectivePeriod": {"start": "2024-03-01"}}, (utc(2024, 3, 1), None)),
        ({"effectivePeriod": {"end": "2024-02-15"}}, (None, utc(2024, 2, 16))),
        ({"effectivePeriod": {"start": "2024-03-01", "end": "2024-03"}}, (utc(2024, 3, 1), utc(2024, 4, 1))),
        ({"effectivePeriod": {"_start": {}}}, None),
        (
            {"effectiveTiming": {"event": ["2024-03-05", "2024-03-01", None], "repeat": {"frequency": 1}}},
            (utc(2024, 3, 1), utc(2024, 3, 6)),
        ),
        (
            {"effectiveTiming": {"event": ["2024-03-05"], "repeat": {"boundsPeriod": {"start": "2024-03-07"}}}},
            (utc(2024, 3, 5), None),
        ),
        (
            {"effectiveTiming": {"repeat": {"boundsPeriod": {"start": "2024-01", "end": "2024-02"}}}},
            (utc(2024, 1, 1), utc(2024, 3, 1)),
        ),
        ({"effectiveTiming": {"repeat": {"boundsDuration": {"value": 3}}}}, None),
        ({"effectiveDateTime": "2024-02-30"}, None),
    ],
)
def test_dates_periods_and_timings_are_their_outer_bounds(
    tree: dict[str, Any], row: tuple[datetime | None, datetime | None] | None
) -> None:
    assert rows("Observation", tree, "date") == ([] if row is None else [row])


def test_a_date_without_an_offset_is_meant_in_the_clinics_zone() -> None:
    zone = ZoneInfo("America/New_York")
    assert rows("Observation", {"effectiveDateTime": "2024-01-15"}, "date", zone) == [
        (utc(2024, 1, 15, 5), utc(2024, 1, 16, 5))
    ]


def test_numbers_are_exact_and_ranges_may_be_open() -> None:
    tree = parse_json(
        b'{"prediction":[{"probabilityDecimal":0.10},{"probabilityRange":{"low":{"value":1.5}}},'
        b'{"probabilityRange":{"high":{"value":5e1}}},{"probabilityRange":{}}]}'
    )
    assert rows("RiskAssessment", tree, "probability") == [
        (Decimal("0.1"), Decimal("0.1")),
        (Decimal("1.5"), Decimal("Infinity")),
        (Decimal("-Infinity"), Decimal(50)),
    ]
    assert rows("MolecularSequence", {"variant": [{"start": 7}]}, "variant-start") == [(Decimal(7), Decimal(7))]


@pytest.mark.parametrize(
    ("value", "row"),
    [
        (b'{"value":3.95,"unit":"cm","system":"u","code":"c"}', ("3.95", "3.95", "u", "c", "cm")),
        (b'{"value":5,"comparator":"<"}', (None, "5", None, None, None)),
        (b'{"value":5,"comparator":"<="}', (None, "5", None, None, None)),
        (b'{"value":5,"comparator":">","unit":"cm"}', ("5", None, None, None, "cm")),
        (b'{"unit":"cm"}', None),
        (
            b'{"value":12345678901234567890.12345678901234567890}',
            (
                "12345678901234567890.12345678901234567890",
                "12345678901234567890.12345678901234567890",
                None,
                None,
                None,
            ),
        ),
    ],
)
def test_a_quantity_is_exact_and_a_comparator_opens_one_end(
    value: bytes, row: tuple[str | None, str | None, str | None, str | None, str | None] | None
) -> None:
    expected = row and tuple(Decimal(part) if part and index < 2 else part for index, part in enumerate(row))
    tree = parse_json(b'{"valueQuantity":' + value + b"}")
    for code in ("value-quantity", "combo-value-quantity"):
        assert rows("Observation", tree, code) == ([] if expected is None else [(*expected, None, None, None)])


def test_money_and_ranges_are_quantities_and_sampled_data_is_not() -> None:
    money = {"totalNet": {"value": Decimal("10.50"), "currency": "USD"}, "totalGross": {"value": 3}}
    unconverted = (None, None, None)
    assert rows("Invoice", money, "totalnet") == [
        (Decimal("10.5"), Decimal("10.5"), "urn:iso:std:iso:4217", "USD", None, *unconverted)
    ]
    assert rows("Invoice", money, "totalgross") == [(Decimal(3), Decimal(3), None, None, None, *unconverted)]
    tree = {"useContext": [{"valueRange": {"high": {"value": 5, "unit": "a", "system": "u", "code": "a"}}}]}
    assert rows("ValueSet", tree, "context-quantity") == [(None, Decimal(5), "u", "a", "a", *unconverted)]
    assert rows("Observation", {"valueSampledData": {"origin": {"value": 1}}}, "combo-value-quantity") == []


def test_uris_are_kept_and_versioned_canonicals_are_found_without_their_version() -> None:
    tree = {"meta": {"source": "urn:sender", "profile": ["http://x.example/p|1.0", "http://x.example/q"]}}
    assert rows("Patient", tree, "_source") == [("urn:sender",)]
    assert rows("Patient", tree, "_profile") == [
        ("http://x.example/p|1.0",),
        ("http://x.example/p",),
        ("http://x.example/q",),
    ]


def test_meta_gives_tags_and_labels_and_never_id_or_time() -> None:
    tree = {
        "id": "pa",
        "meta": {
            "versionId": "1",
            "lastUpdated": "2024-01-01T00:00:00Z",
            "tag": [{"system": "urn:t", "code": "a", "display": "A tag"}],
            "security": [{"system": "urn:s", "code": "R"}],
        },
    }
    assert rows("Patient", tree, "_tag") == [("urn:t", "a")]
    assert rows("Patient", tree, "_tag:text") == [("A tag", "a tag")]
    assert rows("Patient", tree, "_security") == [("urn:s", "R")]
    assert rows("Patient", tree, "_id") == []
    assert rows("Patient", tree, "_lastUpdated") == []


def test_what_is_said_twice_is_one_row() -> None:
    coding = {"system": "urn:a", "code": "b", "display": "B"}
    tree = {"category": [{"coding": [coding, coding]}, {"coding": [coding]}]}
    extracted = extract("Observation", tree, BASE)
    assert len(extracted.token) == 1
    assert len(extracted.string) == 1


def test_contained_resources_and_values_with_extensions_only_have_no_rows() -> None:
    tree = {
        "contained": [{"resourceType": "Patient", "gender": "male", "name": [{"family": "X"}]}],
        "_gender": {"extension": [{"url": "urn:x", "valueCode": "unknown"}]},
        "name": [{"given": [None], "_given": [{"extension": [{"url": "urn:x", "valueCode": "unknown"}]}]}],
    }
    extracted = extract("Patient", tree, BASE)
    assert extracted == IndexRows(token=(TokenValue(parameter_number("Patient.deceased"), None, "false"),))


def test_a_reference_to_what_is_contained_has_a_row_for_chains_alone() -> None:
    who = {"reference": "#p", "identifier": {"system": "urn:s", "value": "1"}}
    extracted = extract("Observation", {"subject": who, "focus": [{"reference": "#"}, {"reference": "#a"}]}, BASE)
    rows = {
        *((f"Observation.{code}:contained", None, "#p", None) for code in ("subject", "patient")),
        ("Observation.focus:contained", None, "#a", None),
        ("Observation.subject", None, None, "1"),
    }
    assert {(one.parameter, one.target_id, one.url, one.identifier_value) for one in extracted.reference} == {
        (parameter_number(name), *more) for name, *more in rows
    }


def test_each_kind_of_row_has_its_own_type() -> None:
    extracted = extract(
        "Observation",
        {
            "meta": {"source": "urn:s"},
            "status": "final",
            "code": {"text": "t"},
            "subject": {"reference": "Patient/1"},
            "effectiveDateTime": "2024",
            "valueQuantity": {"value": 1},
        },
        BASE,
    )
    risk = extract("RiskAssessment", {"prediction": [{"probabilityDecimal": Decimal("0.5")}]}, BASE)
    assert type(extracted.token[0]) is TokenValue
    assert type(extracted.string[0]) is StringValue
    assert type(extracted.reference[0]) is ReferenceValue
    assert type(extracted.date[0]) is DateValue
    assert type(risk.number[0]) is NumberValue
    assert type(extracted.quantity[0]) is QuantityValue
    assert type(extracted.uri[0]) is UriValue


def test_an_unknown_type_has_no_rows() -> None:
    assert extract("Nothing", {"status": "final"}, BASE) == IndexRows()


def separately(resource_type: str, tree: Any) -> dict[str, set[tuple[Any, ...]]]:
    """The rows as they come out when every parameter walks over the resource on its own."""
    found: dict[str, set[tuple[Any, ...]]] = {kind: set() for kind in KINDS}
    for parameter in search_parameters(resource_type).values():
        if parameter.code in NOT_INDEXED or not CONVERSIONS[parameter.type]:
            continue
        for path in compile_paths(parameter.expression, resource_type):
            for conversion in CONVERSIONS[parameter.type]:
                convert = conversion.converters.get(path.type, nothing)
                number = parameter_number(f"{resource_type}.{parameter.code}{conversion.suffix}")
                # The type of what is contained is asked of it, not of its reference.
                is_typed = conversion.suffix == ":contained" and str(path.steps[-1]).startswith("Where(test=RefersTo")
                for node in (replace(path, steps=path.steps[:-1]) if is_typed else path).nodes(tree):
                    found[conversion.kind].update((number, *row) for row in convert(node, path.defined, Context(BASE)))
    return found


def test_one_walk_finds_what_every_parameter_finds_alone(examples: list[dict[str, Any]]) -> None:
    count = 0
    for plain in examples:
        tree = parse_json(json.dumps(plain).encode())
        resource_type = tree["resourceType"]
        extracted = extract(resource_type, tree, BASE)
        alone = separately(resource_type, tree)
        for kind in KINDS:
            together = [tuple(row) for row in getattr(extracted, kind)]
            assert len(set(together)) == len(together)
            assert set(together) == alone[kind], (tree["id"], kind)
            count += len(together)
    assert count > 5_000


@pytest.mark.parametrize("resource_type", sorted(RESOURCE_TYPES))
def test_an_element_of_the_wrong_shape_is_passed_over(resource_type: str) -> None:
    elements = properties(resource_type).items()
    inside_out = {name: {"nested": 1} if is_primitive(found.type) else "text" for name, found in elements}
    extracted = extract(resource_type, inside_out, BASE)
    assert (*extracted.reference, *extracted.date, *extracted.quantity) == ()
