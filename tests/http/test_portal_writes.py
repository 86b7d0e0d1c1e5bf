"""What the portal writes with SQL is in the very next answer, as one version for each transaction.

Every table that is a FHIR resource, and every table whose rows one of them shows.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest


class Mapped(NamedTuple):
    """A mapped table: rows to begin with, the resource, and an UPDATE with what it makes the resource say."""

    resource: str
    table: str
    setup: tuple[str, ...]
    insert: str
    update: str
    told: tuple[Any, ...]


PEOPLE = (
    "INSERT INTO users (id, email, password, first_name, last_name) VALUES (7, 'a@x', 'secret', 'Ann', 'Lee')",
    "INSERT INTO fhir_practitioners (fhir_id, user_id) VALUES ('doc', 7)",
    "INSERT INTO organizations (id, fhir_id, name) VALUES (7, 'org', 'Acme')",
)
CHAIN = (
    "INSERT INTO manufacturers (id, fhir_id, name) VALUES (7, 'maker', 'Maker')",
    "INSERT INTO products (id, manufacturer_id, name) VALUES (7, 7, 'Graft')",
    "INSERT INTO product_requests (id, request_number, user_id) VALUES (7, 'R', 7)",
    "INSERT INTO orders (id, order_number, product_request_id, manufacturer_id) VALUES (7, 'O', 7, 7)",
)
PAPERS = (
    CHAIN[0],
    "INSERT INTO fhir_patients (fhir_id) VALUES ('p')",
    "INSERT INTO docuseal_submissions (id, submission_id, template_id) VALUES (7, 'S', 'ivr')",
)
TABLES = {
    "fhir_patients": Mapped(
        "Patient/x",
        "fhir_patients",
        (),
        "INSERT INTO fhir_patients (fhir_id, gender) VALUES ('x', 'male')",
        "UPDATE fhir_patients SET birth_date = '1980-02-29' WHERE fhir_id = 'x'",
        ("birthDate", "1980-02-29"),
    ),
    "fhir_practitioners": Mapped(
        "Practitioner/x",
        "fhir_practitioners",
        (),
        "INSERT INTO fhir_practitioners (fhir_id) VALUES ('x')",
        "UPDATE fhir_practitioners SET npi_number = '1234567893' WHERE fhir_id = 'x'",
        ("identifier", 0, "value", "1234567893"),
    ),
    "fhir_facilities": Mapped(
        "Location/x",
        "fhir_facilities",
        (),
        "INSERT INTO fhir_facilities (fhir_id, name) VALUES ('x', 'Clinic')",
        "UPDATE fhir_facilities SET name = 'Wound Clinic' WHERE fhir_id = 'x'",
        ("name", "Wound Clinic"),
    ),
    "organizations": Mapped(
        "Organization/x",
        "organizations",
        (),
        "INSERT INTO organizations (fhir_id, name) VALUES ('x', 'Acme')",
        "UPDATE organizations SET name = 'Acme Inc' WHERE fhir_id = 'x'",
        ("name", "Acme Inc"),
    ),
    "manufacturers": Mapped(
        "Organization/x",
        "manufacturers",
        (),
        "INSERT INTO manufacturers (fhir_id, name) VALUES ('x', 'Maker')",
        "UPDATE manufacturers SET name = 'Maker Inc' WHERE fhir_id = 'x'",
        ("name", "Maker Inc"),
    ),
    "fhir_observations": Mapped(
        "Observation/x",
        "fhir_observations",
        ("INSERT INTO fhir_patients (fhir_id) VALUES ('p')",),
        "INSERT INTO fhir_observations (fhir_id, patient_fhir_id, code) VALUES ('x', 'p', '39126-8')",
        "UPDATE fhir_observations SET status = 'amended' WHERE fhir_id = 'x'",
        ("status", "amended"),
    ),
    "products": Mapped(
        "DeviceDefinition/x",
        "products",
        CHAIN[:1],
        "INSERT INTO products (fhir_id, manufacturer_id, name) VALUES ('x', 7, 'Graft')",
        "UPDATE products SET hcpcs_code = 'Q4101' WHERE fhir_id = 'x'",
        ("type", "coding", 0, "code", "Q4101"),
    ),
    "product_requests": Mapped(
        "DeviceRequest/x",
        "product_requests",
        PEOPLE,
        "INSERT INTO product_requests (fhir_id, request_number, user_id) VALUES ('x', 'R', 7)",
        "UPDATE product_requests SET priority = 'rush' WHERE fhir_id = 'x'",
        ("priority", "urgent"),
    ),
    "orders": Mapped(
        "Task/x",
        "orders",
        (*PEOPLE, *CHAIN[:3]),
        "INSERT INTO orders (fhir_id, order_number, product_request_id, manufacturer_id) VALUES ('x', 'O', 7, 7)",
        "UPDATE orders SET priority = 'rush' WHERE fhir_id = 'x'",
        ("priority", "urgent"),
    ),
    "order_items": Mapped(
        "SupplyRequest/x",
        "order_items",
        (*PEOPLE, *CHAIN),
        "INSERT INTO order_items (fhir_id, order_id, product_id) VALUES ('x', 7, 7)",
        "UPDATE order_items SET quantity = 5 WHERE fhir_id = 'x'",
        ("quantity", "value", 5),
    ),
    "user_organizations": Mapped(
        "PractitionerRole/x",
        "user_organizations",
        (*PEOPLE, "INSERT INTO roles (id, name, slug) VALUES (1, 'Nurse', 'nurse')"),
        "INSERT INTO user_organizations (fhir_id, user_id, organization_id) VALUES ('x', 7, 7)",
        "INSERT INTO user_roles (user_id, role_id) VALUES (7, 1)",
        ("code", 0, "coding", 0, "code", "nurse"),
    ),
    "patient_manufacturer_ivr_episodes": Mapped(
        "Task/x",
        "patient_manufacturer_ivr_episodes",
        PAPERS[:2],
        "INSERT INTO patient_manufacturer_ivr_episodes (fhir_id, episode_number, patient_fhir_id, manufacturer_id) "
        "VALUES ('x', 'E', 'p', 7)",
        "UPDATE patient_manufacturer_ivr_episodes SET completion_status = 'complete' WHERE fhir_id = 'x'",
        ("businessStatus", "text", "complete"),
    ),
    "docuseal_submissions": Mapped(
        "DocumentReference/x",
        "docuseal_submissions",
        (),
        "INSERT INTO docuseal_submissions (fhir_id, submission_id, template_id) VALUES ('x', 'S', 'ivr')",
        "UPDATE docuseal_submissions SET status = 'completed' WHERE fhir_id = 'x'",
        ("docStatus", "final"),
    ),
    "commission_records": Mapped(
        "Basic/x",
        "commission_records",
        (*PEOPLE, *CHAIN),
        "INSERT INTO commission_records (fhir_id, sales_rep_id, order_id) VALUES ('x', 7, 7)",
        "UPDATE commission_records SET created_at = '2026-01-02T00:00:00Z' WHERE fhir_id = 'x'",
        ("created", "2026-01-02"),
    ),
    "clinical_opportunities": Mapped(
        "Task/x",
        "clinical_opportunities",
        PAPERS[1:2],
        "INSERT INTO clinical_opportunities (fhir_id, patient_fhir_id) VALUES ('x', 'p')",
        "UPDATE clinical_opportunities SET title = 'Not closing' WHERE fhir_id = 'x'",
        ("description", "Not closing"),
    ),
}
MAPPED = pytest.mark.parametrize("mapped", TABLES.values(), ids=TABLES)


def at(tree: Any, path: tuple[Any, ...]) -> Any:
    for step in path[:-1]:
        try:
            tree = tree[step]
        except (KeyError, IndexError):
            return None
    return tree


def agrees(client: Any, resource: str, versions: list[tuple[str, str]]) -> Any:
    """Read, vread, search and history say the same version; gives the resource."""
    kind, _, identity = resource.partition("/")
    read = client.get(f"/{resource}")
    assert (read.status_code, read.headers["etag"]) == (200, versions[0][1])
    assert client.get(f"/{resource}/_history/{versions[0][1][3:-1]}").content == read.content
    (entry,) = client.tree(f"/{kind}?_id={identity}")["entry"]
    tree = client.tree(f"/{resource}")
    assert entry["resource"] == tree
    assert client.history(f"/{resource}") == versions
    assert client.tree(f"/{resource}/_history")["entry"][0]["resource"] == tree
    assert client.tree(f"/{kind}/_history")["entry"][0]["resource"] == tree
    return tree


@MAPPED
def test_inserts_updates_and_deletes_are_in_the_very_next_answers(client: Any, portal: Any, mapped: Mapped) -> None:
    for statement in (*mapped.setup, mapped.insert):
        portal.execute(statement)
    first = agrees(client, mapped.resource, [("POST", 'W/"1"')])
    assert at(first, mapped.told) != mapped.told[-1]
    portal.execute(mapped.update)
    second = agrees(client, mapped.resource, [("PUT", 'W/"2"'), ("POST", 'W/"1"')])
    assert at(second, mapped.told) == mapped.told[-1]
    assert client.tree(f"/{mapped.resource}/_history/1") == first
    assert client.get(f"/{mapped.resource}", headers={"If-None-Match": 'W/"1"'}).status_code == 200
    assert client.update(second, If_Match='W/"1"').status_code == 412
    portal.execute(f"DELETE FROM {mapped.table} WHERE fhir_id = 'x'")
    assert client.get(f"/{mapped.resource}").status_code == 410
    assert client.matches(f"/{mapped.resource.partition('/')[0]}?_id=x") == []
    versions = [("DELETE", 'W/"3"'), ("PUT", 'W/"2"'), ("POST", 'W/"1"')]
    assert client.history(f"/{mapped.resource}") == versions
    assert [client.get(f"/{mapped.resource}/_history/{number}").status_code for number in (1, 2, 3)] == [200, 200, 410]
    portal.execute(mapped.insert)
    again = agrees(client, mapped.resource, [("PUT", 'W/"4"'), *versions])
    assert again["meta"]["versionId"] == "4"


@MAPPED
def test_a_soft_delete_by_the_portal_is_a_delete(client: Any, portal: Any, mapped: Mapped) -> None:
    for statement in (*mapped.setup, mapped.insert):
        portal.execute(statement)
    portal.execute(f"UPDATE {mapped.table} SET deleted_at = now()")
    assert client.get(f"/{mapped.resource}").status_code == 410
    assert client.matches(f"/{mapped.resource.partition('/')[0]}?_id=x") == []
    assert client.history(f"/{mapped.resource}") == [("DELETE", 'W/"2"'), ("POST", 'W/"1"')]
    portal.execute(f"UPDATE {mapped.table} SET deleted_at = NULL")
    agrees(client, mapped.resource, [("PUT", 'W/"3"'), ("DELETE", 'W/"2"'), ("POST", 'W/"1"')])


@MAPPED
def test_one_transaction_is_one_version_however_many_statements_it_has(
    client: Any, portal: Any, mapped: Mapped
) -> None:
    with portal.transaction():
        for statement in (*mapped.setup, mapped.insert, mapped.update):
            portal.execute(statement)
    agrees(client, mapped.resource, [("POST", 'W/"1"')])
    with portal.transaction():
        for _ in range(3):
            portal.execute(f"UPDATE {mapped.table} SET deleted_at = now() WHERE fhir_id = 'x'")
            portal.execute(
                f"UPDATE {mapped.table} SET deleted_at = NULL, created_at = clock_timestamp() WHERE fhir_id = 'x'"
            )
    agrees(client, mapped.resource, [("PUT", 'W/"2"'), ("POST", 'W/"1"')])


@MAPPED
def test_what_is_rolled_back_or_changes_nothing_is_no_version(client: Any, portal: Any, mapped: Mapped) -> None:
    for statement in (*mapped.setup, mapped.insert):
        portal.execute(statement)
    with portal.transaction(force_rollback=True):
        portal.execute(mapped.update)
    portal.execute(f"UPDATE {mapped.table} SET created_at = created_at")
    agrees(client, mapped.resource, [("POST", 'W/"1"')])


@MAPPED
def test_what_a_client_said_beside_the_columns_outlives_the_portals_writes(
    client: Any, portal: Any, mapped: Mapped
) -> None:
    for statement in (*mapped.setup, mapped.insert):
        portal.execute(statement)
    said = {"extension": [{"url": "http://x/own", "valueString": "kept"}], "language": "de-CH"}
    tree = client.tree(f"/{mapped.resource}")
    written = client.update({**tree, **said, "extension": [*tree.get("extension", []), *said["extension"]]})
    assert written.status_code == 200, written.text
    portal.execute(mapped.update)
    history = [("PUT", 'W/"3"'), ("PUT", 'W/"2"'), ("POST", 'W/"1"')]
    merged = agrees(client, mapped.resource, history)
    assert at(merged, mapped.told) == mapped.told[-1]
    assert said["extension"][0] in merged["extension"]
    assert merged["language"] == "de-CH"
    patch = [{"op": "replace", "path": "/language", "value": "fr"}]
    assert client.patch_json(f"/{mapped.resource}", patch, If_Match='W/"3"').headers["etag"] == 'W/"4"'
    assert client.tree(f"/{mapped.resource}/_history/3") == merged
    assert at(client.tree(f"/{mapped.resource}"), mapped.told) == mapped.told[-1]


def test_a_fhir_write_is_in_the_columns_that_the_portal_reads(client: Any, portal: Any) -> None:
    name = [{"family": "Müller", "given": ["Anna", "Maria"]}]
    client.update({"resourceType": "Patient", "id": "x", "gender": "female", "birthDate": "1980-02-29", "name": name})
    row = portal.execute("SELECT gender, birth_date::text FROM fhir_patients").fetchone()
    assert row == {"gender": "female", "birth_date": "1980-02-29"}
    child = portal.execute("SELECT family, given FROM fhir_patient_names").fetchall()
    assert child == [{"family": "Müller", "given": ["Anna", "Maria"]}]
    client.delete("/Patient/x")
    assert portal.execute("SELECT deleted_at IS NOT NULL AS gone FROM fhir_patients").fetchone() == {"gone": True}


def test_copy_and_statements_over_many_rows_are_versions_of_each(client: Any, portal: Any) -> None:
    with portal.cursor().copy("COPY fhir_patients (fhir_id, gender) FROM STDIN") as copy:
        for number in range(50):
            copy.write_row((f"c{number}", "male"))
    assert client.tree("/Patient?_summary=count")["total"] == 50
    portal.execute("UPDATE fhir_patients SET gender = 'female'")
    assert client.tree("/Patient?gender=female&_summary=count")["total"] == 50
    assert client.tree("/Patient/_history?_count=1000")["total"] == 100
    assert client.history("/Patient/c7") == [("PUT", 'W/"2"'), ("POST", 'W/"1"')]
    portal.execute("DELETE FROM fhir_patients WHERE fhir_id <> 'c7'")
    assert client.matches("/Patient") == ["Patient/c7"]
    assert client.get("/Patient/c8").status_code == 410
