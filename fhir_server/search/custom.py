"""Which added search parameters a search uses, and whether the index already answers for them.

https://hl7.org/fhir/R4/searchparameter.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from fhir_server.definitions import SearchParameter, added, additions
from fhir_server.errors import InvalidRequest
from fhir_server.search.expression import And, Expression, Leaf, Link, Not, Or
from fhir_server.search.request import Search

Types = tuple[str, ...]


class IncompleteParameter(InvalidRequest):
    """Older resources are not yet indexed under a parameter: an answer would be short."""

    code = "incomplete"


def added_parameters(search: Search) -> tuple[SearchParameter, ...]:
    """The added parameters that criteria, order or includes of a search use, each once."""
    if not additions().by_type:
        return ()
    found = {
        parameter: None
        for types, code in _used(search)
        for resource_type in types
        for parameter in added(resource_type)
        if parameter.code == code
    }
    return tuple(found)


def with_complete(search: Search, strict: bool) -> Search:
    """The search, if all parameters that it uses are complete, or with a warning where it is not to be strict.

    Raises IncompleteParameter.
    """
    incomplete = sorted(f"{one.resource_type}.{one.code}" for one in added_parameters(search) if not one.complete)
    if not incomplete:
        return search
    said = f"Search parameter {', '.join(incomplete)} is new, and older resources are not indexed under it yet"
    if strict:
        raise IncompleteParameter(
            f"{said}. `fhir-server index` does that; Prefer: handling=lenient searches what is indexed."
        )
    return replace(search, warnings=(*search.warnings, f"{said}: matches may be missing."))


def _used(search: Search) -> Iterator[tuple[Types, str]]:
    yield from _used_by(search.criteria, search.types)
    for key in search.sort:
        types = search.types
        for code, targets in key.via:
            yield types, code
            types = targets
        yield types, key.parameter
    for include in search.includes:
        for code in include.parameters:
            yield (include.source_type,), code


def _used_by(expression: Expression, types: Types) -> Iterator[tuple[Types, str]]:
    match expression:
        case Leaf():
            for resource_type in types:
                for code in expression.parameters(resource_type):
                    yield (resource_type,), code.partition(":")[0]
        case And(parts) | Or(parts):
            for part in parts:
                yield from _used_by(part, types)
        case Not(part):
            yield from _used_by(part, types)
        case Link(parameters, alternatives, reverse):
            for others, inner in alternatives:
                for code in parameters:
                    yield others if reverse else types, code
                yield from _used_by(inner, others)
