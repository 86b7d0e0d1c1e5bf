"""Race, ethnicity and marital status: the OMB categories of US Core and the words people write for them.

http://hl7.org/fhir/us/core/StructureDefinition/us-core-race
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column

from fhir_server.json_text import Tree
from fhir_server.mapping.primitives import text_or_absent, token_or_absent
from fhir_server.mapping.trees import ABSENT, Atomic, contains
from fhir_server.mapping.word import HeardRow, Row, Word
from fhir_server.mapping.words import fits

RACE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race"
ETHNICITY = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-ethnicity"
OMB_SYSTEM = "urn:oid:2.16.840.1.113883.6.238"
NULL_FLAVORS = "http://terminology.hl7.org/CodeSystem/v3-NullFlavor"

_CATEGORIES: Mapping[str, Mapping[str, tuple[str, str]]] = {
    RACE: {
        "american indian or alaska native": (OMB_SYSTEM, "1002-5"),
        "asian": (OMB_SYSTEM, "2028-9"),
        "black or african american": (OMB_SYSTEM, "2054-5"),
        "native hawaiian or other pacific islander": (OMB_SYSTEM, "2076-8"),
        "white": (OMB_SYSTEM, "2106-3"),
        "unknown": (NULL_FLAVORS, "UNK"),
        "asked but no answer": (NULL_FLAVORS, "ASKU"),
    },
    ETHNICITY: {
        "hispanic or latino": (OMB_SYSTEM, "2135-2"),
        "not hispanic or latino": (OMB_SYSTEM, "2186-5"),
        "non hispanic or latino": (OMB_SYSTEM, "2186-5"),
        "unknown": (NULL_FLAVORS, "UNK"),
        "asked but no answer": (NULL_FLAVORS, "ASKU"),
    },
}

MARITAL_STATUSES = frozenset({"A", "D", "I", "L", "M", "P", "S", "T", "U", "W", "C"})
MARITAL_TEXTS = {
    "annulled": "A",
    "divorced": "D",
    "interlocutory": "I",
    "legally separated": "L",
    "married": "M",
    "polygamous": "P",
    "never married": "S",
    "domestic partner": "T",
    "unmarried": "U",
    "widowed": "W",
    "common law": "C",
}


class omb(Word):  # noqa: N801
    """The US Core race or ethnicity extension of a free text: the text always, the category where it names one."""

    def __init__(self, url: str, column: Column[Any]) -> None:
        self.url, self.column = url, column
        self.columns = (column.name,)

    def compose(self, row: Row) -> Any:
        text = text_or_absent(row.get(self.column.name))
        return ABSENT if text is ABSENT else self._said(text)

    def _said(self, text: str) -> Atomic:
        parts: list[Tree] = []
        category = _CATEGORIES[self.url].get(text.strip().lower())
        if category is not None:
            system, code = category
            parts.append({"url": "ombCategory", "valueCoding": {"system": system, "code": code}})
        return Atomic(url=self.url, extension=[*parts, {"url": "text", "valueString": text}])

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        if not isinstance(value, dict) or value.get("url") != self.url:
            return False
        for part in value.get("extension", ()):
            text = token_or_absent(part.get("valueString")) if part.get("url") == "text" else ABSENT
            # A text that names a category would be read back with it, so the resource must have said it too.
            if text is not ABSENT and fits(self.column, text) and contains(value, self._said(text)):
                row[self.column.name] = text
                return True
        return False
