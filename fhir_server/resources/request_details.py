"""What the portal notes of a request in JSON: why it is asked for, who pays, where it goes.

https://hl7.org/fhir/R4/devicerequest.html. The names of the members are those of ADR 0017; what stands under others is
the portal's own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column, and_, case, literal_column, not_

from fhir_server.mapping import spoken
from fhir_server.mapping.branches import extension
from fhir_server.mapping.conform import conform
from fhir_server.mapping.json_members import Members, member, member_list, members
from fhir_server.mapping.listed import listed, through
from fhir_server.mapping.minted import is_logical_id
from fhir_server.mapping.primitives import decimal_text, text_or_absent, token_or_absent
from fhir_server.mapping.source import ReferenceColumn, SearchColumn
from fhir_server.mapping.spoken import Sql
from fhir_server.mapping.trees import ABSENT, Atomic, contains
from fhir_server.mapping.word import HeardRow, Row, Word
from fhir_server.resources.canonical import CODE_SYSTEM, EXTENSION, IDENTIFIER_TYPES, UCUM

ICD_10_CM = "http://hl7.org/fhir/sid/icd-10-cm"
CLINICAL_DETAILS = f"{CODE_SYSTEM}/clinical-detail"

DIAGNOSES = ("diagnosis_codes", "diagnosis_code", "diagnosis", "icd10_codes", "icd10", "primary_diagnosis",
             "secondary_diagnoses")  # fmt: skip
PARAMETERS: Mapping[str, tuple[str, str] | None] = {
    "wound_type": None,
    "wound_location": None,
    "wound_stage": None,
    "wound_duration": None,
    "wound_length": ("cm", "cm"),
    "wound_width": ("cm", "cm"),
    "wound_depth": ("cm", "cm"),
    "wound_area": ("cm2", "cm2"),
    "wound_duration_weeks": ("wk", "wk"),
    "infection_present": None,
    "previous_treatments": None,
    "application_cpt_code": None,
}
"""Members that are parameters of the request, and for numbers the unit and its code in UCUM."""

_ICD_10_CM = re.compile(r"[A-Z][0-9][0-9AB](\.[0-9A-Z]{1,4})?")


def _diagnosis(name: str, item: Any) -> Any:
    if isinstance(item, dict):
        code = token_or_absent(item.get("code"))
        words = next((said for key in ("description", "display", "name")
                      if (said := text_or_absent(item.get(key))) is not ABSENT), ABSENT)  # fmt: skip
        if code is ABSENT or not _ICD_10_CM.fullmatch(code):
            return ABSENT if words is ABSENT else Atomic(text=words)
        coding = {"system": ICD_10_CM, "code": code}
        return Atomic(coding=[coding] if words is ABSENT else [{**coding, "display": words}])
    text = text_or_absent(item)
    if text is ABSENT:
        return ABSENT
    return Atomic(coding=[{"system": ICD_10_CM, "code": text}]) if _ICD_10_CM.fullmatch(text) else Atomic(text=text)


def _heard_diagnosis(item: Any) -> tuple[str, Any] | None:
    if not isinstance(item, dict):
        return None
    for coding in item.get("coding", ()):
        if isinstance(coding, dict) and coding.get("system") == ICD_10_CM:
            code, words = coding.get("code"), coding.get("display")
            return DIAGNOSES[0], code if words is None else {"code": code, "description": words}
    return None if "coding" in item else (DIAGNOSES[0], item.get("text"))


def diagnoses(column: Column[Any]) -> Word:
    """Why it is asked for, as codes of ICD-10-CM or texts."""
    return member_list(column, *DIAGNOSES, say=_diagnosis, hear=_heard_diagnosis)


def references_to(column: Column[Any], target_type: str, *names: str) -> Word:
    """References to resources of one type whose logical ids members hold."""
    prefix = f"{target_type}/"

    def say(name: str, item: Any) -> Any:
        return Atomic(reference=prefix + item) if isinstance(item, str) and is_logical_id(item) else ABSENT

    def hear(item: Any) -> tuple[str, Any] | None:
        said = item.get("reference") if isinstance(item, dict) else None
        is_mine = isinstance(said, str) and said.startswith(prefix)
        return (names[0], said.removeprefix(prefix)) if is_mine and isinstance(said, str) else None

    return member_list(column, *names, say=say, hear=hear)


def _parameter(name: str, item: Any) -> Any:
    code = {"coding": [{"system": CLINICAL_DETAILS, "code": name}]}
    unit = PARAMETERS[name]
    number = decimal_text(item) if unit is not None else ABSENT
    if unit is not None and number is not ABSENT:
        quantity = {"value": number, "unit": unit[0], "system": UCUM, "code": unit[1]}
        return Atomic(code=code, valueQuantity=quantity)
    if isinstance(item, bool):
        return Atomic(code=code, valueBoolean=item)
    text = conform("string", item)
    return ABSENT if text is ABSENT else Atomic(code=code, valueCodeableConcept={"text": text})


def _heard_parameter(item: Any) -> tuple[str, Any] | None:
    codings = item.get("code", {}).get("coding", ()) if isinstance(item, dict) else ()
    codes = [one.get("code") for one in codings if one.get("system") == CLINICAL_DETAILS]
    if not codes or codes[0] not in PARAMETERS:
        return None
    name: str = codes[0]
    if "valueBoolean" in item:
        return name, item["valueBoolean"]
    if "valueQuantity" in item:
        return name, item["valueQuantity"].get("value")
    return name, item.get("valueCodeableConcept", {}).get("text")


def clinical_parameters(column: Column[Any]) -> Word:
    """The wound as the clinic described it."""
    return member_list(column, *PARAMETERS, say=_parameter, hear=_heard_parameter, single=True)


COVERAGE = "coverage_fhir_id"
PAYERS = ("payer_name", "payer", "insurance_name")
MEMBERS = ("member_id", "policy_number", "subscriber_id")
NESTED = ("policies", "primary", "secondary", "tertiary")
COVERAGES = "coverage_fhir_ids"


def _first(held: Members, names: tuple[str, ...]) -> Any:
    return next((said for name in names if (said := _plain(held.get(name))) is not ABSENT), ABSENT)


def _plain(item: Any) -> Any:
    # A number of a member may have been noted as a number.
    return token_or_absent(conform("string", item))


def _policy(name: str, item: Any) -> Any:
    if not isinstance(item, dict):
        return ABSENT
    coverage, payer, number = item.get(COVERAGE), _first(item, PAYERS), _first(item, MEMBERS)
    said: dict[str, Any] = {}
    if isinstance(coverage, str) and is_logical_id(coverage):
        said["reference"] = f"Coverage/{coverage}"
    if number is not ABSENT:
        said["identifier"] = {"type": {"coding": [{"system": IDENTIFIER_TYPES, "code": "MB"}]}, "value": number}
    if payer is not ABSENT:
        said["display"] = payer
    return Atomic(said) if said else ABSENT


def _heard_policy(item: Any) -> tuple[str, Any] | None:
    if not isinstance(item, dict):
        return None
    literal, number, payer = item.get("reference"), item.get("identifier", {}).get("value"), item.get("display")
    made: dict[str, Any] = {}
    if isinstance(literal, str) and literal.startswith("Coverage/"):
        made[COVERAGE] = literal.removeprefix("Coverage/")
    elif literal is not None:
        return None
    made |= {name: said for name, said in ((MEMBERS[0], number), (PAYERS[0], payer)) if said is not None}
    return NESTED[0], made


class own_policy(members):  # noqa: N801
    """The policy that stands in the object itself: a Coverage by its id, a payer, a member's number."""

    def __init__(self, column: Column[Any]) -> None:
        super().__init__(column, COVERAGE, *PAYERS, *MEMBERS)

    def saying(self, held: Members) -> tuple[str, ...]:
        said = tuple(name for name in self.names[1:] if _plain(held.get(name)) is not ABSENT)
        coverage = held.get(COVERAGE)
        return (COVERAGE, *said) if isinstance(coverage, str) and is_logical_id(coverage) else said

    def compose(self, row: Row) -> Any:
        return _policy("", self.held(row))

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        heard, made = _heard_policy(value), self.working(row)
        if heard is None or made is None:
            return False
        said = _policy("", heard[1])
        if said is ABSENT or not contains(value, said):
            return False
        mine = self.saying(made)
        self.store(row, {name: item for name, item in made.items() if name not in mine} | heard[1])
        return True


def insurances(column: Column[Any]) -> list[Word]:
    """Who pays: Coverages where the portal names them, else what it knows of the policies."""
    return [
        own_policy(column),
        references_to(column, "Coverage", COVERAGES),
        member_list(column, *NESTED, say=_policy, hear=_heard_policy),
    ]


def coverage_columns(column: Column[Any]) -> tuple[SearchColumn, ...]:
    """The columns that answer a search for a Coverage."""

    def known(node: Sql) -> Sql:
        text = spoken.json_token(node)
        return case((and_(spoken.is_string(node), not_(spoken.is_no_id(text))), text))

    def named(node: Sql) -> Sql:
        return case((spoken.is_object(node), known(spoken.member(node, COVERAGE))))

    is_object = spoken.is_object(column)
    listed_ids = listed(column, "coverages", at=COVERAGES, target=known)
    policies = listed(column, "policies", at=NESTED[0], target=named)
    own = case((is_object, known(spoken.member(column, COVERAGE))), else_=literal_column("NULL::text"))
    found: list[SearchColumn] = [
        ReferenceColumn(own, "Coverage"),
        ReferenceColumn(listed_ids.c.target, "Coverage", through=through(listed_ids)),
        ReferenceColumn(policies.c.target, "Coverage", through=through(policies)),
    ]
    for place, name in enumerate(NESTED[1:]):
        alone = listed(column, f"policy{place}", at=name, target=named)
        found.append(ReferenceColumn(alone.c.target, "Coverage", through=through(alone)))
    return tuple(found)


LINES = ("address_line1", "line1", "street", "address_line2", "line2")
PARTS: Mapping[str, tuple[str, ...]] = {
    "city": ("city",),
    "state": ("state",),
    "postalCode": ("postalCode", "postal_code", "zip_code", "zip"),
    "country": ("country",),
}


class shipping_address(members):  # noqa: N801
    """An address in the member `address`, as text or object, or in members of its own; FHIR writes an Address."""

    def __init__(self, column: Column[Any]) -> None:
        super().__init__(column, "address", *LINES, *(name for names in PARTS.values() for name in names))

    def _address(self, held: Members) -> Any:
        whole = held.get("address")
        if isinstance(whole, dict):
            return conform("Address", {**whole, **_parts(whole)})
        text = conform("string", whole)
        return conform("Address", _parts(held)) if text is ABSENT else {"text": text}

    def saying(self, held: Members) -> tuple[str, ...]:
        if self._address(held) is ABSENT:
            return ()
        # What stands beside an object is the same address in other words, and would come to light without it.
        return tuple(name for name in self.names if name in held and _speaks(name, held[name]))

    def compose(self, row: Row) -> Any:
        return self._address(self.held(row))

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        heard, made = conform("Address", value), self.working(row)
        if heard is ABSENT or made is None or not contains(value, heard):
            return False
        mine = (*self.saying(made), *self.saying(self.before(row)))
        self.store(row, {name: item for name, item in made.items() if name not in mine} | {"address": heard})
        return True


def _speaks(name: str, item: Any) -> bool:
    return name == "address" or conform("string", item) is not ABSENT


def _parts(held: Members) -> Members:
    lines = [said for name in LINES if (said := conform("string", held.get(name))) is not ABSENT]
    made: Members = {"line": lines} if lines else {}
    for part, names in PARTS.items():
        said = next((said for name in names if (said := conform("string", held.get(name))) is not ABSENT), ABSENT)
        if said is not ABSENT:
            made[part] = said
    return made


def shipping(column: Column[Any]) -> extension:
    """Where and how it is sent; often the patient's home."""
    instructions = member(column, "special_instructions", "instructions", "delivery_instructions")
    parts: Mapping[str, Mapping[str, Any]] = {
        "recipient": {"valueString": member(column, "recipient_name", "recipient", "name")},
        "address": {"valueAddress": shipping_address(column)},
        "phone": {"valueString": member(column, "phone", "contact_phone")},
        "method": {"valueString": member(column, "shipping_method", "method", "shipping_speed")},
        "needed-by": {"valueDate": member(column, "needed_by", "delivery_date", "expected_date", path="date")},
        "instructions": {"valueString": instructions},
    }
    return extension(f"{EXTENSION}/shipping", {"extension": [extension(name, said) for name, said in parts.items()]})
