from __future__ import annotations

from typing import Any

import pytest

from fhir_server.mapping.trees import plain
from fhir_server.resources.organization import ACTIVE_STATUSES, MANUFACTURER, MANUFACTURER_ORGANIZATION, ORGANIZATION

DATA_ABSENT = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}
SOURCE = "https://fhir.wound-care-portal.example/StructureDefinition/source-status"


def composed(**columns: Any) -> dict[str, Any]:
    return dict(plain(ORGANIZATION.compose({"fhir_id": "o1", "name": "Acme", **columns})))


@pytest.mark.parametrize(("text", "active"), ACTIVE_STATUSES.items())
def test_a_known_status_is_active_or_not(text: str, active: bool) -> None:
    for said in (text, text.upper(), f" {text} "):
        assert composed(status=said)["active"] is active


@pytest.mark.parametrize("text", ACTIVE_STATUSES)
def test_every_status_comes_back_with_its_own_text(text: str) -> None:
    tree = composed(status=text)
    assert ORGANIZATION.decompose(tree)["status"] == text
    assert ORGANIZATION.decompose(tree, {"name": "Acme", "status": text})["status"] == text


@pytest.mark.parametrize("text", ["merged", "aktiv", "active?", "complete"])
def test_an_unknown_status_is_neither_active_nor_inactive(text: str) -> None:
    tree = composed(status=text)
    assert "active" not in tree
    assert tree["_active"] == {"extension": [{"url": SOURCE, "valueString": text}, DATA_ABSENT]}
    assert ORGANIZATION.decompose(tree)["status"] == text


def test_without_a_status_the_reason_alone_is_said() -> None:
    assert composed(status=None)["_active"] == {"extension": [DATA_ABSENT]}


def test_an_organization_without_a_usable_name_is_still_one() -> None:
    assert composed(name=" ")["_name"] == {"extension": [DATA_ABSENT]}


def test_the_account_is_an_identifier_until_there_is_a_document_and_never_written() -> None:
    account = {"system": "https://fhir.wound-care-portal.example/identifier/account", "value": "7"}
    assert composed(account_id=7)["identifier"] == [account]
    assert "identifier" not in composed(account_id=7, document_version=1)
    assert "account_id" not in ORGANIZATION.decompose(composed(account_id=7))


def test_the_sales_representative_is_not_shown() -> None:
    assert "77" not in repr(composed(sales_rep_id=77))


def test_a_tax_number_has_its_type() -> None:
    (tax,) = composed(tax_id="12-3456789")["identifier"]
    assert (tax["system"], tax["type"]["coding"][0]["code"]) == ("urn:oid:2.16.840.1.113883.4.4", "TAX")


def test_only_a_resource_that_says_so_is_a_manufacturer() -> None:
    made = {"resourceType": "Organization", "name": "Acme", "type": [MANUFACTURER]}
    assert MANUFACTURER_ORGANIZATION.accepts(made)
    assert not ORGANIZATION.accepts(made)
    assert ORGANIZATION.accepts({**made, "type": [{"text": "manufacturer"}]})


def test_a_manufacturer_is_found_by_its_type() -> None:
    assert [column.system for column in MANUFACTURER_ORGANIZATION.search["type"]] == [
        MANUFACTURER["coding"][0]["system"]
    ]


def test_a_logo_that_is_no_url_is_not_shown() -> None:
    row = {"fhir_id": "m1", "name": "Acme", "logo_url": "our logo.png"}
    assert "extension" not in MANUFACTURER_ORGANIZATION.compose(row)
    assert "extension" in MANUFACTURER_ORGANIZATION.compose({**row, "logo_url": "https://x.example/l.png"})
