"""Token parameters: codes, identifiers and booleans as `code`, `system|code`, `|code` or `system|`.

https://hl7.org/fhir/R4/search.html#token

Codes are compared exactly, case included: whether a system ignores case cannot be known without it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import Boolean, ColumnElement, and_, false, or_, true
from sqlalchemy.sql import FromClause

from fhir_server.definitions import SearchParameter
from fhir_server.mapping.source import BooleanColumn, TokenColumn
from fhir_server.search.expression import Expression, Leaf, Or, Shape
from fhir_server.search.query import split, unescape
from fhir_server.search.terminology import Stored, related_codes, value_set_content
from fhir_server.search.types.binding import Bind, counted, cut
from fhir_server.search.types.reading import ParameterType, Read, Reading, bad_value
from fhir_server.search.types.string import reader

_BOOLEAN = Boolean()


@dataclass(frozen=True, slots=True)
class Token(Leaf):
    """One of `codes`; none means any code, then the system is given.

    `scope` says what is asked of the system: any, none (`|code`) or given (`system|code`, `system|`).
    """

    scope: str
    system: str | None
    codes: tuple[str, ...]
    table: ClassVar[str] = "token_index"

    def shape(self) -> Shape:
        return ("token", self.parameter, self.scope, bool(self.codes))

    def words(self) -> tuple[object, ...]:
        system = {"any": "", "none": "|"}.get(self.scope, f"{self.system}|")
        return tuple(system + code for code in self.codes) or (system,)


def _system(leaf: Token) -> str | None:
    return leaf.system


def _cut_codes(leaf: Token) -> Sequence[str]:
    return [cut(code) for code in leaf.codes]


def _cut_system(leaf: Token) -> str | None:
    return leaf.system and cut(leaf.system)


def on_rows(leaf: Token, rows: FromClause, bind: Bind) -> ColumnElement[bool]:
    """The condition on rows of token_index."""
    codes = (bind.among(rows.c.code, _cut_codes),) if leaf.codes else ()
    return and_(true(), *_scope(leaf, rows.c.system, bind, _cut_system), *codes)


def _scope(
    leaf: Token, system: ColumnElement[Any], bind: Bind, getter: Callable[[Token], str | None]
) -> tuple[ColumnElement[bool], ...]:
    if leaf.scope == "none":
        return (system.is_(None),)
    return (system == bind.value(getter),) if leaf.scope == "given" else ()


def on_column(leaf: Token, columns: Sequence[TokenColumn], bind: Bind) -> ColumnElement[bool]:
    """The condition on one SQL column, which `columns` describe once for each system that its codes may belong to."""
    if columns[0].system_column is not None:
        code = (
            (bind.among(columns[0].column, _stored_by(columns)),) if leaf.codes else (columns[0].column.is_not(None),)
        )
        return counted(columns[0], and_(true(), *_scope(leaf, columns[0].system_column, bind, _system), *code))
    columns = [column for column in columns if _SYSTEM_FITS[leaf.scope](column.system)]
    if not columns:
        return false()
    if leaf.codes:
        return counted(columns[0], bind.among(columns[0].column, _stored_by(columns)))
    of_systems = (and_(bind.value(_is_system_of(column), _BOOLEAN), present_on_column(column)) for column in columns)
    return or_(*of_systems)


def present_on_column(column: TokenColumn) -> ColumnElement[bool]:
    """The condition that a column says a code, of its system where it has one of several."""
    said = () if column.said is None else (column.said,)
    return counted(column, and_(column.column.is_not(None), *said))


_SYSTEM_FITS: Mapping[str, Callable[[str | None], bool]] = {
    "any": lambda system: True,
    "none": lambda system: system is None,
    "given": lambda system: system is not None,
}


def _stored_by(columns: Sequence[TokenColumn]) -> Callable[[Token], Sequence[str]]:
    def stored(leaf: Token) -> Sequence[str]:
        asked = [column for column in columns if column.system_column is not None or column.system == leaf.system]
        asked = asked if leaf.scope == "given" else list(columns)
        return list(dict.fromkeys(text for column in asked for code in leaf.codes for text in column.stored(code)))

    return stored


def _is_system_of(column: TokenColumn) -> Callable[[Token], bool]:
    def is_system(leaf: Token) -> bool:
        return column.system == leaf.system

    return is_system


def on_boolean(leaf: Token, column: BooleanColumn, bind: Bind) -> ColumnElement[bool]:
    """The condition on a boolean column; booleans have no system."""
    if leaf.scope == "given" or not leaf.codes:
        return false()
    return bind.among(column.column, _boolean_texts, _BOOLEAN)


def _boolean_texts(leaf: Token) -> Sequence[str]:
    return [code for code in leaf.codes if code in ("true", "false")]


def read(parameter: SearchParameter, text: str, reading: Reading) -> Token:
    """The four forms of a token value."""
    parts = [unescape(part) for part in split(text, "|")]
    if len(parts) > 2:
        raise bad_value(parameter, r"has more than one |; write a | inside a value as \|")
    if len(parts) == 1:
        return Token(parameter.code, "any", None, (parts[0],))
    system, code = parts
    if not system:
        if not code:
            raise bad_value(parameter, "names neither a system nor a code")
        return Token(parameter.code, "none", None, (code,))
    return Token(parameter.code, "given", system, (code,) if code else ())


def read_of_type(parameter: SearchParameter, text: str, reading: Reading) -> Token:
    """`type-system|type-code|value` of an identifier."""
    parts = [unescape(part) for part in split(text, "|")]
    if len(parts) != 3 or not all(parts):
        raise bad_value(parameter, "with :of-type must be written system|code|value, with all three parts")
    return Token(f"{parameter.code}:of-type", "given", f"{parts[0]}|{parts[1]}", (parts[2],))


def read_in(parameter: SearchParameter, text: str, reading: Reading) -> Expression:
    """The url of a value set, perhaps with `|version`, or `ValueSet/id`: its codes, system by system."""
    address, *version = [unescape(part) for part in split(text, "|")]
    if not address or len(version) > 1 or version == [""]:
        raise bad_value(parameter, "with :in or :not-in must be the url of a ValueSet, url|version, or ValueSet/id")
    version_or_none = version[0] if version else None
    content = value_set_content(_stored(parameter, reading), address, version_or_none, reading.base_url)
    return Or(
        tuple(
            Token(parameter.code, "given", system, tuple(codes or ()))
            for system, codes in content.items()
            if codes is None or codes
        )
    )


def related(direction: str) -> Read:
    """Reads `system|code` as that code and those above or below it."""

    def read_related(parameter: SearchParameter, text: str, reading: Reading) -> Expression:
        asked = read(parameter, text, reading)
        if asked.system is None or not asked.codes:
            raise bad_value(parameter, f"with :{direction} must be written system|code")
        codes = related_codes(_stored(parameter, reading), direction, asked.system, asked.codes[0])
        return Token(parameter.code, "given", asked.system, codes)

    return read_related


def _stored(parameter: SearchParameter, reading: Reading) -> Stored:
    if reading.stored is None:
        raise bad_value(parameter, "needs value sets or code systems, which cannot be used here")
    return reading.stored


TYPE = ParameterType(
    read={
        "": read,
        "not": read,
        "text": reader("starts", ":text"),
        "of-type": read_of_type,
        "in": read_in,
        "not-in": read_in,
        "above": related("above"),
        "below": related("below"),
    }
)
