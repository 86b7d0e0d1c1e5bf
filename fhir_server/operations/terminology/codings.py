"""The codes that a terminology operation is asked about, and the Parameters that it answers with.

https://hl7.org/fhir/R4/valueset-operation-validate-code.html
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from fhir_server.errors import InvalidRequest
from fhir_server.interactions.answers import json_answer
from fhir_server.interactions.request import FhirResponse
from fhir_server.json_text import Tree
from fhir_server.operations.arguments import Arguments

Part = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Coding:
    """A code with what is said of it; `system` is None where only the context tells."""

    system: str | None
    code: str
    version: str | None = None
    display: str | None = None


def coding_of(said: Tree, name: str) -> Coding:
    """A Coding of a Parameters resource, or `system|code` of a query. Raises InvalidRequest."""
    if isinstance(said, str) and said.count("|") == 1 and all(said.split("|")):
        said = dict(zip(("system", "code"), said.split("|"), strict=True))
    if not isinstance(said, dict) or not isinstance(said.get("code"), str):
        raise InvalidRequest(f"The parameter '{name}' must be a Coding with a code.", (name,))
    return Coding(said.get("system"), said["code"], said.get("version"), said.get("display"))


def codings_of(arguments: Arguments, *, version: str = "version", suffix: str = "") -> tuple[Coding, ...]:
    """What the parameters `code`, `coding` or `codeableConcept` say, of which there must be one.

    `suffix` is added to the first two names; `version` is the name of the parameter with the version of the system.
    """
    code, coding, concept = f"code{suffix}", f"coding{suffix}", "codeableConcept"
    said = arguments.trees(coding) + arguments.trees(concept)
    bare = arguments.text(code)
    if len(said) + (bare is not None) != 1:
        raise InvalidRequest(f"The operation takes one of: {code}, {coding}, {concept}.", (code,))
    if bare is not None:
        return (Coding(arguments.text("system"), bare, arguments.text(version), arguments.text("display")),)
    if arguments.trees(coding):
        return (coding_of(said[0], coding),)
    found = said[0].get("coding", ()) if isinstance(said[0], dict) else ()
    if not found:
        raise InvalidRequest(f"The parameter '{concept}' must be a CodeableConcept with codings.", (concept,))
    return tuple(coding_of(one, concept) for one in found if "code" in one)


def part(name: str, kind: str, value: Tree) -> Part:
    """A parameter with a value of a type: `part("result", "Boolean", True)`."""
    return {"name": name, f"value{kind}": value}


def parts(name: str, said: Iterable[Part | None]) -> Part:
    """A parameter made of others; those that are None are left out."""
    return {"name": name, "part": [one for one in said if one is not None]}


def parameters(said: Iterable[Part | None]) -> FhirResponse:
    """The answer; what is None is left out."""
    return json_answer({"resourceType": "Parameters", "parameter": [one for one in said if one is not None]})


def text_part(name: str, text: str | None, kind: str = "String") -> Part | None:
    """A parameter with this text, or None without one."""
    return None if text is None else part(name, kind, text)
