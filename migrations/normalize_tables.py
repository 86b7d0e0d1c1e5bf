"""Prints migrations/sql/0002_normalize.sql: the Unicode tables behind the SQL function fhir_normalize.

Run with the Python whose Unicode version is to be frozen into the database and write the output to that file.
Python 3.11 has Unicode 14.0, the oldest version among the supported Pythons and PostgreSQLs, so every code point it
knows is decomposed alike by all of them (https://www.unicode.org/policies/stability_policy.html).
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable, Iterator

SURROGATES = range(0xD800, 0xE000)
CODE_POINTS = [c for c in range(1, sys.maxunicode + 1) if c not in SURROGATES]
WIDTH = 108


def regular_expression_class(member: Callable[[str], bool]) -> str:
    """The code points above ASCII for which `member` holds, as the inside of a bracket expression."""
    ranges: list[list[int]] = []
    for code in CODE_POINTS[127:]:
        if not member(chr(code)):
            continue
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(escape(low) if low == high else f"{escape(low)}-{escape(high)}" for low, high in ranges)


def escape(code: int) -> str:
    """A code point as PostgreSQL's regular expressions write it."""
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def folding() -> Iterator[tuple[str, str]]:
    """What casefold does to single characters that NFKD leaves alone."""
    for code in CODE_POINTS[127:]:
        character = chr(code)
        if unicodedata.category(character) == "Mn" or unicodedata.normalize("NFKD", character) != character:
            continue
        if character.casefold() != character:
            yield character, character.casefold()


def literal(text: str, escaped: bool = False) -> str:
    """`text` as adjacent SQL string literals of bearable width."""
    step = WIDTH - 8
    pieces: list[str] = []
    while text:
        cut = min(step, len(text))
        if escaped and cut < len(text):
            cut = text.rfind("\\", 0, cut)  # never through an escape
            if text[cut - 1] == "-":
                cut = text.rfind("\\", 0, cut)
        pieces.append("'" + text[:cut] + "'")
        text = text[cut:]
    return "\n        ".join(pieces)


def main() -> None:
    """Write the SQL file to standard output."""
    dropped = regular_expression_class(lambda c: unicodedata.category(c) == "Mn" or unicodedata.category(c)[0] == "P")
    unassigned = regular_expression_class(lambda c: unicodedata.category(c) == "Cn")
    pairs = list(folding())
    single = [(a, b) for a, b in pairs if len(b) == 1]
    several = [(a, b) for a, b in pairs if len(b) > 1]
    spaces = regular_expression_class(str.isspace)
    folded = "text_"
    for a, b in several:
        folded = f"pg_catalog.replace({folded}, '{a}', '{b}')"
    print(f"""\
-- Names are compared without case, accents and punctuation; printed by normalize_tables.py, do not edit.
-- Unicode {unicodedata.unidata_version}. Everything is written out so that the result depends neither on the locale
-- nor on the Unicode version of the server: an index over this function must never change its mind.

CREATE FUNCTION fhir_decompose(value text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT AS $$
DECLARE
    -- not assigned by Unicode {unicodedata.unidata_version}: newer servers may decompose them, so they pass untouched
    unassigned CONSTANT text := {literal(unassigned, True)};
BEGIN
    IF value !~ ('[' || unassigned || ']') THEN
        RETURN pg_catalog.normalize(value, 'NFKD');
    END IF;
    RETURN (
        SELECT pg_catalog.string_agg(
            CASE WHEN piece[1] ~ ('[' || unassigned || ']') THEN piece[1]
                 ELSE pg_catalog.normalize(piece[1], 'NFKD') END, '' ORDER BY place)
        FROM pg_catalog.regexp_matches(value, '([' || unassigned || ']+|[^' || unassigned || ']+)', 'g')
            WITH ORDINALITY AS pieces (piece, place)
    );
END $$;

CREATE FUNCTION fhir_normalize(value text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT AS $$
DECLARE
    text_ text := value;
BEGIN
    IF pg_catalog.octet_length(text_) <> pg_catalog.length(text_) THEN
        text_ := public.fhir_decompose(text_);
        -- categories Mn and P* above ASCII
        text_ := pg_catalog.regexp_replace(text_, '['
        {literal(dropped, True)}
        ']', '', 'g');
        IF pg_catalog.octet_length(text_) <> pg_catalog.length(text_) THEN
            text_ := {folded};
            text_ := pg_catalog.translate(text_,
        {literal("".join(a for a, _ in single))},
        {literal("".join(b for _, b in single))});
        END IF;
    END IF;
    text_ := pg_catalog.translate(pg_catalog.lower(text_ COLLATE "C"), $p$!"#%&'()*,-./:;?@[\\]_{{}}$p$, '');
    RETURN pg_catalog.btrim(
        pg_catalog.regexp_replace(text_, '[\\u0009-\\u000d\\u001c-\\u0020{spaces}]+', ' ', 'g'));
END $$;""")


if __name__ == "__main__":
    main()
