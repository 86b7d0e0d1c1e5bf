"""Task over patient_manufacturer_ivr_episodes: a manufacturer verifies a patient's insurance by a form.

https://hl7.org/fhir/R4/task.html. A Task `insurance-verification` with an episode number is one of the portal's; all
others live in the generic store.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, DateTime, and_, case, func, literal_column, not_

from business.statuses import status_map
from fhir_server.mapping.concepts import coded, concept, reference
from fhir_server.mapping.identifiers import identifier, portal_id
from fhir_server.mapping.intervals import instant_columns, is_sayable
from fhir_server.mapping.primitives import EXACT_INSTANT
from fhir_server.mapping.resource import Resource
from fhir_server.mapping.source import DateColumn, SearchColumn
from fhir_server.mapping.trees import ABSENT
from fhir_server.mapping.word import HeardRow
from fhir_server.mapping.words import always, always_code, period, value
from fhir_server.persistence.tables import PHI, patient_manufacturer_ivr_episodes
from fhir_server.resources.canonical import IDENTIFIER, PORTAL_IDENTIFIER, SOURCE_STATUS
from fhir_server.resources.order_numbers import PLACER, has_number
from fhir_server.resources.order_task import INTENTS, UNLISTED
from fhir_server.resources.portal_tasks import PORTAL_TASKS, has_coding, portal_task, text_input

EPISODE_NUMBER = f"{IDENTIFIER}/episode-number"
KIND = "insurance-verification"

t = patient_manufacturer_ivr_episodes.c

STATUS = coded(
    t.status,
    status_map("ivr-episode").codes,
    system="http://hl7.org/fhir/task-status",
    source_url=SOURCE_STATUS,
    otherwise=UNLISTED,
)
COMPLETION = concept(t.completion_status)


class execution(period):  # noqa: N801
    """When the task was worked on: the portal knows the end, only FHIR writes the start."""

    def __init__(self, start: Column[Any], end: Column[Any]) -> None:
        super().__init__(start, end)
        self.start, self.end = start, end

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        said = {name: value.get(name) for name in self.bounds if name in value} if isinstance(value, dict) else {}
        # Both or none: one bound alone would be another period.
        if any(EXACT_INSTANT.decompose(bound) is ABSENT for bound in said.values()):
            return False
        # A bound that the row did not say, because the two contradicted each other, must not come back.
        row.update(dict.fromkeys(self.columns))
        return super().decompose(said, row)

    def search_columns(self, parameter_type: str) -> tuple[SearchColumn, ...]:
        starts, ends = is_sayable(self.start), is_sayable(self.end)
        low = case((starts, self.start), (ends, _moment("-infinity")))
        high = case((ends, instant_columns(self.end).high), else_=_moment("infinity"))
        return (DateColumn(low, high, where=not_(func.coalesce(and_(starts, ends, self.start > self.end), False))),)


def _moment(text: str) -> Any:
    return literal_column(f"'{text}'::timestamptz", DateTime(timezone=True))


INSURANCE_VERIFICATION = Resource(
    "Task",
    patient_manufacturer_ivr_episodes,
    store=PHI,
    accepts=lambda tree: has_coding(tree, PORTAL_TASKS, KIND) and has_number(tree, EPISODE_NUMBER),
    moves=False,
    agrees=("code", "intent", "status", "focus", "for", "owner"),
    outdated=("lastModified",),
    elements={
        "identifier": [
            identifier(EPISODE_NUMBER, t.episode_number, type_code=PLACER),
            portal_id(PORTAL_IDENTIFIER, t.fhir_id, t.document_version),
        ],
        "status": STATUS,
        # What became of the form, in the portal's words: another thing than how far the task is.
        "businessStatus": COMPLETION,
        "intent": always_code("order", INTENTS),
        "code": always(portal_task(KIND)),
        "focus": reference("DeviceRequest", t.product_request_fhir_id, complete=True),
        "for": reference("Patient", t.patient_fhir_id, complete=True),
        "executionPeriod": execution(t.started_at, t.completed_at),
        "authoredOn": value(t.created_at, EXACT_INSTANT),
        "owner": reference("Organization", t.manufacturer_fhir_id, complete=True),
        "restriction": {"period": {"end": value(t.expires_at, EXACT_INSTANT)}},
        "input": [text_input("template", t.template_id), text_input("submission", t.docuseal_submission_id)],
    },
    search={
        "identifier": "identifier",
        "status": "status",
        "intent": "intent",
        "code": "code",
        "focus": "focus",
        "subject": "for",
        "patient": "for",
        "authored-on": "authoredOn",
        "period": "executionPeriod",
        "owner": "owner",
        "due": (instant_columns(t.expires_at),),
        "business-status:text": COMPLETION.text_columns(),
    },
    must_exist={
        "patient_fhir_id": "Patient",
        "product_request_fhir_id": "DeviceRequest",
        "manufacturer_fhir_id": "Organization",
    },
)
