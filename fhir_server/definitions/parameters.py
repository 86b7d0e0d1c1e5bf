"""The search parameters that R4 defines for each resource type, and those that US Core defines and asks servers for.

https://hl7.org/fhir/R4/searchparameter-registry.html and https://hl7.org/fhir/us/core/search-parameters.html
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any

from fhir_server.definitions.added import added
from fhir_server.definitions.canonical import based
from fhir_server.definitions.elements import element, type_definition
from fhir_server.definitions.packaged import packaged
from fhir_server.definitions.resource_types import RESOURCE_TYPES

SPECIAL = frozenset({"_text", "_content", "near", "phonetic", "_filter", "_query", "_list", "_has"})
"""Parameters that no element answers; the files type some of them as string or token, or do not list them."""

MATCHED = {"_content": "text", "_text": "text", "near": "near", "phonetic": "phonetic"}
"""R4's own parameters that no value of their type answers, and the types that stand for how they are matched."""
PUBLISHED_TYPES = {"text": "string", "near": "special", "phonetic": "string"}
"""How R4 types them."""

_IS_TARGET = re.compile(r"resolve\(\) is ([A-Za-z]+)")
_PLAIN_PATH = re.compile(r"[A-Z][A-Za-z]*(\.[A-Za-z]+)+")


@dataclass(frozen=True, slots=True)
class Component:
    """One part of a composite: the code of the type's parameter that it is searched like, and its path in the node."""

    code: str
    expression: str


@dataclass(frozen=True, slots=True)
class SearchParameter:
    """A search parameter of one resource type.

    `expression` is the part of the published union that concerns the type; parameters common to all types keep theirs
    (`Resource.meta.tag`). `targets` leaves out types that the element cannot refer to. `number` is the key of index
    rows. `complete` is false of a parameter that is new to the database while older resources still lack index rows;
    `url` names the definition of one that is not of R4.
    """

    resource_type: str
    code: str
    type: str
    expression: str
    targets: tuple[str, ...] = ()
    components: tuple[Component, ...] = ()
    number: int = 0
    complete: bool = True
    url: str | None = None


@cache
def parameter_number(name: str) -> int:
    """A signed 4-byte number for `Type.code`, also with a suffix such as `:text`; it never changes between releases."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big", signed=True)


def search_parameters(resource_type: str) -> Mapping[str, SearchParameter]:
    """The parameters of a type by code: those of R4 and US Core, then those that administrators have added."""
    more = added(resource_type)
    return _with(resource_type, more) if more else standard_parameters(resource_type)


@lru_cache(maxsize=1024)
def _with(resource_type: str, more: tuple[SearchParameter, ...]) -> Mapping[str, SearchParameter]:
    return MappingProxyType({**standard_parameters(resource_type), **{one.code: one for one in more}})


@cache
def standard_parameters(resource_type: str) -> Mapping[str, SearchParameter]:
    """The parameters of a type by code: its own, those of all types, ours; empty for an unknown type.

    Left out: parameters that index extensions only. Those matched otherwise than by value have types of their own.
    """
    if resource_type not in RESOURCE_TYPES:
        return MappingProxyType({})
    by_id = _published()
    found: dict[str, SearchParameter] = {}
    for code, identity in _listed(resource_type):
        facts = by_id.get(identity, {"type": "special"})
        found[code] = _read(resource_type, code, facts)
    found |= {one.code: one for one in own_parameters() if one.resource_type == resource_type}
    return MappingProxyType(found)


@cache
def own_parameters() -> tuple[SearchParameter, ...]:
    """The parameters that this server defines, each for one type."""
    listed: Sequence[Mapping[str, Any]] = packaged("own-search-parameters.json")["params"]
    return tuple(
        SearchParameter(
            resource_type=facts["base"],
            code=facts["code"],
            type=facts["type"],
            expression=based(facts["expression"]),
            targets=tuple(facts["target"]),
            number=parameter_number(f"{facts['base']}.{facts['code']}"),
            url=based(facts["url"]),
        )
        for facts in listed
    )


def _listed(resource_type: str) -> Iterator[tuple[str, str]]:
    by_resource = packaged("search-parameters.json")["byResource"]
    yield from by_resource.get(resource_type, {}).items()
    yield from ((facts["code"], facts["id"]) for facts in _of_us_core() if resource_type in facts["base"])
    yield from by_resource["Resource"].items()
    definition = type_definition(resource_type)
    if definition is not None and definition.base == "DomainResource":
        yield from by_resource["DomainResource"].items()
    yield from (("_list", ""), ("_has", ""))


def _read(resource_type: str, code: str, facts: Mapping[str, Any]) -> SearchParameter:
    special = code in SPECIAL
    expression = "" if special else _expression(resource_type, facts)
    return SearchParameter(
        resource_type=resource_type,
        code=code,
        type=MATCHED.get(code, "special") if special else facts["type"],
        expression=expression,
        targets=_targets(expression, tuple(facts.get("target", ()))),
        components=tuple(
            Component(_published()[part["definition"]]["code"], part["expression"])
            for part in facts.get("component", ())
        ),
        number=parameter_number(f"{resource_type}.{code}"),
        url=facts.get("url"),
    )


def _expression(resource_type: str, facts: Mapping[str, Any]) -> str:
    by_base: Mapping[str, str] = facts.get("expressionByBase", {})
    published: str = by_base.get(resource_type, facts.get("expression", ""))
    return published


def _targets(expression: str, published: tuple[str, ...]) -> tuple[str, ...]:
    """The published targets that the expression can yield.

    `patient` of many types is published with Patient and Group though its paths hold or filter for Patient alone, which
    would make a chained search through it ambiguous.
    """
    possible: set[str] = set()
    for alternative in expression.split("|"):
        named = _IS_TARGET.search(alternative)
        plain = _PLAIN_PATH.fullmatch(alternative.strip())
        found = element(plain.group()) if plain else None
        if named:
            possible.add(named.group(1))
        elif found is not None and found.types == ("Reference",) and "Any" not in found.targets:
            possible.update(found.targets)
        else:
            return published
    return tuple(target for target in published if target in possible) or published


@cache
def _published() -> Mapping[str, Mapping[str, Any]]:
    return {facts["id"]: facts for facts in (*packaged("search-parameters.json")["params"], *_of_us_core())}


def _of_us_core() -> Sequence[Mapping[str, Any]]:
    """Parameters that R4 does not have; a new one needs a migration that lets it be built (see 0011_us_core)."""
    found: Sequence[Mapping[str, Any]] = packaged("us-core-search-parameters.json")["params"]
    return found


def standard_code(resource_type: str, code: str) -> str | None:
    """The canonical url of the parameter that R4, US Core or this server has under a code, also of one not served."""
    own = next((one.url for one in own_parameters() if (one.resource_type, one.code) == (resource_type, code)), None)
    found = dict(_listed(resource_type)).get(code)
    if found is None or own is not None:
        return own
    url: str = _published().get(found, {}).get("url", f"http://hl7.org/fhir/SearchParameter/{found}")
    return url


def parameter_at(url: str) -> str | None:
    """The code of the parameter that R4 defines at a canonical url."""
    facts = _published().get(url.partition("|")[0].removeprefix("http://hl7.org/fhir/SearchParameter/"))
    return None if facts is None else facts["code"]
