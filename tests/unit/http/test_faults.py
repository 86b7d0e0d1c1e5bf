"""What is logged about an unexpected exception."""

from __future__ import annotations

from fhir_server.http.faults import described


def failing(depth: int = 0) -> None:
    if depth:
        failing(depth - 1)
    try:
        int("Doe, John")
    except ValueError as error:
        raise RuntimeError("patient John Doe") from error


def text_of(depth: int = 0) -> str:
    try:
        failing(depth)
    except RuntimeError as error:
        return described(error)
    raise AssertionError


def test_types_and_places_are_told_and_values_are_not() -> None:
    text = text_of()
    assert "builtins.RuntimeError at" in text
    assert "because of builtins.ValueError" in text
    assert "test_faults.py:" in text
    assert "Doe" not in text


def test_a_deep_stack_is_told_from_its_inner_end() -> None:
    assert text_of(300).count(" < ") < 40
