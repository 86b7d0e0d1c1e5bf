"""Amounts in UCUM units as amounts in one canonical unit per kind of quantity, exactly.

https://ucum.org/ucum and https://hl7.org/fhir/R4/search.html#quantity

Only conversions that decimal fractions can say exactly are made; for any other unit `canonical` says nothing and the
unit is compared as it is written. So that frequencies and degrees stay exact, times below a fraction bar are counted
in a span that seconds, hours, weeks, months and years all divide, and temperatures in ninths of a kelvin. Unlike in
UCUM an annotation means something: `{beats}/min` is not `/min`, and mL/min/{1.73_m2} is not mL/min.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact
from fractions import Fraction
from functools import lru_cache

SYSTEM = "http://unitsofmeasure.org"

Dimensions = Mapping[str, int]

_PREFIXES: Mapping[str, Fraction] = {
    name: Fraction(10) ** power
    for name, power in {
        "Y": 24,
        "Z": 21,
        "E": 18,
        "P": 15,
        "T": 12,
        "G": 9,
        "M": 6,
        "k": 3,
        "h": 2,
        "da": 1,
        "d": -1,
        "c": -2,
        "m": -3,
        "u": -6,
        "n": -9,
        "p": -12,
        "f": -15,
        "a": -18,
        "z": -21,
        "y": -24,
    }.items()
}

_METRIC: Mapping[str, tuple[str, str]] = {
    # base units; those of one dimension that count different things are kept apart, as milliequivalents and millimoles
    "m": ("1", "m"),
    "s": ("1", "s"),
    "g": ("1", "g"),
    "mol": ("1", "mol"),
    "K": ("1", "K"),
    "cd": ("1", "cd"),
    "C": ("1", "C"),
    "[iU]": ("1", "[IU]"),
    "[IU]": ("1", "[IU]"),
    "[arb'U]": ("1", "[arb'U]"),
    "[CFU]": ("1", "[CFU]"),
    "eq": ("1", "eq"),
    "osm": ("1", "osm"),
    "kat": ("1", "mol.s-1"),
    "U": ("0.000001", "mol.min-1"),
    "L": ("1", "dm3"),
    "l": ("1", "dm3"),
    "ar": ("100", "m2"),
    "Hz": ("1", "s-1"),
    "Bq": ("1", "Bq"),
    "N": ("1000", "g.m.s-2"),
    "Pa": ("1", "N.m-2"),
    "J": ("1", "N.m"),
    "W": ("1", "J.s-1"),
    "A": ("1", "C.s-1"),
    "V": ("1", "J.C-1"),
    "Ohm": ("1", "V.A-1"),
    "Gy": ("1", "Gy"),
    "Sv": ("1", "Sv"),
    "bar": ("100000", "Pa"),
    "m[Hg]": ("133322", "Pa"),
    "m[H2O]": ("9806.65", "Pa"),
    "cal": ("4.184", "J"),
    "t": ("1000", "kg"),
}
"""Units that take prefixes: so many of another unit."""

_PLAIN: Mapping[str, tuple[str, str]] = {
    "min": ("60", "s"),
    "h": ("3600", "s"),
    "d": ("86400", "s"),
    "wk": ("604800", "s"),
    "mo": ("30.4375", "d"),
    "a": ("365.25", "d"),
    "%": ("0.01", "1"),
    "[ppth]": ("0.001", "1"),
    "[ppm]": ("0.000001", "1"),
    "[ppb]": ("0.000000001", "1"),
    "10*": ("10", "1"),
    "10^": ("10", "1"),
    "deg": ("1", "deg"),
    "[in_i]": ("2.54", "cm"),
    "[ft_i]": ("30.48", "cm"),
    "[yd_i]": ("91.44", "cm"),
    "[mi_i]": ("160934.4", "cm"),
    "[sin_i]": ("6.4516", "cm2"),
    "[sft_i]": ("929.0304", "cm2"),
    "[cin_i]": ("16.387064", "cm3"),
    "[gr]": ("64.79891", "mg"),
    "[oz_av]": ("28.349523125", "g"),
    "[lb_av]": ("453.59237", "g"),
    "[stone_av]": ("6350.29318", "g"),
    "[gal_us]": ("231", "[cin_i]"),
    "[qt_us]": ("57.75", "[cin_i]"),
    "[pt_us]": ("28.875", "[cin_i]"),
    "[cup_us]": ("14.4375", "[cin_i]"),
    "[foz_us]": ("1.8046875", "[cin_i]"),
    "[tbs_us]": ("0.90234375", "[cin_i]"),
    "[tsp_us]": ("0.30078125", "[cin_i]"),
    "[Cal]": ("4184", "J"),
    "atm": ("101325", "Pa"),
    "[HPF]": ("1", "[HPF]"),
    "[LPF]": ("1", "[LPF]"),
    "[drp]": ("0.05", "mL"),
}
"""Units without prefixes."""

_BASES = frozenset({"1", *(unit for unit, (_, of) in (*_METRIC.items(), *_PLAIN.items()) if of == unit), "[IU]"})

_DEGREES: Mapping[str, tuple[str, str]] = {
    "K": ("9", "0"),
    "Cel": ("9", "2458.35"),
    "[degF]": ("5", "2298.35"),
}
"""Ninths of a kelvin: a factor, and what to add. Differences of temperatures stand in compound units only."""

_NINTHS = "K/9"
_SPAN = 276_129
"""81·7·487 seconds: the odd factors of all units of time."""

_TOKEN = re.compile(r"10[*^]|\[[^\[\]{}]*\]|\{[^{}]*\}|[+-]?[0-9]+|[./()]|[A-Za-z%](?:[A-Za-z']|\[[^\[\]{}]*\])*")
_ANNOTATION = "{"
_LONGEST = 64
_MOST_DIGITS = 4096


@dataclass(frozen=True, slots=True)
class Conversion:
    """`value * factor + offset` is the amount in `unit`; all three are exact."""

    factor: Decimal
    offset: Decimal
    unit: str


def canonical(value: Decimal, unit: str) -> tuple[Decimal, str] | None:
    """An amount in the canonical unit of its kind, and that unit; None where it cannot be converted exactly.

    >>> canonical(Decimal("40"), "mm"), canonical(Decimal("4.0"), "cm")
    ((Decimal('0.040'), 'm'), (Decimal('0.040'), 'm'))
    """
    found = conversion_of(unit)
    if found is None or not value.is_finite():
        return None
    exact = Context(prec=_MOST_DIGITS, traps=[Inexact])
    try:
        return exact.fma(value, found.factor, found.offset), found.unit
    except Inexact:
        return None


@lru_cache(maxsize=4096)
def conversion_of(unit: str) -> Conversion | None:
    """How amounts in a unit become canonical; None for what is not UCUM and for what cannot be done exactly."""
    if unit in _DEGREES:
        factor, offset = _DEGREES[unit]
        return Conversion(Decimal(factor), Decimal(offset), _NINTHS)
    try:
        found = _Reader(unit).unit() if 0 < len(unit) <= _LONGEST else None
    except ValueError:
        return None
    return None if found is None else _finished(*found)


def _finished(factor: Fraction, dimensions: Dimensions) -> Conversion | None:
    names = []
    for name, power in sorted(dimensions.items()):
        if name == "s" and power < 0:
            factor *= Fraction(_SPAN) ** -power
            name = f"({_SPAN}.s)"
        names.append(name if power == 1 else f"{name}{power}")
    exact = _decimal(factor)
    return None if exact is None else Conversion(exact, Decimal(0), ".".join(names) or "1")


def _decimal(number: Fraction) -> Decimal | None:
    """The number as a decimal fraction, where it is one."""
    rest, twos, fives = number.denominator, 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    places = max(twos, fives)
    if rest != 1 or places > 300:
        return None
    digits = number.numerator * 10**places // number.denominator
    if digits > 10**300:
        return None
    return Decimal(digits).scaleb(-places, Context(prec=310)).normalize(Context(prec=310))


@lru_cache(maxsize=1024)
def _atom(code: str) -> tuple[Fraction, Dimensions]:
    """A unit with or without a prefix; raises ValueError for an unknown one."""
    if code in _BASES:
        return Fraction(1), {} if code == "1" else {code: 1}
    known = _METRIC.get(code) or _PLAIN.get(code)
    if known is not None:
        factor, dimensions = _Reader(known[1]).unit()
        return factor * Fraction(known[0]), dimensions
    for length in (1, 2):
        prefix, rest = code[:length], code[length:]
        if prefix in _PREFIXES and rest in _METRIC:
            factor, dimensions = _atom(rest)
            return factor * _PREFIXES[prefix], dimensions
    raise ValueError("not a unit")


class _Reader:
    """Reads one unit expression; every method raises ValueError where it is not UCUM."""

    def __init__(self, text: str) -> None:
        self.tokens = _TOKEN.findall(text)
        if "".join(self.tokens) != text:
            raise ValueError("not a unit")
        self.position = 0

    def unit(self) -> tuple[Fraction, Dimensions]:
        found = self.term()
        if self.position < len(self.tokens):
            raise ValueError("not a unit")
        return found

    def accept(self, *texts: str) -> str | None:
        if self.position < len(self.tokens) and self.tokens[self.position] in texts:
            self.position += 1
            return str(self.tokens[self.position - 1])
        return None

    def take(self) -> str:
        if self.position == len(self.tokens):
            raise ValueError("not a unit")
        self.position += 1
        return str(self.tokens[self.position - 1])

    def term(self) -> tuple[Fraction, Dimensions]:
        factor, dimensions = Fraction(1), dict[str, int]()
        sign = -1 if self.accept("/") else 1
        while True:
            found, of = self.component()
            factor *= found**sign
            for name, power in of.items():
                dimensions[name] = dimensions.get(name, 0) + power * sign
            operator = self.accept(".", "/")
            if operator is None:
                return factor, {name: power for name, power in dimensions.items() if power}
            sign = -1 if operator == "/" else 1

    def component(self) -> tuple[Fraction, Dimensions]:
        symbol = self.take()
        if symbol == "(":
            found = self.term()
            if self.accept(")") is None:
                raise ValueError("not a unit")
            return found
        if symbol[0] == _ANNOTATION:
            return Fraction(1), {symbol: 1}
        if symbol.isdecimal():
            if symbol[0] == "0":
                raise ValueError("not a unit")
            return Fraction(symbol), {}
        factor, dimensions = _atom(symbol)
        power = self.power()
        factor, dimensions = factor**power, {name: each * power for name, each in dimensions.items()}
        if self.position < len(self.tokens) and self.tokens[self.position][0] == _ANNOTATION:
            annotation = self.take()
            return factor, {**dimensions, annotation: dimensions.get(annotation, 0) + power}
        return factor, dimensions

    def power(self) -> int:
        if self.position < len(self.tokens) and self.tokens[self.position].lstrip("+-").isdecimal():
            power = int(self.take())
            if not 0 < abs(power) <= 30:
                raise ValueError("not a unit")
            return power
        return 1
