"""The rules of resources inside a resource: no nesting, no own versions or labels, each one referred to.

https://hl7.org/fhir/R4/references.html#contained
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fhir_server.json_text import Tree
from fhir_server.validation.findings import Findings, Path


def contained_ids(tree: Tree) -> frozenset[str]:
    """The ids of the resources contained in a resource that has the right shape."""
    return frozenset(one["id"] for one in tree["contained"] if isinstance(one.get("id"), str))


def check_contained(tree: Tree, path: Path, findings: Findings) -> None:
    """Adds findings for contained resources that break dom-2 to dom-5, or share an id."""
    fragments = frozenset(_fragments(tree))
    seen: set[str] = set()
    for index, inner in enumerate(tree["contained"]):
        where = (path, "contained", index)
        if "contained" in inner:
            findings.add("invariant", where, "breaks dom-2: a contained resource must not contain others")
        key = inner.get("id")
        if not isinstance(key, str):
            findings.add("invariant", where, "breaks dom-3: a contained resource needs an id that is referred to")
        else:
            if key in seen:
                findings.add("invariant", where, "has the id of another contained resource")
            seen.add(key)
            if "#" + key not in fragments and "#" not in _fragments(inner):
                findings.add(
                    "invariant", where, "breaks dom-3: a contained resource must be referred to from the resource"
                )
        meta = inner.get("meta")
        if isinstance(meta, dict):
            if "versionId" in meta or "lastUpdated" in meta:
                findings.add(
                    "invariant", where, "breaks dom-4: a contained resource has no versionId and no lastUpdated"
                )
            if "security" in meta:
                findings.add("invariant", where, "breaks dom-5: a contained resource has no security labels")


def _fragments(tree: Any) -> Iterator[str]:
    """Every text that begins with #: what a reference, canonical, uri or url to a contained resource looks like."""
    pending = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, str):
            if node[:1] == "#":
                yield node
        elif isinstance(node, dict):
            pending.extend(node.values())
        elif isinstance(node, list):
            pending.extend(node)
