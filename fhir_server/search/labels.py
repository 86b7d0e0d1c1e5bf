"""All profiles, tags and security labels in use among resources of some types.

https://hl7.org/fhir/R4/resource-operation-meta.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Integer, Text, cast, literal_column, null, select, union, union_all
from sqlalchemy.sql import Select

from fhir_server.search.branches import Branch, sql_literal
from fhir_server.search.compilation import Compilation
from fhir_server.search.rows import PENDING, is_behind

LABELS: Mapping[str, tuple[str, str]] = {
    "profile": ("_profile", "uri_index"),
    "security": ("_security", "token_index"),
    "tag": ("_tag", "token_index"),
}
"""The element of Meta, its search parameter and where its index rows are."""


def labels_statement(types: Sequence[str], compilation: Compilation) -> Select[Any]:
    """(mode, source, system, code), each label once and in order; a row of mode `pending` comes before them."""
    found = compilation.branches(types)
    labels = union(*(part for branch in found for part in _labels(branch, compilation))).subquery("labels")
    pending = (_pending(branch) for branch in compilation.consulted.values())
    answer = union_all(select(*labels.c), *pending).subquery("answer")
    return select(*answer.c).order_by(answer.c.mode != sql_literal(PENDING), *answer.c)


def _labels(branch: Branch, compilation: Compilation) -> Iterator[Select[Any]]:
    compilation.consults(branch)
    for mode, (parameter, table) in LABELS.items():
        row, rows = branch.row(), getattr(branch.store, table).alias("i")
        system, code = (null(), rows.c.uri) if table == "uri_index" else (rows.c.system, rows.c.code)
        named = select(*_columns(sql_literal(mode), null(), system, code))
        named = named.select_from(rows.join(row, row.c.resource_key == rows.c.resource_key))
        yield named.where(branch.parameters(rows, (parameter,)), compilation.is_visible(row, branch))


def _pending(branch: Branch) -> Select[Any]:
    number: ColumnElement[int] = literal_column(str(branch.source.number))
    return select(*_columns(sql_literal(PENDING), number, null(), null())).where(is_behind(branch))


def _columns(
    mode: ColumnElement[Any], source: ColumnElement[Any], system: ColumnElement[Any], code: ColumnElement[Any]
) -> tuple[ColumnElement[Any], ...]:
    texts = (cast(one, Text()).collate("C") for one in (system, code))
    return (
        cast(mode, Text()).label("mode"),
        cast(source, Integer()).label("source"),
        *(text.label(name) for text, name in zip(texts, ("system", "code"), strict=True)),
    )
