"""Puts the parts of validation together: shape first, then rules, then the resources inside.

https://hl7.org/fhir/R4/validation.html
"""

from __future__ import annotations

from fhir_server.definitions import RESOURCE_TYPES
from fhir_server.errors import FhirError, InvalidRequest, Issue, Unprocessable
from fhir_server.json_text import Tree
from fhir_server.validation.containment import check_contained, contained_ids
from fhir_server.validation.findings import Findings, Path, status_of
from fhir_server.validation.gate import passes
from fhir_server.validation.shapes import shape
from fhir_server.validation.walk import Walk

_VALUE_CODES = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"


def validate(resource_type: str, tree: Tree) -> tuple[Issue, ...]:
    """The errors of a resource that was sent to be stored as `resource_type`, at most 20; empty when it is valid.

    Every issue has an expression (`Observation.component[1].code`) and a code that is a key of `STATUS`. No issue
    repeats a value. The resource's own id, and whether its references exist, are the caller's concern.
    """
    findings = Findings()
    if not isinstance(tree, dict):
        findings.add("structure", resource_type, "must be a JSON object")
    elif isinstance(tree.get("resourceType"), str) and tree["resourceType"] != resource_type:
        findings.add("structure", (resource_type, "resourceType", None), f"must be {resource_type}")
    else:
        _check(resource_type, tree, resource_type, findings, None)
        if not findings.issues:
            _check_subsetted(resource_type, tree, findings)
    return findings.result()


def raise_if_invalid(resource_type: str, tree: Tree) -> None:
    """Raises InvalidRequest (400) when `tree` is not FHIR at all, Unprocessable (422) when it breaks a rule."""
    issues = validate(resource_type, tree)
    if issues:
        error: type[FhirError] = InvalidRequest if status_of(issues) == 400 else Unprocessable
        raise error(issues[0].diagnostics, issues[0].expression, issues)


def _check(resource_type: str, tree: Tree, path: Path, findings: Findings, container: frozenset[str] | None) -> None:
    """`container` has the ids that the fragments of a contained resource mean: those of the resource around it."""
    if resource_type not in RESOURCE_TYPES:
        findings.add("structure", path, "has a resourceType that FHIR R4 does not define")
        return
    if not passes(resource_type, tree, path, findings):
        return
    own = contained_ids(tree) if "contained" in tree else frozenset()
    walk = Walk(findings, own if container is None else container)
    walk.visit(tree, shape(resource_type), path)
    # One in a contained resource is a fault by itself, whatever it looks like.
    if "contained" in tree and container is None:
        check_contained(tree, path, findings)
    for inner, where in walk.inner:
        is_contained = isinstance(where, tuple) and where[1] == "contained"
        _check(str(inner["resourceType"]), inner, where, findings, walk.contained if is_contained else None)


def _check_subsetted(resource_type: str, tree: Tree, findings: Findings) -> None:
    tags = tree.get("meta", {}).get("tag", ())
    for index, tag in enumerate(tags):
        if tag.get("code") == "SUBSETTED" and tag.get("system") == _VALUE_CODES:
            findings.add(
                "value",
                ((resource_type, "meta", None), "tag", index),
                "says that parts were left out: that cannot be stored",
            )
