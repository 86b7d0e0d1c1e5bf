"""SearchParameters, OperationDefinitions and the CapabilityStatement of this server as resources.

https://hl7.org/fhir/R4/searchparameter.html, https://hl7.org/fhir/R4/operationdefinition.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from fhir_server.conformance.names import CAPABILITIES, in_words, program_name, tail
from fhir_server.conformance.texts import Texts, described
from fhir_server.definitions import packaged
from fhir_server.definitions.parameters import own_parameters
from fhir_server.operations.operation import INSTANCE, SYSTEM, TYPE, Operation, OperationParameter

Tree = dict[str, Any]


def search_parameters(words: Texts) -> Iterator[Tree]:
    """Our own parameters, one resource for each url, and those of US Core under its urls."""
    for one in own_parameters():
        said = words.of("search-parameters", f"{one.resource_type}.{one.code}")
        # R4 gives this type no title.
        first = {
            key: text for key, text in described("SearchParameter", tail(str(one.url)), said).items() if key != "title"
        }
        yield {
            **first,
            "url": one.url,
            "code": one.code,
            "base": [one.resource_type],
            "type": one.type,
            "expression": one.expression,
            **({"target": list(one.targets)} if one.targets else {}),
        }
    for facts in packaged("us-core-search-parameters.json")["params"]:
        yield {
            "resourceType": "SearchParameter",
            # Whoever stores the package of US Core uses its own ids.
            "id": f"served-{facts['id']}",
            "url": facts["url"],
            "name": program_name(facts["id"]),
            "status": "active",
            "date": words.date,
            "publisher": "HL7 International",
            "description": f"{', '.join(facts['base'])} by {facts['code']}, as US Core defines it.",
            "code": facts["code"],
            "base": facts["base"],
            "type": facts["type"],
            "expression": facts["expression"],
            **({"target": facts["target"]} if "target" in facts else {}),
        }


def operation_definitions(operations: Iterable[Operation]) -> Iterator[Tree]:
    """The operations that R4 does not define; their words and parameters stand in the table itself."""
    for one in operations:
        if one.is_own:
            said = {"title": one.title or in_words(one.name), "description": one.description}
            yield {
                **described("OperationDefinition", one.definition, said),
                "kind": "operation",
                "affectsState": one.affects_state,
                "code": one.name,
                "resource": [one.resource_type],
                "system": SYSTEM in one.levels,
                "type": TYPE in one.levels,
                "instance": INSTANCE in one.levels,
                **_listed("parameter", one.parameters),
            }


def _listed(name: str, parameters: Iterable[OperationParameter]) -> Tree:
    found = [_parameter(one) for one in parameters]
    return {name: found} if found else {}


def _parameter(one: OperationParameter) -> Tree:
    return {
        "name": one.name,
        "use": one.use,
        "min": one.min,
        "max": one.max,
        **({"documentation": one.documentation} if one.documentation else {}),
        **({"type": one.type} if one.type is not None else {}),
        **_listed("part", one.parts),
    }


def statement_of_program(instance: Tree, words: Texts) -> Tree:
    """The CapabilityStatement of this program wherever it runs, made of that of one server."""
    said = words.of("capability-statement", CAPABILITIES)
    # What concerns one place alone stays out: its address, and the zone of its clinic.
    kept = {key: value for key, value in instance.items() if key not in ("implementation", "instantiates")}
    return {**kept, **described("CapabilityStatement", CAPABILITIES, said), "kind": "capability"}
