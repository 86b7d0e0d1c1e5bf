"""Paging links that say nothing: the whole continuation of a search, sealed so that only this server can open it.

https://hl7.org/fhir/R4/http.html#paging

A link holds the query (so that names of patients in a POST search never stand in a URL), the place where the page
begins, its owner, and when it expires. Nothing is kept on the server; any process with the same key can go on.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fhir_server.errors import Gone, InvalidRequest, NotFound

DEFAULT_LIFETIME = timedelta(hours=1)
MAX_TOKEN_LENGTH = 500_000
_NONCE_LENGTH = 12
_PURPOSE = b"fhir-server search page 1"


@dataclass(frozen=True, slots=True)
class Continuation:
    """Where a search goes on: `path` ("Observation", "" for the whole system) with `query`, after the row `after`.

    `after` are the order columns of the last row shown. `owner` is whoever asked; only they may go on.
    """

    owner: str
    path: str
    query: str
    after: tuple[str, ...]
    strict: bool = True


class _Sealed(msgspec.Struct, array_like=True):
    expires: int
    owner: str
    path: str
    query: str
    after: tuple[str, ...]
    strict: bool


def _now() -> datetime:
    return datetime.now(UTC)


class PageTokens:
    """Seals and opens continuations with one secret `key` of any length."""

    def __init__(
        self, key: bytes, *, lifetime: timedelta = DEFAULT_LIFETIME, now: Callable[[], datetime] = _now
    ) -> None:
        if len(key) < 16:
            raise ValueError("the key for paging tokens must have at least 16 bytes")
        self._cipher = AESGCM(hashlib.sha256(_PURPOSE + b"\0" + key).digest())
        self._lifetime, self._now = lifetime, now

    def seal(self, continuation: Continuation) -> str:
        """A token of letters, digits, `-` and `_`; different each time."""
        sealed = _Sealed(
            int((self._now() + self._lifetime).timestamp()),
            continuation.owner,
            continuation.path,
            continuation.query,
            continuation.after,
            continuation.strict,
        )
        nonce = os.urandom(_NONCE_LENGTH)
        closed = self._cipher.encrypt(nonce, msgspec.msgpack.encode(sealed), _PURPOSE)
        return base64.urlsafe_b64encode(nonce + closed).rstrip(b"=").decode()

    def open(self, token: str, owner: str) -> Continuation:
        """The continuation of a token that `owner` was given.

        Raises InvalidRequest (400) when it was not made here or was changed, NotFound (404) when it is somebody
        else's, and Gone (410) when it has expired.
        """
        sealed = self._unsealed(token)
        if sealed.owner != owner:
            raise NotFound("There is no such page.")
        if self._now().timestamp() >= sealed.expires:
            raise Gone("The link to this page has expired. Search again.")
        return Continuation(sealed.owner, sealed.path, sealed.query, sealed.after, sealed.strict)

    def _unsealed(self, token: str) -> _Sealed:
        try:
            if len(token) > MAX_TOKEN_LENGTH:
                raise ValueError
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
            opened = self._cipher.decrypt(raw[:_NONCE_LENGTH], raw[_NONCE_LENGTH:], _PURPOSE)
            return msgspec.msgpack.decode(opened, type=_Sealed)
        except (ValueError, binascii.Error, InvalidTag, msgspec.DecodeError):
            raise InvalidRequest("The link to this page is not one that this server made.") from None
