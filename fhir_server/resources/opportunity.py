"""Task over clinical_opportunities: something that the portal's model proposes to do for a patient.

https://hl7.org/fhir/R4/task.html. A Task `clinical-opportunity` is one of the portal's; all others live in the generic
store.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, case, literal_column

from business.statuses import status_map
from fhir_server.mapping.concepts import concept, reference
from fhir_server.mapping.identifiers import portal_id
from fhir_server.mapping.intervals import day_columns
from fhir_server.mapping.json_columns import items_of
from fhir_server.mapping.primitives import EXACT_INSTANT, text_or_absent, token_or_absent
from fhir_server.mapping.projections import until_documented
from fhir_server.mapping.resource import Resource
from fhir_server.mapping.source import TokenColumn
from fhir_server.mapping.trees import ABSENT, PLACE, Slots
from fhir_server.mapping.word import HeardRow, Row, Word
from fhir_server.mapping.words import always, always_code, value
from fhir_server.persistence.tables import PHI, clinical_opportunities
from fhir_server.resources.canonical import CODE_SYSTEM, EXTENSION, PORTAL_IDENTIFIER, SOURCE_STATUS
from fhir_server.resources.device_request import requester
from fhir_server.resources.exact import SCORE, exact_extension, exact_extensions
from fhir_server.resources.order_numbers import priority
from fhir_server.resources.order_task import INTENTS, UNLISTED, business_status, task_status
from fhir_server.resources.portal_tasks import PORTAL_TASKS, has_coding, input_type, portal_task

KIND = "clinical-opportunity"
ORIGINS = f"{CODE_SYSTEM}/origin"
MACHINE_GENERATED = {"system": ORIGINS, "code": "machine-generated"}
RISK_SCORE = f"{EXTENSION}/risk-score"
ACTION = input_type("recommended-action")

t = clinical_opportunities.c

STATUS = task_status(
    t.status,
    status_map("opportunity").codes,
    system="http://hl7.org/fhir/task-status",
    source_url=SOURCE_STATUS,
    otherwise=UNLISTED,
)


class assignee(requester):  # noqa: N801
    """The practitioner or user to whom it is assigned, who may be taken away from it."""

    def __init__(self, practitioner: Column[Any], user: Column[Any]) -> None:
        super().__init__(practitioner, user)
        self.columns = (practitioner.name, user.name)


class actions(Word):  # noqa: N801
    """The texts of a JSON array as inputs; what else stands there is the portal's own."""

    def __init__(self, column: Column[Any]) -> None:
        self.column, self.type = column, ACTION
        self.columns = (column.name,)

    def compose(self, row: Row) -> Any:
        said = [text_or_absent(item) for item in items_of(row.get(self.column.name))]
        pairs = [
            (f"{PLACE}{place}", {"type": self.type, "valueString": text})
            for place, text in enumerate(said)
            if text is not ABSENT
        ]
        return Slots(pairs) if pairs else ABSENT

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        said = [item for item in value if item.get("type") == self.type] if isinstance(value, list) else []
        texts = [item.get("valueString") for item in said]
        held = [text for text in texts if token_or_absent(text) is not ABSENT]
        if held:
            row[self.column.name] = held
        return bool(held)


def machine_generated() -> TokenColumn:
    """The tag of rows that no client has written."""
    code = case((t.document_version.is_(None), literal_column("'machine-generated'::text")))
    return TokenColumn(code, system=ORIGINS)


OPPORTUNITY = Resource(
    "Task",
    clinical_opportunities,
    store=PHI,
    accepts=lambda tree: has_coding(tree, PORTAL_TASKS, KIND),
    moves=False,
    agrees=("code", "intent", "status", "businessStatus", "for", "owner"),
    outdated=("lastModified",),
    elements={
        # Clients that put an opportunity back made it their own.
        "meta": until_documented({"tag": [always(MACHINE_GENERATED)]}, t.document_version),
        "extension": exact_extensions(
            [exact_extension("Task", RISK_SCORE, {"valueDecimal": value(t.risk_score, SCORE)})]
        ),
        "identifier": [portal_id(PORTAL_IDENTIFIER, t.fhir_id, t.document_version)],
        "status": STATUS,
        "businessStatus": business_status(STATUS),
        "intent": always_code("proposal", INTENTS),
        "priority": priority(t.priority),
        "code": always(portal_task(KIND)),
        "description": t.title,
        "for": reference("Patient", t.patient_fhir_id, complete=True),
        "authoredOn": value(t.created_at, EXACT_INSTANT),
        "owner": assignee(t.assignee_fhir_id, t.assigned_to),
        "reasonCode": concept(t.opportunity_type),
        "note": [{"text": t.description}],
        "restriction": {"period": {"end": t.due_date}},
        "input": actions(t.recommended_actions),
    },
    search={
        "_tag": (machine_generated(),),
        "identifier": "identifier",
        "status": "status",
        "intent": "intent",
        "priority": "priority",
        "code": "code",
        "subject": "for",
        "patient": "for",
        "authored-on": "authoredOn",
        "owner": "owner",
        "due": (day_columns(t.due_date),),
        "business-status:text": business_status(STATUS).text_columns(),
    },
    unanswered={"owner": "the key of a user without a practitioner"},
    must_exist={"patient_fhir_id": "Patient", "assignee_fhir_id": "Practitioner"},
)
