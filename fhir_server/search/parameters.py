"""Finds search parameters by name, also those that several types share, and names what a wrong name may have meant.

https://hl7.org/fhir/R4/searchparameter-registry.html
"""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from functools import lru_cache

from fhir_server.definitions import Additions, SearchParameter, additions, search_parameters
from fhir_server.errors import UnknownParameter
from fhir_server.search.query import printable

RESULT_PARAMETERS = ("_count", "_elements", "_include", "_revinclude", "_sort", "_summary", "_total")
UNSERVED_TYPES = frozenset({"special"})
SERVED_SPECIAL = frozenset({"_filter", "_list"})
"""Parameters of no type that are served all the same."""


def find_parameter(types: tuple[str, ...], code: str) -> SearchParameter | None:
    """The parameter that all `types` have under this code with one type; its targets are those of all."""
    return _find(types, code, additions())


@lru_cache(maxsize=4096)
def _find(types: tuple[str, ...], code: str, known: Additions) -> SearchParameter | None:
    found: list[SearchParameter] = []
    for resource_type in types:
        parameter = search_parameters(resource_type).get(code)
        if parameter is None or (found and parameter.type != found[0].type):
            return None
        found.append(parameter)
    if len(found) == 1:
        return found[0]
    targets = frozenset().union(*(parameter.targets for parameter in found))
    open_ended = any(not parameter.targets for parameter in found)
    complete = all(parameter.complete for parameter in found)
    return replace(found[0], targets=() if open_ended else tuple(sorted(targets)), complete=complete)


def served_parameters(types: tuple[str, ...]) -> tuple[str, ...]:
    """The codes that a search over `types` can use, sorted."""
    return _served(types, additions())


@lru_cache(maxsize=256)
def _served(types: tuple[str, ...], known: Additions) -> tuple[str, ...]:
    common = set.intersection(*(set(search_parameters(resource_type)) for resource_type in types))
    found = (find_parameter(types, code) for code in common)
    complete = (parameter for parameter in found if parameter and parameter.complete)
    return tuple(sorted(parameter.code for parameter in complete if is_served(parameter)))


def is_served(parameter: SearchParameter) -> bool:
    """Whether a search can use the parameter."""
    return parameter.type not in UNSERVED_TYPES or parameter.code in SERVED_SPECIAL


def described(types: tuple[str, ...]) -> str:
    """The types in a few words for a diagnostics text."""
    return ", ".join(types) if len(types) <= 5 else f"all {len(types)} types searched"


def unknown_parameter(types: tuple[str, ...], name: str) -> UnknownParameter:
    """The error for a name that the types do not have in common, with the nearest ones that they have."""
    served = served_parameters(types)
    lower = {code.lower(): code for code in (*served, *RESULT_PARAMETERS)}
    near = [lower[code] for code in get_close_matches(name.lower(), lower, n=3, cutoff=0.7)]
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    return UnknownParameter(
        f"Unknown search parameter '{printable(name)}' for {described(types)}.{hint} Supported: {', '.join(served)}."
    )
