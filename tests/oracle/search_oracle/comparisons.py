"""Numbers and quantities as criteria: precision, units, and what R4 leaves to the server about both.

https://hl7.org/fhir/R4/search.html#quantity
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from .values import Amount, escaped

UNSURE = None


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
