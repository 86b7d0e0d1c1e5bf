"""Texts and JSON as people, spreadsheets and other programs leave them in a database."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from fhir_server.json_text import DecimalText

ODD_TEXTS = (
    "",
    " ",
    "\t\n",
    "\u00a0",
    "\u3000 \u2028",
    "\x0b",
    "a\x0bb",
    "page\x0cbreak",
    "\x01control\x1f",
    " leading",
    "trailing ",
    "two  blanks",
    "a\r\nb\nc",
    "\n\n",
    "\r",
    "a\n\r",
    "Straße",
    "ßẞ",
    "İstanbul",
    "\u212aelvin",
    "Ünïcödé",
    "日本語",
    "\U0001f9b6",
    "e\u0301",
    "%",
    "'; --",
    'a"b\\c',
    "x" * 10_000,
    "é" * 3_000,
    "-",
    "null",
    "true",
    "0",
)

ANY_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
TEXTS = st.sampled_from(ODD_TEXTS) | ANY_TEXT
PLAIN_TEXTS = st.text("abcXYZ 019-.", min_size=1, max_size=12)

NUMBERS = (
    st.integers(-5, 5)
    | st.sampled_from((2**31, -(2**31), 2**63, 2**64, 10**40))
    | st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-1000, max_value=1000).map(
        lambda number: DecimalText(f"{number:f}")
    )
    | st.sampled_from(("0.00", "1.50", "0." + "0" * 30 + "1", "-0.1", "1" + "0" * 200, "0." + "1" * 300)).map(
        lambda text: DecimalText(text) if "." in text else int(text)
    )
)
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS

NAMES = st.sampled_from(
    (
        "value",
        "unit",
        "system",
        "code",
        "comparator",
        "text",
        "coding",
        "display",
        "use",
        "line",
        "city",
        "period",
        "start",
        "end",
        "low",
        "high",
        "numerator",
        "denominator",
        "name",
        "phone",
        "email",
        "telecom",
        "rank",
        "identifier",
        "issuer",
        "reference",
        "id",
        "extension",
        "fee",
    )
)


def json_of(scalars: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """JSON of any shape, with members that FHIR knows and others."""
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
        max_leaves=10,
    )


ANY_JSON = json_of(SCALARS)
