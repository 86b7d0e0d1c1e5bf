"""The bearer tokens of callers with business rights only: a file of their digests, read again when it changes.

https://www.rfc-editor.org/rfc/rfc6750. The file is a JSON object, SHA-256 of a token (hex) → who has it:
`{"name": …, "kind": "manufacturer", "organization": id}` or `{…, "kind": "sales-representative", "practitioner": id}`.
"""

from __future__ import annotations

import hmac
import json
import logging
import os
import re
import secrets
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from fhir_server.interactions.request import Principal, Scope

log = logging.getLogger(__name__)

ACTS_FOR: Final[Mapping[str, str]] = MappingProxyType(
    {"manufacturer": "organization", "sales-representative": "practitioner"}
)
"""Kind of caller → the member that holds whose resource it acts for."""

_TOKEN: Final = re.compile(r"[A-Za-z0-9\-._~+/]{20,200}=*")
_DIGEST: Final = re.compile("[0-9a-f]{64}")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_FHIR_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_PREFIX: Final = "business/"
_Stamp = tuple[int, int, int] | None


class BadTokenFile(ValueError):
    """The file is not what it should be; the message holds none of its content but names."""


def digest_of(token: str) -> str:
    """What the file holds of a token."""
    return sha256(token.encode()).hexdigest()


def new_token() -> str:
    """A token that nobody can guess."""
    return secrets.token_urlsafe(32)


def entry(name: str, kind: str, fhir_id: str) -> dict[str, str]:
    """What the file says of a caller. Raises BadTokenFile."""
    made = {"name": name, "kind": kind, ACTS_FOR.get(kind, "organization"): fhir_id}
    _principal(made)
    return made


def read_entries(path: Path) -> dict[str, Any]:
    """The file as it is, {} where there is none. Raises BadTokenFile, OSError."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    try:
        held = json.loads(text)
    except ValueError:
        raise BadTokenFile("it is not JSON") from None
    if not isinstance(held, dict):
        raise BadTokenFile("it is not a JSON object")
    principals(held)
    return held


def write_entries(path: Path, entries: Mapping[str, Any]) -> None:
    """Replaces the file in one step; only its owner may read it. Raises BadTokenFile, OSError."""
    principals(entries)
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(entries, file, indent=2)
        file.write("\n")
    new.replace(path)


def principals(entries: Mapping[str, Any]) -> dict[str, Principal]:
    """Digest → principal. Raises BadTokenFile, also where one name is two callers."""
    found: dict[str, Principal] = {}
    by_name: dict[str, Principal] = {}
    for digest, said in entries.items():
        if not _DIGEST.fullmatch(digest):
            raise BadTokenFile("a key is not a SHA-256 in lower-case hex")
        one = _principal(said)
        # Opaque ids and page tokens are bound to the name.
        if by_name.setdefault(one.name, one) != one:
            raise BadTokenFile(f"{one.name.removeprefix(_PREFIX)} is the name of two callers")
        found[digest] = one
    return found


def _principal(said: Any) -> Principal:
    if not isinstance(said, dict) or set(said) - {"name", "kind", *ACTS_FOR.values()}:
        raise BadTokenFile("an entry has members other than name, kind, organization and practitioner")
    name, kind = said.get("name"), said.get("kind")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise BadTokenFile("a name is not 1 to 64 letters, digits, dots, hyphens and underscores")
    if not isinstance(kind, str) or kind not in ACTS_FOR:
        raise BadTokenFile(f"the kind of {name} is none of {', '.join(ACTS_FOR)}")
    member = ACTS_FOR[kind]
    fhir_id = said.get(member)
    if not isinstance(fhir_id, str) or not _FHIR_ID.fullmatch(fhir_id) or len(said) != 3:
        raise BadTokenFile(f"{name} must have the logical id of its {member}, and of nothing else")
    return Principal(None, _PREFIX + name, Scope(kind.replace("-", "_"), fhir_id))


class BusinessTokens:
    """The callers that the file knows now; without a file there are none. Safe to share between threads."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._known: tuple[_Stamp, dict[str, Principal]] = (None, {})

    def principal(self, token: str) -> Principal | None:
        """Who has this token; None for a token that nobody has."""
        asked = digest_of(token) if _TOKEN.fullmatch(token) else ""
        found: Principal | None = None
        # All of them, however early one fits: how long it takes tells nothing.
        for digest, principal in self._current().items():
            if hmac.compare_digest(digest, asked):
                found = principal
        return found

    def _current(self) -> dict[str, Principal]:
        stamp = self._stamp()
        known = self._known
        if stamp != known[0]:
            known = self._known = (stamp, self._read())
        return known[1]

    def _stamp(self) -> _Stamp:
        if self._path is None:
            return None
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino

    def _read(self) -> dict[str, Principal]:
        if self._path is None:
            return {}
        try:
            return principals(read_entries(self._path))
        except (BadTokenFile, OSError) as error:
            # Nobody gets in by a file that cannot be understood.
            said = error if isinstance(error, BadTokenFile) else type(error).__name__
            log.error("the file of business tokens is not used: %s", said)
            return {}
