"""The search parameter types: one module each to read values and to compare them with index rows and columns.

https://hl7.org/fhir/R4/search.html#ptypes
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, true
from sqlalchemy.sql import FromClause

from fhir_server.mapping.source import (
    BooleanColumn,
    CompositeColumn,
    DateColumn,
    LogIdColumn,
    NamesColumn,
    QuantityColumn,
    ReferenceColumn,
    SearchColumn,
    StringColumn,
    TokenColumn,
    VersionColumn,
)
from fhir_server.search.expression import Leaf, Present
from fhir_server.search.types import (
    compartment,
    composite,
    date,
    hierarchy,
    logs,
    near,
    number,
    phonetic,
    quantity,
    reference,
    string,
    text,
    token,
    uri,
)
from fhir_server.search.types.binding import Bind, counted
from fhir_server.search.types.reading import ParameterType, Reading, bad_value

__all__ = ["INDEX_TABLES", "ON_COLUMN", "ON_ROWS", "TYPES", "ParameterType", "Reading", "bad_value", "index_table"]

TYPES: Mapping[str, ParameterType] = {
    "composite": composite.TYPE,
    "date": date.TYPE,
    "near": near.TYPE,
    "number": number.TYPE,
    "phonetic": phonetic.TYPE,
    "quantity": quantity.TYPE,
    "reference": reference.TYPE,
    "string": string.TYPE,
    "text": text.TYPE,
    "token": token.TYPE,
    "uri": uri.TYPE,
}

INDEX_TABLES: Mapping[str, str] = {kind: f"{kind}_index" for kind in TYPES}
"""The attribute of Store that holds the rows of a parameter type."""


def index_table(leaf: Leaf) -> str:
    """The attribute of Store that holds the rows which answer `leaf`."""
    return INDEX_TABLES[leaf.kind] if isinstance(leaf, Present) else leaf.table


def _present_rows(leaf: Present, rows: FromClause, bind: Bind) -> ColumnElement[bool]:
    if leaf.kind == "reference":
        return or_(rows.c.target_id.is_not(None), rows.c.url.is_not(None))
    return true()


def _present_column(leaf: Present, column: Any, bind: Bind) -> ColumnElement[bool]:
    present: ColumnElement[bool] = _value_of(column).is_not(None)
    said: ColumnElement[bool] | None = getattr(column, "said", None)
    return counted(column, present if said is None else and_(present, said))


def _value_of(column: SearchColumn | date.InstantColumn) -> ColumnElement[Any]:
    match column:
        case DateColumn(low):
            return low
        case QuantityColumn(value):
            return value
        case CompositeColumn():
            raise TypeError("a composite has no one value")
        case _:
            return column.column


OnRows = Callable[[Any, FromClause, Bind], ColumnElement[bool]]
ON_ROWS: Mapping[type[Leaf], OnRows] = {
    Present: _present_rows,
    composite.Composite: composite.on_rows,
    compartment.Member: compartment.on_rows,
    date.Date: date.on_rows,
    hierarchy.Hierarchical: hierarchy.on_rows,
    near.Near: near.on_rows,
    number.Number: number.on_rows,
    phonetic.Phonetic: phonetic.on_rows,
    quantity.Quantity: quantity.on_rows,
    reference.Address: reference.address_on_rows,
    reference.LogicalReference: reference.identifier_on_rows,
    reference.Reference: reference.on_rows,
    reference.VersionedReference: reference.version_on_rows,
    string.String: string.on_rows,
    text.FullText: text.on_rows,
    token.Token: token.on_rows,
    uri.Uri: uri.on_rows,
}

AnyColumn = SearchColumn | date.InstantColumn | compartment.IdentityColumn
"""What a column says of a parameter: as declared, or what every row has."""

OnColumn = Callable[[Any, Any, Bind], ColumnElement[bool]]
ON_COLUMN: Mapping[tuple[type[Leaf], type[AnyColumn]], OnColumn] = {
    (compartment.Member, ReferenceColumn): compartment.on_column,
    (compartment.Member, compartment.IdentityColumn): compartment.on_identity,
    (composite.Composite, CompositeColumn): composite.on_column,
    (date.Date, DateColumn): date.on_column,
    (date.Date, date.InstantColumn): date.on_instant,
    (hierarchy.Hierarchical, ReferenceColumn): hierarchy.on_column,
    (phonetic.Phonetic, StringColumn): phonetic.on_column,
    (quantity.Quantity, QuantityColumn): quantity.on_column,
    (reference.Reference, ReferenceColumn): reference.on_column,
    (compartment.Member, NamesColumn): logs.member_among_names,
    (compartment.Member, VersionColumn): logs.member_is_version,
    (reference.Reference, NamesColumn): logs.among_names,
    (reference.Reference, VersionColumn): logs.is_version_of,
    (reference.VersionedReference, NamesColumn): logs.version_among_names,
    (reference.VersionedReference, VersionColumn): logs.is_version,
    (string.String, StringColumn): string.on_column,
    (token.Token, LogIdColumn): logs.on_id,
    (Present, NamesColumn): logs.names_any,
    (Present, VersionColumn): logs.is_of_type,
    (token.Token, BooleanColumn): token.on_boolean,
    **{
        (Present, column): _present_column
        for column in (
            BooleanColumn,
            DateColumn,
            date.InstantColumn,
            LogIdColumn,
            QuantityColumn,
            ReferenceColumn,
            StringColumn,
            TokenColumn,
        )
    },
}
"""What can answer what; a pair that is missing is answered by index rows alone. (Token, TokenColumn) takes all
columns of a parameter on one SQL column together and so stands apart: `token.on_column`."""
