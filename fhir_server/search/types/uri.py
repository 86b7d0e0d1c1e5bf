"""Uri parameters: compared whole and exactly; `:below` and `:above` by path segments of URLs.

https://hl7.org/fhir/R4/search.html#uri
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from sqlalchemy import ColumnElement, and_, or_
from sqlalchemy.sql import FromClause

from fhir_server.definitions import SearchParameter
from fhir_server.search.expression import Leaf, Shape
from fhir_server.search.query import unescape
from fhir_server.search.types.binding import Bind, cut
from fhir_server.search.types.reading import ParameterType, Read, Reading, bad_value
from fhir_server.search.types.string import LAST

_URL_SCHEMES = ("http://", "https://", "ftp://")


@dataclass(frozen=True, slots=True)
class Uri(Leaf):
    """`match` is exact (one of `uris`) or below (the only one, or in a path below it)."""

    match: str
    uris: tuple[str, ...]
    table: ClassVar[str] = "uri_index"

    def shape(self) -> Shape:
        return ("uri", self.parameter, self.match)

    def words(self) -> tuple[object, ...]:
        return (self.match, *self.uris)


def _uris(leaf: Uri) -> Sequence[str]:
    return [cut(uri) for uri in leaf.uris]


def _path(leaf: Uri) -> str:
    return cut(leaf.uris[0] + "/")


def _after_path(leaf: Uri) -> str:
    return _path(leaf) + LAST


def on_rows(leaf: Uri, rows: FromClause, bind: Bind) -> ColumnElement[bool]:
    """The condition on rows of uri_index."""
    same = bind.among(rows.c.uri, _uris)
    if leaf.match == "exact":
        return same
    return or_(same, and_(rows.c.uri >= bind.value(_path), rows.c.uri < bind.value(_after_path)))


def read(parameter: SearchParameter, text: str, reading: Reading) -> Uri:
    """The whole uri."""
    return Uri(parameter.code, "exact", (unescape(text),))


def read_below(parameter: SearchParameter, text: str, reading: Reading) -> Uri:
    """The uri and all below its path."""
    return Uri(parameter.code, "below", (_url(parameter, text).rstrip("/"),))


def read_above(parameter: SearchParameter, text: str, reading: Reading) -> Uri:
    """The uri and all whose path leads to it."""
    found = _url(parameter, text).rstrip("/")
    uris = [found]
    while found.count("/") > 3:
        found = found.rpartition("/")[0]
        uris.append(found)
    if found.count("/") == 3:
        uris.append(found.rpartition("/")[0])
    return Uri(parameter.code, "exact", tuple(uris))


def _url(parameter: SearchParameter, text: str) -> str:
    url = unescape(text)
    if not url.startswith(_URL_SCHEMES):
        raise bad_value(parameter, "must be a URL for :above and :below, which go by path segments")
    return url


_READ: dict[str, Read] = {"": read, "below": read_below, "above": read_above}
TYPE = ParameterType(read=_READ)
