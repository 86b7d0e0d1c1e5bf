from __future__ import annotations

from typing import Any

import pytest

from fhir_server.definitions import parameter_number
from fhir_server.indexing import CompositeValue, IndexRows, ReferenceValue, StringValue, TokenValue, UriValue
from fhir_server.mapping.concepts import any_code, concept, one_of, reference
from fhir_server.mapping.resource import CannotHold, Resource
from fhir_server.persistence.tables import PHI
from fhir_server.resources.observation import OBSERVATION
from fhir_server.resources.patient import PATIENT
from tests.unit.mapping.columns import t, table


def declared(**changed: Any) -> Resource:
    elements = {
        "name": t.name,
        "alias": [t.text],
        "type": [concept(t.short, one_of("urn:kinds", ("a",)), any_code("urn:local"))],
    }
    search: dict[str, Any] = {"name": "name", "type": "type[0]"}
    return Resource("Organization", table, store=PHI, elements=elements, search=search, **changed)


def number(code: str) -> int:
    return parameter_number(f"Organization.{code}")


def test_a_column_that_must_hold_something_makes_the_table_refuse_what_lacks_it() -> None:
    with pytest.raises(CannotHold) as refused:
        declared().decompose({"resourceType": "Organization"})
    assert refused.value.args == ("name",)
    with pytest.raises(CannotHold):
        declared().decompose({"resourceType": "Organization", "name": "longer than twenty characters"})


def test_every_column_of_the_declaration_is_in_the_row() -> None:
    assert declared().decompose({"resourceType": "Organization", "name": "A"}) == {
        "name": "A",
        "text": None,
        "short": None,
    }


def test_a_parameter_needs_columns() -> None:
    with pytest.raises(ValueError, match="has no columns"):
        Resource("Organization", table, store=PHI, elements={"name": t.name}, search={"active": "name"})


def test_a_token_parameter_is_answered_with_its_modifiers() -> None:
    assert {"type", "type:text"} <= set(declared().search)


def test_index_rows_that_a_column_answers_are_not_written() -> None:
    rows = IndexRows(
        token=(
            TokenValue(number("type"), "urn:kinds", "a"),
            TokenValue(number("type"), "urn:local", "a"),
            TokenValue(number("type"), "urn:kinds", "b"),
        ),
        string=(StringValue(number("name"), "A", "a"),),
    )
    left = declared().index_rows(rows, {"name": "A", "short": "a", "text": None}, {})
    assert left.token == rows.token[1:]
    assert left.string == ()


def test_index_rows_of_what_no_column_answers_are_written() -> None:
    rows = IndexRows(
        token=(TokenValue(number("active"), None, "true"), TokenValue(number("_tag"), None, "x")),
        string=(StringValue(number("type:text"), "a kind", "a kind"),),
    )
    assert declared().index_rows(rows, {"name": "A", "short": "a"}, {}) == rows


def test_a_row_may_say_more_than_its_columns_answer_and_the_declaration_tells() -> None:
    resource = declared(unanswered={"type": "some reason"})
    rows = IndexRows(token=(TokenValue(number("type"), "urn:kinds", "a"),))
    assert resource.index_rows(rows, {"name": "A", "short": "a"}, {}) == rows


def test_an_identifier_beside_a_reference_is_searched_in_the_index() -> None:
    subject = parameter_number("Observation.subject")
    literal = ReferenceValue(subject, "Patient", "p1", None, None, None, None)
    logical = ReferenceValue(subject, "Patient", "p1", None, None, "urn:mrn", "1")
    left = OBSERVATION.index_rows(IndexRows(reference=(literal, logical)), {"patient_fhir_id": "p1", "code": "x"}, {})
    assert left.reference == (logical,)


def test_the_identifier_of_a_portal_row_is_indexed_when_a_document_says_it() -> None:
    system = "https://fhir.wound-care-portal.example/identifier/portal-id"
    token = TokenValue(parameter_number("Patient.identifier"), system, "p1")
    tree = {"identifier": [{"system": system, "value": "p1"}]}
    assert PATIENT.index_rows(IndexRows(token=(token,)), {"fhir_id": "p1"}, tree).token == (token,)


def test_composites_and_uris_are_never_dropped() -> None:
    rows = IndexRows(uri=(UriValue(1, "urn:x"),), composite=(CompositeValue(2, "a", "b"),))
    assert OBSERVATION.index_rows(rows, {"code": "x"}, {}) == rows


def test_references_that_hold_an_id_are_complete_only_where_the_declaration_says_so() -> None:
    assert {"subject", "patient", "status"} <= OBSERVATION.complete
    assert "performer" not in OBSERVATION.complete
    assert reference("Patient", t.text).search_columns("reference")[0].complete is False
