"""Decides which of a set of resources a search matches; True, False, or None where R4 leaves it open."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from . import values
from .criteria import UNSURE, Chain, CompositeIs, Criterion, Has, MissingIs, OfTypeIs
from .filters import Denied, FilterIs, Joined, Unequal
from .nodes import Node, evaluate, evaluate_within, unresolved
from .published import Parameter, parameters

Verdict = bool | None
DIRECTIONS = ("above", "below")
HIERARCHIES = {"Encounter": "part-of", "Location": "partof", "Organization": "partof"}
"""The parameter that leads upwards for references of other types."""


def any_of(verdicts: Iterable[Verdict]) -> Verdict:
    """Or with three values."""
    found: Verdict = False
    for one in verdicts:
        if one:
            return True
        if one is UNSURE:
            found = UNSURE
    return found


def all_of(verdicts: Iterable[Verdict]) -> Verdict:
    """And with three values."""
    found: Verdict = True
    for one in verdicts:
        if one is False:
            return False
        if one is UNSURE:
            found = UNSURE
    return found


class World:
    """All resources as they are now, by type and id."""

    def __init__(self, base_url: str, resources: Iterable[dict[str, Any]]) -> None:
        self.base_url = base_url
        self.resources: dict[str, dict[str, dict[str, Any]]] = {}
        self._nodes: dict[tuple[str, str, str], list[Node]] = {}
        self._containers: dict[int, tuple[dict[str, Any], dict[str, Any]]] = {}
        for one in resources:
            self.put(one)

    def put(self, resource: dict[str, Any]) -> None:
        """Adds a resource or takes its new version."""
        kind, logical_id = resource["resourceType"], resource["id"]
        self.resources.setdefault(kind, {})[logical_id] = resource
        self._forget(kind, logical_id)

    def remove(self, kind: str, logical_id: str) -> None:
        """A deleted resource is found no more."""
        self.resources.get(kind, {}).pop(logical_id, None)
        self._forget(kind, logical_id)

    def _forget(self, kind: str, logical_id: str) -> None:
        for key in [key for key in self._nodes if key[:2] == (kind, logical_id)]:
            del self._nodes[key]

    def nodes(self, resource: dict[str, Any], parameter: Parameter) -> list[Node]:
        """What the parameter's expression finds in the resource."""
        key = (resource["resourceType"], resource["id"], parameter.code)
        if key not in self._nodes:
            self._nodes[key] = evaluate(parameter.expression, parameter.resource_type, resource)
        return self._nodes[key]

    def search(self, resource_type: str, criteria: Iterable[Any]) -> tuple[set[str], set[str]]:
        """The ids that must be found, and those that may be."""
        sure, open_ = set(), set()
        criteria = tuple(criteria)
        for logical_id, resource in self.resources.get(resource_type, {}).items():
            verdict = all_of(self.matches(resource, one) for one in criteria)
            if verdict:
                sure.add(logical_id)
            elif verdict is UNSURE:
                open_.add(logical_id)
        return sure, open_

    def matches(self, resource: dict[str, Any], criterion: Any) -> Verdict:
        """Whether one criterion matches one resource."""
        match criterion:
            case Chain():
                return self._chained(resource, criterion)
            case Has():
                return self._referred(resource, criterion)
            case FilterIs(asked):
                return self._filtered(resource, asked)
        parameter = parameters(resource["resourceType"])[criterion.code]
        nodes = self.nodes(resource, parameter)
        first = criterion.alternatives[0]
        if isinstance(first, MissingIs):
            present = self._present(parameter, nodes)
            return UNSURE if present is UNSURE else present is not first.missing
        if parameter.kind == "composite":
            return any_of(self._composed(parameter, one, nodes, resource) for one in criterion.alternatives)
        said = [one for node in nodes for one in self.said(parameter.kind, criterion, node)]
        if criterion.modifier in DIRECTIONS and parameter.kind == "reference":
            return any_of(self._related(parameter, criterion, one, value) for value in said
                          for one in criterion.alternatives)  # fmt: skip
        found = any_of(one.matches(value) for value in said for one in criterion.alternatives)
        if criterion.modifier == "not":
            return UNSURE if found is UNSURE else not found
        if parameter.kind == "reference" and criterion.modifier not in (None, "identifier", "missing"):
            of_type = [value for value in said if value.target_type == criterion.modifier]
            return any_of(one.matches(value) for value in of_type for one in criterion.alternatives)
        return found

    def said(self, kind: str, criterion: Criterion, node: Node) -> list[Any]:
        """The values of a node that the criterion looks at."""
        first = criterion.alternatives[0]
        match kind:
            case "token" if criterion.modifier == "text":
                return values.token_texts(node)
            case "token" if isinstance(first, OfTypeIs):
                return values.typed_identifiers(node)
            case "reference":
                return values.references(node, self.base_url)
        return self.plain(kind, node)

    def plain(self, kind: str, node: Node) -> list[Any]:
        """The values of a node without a modifier."""
        if kind == "reference":
            return values.references(node, self.base_url)
        return _VALUES[kind](node)

    def _present(self, parameter: Parameter, nodes: list[Node]) -> Verdict:
        if parameter.kind == "token":
            said = [one for node in nodes for one in (*values.tokens(node), *values.token_texts(node))]
            if all(isinstance(one, values.Token) and one.code is None and one.system for one in said):
                # A system or a type without the code or value that they are about.
                return UNSURE if nodes else False
            return True
        if parameter.kind != "reference":
            said = [one for node in nodes for one in self.plain(parameter.kind, node)]
            return True if said else (UNSURE if nodes else False)
        said = [one for node in nodes for one in values.references(node, self.base_url)]
        if any(one.target_id or one.url for one in said):
            return True
        # Only an identifier, a display or something contained: there is a value, and nothing that could be searched.
        return UNSURE if nodes else False

    def _composed(
        self, parameter: Parameter, asked: CompositeIs, nodes: list[Node], resource: dict[str, Any]
    ) -> Verdict:
        return any_of(
            all_of(
                any_of(
                    part.matches(value)
                    for inner in evaluate_within(expression, node, resource)
                    for value in self.plain(component.kind, inner)
                )
                for part, (component, expression) in zip(asked.parts, parameter.parts, strict=True)
            )
            for node in nodes
        )

    def _filtered(self, resource: dict[str, Any], asked: Any) -> Verdict:
        match asked:
            case Joined("and", parts):
                return all_of(self._filtered(resource, part) for part in parts)
            case Joined(_, parts):
                return any_of(self._filtered(resource, part) for part in parts)
            case Denied(part):
                found = self._filtered(resource, part)
                return UNSURE if found is UNSURE else not found
            case Unequal(criterion):
                present = self.matches(resource, Criterion(criterion.code, "missing", (MissingIs(False),)))
                found = self.matches(resource, criterion)
                return all_of((present, UNSURE if found is UNSURE else not found))
        return self.matches(resource, asked)

    def _related(self, parameter: Parameter, criterion: Criterion, asked: Any, said: Any) -> Verdict:
        """Whether a reference goes to what is asked for, or to what is above or below it."""
        if said.target_type != asked.target_type or said.target_id is None:
            return False
        upwards = parameter.code if said.target_type == parameter.resource_type else HIERARCHIES[said.target_type]
        for with_versions in (False, True):
            if said.target_id in self.tree(asked.target_type, asked.target_id, criterion.modifier, upwards,
                                           with_versions):  # fmt: skip
                # Whether a reference to one version can be followed is not said in R4.
                return UNSURE if with_versions else True
        return False

    def tree(self, kind: str, start: str, direction: str | None, upwards: str, with_versions: bool) -> set[str]:
        """The ids of what is above or below a resource, and its own."""
        stored = self.resources.get(kind, {})
        links: dict[str, set[str]] = {}
        for logical_id, resource in stored.items():
            for node in self.nodes(resource, parameters(kind)[upwards]):
                for said in values.references(node, self.base_url):
                    if said.target_type == kind and said.target_id in stored and (with_versions or not said.version):
                        ends = (logical_id, said.target_id) if direction == "above" else (said.target_id, logical_id)
                        links.setdefault(ends[0], set()).add(ends[1])
        reached, waiting = {start}, [start]
        while waiting:
            new = links.get(waiting.pop(), set()) - reached
            reached |= new
            waiting += new
        return reached

    def _chained(self, resource: dict[str, Any], chain: Chain) -> Verdict:
        parameter = parameters(resource["resourceType"])[chain.code]
        verdicts = []
        for node in self.nodes(resource, parameter):
            for said in values.references(node, self.base_url):
                if said.target_id is None or chain.target_type not in (None, said.target_type):
                    continue
                target = self.resources.get(said.target_type or "", {}).get(said.target_id)
                if target is not None and self._has_parameter(said.target_type or "", chain.inner):
                    verdict = self.matches(target, chain.inner)
                    # Whether a reference to one version can be followed is not said in R4.
                    verdicts.append(UNSURE if verdict and said.version else verdict)
        for inside in self._inside(resource, parameter):
            kind = inside["resourceType"]
            if chain.target_type in (None, kind) and self._has_parameter(kind, chain.inner):
                verdicts.append(self.matches(inside, chain.inner))
        return any_of(verdicts)

    def _inside(self, resource: dict[str, Any], parameter: Parameter) -> list[dict[str, Any]]:
        """The contained resources that a parameter's references name, as old as what contains them."""
        named = {
            node.value.get("reference")
            for node in evaluate(unresolved(parameter.expression), parameter.resource_type, resource)
            if isinstance(node.value, dict)
        }
        found = []
        for one in resource.get("contained", ()):
            if f"#{one.get('id')}" in named and one["resourceType"] in parameter.targets:
                meta = {**one.get("meta", {}), "lastUpdated": resource.get("meta", {}).get("lastUpdated")}
                inside = {**one, "meta": {key: value for key, value in meta.items() if value is not None}}
                # Ids inside are of their container alone.
                self._forget(one["resourceType"], one["id"])
                self._containers[id(inside)] = (inside, resource)
                found.append(inside)
        return found

    @staticmethod
    def _has_parameter(resource_type: str, inner: Any) -> bool:
        return isinstance(inner, Has) or inner.code in parameters(resource_type)

    def _referred(self, resource: dict[str, Any], has: Has) -> Verdict:
        parameter = parameters(has.source_type)[has.code]
        verdicts = []
        if id(resource) in self._containers:
            _, container = self._containers[id(resource)]
            refers = container["resourceType"] == has.source_type and self._inside(container, parameter)
            return self.matches(container, has.inner) if refers else any_of([])
        for source in self.resources.get(has.source_type, {}).values():
            for node in self.nodes(source, parameter):
                for said in values.references(node, self.base_url):
                    if (said.target_type, said.target_id) == (resource["resourceType"], resource["id"]):
                        verdict = self.matches(source, has.inner)
                        verdicts.append(UNSURE if verdict and said.version else verdict)
        return any_of(verdicts)


_VALUES = {
    "token": values.tokens,
    "string": values.texts,
    "date": values.intervals,
    "number": values.amounts,
    "quantity": values.amounts,
    "uri": values.uris,
}
