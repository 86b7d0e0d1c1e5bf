"""DocumentReference over docuseal_submissions: a form that was sent out for signature, and the signed file.

https://hl7.org/fhir/R4/documentreference.html. A DocumentReference whose master identifier is a submission is one of
the portal's; all others live in the generic store. The provider's URLs are no part of the declaration.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, case

from business.statuses import status_map
from fhir_server.errors import Unprocessable
from fhir_server.mapping import spoken
from fhir_server.mapping.branches import required
from fhir_server.mapping.concepts import any_code, coded, concept, reference
from fhir_server.mapping.conform import conform
from fhir_server.mapping.identifiers import identifier, portal_id
from fhir_server.mapping.intervals import instant_columns, is_sayable
from fhir_server.mapping.minted import logical_id
from fhir_server.mapping.primitives import EXACT_INSTANT, instant_text
from fhir_server.mapping.resource import Resource
from fhir_server.mapping.source import SearchColumn, TokenColumn
from fhir_server.mapping.trees import ABSENT, Slots, contains
from fhir_server.mapping.word import HeardRow, Row, Word
from fhir_server.mapping.words import DATA_ABSENT_REASON, always
from fhir_server.persistence.tables import PHI, docuseal_submissions
from fhir_server.resources.canonical import CODE_SYSTEM, EXTENSION, IDENTIFIER, PORTAL_IDENTIFIER, SOURCE_STATUS

SUBMISSION = f"{IDENTIFIER}/submission"
TEMPLATES = f"{CODE_SYSTEM}/document-template"
CATEGORIES = f"{CODE_SYSTEM}/document-category"
DATE_MEANING = f"{EXTENSION}/date-meaning"
MEDIA_TYPES = "urn:ietf:bcp:13"
CONTENT = "DocumentReference.content"

t = docuseal_submissions.c


class reference_status(coded):  # noqa: N801
    """Whether the document still counts; the portal's text stands beside docStatus, which says more of it."""

    is_text_beside = False

    def compose_sibling(self, row: Row) -> Any:
        return ABSENT


STATUS = reference_status(
    t.status,
    {text: code for text, code in status_map("document-reference").codes.items() if code != "current"},
    system="http://hl7.org/fhir/document-reference-status",
    source_url=SOURCE_STATUS,
    # The reference counts until the portal says otherwise, whatever the state of the document.
    otherwise="current",
)


class document_status(coded):  # noqa: N801
    """The state of the document; a text that the status says wholly is not said again."""

    def compose_sibling(self, row: Row) -> Any:
        text = row.get(self.column.name)
        return ABSENT if STATUS.canonical.get(STATUS.of(text)) == text else super().compose_sibling(row)


DOCUMENT_STATUS = document_status(t.status, status_map("document").codes, source_url=SOURCE_STATUS)


class dated(Word):  # noqa: N801
    """When the form was completed, which an extension says, or else when it was made."""

    own_extensions = ((DATE_MEANING, "code"),)

    def __init__(self, completed: Column[Any], created: Column[Any]) -> None:
        self.completed, self.created = completed, created
        self.columns = (completed.name, created.name)

    def compose(self, row: Row) -> Any:
        completed = instant_text(row.get(self.completed.name))
        return instant_text(row.get(self.created.name)) if completed is ABSENT else completed

    def compose_sibling(self, row: Row) -> Any:
        if instant_text(row.get(self.completed.name)) is ABSENT:
            return ABSENT
        return {"extension": Slots([(DATE_MEANING, {"url": DATE_MEANING, "valueCode": "completed"})])}

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        moment = EXACT_INSTANT.decompose(value)
        if moment is ABSENT:
            return False
        said = sibling.get("extension", ()) if isinstance(sibling, dict) else ()
        if any(one.get("url") == DATE_MEANING and one.get("valueCode") == "completed" for one in said):
            row[self.completed.name] = moment
        else:
            row[self.completed.name], row[self.created.name] = None, moment
        return True

    def search_columns(self, parameter_type: str) -> tuple[SearchColumn, ...]:
        return (instant_columns(case((is_sayable(self.completed), self.completed), else_=self.created)),)


class signed_file(Word):  # noqa: N801
    """The file behind our own Binary; as long as there is none, its address is not known yet."""

    def __init__(self, binary: Column[Any], content_type: Column[Any], size: Column[Any], digest: Column[Any]) -> None:
        self.binary, self.content_type, self.size, self.digest = binary, content_type, size, digest

    def _attachment(self, row: Row) -> Any:
        binary = row.get(self.binary.name)
        if not isinstance(binary, str):
            return ABSENT
        said = {
            "contentType": row.get(self.content_type.name),
            "url": f"Binary/{logical_id(binary)}",
            "size": row.get(self.size.name),
            "hash": row.get(self.digest.name),
        }
        return conform("Attachment", said)

    def compose(self, row: Row) -> Any:
        attachment = self._attachment(row)
        if attachment is ABSENT:
            attachment = {"_url": {"extension": [{"url": DATA_ABSENT_REASON, "valueCode": "temp-unknown"}]}}
        return Slots([("file", {"attachment": attachment})])

    def decompose_from(self, source: dict[str, Any], name: str, row: HeardRow) -> bool:
        owned = ABSENT if row.current is None else self._attachment(row.current)
        if owned is not ABSENT and not contains(source.get(name), [{"attachment": owned}]):
            raise Unprocessable(f"{CONTENT} is the file of the portal and cannot be changed here", (CONTENT,))
        return False

    def type_columns(self) -> tuple[SearchColumn, ...]:
        """The columns that answer the parameter for the type of the file."""
        column = case((self.binary.is_not(None), self.content_type))
        return (TokenColumn(column, system=MEDIA_TYPES, said=spoken.is_code(column), where=spoken.is_code(column)),)


MASTER = identifier(SUBMISSION, t.submission_id)
PORTAL = portal_id(PORTAL_IDENTIFIER, t.fhir_id, t.document_version)
EPISODE = reference("Task", t.episode_fhir_id)
FILE = signed_file(t.binary_fhir_id, t.file_content_type, t.file_size, t.file_hash)

FORM_DOCUMENT = Resource(
    "DocumentReference",
    docuseal_submissions,
    store=PHI,
    accepts=lambda tree: tree.get("masterIdentifier", {}).get("system") == SUBMISSION,
    moves=False,
    agrees=("masterIdentifier", "status", "docStatus", "category"),
    elements={
        "masterIdentifier": MASTER,
        "identifier": [PORTAL],
        "status": STATUS,
        "docStatus": DOCUMENT_STATUS,
        "type": concept(t.template_id, any_code(TEMPLATES)),
        "category": [always({"coding": [{"system": CATEGORIES, "code": "insurance-form"}]})],
        "subject": required(reference("Patient", t.patient_fhir_id)),
        "date": dated(t.completed_at, t.created_at),
        "content": FILE,
        "context": {"related": [EPISODE]},
    },
    search={
        "identifier": (*MASTER.search_columns("token"), *PORTAL.search_columns("token")),
        "status": "status",
        "type": "type",
        "category": "category",
        "subject": "subject",
        "patient": "subject",
        "date": "date",
        "contenttype": FILE.type_columns(),
        "related": EPISODE.search_columns("reference"),
    },
    unanswered={"location": "the address of the file, which is our own"},
    must_exist={"episode_fhir_id": "Task"},
)
