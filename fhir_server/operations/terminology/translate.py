"""ConceptMap/$translate: what a code means in another code system.

https://hl7.org/fhir/R4/conceptmap-operation-translate.html
"""

from __future__ import annotations

from collections.abc import Iterable

from fhir_server.errors import InvalidRequest
from fhir_server.interactions.context import Context
from fhir_server.interactions.request import FhirRequest, FhirResponse
from fhir_server.interactions.searching import run_merged
from fhir_server.interactions.stored import StoredVersion
from fhir_server.json_text import read_json
from fhir_server.operations.arguments import Arguments, arguments_of
from fhir_server.operations.terminology.codings import Coding, codings_of, parameters, part, text_part
from fhir_server.operations.terminology.concept_maps import Asked, Match, matches
from fhir_server.operations.terminology.known import Known, canonical, known, note, subject
from fhir_server.search import Search
from fhir_server.search.terminology.stored import Tree
from fhir_server.search.types.uri import Uri

NAMES = (
    "url",
    "conceptMap",
    "conceptMapVersion",
    "code",
    "system",
    "version",
    "coding",
    "codeableConcept",
    "source",
    "target",
    "targetsystem",
    "reverse",
)
MAX_MAPS = 50


def translate(context: Context, request: FhirRequest, resource_type: str, fhir_id: str | None = None) -> FhirResponse:
    """Parameters: `result`, a `message` where there is none, and each `match`.

    Without a map in the request, all stored ones from the code's system are used, narrowed by `source` and `target`.
    Raises NotFound for a map that is not known.
    """
    arguments = arguments_of(request, context.limits)
    arguments.only(NAMES)
    asked = codings_of(arguments)
    reverse, target = arguments.flag("reverse"), arguments.text("targetsystem")
    if arguments.text("code") is not None and asked[0].system is None:
        raise InvalidRequest("The parameter 'code' needs a 'system'.", ("system",))
    stored = known(context, request)
    found = subject(context, stored, arguments, "ConceptMap", fhir_id, inline="conceptMap", version="conceptMapVersion")
    maps = [found] if found is not None else _maps(context, request, arguments, asked, reverse)
    told = list(_translated(stored, maps, asked, reverse, target))
    result = any(one.is_match for one in told)
    note(context, request, "translate", resource_type, fhir_id)
    message = None if result else _why(maps, told)
    shown = [one.part() for one in told if not one.needs_more]
    return parameters((part("result", "Boolean", result), text_part("message", message), *shown))


def _translated(
    stored: Known, maps: Iterable[Tree], asked: Iterable[Coding], reverse: bool, target: str | None
) -> Iterable[Match]:
    def other(url: str) -> Tree | None:
        return stored.by_url("ConceptMap", *canonical(url))

    for definition in maps:
        for coding in asked:
            yield from matches(definition, Asked(coding, reverse, target), other)


def _why(maps: list[Tree], told: list[Match]) -> str:
    if not maps:
        return "No ConceptMap from this system is stored here."
    if any(one.needs_more for one in told):
        return "The code has translations only together with other elements, which this server does not look at."
    return "The code has no translation."


def _maps(
    context: Context, request: FhirRequest, arguments: Arguments, asked: Iterable[Coding], reverse: bool
) -> list[Tree]:
    systems = tuple(dict.fromkeys(one.system for one in asked if one.system is not None))
    if not systems:
        raise InvalidRequest("The operation needs a ConceptMap, or a code with its system.", ("url",))
    criteria = Uri("target-system" if reverse else "source-system", "exact", systems)
    search = Search(("ConceptMap",), criteria, count=MAX_MAPS)
    statement = context.statements.page(search, visibility=context.visibility)
    rows = run_merged(context, request, statement, statement.sql, {})[:MAX_MAPS]
    found = [read_json(StoredVersion(*row[1:11]).json(context.registry)) for row in rows]
    sets = {name: arguments.text(name) for name in ("source", "target")}
    return [one for one in found if all(said in (None, _value_set(one, name)) for name, said in sets.items())]


def _value_set(definition: Tree, side: str) -> object:
    return definition.get(f"{side}Uri", definition.get(f"{side}Canonical"))
