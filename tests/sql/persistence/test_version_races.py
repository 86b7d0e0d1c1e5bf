"""Two sessions at once: whatever the isolation level, versions stay gapless and nothing replaced is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from psycopg import Connection, IsolationLevel

Session = Connection[dict[str, Any]]
Open = Callable[[], Session]


class Waiting:
    """A statement that runs in another thread because it has to wait for a lock."""

    def __init__(self, session: Session, statement: str) -> None:
        self._session = session
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(statement,))
        self._thread.start()

    def _run(self, statement: str) -> None:
        try:
            self._session.execute(statement)
        except psycopg.Error as error:
            self._error = error

    def until_it_waits(self, observer: Session) -> Waiting:
        """Return when the server says that the session waits for a lock."""
        query = "SELECT 1 FROM pg_stat_activity WHERE pid = %s AND wait_event_type = 'Lock'"
        while observer.execute(query, (self._session.info.backend_pid,)).fetchone() is None:
            assert self._thread.is_alive(), "the statement did not wait"
        return self

    def result(self) -> None:
        self._thread.join(timeout=20)
        assert not self._thread.is_alive()
        if self._error is not None:
            raise self._error


def versions(session: Session, table: str = "fhir_patients") -> list[tuple[int, Any]]:
    query = f"""
        SELECT version_id, phone FROM history.{table} UNION ALL SELECT version_id, phone FROM {table}
        ORDER BY version_id
    """
    return [(row["version_id"], row["phone"]) for row in session.execute(query)]


def test_two_updates_of_one_row_are_two_versions(sessions: Open) -> None:
    first, second, observer = sessions(), sessions(), sessions()
    first.execute("INSERT INTO fhir_patients (fhir_id) VALUES ('a')")
    with first.transaction():
        first.execute("UPDATE fhir_patients SET phone = '1'")
        waiting = Waiting(second, "UPDATE fhir_patients SET phone = '2'").until_it_waits(observer)
    waiting.result()
    assert versions(first) == [(1, None), (2, "1"), (3, "2")]


def test_in_repeatable_read_the_second_update_fails_and_changes_nothing(sessions: Open) -> None:
    first, second = sessions(), sessions()
    second.isolation_level = IsolationLevel.REPEATABLE_READ
    first.execute("INSERT INTO fhir_patients (fhir_id) VALUES ('a')")
    with second.transaction(force_rollback=True):
        second.execute("SELECT 1 FROM fhir_patients")
        first.execute("UPDATE fhir_patients SET phone = '1'")
        with pytest.raises(psycopg.errors.SerializationFailure):
            second.execute("UPDATE fhir_patients SET phone = '2'")
    assert versions(first) == [(1, None), (2, "1")]


def test_in_repeatable_read_a_transaction_makes_one_version(sessions: Open) -> None:
    session = sessions()
    session.execute("INSERT INTO fhir_patients (fhir_id) VALUES ('a')")
    session.isolation_level = IsolationLevel.REPEATABLE_READ
    with session.transaction():
        session.execute("UPDATE fhir_patients SET phone = '1'")
        session.execute("UPDATE fhir_patients SET phone = '2'")
    assert versions(session) == [(1, None), (2, "2")]


def test_an_update_that_waited_for_a_delete_finds_nothing(sessions: Open) -> None:
    first, second, observer = sessions(), sessions(), sessions()
    first.execute("INSERT INTO fhir_patients (fhir_id) VALUES ('a')")
    with first.transaction():
        first.execute("DELETE FROM fhir_patients")
        waiting = Waiting(second, "UPDATE fhir_patients SET phone = '2'").until_it_waits(observer)
    waiting.result()
    assert versions(first) == [(1, None)]


def test_a_delete_that_waited_for_an_update_buries_what_it_found(sessions: Open) -> None:
    first, second, observer = sessions(), sessions(), sessions()
    first.execute("INSERT INTO fhir_patients (fhir_id) VALUES ('a')")
    with first.transaction():
        first.execute("UPDATE fhir_patients SET phone = '1'")
        waiting = Waiting(second, "DELETE FROM fhir_patients").until_it_waits(observer)
    waiting.result()
    assert versions(first) == [(1, None), (2, "1")]
    assert first.execute("SELECT version_id FROM fhir_tombstones").fetchall() == [{"version_id": 3}]


def test_an_insert_that_waited_for_the_delete_of_its_id_must_be_tried_again(sessions: Open) -> None:
    first, second, observer = sessions(), sessions(), sessions()
    first.execute("INSERT INTO fhir_patients (fhir_id) VALUES ('a')")
    with first.transaction():
        first.execute("DELETE FROM fhir_patients")
        again = "INSERT INTO fhir_patients (fhir_id, phone) VALUES ('a', '2')"
        waiting = Waiting(second, again).until_it_waits(observer)
    with pytest.raises(psycopg.errors.SerializationFailure):
        waiting.result()
    second.execute(again)
    assert versions(first) == [(1, None), (3, "2")]


def test_in_repeatable_read_an_id_deleted_meanwhile_is_not_started_anew(sessions: Open) -> None:
    first, second = sessions(), sessions()
    second.isolation_level = IsolationLevel.REPEATABLE_READ
    first.execute("INSERT INTO fhir_patients (fhir_id) VALUES ('a')")
    with second.transaction(force_rollback=True):
        second.execute("SELECT 1 FROM fhir_patients")
        first.execute("DELETE FROM fhir_patients")
        with pytest.raises(psycopg.errors.SerializationFailure):
            second.execute("INSERT INTO fhir_patients (fhir_id) VALUES ('a')")
    assert versions(first) == [(1, None)]


def test_two_inserts_of_one_id_make_one_resource(sessions: Open) -> None:
    first, second, observer = sessions(), sessions(), sessions()
    with first.transaction():
        first.execute("INSERT INTO fhir_patients (fhir_id) VALUES ('a')")
        waiting = Waiting(second, "INSERT INTO fhir_patients (fhir_id) VALUES ('a')").until_it_waits(observer)
    with pytest.raises(psycopg.errors.UniqueViolation):
        waiting.result()
    assert versions(first) == [(1, None)]


def test_two_names_added_at_once_are_both_told(sessions: Open) -> None:
    first, second, observer = sessions(), sessions(), sessions()
    first.execute("INSERT INTO fhir_patients (fhir_id) VALUES ('a')")
    name = "INSERT INTO fhir_patient_names (patient_fhir_id, family) VALUES ('a', '{}')"
    with first.transaction():
        first.execute(name.format("Chen"))
        waiting = Waiting(second, name.format("Lee")).until_it_waits(observer)
    waiting.result()
    row = first.execute("SELECT version_id, names FROM fhir_patients").fetchone()
    assert row is not None
    assert row["version_id"] == 3
    assert sorted(name["family"] for name in row["names"]) == ["Chen", "Lee"]


def test_a_rename_while_a_practitioner_is_linked_reaches_the_practitioner(sessions: Open) -> None:
    first, second, observer = sessions(), sessions(), sessions()
    first.execute("INSERT INTO users (email, password, first_name, last_name) VALUES ('e', 'p', 'F', 'Old')")
    with first.transaction():
        first.execute("UPDATE users SET last_name = 'New'")
        link = "INSERT INTO fhir_practitioners (fhir_id, user_id) SELECT 'p', id FROM users"
        waiting = Waiting(second, link).until_it_waits(observer)
    waiting.result()
    row = first.execute("SELECT user_snapshot ->> 'last_name' AS name FROM fhir_practitioners").fetchone()
    assert row == {"name": "New"}


def test_a_link_made_while_the_user_is_renamed_is_seen_by_the_rename(sessions: Open) -> None:
    first, second, observer = sessions(), sessions(), sessions()
    first.execute("INSERT INTO users (email, password, first_name, last_name) VALUES ('e', 'p', 'F', 'Old')")
    with first.transaction():
        first.execute("INSERT INTO fhir_practitioners (fhir_id, user_id) SELECT 'p', id FROM users")
        waiting = Waiting(second, "UPDATE users SET last_name = 'New'").until_it_waits(observer)
    waiting.result()
    row = first.execute("SELECT user_snapshot ->> 'last_name' AS name FROM fhir_practitioners").fetchone()
    assert row == {"name": "New"}
