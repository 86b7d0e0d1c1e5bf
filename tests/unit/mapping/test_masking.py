"""How a resource of which columns are withheld says so."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Column, MetaData, String, Table

from fhir_server.json_text import parse_json
from fhir_server.mapping.branches import required
from fhir_server.mapping.masking import Masking, Shown
from fhir_server.mapping.resource import Resource
from fhir_server.persistence.tables import OPEN

TABLE = Table("places", MetaData(), Column("fhir_id", String), Column("name", String), Column("kind", String))
RESOURCE = Resource(
    "Location",
    TABLE,
    store=OPEN,
    elements={
        "name": required(TABLE.c.name, primitive=True),
        "physicalType": required({"text": TABLE.c.kind}),
    },
    search={},
)


def said(shown: Shown) -> dict[str, object]:
    masking = Masking({TABLE: shown}, {})
    text = masking.json(
        RESOURCE, "a", 2, datetime(2026, 1, 2, tzinfo=UTC), b'{"fhir_id": "a", "name": null, "kind": null}'
    )
    tree: dict[str, object] = parse_json(text)
    return tree


def reason(element: object) -> object:
    assert isinstance(element, dict)
    return element["extension"][0]["valueCode"]


def test_what_is_withheld_is_masked_and_what_nobody_knows_is_unknown() -> None:
    tree = said(Shown(frozenset({"name"})))
    assert (reason(tree["_name"]), reason(tree["physicalType"])) == ("unknown", "masked")
    # The declaration itself goes on saying what it said.
    tree = said(Shown(frozenset({"kind"})))
    assert (reason(tree["_name"]), reason(tree["physicalType"])) == ("masked", "unknown")


def test_the_labels_tell_whether_ids_are_pseudonyms() -> None:
    codes = [
        [label["code"] for label in said(Shown(frozenset(), opaque))["meta"]["security"]]  # type: ignore[index]
        for opaque in (frozenset[str](), frozenset({"kind"}))
    ]
    assert codes == [["REDACTED"], ["REDACTED", "PSEUDED"]]
