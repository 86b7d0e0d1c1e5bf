"""The table of operations agrees with R4 (https://hl7.org/fhir/R4/operationslist.html)."""

from __future__ import annotations

import pytest

from fhir_server.definitions import packaged, search_parameters
from fhir_server.operations import OPERATIONS, Operation, find_operation
from fhir_server.operations.clinical_dates import CLINICAL_DATES
from fhir_server.operations.everything import SUPPORTING
from fhir_server.search import record_types

DEFINED = {one["id"]: one for one in packaged("operations.json")["operations"]}


OWN = [one for one in OPERATIONS if one.is_own]


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if not one.is_own], ids=lambda one: one.name)
def test_every_operation_is_one_of_r4_at_levels_that_r4_knows(operation: Operation) -> None:
    defined = DEFINED[operation.definition]
    assert (defined["code"], defined["resource"]) == (operation.name, [operation.resource_type])
    assert all(defined[level] for level in operation.levels)
    # R4 says of $submit that it changes nothing; here it notes a check.
    assert operation.affects_state == (operation.name.startswith("meta-") or operation.name == "submit")


@pytest.mark.parametrize("operation", OWN, ids=lambda one: one.definition)
def test_an_operation_of_our_own_says_what_its_definition_needs(operation: Operation) -> None:
    assert operation.definition == f"{operation.resource_type}-{operation.name}"
    assert operation.definition not in DEFINED
    assert operation.url.startswith("https://fhir.wound-care-portal.example/OperationDefinition/")
    assert operation.title
    assert len(operation.name) <= 20, "the audit's column is not longer"
    names = [(one.use, one.name) for one in operation.parameters]
    assert len(names) == len(set(names))
    assert any(use == "out" for use, _ in names)
    assert all((one.type is None) == bool(one.parts) for one in operation.parameters)


def test_no_operation_is_declared_twice() -> None:
    assert len({one.definition for one in OPERATIONS}) == len(OPERATIONS)
    assert len({one.run for one in OPERATIONS}) == len(OPERATIONS), "the audit finds the name by what runs"


def test_paths_lead_to_operations_of_their_level_and_type_only() -> None:
    found = {
        path: None if (operation := find_operation(path)) is None else operation.name
        for path in (
            ("$meta",),
            ("Patient", "$meta"),
            ("Patient", "x", "$meta-add"),
            ("Patient", "x", "$everything"),
            ("Patient", "$everything"),
            ("Group", "x", "$everything"),
            ("$meta-add",),
            ("Observation", "$lastn"),
            ("Patient", "$lastn"),
            ("Patient", "x", "_history", "1", "$meta"),
            ("Patient", "x", "$nothing"),
        )
    }
    assert list(found.values()) == ["meta", "meta", "meta-add", "everything", None, None, None, "lastn", *[None] * 3]


@pytest.mark.parametrize("kind", CLINICAL_DATES)
def test_the_date_of_care_is_a_date_parameter_of_a_member_of_the_record(kind: str) -> None:
    assert search_parameters(kind)[CLINICAL_DATES[kind]].type == "date"
    assert kind in record_types("Patient")


def test_what_records_refer_to_is_in_no_record() -> None:
    assert not set(SUPPORTING) & set(record_types("Patient"))
