"""What a `_filter` asks for, in the nodes that ordinary search parameters make.

https://hl7.org/fhir/R4/search_filter.html#ops

Dates, numbers and quantities compare with the operator as their prefix. For all other types `ne` means that there is a
value and none of them is equal. Texts are compared without case and accents, as R4 wants of filters; codes exactly.
Brackets ask something of the resource that the reference before them leads to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from fhir_server.definitions import RESOURCE_TYPES, SearchParameter, search_parameters
from fhir_server.errors import InvalidRequest
from fhir_server.search.chains import has_target, linked_targets
from fhir_server.search.expression import And, Expression, Link, Not, Or
from fhir_server.search.filter.syntax import (
    OPERATORS,
    Combined,
    Comparison,
    Filter,
    Negated,
    Step,
    comparisons,
    read_syntax,
)
from fhir_server.search.parameters import UNSERVED_TYPES, unknown_parameter
from fhir_server.search.query import Limits, printable
from fhir_server.search.types.date import Date
from fhir_server.search.types.string import String

Types = tuple[str, ...]


class Values(Protocol):
    """How the search reads its ordinary parameters."""

    limits: Limits

    def parameter(self, types: Types, code: str) -> SearchParameter:
        """The parameter that the types share; raises InvalidRequest when there is none that is served."""
        ...

    def one(self, types: Types, code: str, modifier: str | None, text: str) -> Expression:
        """What one value, in which a comma is no separator, asks of resources of these types."""
        ...

    def linked(self) -> None:
        """Counts one more reference that is followed; raises InvalidRequest when there are too many."""
        ...


def read_filter(types: Types, text: str, values: Values) -> Expression:
    """The condition that a filter puts on resources of `types`.

    Raises InvalidRequest, with the place, for what cannot be read, and what reading values raises.
    """
    return _Meaning(values).of(types, read_syntax(text), 0)


Means = Callable[["_Asked"], Expression]


@dataclass(frozen=True, slots=True)
class _Asked:
    """One comparison of a parameter, apart from its operator."""

    values: Values
    types: Types
    parameter: SearchParameter
    named: str | None
    text: str

    def read(self, modifier: str | None = None, prefix: str = "") -> Expression:
        """What the value asks for under a modifier or prefix."""
        return self.values.one(self.types, self.parameter.code, modifier or self.named, prefix + self.text)

    def present(self, missing: str = "false") -> Expression:
        """That there is a value, or none."""
        return self.values.one(self.types, self.parameter.code, "missing", missing)


def _prefixed(operator: str) -> Means:
    return lambda asked: asked.read(prefix=operator)


def _modified(modifier: str | None) -> Means:
    return lambda asked: asked.read(modifier)


def _matched(match: str) -> Means:
    def means(asked: _Asked) -> Expression:
        leaf = asked.read()
        return replace(leaf, match=match) if isinstance(leaf, String) else leaf

    return means


def _not_any(equal: Means) -> Means:
    return lambda asked: And((asked.present(), Not(equal(asked))))


def _overlaps(asked: _Asked) -> Expression:
    leaf = asked.read(prefix="eq")
    # `ap` is an overlap; its tolerance was put into the bounds when they were read.
    return replace(leaf, prefix="ap") if isinstance(leaf, Date) else leaf


def _is_present(asked: _Asked) -> Expression:
    if asked.text not in ("true", "false"):
        raise InvalidRequest("'pr' takes true or false")
    return asked.present("false" if asked.text == "true" else "true")


_ORDERED: Mapping[str, Means] = {
    **{operator: _prefixed(operator) for operator in ("eq", "ne", "gt", "lt", "ge", "le", "ap", "sa", "eb")},
    "pr": _is_present,
}
_EQUAL = _matched("equal")
MEANINGS: Mapping[str, Mapping[str, Means]] = {
    "composite": {"eq": _modified(None)},
    "near": {"eq": _modified(None)},
    "phonetic": {"eq": _modified(None)},
    "text": {"eq": _modified(None)},
    "date": {**_ORDERED, "po": _overlaps},
    "number": _ORDERED,
    "quantity": _ORDERED,
    "reference": {"eq": _modified(None), "ne": _not_any(_modified(None)), "re": _modified(None), "pr": _is_present},
    "string": {
        "eq": _EQUAL,
        "ne": _not_any(_EQUAL),
        "co": _matched("contains"),
        "sw": _matched("starts"),
        "ew": _matched("ends"),
        "pr": _is_present,
    },
    "token": {
        "eq": _modified(None),
        "ne": _not_any(_modified(None)),
        "ss": _modified("below"),
        "sb": _modified("above"),
        "in": _modified("in"),
        "ni": _modified("not-in"),
        "pr": _is_present,
    },
    "uri": {"eq": _modified(None), "ne": _not_any(_modified(None)), "pr": _is_present},
}
"""Per parameter type the operators that it takes. `ss`: the value subsumes what is said; `sb` the other way round."""

_LITERAL = frozenset({"string", "uri"})
"""Types whose values have no parts: there a backslash of a filter is a backslash."""


class _Meaning:
    def __init__(self, values: Values) -> None:
        self.values = values

    def of(self, types: Types, asked: Filter, depth: int) -> Expression:
        match asked:
            case Combined(word, parts):
                found = tuple(self.of(types, part, depth) for part in parts)
                return And(found) if word == "and" else Or(found)
            case Negated(part):
                return Not(self.of(types, part, depth))
            case Comparison():
                try:
                    return self._along(types, asked.path, asked, depth)
                except InvalidRequest as error:
                    if error.diagnostics.startswith("_filter"):
                        raise
                    # Never an error that lenient handling could leave out: that would answer another question.
                    raise InvalidRequest(f"_filter, character {asked.position}: {error.diagnostics}") from None

    def _along(self, types: Types, path: tuple[Step, ...], test: Comparison, depth: int) -> Expression:
        step, *rest = path
        if not rest:
            return self._compared(types, step, test)
        if depth >= self.values.limits.chain_depth:
            raise InvalidRequest(f"the path has more than {self.values.limits.chain_depth} references")
        self.values.linked()
        if step.source is not None:
            if step.source not in RESOURCE_TYPES:
                raise InvalidRequest(f"unknown resource type '{printable(step.source)}'")
            has_target(step.source, step.name, types)
            inner = self._along((step.source,), tuple(rest), test, depth + 1)
            return Link((step.name,), (((step.source,), inner),), reverse=True)
        targets = linked_targets(step.name, step.named, types)
        alternatives = []
        for group in _groups(targets, step, rest[0], len(rest) > 1):
            inner = self._along(group, tuple(rest), test, depth + 1)
            if step.within is not None:
                inner = And((self.of(group, step.within, depth + 1), inner))
            alternatives.append((group, inner))
        return Link((step.name,), tuple(alternatives))

    def _compared(self, types: Types, step: Step, test: Comparison) -> Expression:
        parameter = self.values.parameter(types, step.name)
        if step.named is not None and (parameter.type != "reference" or step.named not in RESOURCE_TYPES):
            raise InvalidRequest(f"'{step.name}' takes no ':{printable(step.named)}' in a filter")
        meanings = MEANINGS[parameter.type]
        means = meanings.get(test.operator)
        if means is None:
            takes = ", ".join(operator for operator in OPERATORS if operator in meanings)
            raise InvalidRequest(
                f"'{test.operator}' cannot compare '{step.name}' ({parameter.type}), which takes {takes}"
            )
        text = test.value.replace("\\", "\\\\") if parameter.type in _LITERAL else test.value
        return means(_Asked(self.values, types, parameter, step.named, text))


def _groups(targets: Types, step: Step, following: Step, goes_on: bool) -> Iterator[Types]:
    """The targets that know all parameters asked of them, in groups for which these have one type each."""
    if step.named is not None or len(targets) == 1:
        yield targets
        return
    asked = [(following, goes_on)]
    asked += [(one.path[0], len(one.path) > 1) for one in comparisons(step.within)] if step.within is not None else []
    codes = {one.name: linked for one, linked in asked if one.source is None}
    groups: dict[tuple[str, ...], list[str]] = {}
    for target in targets:
        known = search_parameters(target)
        if all(code in known for code in codes):
            groups.setdefault(tuple(known[code].type for code in codes), []).append(target)
    served = {kinds: found for kinds, found in groups.items() if _is_served(kinds, tuple(codes.values()))} or groups
    if not served:
        lacking = next((code for code in codes if all(code not in search_parameters(one) for one in targets)), None)
        raise unknown_parameter(targets, lacking or following.name)
    yield from map(tuple, served.values())


def _is_served(kinds: tuple[str, ...], linked: tuple[bool, ...]) -> bool:
    return not UNSERVED_TYPES & set(kinds) and all(
        kind == "reference" for kind, is_linked in zip(kinds, linked, strict=True) if is_linked
    )
