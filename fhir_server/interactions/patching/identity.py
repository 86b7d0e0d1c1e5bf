"""What no patch may change: the resource's type and id, and the version that the server keeps in meta.

https://hl7.org/fhir/R4/http.html#patch
"""

from __future__ import annotations

from fhir_server.errors import Unprocessable
from fhir_server.json_text import Tree

FIXED = ("resourceType", "id")
KEPT_BY_SERVER = ("versionId", "lastUpdated")


def keep_identity(before: Tree, after: Tree) -> Tree:
    """`after` with the version and time of `before` in its meta; both stay as they are.

    Raises Unprocessable (422) when `after` is no object or has another resourceType or id.
    """
    if not isinstance(after, dict):
        raise Unprocessable("The patch does not leave a resource")
    for name in FIXED:
        if after.get(name) != before.get(name):
            raise Unprocessable(f"A patch cannot change {name}", expression=(f"{before['resourceType']}.{name}",))
    meta_before = before.get("meta")
    kept = _versioning(meta_before)
    meta = after.get("meta", {})
    if not isinstance(meta, dict) or _versioning(meta) == kept:
        return after
    meta = {name: value for name, value in meta.items() if name not in KEPT_BY_SERVER}
    meta = kept | meta
    if meta:
        return {**after, "meta": meta}
    return {name: value for name, value in after.items() if name != "meta"}


def _versioning(meta: Tree) -> dict[str, Tree]:
    if not isinstance(meta, dict):
        return {}
    return {name: meta[name] for name in KEPT_BY_SERVER if name in meta}
