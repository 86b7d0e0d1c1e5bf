"""Criteria as structures: what is asked, how it is written in a URL, and which resources it matches by R4's rules.

https://hl7.org/fhir/R4/search.html
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from .values import (
    DAY,
    Interval,
    Reference,
    Text,
    Token,
    TypedIdentifier,
    Uri,
    escaped,
    interval,
    normal,
)

UNSURE = None
"""R4 leaves this resource open; it may be found or not."""


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
    """`how` is starts, exact or contains, and of filters also equal or ends."""

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
            ends = self.how == "ends" and said.value.endswith(self.text)
            equal = self.how == "equal" and said.value == self.text
            plain = said.value.startswith(self.text) if self.how == "starts" else self.text in said.value
            return UNSURE if ends or equal or (plain and self.how in ("starts", "contains")) else False
        found = normal(said.value)
        match self.how:
            case "starts":
                return found.startswith(asked)
            case "equal":
                return found == asked
            case "ends":
                return found.endswith(asked)
        return asked in found


def _composed(text: str) -> str:
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
