"""The published R4 facts as this oracle reads them: search parameters, elements, required codes.

https://hl7.org/fhir/R4/searchparameter-registry.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

SPECIAL = frozenset({"_text", "_content", "_filter", "_query", "_list", "_has"})


@dataclass(frozen=True, slots=True)
class Parameter:
    """A search parameter of one type, `parts` of a composite are (parameter searched like, expression)."""

    resource_type: str
    code: str
    kind: str
    expression: str
    targets: frozenset[str]
    parts: tuple[tuple[Parameter, str], ...] = ()


@cache
def facts(name: str) -> Mapping[str, Any]:
    """One of the packaged data files."""
    return json.loads(files("fhir_server.definitions").joinpath("data", name).read_text())


@cache
def parameters(resource_type: str) -> Mapping[str, Parameter]:
    """All parameters of a type that its elements answer, by code."""
    published = facts("search-parameters.json")
    by_id = {one["id"]: one for one in published["params"]}
    listed = {**published["byResource"]["Resource"], **published["byResource"].get(resource_type, {})}
    for one in us_core(resource_type):
        by_id[one["code"]] = one
        listed.setdefault(one["code"], one["code"])
    found = {}
    for code, identity in listed.items():
        one = by_id.get(identity, {})
        if code not in SPECIAL and "expression" in one and not one.get("xpathUsage") and one["type"] != "special":
            found[code] = _parameter(resource_type, code, one, by_id)
    return found


def _parameter(resource_type: str, code: str, one: Any, by_id: Any) -> Parameter:
    parts = tuple(
        (
            _parameter(resource_type, by_id[part["definition"]]["code"], by_id[part["definition"]], by_id),
            part["expression"],
        )
        for part in one.get("component", ())
    )
    expression = one.get("expressionByBase", {}).get(resource_type, one["expression"])
    targets = frozenset(one.get("target", ()))
    return Parameter(resource_type, code, one["type"], expression, _possible(expression, targets), parts)


def _possible(expression: str, published: frozenset[str]) -> frozenset[str]:
    """The targets that the expression can lead to: `clinical-patient` is published with Group, which no path allows."""
    possible: set[str] = set()
    for written in expression.split("|"):
        said = re.search(r"resolve\(\) is ([A-Za-z]+)", written)
        path = defined_path(written.strip()) if re.fullmatch(r"[A-Za-z.]+", written.strip()) else None
        allowed = elements(path.split(".")[0]).get(path, {}).get("targets", ()) if path else ()
        if said:
            possible.add(said[1])
        elif allowed and "Any" not in allowed:
            possible.update(allowed)
        else:
            return published
    return published & possible or published


@cache
def us_core(resource_type: str) -> tuple[Mapping[str, Any], ...]:
    """The parameters of a type that US Core asks servers for, as its newest version defines them."""
    version = facts("us-core-search.json")["versions"]["8.0.0"]
    asked = version["resources"].get(resource_type, {}).get("searchParam", {})
    defined = version["searchParameters"].values()
    return tuple(one for one in defined if resource_type in one["base"] and one["code"] in asked)


@cache
def elements(type_name: str) -> Mapping[str, Mapping[str, Any]]:
    """The elements of a resource or data type by path."""
    for name, key in (("elements-resources.json", "resources"), ("elements-datatypes.json", "datatypes")):
        found = facts(name)[key].get(type_name)
        if found:
            return {one["path"]: one for one in found["elements"]}
    return {}


@cache
def resource_types() -> frozenset[str]:
    """The concrete resource types."""
    return frozenset(name for name, one in facts("elements-resources.json")["resources"].items() if not one["abstract"])


@cache
def defined_path(path: str) -> str | None:
    """Where the element that a plain path from a resource ends at is defined: `Patient.address.use` → `Address.use`."""
    names = path.split(".")
    home = names[0]
    for index, name in enumerate(names[1:], start=2):
        place = f"{home}.{name}"
        one = elements(home.split(".")[0]).get(place)
        if one is None:
            return None
        if "contentReference" in one:
            place = one["contentReference"].removeprefix("#")
            one = elements(place.split(".")[0])[place]
        if index == len(names):
            return place
        kinds = one.get("types", ())
        home = place if kinds in (["BackboneElement"], ["Element"]) else kinds[0]
    return None


@cache
def required_codes(path: str) -> Mapping[str, list[str]] | None:
    """The codes by system that a required binding allows at a defined path."""
    bindings = facts("required-bindings.json")
    bound = bindings["paths"].get(path)
    return bindings["valueSets"].get(bound["valueSet"]) if bound else None
