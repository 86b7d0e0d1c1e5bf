"""Host names, proxies and the base URL."""

from __future__ import annotations

import pytest

from fhir_server.http.origins import Origins, host_name
from fhir_server.http.problems import MisdirectedRequest
from fhir_server.settings import Settings

PLAIN = Origins(Settings.load({}))
PUBLIC = Origins(
    Settings.load(
        {
            "FHIR_SERVER_PUBLIC_BASE_URL": "https://fhir.example.org/r4",
            "FHIR_SERVER_TRUSTED_PROXIES": "127.0.0.1,10.0.0.0/8",
            "FHIR_SERVER_ALLOWED_HOSTS": "other.example.org",
        }
    )
)


@pytest.mark.parametrize(
    "host", ["", "127.0.0.1:8080", "localhost", "LOCALHOST:3000", "[::1]:8080", "app.localhost:1", "127.9.9.9"]
)
def test_loopback_names_are_always_answered(host: str) -> None:
    PLAIN.check_host({"HTTP_HOST": host})


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example", "localhost:x",
     "127.0.0.1:8080,evil", "user@127.0.0.1", "127.0.0.1/x", "é", "[::1", "0.0.0.0"],
)  # fmt: skip
def test_other_names_are_refused_so_that_no_web_page_can_reach_the_server_by_its_own_name(host: str) -> None:
    with pytest.raises(MisdirectedRequest):
        PLAIN.check_host({"HTTP_HOST": host})


def test_the_public_name_and_allowed_names_are_answered() -> None:
    PUBLIC.check_host({"HTTP_HOST": "fhir.example.org"})
    PUBLIC.check_host({"HTTP_HOST": "other.example.org:8443"})


def test_the_host_header_does_not_change_the_base_url() -> None:
    assert PLAIN.base_url({"HTTP_HOST": "localhost:1234", "REMOTE_ADDR": "127.0.0.1"}) == "http://127.0.0.1:8080/fhir"


def test_forwarded_headers_of_strangers_are_ignored() -> None:
    environ = {
        "REMOTE_ADDR": "192.0.2.1",
        "HTTP_X_FORWARDED_HOST": "other.example.org",
        "HTTP_X_FORWARDED_PROTO": "https",
        "HTTP_X_FORWARDED_FOR": "1.2.3.4",
    }
    for origins in (PLAIN, PUBLIC):
        assert "other" not in origins.base_url(environ)
        assert origins.client_address(environ) == "192.0.2.1"


def test_a_trusted_proxy_says_scheme_and_host_among_the_known_ones() -> None:
    environ = {"REMOTE_ADDR": "10.1.1.1", "HTTP_X_FORWARDED_PROTO": "https"}
    known = {**environ, "HTTP_X_FORWARDED_HOST": "evil.example, other.example.org"}
    unknown = {**environ, "HTTP_X_FORWARDED_HOST": "evil.example"}
    assert PUBLIC.base_url(known) == "https://other.example.org/r4"
    assert PUBLIC.base_url(unknown) == "https://fhir.example.org/r4"


def test_the_client_is_the_last_hop_that_is_no_trusted_proxy() -> None:
    environ = {"REMOTE_ADDR": "10.1.1.1", "HTTP_X_FORWARDED_FOR": "6.6.6.6, 198.51.100.7, 10.2.2.2"}
    assert PUBLIC.client_address(environ) == "198.51.100.7"


def test_a_forged_hop_that_is_no_address_ends_the_search() -> None:
    environ = {"REMOTE_ADDR": "10.1.1.1", "HTTP_X_FORWARDED_FOR": "6.6.6.6, <script>"}
    assert PUBLIC.client_address(environ) == "10.1.1.1"


def test_a_host_name_is_lower_case_without_port() -> None:
    assert host_name("Example.ORG:80") == "example.org"
    assert host_name("[::1]:80") == "::1"
