"""What is asked of the columns that only logs have: ids made of keys, and names of versions.

https://hl7.org/fhir/R4/auditevent.html

An index knows whole names only, so that a search for a resource asks for the names of all versions that it has.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Text, and_, any_, cast, false, func, literal_column, or_, select, true
from sqlalchemy.dialects.postgresql import ARRAY, array

from fhir_server.definitions import RESOURCE_TYPES
from fhir_server.mapping.source import LogIdColumn, NamesColumn, VersionColumn
from fhir_server.search.expression import Present
from fhir_server.search.types.binding import Bind
from fhir_server.search.types.compartment import Member
from fhir_server.search.types.reference import Reference, VersionedReference
from fhir_server.search.types.token import Token

TEXTS = ARRAY(Text())
_NOTHING: ColumnElement[Any] = literal_column("'{}'::text[]", TEXTS)


def _codes(leaf: Token) -> list[str]:
    return list(leaf.codes)


def _ids(leaf: Any) -> list[str]:
    return list(leaf.ids)


def _target_id(leaf: VersionedReference) -> str:
    return leaf.target_id


def _version(leaf: VersionedReference) -> str:
    return leaf.version


def _type(resource_type: str) -> ColumnElement[str]:
    if resource_type not in RESOURCE_TYPES:
        raise ValueError("not a resource type")
    return literal_column(f"'{resource_type}'::text")


def on_id(leaf: Token, column: LogIdColumn, bind: Bind) -> ColumnElement[bool]:
    """The condition that a row has one of the ids; ids have no system."""
    if leaf.scope == "given" or not leaf.codes:
        return false()
    ids = bind.value(_codes, TEXTS)
    return and_(is_key_of(column, ids), column.column == any_(ids))


def is_key_of(column: LogIdColumn, ids: ColumnElement[Any]) -> ColumnElement[bool]:
    """The condition that a row has the key of one of the ids, which an index answers; the id is another question."""
    kind: tuple[ColumnElement[str], ...] = () if column.kind is None else (literal_column(f"'{column.kind}'"),)
    keys: ColumnElement[Any] = getattr(func, column.keys)(*kind, ids)
    return column.key == any_(keys)


def among_names(leaf: Reference, column: NamesColumn, bind: Bind) -> ColumnElement[bool]:
    """The condition that any version of one of the resources is named."""
    return _names_any_of(leaf.target_type, leaf, column, bind)


def member_among_names(leaf: Member, column: NamesColumn, bind: Bind) -> ColumnElement[bool]:
    """The condition that the owner of the compartment is named."""
    return _names_any_of(leaf.parameter, leaf, column, bind)


def are_few(leaf: object, column: object, bind: Bind, most: int) -> ColumnElement[bool] | None:
    """The condition, asked once, that the names which a leaf asks for stand in few rows; None of another leaf."""
    if not isinstance(column, NamesColumn) or not isinstance(leaf, Reference | Member):
        return None
    target_type = leaf.target_type if isinstance(leaf, Reference) else leaf.parameter
    names = _names_of(target_type or column.target_type, bind.value(_ids, TEXTS))
    count: ColumnElement[int] = func.fhir_count_named(names, literal_column(str(most + 1)))
    return select(count).scalar_subquery() <= literal_column(str(most))


def _names_of(resource_type: str | None, ids: ColumnElement[Any]) -> ColumnElement[Any]:
    of_type = literal_column("NULL::text") if resource_type is None else _type(resource_type)
    # As a query of its own it is asked once; as a condition it would be for every row.
    return select(func.fhir_version_names(of_type, ids, type_=TEXTS)).scalar_subquery()


def _names_any_of(
    resource_type: str | None, leaf: Reference | Member, column: NamesColumn, bind: Bind
) -> ColumnElement[bool]:
    resource_type = resource_type or column.target_type
    if column.target_type not in (None, resource_type):
        return false()
    ids = bind.value(_ids, TEXTS)
    named = column.column.bool_op("&&")(_names_of(resource_type, ids))
    if column.lone_type is None or column.lone_id is None:
        return named
    lone = [_is_empty(column), column.lone_id == any_(func.fhir_logical_ids(ids))]
    if resource_type is not None:
        lone.append(column.lone_type == _type(resource_type))
    return or_(named, and_(*lone))


def _is_empty(column: NamesColumn) -> ColumnElement[bool]:
    return func.coalesce(column.column, _NOTHING, type_=TEXTS) == _NOTHING


def version_among_names(leaf: VersionedReference, column: NamesColumn, bind: Bind) -> ColumnElement[bool]:
    """The condition that this version is named."""
    if column.target_type not in (None, leaf.target_type):
        return false()
    name = func.fhir_version_name(_type(leaf.target_type), bind.value(_target_id), bind.value(_version))
    return column.column.bool_op("@>")(array([name]))


def names_any(leaf: Present, column: NamesColumn, bind: Bind) -> ColumnElement[bool]:
    """The condition that anything is named; of one type, that a name begins with it."""
    if column.target_type is not None:
        texts = func.array_to_string(column.column, literal_column("' '"))
        named: ColumnElement[bool] = texts.bool_op("~")(literal_column(f"'(^| ){column.target_type}/'"))
    else:
        named = ~_is_empty(column)
    if column.lone_type is None or column.lone_id is None:
        return named
    lone = [_is_empty(column), column.lone_id.is_not(None)]
    if column.target_type is not None:
        lone.append(column.lone_type == _type(column.target_type))
    return or_(named, and_(*lone))


def is_version_of(leaf: Reference, column: VersionColumn, bind: Bind) -> ColumnElement[bool]:
    """The condition that the version is one of the resources'."""
    target_type = leaf.target_type or column.target_type
    if column.target_type not in (None, target_type):
        return false()
    same = bind.among(column.column, _ids)
    return same if target_type is None else and_(same, column.resource_type == _type(target_type))


def member_is_version(leaf: Member, column: VersionColumn, bind: Bind) -> ColumnElement[bool]:
    """The condition that the version is one of the owner of the compartment."""
    return and_(bind.among(column.column, _ids), column.resource_type == _type(leaf.parameter))


def is_version(leaf: VersionedReference, column: VersionColumn, bind: Bind) -> ColumnElement[bool]:
    """The condition that it is this version."""
    if column.target_type not in (None, leaf.target_type):
        return false()
    return and_(
        column.column == bind.value(_target_id),
        column.resource_type == _type(leaf.target_type),
        cast(column.version, Text()) == bind.value(_version),
    )


def is_of_type(leaf: Present, column: VersionColumn, bind: Bind) -> ColumnElement[bool]:
    """The condition that there is a version, of the type that counts."""
    return true() if column.target_type is None else column.resource_type == _type(column.target_type)
