"""Every column of the portal has a line in docs/mapping.md: its element, or the reason why there is none."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from fhir_server.conformance.columns import FILE, Line, Unexplained, document, lines, notes, portal_tables
from fhir_server.conformance.names import declarations
from fhir_server.resources.registry import registry

ROOT = Path(__file__).parents[3]
COLUMNS = {f"{table.name}.{column.name}" for table in portal_tables() for column in table.c}


@cache
def known() -> dict[str, Line]:
    return {f"{one.table}.{one.column}": one for one in lines(declarations(registry()), notes())}


def test_every_column_has_an_element_or_a_reason() -> None:
    assert len(COLUMNS) > 300
    assert known().keys() == COLUMNS
    for name, line in known().items():
        assert line.elements or line.note, name


def test_a_column_without_either_is_told_with_the_line_to_add() -> None:
    said = notes()
    fewer = replace(said, columns={key: text for key, text in said.columns.items() if key != "products.base_price"})
    with pytest.raises(
        Unexplained, match=rf"products\.base_price is in no element: map it, or say why not in .*{FILE.name}"
    ):
        list(lines(declarations(registry()), fewer))


def test_the_page_is_the_one_that_the_declarations_make() -> None:
    page = (ROOT / "docs" / "mapping.md").read_text(encoding="utf-8")
    assert page == document(declarations(registry())), "run: fhir-server mapping-docs > docs/mapping.md"


def test_notes_are_about_columns_that_exist_and_are_in_no_element() -> None:
    said = notes()
    assert set(said.columns) - COLUMNS == set()
    assert set(said.copied) - COLUMNS == set()
    assert set(said.tables) - {table.name for table in portal_tables()} == set()
    mapped = [name for name in said.columns if known()[name].elements]
    shown = sorted(set(said.tables) & {one.table.name for one in declarations(registry())})
    assert mapped + shown == [], f"these are shown now: take them out of {FILE.name}"


@pytest.mark.parametrize(
    ("column", "elements", "direction", "seen_by"),
    [
        ("fhir_patients.gender", ("Patient.gender",), "read, write", "PHI store"),
        ("fhir_patients.updated_at", ("Patient.meta.lastUpdated",), "read", "PHI store"),
        ("fhir_patient_names.family", ("Patient.name.family",), "read, write", "PHI store"),
        ("fhir_patient_names.period_end", ("Patient.name.period",), "read, write", "PHI store"),
        (
            "product_requests.status",
            (
                "DeviceRequest.status",
                "DeviceRequest.status.extension('EXT/source-status').value",
                "DeviceRequest.intent",
            ),
            "read, write",
            "PHI store",
        ),
        ("orders.order_number", ("Task.identifier.where(system='ID/order-number').value",), "read, write", "PHI store"),
        ("orders.total_amount", ("Task.extension('EXT/total-amount').value.value",), "read, write", "PHI store"),
        ("order_items.quantity", ("SupplyRequest.quantity.value",), "read", "PHI store"),
        ("order_items.order_status", None, "copied", "PHI store"),
        (
            "manufacturers.contact_phone",
            ("Organization.telecom.where(system='phone').value",),
            "read, write",
            "open store",
        ),
        (
            "product_requests.shipping_details",
            tuple(
                f"DeviceRequest.extension('EXT/shipping').extension('{part}').value"
                for part in ("recipient", "address", "phone", "method", "needed-by", "instructions")
            ),
            "read, write",
            "PHI store",
        ),
        ("opportunity_risks.status", ("RiskAssessment.status",), "copied", "PHI store"),
        ("commission_records.paid_at", ("Basic.extension('EXT/paid-at').value",), "read, write", "open store"),
        ("docuseal_submissions.download_url", (), "internal", "nobody"),
        ("products.base_price", (), "internal", "nobody"),
        ("users.password", (), "internal", "nobody"),
    ],
)
def test_a_line_says_where_a_column_is_shown(
    column: str, elements: tuple[str, ...] | None, direction: str, seen_by: str
) -> None:
    line = known()[column]
    assert elements is None or line.elements == elements
    assert (line.direction, line.seen_by) == (direction, seen_by)


def test_whatever_a_write_sets_is_said_to_be_written() -> None:
    for resource in declarations(registry()):
        for name in resource.row_columns:
            line = known()[f"{resource.table.name}.{name}"]
            assert line.direction == "read, write", f"{line.table}.{name}"
