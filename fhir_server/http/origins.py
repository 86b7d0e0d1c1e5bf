"""Where a request came from and which base URL its answer names; Host and X-Forwarded-* are not simply believed.

https://www.rfc-editor.org/rfc/rfc9110#name-host-and-authority
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

from fhir_server.http.problems import MisdirectedRequest
from fhir_server.setting_kinds import Network
from fhir_server.settings import Settings, is_loopback

_MOST_HOPS: Final = 20


class Origins:
    """Answers, for the settings given, who sent a request and under which base URL it is answered."""

    __slots__ = ("_base_url", "_known", "_names", "_path", "_proxies")

    def __init__(self, settings: Settings) -> None:
        self._base_url = settings.base_url
        self._path = urlsplit(self._base_url).path
        self._proxies = settings.trusted_proxies
        self._names = frozenset({*settings.allowed_hosts, urlsplit(self._base_url).hostname or ""})
        self._known = {"", settings.address, urlsplit(self._base_url).netloc}

    def check_host(self, environ: Mapping[str, Any]) -> None:
        """Raises MisdirectedRequest when the Host header names neither this machine nor an allowed host.

        Without this, any web page could read the server of its visitor by pointing its own host name at 127.0.0.1.
        """
        host = environ.get("HTTP_HOST", "")
        if host in self._known:
            return
        if not self._is_ours(host):
            raise MisdirectedRequest(
                "This server does not answer for the host in the request. If it should, set FHIR_SERVER_PUBLIC_BASE_URL"
                " or FHIR_SERVER_ALLOWED_HOSTS."
            )

    def base_url(self, environ: Mapping[str, Any]) -> str:
        """The FHIR base URL for this request: the configured one, or what a trusted proxy says it is."""
        if not self._proxies or not self._is_trusted(environ.get("REMOTE_ADDR", "")):
            return self._base_url
        host = _last(environ.get("HTTP_X_FORWARDED_HOST", ""))
        scheme = _last(environ.get("HTTP_X_FORWARDED_PROTO", "")).lower()
        if scheme not in ("http", "https") or not self._is_ours(host):
            return self._base_url
        return f"{scheme}://{host}{self._path}"

    def client_address(self, environ: Mapping[str, Any]) -> str | None:
        """The address of the client: the last hop that is no trusted proxy."""
        peer: str = environ.get("REMOTE_ADDR", "")
        if self._proxies and "HTTP_X_FORWARDED_FOR" in environ:
            hops = environ["HTTP_X_FORWARDED_FOR"].split(",")[-_MOST_HOPS:]
            while hops and self._is_trusted(peer):
                hop = _address(hops.pop())
                if hop is None:
                    break
                peer = hop
        return peer or None

    def _is_ours(self, host: str) -> bool:
        name = host_name(host)
        return name is not None and (name in self._names or is_loopback(name) or name.endswith(".localhost"))

    def _is_trusted(self, address: str) -> bool:
        return _within(address, self._proxies)


@lru_cache(maxsize=1024)
def _within(address: str, networks: tuple[Network, ...]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)


def host_name(host: str) -> str | None:
    """The name in a Host header, in lower case, without port and brackets; None when it is not a host at all."""
    if not host.isascii() or not host.isprintable() or any(character in "/\\@?# \"'<>,;" for character in host):
        return None
    try:
        parts = urlsplit("//" + host)
        _ = parts.port
    except ValueError:
        return None
    return parts.hostname


def _last(text: str) -> str:
    return text.rpartition(",")[2].strip()


def _address(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text.strip()))
    except ValueError:
        return None
