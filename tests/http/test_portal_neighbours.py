"""The portal's writes to the tables around a resource, rows from before the migrations, and moves between stores."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from fhir_server.persistence import migrate

CHILDREN = {
    "fhir_patient_names": ("family", "'Smith'", "'Jones'", ("name", 0, "family")),
    "fhir_patient_identifiers": ("value", "'001'", "'002'", ("identifier", 0, "value")),
    "fhir_patient_addresses": ("city", "'Basel'", "'Bern'", ("address", 0, "city")),
    "fhir_patient_telecoms": ("value", "'555-1'", "'555-2'", ("telecom", 0, "value")),
}


def at(tree: Any, *path: Any) -> Any:
    for step in path:
        tree = tree[step]
    return tree


def etag(client: Any, path: str) -> str:
    return str(client.get(path).headers["etag"])


@pytest.mark.parametrize("table", CHILDREN)
def test_a_child_row_is_a_version_of_its_patient(client: Any, portal: Any, table: str) -> None:
    column, first, second, path = CHILDREN[table]
    portal.execute("INSERT INTO fhir_patients (fhir_id) VALUES ('x'), ('y')")
    portal.execute(f"INSERT INTO {table} (patient_fhir_id, {column}) VALUES ('x', {first})")
    assert at(client.tree("/Patient/x"), *path) == first.strip("'")
    portal.execute(f"UPDATE {table} SET {column} = {second}")
    assert at(client.tree("/Patient/x"), *path) == second.strip("'")
    assert at(client.tree("/Patient/x/_history/2"), *path) == first.strip("'")
    portal.execute(f"UPDATE {table} SET patient_fhir_id = 'y'")
    assert at(client.tree("/Patient/y"), *path) == second.strip("'")
    portal.execute(f"DELETE FROM {table}")
    assert client.history("/Patient/x") == [("PUT", f'W/"{number}"') for number in (4, 3, 2)] + [("POST", 'W/"1"')]
    assert client.history("/Patient/y") == [("PUT", 'W/"3"'), ("PUT", 'W/"2"'), ("POST", 'W/"1"')]
    with portal.transaction():
        for value in (first, second):
            portal.execute(f"INSERT INTO {table} (patient_fhir_id, {column}) VALUES ('x', {value})")
        portal.execute("UPDATE fhir_patients SET active = false WHERE fhir_id = 'x'")
    assert etag(client, "/Patient/x") == 'W/"5"'


def test_children_can_be_searched_at_once(client: Any, portal: Any) -> None:
    portal.execute("INSERT INTO fhir_patients (fhir_id) VALUES ('x')")
    portal.execute("INSERT INTO fhir_patient_names (patient_fhir_id, family) VALUES ('x', 'Müller')")
    portal.execute("INSERT INTO fhir_patient_identifiers (patient_fhir_id, system, value) VALUES ('x', 'urn:m', '1')")
    for query in ("family=muller", "identifier=urn:m|1", "name=MÜLLER"):
        assert client.matches(f"/Patient?{query}") == ["Patient/x"]
    portal.execute("UPDATE fhir_patient_names SET family = 'Smith'")
    assert client.matches("/Patient?family=muller") == []
    assert client.matches("/Patient?family=smith") == ["Patient/x"]


def test_a_hard_delete_takes_the_child_rows_along_in_one_version(client: Any, portal: Any) -> None:
    portal.execute("INSERT INTO fhir_patients (fhir_id) VALUES ('x')")
    for table, (column, value, _, _) in CHILDREN.items():
        portal.execute(f"INSERT INTO {table} (patient_fhir_id, {column}) VALUES ('x', {value})")
    portal.execute("DELETE FROM fhir_patients")
    assert client.history("/Patient/x")[0] == ("DELETE", 'W/"6"')
    assert client.get("/Patient/x").status_code == 410
    assert at(client.tree("/Patient/x/_history/5"), "name", 0, "family") == "Smith"
    portal.execute("INSERT INTO fhir_patients (fhir_id) VALUES ('x')")
    assert etag(client, "/Patient/x") == 'W/"7"'


@pytest.fixture
def staff(client: Any, portal: Any) -> Any:
    portal.execute(
        "INSERT INTO users (id, email, password, first_name, last_name) VALUES (7, 'a@x', 's', 'Ann', 'Lee')"
    )
    portal.execute("INSERT INTO fhir_practitioners (fhir_id, user_id) VALUES ('doc', 7)")
    portal.execute("INSERT INTO organizations (id, fhir_id, name) VALUES (7, 'org', 'Acme')")
    portal.execute("INSERT INTO user_organizations (fhir_id, user_id, organization_id) VALUES ('role', 7, 7)")
    portal.execute("INSERT INTO roles (id, name, slug, permissions) VALUES (1, 'Nurse', 'nurse', '[\"secret\"]')")
    return client


def test_a_change_of_the_user_is_a_version_of_the_practitioner(staff: Any, portal: Any) -> None:
    portal.execute("UPDATE users SET last_name = 'Ray', phone = '555'")
    tree = staff.tree("/Practitioner/doc")
    assert (tree["meta"]["versionId"], tree["name"][0]["family"]) == ("2", "Ray")
    assert at(staff.tree("/Practitioner/doc/_history/1"), "name", 0, "family") == "Lee"
    assert staff.matches("/Practitioner?family=ray") == ["Practitioner/doc"]
    portal.execute("UPDATE users SET password = 'other', email_verified_at = now()")
    assert etag(staff, "/Practitioner/doc") == 'W/"2"'
    assert "other" not in staff.get("/Practitioner/doc").text
    portal.execute("UPDATE fhir_practitioners SET user_id = NULL")
    assert etag(staff, "/Practitioner/doc") == 'W/"3"'
    assert "Ray" not in staff.get("/Practitioner/doc").text


def test_roles_and_practitioners_are_versions_of_the_practitioner_role(staff: Any, portal: Any) -> None:
    role = staff.tree("/PractitionerRole/role")
    assert (role["practitioner"], role["organization"]) == (
        {"reference": "Practitioner/doc"},
        {"reference": "Organization/org"},
    )
    portal.execute("INSERT INTO user_roles (user_id, role_id) VALUES (7, 1)")
    portal.execute("UPDATE roles SET name = 'Head nurse'")
    tree = staff.tree("/PractitionerRole/role")
    assert tree["meta"]["versionId"] == "3"
    assert (at(tree, "code", 0, "coding", 0, "code"), at(tree, "code", 0, "coding", 0, "display")) == (
        "nurse",
        "Head nurse",
    )
    assert at(staff.tree("/PractitionerRole/role/_history/2"), "code", 0, "coding", 0, "display") == "Nurse"
    portal.execute("UPDATE roles SET permissions = '[]'")
    assert etag(staff, "/PractitionerRole/role") == 'W/"3"'
    assert "secret" not in staff.get("/PractitionerRole/role/_history").text
    portal.execute("DELETE FROM roles")
    assert "code" not in staff.tree("/PractitionerRole/role")
    portal.execute("UPDATE fhir_practitioners SET specialty = '[\"Wound care\"]'")
    assert at(staff.tree("/PractitionerRole/role"), "specialty", 0, "text") == "Wound care"
    portal.execute("DELETE FROM fhir_practitioners")
    assert "practitioner" not in staff.tree("/PractitionerRole/role")
    assert [tag for _, tag in staff.history("/PractitionerRole/role")] == [
        f'W/"{number}"' for number in range(6, 0, -1)
    ]


def test_rows_from_before_the_migrations_are_first_versions(serve: Any, empty_database: str) -> None:
    migrate.upgrade(empty_database, "0001")
    with psycopg.connect(empty_database, autocommit=True) as portal:
        portal.execute("INSERT INTO fhir_patients (fhir_id, gender, updated_at) VALUES ('x', 'male', '2020-01-01Z')")
        portal.execute("INSERT INTO organizations (name) VALUES ('Acme')")
        portal.execute("INSERT INTO manufacturers (name) VALUES ('Maker')")
        migrate.upgrade(empty_database)
        with serve(empty_database) as client:
            read = client.get("/Patient/x")
            assert (read.status_code, read.headers["etag"]) == (200, 'W/"1"')
            assert read.json()["meta"]["lastUpdated"] == "2020-01-01T00:00:00.000Z"
            assert client.history("/Patient/x") == [("POST", 'W/"1"')]
            acme, maker = client.matches("/Organization")
            assert {client.tree(f"/{one}")["name"] for one in (acme, maker)} == {"Acme", "Maker"}
            portal.execute("UPDATE fhir_patients SET gender = 'female'")
            assert client.tree("/Patient/x")["gender"] == "female"
            assert client.tree("/Patient/x/_history/1")["gender"] == "male"
            assert client.update({"resourceType": "Patient", "id": "x"}).headers["etag"] == 'W/"3"'


LOINC = {"coding": [{"system": "http://loinc.org", "code": "39126-8"}]}
MOVES = {
    "Observation": (
        "fhir_observations",
        {"resourceType": "Observation", "id": "x", "status": "final", "code": LOINC},
        {"subject": {"reference": "Patient/p"}},
    ),
    "Location": ("fhir_facilities", {"resourceType": "Location", "id": "x"}, {"name": "Clinic"}),
}


@pytest.mark.parametrize("kind", MOVES)
def test_a_resource_moves_to_its_table_and_back_with_all_its_versions(client: Any, portal: Any, kind: str) -> None:
    table, small, more = MOVES[kind]
    portal.execute("INSERT INTO fhir_patients (fhir_id) VALUES ('p')")

    def held() -> tuple[int, int]:
        stores = "(SELECT * FROM phi.fhir_resources UNION ALL SELECT * FROM open.fhir_resources) AS stores"
        query = f"SELECT (SELECT count(*) FROM {table}) AS rows, (SELECT count(*) FROM {stores}) AS generic"
        row = portal.execute(query).fetchone()
        return row["rows"], row["generic"]

    expected = []
    for number, tree in enumerate((small, {**small, **more}, small, {**small, **more}), start=1):
        answer = client.update(tree)
        assert (answer.status_code, answer.headers["etag"]) == (201 if number == 1 else 200, f'W/"{number}"'), (
            answer.text
        )
        assert held() == ((0, 1) if number % 2 else (1, 0))
        assert client.get(f"/{kind}/x").content == answer.content
        assert client.matches(f"/{kind}") == [f"{kind}/x"]
        expected.insert(0, ("PUT", f'W/"{number}"'))
        assert client.history(f"/{kind}/x") == expected
    for number in (1, 2, 3, 4):
        assert client.tree(f"/{kind}/x/_history/{number}").keys() >= (small if number % 2 else {**small, **more}).keys()
    assert client.delete(f"/{kind}/x").headers["etag"] == 'W/"5"'
    revived = client.update(small)
    assert (revived.status_code, revived.headers["etag"]) == (201, 'W/"6"')
    assert [method for method, _ in client.history(f"/{kind}/x")] == ["PUT", "DELETE", "PUT", "PUT", "PUT", "PUT"]
    assert client.matches(f"/{kind}") == [f"{kind}/x"]
