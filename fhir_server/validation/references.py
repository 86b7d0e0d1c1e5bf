"""Whether a Reference points to a type that its element allows, and a fragment to a contained resource.

https://hl7.org/fhir/R4/references.html
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from fhir_server.definitions import RESOURCE_TYPES
from fhir_server.validation.findings import Findings, Path

_LITERAL = re.compile(r"(?:^|/)([A-Z][A-Za-z]+)/[A-Za-z0-9.-]{1,64}(?:/_history/[A-Za-z0-9.-]{1,64})?(?:#.*)?$")
_CONDITIONAL = re.compile(r"([A-Z][A-Za-z]+)\?")
_DEFINITION = "http://hl7.org/fhir/StructureDefinition/"


def check_reference(
    reference: dict[str, Any],
    targets: frozenset[str] | None,
    contained: Collection[str],
    path: Path,
    findings: Findings,
) -> None:
    """Adds findings for a type that is not in `targets` (None: any) or a fragment that is not in `contained`."""
    literal = reference.get("reference")
    declared = reference.get("type")
    if isinstance(literal, str):
        if literal[:1] == "#":
            if len(literal) > 1 and literal[1:] not in contained:
                findings.add("invariant", path, "breaks ref-1: there is no contained resource with this id")
        # Nearly every reference is Type/id with an allowed type: then there is nothing more to look at.
        elif targets is not None and literal.partition("/")[0] not in targets:
            _check_type(type_of(literal), targets, path, findings)
        elif targets is None and declared is None:
            return
    if declared is not None:
        _check_declared(declared, literal, targets, path, findings)


def type_of(literal: str) -> str | None:
    """The resource type that a literal or conditional reference names, or None when its text tells none."""
    found = _LITERAL.search(literal) or _CONDITIONAL.match(literal)
    return found[1] if found is not None and found[1] in RESOURCE_TYPES else None


def _check_declared(
    declared: object, literal: object, targets: frozenset[str] | None, path: Path, findings: Findings
) -> None:
    if not isinstance(declared, str):
        return
    name = declared.removeprefix(_DEFINITION)
    if name not in RESOURCE_TYPES:
        return
    where = (path, "type", None)
    if targets is not None:
        _check_type(name, targets, where, findings)
    if isinstance(literal, str) and type_of(literal) not in (None, name):
        findings.add("value", where, "is not the type that the reference itself names")


def _check_type(name: str | None, targets: frozenset[str], path: Path, findings: Findings) -> None:
    if name is not None and name not in targets:
        findings.add("value", path, f"must not refer to {name}, only to: {', '.join(sorted(targets))}")
