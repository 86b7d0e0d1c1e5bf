"""Which Medicare Administrative Contractor decides, what it wants to see, and when to ask again.

https://www.cms.gov/medicare/coding-billing/medicare-administrative-contractors-macs/who-are-macs
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from types import MappingProxyType
from typing import Any

from business.packaged import packaged
from business.problems import Problem
from business.statuses import normal

_FILE = "mac_jurisdictions.json"
_ZIP = re.compile(r"([0-9]{5})(?:[- ]?[0-9]{4})?")
_WORDS = re.compile(r"[a-z0-9]+")
_HCPCS = re.compile(r"[A-Z][0-9]{4}")

RECHECK_DOCUMENTS = timedelta(days=14)
"""When to look again at a validation that waits for documents, or that failed for technical reasons."""


@dataclass(frozen=True, slots=True)
class MacAnswer:
    """Where claims from a place go. `jurisdiction` and `contractor` are None when nobody can say; `problems` tell why.

    `is_certain` is false when the answer could be another one if more were known; `notes` say what to look at.
    """

    state: str | None
    jurisdiction: str | None
    contractor: str | None
    is_certain: bool = True
    notes: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A document that has to be there, by its stable code."""

    code: str
    title: str


@dataclass(frozen=True, slots=True)
class Requirement:
    """What is wanted for a product: its family, whose contractor ("ab" or "dme"), documents and policies."""

    family: str
    title: str
    contractor: str
    documents: tuple[Document, ...]
    policies: tuple[str, ...]
    revalidate: timedelta


@dataclass(frozen=True, slots=True)
class MacValidation:
    """A row of medicare_mac_validations; times are aware. NULL in `coverage_met` is not "no"."""

    id: str
    status: str | None
    coverage_met: bool | None = None
    documentation_complete: bool | None = None
    validated_at: datetime | None = None
    next_due: datetime | None = None


def state_of_zip(zip_code: str | None) -> str | None:
    """The state or territory of a ZIP or ZIP+4 code, by USPS; None when it is none or not in use.

    Also the codes of `beyond` in the data file (armed forces, freely associated states), which have no contractor.
    """
    five = _five_digits(zip_code)
    return None if five is None else _exceptions().get(five) or _prefixes().get(five[:3])


def state_code(text: str | None) -> str | None:
    """The two letters of a state given by them or by its name, in any case; None when there is no such state.

    >>> state_code(" new york ")
    'NY'
    """
    if text is None:
        return None
    wanted = " ".join(text.replace(".", "").split()).upper()
    return _state_names().get(wanted)


def ab_mac(state: str | None = None, zip_code: str | None = None, part: str = "B") -> MacAnswer:
    """The contractor for Part A or Part B at the place where the service is given.

    `part` is "A" or "B", else ValueError. The ZIP code decides where it and the state do not agree.
    """
    if part not in ("A", "B"):
        raise ValueError(part)
    place = _place(state, zip_code)
    if place.state is None or place.problems:
        return place
    for area in packaged(_FILE)["carve_outs"]:
        if area["state"] != place.state or area["part"] != part:
            continue
        five = _five_digits(zip_code)
        if five is None:
            # Most of the state belongs to the other one, so that is the answer, but not a certain one.
            return _answer("ab", place, is_certain=False)
        if any(low <= five <= high for low, high in area["zips"]):
            return _answer("ab", place, area["jurisdiction"])
    return _answer("ab", place)


def dme_mac(state: str | None = None, zip_code: str | None = None) -> MacAnswer:
    """The contractor for durable medical equipment at the patient's permanent residence."""
    place = _place(state, zip_code)
    return place if place.state is None or place.problems else _answer("dme", place)


def required_documentation(hcpcs: str | None, jurisdiction: str | None = None) -> Requirement | None:
    """What Medicare wants to see for a product with a HCPCS code; None when the code tells no family.

    `jurisdiction` adds the local policies of that A/B jurisdiction.
    """
    code = (hcpcs or "").strip().upper()
    if not _HCPCS.fullmatch(code):
        return None
    for name, family in packaged(_FILE)["families"].items():
        if any(low <= code <= high for low, high in family["codes"]):
            return _requirement(name, family, jurisdiction)
    return None


def required_documents(requirements: Iterable[Requirement]) -> tuple[Document, ...]:
    """All documents of several requirements, each once, in their order."""
    return tuple(dict.fromkeys(document for requirement in requirements for document in requirement.documents))


STANDINGS: Mapping[str, str] = MappingProxyType(
    {
        "passed": "met",
        "valid": "met",
        "approved": "met",
        "compliant": "met",
        "failed_policy": "not-met",
        "not_met": "not-met",
        "denied": "not-met",
        "pending": "open",
        "in_progress": "open",
        "validating": "open",
        "needs_documentation": "needs-documents",
        "incomplete": "needs-documents",
        "error": "failed",
        "timeout": "failed",
        "expired": "expired",
        "cancelled": "cancelled",
        "canceled": "cancelled",
    }
)
"""What a stored validation status says by itself; every other text is "unknown"."""


def standing(validation: MacValidation, now: datetime) -> str:
    """How a validation stands: a value of `STANDINGS` or "unknown".

    One whose next validation is due is "expired". Text and `coverage_met` must not contradict each other ("unknown"
    then); a coverage that is said not to be met is believed, whatever unknown text there is.
    """
    stated = STANDINGS.get(normal(validation.status)) if validation.status is not None else None
    if stated in ("met", "not-met", None):
        flagged = {None: None, True: "met", False: "not-met"}[validation.coverage_met]
        if stated is None:
            stated = flagged if validation.status is None or flagged == "not-met" else None
        elif flagged not in (None, stated):
            stated = None
    if stated == "met" and validation.next_due is not None and validation.next_due <= now:
        return "expired"
    return stated or "unknown"


def next_validation_due(
    validation: MacValidation, requirements: Iterable[Requirement], authorized_until: datetime | None = None
) -> datetime | None:
    """When a validation has to be done again; None when only a change of the facts makes another one useful.

    A coverage that is met is looked at again after the shortest interval of its product families (policies want wounds
    assessed as often as that), and when the prior authorization ends. What waits for documents, or failed for
    technical reasons, is looked at again soon. What was not met or cancelled has no date.
    """
    done = validation.validated_at
    if done is None:
        return None
    outcome = standing(validation, done)
    if outcome in ("needs-documents", "failed", "open"):
        return done + RECHECK_DOCUMENTS
    intervals = [requirement.revalidate for requirement in requirements]
    if outcome not in ("met", "expired") or not intervals:
        return None
    due = done + min(intervals)
    return due if authorized_until is None else max(done, min(due, authorized_until))


def _requirement(name: str, family: dict[str, Any], jurisdiction: str | None) -> Requirement:
    titles = packaged(_FILE)["documents"]
    policies = family["policies"]
    return Requirement(
        family=name,
        title=family["title"],
        contractor=family["contractor"],
        documents=tuple(Document(code, titles[code]) for code in family["documents"]),
        policies=(*policies.get(jurisdiction, ()), *policies["*"]),
        revalidate=timedelta(days=family["revalidate_days"]),
    )


def _place(state: str | None, zip_code: str | None) -> MacAnswer:
    """The state that state and ZIP code tell, still without a contractor, or the problems."""
    named, zipped = state_code(state), state_of_zip(zip_code)
    problems = []
    if state and state.strip() and named is None:
        problems.append(Problem("state-unknown", "The state is not one of the United States or a territory.", "state"))
    if zip_code and zip_code.strip() and zipped is None:
        problems.append(Problem("zip-unknown", "The ZIP code is not one that is in use.", "patient_zip_code"))
    found = zipped or named
    if found is None:
        missing = Problem("place-missing", "A state or a ZIP code is needed.", "patient_zip_code")
        return MacAnswer(None, None, None, False, problems=tuple(problems) or (missing,))
    if found in packaged(_FILE)["beyond"]:
        beyond = Problem("no-jurisdiction", "No Medicare contractor is responsible for this place.", "patient_zip_code")
        return MacAnswer(found, None, None, problems=(beyond,))
    if named is not None and zipped is not None and named != zipped:
        note = f"The state says {named}, the ZIP code {zipped}; the ZIP code decides."
        return MacAnswer(found, None, None, False, notes=(note,))
    notes = tuple(problem.sentence for problem in problems)
    return MacAnswer(found, None, None, not problems, notes=notes)


def _answer(kind: str, place: MacAnswer, jurisdiction: str | None = None, is_certain: bool = True) -> MacAnswer:
    content = packaged(_FILE)
    named = jurisdiction or _jurisdictions(kind)[place.state or ""]
    note = content["notes"].get(place.state) if kind == "ab" else None
    return MacAnswer(
        place.state,
        named,
        content["contractors"][content[kind][named]["contractor"]],
        place.is_certain and is_certain,
        (*place.notes, *((note,) if note else ())),
    )


def _five_digits(zip_code: str | None) -> str | None:
    matched = _ZIP.fullmatch((zip_code or "").strip())
    return matched.group(1) if matched else None


@cache
def _jurisdictions(kind: str) -> Mapping[str, str]:
    return MappingProxyType(
        {state: name for name, declared in packaged(_FILE)[kind].items() for state in declared["states"]}
    )


@cache
def _prefixes() -> Mapping[str, str]:
    found: dict[str, str] = {}
    for state, ranges in packaged(_FILE)["zip_prefixes"].items():
        for span in ranges:
            low, _, high = span.partition("-")
            found.update({f"{number:03}": state for number in range(int(low), int(high or low) + 1)})
    return MappingProxyType(found)


@cache
def _exceptions() -> Mapping[str, str]:
    return MappingProxyType(packaged(_FILE)["zip_exceptions"])


@cache
def _state_names() -> Mapping[str, str]:
    content = packaged(_FILE)
    codes: dict[str, str] = content["states"] | content["beyond"]
    return MappingProxyType({name.upper(): code for code, name in codes.items()} | {code: code for code in codes})


def is_medicare(payer: str | None) -> bool | None:
    """Whether a payer is Medicare itself; None when nobody named one. Medicare Advantage plans decide for themselves.

    >>> is_medicare("Medicare Part B"), is_medicare("Acme Medicare Advantage"), is_medicare("Acme"), is_medicare(" ")
    (True, False, False, None)
    """
    words = _WORDS.findall((payer or "").lower())
    if not words:
        return None
    return "medicare" in words and not {"advantage", "supplement", "medigap"} & set(words)
