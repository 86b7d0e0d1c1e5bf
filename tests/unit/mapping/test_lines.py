from __future__ import annotations

from typing import Any

import pytest

from fhir_server.mapping.lines import lines
from fhir_server.mapping.trees import ABSENT
from tests.unit.mapping.columns import t
from tests.unit.mapping.test_words import heard


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ("1 Main St", ["1 Main St"]),
        ("1 Main St, Suite 2", ["1 Main St, Suite 2"]),
        ("1 Main St\r\nSuite 2\n\n", ["1 Main St", "Suite 2"]),
        ("\n \n", ABSENT),
        (None, ABSENT),
    ],
)
def test_an_address_is_split_at_the_ends_of_lines_only(held: Any, said: Any) -> None:
    assert lines(t.text).compose({"text": held}) == said


@pytest.mark.parametrize(
    ("said", "stored"),
    [
        (["a", "b"], {"text": "a\nb"}),
        (["a\nb"], None),
        (["a", " "], None),
        (["a\r"], None),
        ([None, "a"], {"text": "a"}),
        ([], None),
    ],
)
def test_lines_that_would_not_read_back_are_only_in_the_document(said: Any, stored: Any) -> None:
    assert heard(lines(t.text), said) == stored
