"""What practitioners, roles, facilities and observations copy or derive from other columns and tables."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import Connection

Session = Connection[dict[str, Any]]


def one(session: Session, query: str) -> dict[str, Any]:
    row = session.execute(query).fetchone()
    assert row is not None
    return row


@pytest.fixture
def staff(portal: Session) -> Session:
    """Users 1 and 2, practitioner p1 of user 1, organization 1, roles 1 and 2."""
    portal.execute("""
        INSERT INTO users (email, password, first_name, last_name, phone, npi_number)
        VALUES ('1@x', 'secret', 'Ann', 'One', '11', '1234567893'), ('2@x', 'secret', 'Bob', 'Two', NULL, NULL)
    """)
    portal.execute(
        "INSERT INTO fhir_practitioners (fhir_id, user_id, specialty) VALUES ('p1', 1, '[{\"text\": \"wounds\"}]')"
    )
    portal.execute("INSERT INTO organizations (fhir_id, name) VALUES ('o1', 'Acme'), ('o2', 'Other')")
    portal.execute("INSERT INTO roles (name, slug) VALUES ('Provider', 'provider'), ('Admin', 'admin')")
    return portal


class TestPractitioner:
    def test_carries_the_public_part_of_its_user(self, staff: Session) -> None:
        row = one(staff, "SELECT * FROM fhir_practitioners")
        assert row["user_snapshot"] == {
            "first_name": "Ann",
            "last_name": "One",
            "email": "1@x",
            "phone": "11",
            "npi_number": "1234567893",
        }
        assert row["version_id"] == 1

    def test_follows_a_change_of_its_user(self, staff: Session) -> None:
        staff.execute("UPDATE users SET last_name = 'New'")
        row = one(staff, "SELECT * FROM fhir_practitioners")
        assert (row["user_snapshot"]["last_name"], row["version_id"]) == ("New", 2)

    def test_does_not_hear_of_passwords(self, staff: Session) -> None:
        staff.execute("UPDATE users SET password = 'other', owner = true")
        assert one(staff, "SELECT version_id FROM fhir_practitioners") == {"version_id": 1}

    def test_follows_a_change_of_the_link(self, staff: Session) -> None:
        staff.execute("UPDATE fhir_practitioners SET user_id = 2")
        assert one(staff, "SELECT user_snapshot ->> 'first_name' AS n FROM fhir_practitioners") == {"n": "Bob"}
        staff.execute("UPDATE fhir_practitioners SET user_id = NULL")
        assert one(staff, "SELECT user_snapshot FROM fhir_practitioners") == {"user_snapshot": None}

    def test_loses_its_user_when_that_is_deleted(self, staff: Session) -> None:
        staff.execute("DELETE FROM users WHERE id = 1")
        row = one(staff, "SELECT user_id, user_snapshot, version_id FROM fhir_practitioners")
        assert row == {"user_id": None, "user_snapshot": None, "version_id": 2}

    def test_cannot_be_given_a_copy_that_is_not_true(self, staff: Session) -> None:
        staff.execute('UPDATE fhir_practitioners SET user_snapshot = \'{"last_name": "Forged"}\'')
        assert one(staff, "SELECT user_snapshot ->> 'last_name' AS n FROM fhir_practitioners") == {"n": "One"}

    def test_is_found_by_the_index_of_its_normal_name(self, staff: Session) -> None:
        staff.execute("SET enable_seqscan = off")
        plan = staff.execute("""
            EXPLAIN SELECT fhir_id FROM fhir_practitioners
            WHERE fhir_normalize(user_snapshot ->> 'last_name') COLLATE "C" >= 'o'
              AND fhir_normalize(user_snapshot ->> 'last_name') COLLATE "C" < 'p'
        """).fetchall()
        assert "fhir_practitioners_last_name" in str(plan)


class TestPractitionerRole:
    @pytest.fixture
    def employed(self, staff: Session) -> Session:
        staff.execute("INSERT INTO user_organizations (user_id, organization_id) VALUES (1, 1)")
        return staff

    def test_says_who_where_and_what(self, employed: Session) -> None:
        employed.execute("INSERT INTO user_roles (user_id, role_id) VALUES (1, 1), (1, 2)")
        row = one(employed, "SELECT * FROM user_organizations")
        assert (row["practitioner_fhir_id"], row["organization_fhir_id"]) == ("p1", "o1")
        assert row["role_codes"] == [{"slug": "admin", "name": "Admin"}, {"slug": "provider", "name": "Provider"}]
        assert row["specialty"] == [{"text": "wounds"}]
        assert row["version_id"] == 2

    def test_follows_the_name_of_a_role(self, employed: Session) -> None:
        employed.execute("INSERT INTO user_roles (user_id, role_id) VALUES (1, 1)")
        employed.execute("UPDATE roles SET name = 'Nurse', permissions = '[]' WHERE id = 1")
        row = one(employed, "SELECT role_codes, version_id FROM user_organizations")
        assert row == {"role_codes": [{"slug": "provider", "name": "Nurse"}], "version_id": 3}
        employed.execute("UPDATE roles SET description = 'x'")
        assert one(employed, "SELECT version_id FROM user_organizations") == {"version_id": 3}

    def test_follows_the_loss_of_a_role(self, employed: Session) -> None:
        employed.execute("INSERT INTO user_roles (user_id, role_id) VALUES (1, 1)")
        employed.execute("DELETE FROM roles WHERE id = 1")
        assert one(employed, "SELECT role_codes FROM user_organizations") == {"role_codes": None}

    def test_follows_specialty_and_link_of_the_practitioner(self, employed: Session) -> None:
        employed.execute("UPDATE fhir_practitioners SET specialty = '[]'")
        assert one(employed, "SELECT specialty, version_id FROM user_organizations") == {
            "specialty": [],
            "version_id": 2,
        }
        employed.execute("UPDATE fhir_practitioners SET user_id = 2")
        row = one(employed, "SELECT practitioner_fhir_id, specialty FROM user_organizations")
        assert row == {"practitioner_fhir_id": None, "specialty": None}

    def test_finds_a_practitioner_that_comes_later(self, staff: Session) -> None:
        staff.execute("INSERT INTO user_organizations (user_id, organization_id) VALUES (2, 1)")
        staff.execute("INSERT INTO fhir_practitioners (fhir_id, user_id) VALUES ('p2', 2)")
        assert one(staff, "SELECT practitioner_fhir_id AS p FROM user_organizations") == {"p": "p2"}

    def test_follows_a_change_of_user_and_organization(self, employed: Session) -> None:
        employed.execute("UPDATE user_organizations SET organization_id = 2, user_id = 2")
        row = one(employed, "SELECT practitioner_fhir_id AS p, organization_fhir_id AS o FROM user_organizations")
        assert row == {"p": None, "o": "o2"}


class TestLocation:
    @pytest.mark.parametrize(
        ("columns", "values"),
        [
            ("organization_id", "1"),
            ("organization_fhir_id", "'o1'"),
            ("organization_id, organization_fhir_id", "1, 'x'"),
        ],
    )
    def test_an_insert_fills_the_other_column(self, staff: Session, columns: str, values: str) -> None:
        staff.execute(f"INSERT INTO fhir_facilities (fhir_id, name, {columns}) VALUES ('f', 'F', {values})")
        row = one(staff, "SELECT organization_id AS id, organization_fhir_id AS fhir_id FROM fhir_facilities")
        assert row == {"id": 1, "fhir_id": "o1"}

    def test_an_organization_that_has_no_row_keeps_its_logical_id(self, staff: Session) -> None:
        staff.execute(
            "INSERT INTO fhir_facilities (fhir_id, name, organization_fhir_id) VALUES ('f', 'F', 'elsewhere')"
        )
        row = one(staff, "SELECT organization_id AS id, organization_fhir_id AS fhir_id FROM fhir_facilities")
        assert row == {"id": None, "fhir_id": "elsewhere"}

    @pytest.mark.parametrize("change", ["organization_id = 2", "organization_fhir_id = 'o2'"])
    def test_whichever_column_changes_wins(self, staff: Session, change: str) -> None:
        staff.execute("INSERT INTO fhir_facilities (fhir_id, name, organization_id) VALUES ('f', 'F', 1)")
        staff.execute(f"UPDATE fhir_facilities SET {change}")
        row = one(
            staff, "SELECT organization_id AS id, organization_fhir_id AS fhir_id, version_id FROM fhir_facilities"
        )
        assert row == {"id": 2, "fhir_id": "o2", "version_id": 2}

    @pytest.mark.parametrize("change", ["organization_id = NULL", "organization_fhir_id = NULL"])
    def test_a_removed_organization_is_removed_from_both(self, staff: Session, change: str) -> None:
        staff.execute("INSERT INTO fhir_facilities (fhir_id, name, organization_id) VALUES ('f', 'F', 1)")
        staff.execute(f"UPDATE fhir_facilities SET {change}")
        row = one(staff, "SELECT organization_id AS id, organization_fhir_id AS fhir_id FROM fhir_facilities")
        assert row == {"id": None, "fhir_id": None}


class TestObservation:
    @pytest.fixture
    def measured(self, portal: Session) -> Session:
        portal.execute("INSERT INTO fhir_patients (fhir_id) VALUES ('a')")
        portal.execute("""
            INSERT INTO fhir_observations (fhir_id, patient_fhir_id, code, effective_date_time, effective_end)
            VALUES ('o', 'a', 'c', '2024-03-01Z', '2024-04-01Z')
        """)
        return portal

    def test_a_new_time_takes_the_old_end_with_it(self, measured: Session) -> None:
        measured.execute("UPDATE fhir_observations SET effective_date_time = '2024-05-05Z'")
        assert one(measured, "SELECT effective_end FROM fhir_observations") == {"effective_end": None}

    def test_a_new_time_with_a_new_end_keeps_both(self, measured: Session) -> None:
        measured.execute(
            "UPDATE fhir_observations SET effective_date_time = '2024-05-01Z', effective_end = '2024-06-01Z'"
        )
        assert one(measured, "SELECT effective_end IS NULL AS n FROM fhir_observations") == {"n": False}

    def test_another_change_keeps_the_end(self, measured: Session) -> None:
        measured.execute("UPDATE fhir_observations SET status = 'amended', effective_date_time = effective_date_time")
        assert one(measured, "SELECT effective_end IS NULL AS n FROM fhir_observations") == {"n": False}

    @pytest.mark.parametrize(
        "where",
        [
            "patient_fhir_id = 'a'",
            "patient_fhir_id = 'a' AND code = 'c'",
            "code = 'c'",
            "category = 'vital-signs'",
            "true",
        ],
    )
    def test_the_newest_are_found_in_order(self, measured: Session, where: str) -> None:
        measured.execute("SET enable_seqscan = off")
        plan = measured.execute(f"""
            EXPLAIN SELECT fhir_id FROM fhir_observations WHERE {where}
            ORDER BY coalesce(effective_date_time, '-infinity') DESC, fhir_id DESC LIMIT 50
        """).fetchall()
        assert "Sort" not in str(plan)


def test_updated_at_of_the_portals_own_tables_follows_every_change(portal: Session) -> None:
    portal.execute("INSERT INTO accounts (name, updated_at) VALUES ('A', '2000-01-01')")
    portal.execute("UPDATE accounts SET name = 'A'")
    assert one(portal, "SELECT updated_at FROM accounts")["updated_at"].year == 2000
    portal.execute("UPDATE accounts SET name = 'B'")
    assert one(portal, "SELECT updated_at FROM accounts")["updated_at"].year > 2000


def test_an_order_with_an_audit_trail_cannot_be_deleted(portal: Session) -> None:
    portal.execute("INSERT INTO users (email, password, first_name, last_name) VALUES ('e', 'p', 'F', 'L')")
    portal.execute("INSERT INTO manufacturers (name) VALUES ('M')")
    portal.execute("INSERT INTO product_requests (request_number, user_id) VALUES ('r', 1)")
    portal.execute("INSERT INTO orders (order_number, product_request_id, manufacturer_id) VALUES ('o', 1, 1)")
    portal.execute("INSERT INTO order_audit_logs (order_id, user_id, action) VALUES (1, 1, 'created')")
    with pytest.raises(psycopg.errors.IntegrityError):
        portal.execute("DELETE FROM orders")
