"""What the status and priority texts of the portal mean in FHIR: one data file for code, tests and documentation.

https://hl7.org/fhir/R4/valueset-task-status.html and the other status value sets of R4
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from business.packaged import packaged

_FILE = "status_maps.json"
# Only ASCII, so that `lower(regexp_replace(btrim(x, …), '[ \t\r\n\f\v_-]+', '_', 'g'))` in SQL says the same.
_BLANKS = " \t\r\n\f\v"
_SEPARATORS = re.compile(r"[ \t\r\n\f\v_-]+")


def normal(text: str) -> str:
    """A status text as the maps list it: lower case, trimmed, with `_` for each run of blanks, hyphens, underscores.

    >>> normal(" Ready-to  Ship ")
    'ready_to_ship'
    """
    return _SEPARATORS.sub("_", text.strip(_BLANKS)).lower()


@dataclass(frozen=True, slots=True)
class StatusMap:
    """What the texts of one column say in one element of FHIR.

    `codes` has the FHIR code of each listed text (in its normal form), `canonical` the text that is written for a FHIR
    code, without the codes that no one text can stand for. `other` is the code of all texts that are not listed; None
    when no code would be honest. `column`, `element` and `system` are for generated documentation.
    """

    name: str
    codes: Mapping[str, str]
    other: str | None
    canonical: Mapping[str, str]
    column: str = ""
    element: str = ""
    system: str | None = None

    def lists(self, text: str | None) -> bool:
        """Whether a text is one of the listed ones."""
        return text is not None and normal(text) in self.codes

    def code(self, text: str | None) -> str | None:
        """The FHIR code of a text; `other` when it is not listed or NULL."""
        return self.other if text is None else self.codes.get(normal(text), self.other)

    def texts(self, code: str) -> tuple[str, ...]:
        """The listed texts, in their normal form, that mean a FHIR code, in the order of the data file."""
        return tuple(text for text, meant in self.codes.items() if meant == code)

    def text(self, code: str, stored: str | None = None) -> str | None:
        """The text to store for a FHIR code: `stored` itself where it means that code already, else the canonical one.

        None when the column has no text for the code; then a write has to be refused, not guessed.
        """
        if stored is not None and self.code(stored) == code:
            return stored
        return self.canonical.get(code)


@cache
def status_map(name: str) -> StatusMap:
    """The map with a name of `status_map_names()`. Raises KeyError when there is none."""
    declared: dict[str, Any] = packaged(_FILE)["maps"][name]
    listed: dict[str, list[str]] = declared["codes"]
    unwritten = declared.get("unwritten", ())
    return StatusMap(
        name,
        codes=MappingProxyType({text: code for code, texts in listed.items() for text in texts}),
        other=declared["other"],
        canonical=MappingProxyType({code: texts[0] for code, texts in listed.items() if code not in unwritten}),
        column=declared["column"],
        element=declared["element"],
        system=declared["system"],
    )


@cache
def status_map_names() -> tuple[str, ...]:
    """The names of all maps, in the order of the data file."""
    return tuple(packaged(_FILE)["maps"])
