"""What is found wrong, where, and which HTTP status that makes.

https://hl7.org/fhir/R4/operationoutcome.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from fhir_server.errors import Issue

MAX_ISSUES = 20

STATUS: Mapping[str, int] = MappingProxyType(
    {
        "structure": 400,  # not FHIR JSON: unknown or repeated names, wrong JSON types, empty things
        "required": 422,  # an element that must be there is not
        "value": 422,  # a format, a limit, a reference to a type that does not belong there
        "code-invalid": 422,  # a code outside of a required binding
        "invariant": 422,  # a constraint of the specification
    }
)
"""Issue code of a finding to the status of the answer; the lowest of a resource's findings counts."""

Path: TypeAlias = str | tuple["Path", str, "int | None"]
"""Where a walk is: the root's expression, or (parent, element name, index); made into text only for an issue."""


def expression(path: Path) -> str:
    """The path as FHIRPath: `Observation.component[1].code`."""
    steps: list[str] = []
    while not isinstance(path, str):
        path, name, index = path
        steps.append(name if index is None else f"{name}[{index}]")
    steps.append(path)
    return ".".join(reversed(steps))


class Findings:
    """The issues of one validation, at most MAX_ISSUES.

    A text is what follows the element's name in a sentence ("must be an array") and must not repeat values.
    """

    __slots__ = ("issues",)

    def __init__(self) -> None:
        self.issues: list[Issue] = []

    def add(self, code: str, path: Path, text: str) -> None:
        """Notes an error of `code` (a key of STATUS) at `path`."""
        if len(self.issues) < MAX_ISSUES:
            place = expression(path)
            self.issues.append(Issue("error", code, f"{place} {text}", (place,)))

    def result(self) -> tuple[Issue, ...]:
        """The issues; those that say that this is not FHIR come first."""
        return tuple(sorted(self.issues, key=lambda issue: STATUS[issue.code]))


def status_of(issues: Iterable[Issue]) -> int:
    """400 when one of the issues says that this is not FHIR, otherwise 422."""
    return min((STATUS.get(issue.code, 422) for issue in issues), default=422)
