"""`_text` and `_content`: words in the narrative, or anywhere in the texts of a resource.

https://hl7.org/fhir/R4/search.html#all

Several words must all be there; `or` stands between alternatives, `-word` must not be there, `"two words"` must stand
next to each other in one text, and `wou*` is the beginning of a word. Case, accents and punctuation do not matter.
Words are split as `indexing.texts` says, which also tells what a text is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from sqlalchemy import ColumnElement
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.sql import FromClause

from fhir_server.definitions import SearchParameter
from fhir_server.indexing.texts import NARRATIVE, words
from fhir_server.search.expression import Leaf, Shape
from fhir_server.search.query import unescape
from fhir_server.search.types.binding import Bind
from fhir_server.search.types.reading import ParameterType, Reading, bad_value

_TSQUERY = TSQUERY()
_TERM = re.compile(r'-?"[^"]*"?|\S+')
_WEIGHTS = {"_text": NARRATIVE, "_content": ""}


@dataclass(frozen=True, slots=True)
class FullText(Leaf):
    """What is asked of the words, as PostgreSQL reads a tsquery."""

    asked: str
    table: ClassVar[str] = "text_index"

    def shape(self) -> Shape:
        return ("words", self.parameter)

    def words(self) -> tuple[object, ...]:
        return (self.asked,)


def _asked(leaf: FullText) -> str:
    return leaf.asked


def on_rows(leaf: FullText, rows: FromClause, bind: Bind) -> ColumnElement[bool]:
    """The condition on rows of text_index."""
    return rows.c.words.bool_op("@@")(bind.value(_asked, _TSQUERY))


def read(parameter: SearchParameter, text: str, reading: Reading) -> FullText:
    """Words with their operators; raises InvalidRequest where an alternative asks for no word."""
    alternatives: list[list[str]] = [[]]
    asks: list[bool] = [False]
    for term in _TERM.findall(unescape(text)):
        if term.lower() == "or":
            alternatives.append([])
            asks.append(False)
            continue
        said = _said(term, _WEIGHTS[parameter.code])
        if said is not None:
            excluded = term.startswith("-")
            alternatives[-1].append(f"!{said}" if excluded else said)
            asks[-1] = asks[-1] or not excluded
    if not all(asks):
        raise bad_value(parameter, "must have at least one word to be found, also on each side of `or`")
    return FullText(parameter.code, " | ".join(f"({' & '.join(terms)})" for terms in alternatives))


def _said(term: str, weight: str) -> str | None:
    """One word, or several that follow each other, as a part of a tsquery; None where there is no word."""
    found = words(term)
    if not found:
        return None
    # A word has letters and digits only, so nothing in it ends the quotes.
    marks = [f":{weight}" if weight else ""] * len(found)
    if term.endswith("*"):
        marks[-1] = f":*{weight}"
    quoted = (f"'{word}'{mark}" for word, mark in zip(found, marks, strict=True))
    return f"({' <-> '.join(quoted)})"


TYPE = ParameterType(read={"": read})
