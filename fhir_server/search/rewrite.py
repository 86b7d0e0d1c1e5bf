"""Makes an expression tree simpler without changing what it matches.

Each rule is one small function on one node whose parts are rewritten already; `rewrite` applies them all from the
leaves up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from fhir_server.search.expression import And, Anything, Expression, Link, Not, Nothing, Or
from fhir_server.search.types.hierarchy import Hierarchical
from fhir_server.search.types.reference import Reference
from fhir_server.search.types.token import Token
from fhir_server.search.types.uri import Uri

Rule = Callable[[Expression], Expression]


def flatten(node: Expression) -> Expression:
    """Takes an And out of an And and an Or out of an Or.

    >>> print(flatten(And((And((Nothing(), Anything())), Anything()))))
    (and (nothing) (anything) (anything))
    """
    if not isinstance(node, And | Or):
        return node
    kind = type(node)
    return kind(tuple(inner for part in node.parts for inner in (part.parts if isinstance(part, kind) else (part,))))


def drop_repeated(node: Expression) -> Expression:
    """Leaves each part of an And or Or once.

    >>> print(drop_repeated(Or((Anything(), Anything(), Nothing()))))
    (or (anything) (nothing))
    """
    if not isinstance(node, And | Or):
        return node
    return type(node)(tuple(dict.fromkeys(node.parts)))


def merge_values(node: Expression) -> Expression:
    """Makes one leaf of the alternatives that differ in nothing but their codes, ids or uris.

    >>> a, b = Token("status", "any", None, ("final",)), Token("status", "any", None, ("amended",))
    >>> print(merge_values(Or((a, Nothing(), b))))
    (or (token status final amended) (nothing))
    """
    if not isinstance(node, Or):
        return node
    merged: dict[object, Expression] = {}
    for part in node.parts:
        key = _mergeable(part)
        known = merged.get(key)
        merged[key] = part if known is None else _merged(known, part)
    return Or(tuple(merged.values()))


def _mergeable(node: Expression) -> object:
    match node:
        case Token(parameter, scope, system, codes) if codes:
            return (Token, parameter, scope, system)
        case Reference(parameter, target_type):
            return (Reference, parameter, target_type)
        case Hierarchical(parameter, direction, target_type):
            return (Hierarchical, parameter, direction, target_type)
        case Uri(parameter, "exact"):
            return (Uri, parameter)
    return node


def _merged(first: Expression, second: Expression) -> Expression:
    match first, second:
        case Token(), Token():
            return replace(first, codes=_union(first.codes, second.codes))
        case Reference(), Reference():
            return replace(first, ids=_union(first.ids, second.ids))
        case Hierarchical(), Hierarchical():
            return replace(first, ids=_union(first.ids, second.ids))
        case Uri(), Uri():
            return replace(first, uris=_union(first.uris, second.uris))
    return first


def _union(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second)))


def push_not(node: Expression) -> Expression:
    """Moves a Not inwards, so that each leaf can be looked up on its own.

    >>> print(push_not(Not(Or((Not(Anything()), Token("gender", "any", None, ("female",)))))))
    (and (anything) (not (token gender female)))
    """
    match node:
        case Not(Not(inner)):
            return inner
        case Not(Anything()):
            return Nothing()
        case Not(Nothing()):
            return Anything()
        case Not(Or(parts)):
            return And(tuple(push_not(Not(part)) for part in parts))
        case Not(And(parts)):
            return Or(tuple(push_not(Not(part)) for part in parts))
    return node


def decide(node: Expression) -> Expression:
    """Leaves out what cannot matter, and unwraps a single part.

    >>> print(decide(And((Anything(), Not(Nothing())))), decide(Or((Nothing(),))), decide(And((Nothing(), Anything()))))
    (not (nothing)) (nothing) (nothing)
    """
    if not isinstance(node, And | Or):
        return node
    neutral, dominant = (Anything(), Nothing()) if isinstance(node, And) else (Nothing(), Anything())
    if dominant in node.parts:
        return dominant
    parts = tuple(part for part in node.parts if part != neutral)
    if not parts:
        return neutral
    return parts[0] if len(parts) == 1 else type(node)(parts)


def cut_link(node: Expression) -> Expression:
    """Leaves out the ends of a link that match nothing, and the whole of it where none is left.

    >>> print(cut_link(Link(("subject",), ((("Patient",), Anything()), (("Group",), Nothing())))))
    (chain subject (Patient (anything)))
    """
    if not isinstance(node, Link):
        return node
    left = tuple(one for one in node.alternatives if not isinstance(one[1], Nothing))
    return replace(node, alternatives=left) if left else Nothing()


RULES: tuple[Rule, ...] = (push_not, flatten, merge_values, drop_repeated, decide, cut_link)


def rewrite(expression: Expression) -> Expression:
    """The tree with all RULES applied from the leaves up."""
    match expression:
        case And(parts):
            expression = And(tuple(map(rewrite, parts)))
        case Or(parts):
            expression = Or(tuple(map(rewrite, parts)))
        case Not(part):
            expression = Not(rewrite(part))
        case Link():
            expression = expression.mapped(rewrite)
    for rule in RULES:
        expression = rule(expression)
    return expression
