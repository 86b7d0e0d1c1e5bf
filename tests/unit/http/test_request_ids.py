"""Request ids and correlation ids."""

from __future__ import annotations

import pytest

from fhir_server.http.request_ids import RequestIds


def test_ids_are_unique_within_and_between_processes() -> None:
    first, second = RequestIds(adopt=True), RequestIds(adopt=True)
    assert len({ids.take(None)[0] for ids in (first, second) for _ in range(1000)}) == 2000


def test_a_client_id_is_adopted() -> None:
    assert RequestIds(adopt=True).take("abc-1") == ("abc-1", None)


def test_a_client_id_that_is_not_adopted_comes_back_for_correlation() -> None:
    own, correlation = RequestIds(adopt=False).take("abc-1")
    assert own != "abc-1"
    assert correlation == "abc-1"


@pytest.mark.parametrize("offered", ["", "x" * 65, "a\r\nSet-Cookie: b", "a b", "é", "-a", "a\n", "<script>"])
def test_an_unusual_client_id_is_dropped(offered: str) -> None:
    own, correlation = RequestIds(adopt=True).take(offered)
    assert own != offered
    assert correlation is None
