"""The words for a status column that several elements of a resource say together.

https://hl7.org/fhir/R4/workflow.html. One element or two say codes, another one the portal's own text.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, case

from fhir_server.mapping import spoken
from fhir_server.mapping.concepts import coded
from fhir_server.mapping.primitives import text_or_absent, token_or_absent
from fhir_server.mapping.source import SearchColumn, StringColumn
from fhir_server.mapping.trees import ABSENT, Atomic
from fhir_server.mapping.word import HeardRow, Row, Word
from fhir_server.mapping.words import fits


@dataclass(frozen=True, slots=True)
class Codes:
    """What one element says: the code of each text, the system of the codes, and the code of all other texts."""

    codes: Mapping[str, str]
    system: str | None
    otherwise: str


class States:
    """The states of one column.

    `elements` are those that say codes. `written` are the texts that codes alone stand for; every other text is also
    said in the element `text_in` (a string, or a concept's text if `is_concept`). The elements are heard together, so
    that what contradicts itself is not heard at all.
    """

    def __init__(
        self,
        column: Column[Any],
        elements: Mapping[str, Codes],
        *,
        written: Collection[str],
        text_in: str,
        is_concept: bool = False,
    ) -> None:
        self.column, self.text_in, self.is_concept = column, text_in, is_concept
        self.elements = {
            name: coded(column, said.codes, source_url="", system=said.system, otherwise=said.otherwise)
            for name, said in elements.items()
        }
        self.canonical: dict[tuple[Any, ...], str] = {}
        for text in written:
            self.canonical.setdefault(self.codes_of(text), text)
        self.written = frozenset(self.canonical.values())

    def codes_of(self, text: Any) -> tuple[Any, ...]:
        """What the elements say of a text, in their order."""
        return tuple(word.of(text) for word in self.elements.values())

    def code(self, element: str) -> state_code:
        """The word for an element that says codes."""
        return state_code(self, element)

    def text(self) -> state_text:
        """The word for the element that says the text."""
        return state_text(self)

    def said_text(self, held: Any) -> Any:
        """The text that is said beside the codes, or ABSENT."""
        text = text_or_absent(held)
        return ABSENT if text is ABSENT or text in self.written else text

    def hear(self, source: dict[str, Any], row: HeardRow) -> bool:
        """Set the column if a text says all that the elements of `source` say."""
        wanted = tuple(source.get(name) for name in self.elements)
        said = source.get(self.text_in)
        if self.is_concept:
            said = said.get("text") if isinstance(said, dict) else None
        kept = row.current.get(self.column.name) if row.current is not None else None
        texts = [said] if token_or_absent(said) is not ABSENT else []
        if row.current is not None and self.said_text(kept) == (ABSENT if said is None else said):
            texts.insert(0, kept)
        if said is None and wanted in self.canonical:
            texts.append(self.canonical[wanted])
        for text in texts:
            if self.codes_of(text) == wanted and fits(self.column, text):
                row[self.column.name] = text
                return True
        return False


class state_code(Word):  # noqa: N801
    """An element that says a code of the state."""

    def __init__(self, states: States, element: str) -> None:
        self.states, self.word = states, states.elements[element]
        self.columns = (states.column.name,)

    def compose(self, row: Row) -> Any:
        return self.word.compose(row)

    def decompose_from(self, source: dict[str, Any], name: str, row: HeardRow) -> bool:
        return self.states.hear(source, row)

    def search_columns(self, parameter_type: str) -> tuple[SearchColumn, ...]:
        return self.word.search_columns(parameter_type)


class state_text(Word):  # noqa: N801
    """The portal's text, where the codes alone do not say it."""

    def __init__(self, states: States) -> None:
        self.states = states
        self.columns = (states.column.name,)

    def compose(self, row: Row) -> Any:
        text = self.states.said_text(row.get(self.states.column.name))
        return Atomic(text=text) if text is not ABSENT and self.states.is_concept else text

    def decompose_from(self, source: dict[str, Any], name: str, row: HeardRow) -> bool:
        return self.states.hear(source, row)

    def forget(self, row: HeardRow) -> None:
        # The column is the codes' too: what they go on saying is not forgotten with the text.
        return

    def _column(self) -> StringColumn:
        column = self.states.column
        said = case((column.not_in(sorted(self.states.written)), column))
        return StringColumn(said, said=spoken.is_text(column))

    def search_columns(self, parameter_type: str) -> tuple[SearchColumn, ...]:
        return (self._column(),) if parameter_type == "string" and not self.states.is_concept else ()

    def text_columns(self) -> tuple[SearchColumn, ...]:
        return (self._column(),) if self.states.is_concept else ()
