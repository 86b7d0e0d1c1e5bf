"""Keeps the number of joins small that PostgreSQL makes of one search.

https://www.postgresql.org/docs/current/explicit-joins.html

Every EXISTS of an And may become a join, and the time to plan grows out of bounds with their number. Those after the
first few stand behind a fence: they are no joins, but looked up for each row that the others leave.
"""

from __future__ import annotations

from dataclasses import replace

from fhir_server.search.expression import And, Expression, Not, Or
from fhir_server.search.placement import EXISTS, FENCED, OnColumn, OnRows, through_of

MAX_JOINS = 8


def fenced(placed: Expression) -> Expression:
    """The placed tree with a fence around all but the first MAX_JOINS parts that may become joins."""
    if not isinstance(placed, And):
        return placed
    joins = [position for position, part in enumerate(placed.parts) if _is_join(part)]
    beyond = frozenset(joins[MAX_JOINS:])
    if not beyond:
        return placed
    return And(tuple(_fenced(part) if at in beyond else part for at, part in enumerate(placed.parts)))


def _is_join(part: Expression) -> bool:
    match part:
        case Not(Or(parts)):
            return any(map(_is_join, parts))
        case Not(inner):
            return _is_join(inner)
        case OnRows():
            return part.form == EXISTS
        case OnColumn():
            return part.form == EXISTS and through_of(part) is not None
    return False


def _fenced(part: Expression) -> Expression:
    match part:
        case Not(inner):
            return Not(_fenced(inner))
        case Or(parts):
            return Or(tuple(map(_fenced, parts)))
        case OnRows() | OnColumn():
            return replace(part, form=FENCED)
    return part
