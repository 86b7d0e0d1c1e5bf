"""Whatever a JSON column holds, made into a legal value of a FHIR type by leaving out what is not legal, never by
guessing.

https://hl7.org/fhir/R4/json.html. The portal writes such columns freely: text instead of arrays, numbers instead of
text, own members. Only known elements of the right JSON type come through.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from fhir_server.definitions import Property, children, is_primitive, properties, required_codes, type_definition
from fhir_server.indexing.intervals import date_interval
from fhir_server.mapping.primitives import (
    ID,
    code_or_absent,
    decimal_text,
    text_or_absent,
    uri_or_absent,
)
from fhir_server.mapping.trees import ABSENT

_MAX_DEPTH = 8
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?")
_BASE64 = re.compile(r"([0-9A-Za-z+/]{4})*([0-9A-Za-z+/]{2}==|[0-9A-Za-z+/]{3}=)?")
_OID = re.compile(r"urn:oid:[0-2](\.(0|[1-9][0-9]*))+")
_UUID = re.compile(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})")
_LOCAL_REFERENCE = re.compile(r"([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}")
_NOT_HEARD = frozenset({"extension", "modifierExtension", "contained", "id"})


def _text(value: Any) -> Any:
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        # Postal codes and member numbers arrive as JSON numbers.
        value = getattr(value, "text", str(value))
    return text_or_absent(value)


def _legal(check: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: check(_text(value))


def _matching(pattern: re.Pattern[str]) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        text = _text(value)
        return text if text is not ABSENT and pattern.fullmatch(text) else ABSENT

    return convert


def _interval(*patterns: re.Pattern[str]) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        text = _text(value)
        if text is ABSENT or not any(pattern.fullmatch(text) for pattern in patterns):
            return ABSENT
        try:
            date_interval(text)
        except ValueError:
            return ABSENT
        return text

    return convert


def _integer(low: int) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        return value if isinstance(value, int) and not isinstance(value, bool) and low <= value < 2**31 else ABSENT

    return convert


def _boolean(value: Any) -> Any:
    return value if isinstance(value, bool) else ABSENT


_PRIMITIVES: Mapping[str, Callable[[Any], Any]] = {
    "string": _text,
    "markdown": _text,
    "code": _legal(code_or_absent),
    "id": _matching(ID),
    "uri": _legal(uri_or_absent),
    "url": _legal(uri_or_absent),
    "canonical": _legal(uri_or_absent),
    "oid": _matching(_OID),
    "uuid": _matching(_UUID),
    "base64Binary": _matching(_BASE64),
    "date": _interval(_DATE),
    "dateTime": _interval(_DATE, _INSTANT),
    "instant": _interval(_INSTANT),
    "time": _matching(_TIME),
    "boolean": _boolean,
    "decimal": decimal_text,
    "integer": _integer(-(2**31)),
    "unsignedInt": _integer(0),
    "positiveInt": _integer(1),
}


def conform(path: str, value: Any, depth: int = 0) -> Any:
    """What of `value` is legal at `path` (a data type or an element path of complex type); ABSENT when nothing is."""
    if is_primitive(path):
        return _PRIMITIVES.get(path, _nothing)(value)
    if not isinstance(value, dict) or depth > _MAX_DEPTH:
        return ABSENT
    shape = _shape(path)
    said: dict[str, Any] = {}
    for name, item in value.items():
        legal = shape.members.get(name)
        if legal is not None:
            found = legal(item, depth)
            if found is not ABSENT:
                said[name] = found
    if not said or any(names.isdisjoint(said) for names in shape.required):
        return ABSENT
    return said if shape.check is None else shape.check(said, None)


@dataclass(frozen=True, slots=True)
class _Shape:
    """A complex type: what makes each of its members legal, the names one of which must be there, its own rule."""

    members: Mapping[str, Callable[[Any, int], Any]]
    required: tuple[frozenset[str], ...]
    check: Callable[[dict[str, Any], Property | None], Any] | None


@cache
def _shape(path: str) -> _Shape:
    legal = {name: known for name, known in properties(path).items() if name not in _NOT_HEARD}
    required = tuple(
        frozenset(member for member, known in legal.items() if known.element.name == name)
        for name, definition in children(path).items()
        if definition.min
    )
    members = {name: _member(f"{path}.{name}", known) for name, known in legal.items()}
    return _Shape(members, required, _CHECKS.get(path))


def _member(path: str, known: Property) -> Callable[[Any, int], Any]:
    one = _one(path, known)
    if not known.element.is_list:
        return lambda item, depth: ABSENT if isinstance(item, list) else one(item, depth)

    def each(item: Any, depth: int) -> Any:
        items = item if isinstance(item, list) else [item]
        return [value for value in (one(each, depth) for each in items) if value is not ABSENT] or ABSENT

    return each


def _one(path: str, known: Property) -> Callable[[Any, int], Any]:
    if known.type and is_primitive(known.type):
        convert = _PRIMITIVES.get(known.type, _nothing)
        codes = required_codes(path) if known.type == "code" else None
        if codes is None:
            return lambda item, depth: convert(item)

        def code(item: Any, depth: int) -> Any:
            found = convert(item)
            return found if found in codes else ABSENT

        return code
    definition = type_definition(known.type) if known.type else None
    if definition is not None and definition.kind == "resource":
        return lambda item, depth: ABSENT
    check = _CHECKS.get(known.type)

    def complex_(item: Any, depth: int) -> Any:
        found = conform(path, item, depth + 1)
        return found if found is ABSENT or check is None else check(found, known)

    return complex_


def _nothing(value: Any) -> Any:
    return ABSENT


def _reference(said: dict[str, Any], known: Property | None) -> Any:
    """Only references to resources of this server that the element allows; the rest is left to display and
    identifier.
    """
    literal = _LOCAL_REFERENCE.fullmatch(said.get("reference", ""))
    targets = known.element.targets if known is not None else ()
    named = literal[1] if literal is not None else None
    legal = literal is not None and type_definition(named or "") is not None and (not targets or named in targets)
    kept = {name: item for name, item in said.items() if name != "type" and (name != "reference" or legal)}
    return kept or ABSENT


def _quantity(said: dict[str, Any], known: Property | None) -> Any:
    return said if "system" in said else {name: item for name, item in said.items() if name != "code"} or ABSENT


def _contact_point(said: dict[str, Any], known: Property | None) -> Any:
    return said if "system" in said or "value" not in said else ABSENT


def _period(said: dict[str, Any], known: Property | None) -> Any:
    if len(said) < 2:
        return said
    start, end = said["start"], said["end"]
    if "T" in start and "T" in end:
        return said if date_interval(start)[0] <= date_interval(end)[0] else ABSENT
    # A date is no point in time: days are compared as they are written.
    written = min(len(start), len(end), 10)
    return said if start[:written] <= end[:written] else ABSENT


def _range(said: dict[str, Any], known: Property | None) -> Any:
    low, high = said.get("low", {}).get("value"), said.get("high", {}).get("value")
    return said if low is None or high is None or low <= high else ABSENT


def _ratio(said: dict[str, Any], known: Property | None) -> Any:
    return said if {"numerator", "denominator"} <= set(said) else ABSENT


def _attachment(said: dict[str, Any], known: Property | None) -> Any:
    return {name: item for name, item in said.items() if name != "data"} or ABSENT


_CHECKS: Mapping[str, Callable[[dict[str, Any], Property | None], Any]] = {
    "Attachment": _attachment,
    "ContactPoint": _contact_point,
    "Period": _period,
    "Quantity": _quantity,
    "Range": _range,
    "Ratio": _ratio,
    "Reference": _reference,
}
"""What FHIR demands of a data type beyond its elements: what breaks it is left out."""
