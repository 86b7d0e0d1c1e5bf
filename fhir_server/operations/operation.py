"""What the server knows of an operation besides how to run it.

https://hl7.org/fhir/R4/operationdefinition.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fhir_server.interactions.request import FhirResponse

SYSTEM, TYPE, INSTANCE = "system", "type", "instance"
ANY_TYPE = "Resource"


@dataclass(frozen=True, slots=True)
class Operation:
    """`run(context, request, *parts)` is given the resource type and id, as far as the level has them.

    `definition` is the id of the R4 OperationDefinition; `resource_type` ANY_TYPE stands for all types.
    """

    name: str
    definition: str
    resource_type: str
    levels: frozenset[str]
    affects_state: bool
    run: Callable[..., FhirResponse]

    @property
    def methods(self) -> tuple[str, ...]:
        """GET is for operations that change nothing."""
        return ("POST",) if self.affects_state else ("GET", "POST")

    @property
    def url(self) -> str:
        """The canonical URL of the definition."""
        return f"http://hl7.org/fhir/OperationDefinition/{self.definition}"

    def concerns(self, resource_type: str) -> bool:
        """Whether resources of this type, or the type itself, have the operation."""
        return self.levels != {SYSTEM} and self.resource_type in (resource_type, ANY_TYPE)
