"""`phonetic`: names that sound alike, by American Soundex. Every word of the value must sound like one of the name.

https://hl7.org/fhir/R4/patient.html#search

It looks where the parameter `name` looks, so aliases of organizations count too. The SQL function fhir_phonetic says
how a word sounds, of stored names (in indexes over it) and of the searched one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sqlalchemy import ColumnElement, func
from sqlalchemy.sql import FromClause

from fhir_server.definitions import SearchParameter
from fhir_server.indexing.texts import words
from fhir_server.mapping.source import StringColumn
from fhir_server.search.expression import And, Expression, Leaf, Shape
from fhir_server.search.query import unescape
from fhir_server.search.types.binding import Bind, counted
from fhir_server.search.types.reading import ParameterType, Reading, bad_value

NAME = "name"


@dataclass(frozen=True, slots=True)
class Phonetic(Leaf):
    """A text of the parameter has a word that sounds like `word`."""

    word: str
    table: ClassVar[str] = "string_index"

    def shape(self) -> Shape:
        return ("phonetic", self.parameter)

    def words(self) -> tuple[object, ...]:
        return (repr(self.word),)


def _word(leaf: Phonetic) -> str:
    return leaf.word


def on_rows(leaf: Phonetic, rows: FromClause, bind: Bind) -> ColumnElement[bool]:
    """The condition on rows of string_index."""
    return _sounds_alike(leaf, rows.c.value, bind)


def on_column(leaf: Phonetic, column: StringColumn, bind: Bind) -> ColumnElement[bool]:
    """The condition on a text column."""
    return counted(column, _sounds_alike(leaf, column.column, bind))


def _sounds_alike(leaf: Phonetic, value: ColumnElement[str], bind: Bind) -> ColumnElement[bool]:
    return func.fhir_phonetic(value).bool_op("@>")(func.fhir_phonetic(bind.value(_word)))


def read(parameter: SearchParameter, text: str, reading: Reading) -> Expression:
    """One condition for each word; raises InvalidRequest where there is none."""
    found = tuple(Phonetic(NAME, word) for word in dict.fromkeys(words(unescape(text))))
    if not found:
        raise bad_value(parameter, "must have at least one word")
    return found[0] if len(found) == 1 else And(found)


TYPE = ParameterType(read={"": read})
