"""The input of an operation, from the query string and a Parameters resource alike.

https://hl7.org/fhir/R4/operations.html#request
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from fhir_server.errors import InvalidRequest
from fhir_server.indexing.intervals import date_interval
from fhir_server.interactions.request import FhirRequest
from fhir_server.json_text import Tree, parse_json
from fhir_server.mapping.minted import is_logical_id
from fhir_server.search import Limits, parse_query
from fhir_server.search.query import encode_query, printable
from fhir_server.validation import raise_if_invalid

Interval = tuple[datetime | None, datetime | None]


@dataclass(frozen=True, slots=True)
class Arguments:
    """Names and values in their order. Values of a query are texts; those of a Parameters resource are trees."""

    items: tuple[tuple[str, Tree], ...]
    groups: tuple[tuple[str, Arguments], ...] = ()
    """Parameters that consist of parts, each with its parts."""

    def only(self, names: Collection[str]) -> None:
        """Raise InvalidRequest for a parameter that is not among `names`."""
        for name in (*(name for name, _ in self.items), *(name for name, _ in self.groups)):
            if name not in names:
                known = ", ".join(sorted(names)) or "none"
                raise InvalidRequest(f"The operation has no parameter '{printable(name)}'. It takes: {known}.")

    def trees(self, name: str) -> list[Tree]:
        """All values under this name."""
        return [value for given, value in self.items if given == name]

    def texts(self, name: str) -> list[str]:
        """All values under this name, which must be primitives."""
        return [_text(name, value) for value in self.trees(name)]

    def text(self, name: str) -> str | None:
        """The one value under this name; raises InvalidRequest for several."""
        found = self.texts(name)
        if len(found) > 1:
            raise InvalidRequest(f"The parameter '{name}' may stand only once.", (name,))
        return found[0] if found else None

    def positive(self, name: str) -> int | None:
        """The one value under this name as a number above zero."""
        found = self.text(name)
        if found is None:
            return None
        if not (found.isascii() and found.isdecimal() and len(found) < 10 and int(found) > 0):
            raise InvalidRequest(f"The parameter '{name}' must be a whole number above 0.", (name,))
        return int(found)

    def natural(self, name: str) -> int | None:
        """The one value under this name as a number that is not negative."""
        found = self.text(name)
        if found is None:
            return None
        if not (found.isascii() and found.isdecimal() and len(found) < 10):
            raise InvalidRequest(f"The parameter '{name}' must be a whole number, 0 or more.", (name,))
        return int(found)

    def flag(self, name: str) -> bool:
        """Whether the one value under this name is true; without it, False."""
        found = self.text(name)
        if found not in (None, "true", "false"):
            raise InvalidRequest(f"The parameter '{name}' must be true or false.", (name,))
        return found == "true"

    def resource(self, name: str, resource_type: str) -> dict[str, Any] | None:
        """The one resource under this name, which must be of this type."""
        found = self.trees(name)
        if not found:
            return None
        one = found[0]
        if len(found) > 1 or not isinstance(one, dict) or one.get("resourceType") != resource_type:
            raise InvalidRequest(f"The parameter '{name}' must be one resource of type {resource_type}.", (name,))
        return one

    def reference(self, name: str, resource_type: str) -> str | None:
        """The logical id that the one reference under this name gives; None without one, or without a literal one.

        Raises InvalidRequest for several, and for references to other types.
        """
        found = self.trees(name)
        if len(found) > 1:
            raise InvalidRequest(f"The parameter '{name}' may stand only once.", (name,))
        said = found[0] if found else None
        text = said.get("reference") if isinstance(said, dict) else said
        if text is None:
            return None
        kind, _, logical_id = text.rpartition("/") if isinstance(text, str) else ("", "", "")
        if kind.rpartition("/")[2] != resource_type or not is_logical_id(logical_id):
            raise InvalidRequest(f"The parameter '{name}' must refer to a {resource_type}.", (name,))
        return logical_id

    def identifier(self, name: str, system: str) -> str | None:
        """The value of the identifier of a system in the first reference under this name; None without one."""
        for said in self.trees(name):
            one = said.get("identifier") if isinstance(said, dict) else None
            if isinstance(one, dict) and one.get("system") == system and isinstance(one.get("value"), str):
                return str(one["value"])
        return None

    def interval(self, name: str, zone: tzinfo) -> Interval | None:
        """The interval that the date or instant under this name stands for."""
        found = self.text(name)
        if found is None:
            return None
        try:
            return date_interval(found, zone)
        except ValueError:
            raise InvalidRequest(f"The parameter '{name}' is not a date such as 2024-03-10.", (name,)) from None

    def query(self) -> str:
        """The arguments as a query string; raises InvalidRequest for what cannot stand in one."""
        return encode_query(tuple((name, _text(name, value)) for name, value in self.items))


def arguments_of(request: FhirRequest, limits: Limits, *, groups: Collection[str] = ()) -> Arguments:
    """What the query says and then what the body says; parameters named in `groups` consist of parts.

    Raises InvalidRequest for another body than Parameters.
    """
    asked = parse_query(request.query, limits=limits)
    items: list[tuple[str, Tree]] = [(item.full_name, item.value) for item in asked.items]
    if request.method == "POST" and request.body:
        return _said(request.body, tuple(items), groups)
    return Arguments(tuple(items))


def _said(body: bytes, before: tuple[tuple[str, Tree], ...], groups: Collection[str]) -> Arguments:
    tree = parse_json(body)
    if not isinstance(tree, dict) or tree.get("resourceType") != "Parameters":
        raise InvalidRequest("The body of an operation must be a Parameters resource", ("resourceType",))
    raise_if_invalid("Parameters", tree)
    items, parted = [], []
    for number, parameter in enumerate(tree.get("parameter", ())):
        at = f"Parameters.parameter[{number}]"
        if parameter["name"] in groups and "part" in parameter:
            parts = tuple(_named_value(part, f"{at}.part[{place}]") for place, part in enumerate(parameter["part"]))
            parted.append((parameter["name"], Arguments(parts)))
        else:
            items.append(_named_value(parameter, at))
    return Arguments((*before, *items), tuple(parted))


def _named_value(parameter: dict[str, Any], at: str) -> tuple[str, Tree]:
    values = [value for key, value in parameter.items() if key.startswith("value") or key == "resource"]
    if not values:
        raise InvalidRequest(f"The parameter '{printable(parameter['name'])}' has no value", (at,))
    return parameter["name"], values[0]


def _text(name: str, value: Tree) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = value if isinstance(value, str) else getattr(value, "text", None) or (value if value is not None else "")
    if isinstance(text, (dict, list)) or text == "":
        raise InvalidRequest(f"The parameter '{printable(name)}' must have a simple value.", (printable(name),))
    return str(text)
