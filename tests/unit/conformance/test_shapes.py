"""What no declaration of today has: extensions with parts, operations with parameters, odd words."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Column, Date, MetaData, Numeric, Table, Text

from fhir_server.conformance.behaviour import operation_definitions
from fhir_server.conformance.names import in_words, program_name, tail
from fhir_server.conformance.structures import extension_definition, own_extensions, profile
from fhir_server.conformance.terminology import code_systems, used_systems
from fhir_server.conformance.texts import Texts
from fhir_server.conformance.walking import places, used_extensions
from fhir_server.json_text import encode_json, parse_json
from fhir_server.mapping.branches import extension
from fhir_server.mapping.concepts import concept, one_of
from fhir_server.mapping.resource import Resource
from fhir_server.mapping.trees import plain
from fhir_server.mapping.word import Row, Word
from fhir_server.mapping.words import always, always_code
from fhir_server.operations.operation import INSTANCE, TYPE, Operation, OperationParameter
from fhir_server.persistence.tables import PHI
from fhir_server.resources.canonical import CODE_SYSTEM, EXTENSION
from fhir_server.validation import validate
from fhir_server.validation.profiles import Report, check_profile
from tests.properties.test_conformance import OurLibrary

KINDS = f"{CODE_SYSTEM}/kind"
TERMS = Texts({})


class noted(Word):  # noqa: N801
    """An extension whose word nobody can look into."""

    url = f"{EXTENSION}/noted"

    def compose(self, row: Row) -> Any:
        return {"url": self.url, "valueString": "x"}


@pytest.fixture
def declared() -> Resource:
    table = Table(
        "things",
        MetaData(),
        *(Column(name, Text) for name in ("fhir_id", "kind", "unit", "why")),
        Column("amount", Numeric),
        Column("due", Date),
    )
    t = table.c
    return Resource(
        "Basic",
        table,
        store=PHI,
        elements={
            "extension": [
                extension(
                    f"{EXTENSION}/worth",
                    {
                        "extension": [
                            {"url": "amount", "valueDecimal": t.amount},
                            extension("why", {"valueString": t.why}),
                        ]
                    },
                ),
                noted(),
            ],
            "code": always({"coding": [{"system": KINDS, "code": "thing"}]}),
            "created": t.due,
        },
        search={},
    )


def elements(definition: dict[str, Any], view: str = "differential") -> dict[str, Any]:
    return {one["id"]: one for one in definition[view]["element"]}


def test_an_extension_with_parts_slices_them(declared: Resource) -> None:
    used = own_extensions([declared])
    worth = extension_definition(f"{EXTENSION}/worth", used[f"{EXTENSION}/worth"], TERMS)
    said = elements(worth)
    assert said["Extension.extension:amount.url"]["fixedUri"] == "amount"
    assert said["Extension.extension:amount.value[x]"]["type"] == [{"code": "decimal"}]
    assert said["Extension.extension:why.value[x]"]["type"] == [{"code": "string"}]
    assert said["Extension.value[x]"]["max"] == "0"
    assert worth["context"] == [{"type": "element", "expression": "Basic"}]
    assert validate("StructureDefinition", parse_json(encode_json(worth))) == ()


def test_what_the_declaration_says_keeps_the_extension_with_parts(declared: Resource) -> None:
    url = f"{EXTENSION}/worth"
    worth = extension_definition(url, own_extensions([declared])[url], TERMS)

    class One(OurLibrary):
        def profile(self, canonical: str) -> Any:
            return worth if canonical == url else None

    tree = plain(declared.compose({"fhir_id": "x", "amount": 1, "why": "so", "due": "2024-01-01"}))
    made = profile(declared, TERMS)
    good, bad = Report(), Report()
    check_profile(tree, made, One(), good)
    assert not good.has_errors
    tree["extension"][0]["extension"][0] = {"url": "amount", "valueString": "much"}
    check_profile({**tree, "code": {"text": "no thing"}}, made, One(), bad)
    told = {path for one in bad.issues if one.severity == "error" for path in one.expression}
    assert told == {"Basic.code", "Basic.extension[0].extension[0].value"}


def test_a_word_that_tells_no_type_gets_it_from_the_texts(declared: Resource) -> None:
    (used,) = (one for one in used_extensions(declared) if one.url.endswith("/noted"))
    words = Texts({"extensions": {"noted": {"title": "Noted", "description": "A note.", "types": ["string"]}}})
    said = elements(extension_definition(used.url, [used], words), "snapshot")
    assert said["Extension.value[x]"]["type"] == [{"code": "string"}]


def test_codes_come_from_the_declaration_and_their_words_from_the_texts(declared: Resource) -> None:
    assert used_systems([declared]) == {KINDS: {"thing": None}}
    words = Texts(
        {
            "code-systems": {
                "kind": {"title": "Kinds", "description": "K.", "codes": {"other": {"display": "Any other"}}}
            }
        }
    )
    (kinds,) = (one for one in code_systems([declared], words) if one["url"] == KINDS)
    assert kinds["concept"] == [{"code": "thing", "display": "Thing"}, {"code": "other", "display": "Any other"}]
    assert (kinds["content"], kinds["count"]) == ("complete", 2)


def test_closed_lists_and_fixed_codes_of_our_systems_are_found(declared: Resource) -> None:
    column = declared.table.c.kind
    words = {"a": concept(column, one_of(KINDS, {"x", "y"})), "b": always_code("z", KINDS)}
    holder = type("Holder", (), {"elements": words, "search": {}})()
    assert {system: set(codes) for system, codes in used_systems([holder]).items()} == {KINDS: {"x", "y", "z"}}


def test_an_operation_of_ours_is_defined_with_its_parameters() -> None:
    part = OperationParameter("code", "out", 1, "1", "code", "Which one.")
    own = Operation(
        "weigh",
        "Basic-weigh",
        "Basic",
        frozenset({TYPE, INSTANCE}),
        True,
        print,
        title="Weigh",
        description="Says what it weighs.",
        parameters=(
            OperationParameter("scale", "in", 0, "1", "string", "On which scale."),
            OperationParameter("weight", "out", 0, "*", None, "The weights.", (part,)),
        ),
    )
    r4 = Operation("meta", "Resource-meta", "Resource", frozenset({TYPE}), False, print)
    (made,) = operation_definitions([r4, own])
    assert made["url"] == own.url
    assert (made["system"], made["type"], made["instance"], made["affectsState"]) == (False, True, True, True)
    assert made["parameter"][0]["type"] == "string"
    assert made["parameter"][1]["part"] == [
        {"name": "code", "use": "out", "min": 1, "max": "1", "documentation": "Which one.", "type": "code"}
    ]
    assert validate("OperationDefinition", parse_json(encode_json(made))) == ()


def test_every_place_has_a_path_that_r4_knows_or_stands_in_an_extension(declared: Resource) -> None:
    paths = [(one.path, bool(one.inside)) for one in places(declared)]
    assert ("Basic.created", False) in paths
    assert ("Basic.extension.extension.value[x]", True) in paths


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (tail("urn:oid:2.16.840.1"), "2-16-840-1"),
        (tail("http://hl7.org/fhir/sid/us-npi"), "us-npi"),
        (program_name("order-output codes"), "OrderOutputCodes"),
        (in_words("ready_to_ship"), "Ready to ship"),
    ],
)
def test_names_are_made_for_people_and_programs(made: str, expected: str) -> None:
    assert made == expected
