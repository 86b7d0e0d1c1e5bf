"""What is known of a product request when somebody asks whether it may go out, and the validations that are written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from psycopg import Connection

from business.eligibility import EligibilityCheck
from business.mac import MacValidation
from business.readiness import Episode, Paper, Product
from fhir_server.persistence.lifecycles import authorization_of, decimal_of


@dataclass(frozen=True, slots=True)
class Place:
    """A state and a ZIP code, as far as they are known."""

    state: str | None
    zip_code: str | None

    @property
    def is_known(self) -> bool:
        """Whether it says anything."""
        return bool(self.state or self.zip_code)


@dataclass(frozen=True, slots=True)
class Known:
    """All rows about a product request that conditions look at, and the ids of their resources by kind and key.

    `payer` is what the request itself says of the insurance. `order` is the newest order of the request that is alive.
    """

    key: int
    patient: str | None
    facility: int | None
    order: int | None
    payer: str | None
    now: datetime
    products: tuple[Product, ...]
    checks: tuple[EligibilityCheck, ...]
    validations: tuple[MacValidation, ...]
    authorizations: tuple[Any, ...]
    episodes: tuple[Episode, ...]
    papers: tuple[Paper, ...]
    facility_place: Place
    patient_place: Place
    fhir_ids: Mapping[tuple[str, str], str]


_KNOWN = """
SELECT jsonb_build_object(
  'key', r.id, 'patient', r.patient_fhir_id, 'facility', r.facility_id,
  'order', (SELECT max(o.id) FROM orders AS o WHERE o.product_request_id = r.id AND o.deleted_at IS NULL
            AND (o.status IS NULL OR lifecycle.means('unused', o.status) IS NULL
                 OR lifecycle.normal(o.status) = 'draft')),
  'payer', coalesce(r.insurance_details ->> 'payer', r.insurance_details ->> 'payer_name'),
  'lines', coalesce((SELECT jsonb_agg(
              line || jsonb_build_object('hcpcs', p.hcpcs_code, 'manufacturer', p.manufacturer_id::text))
            FROM jsonb_array_elements(lifecycle.request_lines(r.id, r.clinical_details)) AS line
            JOIN products AS p ON p.id = (line ->> 'product')::bigint), '[]'),
  'authorizations', lifecycle.authorizations(r.id),
  'checks', (SELECT coalesce(jsonb_agg(to_jsonb(c) - 'raw_response' - 'coverage_details' ORDER BY c.id), '[]')
             FROM eligibility_checks AS c WHERE c.patient_fhir_id = r.patient_fhir_id),
  'validations', (SELECT coalesce(jsonb_agg(to_jsonb(v) ORDER BY v.id), '[]') FROM medicare_mac_validations AS v
                  WHERE v.order_id IN (SELECT o.id FROM orders AS o WHERE o.product_request_id = r.id)
                     OR (v.order_id IS NULL AND v.patient_fhir_id = r.patient_fhir_id)),
  'granted', (SELECT coalesce(jsonb_agg(to_jsonb(a) ORDER BY a.id), '[]') FROM prior_authorizations AS a
              WHERE a.product_request_id = r.id),
  'episodes', (SELECT coalesce(jsonb_agg(to_jsonb(e) - 'form_data' - 'mapped_data' ORDER BY e.id), '[]')
               FROM patient_manufacturer_ivr_episodes AS e WHERE e.patient_fhir_id = r.patient_fhir_id
                 AND (e.product_request_id = r.id OR e.product_request_id IS NULL)),
  'papers', (SELECT coalesce(jsonb_agg(to_jsonb(d) ORDER BY d.id), '[]') FROM docuseal_submissions AS d
             JOIN patient_manufacturer_ivr_episodes AS e ON e.id = d.episode_id
             WHERE e.patient_fhir_id = r.patient_fhir_id
               AND (e.product_request_id = r.id OR e.product_request_id IS NULL)),
  'facility_address', (SELECT f.address FROM fhir_facilities AS f WHERE f.id = r.facility_id),
  'patient_address', (SELECT jsonb_build_object('state', a.state, 'postalCode', a.postal_code)
                      FROM fhir_patient_addresses AS a WHERE a.patient_fhir_id = r.patient_fhir_id
                      ORDER BY (a.use = 'home') DESC NULLS LAST, a.position LIMIT 1)
), now()
FROM product_requests AS r WHERE r.fhir_id = %s AND r.deleted_at IS NULL
"""
_KINDS = {
    "checks": "eligibility-check",
    "validations": "mac-validation",
    "granted": "prior-authorization",
    "episodes": "ivr-episode",
    "papers": "document",
}


def known_of(connection: Connection[Any], fhir_id: str, zone: ZoneInfo) -> Known | None:
    """What is known of a product request by the id of its row, in one statement; None when it is none."""
    row = connection.execute(_KNOWN, (fhir_id,)).fetchone()
    if row is None:
        return None
    said = json.loads(row[0], parse_float=Decimal)
    living = {name: [one for one in said[name] if one["deleted_at"] is None] for name in _KINDS}
    return Known(
        said["key"],
        said["patient"],
        said["facility"],
        said["order"],
        said["payer"] if isinstance(said["payer"], str) else None,
        row[1].astimezone(zone),
        tuple(_product(one) for one in said["lines"]),
        tuple(_check(one) for one in living["checks"]),
        tuple(_validation(one) for one in living["validations"]),
        tuple(authorization_of(one) for one in said["authorizations"]),
        tuple(_episode(one) for one in living["episodes"]),
        tuple(_paper(one) for one in living["papers"]),
        _place(said["facility_address"]),
        _place(said["patient_address"]),
        {(kind, str(one["id"])): one["fhir_id"] for name, kind in _KINDS.items() for one in living[name]},
    )


def _product(said: Mapping[str, Any]) -> Product:
    return Product(
        said["product"], said["hcpcs"], said["manufacturer"], said["quantity"], decimal_of(said["total"]),
        said["requires_authorization"],
    )  # fmt: skip


def _check(said: Mapping[str, Any]) -> EligibilityCheck:
    return EligibilityCheck(
        str(said["id"]), said["eligibility_status"], said["coverage_active"], _time(said["check_date"]),
        _time(said["expires_at"]), said["payer_name"] or said["payer_id"], said["member_id"], said["source"],
    )  # fmt: skip


def _validation(said: Mapping[str, Any]) -> MacValidation:
    return MacValidation(
        str(said["id"]), said["validation_status"], said["coverage_met"], said["documentation_complete"],
        _time(said["validated_at"]), _time(said["next_validation_due"]),
    )  # fmt: skip


def _episode(said: Mapping[str, Any]) -> Episode:
    manufacturer = said["manufacturer_id"]
    return Episode(
        str(said["id"]),
        None if manufacturer is None else str(manufacturer),
        said["status"],
        _time(said["expires_at"]),
    )


def _paper(said: Mapping[str, Any]) -> Paper:
    metadata = said["metadata"]
    code = metadata.get("document_code") if isinstance(metadata, dict) else None
    return Paper(str(said["id"]), said["status"], code if isinstance(code, str) else None)


def _place(said: Any) -> Place:
    if not isinstance(said, dict):
        return Place(None, None)
    state, zip_code = said.get("state"), said.get("postalCode")
    return Place(state if isinstance(state, str) else None, zip_code if isinstance(zip_code, str) else None)


def _time(text: str | None) -> datetime | None:
    return None if text is None or "infinity" in text else datetime.fromisoformat(text)


_WRITE_VALIDATION = """
INSERT INTO medicare_mac_validations AS v (validation_id, order_id, patient_fhir_id, facility_id, mac_contractor,
    mac_jurisdiction, patient_zip_code, validation_type, validation_status, validation_results, coverage_policies,
    documentation_complete, required_documentation, procedures_validated, validated_at, next_validation_due)
VALUES (%(validation_id)s, %(order)s, %(patient)s, %(facility)s, %(contractor)s, %(jurisdiction)s, %(zip_code)s,
    %(type)s, %(status)s, %(results)s::jsonb, %(policies)s::jsonb, %(complete)s, %(documents)s::jsonb,
    %(procedures)s::jsonb, %(validated_at)s, %(next_due)s)
RETURNING v.fhir_id
"""


def write_validation(connection: Connection[Any], values: Mapping[str, Any]) -> str:
    """Store a validation; the fhir_id of its row."""
    listed = {name: json.dumps(values[name]) for name in ("results", "policies", "documents", "procedures")}
    fhir_id: str
    ((fhir_id,),) = connection.execute(_WRITE_VALIDATION, {**values, **listed})
    return fhir_id
