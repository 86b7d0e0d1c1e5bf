"""All definitions of ours, generated from what runs: the only list of them.

https://hl7.org/fhir/R4/implementationguide.html
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from fhir_server.conformance.behaviour import operation_definitions, search_parameters, statement_of_program
from fhir_server.conformance.names import GUIDE, PACKAGE, declarations, url
from fhir_server.conformance.structures import extension_definition, own_extensions, profile
from fhir_server.conformance.terminology import code_systems, concept_maps, value_sets
from fhir_server.conformance.texts import Texts, described, texts
from fhir_server.definitions import NOTHING_ADDED, using
from fhir_server.interactions.capabilities import statement
from fhir_server.mapping.registry import Registry
from fhir_server.operations import OPERATIONS

Tree = dict[str, Any]
ANYWHERE = "http://localhost/fhir"
"""Stands for the address of a server where the definitions are about no certain one."""


def definitions(registry: Registry, *, strict: bool = False) -> tuple[Tree, ...]:
    """Every definition, the guide that lists them last. Raises MissingText, if strict, where one has no words."""
    declared, words = declarations(registry), texts(strict=strict)
    systems = tuple(code_systems(declared, words))
    found: list[Tree] = [
        *(profile(one, words) for one in declared),
        *_extensions(declared, words),
        *systems,
        *value_sets(systems),
        *concept_maps(words),
        *search_parameters(words),
        *operation_definitions(OPERATIONS),
    ]
    # What one server was taught is no part of the program.
    with using(NOTHING_ADDED):
        found.append(statement_of_program(statement(registry, ANYWHERE, "UTC"), words))
    return (*found, _guide(found, words))


def _extensions(declared: Sequence[Any], words: Texts) -> Iterable[Tree]:
    used = own_extensions(declared)
    # Those that stand in no declared element say in the texts where they may stand.
    named = {url("StructureDefinition", name) for name in words.sections.get("extensions", {})}
    return [extension_definition(one, used.get(one, []), words) for one in sorted(used.keys() | named)]


def _guide(found: Sequence[Tree], words: Texts) -> Tree:
    return {
        **described("ImplementationGuide", GUIDE, words.of("implementation-guide", GUIDE)),
        "packageId": PACKAGE,
        "fhirVersion": ["4.0.1"],
        "definition": {
            "resource": [
                {
                    "reference": {"reference": f"{one['resourceType']}/{one['id']}"},
                    "name": one.get("title", one["name"]),
                    "description": one["description"],
                    "exampleBoolean": False,
                }
                for one in found
            ]
        },
    }
