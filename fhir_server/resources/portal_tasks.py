"""Tasks of the portal's own kinds: their codes, inputs, and how to know one (https://hl7.org/fhir/R4/task.html)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column

from fhir_server.mapping.words import constant
from fhir_server.resources.canonical import CODE_SYSTEM

PORTAL_TASKS = f"{CODE_SYSTEM}/task"
INPUTS = f"{CODE_SYSTEM}/task-input"


def portal_task(code: str) -> dict[str, Any]:
    """Task.code of one of the portal's own kinds."""
    return {"coding": [{"system": PORTAL_TASKS, "code": code}]}


def has_coding(tree: dict[str, Any], system: str, code: str) -> bool:
    """Whether `code` of a resource says that it is of one of our kinds."""
    return any(
        one.get("system") == system and one.get("code") == code for one in tree.get("code", {}).get("coding", ())
    )


def input_type(code: str) -> dict[str, Any]:
    """Task.input.type of one of our inputs."""
    return {"coding": [{"system": INPUTS, "code": code}]}


def text_input(code: str, column: Column[Any]) -> dict[str, Any]:
    """One input with the text of a column."""
    return {"type": constant(input_type(code)), "valueString": column}
