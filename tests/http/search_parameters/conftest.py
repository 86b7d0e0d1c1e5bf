"""SearchParameters to be added, and the command that indexes older resources under them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fhir_server.persistence.building import adopt, build
from fhir_server.persistence.database import Database
from fhir_server.resources.registry import registry

BASE = "http://127.0.0.1:8080/fhir"
COLOUR = "urn:example:colour"


def search_parameter(identity: str = "colour", base: Any = "Patient", **members: Any) -> dict[str, Any]:
    """An active SearchParameter; by default over an extension."""
    bases = [base] if isinstance(base, str) else base
    said = {
        "resourceType": "SearchParameter",
        "id": identity,
        "url": f"http://example.org/SearchParameter/{identity}",
        "name": identity.title().replace("-", ""),
        "status": "active",
        "description": "What the tests look for.",
        "code": identity,
        "base": bases,
        "type": "token",
        "expression": f"{bases[0]}.extension('{COLOUR}').value",
    }
    return {name: value for name, value in {**said, **members}.items() if value is not None}


def coloured(resource_type: str, fhir_id: str, colour: str, **members: Any) -> dict[str, Any]:
    """A resource with the extension."""
    return {
        "resourceType": resource_type,
        "id": fhir_id,
        "extension": [{"url": COLOUR, "valueCode": colour}],
        **members,
    }


@pytest.fixture
def made() -> Callable[..., dict[str, Any]]:
    """Makes SearchParameters."""
    return search_parameter


@pytest.fixture
def dyed() -> Callable[..., dict[str, Any]]:
    """Makes resources with a colour."""
    return coloured


@pytest.fixture
def index(database: str) -> Callable[[], list[int]]:
    """Does what `fhir-server index` does; gives the sizes of its batches."""

    def indexing() -> list[int]:
        done: list[int] = []
        opened = Database(database, 10_000)
        adopt(opened)
        build(
            opened,
            registry(),
            base_url=BASE,
            zone=ZoneInfo("UTC"),
            progress=lambda _, number: done.append(number),
        )
        return done

    return indexing
