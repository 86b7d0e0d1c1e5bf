"""Whatever a JSON column holds, made into a legal value of a FHIR type by leaving out what is not legal, never by guessing.

https://hl7.org/fhir/R4/json.html. The portal writes such columns freely: text instead of arrays, numbers instead of text,
own members. Only known elements of the right JSON type come through.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from fhir_server.definitions import Property, children, is_primitive, properties, required_codes, type_definition
from fhir_server.indexing.intervals import date_interval
from fhir_server.mapping.primitives import CODE, ID
from fhir_server.mapping.trees import ABSENT

_MAX_DEPTH = 8
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?")
_URI = re.compile(r"\S+")
_BASE64 = re.compile(r"[0-9A-Za-z+/]+={0,2}")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9]{2}:[0-9]{2})")


def _text(value: Any) -> Any:
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        # Postal codes and member numbers arrive as JSON numbers.
        return getattr(value, "text", str(value))
    return value if isinstance(value, str) and value.strip() else ABSENT


def _matching(pattern: re.Pattern[str]) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        text = _text(value)
        return text if text is not ABSENT and pattern.fullmatch(text) else ABSENT

    return convert


def _date(value: Any) -> Any:
    text = _text(value)
    return text if text is not ABSENT and _is_interval(text) and "T" not in text else ABSENT


def _date_time(value: Any) -> Any:
    text = _text(value)
    if text is ABSENT or not _is_interval(text) or ("T" in text and not _INSTANT.fullmatch(text)):
        return ABSENT
    return text


def _is_interval(text: str) -> bool:
    try:
        date_interval(text)
    except ValueError:
        return False
    return True


def _instant(value: Any) -> Any:
    text = _date_time(value)
    return text if text is not ABSENT and "T" in text else ABSENT


def _integer(low: int) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        return value if isinstance(value, int) and not isinstance(value, bool) and low <= value < 2**31 else ABSENT

    return convert


def _decimal(value: Any) -> Any:
    return value if isinstance(value, (int, Decimal)) and not isinstance(value, bool) else ABSENT


def _boolean(value: Any) -> Any:
    return value if isinstance(value, bool) else ABSENT


_PRIMITIVES: dict[str, Callable[[Any], Any]] = {
    "string": _text,
    "markdown": _text,
    "code": _matching(CODE),
    "id": _matching(ID),
    "uri": _matching(_URI),
    "url": _matching(_URI),
    "canonical": _matching(_URI),
    "oid": _matching(re.compile(r"urn:oid:[0-2](\.(0|[1-9][0-9]*))+")),
    "uuid": _matching(re.compile(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")),
    "base64Binary": _matching(_BASE64),
    "date": _date,
    "dateTime": _date_time,
    "instant": _instant,
    "time": _matching(_TIME),
    "boolean": _boolean,
    "decimal": _decimal,
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
        if known is None or name in ("extension", "modifierExtension", "contained", "id"):
            continue
        found = _property(f"{path}.{name}", known, item, depth)
        if found is not ABSENT:
            said[name] = found
    if any(definition.min and not _has(said, name) for name, definition in children(path).items()):
        return ABSENT
    return said or ABSENT


def _has(said: dict[str, Any], name: str) -> bool:
    return name in said or (name.endswith("[x]") and any(key.startswith(name[:-3]) for key in said))


def _property(path: str, known: Property, item: Any, depth: int) -> Any:
    many = known.element.is_list
    items = item if isinstance(item, list) else [item]
    if len(items) > 1 and not many:
        return ABSENT
    found = [value for value in (_item(path, known, one, depth) for one in items) if value is not ABSENT]
    if not found:
        return ABSENT
    return found if many else found[0]


def _item(path: str, known: Property, item: Any, depth: int) -> Any:
    if known.type and is_primitive(known.type):
        codes = required_codes(path) if known.type == "code" else None
        found = _PRIMITIVES.get(known.type, lambda _: ABSENT)(item)
        return ABSENT if codes is not None and found not in codes else found
    definition = type_definition(known.type) if known.type else None
    if definition is not None and definition.kind == "resource":
        return ABSENT
    return conform(path, item, depth + 1)
