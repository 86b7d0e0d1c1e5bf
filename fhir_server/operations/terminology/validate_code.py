"""ValueSet/$validate-code and CodeSystem/$validate-code: whether a code belongs there, under the name it is given.

https://hl7.org/fhir/R4/valueset-operation-validate-code.html and
https://hl7.org/fhir/R4/codesystem-operation-validate-code.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from fhir_server.errors import InvalidRequest
from fhir_server.interactions.context import Context
from fhir_server.interactions.request import FhirRequest, FhirResponse
from fhir_server.operations.arguments import arguments_of
from fhir_server.operations.terminology.codings import Coding, codings_of, parameters, part, text_part
from fhir_server.operations.terminology.known import known, needed, note, subject
from fhir_server.operations.terminology.members import Members, Verdict, codes_of, in_system, spoken
from fhir_server.operations.terminology.systems import CodeSystems, code_system

_CODE = ("code", "coding", "codeableConcept", "display", "abstract")
VALUE_SET_NAMES = ("url", "valueSet", "valueSetVersion", "system", "systemVersion", *_CODE)
CODE_SYSTEM_NAMES = ("url", "codeSystem", "version", *_CODE)


def validate_value_set_code(
    context: Context, request: FhirRequest, resource_type: str, fhir_id: str | None = None
) -> FhirResponse:
    """Parameters: `result`, and `message` and `display` where there is something to say.

    Raises NotFound for a value set that is not known, CannotBeWorkedOut and TooManyCodes (both 422).
    """
    arguments = arguments_of(request, context.limits)
    arguments.only(VALUE_SET_NAMES)
    abstract = arguments.flag("abstract")
    asked = codings_of(arguments, version="systemVersion")
    if arguments.text("code") is not None and asked[0].system is None:
        raise InvalidRequest("The parameter 'code' needs a 'system'.", ("system",))
    stored = known(context, request)
    found = subject(context, stored, arguments, "ValueSet", fhir_id, inline="valueSet", version="valueSetVersion")
    definition = needed(found, "ValueSet")
    content = codes_of(stored, definition, request.base_url)
    members = Members(content, spoken(stored, definition), CodeSystems(stored))
    note(context, request, "validate-code", resource_type, fhir_id)
    return _answer(asked, lambda coding: members.verdict(coding, abstract=abstract))


def validate_code_system_code(
    context: Context, request: FhirRequest, resource_type: str, fhir_id: str | None = None
) -> FhirResponse:
    """Parameters: `result`, and `message` and `display` where there is something to say.

    Raises NotFound for a code system that is not known.
    """
    arguments = arguments_of(request, context.limits)
    arguments.only(CODE_SYSTEM_NAMES)
    abstract = arguments.flag("abstract")
    asked = codings_of(arguments)
    stored = known(context, request)
    found = subject(context, stored, arguments, "CodeSystem", fhir_id, inline="codeSystem", version="version")
    if found is None and asked[0].system is not None:
        found = stored.by_url("CodeSystem", asked[0].system, asked[0].version)
    system = code_system(needed(found, "CodeSystem"))
    url = system.definition.get("url")

    def verdict(coding: Coding) -> Verdict:
        if coding.system not in (None, url):
            return Verdict(False, "The code is of another system.")
        return in_system(system, coding, abstract=abstract)

    note(context, request, "validate-code", resource_type, fhir_id)
    return _answer(asked, verdict)


def _answer(asked: Iterable[Coding], verdict: Callable[[Coding], Verdict]) -> FhirResponse:
    """Of several codings one has to belong there: they are ways to say the same thing."""
    told = [verdict(coding) for coding in asked]
    best = next((one for one in told if one.result), told[0])
    return parameters(
        (part("result", "Boolean", best.result), text_part("message", best.message), text_part("display", best.display))
    )
