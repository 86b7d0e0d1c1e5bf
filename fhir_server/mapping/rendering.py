"""What a stored version says: its document as it is, its row composed, or both merged; and the meta every version
carries.

https://hl7.org/fhir/R4/resource.html#Meta
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fhir_server.json_text import Tree, encode_json, read_json
from fhir_server.mapping.minted import logical_id
from fhir_server.mapping.resource import Resource
from fhir_server.mapping.trees import plain


def instant(moment: datetime) -> str:
    """A point in time as FHIR instant in UTC with milliseconds.

    >>> instant(datetime(2024, 3, 11, 4, 30, tzinfo=UTC))
    '2024-03-11T04:30:00.000Z'
    """
    return f"{moment.astimezone(UTC).isoformat(timespec='milliseconds')[:-6]}Z"


def with_meta(tree: dict[str, Any], fhir_id: str, version_id: int, updated_at: datetime) -> dict[str, Any]:
    """`tree` as that version of the row with this id: id and meta stand first, the rest keeps its order."""
    meta = {"versionId": str(version_id), "lastUpdated": instant(updated_at)}
    said = tree.get("meta")
    if isinstance(said, dict):
        meta = meta | said | meta
    # Keys keep the place that they have first, and the value that they have last.
    return {"resourceType": None, "id": None, "meta": None} | tree | {"id": logical_id(fhir_id), "meta": meta}


def said_tree(resource: Resource | None, live: Tree, last: Tree | None, base: Tree | None) -> dict[str, Any]:
    """What the row `live` says together with the document `last`, written when the row was `base`; without meta of a
    version.
    """
    if resource is None:
        return dict(last or {})
    if last is None:
        composed: dict[str, Any] = plain(resource.compose(live))
        return composed
    return resource.merge(base if base is not None else live, live, last)


def render(
    resource: Resource | None,
    fhir_id: str,
    version_id: int,
    updated_at: datetime,
    live: bytes,
    last: bytes | None,
    base: bytes | None,
) -> bytes:
    """The JSON text of a version that has no document of its own; arguments are JSON as the database printed it."""
    # Not the guarded parser: a row may hold JSON that no client could send.
    if last is None and resource is not None:
        # The marks of a composed tree are no concern of the encoder.
        return encode_json(with_meta(resource.compose(read_json(live)), fhir_id, version_id, updated_at))
    tree = said_tree(resource, read_json(live), read_json(last) if last else None, read_json(base) if base else None)
    return encode_json(with_meta(tree, fhir_id, version_id, updated_at))
