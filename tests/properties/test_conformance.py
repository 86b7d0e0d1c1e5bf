"""Any row keeps the profile of its table, and says nothing of ours that is not defined."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.conformance.definitions import definitions
from fhir_server.conformance.names import profile_id, url
from fhir_server.definitions import canonical_base
from fhir_server.mapping.trees import plain
from fhir_server.resources.registry import registry
from fhir_server.validation.profiles import Library, Report, check_profile
from fhir_server.validation.profiles.library import Content, Facts
from tests.properties.strategies.effort import EFFORT
from tests.properties.strategies.rows import DECLARATIONS, rows

EVERY_TABLE = pytest.mark.parametrize("table", DECLARATIONS)


@cache
def defined() -> dict[str, dict[str, Any]]:
    return {one["url"]: one for one in definitions(registry())}


class OurLibrary(Library):
    """Our own definitions and no others."""

    def profile(self, canonical: str) -> Facts | None:
        return defined().get(canonical)

    def codes(self, value_set: str) -> Content | None:
        return None


def urls_of_ours(tree: Any) -> Iterator[str]:
    """The urls of extensions and code systems below our base."""
    if isinstance(tree, dict):
        for key in ("url", "system"):
            said = tree.get(key)
            if isinstance(said, str) and said.startswith(f"{canonical_base()}/") and "/identifier/" not in said:
                yield said
        for value in tree.values():
            yield from urls_of_ours(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from urls_of_ours(value)


@EVERY_TABLE
@EFFORT
@given(data=st.data())
def test_any_row_keeps_the_profile_of_its_table(table: str, data: st.DataObject) -> None:
    resource = DECLARATIONS[table]
    tree = plain(resource.compose(data.draw(rows(resource))))
    report = Report()
    check_profile(tree, defined()[url("StructureDefinition", profile_id(resource))], OurLibrary(), report)
    broken = [(one.diagnostics, one.expression) for one in report.issues if one.severity in ("error", "fatal")]
    assert broken == []


@EVERY_TABLE
@EFFORT
@given(data=st.data())
def test_whatever_a_row_says_of_ours_is_defined(table: str, data: st.DataObject) -> None:
    resource = DECLARATIONS[table]
    said = set(urls_of_ours(plain(resource.compose(data.draw(rows(resource))))))
    assert said - defined().keys() == set(), "add it to fhir_server/conformance/data/texts.json (see CONTRIBUTING.md)"
