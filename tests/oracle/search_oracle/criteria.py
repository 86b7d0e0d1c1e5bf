"""Criteria as structures: what is asked, how it is written in a URL, and which resources it matches by R4's rules.

https://hl7.org/fhir/R4/search.html
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from .values import (
    DAY,
    Amount,
    Interval,
    Reference,
    Text,
    Token,
    TypedIdentifier,
    Uri,
    interval,
    normal,
)

UNSURE = None
"""R4 leaves this resource open; it may be found or not."""


def escaped(text: str) -> str:
    """A part of a value with R4's backslashes."""
    for character in "\\,|$":
        text = text.replace(character, "\\" + character)
    return text


@dataclass(frozen=True, slots=True)
class TokenIs:
    """`code`, `system|code`, `|code` (system "") or `system|` (code None)."""

    system: str | None
    code: str | None

    def written(self) -> str:
        if self.system is None:
            return escaped(self.code or "")
        return f"{escaped(self.system)}|{escaped(self.code or '')}"

    def matches(self, said: Token) -> bool | None:
        if self.code is not None and said.code != self.code:
            return False
        if self.code is None and said.code is None:
            # A system alone, without any code of it: `system|` asks for "any code".
            return UNSURE if said.system == self.system else False
        if self.system is None:
            return True
        if self.system == "":
            # A code of an element has the system that its binding implies, or none: `|code` may mean either.
            return UNSURE if said.implied else said.system is None
        return said.system == self.system


@dataclass(frozen=True, slots=True)
class OfTypeIs:
    """`system|code|value` of an identifier."""

    system: str
    code: str
    value: str

    def written(self) -> str:
        return "|".join(map(escaped, (self.system, self.code, self.value)))

    def matches(self, said: TypedIdentifier) -> bool:
        return (said.system, said.code, said.value) == (self.system, self.code, self.value)


@dataclass(frozen=True, slots=True)
class TextIs:
    """`how` is starts, exact or contains."""

    how: str
    text: str

    def written(self) -> str:
        return escaped(self.text)

    def matches(self, said: Text) -> bool | None:
        if self.how == "exact":
            return _composed(said.value) == _composed(self.text)
        asked = normal(self.text)
        if not asked:
            # Nothing but punctuation: R4 only says that it may be ignored on both sides.
            plain = said.value.startswith(self.text) if self.how == "starts" else self.text in said.value
            return plain and UNSURE
        found = normal(said.value)
        return found.startswith(asked) if self.how == "starts" else asked in found


def _composed(text: str) -> str:
    import unicodedata

    return unicodedata.normalize("NFC", text)


@dataclass(frozen=True, slots=True)
class ReferenceIs:
    """A value as written, and what it means: a local id perhaps with type and version, or a url with version."""

    text: str
    target_type: str | None = None
    target_id: str | None = None
    version: str | None = None
    url: str | None = None

    def written(self) -> str:
        return f"{escaped(self.url)}|{escaped(self.version)}" if self.url and self.version else escaped(self.text)

    def matches(self, said: Reference) -> bool | None:
        if self.url is not None:
            return said.url == self.url and self.version in (None, said.version)
        if said.target_id != self.target_id or said.target_id is None:
            return False
        return self.target_type in (None, said.target_type) and self.version in (None, said.version)


@dataclass(frozen=True, slots=True)
class LogicalIs:
    """`:identifier`."""

    token: TokenIs

    def written(self) -> str:
        return self.token.written()

    def matches(self, said: Reference) -> bool | None:
        return said.identifier is not None and self.token.matches(said.identifier)


@dataclass(frozen=True, slots=True)
class DateIs:
    """A prefix ("" is eq) and a date."""

    prefix: str
    text: str

    def written(self) -> str:
        return self.prefix + escaped(self.text)

    def matches(self, said: Interval) -> bool | None:
        asked = interval(self.text)
        inside = asked.low <= said.low and said.high <= asked.high
        match self.prefix:
            case "" | "eq":
                return inside
            case "ne":
                return not inside
            case "gt":
                return said.high > asked.high
            case "lt":
                return said.low < asked.low
            case "ge":
                return said.high > asked.high or inside
            case "le":
                return said.low < asked.low or inside
            case "sa":
                return said.low >= asked.high
            case "eb":
                return said.high <= asked.low
        overlaps = said.low < asked.high and said.high > asked.low
        far = self._far(said, asked)
        return True if overlaps else (False if far else UNSURE)

    @staticmethod
    def _far(said: Interval, asked: Interval) -> bool:
        """Whether no reading of `ap` as a tenth of the distance to now can reach it."""
        now = datetime.now(UTC).toordinal() * DAY
        margin = max(abs(now - asked.low), abs(now - asked.high)) // 9 + DAY
        return said.low - margin > asked.high or said.high < asked.low - margin


@dataclass(frozen=True, slots=True)
class NumberIs:
    """A prefix and a number as written."""

    prefix: str
    text: str

    def written(self) -> str:
        return self.prefix + self.text

    def matches(self, said: Amount) -> bool | None:
        return compared(self.prefix, self.text, said)


@dataclass(frozen=True, slots=True)
class QuantityIs:
    """`form` is any, coded (`n|system|code`), system (`n|system|`) or named (`n||unit`)."""

    prefix: str
    text: str
    form: str = "any"
    system: str = ""
    unit: str = ""

    def written(self) -> str:
        if self.form == "any":
            return self.prefix + self.text
        return f"{self.prefix}{self.text}|{escaped(self.system)}|{escaped(self.unit)}"

    def matches(self, said: Amount) -> bool | None:
        match self.form:
            case "coded" if said.system != self.system or said.code != self.unit:
                return self._converted(said)
            case "system" if said.system != self.system:
                return False
            case "named" if self.unit not in (said.code, said.unit):
                return False
        return compared(self.prefix, self.text, said)

    def _converted(self, said: Amount) -> bool | None:
        """Units that can be converted into each other may be: R4 leaves that to the server."""
        known = (said.system == self.system == UCUM) and said.code in FACTORS and self.unit in FACTORS
        if not known or FACTORS[said.code][0] != FACTORS[self.unit][0]:
            return UNSURE if said.system == self.system == UCUM and said.code and said.code not in FACTORS else False
        factor = FACTORS[said.code][1] / FACTORS[self.unit][1]
        meant = compared(self.prefix, self.text, Amount(said.low * factor, said.high * factor, open_end=said.open_end))
        # eq and ne may differ by conversion or by none of it
        return UNSURE if meant else (UNSURE if self.prefix == "ne" else False)


UCUM = "http://unitsofmeasure.org"
FACTORS = {
    "mm": ("length", Decimal(1)),
    "cm": ("length", Decimal(10)),
    "m": ("length", Decimal(1000)),
    "mg": ("mass", Decimal(1)),
    "g": ("mass", Decimal(1000)),
    "kg": ("mass", Decimal(1000000)),
    "%": ("share", Decimal(1)),
    "mm[Hg]": ("pressure", Decimal(1)),
    "{score}": ("score", Decimal(1)),
}


def compared(prefix: str, text: str, said: Amount) -> bool | None:
    """A stored amount against a number at the precision that it is written with."""
    value = Decimal(text)
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    half = Decimal(5).scaleb(exponent - 1)
    match prefix:
        case "" | "eq":
            return _within(said, value - half, value + half)
        case "ne":
            return not _within(said, value - half, value + half)
        case "gt":
            return said.high > value
        case "lt":
            return said.low < value
        case "ge":
            return _touching(said.high >= value, said, value)
        case "le":
            return _touching(said.low <= value, said, value)
        case "sa":
            return _after(said.low > value, said, value)
        case "eb":
            return _after(said.high < value, said, value)
    tenth = abs(value) / 10
    return said.low <= value + tenth and said.high >= value - tenth


def _within(said: Amount, low: Decimal, high: Decimal) -> bool:
    return said.low >= low and said.low < high and said.high < high


def _touching(found: bool, said: Amount, value: Decimal) -> bool | None:
    """`<5` against ge5: the end itself is not meant by `<`, which few servers tell."""
    return UNSURE if found and said.open_end and value in (said.low, said.high) else found


def _after(found: bool, said: Amount, value: Decimal) -> bool | None:
    return UNSURE if said.open_end and value in (said.low, said.high) else found


@dataclass(frozen=True, slots=True)
class UriIs:
    """`how` is exact, below or above."""

    how: str
    text: str

    def written(self) -> str:
        return escaped(self.text)

    def matches(self, said: Uri) -> bool | None:
        bare = said.value.partition("|")[0]
        forms = {said.value, bare}
        if self.how == "exact":
            return self.text in forms
        if self.how == "below":
            return any(one == self.text or one.startswith(self.text + "/") for one in forms)
        return any(one == self.text or self.text.startswith(one + "/") for one in forms)


@dataclass(frozen=True, slots=True)
class CompositeIs:
    """One condition for each part of a composite."""

    parts: tuple[Any, ...]

    def written(self) -> str:
        return "$".join(part.written() for part in self.parts)


@dataclass(frozen=True, slots=True)
class MissingIs:
    """`:missing`."""

    missing: bool

    def written(self) -> str:
        return "true" if self.missing else "false"


Alternative = Any


@dataclass(frozen=True, slots=True)
class Criterion:
    """`code:modifier=alternative,alternative`."""

    code: str
    modifier: str | None
    alternatives: tuple[Alternative, ...]

    @property
    def name(self) -> str:
        """The name in a URL."""
        return self.code if self.modifier is None else f"{self.code}:{self.modifier}"

    def written(self) -> str:
        """The value in a URL, before percent encoding."""
        return ",".join(one.written() for one in self.alternatives)


@dataclass(frozen=True, slots=True)
class Chain:
    """`code:Type.inner=…`; the type may be left out."""

    code: str
    target_type: str | None
    inner: Criterion | Chain | Has

    @property
    def name(self) -> str:
        """The name in a URL."""
        typed = f":{self.target_type}" if self.target_type else ""
        return f"{self.code}{typed}.{self.inner.name}"

    def written(self) -> str:
        """The value in a URL."""
        return self.inner.written()


@dataclass(frozen=True, slots=True)
class Has:
    """`_has:Type:code:inner=…`."""

    source_type: str
    code: str
    inner: Criterion | Chain | Has

    @property
    def name(self) -> str:
        """The name in a URL."""
        return f"_has:{self.source_type}:{self.code}:{self.inner.name}"

    def written(self) -> str:
        """The value in a URL."""
        return self.inner.written()
