"""Which interaction a path means."""

from __future__ import annotations

import pytest

from fhir_server.errors import NotFound, OperationNotSupported
from fhir_server.interactions.dispatch import ROUTES, _route


@pytest.mark.parametrize(
    ("path", "shape", "parts"),
    [
        ((), (), ()),
        (("metadata",), ("metadata",), ()),
        (("_history",), ("_history",), ()),
        (("Patient",), ("*",), ("Patient",)),
        (("Patient", "_search"), ("*", "_search"), ("Patient",)),
        (("Patient", "p"), ("*", "+"), ("Patient", "p")),
        (("Patient", "P"), ("*", "+"), ("Patient", "P")),
        (("Patient", "p", "_history"), ("*", "+", "_history"), ("Patient", "p")),
        (("Patient", "p", "_history", "2"), ("*", "+", "_history", "+"), ("Patient", "p", "2")),
        (("Patient", "p", "Observation"), ("*", "+", "*"), ("Patient", "p", "Observation")),
        (("Patient", "p", "Observation", "_search"), ("*", "+", "*", "_search"), ("Patient", "p", "Observation")),
    ],
)
def test_a_path_has_one_meaning(path: tuple[str, ...], shape: tuple[str, ...], parts: tuple[str, ...]) -> None:
    assert _route(path) == (ROUTES[shape], parts)


@pytest.mark.parametrize(
    "path", [("$x",), ("Patient", "$x"), ("Patient", "p", "$x"), ("Patient", "p", "_history", "$x")]
)
def test_an_operation_that_is_not_there_is_told_as_such(path: tuple[str, ...]) -> None:
    with pytest.raises(OperationNotSupported):
        _route(path)


@pytest.mark.parametrize(
    "path", [("patient",), ("metadata", "x"), ("Patient", "p", "x"), ("Patient", "metadata", "_history", "1", "2")]
)
def test_other_paths_lead_nowhere(path: tuple[str, ...]) -> None:
    with pytest.raises(NotFound):
        _route(path)
