"""`:missing` of parameters that are not matched by values of their own: `near` and `phonetic`.

https://hl7.org/fhir/R4/search.html#modifiers
"""

from __future__ import annotations

from collections.abc import Mapping

from fhir_server.definitions import SearchParameter
from fhir_server.errors import InvalidRequest
from fhir_server.search.expression import Expression, Not, Present

_PRESENT: Mapping[str, Present] = {"near": Present("near", "composite"), "phonetic": Present("name", "string")}


def read_missing(parameter: SearchParameter, value: str) -> Expression:
    """The condition that the value (a position, a name) is missing, or is there; raises InvalidRequest for others."""
    present = _PRESENT.get(parameter.type)
    if present is None:
        raise InvalidRequest(f"Search parameter '{parameter.code}' has no modifier ':missing'.")
    if value not in ("true", "false"):
        raise InvalidRequest(f"'{parameter.code}:missing' must be true or false.")
    return Not(present) if value == "true" else present
