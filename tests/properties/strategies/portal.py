"""What the portal may do to the row of a resource, with what the triggers make of it."""

from __future__ import annotations

from functools import partial
from typing import Any

from hypothesis import strategies as st

from fhir_server.mapping.resource import Resource
from tests.properties.strategies.rows import child_rows, held, user_snapshots

Row = dict[str, Any]

TAKEN_ALONG = {"birth_date": "birth_date_text", "effective_date_time": "effective_end"}
"""Columns that a trigger empties when the portal changes the other one."""


def writable(resource: Resource) -> list[str]:
    """The columns of a declaration that the portal writes."""
    return [name for name in resource.columns if name not in TAKEN_ALONG.values()]


@st.composite
def changed_rows(draw: st.DrawFn, resource: Resource, row: Row, columns: list[str] | None = None) -> Row:
    """`row` with new values in one to three columns."""
    made = dict(row)
    names = columns if columns is not None else writable(resource)
    for name in draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True)):
        new = draw(_values(resource, row, name))
        if new != made.get(name) and name in TAKEN_ALONG:
            made[TAKEN_ALONG[name]] = None
        made[name] = new
    return made


def _values(resource: Resource, row: Row, name: str) -> st.SearchStrategy[Any]:
    for child in resource.children:
        if child.projection == name:
            new = child_rows(child.table, child.key)
            before = row.get(name) or []
            # Often one row is added, taken away or corrected.
            return new | st.just(before[1:] or None) | new.map(partial(_beside, before))
    if name == "user_snapshot":
        return user_snapshots()
    return held(resource.table.c[name])


def _beside(before: list[Row], added: list[Row] | None) -> list[Row] | None:
    return [*before, *(added or [])] or None
