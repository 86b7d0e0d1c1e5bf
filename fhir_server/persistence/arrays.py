"""PostgreSQL arrays made from Python lists, cheaper than by the driver: bundles have ten thousand index rows.

https://www.postgresql.org/docs/current/arrays.html
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

from psycopg.abc import AdaptContext, Buffer
from psycopg.adapt import Dumper
from psycopg.pq import Format

_JSON, _TEXT, _INT4, _INT8 = 114, 25, 23, 20
_JSONS, _TEXTS, _INT4S, _INT8S = 199, 1009, 1007, 1016
_NULL = b"\xff\xff\xff\xff"


class Packed:
    """An array in PostgreSQL's binary form, ready to be sent as the value of a parameter."""

    __slots__ = ("data",)

    def __init__(self, data: bytes) -> None:
        self.data = data


class _Texts(Packed):
    pass


class _Jsons(Packed):
    pass


class _Int4s(Packed):
    pass


class _Int8s(Packed):
    pass


def texts(values: Sequence[str | None]) -> Packed:
    """`text[]`."""
    return _Texts(_variable(_TEXT, [None if one is None else one.encode() for one in values]))


def jsons(values: Sequence[bytes]) -> Packed:
    """`json[]` of JSON texts, which the database keeps to the letter."""
    return _Jsons(_variable(_JSON, values))


def int4s(values: Sequence[int]) -> Packed:
    """`int4[]`."""
    return _Int4s(_fixed(_INT4, 4, "i", values))


def int8s(values: Sequence[int]) -> Packed:
    """`int8[]`."""
    return _Int8s(_fixed(_INT8, 8, "q", values))


def plain(values: Iterable[object]) -> str:
    """An array in text form, to be cast: for values whose text has no quote, comma, brace or backslash.

    >>> plain([1, None, "2024-01-01 00:00:00+00:00"])
    '{1,NULL,2024-01-01 00:00:00+00:00}'
    """
    return "{" + ",".join(["NULL" if one is None else str(one) for one in values]) + "}"


def _head(oid: int, length: int, has_null: bool) -> bytes:
    return struct.pack(">iiIii", 1, has_null, oid, length, 1) if length else struct.pack(">iiI", 0, 0, oid)


def _variable(oid: int, values: Sequence[bytes | None]) -> bytes:
    parts = [_head(oid, len(values), None in values)]
    for one in values:
        if one is None:
            parts.append(_NULL)
        else:
            parts.append(len(one).to_bytes(4, "big"))
            parts.append(one)
    return b"".join(parts)


def _fixed(oid: int, size: int, code: str, values: Sequence[int]) -> bytes:
    sized = [part for one in values for part in (size, one)]
    # ">" packs without padding, so one format describes all pairs of length and value.
    return _head(oid, len(values), False) + struct.pack(">" + f"i{code}" * len(values), *sized)


class _PackedDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: Packed) -> Buffer:
        return obj.data


_DUMPERS = tuple(
    (kind, type(f"{kind.__name__}Dumper", (_PackedDumper,), {"oid": oid}))
    for kind, oid in ((_Texts, _TEXTS), (_Jsons, _JSONS), (_Int4s, _INT4S), (_Int8s, _INT8S))
)


def register(context: AdaptContext) -> None:
    """Let the connection send what this module packs."""
    for kind, dumper in _DUMPERS:
        context.adapters.register_dumper(kind, dumper)
