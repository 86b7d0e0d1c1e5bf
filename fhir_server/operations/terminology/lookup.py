"""CodeSystem/$lookup: what a code system says of a code.

https://hl7.org/fhir/R4/codesystem-operation-lookup.html
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from fhir_server.errors import InvalidRequest, NotFound
from fhir_server.interactions.context import Context
from fhir_server.interactions.request import FhirRequest, FhirResponse
from fhir_server.operations.arguments import arguments_of
from fhir_server.operations.terminology.codings import Part, codings_of, parameters, part, parts, text_part
from fhir_server.operations.terminology.known import known, note
from fhir_server.operations.terminology.systems import CodeSystem, CodeSystems
from fhir_server.search.terminology.stored import Tree

NAMES = ("code", "system", "version", "coding", "property")
_ALWAYS = frozenset({"url", "name", "version", "display"})


def lookup(context: Context, request: FhirRequest, resource_type: str) -> FhirResponse:
    """Parameters: name and version of the system, display, designations, properties and relatives of the code.

    `property` chooses among the latter. Raises NotFound for a system or a code that is not known.
    """
    arguments = arguments_of(request, context.limits)
    arguments.only(NAMES)
    (asked,) = codings_of(arguments)
    if asked.system is None:
        raise InvalidRequest("The code needs a system.", ("system",))
    system = CodeSystems(known(context, request)).get(asked.system, asked.version)
    if system is None:
        raise NotFound("No CodeSystem with this url and version is known to this server.", ("system",))
    concept = system.concept(asked.code)
    if concept is None:
        part_of = "" if system.is_complete else " Only a part of the system is stored here."
        raise NotFound(f"The code is not in the code system.{part_of}", ("code",))
    wanted = frozenset(arguments.texts("property")) - _ALWAYS
    note(context, request, "lookup", resource_type)
    return parameters(
        (
            part("name", "String", system.definition.get("name") or asked.system),
            text_part("version", system.version),
            # R4 asks for a display, which a code that is only listed does not have.
            part("display", "String", concept.get("display") or concept["code"]),
            *_details(system, concept, wanted),
        )
    )


def _details(system: CodeSystem, concept: Tree, wanted: Collection[str]) -> Iterator[Part]:
    def is_wanted(name: str) -> bool:
        return not wanted or name in wanted

    for one in concept.get("designation", ()) if is_wanted("designation") else ():
        said = (text_part("language", one.get("language"), "Code"), text_part("value", one.get("value")))
        use = part("use", "Coding", one["use"]) if "use" in one else None
        yield parts("designation", (said[0], use, said[1]))
    if "definition" in concept and is_wanted("definition"):
        yield _property("definition", part("value", "String", concept["definition"]))
    for one in concept.get("property", ()):
        value = next(((name, one[name]) for name in one if name.startswith("value")), None)
        if value is not None and is_wanted(one.get("code", "")):
            yield _property(one["code"], {"name": "value", value[0]: value[1]})
    hierarchy, said_of = system.hierarchy, {one.get("code") for one in concept.get("property", ())}
    for name, links in (("parent", hierarchy.parents), ("child", hierarchy.children)):
        for code in sorted(links.get(concept["code"], ())) if is_wanted(name) and name not in said_of else ():
            yield _property(name, part("value", "Code", code))


def _property(code: str, value: Part) -> Part:
    return parts("property", (part("code", "Code", code), value))
