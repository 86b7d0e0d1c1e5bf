"""Pretty printing changes white space and nothing else."""

from __future__ import annotations

import json
import time

from hypothesis import given
from hypothesis import strategies as st

from fhir_server.http.pretty import pretty

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def test_members_stand_on_lines_of_their_own() -> None:
    assert pretty(b'{"a":[1,{"b":"c"}],"d":{}}') == (
        b'{\n  "a": [\n    1,\n    {\n      "b": "c"\n    }\n  ],\n  "d": {}\n}\n'
    )


def test_numbers_keep_the_text_they_were_written_with() -> None:
    assert b"1.50" in pretty(b'{"v":1.50,"w":1e2}')
    assert b"1e2" in pretty(b'{"v":1.50,"w":1e2}')


@given(JSON)
def test_it_is_what_the_standard_library_would_print(tree: object) -> None:
    compact = json.dumps(tree, separators=(",", ":"), ensure_ascii=False)
    expected = json.dumps(tree, indent=2, ensure_ascii=False) + "\n"
    assert pretty(compact.encode("utf-8", "surrogatepass")) == expected.encode("utf-8", "surrogatepass")


def test_long_strings_full_of_escapes_take_linear_time() -> None:
    start = time.perf_counter()
    pretty(b'"' + b"\\\\" * 500_000 + b'"')
    assert time.perf_counter() - start < 5
