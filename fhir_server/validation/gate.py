"""Runs the JSON Schema of a type over a resource and says in plain sentences what does not fit.

https://hl7.org/fhir/R4/json.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from itertools import islice
from types import MappingProxyType
from typing import Any

import jsonschema_rs
import msgspec

from fhir_server.definitions import Property, properties
from fhir_server.json_text import Tree, encode_json
from fhir_server.validation.findings import Findings, Path, expression
from fhir_server.validation.primitives import FORMATS, PRIMITIVES
from fhir_server.validation.schema import resource_schema

_MAX_ERRORS = 200
_MAX_SIZE_FOR_ALL_ERRORS = 100_000
_MAX_CODES = 30
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")

# jsonschema-rs takes no DecimalText. The schema asks of a decimal only that it is a number and not an integer, so any
# fraction can stand for it; 1.0 itself would count as an integer.
_view = msgspec.json.Decoder(float_hook=lambda _: 0.5)


# A compiled schema takes about a megabyte and three milliseconds; a server stores some thirty types.
@lru_cache(maxsize=64)
def _validator(resource_type: str) -> jsonschema_rs.Validator:
    # The plain engine runs in linear time; the default one may backtrack.
    return jsonschema_rs.validator_for(
        resource_schema(resource_type), pattern_options=jsonschema_rs.RegexOptions(), offline=True
    )


def passes(resource_type: str, tree: Tree, path: Path, findings: Findings) -> bool:
    """Whether `tree` has the shape of `resource_type`; what it lacks is added to `findings` with paths below `path`."""
    validator = _validator(resource_type)
    body = encode_json(tree)
    view = _view.decode(body)
    if validator.is_valid(view):
        return True
    told: dict[str, tuple[str, Path, str]] = {}
    for error in _errors(validator, view, len(body)):
        for code, where, text in _translate(resource_type, path, error):
            key = expression(where)
            # One element is reported once, and that it is not FHIR at all matters more than what else it breaks.
            if key not in told or (code == "structure" and told[key][0] != "structure"):
                told[key] = (code, where, text)
    for code, where, text in told.values():
        findings.add(code, where, text)
    return False


def _errors(validator: jsonschema_rs.Validator, view: Any, size: int) -> Iterable[jsonschema_rs.ValidationError]:
    # All errors are made before the first is handed out: seconds for a body that is wrong in 100,000 places.
    if size <= _MAX_SIZE_FOR_ALL_ERRORS:
        return islice(validator.iter_errors(view), _MAX_ERRORS)
    try:
        validator.validate(view)
    except jsonschema_rs.ValidationError as error:
        return (error,)
    return ()


class _Place:
    """The element an error is about: its path and what the definitions say of it."""

    __slots__ = ("home", "in_list", "is_sibling", "path", "property")

    def __init__(self, resource_type: str, path: Path, steps: list[str | int]) -> None:
        self.path = path
        self.home = resource_type
        self.property: Property | None = None
        self.in_list = False
        self.is_sibling = False
        for step in steps:
            self._step(step)

    def _step(self, step: str | int) -> None:
        if isinstance(step, int):
            if isinstance(self.path, tuple):
                self.path = (self.path[0], self.path[1], step)
            self.in_list = True
            return
        self.in_list = False
        self.is_sibling = step.startswith("_")
        self.property = properties(self.home).get(step.removeprefix("_"))
        self.path = (self.path, self.name_of(step), None)
        if self.property is None:
            self.home = ""
        elif self.is_sibling:
            self.home = "Element"
        else:
            self.home = home_of(self.property)

    def name_of(self, step: str) -> str:
        """The FHIRPath name of a JSON property: `value` for `valueQuantity`, `birthDate` for `_birthDate`."""
        found = properties(self.home).get(step.removeprefix("_"))
        if found is not None:
            return found.element.name.removesuffix("[x]")
        return step if _NAME.fullmatch(step) else "(unknown)"

    def expected(self) -> str:
        """What the definitions want to stand here."""
        if self.property is None:
            return "an object"
        if self.property.element.is_list and not self.in_list:
            return "an array"
        return "an object" if self.is_sibling else FORMATS.get(self.property.type, "an object")

    def expected_type(self) -> str:
        """What JSON has to have here."""
        found = self.property
        if found is None or self.is_sibling or (found.element.is_list and not self.in_list):
            return self.expected()
        return "a JSON string" if PRIMITIVES.get(found.type, {}).get("type") == "string" else self.expected()


def home_of(found: Property) -> str:
    """The definition path that holds the children of a property's value."""
    if found.element.content_reference is not None:
        return found.element.content_reference
    return found.element.path if found.type in ("BackboneElement", "Element") else found.type


def _translate(resource_type: str, path: Path, error: jsonschema_rs.ValidationError) -> list[tuple[str, Path, str]]:
    place = _Place(resource_type, path, error.instance_path)
    rule = _SENTENCES.get(error.kind.name)
    if rule is None:
        return [("structure", place.path, "does not have the shape that FHIR defines")]
    return rule(place, error.kind)


def _unknown(place: _Place, kind: Any) -> list[tuple[str, Path, str]]:
    told: list[tuple[str, Path, str]] = []
    for name in kind.unexpected:
        if _NAME.fullmatch(name):
            told.append(("structure", (place.path, name, None), "is not an element that FHIR R4 defines"))
        else:
            told.append(("structure", place.path, "has a property that FHIR R4 does not define"))
    return told


def _missing(place: _Place, kind: Any) -> list[tuple[str, Path, str]]:
    return [_required(place, kind.property)]


def _missing_primitive(place: _Place, kind: Any) -> list[tuple[str, Path, str]]:
    return [_required(place, kind.context[0][0].kind.property)]


def _required(place: _Place, name: str) -> tuple[str, Path, str]:
    if name == "resourceType":
        return "structure", place.path, "does not say its resourceType"
    return "required", (place.path, name, None), "is required"


def _type(place: _Place, kind: Any) -> list[tuple[str, Path, str]]:
    return [("structure", place.path, f"must be {place.expected_type()}")]


def _empty(place: _Place, kind: Any) -> list[tuple[str, Path, str]]:
    return [("structure", place.path, "must not be empty: leave it out instead")]


def _format(place: _Place, kind: Any) -> list[tuple[str, Path, str]]:
    if place.property is not None and place.property.name == "id" and place.property.element.path.count(".") == 1:
        return [("value", place.path, f"must be {FORMATS['id']}")]
    return [("value", place.path, f"must be {place.expected()}")]


def _code(place: _Place, kind: Any) -> list[tuple[str, Path, str]]:
    codes = [code for code in kind.options if code is not None]
    listed = ", ".join(codes[:_MAX_CODES]) + (", ..." if len(codes) > _MAX_CODES else "")
    return [("code-invalid", place.path, f"must be one of: {listed}")]


def _constant(place: _Place, kind: Any) -> list[tuple[str, Path, str]]:
    return [("structure", place.path, f"must be {kind.expected_value}")]


_SENTENCES: Mapping[str, Callable[[_Place, Any], list[tuple[str, Path, str]]]] = MappingProxyType(
    {
        "additionalProperties": _unknown,
        "anyOf": _missing_primitive,
        "const": _constant,
        "enum": _code,
        "maxLength": _format,
        "maximum": _format,
        "minItems": _empty,
        "minLength": _empty,
        "minProperties": _empty,
        "minimum": _format,
        "pattern": _format,
        "required": _missing,
        "type": _type,
    }
)
"""JSON Schema keyword to what is said when it fails."""
