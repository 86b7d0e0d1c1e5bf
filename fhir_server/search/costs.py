"""What a search would cost, told before it runs: from its tree, and by PostgreSQL's planner where that is not enough.

https://www.postgresql.org/docs/current/using-explain.html

A search that is bound to few resources (an id, a patient, an identifier) costs next to nothing and is never estimated.
Of all others the planner's cost is compared with the budget; a shape that was far below it is trusted for a while only,
because its values differ and its tables grow.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

from fhir_server.definitions import search_parameters
from fhir_server.mapping.log import LOG_IDS
from fhir_server.search.expression import And, Anything, Expression, Leaf, Link, Not, Numbered, Or
from fhir_server.search.request import Search
from fhir_server.search.types.compartment import Member
from fhir_server.search.types.quantity import Quantity
from fhir_server.search.types.reference import Reference
from fhir_server.search.types.string import String
from fhir_server.search.types.token import Token

MOST_JOINS = 100
"""Leaves and links of one search; each may become a join."""

TRUSTED_SECONDS = 60.0
TRUSTED_SHARE = 0.1
"""A shape whose cost was below this share of the budget is not estimated again for TRUSTED_SECONDS."""
_TRUSTED_SHAPES = 2_000

HELPFUL = ("patient", "subject", "identifier", "date", "_lastUpdated", "_id")
"""Parameters that make most searches cheap, the best first."""

_BINDING_TOKENS = frozenset({"_id", "identifier"})
_BINDING_REFERENCES = frozenset({"patient", "subject"})


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the tree tells: how many references a chain goes at most, and how many joins the search may become."""

    depth: int
    joins: int


def estimate(search: Search) -> Estimate:
    """The estimate that needs no database."""
    sort_depth = max((len(key.via) for key in search.sort), default=0)
    joins = _joins(search.criteria) + len(search.includes) + sum(1 + len(key.via) for key in search.sort)
    return Estimate(max(_depth(search.criteria), sort_depth), joins)


def _depth(expression: Expression) -> int:
    match expression:
        case And(parts) | Or(parts):
            return max(map(_depth, parts), default=0)
        case Not(part):
            return _depth(part)
        case Link():
            return 1 + max((_depth(inner) for _, inner in expression.alternatives), default=0)
    return 0


def _joins(expression: Expression) -> int:
    match expression:
        case And(parts):
            return sum(map(_joins, parts))
        case Or(parts):
            # Alternatives of one parameter share one look.
            named = {part.parameter for part in parts if isinstance(part, Leaf)}
            return len(named) + sum(_joins(part) for part in parts if not isinstance(part, Leaf))
        case Not(part):
            return _joins(part)
        case Link():
            return 1 + sum(_joins(inner) for _, inner in expression.alternatives)
        case Leaf():
            return 1
    return 0


def is_bound(search: Search) -> bool:
    """Whether one of the criteria leaves few resources, whatever the tables hold."""
    parts = search.criteria.parts if isinstance(search.criteria, And) else (search.criteria,)
    return any(map(binds_few, parts))


def _is_plain_page(search: Search) -> bool:
    """Whether it is a page of everything, in an order that every table has an index for."""
    counted = search.summary == "count" or search.total == "accurate"
    # The ids of a log's rows are in no index.
    indexed = ("_lastUpdated",) if not LOG_IDS.keys().isdisjoint(search.types) else ("_id", "_lastUpdated")
    ordered = all(key.parameter in indexed and not key.via for key in search.sort)
    return isinstance(search.criteria, Anything) and ordered and not counted


def binds_few(part: Expression) -> bool:
    """Whether a condition leaves few resources, whatever the tables hold."""
    match part:
        case Numbered(leaf=leaf):
            return binds_few(leaf)
        case And(parts):
            return any(map(binds_few, parts))
        case Or(parts):
            return bool(parts) and all(map(binds_few, parts))
        case Member():
            return True
        case Token(parameter):
            return parameter in _BINDING_TOKENS and bool(part.codes)
        case Reference(parameter):
            return parameter in _BINDING_REFERENCES
    return False


def helpful(search: Search) -> tuple[str, ...]:
    """The parameters that all searched types have, that this search does not use, and that would make it cheaper."""
    used = {name.partition(":")[0] for name, _ in search.used}
    known = [search_parameters(resource_type) for resource_type in search.types]
    return tuple(code for code in HELPFUL if code not in used and all(code in one for one in known))[:3]


def refusal(search: Search, what: str) -> str:
    """The diagnostics of a search that would cost too much."""
    better = [f"add {' or '.join(helpful(search))}"] if helpful(search) else ["ask for fewer types with _type"]
    if search.sort:
        better.append("leave out _sort")
    return f"The search would cost more than this server allows ({what}); {', or '.join(better)}."


class Budget:
    """Compares searches with the cost that one may have, 0 for any; shared by the threads of a process."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._clock = most, clock
        self._trusted: OrderedDict[str, float] = OrderedDict()
        self._lock = Lock()

    def must_ask(self, search: Search, sql: str) -> bool:
        """Whether the planner must be asked about this statement of the search."""
        if self._most == 0 or is_bound(search) or _is_plain_page(search):
            return False
        with self._lock:
            return self._clock() >= self._trusted.get(sql, float("-inf"))

    def objection(
        self, search: Search, sql: str = "", explained: Sequence[Mapping[str, Any]] | None = None
    ) -> str | None:
        """Why the search may not run, or None. `explained` is what EXPLAIN (FORMAT JSON) answered for `sql`."""
        joins = estimate(search).joins
        if joins > MOST_JOINS:
            return refusal(search, f"{joins} conditions, of {MOST_JOINS}")
        if explained is None:
            return None
        plan = explained[0]["Plan"]
        cost = _unlimited(plan) if _is_dear(search.criteria) else float(plan["Total Cost"])
        if cost > self._most:
            return refusal(search, f"an estimated {cost:,.0f}, of {self._most:,}")
        if cost <= self._most * TRUSTED_SHARE:
            with self._lock:
                self._trusted[sql] = self._clock() + TRUSTED_SECONDS
                while len(self._trusted) > _TRUSTED_SHAPES:
                    self._trusted.popitem(last=False)
        return None


def _is_dear(expression: Expression) -> bool:
    """Whether a condition is computed row by row, so that what matches seldom is looked for in all rows."""
    match expression:
        case And(parts) | Or(parts):
            return any(map(_is_dear, parts))
        case Not(part):
            return _is_dear(part)
        case Quantity():
            return expression.scope == "canonical"
        case String():
            return expression.match in ("contains", "ends")
    return False


def _unlimited(node: Mapping[str, Any]) -> float:
    """What the dearest step of a plan costs if no page is full before its end; the planner hopes for the best."""
    return max((float(node["Total Cost"]), *map(_unlimited, node.get("Plans", ()))))


def skeleton(expression: Expression) -> str:
    """The tree as an s-expression without the values that were searched for.

    >>> skeleton(And((Token("code", "any", None, ("8867-4",)),)))
    '(and (token code any true))'
    """
    return _printed(expression.shape())


def _printed(shape: object) -> str:
    if isinstance(shape, tuple):
        return f"({' '.join(map(_printed, shape))})"
    return str(shape).lower() if isinstance(shape, bool) else str(shape)


def plan_lines(node: Mapping[str, Any], depth: int = 0) -> Iterator[str]:
    """The plan as lines: each step with its table, index, expected rows and cost, and never a condition or value."""
    words = [str(node["Node Type"])]
    if "Index Name" in node:
        words.append(f"using {node['Index Name']}")
    if "Relation Name" in node:
        words.append(f"on {node['Relation Name']}")
    words.append(f"(rows {node['Plan Rows']}, cost {node['Total Cost']})")
    yield "  " * depth + " ".join(words)
    for inner in node.get("Plans", ()):
        yield from plan_lines(inner, depth + 1)


def indexes_used(node: Mapping[str, Any]) -> frozenset[str]:
    """The names of all indexes in a plan."""
    own = {str(node["Index Name"])} if "Index Name" in node else set()
    return frozenset(own.union(*(indexes_used(inner) for inner in node.get("Plans", ()))))
