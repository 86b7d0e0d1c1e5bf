"""What the nodes that an expression finds say as values of each search parameter type.

https://hl7.org/fhir/R4/search.html#ptypes
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from .nodes import Node, referenced_type
from .published import required_codes, resource_types

SECOND = 1_000_000
DAY = 86_400 * SECOND
ALWAYS, NEVER = -(10**30), 10**30
"""Times are microseconds since the year 1, as whole numbers without an end."""
_YEAR_10000 = (date(9999, 12, 31).toordinal() + 1) * DAY
NAME_PARTS = ("family", "given", "prefix", "suffix", "text")
ADDRESS_PARTS = ("line", "city", "district", "state", "postalCode", "country", "text")
INFINITY = Decimal("Infinity")
_REFERENCE = re.compile(r"(?:(.+)/)?([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/([A-Za-z0-9\-.]{1,64}))?")


@dataclass(frozen=True, slots=True)
class Token:
    """A code; `implied` tells a system that the element's binding implies and nobody wrote."""

    system: str | None
    code: str | None
    implied: bool = False
    is_boolean: bool = False


@dataclass(frozen=True, slots=True)
class TypedIdentifier:
    """An identifier's value with one coding of its type."""

    system: str | None
    code: str
    value: str


@dataclass(frozen=True, slots=True)
class Text:
    """A text as written."""

    value: str


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference as far as it was said; a canonical has its version apart."""

    target_type: str | None = None
    target_id: str | None = None
    version: str | None = None
    url: str | None = None
    contained: bool = False
    identifier: Token | None = None


@dataclass(frozen=True, slots=True)
class Interval:
    """A time [low, high)."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Amount:
    """A number [low, high] with its unit; equal ends are one number."""

    low: Decimal
    high: Decimal
    system: str | None = None
    code: str | None = None
    unit: str | None = None
    open_end: bool = False


@dataclass(frozen=True, slots=True)
class Uri:
    """A uri as written."""

    value: str


def escaped(text: str) -> str:
    """A part of a value with R4's backslashes."""
    for character in "\\,|$":
        text = text.replace(character, "\\" + character)
    return text


def normal(text: str) -> str:
    """Without case, accents (non-spacing marks) and punctuation; runs of white space are one blank."""
    kept = []
    for character in unicodedata.normalize("NFKD", text):
        category = unicodedata.category(character)
        if category != "Mn" and category[0] != "P":
            kept.append(character.casefold())
    return " ".join("".join(kept).split())


def interval(text: str) -> Interval:
    """The time that a date, dateTime or instant covers; what has no zone is UTC. Raises ValueError."""
    match = re.fullmatch(
        r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?)?", text
    )
    if match is None:
        raise ValueError(text)
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    first = date(int(year), int(month or 1), int(day or 1))
    low = first.toordinal() * DAY
    if hour is None:
        if day:
            return _bounded(low, low + DAY)
        if month:
            days = 31 if first.month == 12 else (first.replace(month=first.month + 1) - first).days
            return _bounded(low, low + days * DAY)
        return _bounded(low, (date(first.year, 12, 31).toordinal() + 1) * DAY)
    low += (int(hour) * 3600 + int(minute) * 60) * SECOND
    if zone and zone != "Z":
        offset = (int(zone[1:3]) * 3600 + int(zone[4:6]) * 60) * SECOND
        low += -offset if zone[0] == "+" else offset
    if second is None:
        return _bounded(low, low + 60 * SECOND)
    digits = (fraction or ".")[1:7]
    low += int(second) * SECOND + int(digits.ljust(6, "0"))
    return _bounded(low, low + 10 ** (6 - len(digits)))


def _bounded(low: int, high: int) -> Interval:
    """What lasts to the end of the year 9999 lasts for ever."""
    return Interval(low, NEVER if high >= _YEAR_10000 else high)


def tokens(node: Node) -> list[Token]:
    """The codes of a node. A concept of a text alone is one token of nothing, so that it counts as present."""
    value = node.value
    match node.kind:
        case "CodeableConcept":
            coded = [Token(one.get("system"), one.get("code")) for one in value.get("coding", ())]
            return coded or ([Token(None, None)] if "text" in value else [])
        case "Coding":
            return [Token(value.get("system"), value.get("code"))]
        case "Identifier" | "ContactPoint":
            return [Token(value.get("system"), value.get("value"))]
        case "boolean":
            return [Token(None, "true" if value else "false", is_boolean=True)]
        case "code":
            return [Token(_implied_system(node), value, implied=True)]
        case "string" | "id" | "uri":
            return [Token(None, value)]
    return []


def _implied_system(node: Node) -> str | None:
    allowed = required_codes(node.defined) if node.defined else None
    systems = [system for system, codes in (allowed or {}).items() if node.value in codes]
    return systems[0] if systems else None


def token_texts(node: Node) -> list[Text]:
    """What `:text` searches."""
    value = node.value
    match node.kind:
        case "CodeableConcept":
            found = [value.get("text"), *(one.get("display") for one in value.get("coding", ()))]
        case "Coding":
            found = [value.get("display")]
        case "Identifier":
            found = [value.get("type", {}).get("text")]
        case _:
            found = []
    return [Text(one) for one in found if one is not None]


def typed_identifiers(node: Node) -> list[TypedIdentifier]:
    """What `:of-type` searches."""
    if node.kind != "Identifier" or "value" not in node.value:
        return []
    codings = node.value.get("type", {}).get("coding", ())
    return [TypedIdentifier(one.get("system"), one["code"], node.value["value"]) for one in codings if "code" in one]


def texts(node: Node) -> list[Text]:
    """The texts of a string parameter's node, each part on its own."""
    parts = {"HumanName": NAME_PARTS, "Address": ADDRESS_PARTS}.get(node.kind)
    if parts is None:
        return [Text(node.value)] if isinstance(node.value, str) else []
    found: list[Text] = []
    for name in parts:
        said = node.value.get(name, ())
        found += [Text(one) for one in ([said] if isinstance(said, str) else said) if one is not None]
    return found


def references(node: Node, base_url: str) -> list[Reference]:
    """What a reference parameter's node refers to."""
    value = node.value
    if node.kind in ("canonical", "uri", "url"):
        url, _, version = value.partition("|")
        if node.kind == "canonical" and url.startswith("#"):
            return [Reference(contained=True)]
        return [Reference(url=url if node.kind == "canonical" else value, version=version or None)]
    if node.kind in resource_types():
        return [Reference(node.kind, value["id"])] if "id" in value else []
    if node.kind != "Reference":
        return []
    identifier = None
    if "value" in value.get("identifier", {}):
        identifier = Token(value["identifier"].get("system"), value["identifier"]["value"])
    return [_literal(value.get("reference"), identifier, base_url, referenced_type(value))]


def _literal(text: str | None, identifier: Token | None, base_url: str, said_type: str | None) -> Reference:
    if text is None:
        return Reference(said_type, identifier=identifier)
    if text.startswith("#"):
        return Reference(contained=True, identifier=identifier)
    local = _REFERENCE.fullmatch(text)
    if local and local[2] in resource_types() and local[1] in (None, base_url, base_url.replace("http:", "https:")):
        return Reference(local[2], local[3], local[4], identifier=identifier)
    return Reference(url=text, identifier=identifier)


def intervals(node: Node) -> list[Interval]:
    """The times of a date parameter's node; a Timing is its outer bounds."""
    value = node.value
    match node.kind:
        case "date" | "dateTime" | "instant":
            return [interval(value)]
        case "Period":
            if "start" not in value and "end" not in value:
                return []
            low = interval(value["start"]).low if "start" in value else ALWAYS
            return [Interval(low, interval(value["end"]).high if "end" in value else NEVER)]
        case "Timing":
            found = [interval(one) for one in value.get("event", ()) if one is not None]
            found += intervals(Node("Period", value.get("repeat", {}).get("boundsPeriod", {})))
            return [Interval(min(one.low for one in found), max(one.high for one in found))] if found else []
    return []


def amounts(node: Node) -> list[Amount]:
    """The numbers and quantities of a node."""
    value = node.value
    match node.kind:
        case "decimal" | "integer" | "positiveInt" | "unsignedInt":
            return [Amount(Decimal(value), Decimal(value))]
        case "Money":
            if "value" not in value:
                return []
            currency = value.get("currency")
            number = Decimal(value["value"])
            return [Amount(number, number, "urn:iso:std:iso:4217" if currency else None, currency)]
        case "Range":
            low, high = value.get("low", {}), value.get("high", {})
            if "value" not in low and "value" not in high:
                return []
            unit = low if "value" in low else high
            bounds = (Decimal(low.get("value", -INFINITY)), Decimal(high.get("value", INFINITY)))
            return [Amount(*bounds, unit.get("system"), unit.get("code"), unit.get("unit"))]
        case "Quantity" | "Age" | "Duration" | "Count" | "Distance":
            if "value" not in value:
                return []
            number, said = Decimal(value["value"]), value.get("comparator", "")
            low = -INFINITY if said.startswith("<") else number
            high = INFINITY if said.startswith(">") else number
            unit = (value.get("system"), value.get("code"), value.get("unit"))
            return [Amount(low, high, *unit, open_end=said in ("<", ">"))]
    return []


def uris(node: Node) -> list[Uri]:
    """The uris of a node."""
    return [Uri(node.value)] if isinstance(node.value, str) else []
