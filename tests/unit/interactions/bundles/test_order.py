from __future__ import annotations

import pytest

from fhir_server.errors import InvalidRequest
from fhir_server.interactions.bundles.entries import Entry
from fhir_server.interactions.bundles.order import processing_order, refuse_overlap


def test_deletes_come_first_then_creates_then_updates_then_reads() -> None:
    methods = ["GET", "PATCH", "POST", "HEAD", "DELETE", "PUT", "POST", "GET", "DELETE"]
    ordered = processing_order(Entry(index, method=method) for index, method in enumerate(methods))
    assert [entry.index for entry in ordered] == [4, 8, 2, 6, 1, 5, 0, 3, 7]


def test_an_entry_without_a_method_comes_last() -> None:
    ordered = processing_order([Entry(0), Entry(1, method="GET")])
    assert [entry.index for entry in ordered] == [1, 0]


def test_different_resources_may_be_written_together() -> None:
    refuse_overlap([(0, "Patient", "1"), (1, "Patient", "2"), (2, "Group", "1")])


def test_writing_one_resource_twice_is_refused_and_names_both_entries() -> None:
    with pytest.raises(InvalidRequest) as caught:
        refuse_overlap([(4, "Patient", "1"), (1, "Group", "1"), (7, "Patient", "1")])
    assert caught.value.expression == ("Bundle.entry[4]", "Bundle.entry[7]")
    assert "4 and 7" in caught.value.diagnostics


def test_an_entry_may_delete_what_it_found_more_than_once() -> None:
    refuse_overlap([(0, "Patient", "1"), (0, "Patient", "1")])
