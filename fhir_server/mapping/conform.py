"""Whatever a JSON column holds, made into a legal value of a FHIR type by leaving out what is not legal, never by
guessing.

https://hl7.org/fhir/R4/json.html. The portal writes such columns freely: text instead of arrays, numbers instead of
text, own members. Only known elements of the right JSON type come through.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
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
        return _PRIMITIVES.get(path, lambda _: ABSENT)(value)
    if not isinstance(value, dict) or depth > _MAX_DEPTH:
        return ABSENT
    legal = properties(path)
    said: dict[str, Any] = {}
    for name, item in value.items():
        known = legal.get(name)
        if known is not None and name not in _NOT_HEARD:
            found = _property(f"{path}.{name}", known, item, depth)
            if found is not ABSENT:
                said[name] = found
    if not said or any(definition.min and not _has(said, name) for name, definition in children(path).items()):
        return ABSENT
    return _checked(path, said, None)


def _checked(data_type: str, said: dict[str, Any], known: Property | None) -> Any:
    check = _CHECKS.get(data_type)
    return said if check is None else check(said, known)


def _has(said: dict[str, Any], name: str) -> bool:
    return name in said or (name.endswith("[x]") and any(key.startswith(name[:-3]) for key in said))


def _property(path: str, known: Property, item: Any, depth: int) -> Any:
    if not known.element.is_list:
        return ABSENT if isinstance(item, list) else _item(path, known, item, depth)
    items = item if isinstance(item, list) else [item]
    found = [value for value in (_item(path, known, one, depth) for one in items) if value is not ABSENT]
    return found or ABSENT


def _item(path: str, known: Property, item: Any, depth: int) -> Any:
    if known.type and is_primitive(known.type):
        codes = required_codes(path) if known.type == "code" else None
        found = _PRIMITIVES.get(known.type, lambda _: ABSENT)(item)
        return ABSENT if codes is not None and found not in codes else found
    definition = type_definition(known.type) if known.type else None
    if definition is not None and definition.kind == "resource":
        return ABSENT
    found = conform(path, item, depth + 1)
    return found if found is ABSENT else _checked(known.type, found, known)


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
