"""Logical ids of rows whose own id FHIR does not allow as one: UUIDs made of it, the same every time and everywhere.

https://hl7.org/fhir/R4/datatypes.html#id and https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-8

Inside the server a resource goes by the id of its row, as the portal's joins do; clients are told the logical id and
only the logical id. `fhir_minted_id` is the same in SQL.
"""

from __future__ import annotations

import re
from hashlib import sha256
from uuid import UUID

from fhir_server.mapping.primitives import ID

_MINTED = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_LENGTH, _VERSION_AT = 36, 14
_FIXED_BITS, _VERSION_8 = 0xF000C000 << 48, 0x80008000 << 48
"""Version and variant, where a UUID as one number has them."""


def is_logical_id(text: str) -> bool:
    """Whether FHIR allows the text as a logical id."""
    return ID.fullmatch(text) is not None


def minted_id(row_id: str) -> str:
    """The UUID for the id of a row, whatever this holds.

    >>> minted_id("legacy/1")
    '99f80a59-35dd-850b-aa60-3ab06dda9d02'
    """
    number = int.from_bytes(sha256(row_id.encode()).digest()[:16])
    return str(UUID(int=number & ~_FIXED_BITS | _VERSION_8))


def is_minted_shape(text: str) -> bool:
    """Whether the text may be a minted id; no id that the server gives to a new resource has this shape."""
    # Nearly every text is something else: that must cost nothing.
    return len(text) == _LENGTH and text[_VERSION_AT] == "8" and _MINTED.fullmatch(text) is not None


def logical_id(row_id: str) -> str:
    """What FHIR calls the resource whose row has this id."""
    return row_id if ID.fullmatch(row_id) else minted_id(row_id)


def resource_name(resource_type: str, row_id: str) -> str:
    """`Type/id` of a resource by the id of its row."""
    return f"{resource_type}/{logical_id(row_id)}"


def version_name(resource_type: str, row_id: str, version_id: int) -> str:
    """`Type/id/_history/version` of a version by the id of its resource's row."""
    return f"{resource_type}/{logical_id(row_id)}/_history/{version_id}"
