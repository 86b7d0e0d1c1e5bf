"""The JSON Schema of every FHIR primitive type: JSON type, lexical form, limits.

https://hl7.org/fhir/R4/datatypes.html#primitive

The patterns are for the linear-time regex engine of jsonschema-rs, which anchors nothing by itself and whose `\\s` and
`\\S` know all of Unicode: the published `string` pattern would refuse U+00A0 there, so white space is spelt out.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

_WHITE_SPACE = r" \t\n\r\f\x0b"
_YEAR = "(?:[0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)"
_MONTH = "(?:0[1-9]|1[0-2])"
# Only days that the calendar has: a 29 February needs a leap year.
_DAY = (
    rf"(?:{_YEAR}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    r"|02-(?:0[1-9]|1[0-9]|2[0-8]))"
    r"|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)-02-29)"
)
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
_ZONE = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_BASE64 = "[0-9A-Za-z+/]"
_GAP = r"[ \t\r\n]*"
_MEBI = 1024 * 1024


def _text(pattern: str | None, maximum: int | None = None) -> Mapping[str, Any]:
    schema: dict[str, Any] = {"type": "string", "minLength": 1}
    if maximum is not None:
        schema["maxLength"] = maximum
    if pattern is not None:
        schema["pattern"] = f"^{pattern}$"
    return MappingProxyType(schema)


def _whole(minimum: int) -> Mapping[str, Any]:
    return MappingProxyType({"type": "integer", "minimum": minimum, "maximum": 2**31 - 1})


# A string may hold tab, line feed and carriage return, but neither of the two other ASCII spaces.
_STRING = _text(r"[^\x0b\x0c]+", _MEBI)
_URI = _text(f"[^{_WHITE_SPACE}]+")

PRIMITIVES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "base64Binary": _text(
            f"{_GAP}(?:(?:{_BASE64}{_GAP}){{4}})*(?:(?:{_BASE64}{_GAP}){{2}}={_GAP}=|(?:{_BASE64}{_GAP}){{3}}=)?{_GAP}"
        ),
        "boolean": MappingProxyType({"type": "boolean"}),
        "canonical": _URI,
        "code": _text(f"[^{_WHITE_SPACE}]+(?:[{_WHITE_SPACE}][^{_WHITE_SPACE}]+)*"),
        "date": _text(f"(?:{_YEAR}(?:-{_MONTH})?|{_DAY})"),
        "dateTime": _text(f"(?:{_YEAR}(?:-{_MONTH})?|{_DAY}(?:T{_TIME}{_ZONE})?)"),
        "decimal": MappingProxyType({"type": "number"}),
        "id": _text(r"[A-Za-z0-9.-]{1,64}"),
        "instant": _text(f"{_DAY}T{_TIME}{_ZONE}"),
        "integer": _whole(-(2**31)),
        "markdown": _STRING,
        "oid": _text(r"urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+"),
        "positiveInt": _whole(1),
        "string": _STRING,
        "time": _text(_TIME),
        "unsignedInt": _whole(0),
        "uri": _URI,
        "url": _URI,
        "uuid": _text("urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
        "xhtml": _text(None),
    }
)

FORMATS: Mapping[str, str] = MappingProxyType(
    {
        "base64Binary": "base64 text",
        "boolean": "true or false",
        "canonical": "a canonical URL without white space",
        "code": "a code without leading, trailing or doubled white space",
        "date": "a date: YYYY, YYYY-MM or YYYY-MM-DD",
        "dateTime": "a date, or a date and time with seconds and zone: YYYY-MM-DDThh:mm:ss+zz:zz",
        "decimal": "a JSON number",
        "id": "an id: 1 to 64 letters, digits, '-' and '.'",
        "instant": "an instant with seconds and zone: YYYY-MM-DDThh:mm:ss+zz:zz",
        "integer": "a whole JSON number of 32 bits, written without fraction or exponent",
        "markdown": "a non-empty markdown text",
        "oid": "an OID as urn:oid:...",
        "positiveInt": "a whole JSON number from 1 to 2147483647, written without fraction or exponent",
        "string": "a non-empty text of at most 1048576 characters",
        "time": "a time with seconds: hh:mm:ss",
        "unsignedInt": "a whole JSON number from 0 to 2147483647, written without fraction or exponent",
        "uri": "a URI without white space",
        "url": "a URL without white space",
        "uuid": "a UUID as urn:uuid:... in lower case",
        "xhtml": "a non-empty XHTML text",
    }
)
"""What a value of each primitive type looks like, for error texts."""
