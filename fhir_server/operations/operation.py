"""What the server knows of an operation besides how to run it.

https://hl7.org/fhir/R4/operationdefinition.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fhir_server.definitions import canonical_base
from fhir_server.interactions.request import FhirResponse

SYSTEM, TYPE, INSTANCE = "system", "type", "instance"
ANY_TYPE = "Resource"


@dataclass(frozen=True, slots=True)
class OperationParameter:
    """One parameter of an operation of ours; `max` may be `*`, `use` is in or out."""

    name: str
    use: str
    min: int
    max: str
    type: str
    documentation: str = ""


@dataclass(frozen=True, slots=True)
class OwnDefinition:
    """What people and programs are told of an operation that R4 does not define."""

    title: str
    description: str
    parameters: tuple[OperationParameter, ...] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """`run(context, request, *parts)` is given the resource type and id, as far as the level has them.

    `definition` is the id of the R4 OperationDefinition, or of the one of ours that is made of `own`; `resource_type`
    ANY_TYPE stands for all types.
    """

    name: str
    definition: str
    resource_type: str
    levels: frozenset[str]
    affects_state: bool
    run: Callable[..., FhirResponse]
    own: OwnDefinition | None = None

    @property
    def methods(self) -> tuple[str, ...]:
        """GET is for operations that change nothing."""
        return ("POST",) if self.affects_state else ("GET", "POST")

    @property
    def url(self) -> str:
        """The canonical URL of the definition."""
        base = "http://hl7.org/fhir" if self.own is None else canonical_base()
        return f"{base}/OperationDefinition/{self.definition}"

    def concerns(self, resource_type: str) -> bool:
        """Whether resources of this type, or the type itself, have the operation."""
        return self.levels != {SYSTEM} and self.resource_type in (resource_type, ANY_TYPE)
