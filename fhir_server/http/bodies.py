"""Request bodies: read within limits, decompressed within limits.

https://www.rfc-editor.org/rfc/rfc9110#name-content-encoding
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any, Final

from fhir_server.errors import InvalidRequest, TooLarge, UnsupportedMediaType

_GZIP: Final = 31
# What is left after each member is copied, so millions of tiny members would take time quadratic in the size.
_MOST_MEMBERS: Final = 64
_CODINGS: Final = {"": False, "identity": False, "gzip": True, "x-gzip": True}


def read_body(environ: Mapping[str, Any], limit: int) -> bytes:
    """The body of a WSGI request, decompressed.

    Raises TooLarge above `limit` bytes (as sent or as unpacked), InvalidRequest for a broken length or gzip stream,
    UnsupportedMediaType for another Content-Encoding.
    """
    coding = environ.get("HTTP_CONTENT_ENCODING", "").strip().lower()
    if coding not in _CODINGS:
        raise UnsupportedMediaType("The Content-Encoding is not supported; send gzip or none.")
    sent = _read(environ, limit)
    return gunzip(sent, limit) if sent and _CODINGS[coding] else sent


def _read(environ: Mapping[str, Any], limit: int) -> bytes:
    length = environ.get("CONTENT_LENGTH", "")
    if length:
        if not (length.isascii() and length.isdecimal()):
            raise InvalidRequest("Content-Length is not a number.")
        if len(length) > 18 or int(length) > limit:
            raise _too_large(limit)
        size = int(length)
    elif environ.get("wsgi.input_terminated"):
        # Chunked: the length is known at the end only.
        size = limit + 1
    else:
        return b""
    stream = environ["wsgi.input"]
    chunks, missing = [], size
    while missing > 0:
        chunk = stream.read(missing)
        if not chunk:
            break
        chunks.append(bytes(chunk))
        missing -= len(chunk)
    body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
    if len(body) > limit:
        raise _too_large(limit)
    if length and len(body) < size:
        raise InvalidRequest("The body ended before its Content-Length.")
    return body


def gunzip(packed: bytes, limit: int) -> bytes:
    """`packed` (one or more gzip members) unpacked; never builds more than `limit` bytes plus one."""
    pieces: list[bytes] = []
    room = limit + 1
    try:
        for _ in range(_MOST_MEMBERS):
            if not packed:
                break
            unpacker = zlib.decompressobj(_GZIP)
            piece = unpacker.decompress(packed, room)
            pieces.append(piece)
            room -= len(piece)
            if room <= 0:
                raise _too_large(limit)
            if not unpacker.eof:
                raise InvalidRequest("The gzip body is cut off.")
            packed = unpacker.unused_data
    except zlib.error as error:
        raise InvalidRequest("The body is not valid gzip.") from error
    if packed:
        raise InvalidRequest("The gzip body has too many members.")
    return b"".join(pieces)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The body is larger than {limit} bytes.")
