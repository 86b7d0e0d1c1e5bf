"""Random searches whose values come from what resources say, or nearly."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import quote

from . import values
from .comparisons import NumberIs, QuantityIs
from .criteria import (
    Chain,
    CompositeIs,
    Criterion,
    DateIs,
    Has,
    LogicalIs,
    MissingIs,
    OfTypeIs,
    ReferenceIs,
    TextIs,
    TokenIs,
    UriIs,
)
from .evaluation import DIRECTIONS, HIERARCHIES, World
from .filters import filter_of
from .nodes import evaluate_within
from .pools import CODES, DATES, IDENTIFIERS, NAMES, NUMBERS, SYSTEMS, UCUM, UNITS, URLS
from .published import Parameter, parameters, resource_types

PREFIXES = ("", "", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")
ODD_COMPOSITES = frozenset({"relationship"})
"""Published with its two components the wrong way round."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One search: its criteria, and the raw query with them and nothing else."""

    resource_type: str
    criteria: tuple[Any, ...]

    @property
    def query(self) -> str:
        """The criteria as a query string."""
        return "&".join(f"{quote(one.name, safe=':.')}={quote(one.written(), safe=':/|,$')}" for one in self.criteria)


class Asker:
    """Makes searches over a world."""

    def __init__(self, random: Random, world: World, *, composites: bool, chains: bool, filters: bool = False) -> None:
        self.random, self.world, self.composites, self.chains = random, world, composites, chains
        self.filters = filters

    def search(self, resource_type: str, depth: int = 2) -> Asked:
        """One to three criteria over a type, or a filter made of up to four."""
        if self.filters and self._chance(0.25):
            made = [self.criterion(resource_type, depth) for _ in range(self.random.randint(1, 4))]
            found = filter_of(self.random, made)
            if found is not None:
                return Asked(resource_type, (found,))
        count = self.random.choice((1, 1, 1, 2, 2, 3))
        return Asked(resource_type, tuple(self.criterion(resource_type, depth) for _ in range(count)))

    def criterion(self, resource_type: str, depth: int) -> Any:
        """A criterion of any sort; `depth` is how many chains may still follow."""
        if self.chains and depth and self.random.random() < 0.25:
            found = self._chain(resource_type, depth) if self.random.random() < 0.5 else self._has(resource_type, depth)
            if found is not None:
                return found
        usable = [one for one in parameters(resource_type).values() if self._usable(one)]
        answered = [one for one in usable if self._examples(one)]
        chosen = self.random.choice(answered if answered and self.random.random() < 0.9 else usable)
        return self.of(chosen)

    def of(self, parameter: Parameter) -> Criterion:
        """A criterion on one parameter."""
        if parameter.kind != "composite" and parameter.code not in ("_id", "_lastUpdated") and self._chance(0.08):
            return Criterion(parameter.code, "missing", (MissingIs(self._chance(0.5)),))
        modifier = self._modifier(parameter)
        count = self.random.choice((1, 1, 1, 2, 3))
        alternatives = tuple(self._alternative(parameter, modifier) for _ in range(count))
        return Criterion(parameter.code, modifier, alternatives)

    def _usable(self, parameter: Parameter) -> bool:
        return parameter.kind != "composite" or (self.composites and parameter.code not in ODD_COMPOSITES)

    def _chance(self, part: float) -> bool:
        return self.random.random() < part

    def _examples(self, parameter: Parameter) -> list[tuple[dict[str, Any], Any]]:
        stored = list(self.world.resources.get(parameter.resource_type, {}).values())
        some = self.random.sample(stored, min(len(stored), 12))
        return [(one, node) for one in some for node in self.world.nodes(one, parameter)]

    def _modifier(self, parameter: Parameter) -> str | None:
        match parameter.kind:
            case "token" if parameter.code == "_id":
                return self.random.choice((None, None, "not"))
            case "token":
                return self.random.choice(
                    (None, None, None, "not", "text", "of-type" if self._identifies(parameter) else None)
                )
            case "string":
                return self.random.choice((None, None, "exact", "contains"))
            case "reference":
                named = self.random.choice(sorted(parameter.targets & resource_types()) or [None])
                if self._chance(0.2) and self._hierarchical(parameter):
                    return self.random.choice(DIRECTIONS)
                return self.random.choice((None, None, None, "identifier", named))
            case "uri":
                return self.random.choice((None, None, "below", "above"))
        return None

    @staticmethod
    def _hierarchical(parameter: Parameter) -> list[str]:
        return sorted(parameter.targets & {parameter.resource_type, *HIERARCHIES})

    def _identifies(self, parameter: Parameter) -> bool:
        return any(node.kind == "Identifier" for _, node in self._examples(parameter))

    def _said(self, parameter: Parameter, read: Any = None) -> Any:
        """A value that some resource says, or None."""
        examples = self._examples(parameter)
        if not examples or self._chance(0.1):
            return None
        _, node = self.random.choice(examples)
        found = read(node) if read else self.world.plain(parameter.kind, node)
        return self.random.choice(found) if found else None

    def _alternative(self, parameter: Parameter, modifier: str | None) -> Any:
        match parameter.kind, modifier:
            case "token", "text":
                return self._text(self._said(parameter, values.token_texts), "starts")
            case "token", "of-type":
                return self._of_type(self._said(parameter, values.typed_identifiers))
            case "token", _:
                return self._token(self._said(parameter), "_" not in parameter.code[:1])
            case "string", _:
                return self._text(self._said(parameter), modifier or "starts")
            case "reference", "identifier":
                said = self._said(parameter)
                return LogicalIs(self._token(said.identifier if said else None))
            case "reference", _:
                return self._reference(parameter, modifier, self._said(parameter))
            case "date", _:
                return self._date(parameter)
            case "number", _:
                return NumberIs(self.random.choice(PREFIXES), self._number(self._said(parameter)))
            case "quantity", _:
                return self._quantity(self._said(parameter))
            case "uri", _:
                return self._uri(self._said(parameter), modifier or "exact")
            case "composite", _:
                return self._composite(parameter)
        raise AssertionError(parameter)

    def _token(self, said: Any, has_system: bool = True) -> TokenIs:
        code = said.code if said and said.code and self._chance(0.9) else self.random.choice(CODES + IDENTIFIERS)
        system = said.system if said and self._chance(0.8) else self.random.choice(SYSTEMS)
        match self.random.choice(("code", "code", "both", "none", "system")):
            case "both" if system:
                return TokenIs(system, code)
            case "none":
                return TokenIs("", code)
            case "system" if system:
                return TokenIs(system, None)
        return TokenIs(None, code)

    def _of_type(self, said: Any) -> OfTypeIs:
        if said and said.system:
            return OfTypeIs(
                said.system, said.code, said.value if self._chance(0.8) else self.random.choice(IDENTIFIERS)
            )
        return OfTypeIs("urn:x-mrn", self.random.choice(CODES), self.random.choice(IDENTIFIERS))

    def _text(self, said: Any, how: str) -> TextIs:
        text = said.value if said and self._chance(0.85) else self.random.choice(NAMES)
        match self.random.choice(("whole", "start", "case", "inside", "more")):
            case "start":
                text = text[: self.random.randint(1, len(text))]
            case "case":
                text = text.swapcase()
            case "inside" if how == "contains":
                start = self.random.randrange(len(text))
                text = text[start : start + self.random.randint(1, 6)]
            case "more":
                text += self.random.choice(("x", "e", "%", "_"))
        return TextIs(how, text if text.strip() else "M")

    def _reference(self, parameter: Parameter, modifier: str | None, said: Any) -> ReferenceIs:
        if modifier in DIRECTIONS:
            return self._related(parameter)
        targets = sorted(parameter.targets & resource_types()) or sorted(self.world.resources)
        kind = modifier or self.random.choice(targets)
        one = ReferenceIs("", kind, self._some_id(kind))
        if said and said.url and modifier is None and self._chance(0.9):
            if said.version and self._chance(0.5):
                return ReferenceIs("", url=said.url, version=said.version)
            return ReferenceIs(said.url, url=said.url)
        if said and said.target_id and modifier in (None, said.target_type):
            one = ReferenceIs("", said.target_type, said.target_id, said.version)
        local = f"{one.target_type}/{one.target_id}"
        only = modifier or (targets[0] if len(targets) == 1 else None)
        match self.random.choice(("id", "local", "absolute", "version")):
            case "local":
                return ReferenceIs(local, one.target_type, one.target_id)
            case "absolute":
                return ReferenceIs(f"{self.world.base_url}/{local}", one.target_type, one.target_id)
            case "version" if one.version or self._chance(0.2):
                version = one.version or "1"
                return ReferenceIs(f"{local}/_history/{version}", one.target_type, one.target_id, version)
        return ReferenceIs(one.target_id or "", only, one.target_id)

    def _related(self, parameter: Parameter) -> ReferenceIs:
        kind, said = self.random.choice(self._hierarchical(parameter)), self._said(parameter)
        logical_id = said.target_id if said and said.target_type == kind else self._some_id(kind)
        return ReferenceIs(f"{kind}/{logical_id}", kind, logical_id)

    def _some_id(self, kind: str) -> str:
        return self.random.choice(list(self.world.resources.get(kind, ())) or ["none"])

    def _date(self, parameter: Parameter) -> DateIs:
        text = self._date_said(parameter)
        if self._chance(0.3):
            text = text[: self.random.choice((4, 7, 10))]
        elif self._chance(0.2) and "T" not in text and len(text) == 10:
            text += self.random.choice(("T00:00:00Z", "T12:30:00+05:30", "T23:59:59.999-05:00", "T04:30"))
        return DateIs(self.random.choice(PREFIXES), text)

    def _date_said(self, parameter: Parameter) -> str:
        examples = self._examples(parameter)
        texts = [text for _, node in examples for text in _date_texts(node.value)]
        return self.random.choice(texts) if texts and self._chance(0.8) else self.random.choice(DATES)

    def _number(self, said: Any) -> str:
        if said is None or self._chance(0.2):
            return self.random.choice(NUMBERS)
        value = said.low if said.low.is_finite() else said.high
        text = f"{value:f}"
        return self.random.choice((text, text, text.partition(".")[0], text + ("0" if "." in text else ".0")))

    def _quantity(self, said: Any) -> QuantityIs:
        prefix, text = self.random.choice(PREFIXES), self._number(said)
        unit = self.random.choice(UNITS)
        system = (said.system if said and self._chance(0.8) else unit.get("system")) or UCUM
        code = (said.code or said.unit if said and self._chance(0.8) else unit.get("code")) or "cm"
        match self.random.choice(("any", "any", "coded", "named", "system")):
            case "coded":
                return QuantityIs(prefix, text, "coded", system, code)
            case "named":
                return QuantityIs(prefix, text, "named", "", code)
            case "system":
                return QuantityIs(prefix, text, "system", system, "")
        return QuantityIs(prefix, text)

    def _uri(self, said: Any, how: str) -> UriIs:
        text = said.value if said and self._chance(0.8) else self.random.choice(URLS)
        if how != "exact":
            text = text.partition("|")[0]
            if not text.startswith("http"):
                text = "http://a.example/fhir"
            if how == "below" and self._chance(0.4) and text.count("/") > 3:
                text = text.rpartition("/")[0]
            if how == "above" and self._chance(0.4) and "?" not in text:
                text += "/more"
        elif self._chance(0.3):
            text = text.partition("|")[0]
        return UriIs(how, text)

    def _composite(self, parameter: Parameter) -> CompositeIs:
        examples = self._examples(parameter)
        parts = []
        resource, node = self.random.choice(examples) if examples else ({}, None)
        for component, expression in parameter.parts:
            said = None
            if node is not None and self._chance(0.9):
                inner = evaluate_within(expression, node, resource)
                found = [one for each in inner for one in self.world.plain(component.kind, each)]
                said = self.random.choice(found) if found else None
            parts.append(self._part(component, said))
        return CompositeIs(tuple(parts))

    def _part(self, component: Parameter, said: Any) -> Any:
        match component.kind:
            case "token":
                return self._token(said)
            case "quantity":
                return self._quantity(said)
            case "string":
                return self._text(said, "starts")
            case "number":
                return NumberIs(self.random.choice(PREFIXES), self._number(said))
            case "reference":
                return self._reference(component, None, said)
        return self._date(component)

    def _chain(self, resource_type: str, depth: int) -> Chain | None:
        usable = [one for one in parameters(resource_type).values() if one.kind == "reference"]
        for parameter in self.random.sample(usable, len(usable)):
            said = self._said(parameter)
            if said is None or said.target_id is None or said.target_type not in self.world.resources:
                continue
            inner = self.criterion(said.target_type, depth - 1)
            untyped = len(parameter.targets & resource_types()) == 1 and self._chance(0.6)
            return Chain(parameter.code, None if untyped else said.target_type, inner)
        return None

    def _has(self, resource_type: str, depth: int) -> Has | None:
        kinds = list(self.world.resources)
        for source_type in self.random.sample(kinds, len(kinds)):
            usable = [
                one
                for one in parameters(source_type).values()
                if one.kind == "reference" and resource_type in one.targets and self._examples(one)
            ]
            if usable:
                return Has(source_type, self.random.choice(usable).code, self.criterion(source_type, depth - 1))
        return None


_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}|$)")


def _date_texts(value: Any) -> Sequence[str]:
    if isinstance(value, str):
        # A choice of date and text, such as Immunization.occurrence, may say "100%".
        return [value] if _DATE.match(value) else []
    found = [value[name] for name in ("start", "end") if name in value]
    return found + [one for one in value.get("event", ()) if one]
