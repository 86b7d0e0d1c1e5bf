"""Child rows of a patient are copied into its row and into the texts it is searched by."""

from __future__ import annotations

from typing import Any

import pytest
from psycopg import Connection

Session = Connection[dict[str, Any]]


@pytest.fixture
def clinic(portal: Session) -> Session:
    """Two patients."""
    portal.execute("INSERT INTO fhir_patients (fhir_id) VALUES ('a'), ('b')")
    return portal


def patient(session: Session, fhir_id: str = "a") -> dict[str, Any]:
    row = session.execute("SELECT * FROM fhir_patients WHERE fhir_id = %s", (fhir_id,)).fetchone()
    assert row is not None
    return row


def strings(session: Session, fhir_id: str = "a") -> set[tuple[str, str]]:
    query = "SELECT element, normal FROM fhir_patient_strings WHERE patient_fhir_id = %s"
    return {(row["element"], row["normal"]) for row in session.execute(query, (fhir_id,))}


def test_a_name_of_the_portal_needs_only_family_and_given(clinic: Session) -> None:
    clinic.execute(
        "INSERT INTO fhir_patient_names (patient_fhir_id, family, given) VALUES ('a', 'Núñez', '{Ana,María}')"
    )
    row = patient(clinic)
    assert row["names"] == [{"family": "Núñez", "given": ["Ana", "María"]}]
    assert row["version_id"] == 2
    assert strings(clinic) == {("family", "nunez"), ("given", "ana"), ("given", "maria")}


def test_names_stand_in_the_order_of_their_positions(clinic: Session) -> None:
    clinic.execute("INSERT INTO fhir_patient_names (patient_fhir_id, family) VALUES ('a', 'B'), ('a', 'C')")
    clinic.execute("INSERT INTO fhir_patient_names (patient_fhir_id, family, \"position\") VALUES ('a', 'A', -1)")
    assert [name["family"] for name in patient(clinic)["names"]] == ["A", "B", "C"]
    positions = clinic.execute('SELECT "position" FROM fhir_patient_names ORDER BY 1').fetchall()
    assert [row["position"] for row in positions] == [-1, 0, 1]


def test_many_children_of_one_statement_make_one_version(clinic: Session) -> None:
    clinic.execute(
        "INSERT INTO fhir_patient_names (patient_fhir_id, family) SELECT 'a', 'N' || n FROM generate_series(1, 9) n"
    )
    row = patient(clinic)
    assert (len(row["names"]), row["version_id"]) == (9, 2)


def test_a_change_that_the_copy_does_not_show_makes_no_version(clinic: Session) -> None:
    clinic.execute("INSERT INTO fhir_patient_names (patient_fhir_id, family) VALUES ('a', 'B')")
    before = patient(clinic)
    clinic.execute('UPDATE fhir_patient_names SET "position" = 7')
    assert patient(clinic) == before


def test_the_last_child_that_goes_leaves_no_empty_list(clinic: Session) -> None:
    clinic.execute("INSERT INTO fhir_patient_names (patient_fhir_id, family) VALUES ('a', 'B')")
    clinic.execute("DELETE FROM fhir_patient_names")
    assert patient(clinic)["names"] is None
    assert strings(clinic) == set()


def test_a_child_that_moves_changes_both_patients(clinic: Session) -> None:
    clinic.execute("INSERT INTO fhir_patient_names (patient_fhir_id, family) VALUES ('a', 'B')")
    clinic.execute("UPDATE fhir_patient_names SET patient_fhir_id = 'b'")
    assert patient(clinic, "a")["names"] is None
    assert patient(clinic, "b")["names"] == [{"family": "B"}]
    assert (patient(clinic, "a")["version_id"], patient(clinic, "b")["version_id"]) == (3, 2)
    assert strings(clinic, "b") == {("family", "b")}


def test_a_time_zone_of_the_session_changes_nothing(clinic: Session) -> None:
    clinic.execute("SET TimeZone = 'America/Denver'")
    clinic.execute(
        "INSERT INTO fhir_patient_names (patient_fhir_id, family, period_start) VALUES ('a', 'B', '2020-01-01Z')"
    )
    before = patient(clinic)
    clinic.execute("SET TimeZone = 'Asia/Kolkata'")
    clinic.execute("UPDATE fhir_patient_names SET period_start = period_start")
    assert patient(clinic)["names"] == [{"family": "B", "period_start": "2020-01-01T00:00:00+00:00"}]
    assert patient(clinic)["version_id"] == before["version_id"]


def test_a_patient_and_its_children_written_by_one_transaction_are_version_one(portal: Session) -> None:
    with portal.transaction():
        portal.execute("INSERT INTO fhir_patients (fhir_id) VALUES ('a')")
        portal.execute("INSERT INTO fhir_patient_names (patient_fhir_id, family) VALUES ('a', 'B')")
        portal.execute("INSERT INTO fhir_patient_telecoms (patient_fhir_id, system, value) VALUES ('a', 'phone', '1')")
    assert patient(portal)["version_id"] == 1


def test_addresses_are_searched_by_every_part(clinic: Session) -> None:
    clinic.execute("""
        INSERT INTO fhir_patient_addresses (patient_fhir_id, line, city, district, state, postal_code, country, text)
        VALUES ('a', '{"1 Main St.","Apt 2"}', 'São Paulo', 'D', 'SP', '01000-000', 'BR', 'whole')
    """)
    assert strings(clinic) == {
        ("line", "1 main st"),
        ("line", "apt 2"),
        ("city", "sao paulo"),
        ("district", "d"),
        ("state", "sp"),
        ("postal-code", "01000000"),
        ("country", "br"),
        ("address-text", "whole"),
    }
    assert patient(clinic)["addresses"][0]["line"] == ["1 Main St.", "Apt 2"]


def test_names_and_addresses_do_not_take_each_others_strings(clinic: Session) -> None:
    clinic.execute("INSERT INTO fhir_patient_addresses (patient_fhir_id, city) VALUES ('a', 'Bern')")
    clinic.execute("INSERT INTO fhir_patient_names (patient_fhir_id, family) VALUES ('a', 'B')")
    clinic.execute("DELETE FROM fhir_patient_names")
    assert strings(clinic) == {("city", "bern")}


def test_identifiers_and_telecoms_are_copied_whole(clinic: Session) -> None:
    clinic.execute("""
        INSERT INTO fhir_patient_identifiers (patient_fhir_id, use, type_system, type_code, type_text, system, value)
        VALUES ('a', 'usual', 's', 'MR', 't', 'urn:x', '1')
    """)
    clinic.execute(
        "INSERT INTO fhir_patient_telecoms (patient_fhir_id, system, value, use, rank) VALUES ('a', 'p', '1', 'h', 2)"
    )
    row = patient(clinic)
    assert row["identifiers"] == [
        {"use": "usual", "type_system": "s", "type_code": "MR", "type_text": "t", "system": "urn:x", "value": "1"}
    ]
    assert row["telecoms"] == [{"system": "p", "value": "1", "use": "h", "rank": 2}]


def test_a_name_too_long_for_an_index_entry_is_kept_whole(clinic: Session) -> None:
    name = "".join(chr(0x4E00 + number) for number in range(9000))
    clinic.execute("INSERT INTO fhir_patient_names (patient_fhir_id, family) VALUES ('a', %s)", (name,))
    assert patient(clinic)["names"] == [{"family": name}]
    assert strings(clinic) == {("family", name[:500])}


def test_a_corrected_birth_date_takes_the_partial_one_with_it(clinic: Session) -> None:
    clinic.execute(
        "UPDATE fhir_patients SET birth_date = '1980-02-01', birth_date_text = '1980-02' WHERE fhir_id = 'a'"
    )
    assert patient(clinic)["birth_date_text"] == "1980-02"
    clinic.execute("UPDATE fhir_patients SET birth_date = '1981-03-04' WHERE fhir_id = 'a'")
    assert patient(clinic)["birth_date_text"] is None


def test_a_large_load_of_names_does_not_slow_down(clinic: Session) -> None:
    clinic.execute("INSERT INTO fhir_patient_names (patient_fhir_id, family) VALUES ('a', 'B')")
    clinic.execute("INSERT INTO fhir_patients (fhir_id) SELECT 'p' || n FROM generate_series(1, 10000) n")
    clinic.execute("SET statement_timeout = '15s'")
    clinic.execute("INSERT INTO fhir_patient_names (patient_fhir_id, family) SELECT fhir_id, 'N' FROM fhir_patients")
    counted = clinic.execute("SELECT count(*) AS n FROM fhir_patients WHERE names IS NOT NULL").fetchone()
    assert counted == {"n": 10002}
