"""Task over medicare_mac_validations: the portal's own check against a Medicare contractor's rules.

https://hl7.org/fhir/R4/task.html. A Task `mac-validation` with a validation number of the portal is one of its
validations; it is no decision of the contractor. All others live elsewhere.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column

from business.statuses import status_map
from fhir_server.errors import Unprocessable
from fhir_server.mapping import spoken
from fhir_server.mapping.branches import extension
from fhir_server.mapping.concepts import reference
from fhir_server.mapping.days import ending
from fhir_server.mapping.identifiers import identifier, portal_id
from fhir_server.mapping.intervals import instant_columns
from fhir_server.mapping.json_columns import items_of
from fhir_server.mapping.primitives import CODE_TEXT, EXACT_INSTANT, code_or_absent, decimal_text, text_or_absent
from fhir_server.mapping.resource import Resource
from fhir_server.mapping.source import TokenColumn
from fhir_server.mapping.states import Codes, States
from fhir_server.mapping.trees import ABSENT, PLACE, Slots, contains
from fhir_server.mapping.word import HeardRow, Row, Word
from fhir_server.mapping.words import always, always_code, constant, value
from fhir_server.persistence.tables import PHI, medicare_mac_validations
from fhir_server.resources.canonical import CODE_SYSTEM, EXTENSION, PORTAL_IDENTIFIER
from fhir_server.resources.insurance_numbers import VALIDATION_NUMBER
from fhir_server.resources.order_numbers import has_number

INTENTS = "http://hl7.org/fhir/request-intent"
CPT = "http://www.ama-assn.org/go/cpt"
PORTAL_TASKS = f"{CODE_SYSTEM}/portal-task"
PARAMETERS = f"{CODE_SYSTEM}/mac-validation-parameter"
JURISDICTIONS = f"{CODE_SYSTEM}/mac-jurisdiction"
MAC_VALIDATION = {"coding": [{"system": PORTAL_TASKS, "code": "mac-validation"}]}
UNLISTED = "on-hold"
"""What Task says of a state that nobody has listed: R4 has no `unknown`, and on hold nobody acts or thinks it done."""

t = medicare_mac_validations.c

STATES = States(
    t.validation_status,
    {"status": Codes(status_map("mac-validation").codes, "http://hl7.org/fhir/task-status", otherwise=UNLISTED)},
    written=tuple(status_map("mac-validation").canonical.values()),
    text_in="businessStatus",
    is_concept=True,
)


def _type(code: str) -> dict[str, Any]:
    return {"coding": [{"system": PARAMETERS, "code": code}]}


def _parameter(code: str, name: str, declared: Any) -> dict[str, Any]:
    return {"type": constant(_type(code)), name: declared}


class listed(Word):  # noqa: N801
    """The texts of a JSON list, each as an output; codes of CPT as such. Other items stay in the portal."""

    is_list = True

    def __init__(self, column: Column[Any], code: str, *, is_cpt: bool = False) -> None:
        self.column, self.type, self.is_cpt = column, _type(code), is_cpt
        self.columns = (column.name,)

    def compose(self, row: Row) -> Any:
        said = [self._said(item) for item in items_of(row.get(self.column.name))]
        pairs = [(f"{PLACE}{place}", one) for place, one in enumerate(said) if one is not ABSENT]
        return Slots(pairs) if pairs else ABSENT

    def _said(self, item: Any) -> Any:
        text = text_or_absent(item)
        if text is ABSENT:
            return ABSENT
        if self.is_cpt and is_cpt(text):
            return {"type": self.type, "valueCodeableConcept": {"coding": [{"system": CPT, "code": text}]}}
        return {"type": self.type, "valueString": text}

    def take(self, items: list[Any], row: HeardRow) -> None:
        heard = [one for one in items if isinstance(one, dict) and one.get("type") == self.type]
        before = row.current.get(self.column.name) if row.current is not None else None
        kept = items_of(before)
        if [said for said in map(self._said, kept) if said is not ABSENT] == heard:
            row[self.column.name] = before
            taken = heard
        else:
            texts = [(one, self._text(one)) for one in heard]
            taken = [one for one, text in texts if text is not None]
            unsaid = [item for item in kept if self._said(item) is ABSENT]
            row[self.column.name] = [*(text for _, text in texts if text is not None), *unsaid] or None
        items[:] = [one for one in items if all(one is not other for other in taken)]

    def _text(self, said: dict[str, Any]) -> str | None:
        """The text that is said as this output, if one is."""
        texts = [said.get("valueString")]
        texts += [coding.get("code") for coding in said.get("valueCodeableConcept", {}).get("coding", ())]
        return next((text for text in texts if isinstance(text, str) and self._said(text) == said), None)


def is_cpt(code: str) -> bool:
    """Whether a text is formed like a code of CPT.

    >>> is_cpt("15271"), is_cpt("0232T"), is_cpt("Q4101")
    (True, True, False)
    """
    return len(code) == 5 and code.isascii() and code[:4].isdigit() and (code[4].isdigit() or code[4] in "FTU")


class findings(Word):  # noqa: N801
    """The members of the results as outputs: texts, amounts and truths. The portal found them, and FHIR leaves them."""

    is_list = True

    def __init__(self, column: Column[Any]) -> None:
        self.column, self.type = column, _type("result")
        self.columns = (column.name,)

    def compose(self, row: Row) -> Any:
        held = row.get(self.column.name)
        pairs: list[tuple[str, Any]] = []
        for name, item in held.items() if isinstance(held, dict) else ():
            label, said = text_or_absent(name), _finding(item)
            if label is not ABSENT and said:
                pairs.append((f"{PLACE}{len(pairs)}", {"type": {**self.type, "text": label}, **said}))
        return Slots(pairs) if pairs else ABSENT

    def take(self, items: list[Any], row: HeardRow) -> None:
        before = row.current.get(self.column.name) if row.current is not None else None
        owned = self.compose(row.current) if row.current is not None else ABSENT
        row[self.column.name] = before
        for one in owned or ():
            place = next((place for place, item in enumerate(items) if contains(item, one)), None)
            if place is None:
                raise Unprocessable("Task.output has results that only the portal can change", ("Task.output",))
            del items[place]

    def forget(self, row: HeardRow) -> None:
        # Whether they are still said is for `take` to see.
        return


def _finding(item: Any) -> dict[str, Any]:
    if isinstance(item, bool):
        return {"valueBoolean": item}
    if isinstance(item, str):
        text = text_or_absent(item)
        return {} if text is ABSENT else {"valueString": text}
    number = decimal_text(item)
    return {} if number is ABSENT else {"valueDecimal": number}


VALIDATED = ending(t.validated_at)

MAC_VALIDATION_TASK = Resource(
    "Task",
    medicare_mac_validations,
    store=PHI,
    accepts=lambda tree: _is_validation(tree) and has_number(tree, VALIDATION_NUMBER),
    moves=False,
    agrees=("code", "intent", "businessStatus", "status", "focus", "for"),
    outdated=("lastModified",),
    elements={
        "extension": [
            extension(f"{EXTENSION}/mac-contractor", {"valueString": t.mac_contractor}),
            extension(
                f"{EXTENSION}/mac-jurisdiction",
                {"valueCoding": {"system": constant(JURISDICTIONS), "code": value(t.mac_jurisdiction, CODE_TEXT)}},
            ),
        ],
        "identifier": [
            identifier(VALIDATION_NUMBER, t.validation_id),
            portal_id(PORTAL_IDENTIFIER, t.fhir_id, t.document_version),
        ],
        "status": STATES.code("status"),
        "businessStatus": STATES.text(),
        "intent": always_code("order", INTENTS),
        "code": always(MAC_VALIDATION),
        "focus": reference("Task", t.order_fhir_id, complete=True),
        "for": reference("Patient", t.patient_fhir_id, complete=True),
        "executionPeriod": VALIDATED,
        "authoredOn": value(t.created_at, EXACT_INSTANT),
        "location": reference("Location", t.facility_fhir_id),
        "restriction": {"period": ending(t.next_validation_due)},
        "input": [
            _parameter("validation-type", "valueString", t.validation_type),
            _parameter("patient-zip-code", "valueString", t.patient_zip_code),
        ],
        "output": [
            _parameter("coverage-met", "valueBoolean", t.coverage_met),
            _parameter("documentation-complete", "valueBoolean", t.documentation_complete),
            listed(t.required_documentation, "required-documentation"),
            listed(t.coverage_policies, "coverage-policy"),
            listed(t.procedures_validated, "procedure"),
            listed(t.cpt_codes_validated, "cpt-code", is_cpt=True),
            findings(t.validation_results),
        ],
    },
    search={
        "identifier": "identifier",
        "status": "status",
        "intent": "intent",
        "code": "code",
        "focus": "focus",
        "subject": "for",
        "patient": "for",
        "period": VALIDATED.columns_alone(t.document_version),
        "authored-on": "authoredOn",
        "business-status:text": STATES.text().text_columns(),
        "due": (instant_columns(t.next_validation_due),),
        "jurisdiction": (
            TokenColumn(
                t.mac_jurisdiction,
                system=JURISDICTIONS,
                stored=lambda text: (text,) if code_or_absent(text) is not ABSENT else (),
                said=spoken.is_code(t.mac_jurisdiction),
            ),
        ),
    },
    unanswered={"period": "a period that began, which only documents say"},
    must_exist={"order_fhir_id": "Task", "patient_fhir_id": "Patient", "facility_fhir_id": "Location"},
)


def _is_validation(tree: dict[str, Any]) -> bool:
    return any(
        coding.get("system") == PORTAL_TASKS and coding.get("code") == "mac-validation"
        for coding in tree.get("code", {}).get("coding", ())
    )
