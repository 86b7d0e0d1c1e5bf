"""A server, or its database, that is killed in the middle of a transaction: afterwards all of it is there, or nothing.

https://hl7.org/fhir/R4/http.html#transaction
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from fhir_server.persistence.embedded import EmbeddedPostgres

pytestmark = pytest.mark.slow

ENTRIES = 500
# An empty bundle of this many entries takes a few tenths of a second; kills are spread over that.
LONGEST = 0.35


def body(turn: int) -> bytes:
    """A transaction of creates, and of updates of resources that all turns share."""
    tag = [{"system": "urn:turn", "code": str(turn)}]
    entries = []
    for number in range(ENTRIES):
        resource: dict[str, Any] = {"resourceType": "Patient", "meta": {"tag": tag}, "name": [{"family": f"N{number}"}]}
        request = {"method": "POST", "url": "Patient"}
        if number % 5 == 0:
            resource["id"] = f"shared-{number}"
            request = {"method": "PUT", "url": f"Patient/shared-{number}"}
        if number % 5 == 1:
            resource = {"resourceType": "Basic", "code": {"text": "x"}, "meta": {"tag": tag}}
            request = {"method": "POST", "url": "Basic"}
        entries.append({"resource": resource, "request": request})
    return json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries}).encode()


def send_in_background(server: Any, turn: int) -> tuple[threading.Thread, list[int]]:
    statuses: list[int] = []

    def send() -> None:
        with contextlib.suppress(httpx.HTTPError):
            statuses.append(server.send("POST", "", body(turn)).status_code)

    thread = threading.Thread(target=send)
    thread.start()
    return thread, statuses


STORED = """
SELECT count(*) FILTER (WHERE d.document -> 'meta' -> 'tag' -> 0 ->> 'code' = %(turn)s) FROM phi.documents AS d
"""
# Every version but the live one is in the history, documents and index rows belong to versions that exist.
INCONSISTENT = """
WITH versions AS (
  SELECT 'Patient' AS kind, fhir_id, version_id, document_version FROM fhir_patients
  UNION ALL SELECT 'Patient', fhir_id, version_id, document_version FROM history.fhir_patients
  UNION ALL SELECT resource_type, fhir_id, version_id, document_version FROM phi.fhir_resources
  UNION ALL SELECT resource_type, fhir_id, version_id, document_version FROM history.phi_fhir_resources
)
SELECT 'gap', fhir_id FROM versions GROUP BY kind, fhir_id HAVING max(version_id) <> count(*)
UNION ALL
SELECT 'document', coalesce(v.fhir_id, d.fhir_id) FROM versions AS v
  FULL JOIN phi.documents AS d ON d.resource_type = v.kind AND d.fhir_id = v.fhir_id AND d.version_id = v.version_id
  WHERE v.fhir_id IS NULL OR d.fhir_id IS NULL
UNION ALL
SELECT 'index', t.resource_key::text FROM phi.token_index AS t WHERE NOT EXISTS
  (SELECT FROM fhir_patients AS p WHERE p.resource_key = t.resource_key
   UNION ALL SELECT FROM phi.fhir_resources AS r WHERE r.resource_key = t.resource_key)
LIMIT 5
"""


def check(conninfo: str, turn: int, statuses: list[int]) -> bool:
    """Whether the transaction of `turn` is stored; fails unless that is all or nothing, as the client was told."""
    with psycopg.connect(conninfo) as connection:
        # The killed server's backend may still be finishing what it was told.
        connection.execute("SELECT pg_advisory_xact_lock_shared(hashtextextended('Patient/shared-0', 0))")
        row = connection.execute(STORED, {"turn": str(turn)}).fetchone()
        assert row is not None
        assert row[0] in (0, ENTRIES)
        if statuses:
            assert (statuses, row[0]) == ([200], ENTRIES)
        assert connection.execute(INCONSISTENT).fetchall() == []
        return bool(row[0])


def test_a_killed_server_leaves_a_transaction_whole_or_undone(database: str, serving: Any) -> None:
    chance = random.Random(20240311)
    outcomes = []
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(serving(database))
        assert server.send("POST", "", body(0)).status_code == 200
        for turn in range(1, 21):
            thread, statuses = send_in_background(server, turn)
            time.sleep(chance.uniform(0, LONGEST))
            server.kill()
            thread.join()
            server = stack.enter_context(serving(database))
            outcomes.append(check(database, turn, statuses))
        assert not all(outcomes), "no kill came in time"
        assert server.send("GET", "/Patient/shared-0").status_code == 200
        expected = 1 + sum(outcomes)
        history = server.send("GET", "/Patient/shared-0/_history?_count=100").json()
        assert len(history["entry"]) == expected
        assert server.send("POST", "", body(99)).status_code == 200


def test_a_killed_database_leaves_a_transaction_whole_or_undone(serving: Any) -> None:
    chance = random.Random(20240312)
    directory = Path(tempfile.mkdtemp(prefix="fhir-crash-"))
    embedded = EmbeddedPostgres(directory)
    try:
        with serving(embedded.start()) as server:
            assert server.send("POST", "", body(0)).status_code == 200
            for turn in range(1, 3):
                thread, statuses = send_in_background(server, turn)
                time.sleep(chance.uniform(0, LONGEST))
                os.kill(postmaster(directory), signal.SIGKILL)
                thread.join()
                conninfo = embedded.start()
                check(conninfo, turn, [one for one in statuses if one == 200])
                # The workers find their connections broken and make new ones.
                assert server.send("GET", "/Patient/shared-0").status_code == 200
                assert server.send("POST", "", body(100 + turn)).status_code == 200
    finally:
        embedded.stop()
        shutil.rmtree(directory)


def postmaster(directory: Path) -> int:
    """The process that listens for connections, as its lock file says."""
    [found] = directory.glob("*/postmaster.pid")
    return int(found.read_text().split()[0])
