"""Refuses a search that would cost too much before it runs, and tells an administrator how one runs (`_explain`).

https://hl7.org/fhir/R4/search.html#errors

Neither what is refused nor what is explained repeats a value that was searched for: the tree and the SQL have none, and
of the plan only steps, tables, indexes and numbers are told.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from fhir_server.errors import Forbidden, InvalidRequest, Issue, OverBudget, operation_outcome
from fhir_server.interactions.answers import entry_bytes
from fhir_server.interactions.context import Context
from fhir_server.json_text import encode_json, read_json
from fhir_server.search import Search, Statement
from fhir_server.search.costs import Budget, indexes_used, plan_lines, skeleton
from fhir_server.search.query import Query

EXPLAIN = "_explain"


@lru_cache(maxsize=8)
def _budget(most: int) -> Budget:
    return Budget(most)


def within_budget(context: Context, search: Search, statement: Statement) -> None:
    """Raises OverBudget for a search that may not run; asks the planner only about searches that might cost much."""
    budget = _budget(context.settings.search_cost_budget)
    explained = _explained(context, statement) if budget.must_ask(search, statement.sql) else None
    objection = budget.objection(search, statement.sql, explained)
    if objection is not None:
        raise OverBudget(objection)


def wants_explanation(context: Context, query: Query) -> bool:
    """Whether `_explain=true` is in the query. Raises Forbidden where the server does not explain, InvalidRequest."""
    values = [item.value for item in query.items if item.name == EXPLAIN]
    if not values:
        return False
    if not context.settings.explain:
        raise Forbidden("This server does not explain its searches.")
    if values not in (["true"], ["false"]):
        raise InvalidRequest(f"{EXPLAIN} must stand once, as true or false.")
    return values == ["true"]


def explanation(context: Context, search: Search, statement: Statement) -> bytes:
    """A Bundle entry of mode outcome that tells how the statement runs."""
    plan = _explained(context, statement)[0]["Plan"]
    said = (
        f"tree: {skeleton(search.criteria)}",
        f"SQL: {statement.sql}",
        "plan:\n" + "\n".join(plan_lines(plan)),
        f"indexes: {', '.join(sorted(indexes_used(plan))) or 'none'}",
    )
    issues = [Issue("information", "informational", text) for text in said]
    return entry_bytes(None, encode_json(operation_outcome(issues)), search={"mode": "outcome"})


def _explained(context: Context, statement: Statement) -> Any:
    return read_json(context.database.rows(f"EXPLAIN (FORMAT JSON) {statement.sql}", statement.parameters)[0][0])
