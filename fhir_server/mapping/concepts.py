"""The words for coded texts, concepts and references.

https://hl7.org/fhir/R4/datatypes.html#CodeableConcept
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import and_, case, literal_column, not_, true

from fhir_server.mapping import spoken
from fhir_server.mapping.minted import is_logical_id, logical_id
from fhir_server.mapping.primitives import ascii_lower, code_or_absent, text_or_absent
from fhir_server.mapping.source import ReferenceColumn, SearchColumn, StringColumn, TokenColumn
from fhir_server.mapping.spoken import Sql
from fhir_server.mapping.trees import ABSENT, Atomic, Defaulted, Slots
from fhir_server.mapping.word import HeardRow, Row, Word
from fhir_server.mapping.words import SqlColumn, fits

_KNOWN_TEXTS = 4096
"""A column of codes holds few texts, many times over: so many are remembered for each."""


@dataclass(frozen=True, slots=True)
class Codes:
    """The codes of one system: how to know them, in Python and in SQL."""

    system: str
    known: Callable[[str], bool]
    in_sql: Callable[[Sql], Sql]


def one_of(system: str, codes: Collection[str]) -> Codes:
    """A closed list of codes."""
    listed = frozenset(codes)
    return Codes(system, listed.__contains__, lambda column: column.in_(sorted(listed)))


def any_code(system: str) -> Codes:
    """Every legal code."""
    return Codes(system, lambda code: True, lambda column: true())


class coded(Word):  # noqa: N801
    """A `code` or `boolean` element whose column holds the portal's own texts.

    `codes` maps texts to FHIR values; they are looked up without regard to case, blanks and hyphens, and the first
    text of
    a value is the one that FHIR writes. A text that is not listed says `otherwise` (ABSENT: nothing), never a guess;
    where the
    way back is not the same text, the text stands beside the value in the extension `source_url`. `apart` says that
    `source_status` stands elsewhere for texts without a value.
    """

    is_text_beside = True
    """Whether the text may stand in an extension of the element; False where it stands elsewhere."""

    def __init__(
        self,
        column: SqlColumn,
        codes: Mapping[str, Any],
        *,
        source_url: str,
        system: str | None = None,
        otherwise: Any = ABSENT,
        apart: bool = False,
    ) -> None:
        self.column, self.system, self.source_url = column, system, source_url
        self.otherwise, self.apart = otherwise, apart
        self.columns = (column.name,)
        self.codes = {self.normal(text): code for text, code in codes.items()}
        self._of = lru_cache(maxsize=_KNOWN_TEXTS)(lambda text: self.codes.get(self.normal(text), self.otherwise))
        self.canonical: dict[Any, str] = {}
        for text, code in codes.items():
            self.canonical.setdefault(code, text)

    @staticmethod
    def normal(text: str) -> str:
        """The form in which a status text is looked up."""
        return ascii_lower(text.strip(" ")).replace("-", "_").replace(" ", "_")

    def of(self, text: Any) -> Any:
        """The FHIR value of a portal's text."""
        return self._of(text) if isinstance(text, str) else self.otherwise

    def compose(self, row: Row) -> Any:
        return self.of(row.get(self.column.name))

    def compose_sibling(self, row: Row) -> Any:
        text = text_or_absent(row.get(self.column.name))
        said = self.compose(row)
        if text is ABSENT or (said is ABSENT and self.apart):
            return ABSENT
        if said is not ABSENT and self.canonical.get(said) == text:
            return ABSENT
        return {"extension": Slots([(self.source_url, {"url": self.source_url, "valueString": text})])}

    def decompose_from(self, source: dict[str, Any], name: str, row: HeardRow) -> bool:
        return self.decompose(source.get(name, ABSENT), row, source.get(f"_{name}"))

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        said = source_text(sibling, self.source_url)
        kept = row.current.get(self.column.name) if row.current is not None else None
        # A value has several texts: what the resource says is the portal's comes first, then what the portal has.
        for text in (said if value is not ABSENT or not self.apart else None, kept if value is not ABSENT else None):
            if text is not None and self.of(text) == value and fits(self.column, text):
                row[self.column.name] = text
                return True
        if not isinstance(value, (str, bool)) or value not in self.canonical:
            return False
        row[self.column.name] = self.canonical[value]
        return True

    def search_columns(self, parameter_type: str) -> tuple[SearchColumn, ...]:
        looked_up = spoken.ascii_lower(spoken.trimmed(self.column))
        for removed in ("-", " "):
            looked_up = spoken.replaced(looked_up, removed, "_")
        listed = {text: _token(code) for text, code in self.codes.items()}
        said = case(listed, value=looked_up, else_=_token(self.otherwise))
        return (TokenColumn(said, system=self.system, complete=True),)


def _token(code: Any) -> str | None:
    if code is ABSENT:
        return None
    return str(code).lower() if isinstance(code, bool) else str(code)


def source_text(holder: Any, url: str) -> str | None:
    """The text of the extension `url` in an element or a sibling."""
    if not isinstance(holder, dict):
        return None
    for extension in holder.get("extension", ()):
        if (
            isinstance(extension, dict)
            and extension.get("url") == url
            and isinstance(extension.get("valueString"), str)
        ):
            return str(extension["valueString"])
    return None


class source_status(Word):  # noqa: N801
    """The text of a `coded` column that has no FHIR value, as an extension of the resource."""

    def __init__(self, status: coded) -> None:
        self.status = status
        self.columns = status.columns

    def compose(self, row: Row) -> Any:
        text = text_or_absent(row.get(self.status.column.name))
        if text is ABSENT or self.status.compose(row) is not ABSENT:
            return ABSENT
        return {"url": self.status.source_url, "valueString": text}

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        text = source_text({"extension": [value]}, self.status.source_url)
        if text is None or self.status.of(text) is not ABSENT or not fits(self.status.column, text):
            return False
        row[self.status.column.name] = text
        return True


class concept(Word):  # noqa: N801
    """A CodeableConcept of which a column holds one code.

    `systems` are tried in order. A text that is a code of none is `text` only; `aliases` are texts for codes. Hearing
    takes the first coding that reads back the same; a concept without any is held by its text if `texts`.
    """

    def __init__(
        self,
        column: SqlColumn,
        *systems: Codes,
        texts: bool = True,
        aliases: Mapping[str, str] | None = None,
        display: Mapping[str, str] | None = None,
    ) -> None:
        self.column, self.systems, self.texts = column, systems, texts
        self.aliases, self.display = aliases or {}, display or {}
        self.columns = (column.name,)
        self._coding = lru_cache(maxsize=_KNOWN_TEXTS)(self._coding_of)

    def _coding_of(self, text: str) -> tuple[str, str] | None:
        """System and code that a text says."""
        code = self.aliases.get(ascii_lower(text.strip()), text)
        if code_or_absent(code) is ABSENT:
            return None
        return next(((codes.system, code) for codes in self.systems if codes.known(code)), None)

    def compose(self, row: Row) -> Any:
        held = row.get(self.column.name)
        text = text_or_absent(held)
        if text is ABSENT or held is None:
            return ABSENT
        coding = self._coding(held)
        if coding is None:
            return Atomic(text=text)
        system, code = coding
        said: dict[str, Any] = {"system": system, "code": code}
        if code in self.display:
            said = Defaulted({**said, "display": self.display[code]}, frozenset({"display"}))
        return Atomic(coding=[said]) if code == text else Atomic(coding=[said], text=text)

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        if not isinstance(value, dict):
            return False
        for coding in value.get("coding", ()):
            code = coding.get("code")
            # A text that is an alias of a code would read back as that code.
            if not isinstance(code, str) or ascii_lower(code) in self.aliases or not fits(self.column, code):
                continue
            if self._coding(code) == (coding.get("system"), code):
                row[self.column.name] = code
                return True
        text = value.get("text")
        if not self.texts or "coding" in value or text_or_absent(text) != text or not fits(self.column, text):
            return False
        if self._coding(text) is not None:
            return False
        row[self.column.name] = text
        return True

    def search_columns(self, parameter_type: str) -> tuple[SearchColumn, ...]:
        if self.aliases:
            return ()

        def codes_of(system: str) -> Callable[[str], tuple[str, ...]]:
            return lambda code: (code,) if self._coding(code) == (system, code) else ()

        found: list[SearchColumn] = []
        others: list[Sql] = []
        for codes in self.systems:
            known = codes.in_sql(self.column)
            said = and_(spoken.is_code(self.column), known, *(not_(other) for other in others))
            found.append(TokenColumn(self.column, system=codes.system, stored=codes_of(codes.system), said=said))
            others.append(known)
        return tuple(found)

    def text_columns(self) -> tuple[SearchColumn, ...]:
        if self.aliases:
            return ()
        known = and_(spoken.is_code(self.column), _any_of([codes.in_sql(self.column) for codes in self.systems]))
        found: list[SearchColumn] = [StringColumn(case((not_(known), self.column)), said=spoken.is_text(self.column))]
        if self.display:
            found.append(StringColumn(case(self.display, value=self.column)))
        return tuple(found)


def _any_of(conditions: list[Sql]) -> Sql:
    found: Sql = literal_column("false")
    for condition in conditions:
        found = found | condition
    return found


class reference(Word):  # noqa: N801
    """A Reference to a local resource of one type, the id of whose row the column holds.

    What is heard is the logical id: the writer puts the row's own in its place where these differ.
    """

    def __init__(self, target_type: str, column: SqlColumn, *, complete: bool = False) -> None:
        self.target_type, self.column, self.complete = target_type, column, complete
        self.columns = (column.name,)
        self.prefix = f"{target_type}/"

    def compose(self, row: Row) -> Any:
        target_id = row.get(self.column.name)
        return Atomic(reference=self.prefix + logical_id(target_id)) if isinstance(target_id, str) else ABSENT

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        said = value.get("reference") if isinstance(value, dict) else None
        if not isinstance(said, str) or not said.startswith(self.prefix):
            return False
        target_id = said[len(self.prefix) :]
        if not is_logical_id(target_id):
            return False
        row[self.column.name] = target_id
        return True

    def search_columns(self, parameter_type: str) -> tuple[SearchColumn, ...]:
        return (ReferenceColumn(self.column, self.target_type, complete=self.complete),)
