from __future__ import annotations

import pytest

from fhir_server.definitions import RESOURCE_TYPES, search_parameters
from fhir_server.errors import TypeNotSupported
from fhir_server.mapping.resource import Resource
from fhir_server.resources.registry import DECLARED, registry


def test_every_type_has_a_generic_source_behind_its_tables() -> None:
    assert set(registry().resource_types) == set(RESOURCE_TYPES)
    for resource_type in registry().resource_types:
        *tables, last = registry().sources(resource_type)
        assert last.generic
        assert not any(source.generic for source in tables)


def test_the_number_of_a_source_finds_it_and_its_declaration() -> None:
    for source in registry().tables():
        assert registry().source(source.number) is source
        resource = registry().resource(source)
        assert resource is not None
        assert resource.table is source.table
    assert registry().resource(registry().sources("Encounter")[0]) is None
    assert registry().resource(registry().sources("Flag")[0]) is None


def test_an_unknown_type_is_not_supported() -> None:
    with pytest.raises(TypeNotSupported):
        registry().sources("Nothing")


@pytest.mark.parametrize("resource", DECLARED, ids=lambda resource: resource.table.name)
def test_a_declaration_names_parameters_of_its_type_and_tells_why_some_are_not_answered(resource: Resource) -> None:
    known = search_parameters(resource.resource_type)
    for code in {*resource.search, *resource.unanswered, *resource.sort}:
        assert code.partition(":")[0] in known
    assert all(reason.strip() for reason in resource.unanswered.values())
    assert not resource.complete & set(resource.unanswered)
