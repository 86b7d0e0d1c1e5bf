"""Makes a Search of a Query: names become search parameters, values become leaves of the expression tree.

https://hl7.org/fhir/R4/search.html#errors

Strict handling refuses what it does not know. Lenient handling leaves it out with a warning, but never a modifier or
a value that it cannot read: leaving those out would answer another question.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from fhir_server.definitions import PUBLISHED_TYPES, RESOURCE_TYPES, SearchParameter
from fhir_server.errors import InvalidRequest, TypeNotSupported, UnknownParameter
from fhir_server.indexing.plan import has_texts
from fhir_server.mapping.minted import is_logical_id
from fhir_server.search.chains import is_chained, read_chain
from fhir_server.search.contained import refuse_uncontained
from fhir_server.search.custom import with_complete
from fhir_server.search.expression import And, Anything, Expression, Not, Nothing, Or, Present
from fhir_server.search.filter import read_filter
from fhir_server.search.lists import read_list
from fhir_server.search.parameters import UNSERVED_TYPES, described, find_parameter, unknown_parameter
from fhir_server.search.query import Item, Limits, Query, printable, split
from fhir_server.search.request import Include, Search
from fhir_server.search.result_parameters import REPEATED, SINGLE, Ignorable, followed_includes
from fhir_server.search.types import TYPES, Reading
from fhir_server.search.types.presence import read_missing
from fhir_server.search.types.reference import read_typed
from fhir_server.search.types.token import Token

NOT_PART_OF_THE_SEARCH = frozenset({"_explain", "_format", "_pretty"})
NEGATING = frozenset({"not", "not-in"})
SPECIAL = frozenset({"_filter", "_list"})
MISSING = "missing"
MODIFIERS_OF: dict[str, frozenset[str]] = {"_id": frozenset({"", "not"}), "_lastUpdated": frozenset({""})}
"""Parameters that take fewer modifiers than their type."""


def parse(
    resource_type: str | None,
    query: Query,
    *,
    strict: bool = True,
    limits: Limits | None = None,
    reading: Reading | None = None,
    within: Collection[str] = RESOURCE_TYPES,
) -> Search:
    """The search over one type, or over those of `_type` (without it all of `within`) where `resource_type` is None.

    Raises UnknownParameter and InvalidRequest, TypeNotSupported for an unknown type; never for values that find
    nothing.
    """
    types, items = _types(resource_type, query, within)
    parser = _Parser(types, strict, limits or Limits(), reading or Reading())
    for item in items:
        parser.add(item)
    return with_complete(parser.search(), strict)


def _types(
    resource_type: str | None, query: Query, within: Collection[str]
) -> tuple[tuple[str, ...], tuple[Item, ...]]:
    named = [item for item in query.items if item.name == "_type"]
    if resource_type is not None:
        if named:
            raise InvalidRequest("_type can only be used in a search of the whole system or of a whole compartment.")
        if resource_type not in RESOURCE_TYPES:
            raise TypeNotSupported(f"Unknown resource type '{printable(resource_type)}'.")
        return (resource_type,), query.items
    if len(named) > 1 or any(item.modifier is not None for item in named):
        raise InvalidRequest("_type must stand once, without a modifier.")
    asked = named[0].value.split(",") if named else sorted(within)
    for name in asked:
        if name not in RESOURCE_TYPES:
            raise InvalidRequest(f"_type names the unknown resource type '{printable(name)}'.")
        if name not in within:
            raise InvalidRequest(f"_type names {name}, which has no place in this compartment.")
    return tuple(dict.fromkeys(asked)), query.items


class NotServed(InvalidRequest):
    """What R4 has and this server does not; leaving it out would answer another question."""

    code = "not-supported"


class _Parser:
    """Collects the parts of one search, item by item."""

    def __init__(self, types: tuple[str, ...], strict: bool, limits: Limits, reading: Reading) -> None:
        self.types, self.strict, self.limits, self.reading = types, strict, limits, reading
        self.criteria: list[Expression] = []
        self.result: dict[str, Any] = {}
        self.includes: list[Include] = []
        self.used: list[tuple[str, str]] = []
        self.warnings: list[str] = []
        self.values = self.links = 0

    def add(self, item: Item) -> None:
        """Takes one item in, or raises; under lenient handling it may only leave a warning."""
        if item.name in NOT_PART_OF_THE_SEARCH:
            return
        try:
            used = self._read(item)
        except (UnknownParameter, Ignorable) as error:
            if self.strict:
                raise
            self.warnings.append(f"Ignored: {error.diagnostics}")
            return
        self.used.append((item.full_name, used))

    def search(self) -> Search:
        """The search, once all items are in."""
        result = dict(self.result)
        result.setdefault("count", self.limits.default_count)
        if result["count"] == 0:
            result["summary"], result["count"] = "count", self.limits.default_count
        includes, unused = followed_includes(self.includes, self.types)
        search = Search(
            self.types,
            And(tuple(self.criteria)) if self.criteria else Anything(),
            includes=includes,
            warnings=(*self.warnings, *unused),
            used=tuple(self.used),
        )
        search = replace(search, **result)
        if search.contained_type == "contained" and not search.contains:
            raise InvalidRequest("_containedType=contained must be used with _contained=true or both.")
        refuse_uncontained(search)
        if search.elements and search.summary not in (None, "count"):
            raise InvalidRequest("_elements and _summary cannot be used together.")
        if search.summary == "text" and search.includes:
            raise InvalidRequest("_summary=text cannot be used with _include or _revinclude.")
        return search

    def _read(self, item: Item) -> str:
        """Takes the item in and gives its value as it was used."""
        if item.name == "_type":
            return item.value
        if item.value == "":
            raise Ignorable(f"Search parameter '{printable(item.full_name)}' has no value.")
        if item.name == "_query":
            raise NotServed("_query is not supported: this server has no named queries.")
        if item.name in REPEATED:
            self.includes += REPEATED[item.name](item, self.types, self.limits)
            return item.value
        if item.name in SINGLE:
            return self._read_single(item)
        criterion = self._criterion(item)
        self.links += item.full_name.count(".") + item.full_name.count("_has:")
        if self.links > self.limits.links:
            raise InvalidRequest(f"The chains of the search have more than {self.limits.links} references together.")
        self.criteria.append(criterion)
        return item.value

    def _read_single(self, item: Item) -> str:
        attribute, read = SINGLE[item.name]
        if item.modifier is not None:
            raise InvalidRequest(f"{item.name} takes no modifier.")
        if attribute in self.result:
            raise InvalidRequest(f"{item.name} may stand only once.")
        self.result[attribute] = read(item, self.types, self.limits)
        return str(self.result["count"]) if attribute == "count" else item.value

    def _criterion(self, item: Item) -> Expression:
        if not is_chained(item.full_name):
            return self._condition(self.types, item)

        def end(types: tuple[str, ...], name: str, modifier: str | None) -> Expression:
            return self._condition(types, Item(name, modifier, item.value))

        try:
            return read_chain(item.full_name, self.types, self.limits, end)
        except (UnknownParameter, Ignorable) as error:
            # Leaving a chain out would answer another question, lenient or not.
            raise InvalidRequest(error.diagnostics) from None

    def _condition(self, types: tuple[str, ...], item: Item) -> Expression:
        """What an item without a chain asks of resources of these types."""
        if item.name in SPECIAL:
            return self._special(types, item)
        parameter = self.parameter(types, item.name)
        if item.modifier == MISSING:
            return _missing(types, parameter, item.value)
        alternatives = tuple(self._read_value(parameter, item.modifier, text) for text in self._alternatives(item))
        expression = alternatives[0] if len(alternatives) == 1 else Or(alternatives)
        return Not(expression) if item.modifier in NEGATING else expression

    def parameter(self, types: tuple[str, ...], code: str) -> SearchParameter:
        """See filter.Values."""
        parameter = find_parameter(types, code)
        if parameter is None:
            raise unknown_parameter(types, code)
        if parameter.type in UNSERVED_TYPES:
            raise Ignorable(f"Search parameter '{code}' of {described(types)} ({parameter.type}) is not supported yet.")
        return parameter

    def one(self, types: tuple[str, ...], code: str, modifier: str | None, text: str) -> Expression:
        """See filter.Values."""
        self._count_values(1)
        parameter = self.parameter(types, code)
        if modifier == MISSING:
            return _missing(types, parameter, text)
        found = self._read_value(parameter, modifier, text)
        return Not(found) if modifier in NEGATING else found

    def linked(self) -> None:
        """See filter.Values."""
        self.links += 1
        if self.links > self.limits.links:
            raise InvalidRequest(f"The chains of the search have more than {self.limits.links} references together.")

    def _special(self, types: tuple[str, ...], item: Item) -> Expression:
        if item.modifier is not None:
            raise InvalidRequest(f"{item.name} takes no modifier.")
        if item.name == "_list":
            self._alternatives(item)
            return read_list(types, item.value, self.reading)
        return read_filter(types, item.value, self)

    def _count_values(self, count: int) -> None:
        self.values += count
        if self.values > self.limits.values:
            raise InvalidRequest(f"The search has more than {self.limits.values} values.")

    def _alternatives(self, item: Item) -> list[str]:
        texts = split(item.value, ",")
        self._count_values(len(texts))
        if any(len(text) > self.limits.value_length for text in texts):
            raise InvalidRequest(
                f"A value of search parameter '{item.name}' is longer than {self.limits.value_length} characters."
            )
        present = [text for text in texts if text]
        if len(present) < len(texts):
            fault = f"Search parameter '{item.name}' has an empty value between commas."
            if self.strict or not present:
                raise Ignorable(fault)
            self.warnings.append(f"Ignored: {fault}")
        return present

    def _read_value(self, parameter: SearchParameter, modifier: str | None, text: str) -> Expression:
        if parameter.type == "composite" and modifier is not None:
            raise _no_modifier_for_composites(parameter)
        parameter_type = TYPES[parameter.type]
        read = parameter_type.read.get(modifier or "")
        allowed = MODIFIERS_OF.get(parameter.code)
        if read is not None and (allowed is None or (modifier or "") in allowed):
            found = read(parameter, text, self.reading)
            # The id of a row, which FHIR may not allow, is not what the resource is called.
            return Nothing() if parameter.code == "_id" and not _is_id(found) else found
        if modifier in RESOURCE_TYPES and parameter.type == "reference":
            return read_typed(parameter, modifier, text, self.reading)
        if modifier in parameter_type.unsupported:
            raise InvalidRequest(f"Modifier ':{modifier}' of search parameter '{parameter.code}' is not supported yet.")
        known = sorted({*(name for name in allowed or parameter_type.read if name), MISSING})
        raise InvalidRequest(
            f"Search parameter '{parameter.code}' ({parameter.type}) has no modifier ':{printable(modifier or '')}'."
            f" It takes {', '.join(':' + name for name in known)}."
        )


def _is_id(found: Expression) -> bool:
    return isinstance(found, Token) and all(map(is_logical_id, found.codes))


def _no_modifier_for_composites(parameter: SearchParameter) -> InvalidRequest:
    return InvalidRequest(
        f"Search parameter '{parameter.code}' (composite) takes no modifier. Use its components for :missing."
    )


def _missing(types: tuple[str, ...], parameter: SearchParameter, value: str) -> Expression:
    if parameter.type == "composite":
        raise _no_modifier_for_composites(parameter)
    if parameter.type in PUBLISHED_TYPES:
        return read_missing(parameter, value)
    present: Expression = Present(parameter.code, parameter.type)
    if any(has_texts(resource_type, parameter.code) for resource_type in types):
        # A concept may have no code and still be there.
        present = Or((present, Present(f"{parameter.code}:text", "string")))
    if value == "true":
        return Not(present)
    if value == "false":
        return present
    raise InvalidRequest(f"'{parameter.code}:missing' must be true or false.")
