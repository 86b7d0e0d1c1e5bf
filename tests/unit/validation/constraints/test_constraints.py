"""All constraints of R4 are checked, or it is written down why not."""

from __future__ import annotations

from fhir_server.definitions import packaged
from fhir_server.validation.constraints import CHECKED_ELSEWHERE, CONSTRAINTS, NOT_CHECKED


def test_every_error_constraint_of_the_specification_is_checked_or_known_not_to_be() -> None:
    published = {
        (name, one["key"])
        for name, listed in packaged("constraints.json")["constraints"].items()
        for one in listed
        if one["severity"] == "error"
    }
    checked = {(home.partition(".")[0], one.key) for home, listed in CONSTRAINTS.items() for one in listed}
    # An element's constraint may be checked on the object around it, so only the type is compared.
    missing = {
        (name, key) for name, key in published - checked if key not in CHECKED_ELSEWHERE and key not in NOT_CHECKED
    }
    assert missing == set()
    assert checked - published == set()


def test_every_reason_why_a_constraint_is_not_checked_belongs_to_a_constraint() -> None:
    keys = {one["key"] for listed in packaged("constraints.json")["constraints"].values() for one in listed}
    assert set(CHECKED_ELSEWHERE) <= keys
    assert set(NOT_CHECKED) <= keys
