"""CodeSystem/$subsumes: how two codes of one system stand to each other.

https://hl7.org/fhir/R4/codesystem-operation-subsumes.html
"""

from __future__ import annotations

from fhir_server.errors import InvalidRequest, NotFound
from fhir_server.interactions.context import Context
from fhir_server.interactions.request import FhirRequest, FhirResponse
from fhir_server.operations.arguments import arguments_of
from fhir_server.operations.terminology.codings import codings_of, parameters, part
from fhir_server.operations.terminology.known import CannotBeWorkedOut, known, needed, note, subject
from fhir_server.operations.terminology.systems import CodeSystem, code_system

NAMES = ("codeA", "codeB", "codingA", "codingB", "system", "version")


def subsumes(context: Context, request: FhirRequest, resource_type: str, fhir_id: str | None = None) -> FhirResponse:
    """Parameters: `outcome` is equivalent, subsumes, subsumed-by or not-subsumed.

    Raises NotFound for a system or a code that is not known, CannotBeWorkedOut where only a part of it is.
    """
    arguments = arguments_of(request, context.limits)
    arguments.only(NAMES)
    (first,), (second,) = codings_of(arguments, suffix="A"), codings_of(arguments, suffix="B")
    stored = known(context, request)
    # The url of a system goes by another name here than in the other operations.
    found = subject(context, stored, arguments, "CodeSystem", fhir_id, url="system", version="version")
    named = {one.system for one in (first, second) if one.system is not None}
    if found is None and len(named) == 1:
        found = stored.by_url("CodeSystem", named.copy().pop(), first.version or second.version)
        if found is None:
            raise NotFound("No CodeSystem with this url and version is known to this server.", ("system",))
    system = code_system(needed(found, "CodeSystem"))
    if named - {system.definition.get("url")}:
        raise InvalidRequest("Both codes must be of one system.", ("system",))
    outcome = _outcome(system, first.code, second.code)
    note(context, request, "subsumes", resource_type, fhir_id)
    return parameters((part("outcome", "Code", outcome),))


def _outcome(system: CodeSystem, first: str, second: str) -> str:
    one, other = system.concept(first), system.concept(second)
    if one is None or other is None:
        raise NotFound("The code system that is known here does not have the code.", ("code",))
    if one["code"] == other["code"]:
        return "equivalent"
    if other["code"] in system.hierarchy.below((one["code"],)):
        return "subsumes"
    if one["code"] in system.hierarchy.below((other["code"],)):
        return "subsumed-by"
    if not system.is_complete:
        raise CannotBeWorkedOut("Only a part of the code system is stored here, which does not tell.")
    return "not-subsumed"
