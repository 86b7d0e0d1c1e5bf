"""Checks of eligibility as rows of the portal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection

from fhir_server.json_text import Tree, encode_json


@dataclass(frozen=True, slots=True)
class Check:
    """A check as it is to be stored; `raw` is the answer as it came."""

    patient: str
    payer_name: str | None
    payer_id: str | None
    member_id: str | None
    group_number: str | None
    status: str
    coverage_active: bool | None
    details: Tree
    expires_at: datetime | None
    source: str
    raw: Tree = None


_INSERT = """
INSERT INTO eligibility_checks (patient_fhir_id, payer_name, payer_id, member_id, group_number, eligibility_status,
    coverage_active, coverage_details, check_date, expires_at, source, raw_response)
VALUES (%(patient)s, left(%(payer_name)s, 255), left(%(payer_id)s, 100), left(%(member_id)s, 100),
    left(%(group_number)s, 100), %(status)s, %(active)s, %(details)s::jsonb, now(), %(expires_at)s, %(source)s,
    %(raw)s::jsonb)
RETURNING fhir_id
"""


def store_check(connection: Connection[Any], check: Check) -> str:
    """Store a check: the fhir_id of its row. Raises psycopg.errors.ForeignKeyViolation if the patient is in no row."""
    said = {
        "patient": check.patient,
        "payer_name": check.payer_name,
        "payer_id": check.payer_id,
        "member_id": check.member_id,
        "group_number": check.group_number,
        "status": check.status,
        "active": check.coverage_active,
        "details": _json(check.details),
        "expires_at": check.expires_at,
        "source": check.source,
        "raw": _json(check.raw),
    }
    fhir_id: str
    ((fhir_id,),) = connection.execute(_INSERT, said)
    return fhir_id


def _json(tree: Tree) -> str | None:
    return None if tree is None else encode_json(tree).decode()
