"""The definitions of R4 that terminology operations know without anything stored."""

from __future__ import annotations

import pytest

from fhir_server.definitions import packaged
from fhir_server.operations.terminology.known import Known, canonical, standard
from fhir_server.operations.terminology.members import codes_of
from fhir_server.search.terminology.stored import Stored, Tree
from fhir_server.validation import validate

LISTED = {url for url, codes in packaged("required-bindings.json")["valueSets"].items() if codes}


class Nothing(Stored):
    def by_id(self, resource_type: str, fhir_id: str) -> Tree | None:
        return None

    def by_url(self, resource_type: str, url: str, version: str | None) -> Tree | None:
        return None


@pytest.mark.parametrize("url", sorted(LISTED)[::10])
def test_the_required_value_sets_are_valid_and_have_their_codes(url: str) -> None:
    found = standard("ValueSet", url)
    assert found is not None
    assert not validate("ValueSet", dict(found))
    content = codes_of(Known(Nothing()), found, "http://localhost")
    listed = packaged("required-bindings.json")["valueSets"][url]
    assert {system: list(codes or ()) for system, codes in content.items()} == listed


def test_of_a_code_system_only_a_part_is_claimed() -> None:
    found = standard("CodeSystem", "http://hl7.org/fhir/administrative-gender")
    assert found is not None
    assert found["content"] == "fragment"
    assert not validate("CodeSystem", dict(found))


@pytest.mark.parametrize(("version", "is_known"), [(None, True), ("4.0.1", True), ("5.0.0", False)])
def test_the_definitions_are_those_of_one_version(version: str | None, is_known: bool) -> None:
    url = "http://hl7.org/fhir/ValueSet/administrative-gender"
    assert (Known(Nothing()).by_url("ValueSet", url, version) is not None) is is_known


def test_the_version_in_a_canonical_wins() -> None:
    assert canonical("urn:x|2#part", "1") == ("urn:x", "2")
    assert canonical("urn:x", "1") == ("urn:x", "1")
