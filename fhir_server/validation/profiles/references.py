"""Whether a reference leads to a type that a profile allows (https://hl7.org/fhir/R4/profiling.html#reference)."""

from __future__ import annotations

from collections.abc import Collection

from fhir_server.validation.profiles.library import CORE, Library, core_type, target_type
from fhir_server.validation.profiles.report import Report
from fhir_server.validation.profiles.values import Value
from fhir_server.validation.references import type_of


def check_targets(value: Value, profiles: Collection[str], library: Library, report: Report) -> None:
    """Report a reference to another type than those of `profiles`."""
    said = value.tree if isinstance(value.tree, dict) else {}
    literal, declared = said.get("reference"), said.get("type")
    kind = type_of(literal) if isinstance(literal, str) else None
    if kind is None and isinstance(declared, str):
        kind = declared.removeprefix(CORE)
    if kind is None or not profiles:
        return
    targets = {canonical: target_type(library, canonical) for canonical in profiles}
    allowed = {canonical for canonical, target in targets.items() if target in (kind, "Resource")}
    unknown = sorted(canonical for canonical, target in targets.items() if target is None)
    if not allowed and unknown:
        report.unseen(
            f"the targets of references that are bound to {unknown[0]}, which is not stored here.", value.path
        )
    elif not allowed:
        names = ", ".join(sorted(str(target) for target in targets.values()))
        report.error("value", value.path, f"must not refer to {kind}, only to: {names}")
    elif all(core_type(canonical) is None for canonical in allowed):
        report.unseen("whether the resources that are referred to keep their profiles.", value.path)
