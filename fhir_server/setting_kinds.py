"""How the texts of settings are read: one `Kind` for each sort of value, with the words for what it must be.

https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING (for the database URL)
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Kind:
    """How the text of a setting is read: `read` returns the value or raises ValueError, `expected` ends "must be …"."""

    expected: str
    read: Callable[[str], Any]


def whole_number(low: int, high: int) -> Kind:
    """A whole number within bounds, both included."""

    def read(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,12}", text) or not low <= int(text) <= high:
            raise ValueError
        return int(text)

    return Kind(f"a whole number from {low} to {high}", read)


def one_of(*allowed: str) -> Kind:
    """One of a few words, in any case."""

    def read(text: str) -> str:
        if text.lower() not in allowed:
            raise ValueError
        return text.lower()

    return Kind("one of " + ", ".join(allowed), read)


def _switch(text: str) -> bool:
    words = {"on": True, "true": True, "yes": True, "1": True, "off": False, "false": False, "no": False, "0": False}
    if text.lower() not in words:
        raise ValueError
    return words[text.lower()]


def _host(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.\-]{1,253}", text):
        ipaddress.ip_address(text)
    return text


def _base_path(text: str) -> str:
    path = text.rstrip("/")
    if not re.fullmatch(r"(/(?!\.{1,2}(/|$))[A-Za-z0-9_\-.~]+)+", path):
        raise ValueError
    return path


def _public_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ValueError
    return text.rstrip("/")


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part for part in re.split(r"[,\s]+", text) if part)


def _networks(text: str) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(part, strict=False) for part in _listed(text))


def _host_names(text: str) -> tuple[str, ...]:
    names = tuple(name.lower() for name in _listed(text))
    if not all(re.fullmatch(r"[a-z0-9.\-]{1,253}|\[[0-9a-f:.]+\]", name) for name in names):
        raise ValueError
    return names


def _directory(text: str) -> Path:
    if "\0" in text:
        raise ValueError
    return Path(text).expanduser().absolute()


def _database_url(text: str) -> str:
    # libpq also takes "host=… dbname=…", which the embedded server and many operators use.
    if not re.match(r"postgres(ql)?://|\w+\s*=", text):
        raise ValueError
    return text


def _time_zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, OSError, IsADirectoryError) as error:
        raise ValueError from error
    return text


SWITCH = Kind("on or off", _switch)
HOST = Kind("a host name or an IP address", _host)
BASE_PATH = Kind("a path such as /fhir or /api/fhir", _base_path)
PUBLIC_URL = Kind("an http or https URL without query, such as https://fhir.example.org/fhir", _public_url)
NETWORKS = Kind("IP addresses or networks such as 10.0.0.0/8, separated by commas", _networks)
HOST_NAMES = Kind("host names without port, separated by commas", _host_names)
DIRECTORY = Kind("a directory", _directory)
FILE = Kind("a file", _directory)
DATABASE = Kind('a PostgreSQL URL such as postgresql://user@host/name, or libpq text "host=… dbname=…"', _database_url)
TIME_ZONE = Kind("a time zone name such as Europe/Berlin", _time_zone)
