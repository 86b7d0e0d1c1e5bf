"""Asks the models of fhir.resources what they think of a resource, apart from what is known to differ from R4.

https://pypi.org/project/fhir.resources/

There are no models of 4.0.1: those of R4B (4.3.0) are the nearest. They are imported per type when first asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from fhir_server.errors import Issue
from fhir_server.validation.findings import Findings, Path

CHANGED_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "EffectEvidenceSynthesis": "removed in R4B",
        "Evidence": "redesigned in R4B",
        "EvidenceVariable": "redesigned in R4B",
        "MedicinalProduct": "replaced in R4B",
        "MedicinalProductAuthorization": "replaced in R4B",
        "MedicinalProductContraindication": "replaced in R4B",
        "MedicinalProductIndication": "replaced in R4B",
        "MedicinalProductIngredient": "replaced in R4B",
        "MedicinalProductInteraction": "replaced in R4B",
        "MedicinalProductManufactured": "replaced in R4B",
        "MedicinalProductPackaged": "replaced in R4B",
        "MedicinalProductPharmaceutical": "replaced in R4B",
        "MedicinalProductUndesirableEffect": "replaced in R4B",
        "RiskEvidenceSynthesis": "removed in R4B",
        "SubstanceNucleicAcid": "removed in R4B",
        "SubstancePolymer": "removed in R4B",
        "SubstanceProtein": "removed in R4B",
        "SubstanceReferenceInformation": "removed in R4B",
        "SubstanceSourceMaterial": "removed in R4B",
        "SubstanceSpecification": "removed in R4B",
    }
)
"""Types that nothing can be said about, and why."""

KNOWN_DIFFERENCES: tuple[tuple[str, str, str], ...] = (
    ("string_pattern_mismatch", "", ""),  # \S of Python refuses U+00A0
    ("value_error", "", "spec regex"),  # the text of a number such as 1e400 is rewritten before it is looked at
    ("extra_forbidden", "valueMeta", ""),  # R4 has Meta among the types of an extension
)
"""Errors that say nothing about R4: pydantic's error type, the name it ends at, a part of its message; "" is any."""

_CODES: Mapping[str, str] = MappingProxyType({"missing": "required", "value_error": "value"})


def second_opinion(resource_type: str, body: bytes) -> tuple[Issue, ...]:
    """What the model of `resource_type` refuses in the JSON text `body`; empty when it accepts it or has no say.

    Meant for bodies that `validate` has accepted. No issue repeats a value.
    """
    if resource_type in CHANGED_TYPES:
        return ()
    # Both take a fifth of a second to import, and most processes never need them.
    from fhir.resources.R4B import get_fhir_model_class
    from pydantic import ValidationError

    findings = Findings()
    try:
        get_fhir_model_class(resource_type).model_validate_json(body)
    except ValidationError as error:
        for details in error.errors(include_url=False, include_input=False):
            _add(resource_type, details, findings)
    except (KeyError, ValueError):
        # A contained resource of a type that the models do not have.
        return ()
    return findings.result()


def _add(resource_type: str, details: Mapping[str, Any], findings: Findings) -> None:
    kind, place, message = details["type"], details["loc"], details["msg"]
    last = next((step for step in reversed(place) if isinstance(step, str)), "")
    if any(kind == known and name in ("", last) and text in message for known, name, text in KNOWN_DIFFERENCES):
        return
    path: Path = resource_type
    for step in place:
        if isinstance(step, int) and isinstance(path, tuple):
            path = (path[0], path[1], step)
        elif isinstance(step, str) and step.isidentifier():
            path = (path, step.removeprefix("_"), None)
    findings.add(_CODES.get(kind, "structure"), path, "is not accepted by the model of this type")
