"""The normal form in which texts are compared: without case, accents and punctuation.

https://hl7.org/fhir/R4/search.html#string

The SQL function fhir_normalize gives the same result.
"""

from __future__ import annotations

import unicodedata

_ASCII_PUNCTUATION = {number: None for number in range(128) if unicodedata.category(chr(number)).startswith("P")}


class _Folding(dict[int, str]):
    """What becomes of one character of a decomposed text; filled as characters are met."""

    def __missing__(self, number: int) -> str:
        character = chr(number)
        category = unicodedata.category(character)
        folded = "" if category == "Mn" or category.startswith("P") else character.casefold()
        self[number] = folded
        return folded


_FOLDING = _Folding()


def normalize_string(text: str) -> str:
    """`text` decomposed (NFKD), without combining marks and punctuation, case-folded, runs of white space one blank."""
    if text.isascii():
        folded = text.lower().translate(_ASCII_PUNCTUATION)
    else:
        folded = unicodedata.normalize("NFKD", text).translate(_FOLDING)
    return " ".join(folded.split())
