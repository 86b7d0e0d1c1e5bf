"""The words for business identifiers and contact points in columns of their own.

https://hl7.org/fhir/R4/datatypes.html#Identifier
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import String, and_, cast, or_

from fhir_server.mapping import spoken
from fhir_server.mapping.minted import is_logical_id
from fhir_server.mapping.primitives import token_or_absent
from fhir_server.mapping.source import SearchColumn, TokenColumn
from fhir_server.mapping.spoken import Sql
from fhir_server.mapping.trees import ABSENT, Defaulted
from fhir_server.mapping.word import HeardRow, Row, Word
from fhir_server.mapping.words import SqlColumn, fits


def _stored_if(legal: Callable[[str], bool]) -> Callable[[str], tuple[str, ...]]:
    return lambda text: (text,) if token_or_absent(text) is not ABSENT and legal(text) else ()


class identifier(Word):  # noqa: N801
    """An Identifier of one system whose value the column holds.

    `legal` (in Python and in SQL) keeps a bad number out of a public system; `type_code` is (system, code) of its type.
    """

    def __init__(
        self,
        system: str,
        column: SqlColumn,
        *,
        type_code: tuple[str, str] | None = None,
        legal: Callable[[str], bool] = bool,
        legal_in_sql: Callable[[Sql], Sql] = spoken.is_token,
    ) -> None:
        self.system, self.column, self.type_code = system, column, type_code
        self.legal, self.legal_in_sql = legal, legal_in_sql
        self.columns = (column.name,)

    def compose(self, row: Row) -> Any:
        text = token_or_absent(row.get(self.column.name))
        return ABSENT if text is ABSENT or not self.legal(text) else self.of(text)

    def of(self, text: str) -> dict[str, Any]:
        """The Identifier with this value."""
        said: dict[str, Any] = {"system": self.system, "value": text}
        if self.type_code is None:
            return said
        system, code = self.type_code
        return Defaulted({"type": {"coding": [{"system": system, "code": code}]}, **said}, frozenset({"type"}))

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        if not isinstance(value, dict) or value.get("system") != self.system:
            return False
        text = token_or_absent(value.get("value"))
        if text is ABSENT or not self.legal(text) or not fits(self.column, text):
            return False
        row[self.column.name] = text
        return True

    def search_columns(self, parameter_type: str) -> tuple[SearchColumn, ...]:
        return (self._tokens(self.system),)

    def of_type_columns(self) -> tuple[SearchColumn, ...]:
        return (self._tokens("|".join(self.type_code)),) if self.type_code is not None else ()

    def _tokens(self, system: str) -> TokenColumn:
        said = and_(spoken.is_token(self.column), self.legal_in_sql(self.column))
        return TokenColumn(self.column, system=system, stored=_stored_if(self.legal), said=said)


class portal_identifier(Word):  # noqa: N801
    """An Identifier that a row says only as long as no document was written for it: the portal's own key of something.

    A client that puts the resource back need not repeat it, and the key does not go with it.
    """

    def __init__(self, system: str, column: SqlColumn, document_version: SqlColumn) -> None:
        self.system, self.column, self.document_version = system, column, document_version

    def is_needless(self, row: Row) -> bool:
        """Whether the row says enough without it."""
        return False

    def is_needed(self) -> Sql | None:
        """The opposite in SQL; None where it always is."""
        return None

    def compose(self, row: Row) -> Any:
        if row.get(self.document_version.name) is not None or self.is_needless(row):
            return ABSENT
        held = row.get(self.column.name)
        text = str(held) if isinstance(held, int) and not isinstance(held, bool) else token_or_absent(held)
        return ABSENT if text is ABSENT else {"system": self.system, "value": text}

    def take(self, items: list[Any], row: HeardRow) -> None:
        # A client that returns it says nothing that the row does not know.
        items[:] = [item for item in items if not (isinstance(item, dict) and item.get("system") == self.system)]

    def search_columns(self, parameter_type: str) -> tuple[SearchColumn, ...]:
        is_text = isinstance(self.column.type, String)
        column: Sql = self.column if is_text else cast(self.column, String)
        alone: Sql = self.document_version.is_(None)
        needed = self.is_needed()
        where = alone if needed is None else and_(alone, needed)
        return (TokenColumn(column, system=self.system, where=where, said=spoken.is_token(column)),)


class portal_id(portal_identifier):  # noqa: N801
    """The portal's id of a row where FHIR does not allow it as logical id, which then is another.

    A row without any identifier in the column `unless` says its id even where it is legal.
    """

    def __init__(
        self, system: str, column: SqlColumn, document_version: SqlColumn, unless: SqlColumn | None = None
    ) -> None:
        super().__init__(system, column, document_version)
        self.unless = unless

    def is_needless(self, row: Row) -> bool:
        if self.unless is not None and row.get(self.unless.name) is None:
            return False
        held = row.get(self.column.name)
        return isinstance(held, str) and is_logical_id(held)

    def is_needed(self) -> Sql | None:
        forbidden = spoken.is_no_id(self.column)
        return forbidden if self.unless is None else or_(self.unless.is_(None), forbidden)


class contact_point(Word):  # noqa: N801
    """A ContactPoint of one system whose value the column holds; what is said to be old is no contact any more."""

    def __init__(self, system: str, column: SqlColumn, *, use: str | None = None) -> None:
        self.system, self.column, self.use = system, column, use
        self.columns = (column.name,)

    def compose(self, row: Row) -> Any:
        text = token_or_absent(row.get(self.column.name))
        if text is ABSENT:
            return ABSENT
        said = {"system": self.system, "value": text}
        return Defaulted({**said, "use": self.use}, frozenset({"use"})) if self.use else said

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        if not isinstance(value, dict) or value.get("system") != self.system or value.get("use") == "old":
            return False
        text = token_or_absent(value.get("value"))
        if text is ABSENT or not fits(self.column, text):
            return False
        row[self.column.name] = text
        return True

    def search_columns(self, parameter_type: str) -> tuple[SearchColumn, ...]:
        said = spoken.is_token(self.column)
        return (TokenColumn(self.column, system=self.system, stored=_stored_if(bool), said=said),)
