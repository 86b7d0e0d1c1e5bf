"""Reads chained parameter names: `subject:Patient.name`, `patient.organization.name`, `_has:Observation:patient:code`.

https://hl7.org/fhir/R4/search.html#chaining and https://hl7.org/fhir/R4/search.html#has

A chain without types goes to every type that its reference may have and that knows the parameter after it; the results
of all are united. What is contained is an end like any other. A link to a resource of another server or by identifier
alone leads nowhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from fhir_server.definitions import RESOURCE_TYPES, SearchParameter, search_parameters
from fhir_server.errors import InvalidRequest
from fhir_server.search.expression import Expression, Link
from fhir_server.search.parameters import UNSERVED_TYPES, described, find_parameter, unknown_parameter
from fhir_server.search.query import Limits, printable
from fhir_server.search.types.reference import allowed_targets

HAS = "_has"
Types = tuple[str, ...]
End = Callable[[Types, str, str | None], Expression]
"""Makes the condition of the last parameter, with its modifier, on resources of these types."""


def is_chained(name: str) -> bool:
    """Whether a parameter's full name is more than the parameter and a modifier."""
    return "." in name or name.partition(":")[0] == HAS


def read_chain(name: str, types: Types, limits: Limits, end: End) -> Link:
    """The link that a chained name makes for a search over `types`.

    Raises InvalidRequest for a name that is not well formed or deeper than `limits.chain_depth`, UnknownParameter for
    parameters that the types do not have.
    """
    found = _read(name, types, limits, end, 1)
    if not isinstance(found, Link):
        raise AssertionError("only chained names are read here")
    return found


def _read(name: str, types: Types, limits: Limits, end: End, depth: int) -> Expression:
    if not is_chained(name):
        code, colon, modifier = name.partition(":")
        return end(types, code, modifier if colon else None)
    if depth > limits.chain_depth:
        raise InvalidRequest(
            f"Search parameter '{printable(name)}' and what stands before it make a chain of more than"
            f" {limits.chain_depth} references."
        )
    if name.partition(":")[0] == HAS:
        return _read_has(name, types, limits, end, depth)
    link, _, rest = name.partition(".")
    code, colon, named = link.partition(":")
    targets = linked_targets(code, named if colon else None, types)
    alternatives = [
        (group, _read(rest, group, limits, end, depth + 1)) for group in knowing(rest, targets, bool(colon))
    ]
    return Link((code,), tuple(alternatives))


def _read_has(name: str, types: Types, limits: Limits, end: End, depth: int) -> Expression:
    parts = name.split(":", 3)
    if len(parts) < 4 or not all(parts):
        raise InvalidRequest(
            f"{HAS} must be written {HAS}:Type:reference:parameter, such as {HAS}:Observation:patient:code."
        )
    _, source, code, rest = parts
    if source not in RESOURCE_TYPES:
        raise InvalidRequest(f"{HAS} names the unknown resource type '{printable(source)}'.")
    has_target(source, code, types)
    return Link((code,), (((source,), _read(rest, (source,), limits, end, depth + 1)),), reverse=True)


def has_target(source: str, code: str, types: Types) -> None:
    """Raises InvalidRequest unless the reference `code` of `source` may go to one of the types."""
    if not allowed_targets(_reference(code, (source,))) & set(types):
        raise InvalidRequest(f"{HAS}: {source}:{code} never refers to {described(types)}.")


def _reference(code: str, types: Types) -> SearchParameter:
    parameter = find_parameter(types, code)
    if parameter is None:
        raise unknown_parameter(types, code)
    if parameter.type != "reference":
        raise InvalidRequest(
            f"Search parameter '{code}' of {described(types)} ({parameter.type}) is no reference and cannot be chained."
        )
    return parameter


def linked_targets(code: str, named: str | None, types: Types) -> Types:
    """The types that a link of a chain leads to: the named one, or all that the reference may have.

    Raises InvalidRequest for what is no reference and for a type that it cannot have.
    """
    allowed = allowed_targets(_reference(code, types))
    if named is None:
        return tuple(sorted(allowed))
    if named not in allowed:
        raise InvalidRequest(
            f"Search parameter '{code}' of {described(types)} never refers to '{printable(named)}'."
            f" It refers to {described(tuple(sorted(allowed)))}."
        )
    return (named,)


def knowing(rest: str, targets: Types, named: bool) -> Iterable[Types]:
    """The targets that know the first parameter of `rest`, in groups for which it has one type.

    Raises UnknownParameter where none does; a single named type is left to say so itself.
    """
    code = rest.partition(".")[0].partition(":")[0]
    if named or len(targets) == 1:
        return (targets,)
    if code == HAS:
        return (tuple(target for target in targets if _has_reaches(rest, target)) or targets,)
    groups: dict[str, list[str]] = {}
    for target in targets:
        parameter = search_parameters(target).get(code)
        if parameter is not None:
            groups.setdefault(parameter.type, []).append(target)
    if "." in rest:
        groups = {kind: found for kind, found in groups.items() if kind == "reference"} or groups
    groups = {kind: found for kind, found in groups.items() if kind not in UNSERVED_TYPES} or groups
    if not groups:
        raise unknown_parameter(targets, code)
    return tuple(map(tuple, groups.values()))


def _has_reaches(rest: str, target: str) -> bool:
    parts = rest.split(":", 3)
    source = search_parameters(parts[1]) if len(parts) == 4 and parts[1] in RESOURCE_TYPES else {}
    parameter = source.get(parts[2]) if source else None
    return parameter is not None and parameter.type == "reference" and target in allowed_targets(parameter)
