"""Searches and reads as SQL text with parameters, compiled once for each shape.

https://hl7.org/fhir/R4/http.html#search

Compiling costs milliseconds, filling a known shape microseconds. The text is a constant of the shape, so a driver may
prepare it once and use it for ever.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

from sqlalchemy import union_all
from sqlalchemy.sql import Select
from sqlalchemy.sql.selectable import CompoundSelect

from fhir_server.definitions import RESOURCE_TYPES, additions
from fhir_server.search.binds import Slot, fill
from fhir_server.search.branches import SourcesOf, without_logs
from fhir_server.search.compilation import Compilation, all_leaves
from fhir_server.search.counts import count_select, matches_select
from fhir_server.search.expression import Anything, Expression, Leaf, linked_types
from fhir_server.search.labels import labels_statement
from fhir_server.search.latest import LATEST, MOST, latest_statement
from fhir_server.search.ordering import NEWEST, Order, order_of
from fhir_server.search.pages import LIMIT, PAGE_SIZE, page_statement
from fhir_server.search.parameter import sql_text
from fhir_server.search.request import Search
from fhir_server.search.rewrite import rewrite
from fhir_server.search.row_ids import LookUp, nothing_known, with_row_ids
from fhir_server.search.rows import MATCH, resource_select
from fhir_server.search.statistics import statistics_statement
from fhir_server.search.supporting import supporting_statement
from fhir_server.search.types.binding import Value
from fhir_server.search.types.token import Token
from fhir_server.search.visibility import Everything, Seen, Visibility, seen

MAX_PLANS = 1000
MAX_VARIANTS = 8
_SEES_ALL = Everything()

AnySelect = Select[Any] | CompoundSelect[Any]


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL in psycopg's notation and the values of its named parameters: texts, numbers, booleans, lists of texts."""

    sql: str
    parameters: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class _Plan:
    sql: str
    slots: tuple[Slot, ...]
    constants: frozenset[str]


class Statements:
    """Makes the statements for the sources of one registry; safe to share between threads.

    `logs_of` gives the logs of a type. `row_ids` is asked where a search names a logical id that may not be the id of
    its row.
    """

    def __init__(
        self, sources_of: SourcesOf, row_ids: LookUp = nothing_known, logs_of: SourcesOf = without_logs
    ) -> None:
        self._sources_of, self._row_ids, self._logs_of = sources_of, row_ids, logs_of
        self._plans: OrderedDict[Hashable, tuple[_Plan, ...]] = OrderedDict()
        self._lock = Lock()

    def page(
        self, search: Search, *, visibility: Visibility = _SEES_ALL, after: Sequence[str] | None = None
    ) -> Statement:
        """The statement of one page: RESOURCE_COLUMNS, then `sort0`, `sort1`, … as texts.

        Rows of mode `match` come in order, at most one more than `search.count`: that one says that there is a next
        page, which `after`, the sort columns of the last row shown, continues. Rows of mode `include` follow. A row
        of mode `pending` (the first, without a resource) says that rows of its source must be merged and the
        statement run again. Where contained resources are returned, a match is the container, and CONTAINED_ID stands
        before the sort columns: NULL for a resource of its own.
        """
        criteria = rewrite(search.criteria)
        alone = len(search.types) == 1 and not search.contains
        newest = NEWEST if alone and self._logs_of(search.types[0]) else ()
        order = order_of(search.sort or newest, criteria, alone)
        included = (*(kind for one in search.includes for kind in one.types),)
        sorted_by = (target for key in search.sort for _, targets in key.via for target in targets)
        visible = seen((*_seen_types(search), *included, *sorted_by, *linked_types(criteria)), visibility)
        key = ("page", search.types, search.sort, search.includes, *_of_contained(search), after is None)

        def build(compilation: Compilation) -> AnySelect:
            return page_statement(search, order, compilation, after is not None)

        constants: dict[str, Value] = {LIMIT: search.count + 1, PAGE_SIZE: search.count}
        constants |= {f"after{number}": bound for number, bound in enumerate(after or ())}
        return self._statement(key, criteria, visible, build, constants)

    def latest(
        self,
        search: Search,
        most: int,
        *,
        visibility: Visibility = _SEES_ALL,
        after: Sequence[str] | None = None,
    ) -> Statement:
        """As `page`, of Observations: of each subject and code only the newest `most` matches, the newest first."""
        criteria = rewrite(search.criteria)
        order = order_of(LATEST, criteria, True)
        included = (*(kind for one in search.includes for kind in one.types),)
        visible = seen((*search.types, *included, *linked_types(criteria)), visibility)

        def build(compilation: Compilation) -> AnySelect:
            return latest_statement(search, order, compilation, after is not None)

        constants: dict[str, Value] = {LIMIT: search.count + 1, PAGE_SIZE: search.count, MOST: most}
        constants |= {f"after{number}": bound for number, bound in enumerate(after or ())}
        key = ("latest", search.types, search.includes, after is None)
        return self._statement(key, criteria, visible, build, constants)

    def supporting(
        self,
        members: Search,
        types: tuple[str, ...],
        *,
        visibility: Visibility = _SEES_ALL,
        after: str | None = None,
        limit: int,
    ) -> Statement:
        """What the matches of `members` refer to, of these types: RESOURCE_COLUMNS of mode `include`, and `sort0`.

        At most `limit` rows in the order of `sort0`, each resource once; `after` continues behind that of the last row.
        """
        criteria = rewrite(members.criteria)
        visible = seen((*members.types, *types, *linked_types(criteria)), visibility)

        def build(compilation: Compilation) -> AnySelect:
            return supporting_statement(members.types, types, compilation, after is not None)

        constants: dict[str, Value] = {LIMIT: limit, "after0": after}
        return self._statement(("supporting", members.types, types, after is None), criteria, visible, build, constants)

    def labels(self, types: tuple[str, ...], *, visibility: Visibility = _SEES_ALL) -> Statement:
        """The profiles, tags and security labels of all resources of these types: (mode, source, system, code).

        The mode is profile, tag or security; see `page` for pending.
        """

        def build(compilation: Compilation) -> AnySelect:
            return labels_statement(types, compilation)

        return self._statement(("labels", types), Anything(), seen(types, visibility), build, {})

    def statistics(self, search: Search, *, visibility: Visibility = _SEES_ALL) -> Statement:
        """Numbers about the amounts of all matches; see `statistics_statement` for its one row, `page` for pending."""

        def build(compilation: Compilation) -> AnySelect:
            return statistics_statement(search, compilation)

        criteria = rewrite(search.criteria)
        visible = seen((*search.types, *linked_types(criteria)), visibility)
        return self._statement(("statistics", search.types), criteria, visible, build, {})

    def count(self, search: Search, *, visibility: Visibility = _SEES_ALL) -> Statement:
        """The statement that counts all matches: one row (total, pending); see `page` for pending."""

        def build(compilation: Compilation) -> AnySelect:
            return count_select(search, compilation)

        criteria = rewrite(search.criteria)
        visible = seen((*_seen_types(search), *linked_types(criteria)), visibility)
        return self._statement(("count", search.types, *_of_contained(search)), criteria, visible, build, {})

    def estimate(self, search: Search, *, visibility: Visibility = _SEES_ALL) -> Statement:
        """An EXPLAIN whose answer `estimated_total` turns into a number of matches; it looks at no row."""

        def build(compilation: Compilation) -> AnySelect:
            return matches_select(search, compilation)

        criteria = rewrite(search.criteria)
        visible = seen((*_seen_types(search), *linked_types(criteria)), visibility)
        found = self._statement(("estimate", search.types, *_of_contained(search)), criteria, visible, build, {})
        return Statement(f"EXPLAIN (FORMAT JSON) {found.sql}", found.parameters)

    def read(self, resource_type: str, fhir_id: str, *, visibility: Visibility = _SEES_ALL) -> Statement:
        """A read is a search for one id, that of the row: RESOURCE_COLUMNS, also of what is deleted (`deleted_at`)."""

        def build(compilation: Compilation) -> AnySelect:
            selects = []
            for branch in compilation.searched((resource_type,)):
                row = branch.row()
                selects.append(resource_select(MATCH, branch, row).where(compilation.names(row, branch)))
            return selects[0] if len(selects) == 1 else union_all(*selects)

        criteria = Token("_id", "any", None, (fhir_id,))
        return self._statement(("read", resource_type), criteria, seen((resource_type,), visibility), build, {})

    def _statement(
        self,
        key: Hashable,
        criteria: Expression,
        visible: Seen,
        build: Callable[[Compilation], AnySelect],
        constants: Mapping[str, Value],
    ) -> Statement:
        # Of types with added parameters more may have to be merged first.
        shape = (key, criteria.shape(), visible.shape(), additions().complete_types)
        found_leaves = with_row_ids(all_leaves(criteria, visible), self._row_ids)
        for plan in self._known(shape):
            filled = fill(plan.slots, found_leaves)
            if filled is not None:
                return _filled(plan, filled, constants)
        compilation = Compilation(criteria, visible, self._sources_of, self._logs_of)
        sql = sql_text(build(compilation))
        plan = _Plan(sql, tuple(compilation.binds.slots), frozenset(compilation.binds.constants))
        self._keep(shape, plan)
        return _filled(plan, _must_fill(plan, found_leaves), constants)

    def _known(self, shape: Hashable) -> tuple[_Plan, ...]:
        with self._lock:
            plans = self._plans.get(shape, ())
            if plans:
                self._plans.move_to_end(shape)
            return plans

    def _keep(self, shape: Hashable, plan: _Plan) -> None:
        with self._lock:
            # Variants differ in which values are lists; the newest few are enough.
            self._plans[shape] = (plan, *self._plans.get(shape, ()))[:MAX_VARIANTS]
            self._plans.move_to_end(shape)
            while len(self._plans) > MAX_PLANS:
                self._plans.popitem(last=False)


def _seen_types(search: Search) -> Iterable[str]:
    """The types of what may be returned: whatever contains something is of any type."""
    return RESOURCE_TYPES if search.contains else search.types


def _of_contained(search: Search) -> tuple[str, str]:
    return search.contained, search.contained_type


def _must_fill(plan: _Plan, found_leaves: Sequence[Leaf]) -> Mapping[str, Value]:
    filled = fill(plan.slots, found_leaves)
    if filled is None:
        raise AssertionError("a plan must fit the leaves that it was compiled for")
    return filled


def _filled(plan: _Plan, values: Mapping[str, Value], constants: Mapping[str, Value]) -> Statement:
    return Statement(plan.sql, {**values, **{name: constants[name] for name in plan.constants}})


__all__ = ["MAX_PLANS", "Order", "Statement", "Statements"]
