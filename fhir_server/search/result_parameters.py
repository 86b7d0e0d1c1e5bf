"""Reads the parameters that shape the answer: _count _sort _include _revinclude _total _summary _elements _contained.

https://hl7.org/fhir/R4/search.html#return
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from fhir_server.definitions import PUBLISHED_TYPES, RESOURCE_TYPES, search_parameters
from fhir_server.errors import InvalidRequest, UnknownParameter
from fhir_server.search.chains import knowing, linked_targets
from fhir_server.search.parameters import UNSERVED_TYPES, find_parameter, unknown_parameter
from fhir_server.search.query import Item, Limits, printable
from fhir_server.search.request import ANY_TYPE, Include, SortKey
from fhir_server.search.types.reference import ANY_RESOURCE

TOTALS = ("none", "estimate", "accurate")
CONTAINED = ("false", "true", "both")
CONTAINED_TYPES = ("container", "contained")
SUMMARIES = ("true", "text", "data", "count", "false")
ITERATE = frozenset({"iterate", "recurse"})
_NUMBER = re.compile(r"[0-9]{1,9}")
_ELEMENT = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}")

Types: TypeAlias = tuple[str, ...]


class Ignorable(InvalidRequest):
    """A fault that lenient handling turns into a warning: the parameter is left out."""

    code = "not-supported"


def read_count(item: Item, types: Types, limits: Limits) -> int:
    """The page size, at most the allowed one."""
    if not _NUMBER.fullmatch(item.value):
        raise InvalidRequest("_count must be a number that is not negative.")
    return min(int(item.value), limits.max_count)


def read_total(item: Item, types: Types, limits: Limits) -> str:
    """none, estimate or accurate."""
    return _one_of(item, TOTALS)


def read_summary(item: Item, types: Types, limits: Limits) -> str | None:
    """true, text, data, count, or None for false."""
    summary = _one_of(item, SUMMARIES)
    return None if summary == "false" else summary


def read_contained(item: Item, types: Types, limits: Limits) -> str:
    """false, true or both."""
    return _one_of(item, CONTAINED)


def read_contained_type(item: Item, types: Types, limits: Limits) -> str:
    """container or contained."""
    return _one_of(item, CONTAINED_TYPES)


def _one_of(item: Item, allowed: tuple[str, ...]) -> str:
    if item.value not in allowed:
        raise InvalidRequest(f"{item.name} must be one of {', '.join(allowed)}.")
    return item.value


def read_elements(item: Item, types: Types, limits: Limits) -> tuple[str, ...]:
    """Names of top-level elements."""
    names = tuple(name.strip() for name in item.value.split(","))
    if not all(map(_ELEMENT.fullmatch, names)):
        raise InvalidRequest("_elements must be a list of top-level element names such as _elements=identifier,name.")
    return tuple(dict.fromkeys(names))


def read_sort(item: Item, types: Types, limits: Limits) -> tuple[SortKey, ...]:
    """The sort keys; raises Ignorable for a parameter that cannot be sorted by."""
    keys = item.value.split(",")
    if len(keys) > limits.sort_keys:
        raise InvalidRequest(f"_sort takes at most {limits.sort_keys} keys.")
    return tuple(_sort_key(key.strip(), types, limits) for key in keys)


def _sort_key(key: str, types: Types, limits: Limits) -> SortKey:
    via, types, code = _followed(key.removeprefix("-"), types, limits)
    if not code:
        raise InvalidRequest("_sort must be a list of search parameters, each with a - before it to sort descending.")
    parameter = find_parameter(types, code)
    if parameter is None:
        raise Ignorable(f"_sort: {unknown_parameter(types, code).diagnostics}")
    if parameter.type in UNSERVED_TYPES or parameter.type in ("composite", *PUBLISHED_TYPES):
        raise Ignorable(f"_sort cannot use '{code}', a parameter of type {parameter.type}.")
    return SortKey(code, parameter.type, key.startswith("-"), via)


def _followed(path: str, types: Types, limits: Limits) -> tuple[tuple[tuple[str, Types], ...], Types, str]:
    """The references before the last parameter of a path, the types they lead to, and that parameter."""
    *links, code = path.split(".")
    if len(links) > limits.chain_depth:
        raise InvalidRequest(f"_sort follows at most {limits.chain_depth} references.")
    via: list[tuple[str, Types]] = []
    for number, link in enumerate(links, 1):
        reference, colon, named = link.partition(":")
        targets = _targets(reference, named if colon else None, types)
        groups = tuple(knowing(".".join((*links, code)[number:]), targets, bool(colon)))
        if len(groups) > 1:
            raise InvalidRequest(
                f"_sort: '{printable(code)}' is not the same for all types that '{printable(reference)}' goes to;"
                f" name one, such as {printable(reference)}:{groups[0][0]}."
            )
        types = groups[0]
        via.append((reference, types))
    return tuple(via), types, code


def _targets(reference: str, named: str | None, types: Types) -> Types:
    try:
        return linked_targets(reference, named, types)
    except UnknownParameter as error:
        raise Ignorable(f"_sort: {error.diagnostics}") from None


def read_include(item: Item, types: Types, limits: Limits) -> tuple[Include, ...]:
    """`Type:parameter`, `Type:parameter:TargetType`, `Type:*`, or `*` for all references of the types searched."""
    iterate = _iterates(item)
    if item.value == "*" and iterate:
        return (_ANY_REFERENCE,)
    if item.value == "*":
        return tuple(_include(item, resource_type, "*", None) for resource_type in types)
    found = _include(item, *_include_parts(item))
    return (replace(found, iterate=iterate),)


def read_revinclude(item: Item, types: Types, limits: Limits) -> tuple[Include, ...]:
    """`Type:parameter`, `Type:parameter:TargetType`, or `*` for all references to what was found."""
    if item.value == "*":
        return (replace(_ANY_REFERENCE, reverse=True, iterate=_iterates(item)),)
    source_type, parameter, target_type = _include_parts(item)
    found = replace(_include(item, source_type, parameter, target_type), reverse=True, iterate=_iterates(item))
    if found.iterate:
        return (found,)
    targets = tuple(target for target in types if target in found.target_types)
    if not targets:
        raise Ignorable(f"_revinclude: {source_type}:{printable(parameter)} never refers to {', '.join(types[:5])}.")
    return (replace(found, target_types=targets),)


_ANY_REFERENCE = Include(ANY_TYPE, (), tuple(sorted(RESOURCE_TYPES)), iterate=True)


def _iterates(item: Item) -> bool:
    if item.modifier is None or item.modifier in ITERATE:
        return item.modifier is not None
    raise InvalidRequest(f"Unknown modifier ':{printable(item.modifier)}' of {item.name}. It takes :iterate.")


def followed_includes(includes: Sequence[Include], types: Types) -> tuple[tuple[Include, ...], tuple[str, ...]]:
    """The includes that start at a type searched or go on from included ones, and warnings for those left out.

    Raises InvalidRequest for one whose source can never be on the page.
    """
    included = {kind for one in includes for kind in one.end_types}
    kept, warnings = [], []
    for include in dict.fromkeys(includes):
        if not include.parameters and not include.is_any:
            continue  # all references of a type that has none
        if include.reverse or include.iterate or include.source_type in types:
            kept.append(include)
        elif include.source_type in included:
            warnings.append(
                f"Ignored: _include={include.source_type}:… applies to matches only, and none is of this type;"
                " use _include:iterate for what is included."
            )
        else:
            raise InvalidRequest(
                f"_include must name the type searched as its source, which {include.source_type} is not."
                " Use _revinclude for other types."
            )
    return tuple(kept), tuple(warnings)


def _include_parts(item: Item) -> tuple[str, str, str | None]:
    parts = item.value.split(":")
    if len(parts) not in (2, 3) or not all(parts):
        raise InvalidRequest(f"{item.name} must be written Type:parameter or Type:parameter:TargetType.")
    if parts[0] not in RESOURCE_TYPES:
        raise Ignorable(f"{item.name} names the unknown resource type '{printable(parts[0])}'.")
    return parts[0], parts[1], parts[2] if len(parts) == 3 else None


def _include(item: Item, source_type: str, code: str, target_type: str | None) -> Include:
    references = {found.code: found for found in search_parameters(source_type).values() if found.type == "reference"}
    # "All" are those that can be followed wholly.
    codes = tuple(name for name, one in references.items() if one.complete) if code == "*" else (code,)
    if not set(codes) <= set(references):
        raise Ignorable(
            f"{item.name}: '{printable(code)}' is not a reference parameter of {source_type}."
            f" It has {', '.join(sorted(references)) or 'none'}."
        )
    targets = frozenset(target for known in codes for target in references[known].targets)
    if ANY_RESOURCE & targets or any(not references[known].targets for known in codes):
        targets = RESOURCE_TYPES
    if target_type is not None:
        if target_type not in targets:
            raise Ignorable(f"{item.name}: {source_type}:{printable(code)} never refers to {printable(target_type)}.")
        targets = frozenset({target_type})
    return Include(source_type, codes, tuple(sorted(targets)))


ReadResult: TypeAlias = Callable[[Item, Types, Limits], object]
SINGLE: Mapping[str, tuple[str, ReadResult]] = {
    "_contained": ("contained", read_contained),
    "_containedType": ("contained_type", read_contained_type),
    "_count": ("count", read_count),
    "_elements": ("elements", read_elements),
    "_sort": ("sort", read_sort),
    "_summary": ("summary", read_summary),
    "_total": ("total", read_total),
}
"""Parameters that may stand once, with the attribute of Search that they set."""

REPEATED: Mapping[str, Callable[[Item, Types, Limits], tuple[Include, ...]]] = {
    "_include": read_include,
    "_revinclude": read_revinclude,
}
