"""QuestionnaireResponse over ivr_answers: the data of an insurance verification's form.

https://hl7.org/fhir/R4/questionnaireresponse.html. The table is a shadow of episodes: what is copied changes there
only. All other answers live in the generic store.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column

from business.statuses import status_map
from fhir_server.mapping.branches import array, extension
from fhir_server.mapping.concepts import coded, reference
from fhir_server.mapping.primitives import EXACT_INSTANT, INTEGER, decimal_text, text_or_absent
from fhir_server.mapping.projections import derived
from fhir_server.mapping.resource import Resource
from fhir_server.mapping.source import SearchColumn
from fhir_server.mapping.trees import ABSENT, PLACE, Slots
from fhir_server.mapping.word import Row, Word
from fhir_server.mapping.words import value
from fhir_server.persistence.tables import PHI, ivr_answers
from fhir_server.resources.canonical import EXTENSION, SOURCE_STATUS

VERIFICATION = f"{EXTENSION}/insurance-verification"
_DEEPEST = 8
_ENDED = {"completed": "completed", "rejected": "stopped", "failed": "stopped", "cancelled": "stopped"}

t = ivr_answers.c

STATUS = coded(
    t.status,
    {text: _ENDED[code] for text, code in status_map("ivr-episode").codes.items() if code in _ENDED},
    system="http://hl7.org/fhir/questionnaire-answers-status",
    source_url=SOURCE_STATUS,
    otherwise="in-progress",
)


class answers_status(Word):  # noqa: N801
    """The state, without the text of another resource's state."""

    def __init__(self, status: coded) -> None:
        self.status = status

    def compose(self, row: Row) -> Any:
        return self.status.compose(row)

    def search_columns(self, parameter_type: str) -> tuple[SearchColumn, ...]:
        return self.status.search_columns(parameter_type)


class answers(Word):  # noqa: N801
    """A JSON object as a group of items: its members by name, objects in it as groups, lists as several answers."""

    def __init__(self, link: str, column: Column[Any]) -> None:
        self.link, self.column = link, column

    def compose(self, row: Row) -> Any:
        items = list(_items(self.link, row.get(self.column.name), 0))
        return Slots([(f"{PLACE}{self.link}", {"linkId": self.link, "item": items})]) if items else ABSENT


def _items(link: str, held: Any, depth: int) -> Iterator[dict[str, Any]]:
    if not isinstance(held, dict) or depth == _DEEPEST:
        return
    for name, member in held.items():
        text = text_or_absent(name)
        if text is not ABSENT:
            yield from _item({"linkId": f"{link}.{text}", "text": text}, member, depth)


def _item(item: dict[str, Any], member: Any, depth: int) -> Iterator[dict[str, Any]]:
    each = member if isinstance(member, list) else [member]
    said = [found for one in each if (found := _answer(one))]
    if said:
        yield {**item, "answer": said}
    for place, one in enumerate(each):
        link = item["linkId"] if not isinstance(member, list) else f"{item['linkId']}.{place}"
        nested = list(_items(link, one, depth + 1))
        if nested:
            yield {"linkId": link, "text": item["text"], "item": nested}


def _answer(held: Any) -> dict[str, Any]:
    if isinstance(held, bool):
        return {"valueBoolean": held}
    if isinstance(held, str):
        text = text_or_absent(held)
        return {} if text is ABSENT else {"valueString": text}
    whole, number = INTEGER.compose(held), decimal_text(held)
    return {"valueInteger": whole} if whole is not ABSENT else {} if number is ABSENT else {"valueDecimal": number}


QUESTIONNAIRE_RESPONSE = Resource(
    "QuestionnaireResponse",
    ivr_answers,
    store=PHI,
    creatable=False,
    moves=False,
    elements={
        "extension": derived(
            array(
                [
                    extension(
                        f"{EXTENSION}/insurance-verification", {"valueReference": reference("Task", t.task_fhir_id)}
                    )
                ]
            ),
            "QuestionnaireResponse.extension",
        ),
        "status": derived(answers_status(STATUS), "QuestionnaireResponse.status"),
        "subject": derived(reference("Patient", t.patient_fhir_id), "QuestionnaireResponse.subject"),
        "authored": derived(value(t.completed_at, EXACT_INSTANT), "QuestionnaireResponse.authored"),
        "item": derived(
            array([answers("form", t.form_data), answers("mapped", t.mapped_data)]), "QuestionnaireResponse.item"
        ),
    },
    search={"status": "status", "subject": "subject", "patient": "subject", "authored": "authored"},
)
