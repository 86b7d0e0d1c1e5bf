from __future__ import annotations

import pytest

from fhir_server.errors import InvalidRequest
from fhir_server.interactions.bundles.order import refuse_overlap


def test_different_resources_may_be_written_together() -> None:
    refuse_overlap([(0, "Patient", "1"), (1, "Patient", "2"), (2, "Group", "1")])


def test_writing_one_resource_twice_is_refused_and_names_both_entries() -> None:
    with pytest.raises(InvalidRequest) as caught:
        refuse_overlap([(4, "Patient", "1"), (1, "Group", "1"), (7, "Patient", "1")])
    assert caught.value.expression == ("Bundle.entry[4]", "Bundle.entry[7]")
    assert "4 and 7" in caught.value.diagnostics


def test_an_entry_may_delete_what_it_found_more_than_once() -> None:
    refuse_overlap([(0, "Patient", "1"), (0, "Patient", "1")])
