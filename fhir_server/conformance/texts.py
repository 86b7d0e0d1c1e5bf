"""The words for people about our own definitions, from one data file; all else is generated.

https://hl7.org/fhir/R4/metadatatypes.html
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec

from fhir_server.conformance.names import in_words, program_name, url
from fhir_server.definitions import based

FILE = Path(__file__).parent / "data" / "texts.json"
PUBLISHER = "Wound-care portal"


class MissingText(Exception):
    """A definition has no title or description: `args[0]` says which line is missing in which file."""


class Texts:
    """The data file: section → key → `title`, `description` and whatever a section has beside them.

    A server that lacks a text starts all the same, with words made of the name; `strict` ones are for tests.
    """

    def __init__(self, sections: dict[str, dict[str, dict[str, Any]]], *, strict: bool = False) -> None:
        self.sections, self._strict = sections, strict

    def of(self, section: str, key: str) -> dict[str, Any]:
        """The entry of a definition. Raises MissingText, if strict, without one that has a title and a description."""
        found = self.sections.get(section, {}).get(key, {})
        if found.get("title") and found.get("description"):
            return found
        if self._strict:
            raise MissingText(
                f"fhir_server/conformance/data/{FILE.name} has no title and description for {section} → {key}:"
                " add a line there (see CONTRIBUTING.md)"
            )
        words = in_words(key.rpartition("/")[2])
        return {"title": words, "description": f"{words}.", **found}

    @property
    def date(self) -> str:
        """When the definitions were last changed."""
        return str(self.sections["about"]["date"])


@cache
def texts(*, strict: bool = False) -> Texts:
    """The texts of this version; our canonical base stands for the default one."""
    return Texts(msgspec.json.decode(based(FILE.read_text(encoding="utf-8"))), strict=strict)


def described(resource_type: str, definition_id: str, said: dict[str, Any]) -> dict[str, Any]:
    """The first elements that all definitions have."""
    return {
        "resourceType": resource_type,
        "id": definition_id,
        "url": url(resource_type, definition_id),
        "version": version("fhir-server"),
        "name": program_name(definition_id),
        "title": said["title"],
        "status": "active",
        "experimental": False,
        "date": texts().date,
        "publisher": PUBLISHER,
        "description": said["description"],
    }
