"""The words for single columns: plain values, coded texts, concepts, references and identifiers.

https://hl7.org/fhir/R4/datatypes.html
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from sqlalchemy import Boolean, Column, Date, DateTime, Integer, Numeric, case, func

from fhir_server.definitions import required_codes
from fhir_server.mapping import primitives
from fhir_server.mapping.intervals import day_columns, instant_columns
from fhir_server.mapping.primitives import ID, Primitive, code_or_absent, text_or_absent
from fhir_server.mapping.source import BooleanColumn, ReferenceColumn, SearchColumn, StringColumn, TokenColumn
from fhir_server.mapping.trees import ABSENT, Atomic, contains
from fhir_server.mapping.word import HeardRow, Row, Word

SqlColumn = Column[Any]
DATA_ABSENT_REASON = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"

_PRIMITIVE_OF: tuple[tuple[type[Any], Primitive], ...] = (
    (Boolean, primitives.BOOLEAN),
    (Date, primitives.DATE),
    (DateTime, primitives.INSTANT),
    (Integer, primitives.INTEGER),
    (Numeric, primitives.DECIMAL),
)


def primitive_of(column: SqlColumn) -> Primitive:
    """The FHIR primitive that a column's SQL type prints as; string for texts."""
    for sql_type, primitive in _PRIMITIVE_OF:
        if isinstance(column.type, sql_type):
            return primitive
    return primitives.STRING


class value(Word):  # noqa: N801 - the words of the language read as a vocabulary, not as classes
    """A primitive element that one column holds as it is."""

    def __init__(
        self, column: SqlColumn, primitive: Primitive | None = None, *, system: str | None = None, complete: bool | None = None
    ) -> None:
        self.column, self.primitive, self.system = column, primitive or primitive_of(column), system
        self.columns = (column.name,)
        # A nullable text may be too long for its column and is then only in the document.
        self.complete = (not column.nullable or self.primitive is primitives.BOOLEAN) if complete is None else complete

    def compose(self, row: Row) -> Any:
        return self.primitive.compose(row.get(self.column.name))

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        stored = self.primitive.decompose(value)
        if stored is ABSENT:
            return False
        row[self.column.name] = stored
        return True

    def search_columns(self, parameter_type: str) -> tuple[SearchColumn, ...]:
        if parameter_type == "token" and self.primitive is primitives.BOOLEAN:
            return (BooleanColumn(self.column, self.complete),)
        if parameter_type == "string":
            return (StringColumn(self.column, complete=self.complete),)
        if parameter_type == "date":
            # A partial or over-precise date is only in the document, so the columns never say all.
            return (day_columns(self.column),) if self.primitive is primitives.DATE else (instant_columns(self.column),)
        return (TokenColumn(self.column, system=self.system, complete=self.complete),)


class constant(Word):  # noqa: N801
    """A fixed JSON value; it makes no object exist by itself."""

    def __init__(self, json_value: Any) -> None:
        self.json_value = json_value

    def compose(self, row: Row) -> Any:
        return self.json_value

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        return bool(value == self.json_value)


class always(Word):  # noqa: N801
    """A value that every resource of this table has; unlike a constant it makes its array exist."""

    def __init__(self, json_value: Any) -> None:
        self.json_value = json_value

    def compose(self, row: Row) -> Any:
        return self.json_value

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        return contains(value, self.json_value)


class coded(Word):  # noqa: N801
    """A `code` or `boolean` element whose column holds the portal's own texts.

    `codes` maps texts to FHIR values; they are looked up without regard to case, blanks and hyphens, and the first text of
    a value is the one that FHIR writes. A text that is not listed says `otherwise` (ABSENT: nothing), never a guess; where the
    way back is not the same text, the text stands beside the value in the extension `source_url`.
    """

    def __init__(
        self,
        column: SqlColumn,
        codes: Mapping[str, Any],
        *,
        system: str | None = None,
        source_url: str | None = None,
        otherwise: Any = ABSENT,
    ) -> None:
        self.column, self.system, self.source_url, self.otherwise = column, system, source_url, otherwise
        self.columns = (column.name,)
        self.codes = {self.normal(text): code for text, code in codes.items()}
        self.canonical: dict[Any, str] = {}
        for text, code in codes.items():
            self.canonical.setdefault(code, text)

    @staticmethod
    def normal(text: str) -> str:
        """The form in which a status text is looked up."""
        return text.strip(" ").lower().replace("-", "_").replace(" ", "_")

    def compose(self, row: Row) -> Any:
        text = row.get(self.column.name)
        return self.codes.get(self.normal(text), self.otherwise) if isinstance(text, str) else self.otherwise

    def compose_sibling(self, row: Row) -> Any:
        text = row.get(self.column.name)
        if self.source_url is None or text_or_absent(text) is ABSENT or self.canonical.get(self.compose(row)) == text:
            return ABSENT
        return {"extension": [{"url": self.source_url, "valueString": text}]}

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        said = _extension_text(sibling, self.source_url)
        if said is not None and self.codes.get(self.normal(said), self.otherwise) == value:
            row[self.column.name] = said
            return True
        if value not in self.canonical:
            return False
        row[self.column.name] = self.canonical[value]
        return True

    def search_columns(self, parameter_type: str) -> tuple[SearchColumn, ...]:
        looked_up = func.replace(func.replace(func.lower(func.trim(self.column)), "-", "_"), " ", "_")
        listed = {text: _token(code) for text, code in self.codes.items()}
        said = case(listed, value=looked_up, else_=_token(self.otherwise))
        return (TokenColumn(said, system=self.system, complete=True),)


def _token(code: Any) -> str | None:
    if code is ABSENT:
        return None
    return str(code).lower() if isinstance(code, bool) else str(code)


def _extension_text(sibling: Any, url: str | None) -> str | None:
    if url is None or not isinstance(sibling, dict):
        return None
    for extension in sibling.get("extension", ()):
        if extension.get("url") == url and isinstance(extension.get("valueString"), str):
            return str(extension["valueString"])
    return None


class concept(Word):  # noqa: N801
    """A CodeableConcept of which a column holds one code.

    `systems` are tried in order: (system, whether a text is a code of it). A text that is a code of none is `text`
    only. Hearing takes the first coding that reads back the same; a concept without one is held by its text if `texts`.
    """

    def __init__(
        self,
        column: SqlColumn,
        *systems: tuple[str, Callable[[str], bool]],
        texts: bool = True,
        aliases: Mapping[str, str] | None = None,
        display: Mapping[str, str] | None = None,
    ) -> None:
        self.column, self.systems, self.texts = column, systems, texts
        self.aliases, self.display = aliases or {}, display or {}
        self.columns = (column.name,)

    def _coding(self, text: str) -> tuple[str, str] | None:
        code = self.aliases.get(text.strip().lower(), text)
        if code_or_absent(code) is ABSENT:
            return None
        return next(((system, code) for system, known in self.systems if known(code)), None)

    def compose(self, row: Row) -> Any:
        text = text_or_absent(row.get(self.column.name))
        if text is ABSENT:
            return ABSENT
        coding = self._coding(text)
        if coding is None:
            return Atomic(text=text)
        system, code = coding
        said: dict[str, Any] = {"system": system, "code": code}
        if code in self.display:
            said["display"] = self.display[code]
        return Atomic(coding=[said]) if code == text else Atomic(coding=[said], text=text)

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        if not isinstance(value, dict):
            return False
        for coding in value.get("coding", ()):
            code = coding.get("code")
            if isinstance(code, str) and code.lower() not in self.aliases and self._coding(code) == (coding.get("system"), code):
                row[self.column.name] = code
                return True
        text = value.get("text")
        if self.texts and "coding" not in value and isinstance(text, str) and self._coding(text) is None:
            row[self.column.name] = text
            return True
        return False

    def search_columns(self, parameter_type: str) -> tuple[SearchColumn, ...]:
        def codes_of(system: str) -> Callable[[str], tuple[str, ...]]:
            return lambda code: (code,) if self._coding(code) == (system, code) else ()

        return tuple(TokenColumn(self.column, system=system, stored=codes_of(system)) for system, _ in self.systems)


class reference(Word):  # noqa: N801
    """A Reference to a local resource of one type, whose logical id the column holds."""

    def __init__(self, target_type: str, column: SqlColumn, *, complete: bool = False) -> None:
        self.target_type, self.column, self.complete = target_type, column, complete
        self.columns = (column.name,)
        self.prefix = f"{target_type}/"

    def compose(self, row: Row) -> Any:
        target_id = row.get(self.column.name)
        if not isinstance(target_id, str) or not ID.fullmatch(target_id):
            return ABSENT
        return Atomic(reference=self.prefix + target_id)

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        said = value.get("reference") if isinstance(value, dict) else None
        if not isinstance(said, str) or not said.startswith(self.prefix):
            return False
        target_id = said[len(self.prefix) :]
        if not ID.fullmatch(target_id):
            return False
        row[self.column.name] = target_id
        return True

    def search_columns(self, parameter_type: str) -> tuple[SearchColumn, ...]:
        return (ReferenceColumn(self.column, self.target_type, complete=self.complete),)


class identifier(Word):  # noqa: N801
    """An Identifier of one system whose value the column holds; `legal` keeps a bad number out of a public system."""

    def __init__(
        self, system: str, column: SqlColumn, *, type_code: tuple[str, str] | None = None, legal: Callable[[str], bool] = bool
    ) -> None:
        self.system, self.column, self.type_code, self.legal = system, column, type_code, legal
        self.columns = (column.name,)

    def compose(self, row: Row) -> Any:
        text = text_or_absent(row.get(self.column.name))
        if text is ABSENT or not self.legal(text):
            return ABSENT
        said: dict[str, Any] = {"system": self.system, "value": text}
        if self.type_code is not None:
            system, code = self.type_code
            said = {"type": {"coding": [{"system": system, "code": code}]}, **said}
        return said

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        if not isinstance(value, dict) or value.get("system") != self.system:
            return False
        text = value.get("value")
        if not isinstance(text, str) or not self.legal(text):
            return False
        row[self.column.name] = text
        return True

    def search_columns(self, parameter_type: str) -> tuple[SearchColumn, ...]:
        def stored(code: str) -> tuple[str, ...]:
            return (code,) if self.legal(code) else ()

        return (TokenColumn(self.column, system=self.system, stored=stored),)


class contact_point(Word):  # noqa: N801
    """A ContactPoint of one system whose value the column holds."""

    def __init__(self, system: str, column: SqlColumn, *, use: str | None = None) -> None:
        self.system, self.column, self.use = system, column, use
        self.columns = (column.name,)

    def compose(self, row: Row) -> Any:
        text = text_or_absent(row.get(self.column.name))
        if text is ABSENT:
            return ABSENT
        return {"system": self.system, "value": text} | ({"use": self.use} if self.use else {})

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        if not isinstance(value, dict) or value.get("system") != self.system or not isinstance(value.get("value"), str):
            return False
        row[self.column.name] = value["value"]
        return True

    def search_columns(self, parameter_type: str) -> tuple[SearchColumn, ...]:
        return (TokenColumn(self.column, system=self.system),)


def one_of(codes: Collection[str]) -> Callable[[str], bool]:
    """The test for `concept` that a text is one of a closed list of codes."""
    return frozenset(codes).__contains__


class code_of(value):  # noqa: N801
    """A `code` element with a required binding; a text that is none of its codes is not said."""

    def __init__(self, column: SqlColumn, path: str) -> None:
        super().__init__(column, primitives.CODE_TEXT)
        self.codes = required_codes(path) or frozenset()

    def compose(self, row: Row) -> Any:
        said = super().compose(row)
        return said if said in self.codes else ABSENT


class positive(value):  # noqa: N801
    """A positiveInt element."""

    def compose(self, row: Row) -> Any:
        said = super().compose(row)
        return said if said is not ABSENT and said > 0 else ABSENT


class period(Word):  # noqa: N801
    """A Period of two instants; one that would end before it starts is not said."""

    def __init__(self, start: SqlColumn, end: SqlColumn) -> None:
        self.bounds = {"start": start.name, "end": end.name}
        self.columns = (start.name, end.name)

    def compose(self, row: Row) -> Any:
        said = {name: primitives.INSTANT.compose(row.get(column)) for name, column in self.bounds.items()}
        said = {name: text for name, text in said.items() if text is not ABSENT}
        return ABSENT if not said or (len(said) == 2 and said["start"] > said["end"]) else said

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        if not isinstance(value, dict):
            return False
        held = {column: primitives.INSTANT.decompose(value.get(name)) for name, column in self.bounds.items()}
        row.update({column: stored for column, stored in held.items() if stored is not ABSENT})
        return any(stored is not ABSENT for stored in held.values())
