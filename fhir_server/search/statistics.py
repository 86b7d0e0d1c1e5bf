"""Numbers about the amounts that Observations hold, computed in `numeric` so that nothing is rounded on the way.

https://hl7.org/fhir/R4/observation-operation-stats.html

Only an exact amount in a UCUM unit counts as valid; `<5` is none. Percentiles lie between the two nearest amounts, in
proportion.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, case, cast, literal_column, null, select, true, union_all
from sqlalchemy.sql import Select
from sqlalchemy.sql.functions import coalesce

from fhir_server.indexing.ucum import SYSTEM as UCUM
from fhir_server.mapping.source import QuantityColumn
from fhir_server.search.branches import Branch, sql_literal
from fhir_server.search.compilation import Compilation
from fhir_server.search.conditions import on_alias
from fhir_server.search.request import Search
from fhir_server.search.rows import PENDING, is_behind

PARAMETER = "value-quantity"


def _between(share: str) -> str:
    place = f"({share} * (n - 1))"
    below, above = f"amounts[floor({place})::int + 1]", f"amounts[ceil({place})::int + 1]"
    return f"({below} + ({place} - floor({place})) * ({above} - {below}))"


def _short(value: str) -> str:
    return f"trim_scale(round({value}, 12))"


STATISTICS: Mapping[str, str] = {
    "average": _short("average"),
    "maximum": "maximum",
    "minimum": "minimum",
    "count": "n",
    "total-count": "total",
    "median": _short(_between("0.5")),
    "std-dev": _short("deviation"),
    "sum": "sum",
    "variance": _short("variance"),
    "20-percent": _short(_between("0.2")),
    "80-percent": _short(_between("0.8")),
    "4-lower": _short(_between("0.25")),
    "4-upper": _short(_between("0.75")),
    "4-dev": _short(f"({_between('0.75')} - {_between('0.25')}) / 2"),
    "5-1": _short(_between("0.2")),
    "5-2": _short(_between("0.4")),
    "5-3": _short(_between("0.6")),
    "5-4": _short(_between("0.8")),
}
"""The codes of http://terminology.hl7.org/CodeSystem/observation-statistics that are served, as SQL."""

UNITS = "units"
_AGGREGATES: Mapping[str, str] = {
    "total": "count(*)",
    "n": "count(amount)",
    "average": "avg(amount)",
    "maximum": "max(amount)",
    "minimum": "min(amount)",
    "sum": "sum(amount)",
    "variance": "var_samp(amount)",
    "deviation": "stddev_samp(amount)",
    "amounts": "array_agg(amount ORDER BY amount) FILTER (WHERE amount IS NOT NULL)",
    UNITS: "array_to_json((array_agg(DISTINCT unit) FILTER (WHERE amount IS NOT NULL))[1:2])",
}


def statistics_statement(search: Search, compilation: Compilation) -> Select[Any]:
    """One row: mode `match`, source, the first two units as a JSON list, and all STATISTICS as texts, in their order.

    A row of mode `pending` comes first where something must be merged.
    """
    amounts = union_all(*(_amounts(branch, compilation) for branch in compilation.branches(search.types)))
    found = amounts.subquery("found")
    counted: list[ColumnElement[Any]] = [literal_column(sql).label(name) for name, sql in _AGGREGATES.items()]
    numbers = select(*counted).select_from(found).subquery("numbers")
    named: list[ColumnElement[Any]] = [literal_column(sql) for sql in STATISTICS.values()]
    texts = [cast(one, Text()).label(f"s{number}") for number, one in enumerate(named)]
    mode: ColumnElement[str] = cast(sql_literal("match"), Text()).label("mode")
    source: ColumnElement[int] = literal_column("NULL::int").label("source")
    columns: list[ColumnElement[Any]] = [mode, source, cast(literal_column(UNITS), Text()).label(UNITS), *texts]
    row = select(*columns).select_from(numbers)
    answer = union_all(row, *map(_pending, compilation.consulted.values())).subquery("answer")
    return select(*answer.c).order_by(answer.c.mode.desc())


def _pending(branch: Branch) -> Select[Any]:
    source: ColumnElement[Any] = literal_column(str(branch.source.number))
    nothing: list[ColumnElement[Any]] = [null() for _ in (UNITS, *STATISTICS)]
    return select(*(sql_literal(PENDING), source, *nothing)).where(is_behind(branch))


def _amounts(branch: Branch, compilation: Compilation) -> Select[Any]:
    """(amount, unit) of each match; the amount is NULL where there is no valid one."""
    compilation.consults(branch)
    row, rows = branch.row(), branch.store.quantity_index.alias("q")
    of_row = (rows.c.resource_key == row.c.resource_key, branch.parameters(rows, (PARAMETER,)))
    said = select(rows.c.low, rows.c.high, rows.c.system, rows.c.code).where(*of_row)
    by_rows = said.limit(literal_column("1")).lateral("a")
    found: list[ColumnElement[Any]] = [by_rows.c[name] for name in ("low", "high", "system", "code")]
    for column in branch.source.columns.get(PARAMETER, ()):
        if isinstance(column, QuantityColumn):
            held = on_alias(column, row)
            assert isinstance(held, QuantityColumn)  # noqa: S101 - what it was
            ends = [held.value if end is None else end for end in (held.low, held.high)]
            both = zip((*ends, held.system, held.code), found, strict=True)
            found = [coalesce(by_column, other) for by_column, other in both]
    low, high, system, code = found
    valid = and_(low == high, system == sql_literal(UCUM), code.is_not(None))
    amount, unit = case((valid, low)).label("amount"), case((valid, code)).label("unit")
    return select(amount, unit).select_from(row.outerjoin(by_rows, true())).where(compilation.matches(row, branch))
