"""Reference parameters: local resources by id, `Type/id` or URL, canonical URLs with versions, and `:identifier`.

https://hl7.org/fhir/R4/search.html#reference

A search without a version finds versioned references too; one with a version only those. Foreign addresses are compared
as text and never fetched. `:missing` asks for a literal reference: an identifier alone does not count.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, and_, false, literal_column
from sqlalchemy.sql import FromClause

from fhir_server.definitions import RESOURCE_TYPES, SearchParameter
from fhir_server.indexing.references import parse_reference
from fhir_server.mapping.source import ReferenceColumn
from fhir_server.search.expression import Expression, Leaf, Shape
from fhir_server.search.query import split, unescape
from fhir_server.search.types.binding import Bind, cut
from fhir_server.search.types.hierarchy import ABOVE, BELOW, hierarchical
from fhir_server.search.types.reading import ParameterType, Read, Reading, bad_value
from fhir_server.search.types.token import read as read_token

ANY_RESOURCE = frozenset({"Any", "Resource"})
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")


@dataclass(frozen=True, slots=True)
class Reference(Leaf):
    """One of the local resources `ids`; `target_type` None is any type that the parameter allows."""

    target_type: str | None
    ids: tuple[str, ...]
    table: ClassVar[str] = "reference_index"

    def shape(self) -> Shape:
        return ("reference", self.parameter, self.target_type)

    def words(self) -> tuple[object, ...]:
        return tuple(f"{self.target_type or '*'}/{target_id}" for target_id in self.ids)


@dataclass(frozen=True, slots=True)
class VersionedReference(Leaf):
    """One version of a local resource."""

    target_type: str
    target_id: str
    version: str
    table: ClassVar[str] = "reference_index"
    only_rows: ClassVar[bool] = True

    def shape(self) -> Shape:
        return ("versioned", self.parameter, self.target_type)

    def words(self) -> tuple[object, ...]:
        return (f"{self.target_type}/{self.target_id}/_history/{self.version}",)


@dataclass(frozen=True, slots=True)
class Address(Leaf):
    """A URL of another server or a canonical, this of any version where `version` is None."""

    url: str
    version: str | None
    table: ClassVar[str] = "reference_index"
    only_rows: ClassVar[bool] = True

    def shape(self) -> Shape:
        return ("address", self.parameter, self.version is None)

    def words(self) -> tuple[object, ...]:
        return (self.url if self.version is None else f"{self.url}|{self.version}",)


@dataclass(frozen=True, slots=True)
class LogicalReference(Leaf):
    """The business identifier in Reference.identifier; `scope` as in a token."""

    scope: str
    system: str | None
    value: str | None
    table: ClassVar[str] = "reference_index"
    only_rows: ClassVar[bool] = True

    def shape(self) -> Shape:
        return ("logical", self.parameter, self.scope, self.value is None)

    def words(self) -> tuple[object, ...]:
        return (f"{self.system or ''}|{self.value or ''}",)


def _ids(leaf: Reference) -> Sequence[str]:
    return leaf.ids


def _id(leaf: VersionedReference) -> str:
    return leaf.target_id


def _version(leaf: Any) -> str | None:
    version: str | None = leaf.version
    return version


def _url(leaf: Address) -> str:
    return cut(leaf.url)


def _system(leaf: LogicalReference) -> str | None:
    return leaf.system and cut(leaf.system)


def _value(leaf: LogicalReference) -> str | None:
    return leaf.value and cut(leaf.value)


def on_rows(leaf: Reference, rows: FromClause, bind: Bind) -> ColumnElement[bool]:
    """The condition on rows of reference_index that hold local targets."""
    local = bind.among(rows.c.target_id, _ids)
    return local if leaf.target_type is None else and_(local, rows.c.target_type == _type_literal(leaf.target_type))


def version_on_rows(leaf: VersionedReference, rows: FromClause, bind: Bind) -> ColumnElement[bool]:
    """The condition on rows of reference_index that hold versioned local targets."""
    return and_(
        rows.c.target_id == bind.value(_id),
        rows.c.target_type == _type_literal(leaf.target_type),
        rows.c.target_version == bind.value(_version),
    )


def address_on_rows(leaf: Address, rows: FromClause, bind: Bind) -> ColumnElement[bool]:
    """The condition on rows of reference_index that hold addresses."""
    version = () if leaf.version is None else (rows.c.target_version == bind.value(_version),)
    return and_(rows.c.url == bind.value(_url), *version)


def identifier_on_rows(leaf: LogicalReference, rows: FromClause, bind: Bind) -> ColumnElement[bool]:
    """The condition on rows of reference_index that hold identifiers."""
    conditions: list[ColumnElement[bool]] = []
    if leaf.value is not None:
        conditions.append(rows.c.identifier_value == bind.value(_value))
    if leaf.scope == "none":
        conditions.append(rows.c.identifier_system.is_(None))
    elif leaf.scope == "given":
        conditions.append(rows.c.identifier_system == bind.value(_system))
    return and_(*conditions)


def on_column(leaf: Reference, column: ReferenceColumn, bind: Bind) -> ColumnElement[bool]:
    """The condition on a column that holds ids of one type."""
    if leaf.target_type not in (None, column.target_type):
        return false()
    return bind.among(column.column, _ids)


def _type_literal(target_type: str) -> ColumnElement[str]:
    # A type is one of R4's names, part of the shape, and better seen by the planner than a parameter.
    if target_type not in RESOURCE_TYPES:
        raise ValueError("not a resource type")
    return literal_column(f"'{target_type}'")


def allowed_targets(parameter: SearchParameter) -> frozenset[str]:
    """The resource types that the parameter's references may have."""
    return (
        RESOURCE_TYPES
        if not parameter.targets or ANY_RESOURCE & set(parameter.targets)
        else frozenset(parameter.targets)
    )


def read(parameter: SearchParameter, text: str, reading: Reading) -> Expression:
    """An id, `Type/id`, a URL below this server's base, or any other address."""
    return read_typed(parameter, None, text, reading)


def read_typed(parameter: SearchParameter, target_type: str | None, text: str, reading: Reading) -> Expression:
    """As `read`, where the modifier names the type; raises InvalidRequest for a type that cannot be referred to."""
    targets = allowed_targets(parameter)
    if target_type is not None and target_type not in targets:
        raise bad_value(parameter, f"can never refer to {target_type}; it refers to {_listed(targets)}")
    parts = [unescape(part) for part in split(text, "|")]
    if len(parts) == 2 and all(parts):
        return Address(parameter.code, parts[0], parts[1])
    value = parts[0]
    if len(parts) > 1 or not value:
        raise bad_value(parameter, "must be an id, Type/id, a URL, or a canonical url|version")
    if _ID.fullmatch(value):
        only = next(iter(targets)) if len(targets) == 1 else None
        return Reference(parameter.code, target_type or only, (value,))
    found = parse_reference(value, reading.base_url)
    if found.target_type is None or found.target_id is None:
        if not _ADDRESS.match(value):
            raise bad_value(parameter, "is neither an id nor Type/id nor a URL")
        return Address(parameter.code, value, None)
    if found.target_type not in targets or target_type not in (None, found.target_type):
        expected = target_type or _listed(targets)
        raise bad_value(parameter, f"names the type {found.target_type}, but it can only refer to {expected}")
    if found.target_version is not None:
        return VersionedReference(parameter.code, found.target_type, found.target_id, found.target_version)
    return Reference(parameter.code, found.target_type, (found.target_id,))


def _listed(targets: frozenset[str]) -> str:
    return ", ".join(sorted(targets)[:12]) if len(targets) < len(RESOURCE_TYPES) else "any type"


def read_identifier(parameter: SearchParameter, text: str, reading: Reading) -> Expression:
    """An identifier in the forms of a token."""
    token = read_token(parameter, text, reading)
    return LogicalReference(parameter.code, token.scope, token.system, token.codes[0] if token.codes else None)


def is_id(text: str) -> bool:
    """Whether a text can be a logical id."""
    return _ID.fullmatch(text) is not None


def _related(direction: str) -> Read:
    def read_related(parameter: SearchParameter, text: str, reading: Reading) -> Expression:
        found = read(parameter, text, reading)
        if not isinstance(found, Reference):
            raise bad_value(parameter, f"with :{direction} must be a resource of this server, written Type/id")
        return hierarchical(parameter, direction, found.target_type, found.ids)

    return read_related


TYPE = ParameterType(
    read={"": read, "identifier": read_identifier, ABOVE: _related(ABOVE), BELOW: _related(BELOW)},
    unsupported=frozenset({"in", "not-in"}),
)
