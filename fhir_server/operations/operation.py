"""What the server knows of an operation besides how to run it.

https://hl7.org/fhir/R4/operationdefinition.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fhir_server.interactions.request import FhirResponse
from fhir_server.resources.canonical import CANONICAL

SYSTEM, TYPE, INSTANCE = "system", "type", "instance"
ANY_TYPE = "Resource"


@dataclass(frozen=True, slots=True)
class OperationParameter:
    """One parameter of an operation of our own, in the words of OperationDefinition.parameter.

    `type` is None where the parameter consists of `parts`; `max` is a number or "*".
    """

    name: str
    use: str
    min: int
    max: str
    type: str | None
    documentation: str
    parts: tuple[OperationParameter, ...] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """`run(context, request, *parts)` is given the resource type and id, as far as the level has them.

    `definition` is the id of the OperationDefinition; `resource_type` ANY_TYPE stands for all types. Operations that R4
    does not define say what their definition says: `title`, `description` and `parameters`.
    """

    name: str
    definition: str
    resource_type: str
    levels: frozenset[str]
    affects_state: bool
    run: Callable[..., FhirResponse]
    title: str = ""
    description: str = ""
    parameters: tuple[OperationParameter, ...] = ()

    @property
    def methods(self) -> tuple[str, ...]:
        """GET is for operations that change nothing."""
        return ("POST",) if self.affects_state else ("GET", "POST")

    @property
    def is_own(self) -> bool:
        """Whether R4 does not define the operation, so that we do."""
        return bool(self.description)

    @property
    def url(self) -> str:
        """The canonical URL of the definition."""
        base = CANONICAL if self.is_own else "http://hl7.org/fhir"
        return f"{base}/OperationDefinition/{self.definition}"

    @property
    def input_names(self) -> tuple[str, ...]:
        """The names of the parameters that go in."""
        return tuple(one.name for one in self.parameters if one.use == "in")

    def concerns(self, resource_type: str) -> bool:
        """Whether resources of this type, or the type itself, have the operation."""
        return self.levels != {SYSTEM} and self.resource_type in (resource_type, ANY_TYPE)
