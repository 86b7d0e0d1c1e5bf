"""Patient/[id]/$everything: the record of a patient, and what its resources refer to outside of it.

https://hl7.org/fhir/R4/patient-operation-everything.html

Pages go first through the members of the compartment and the Tasks for the patient, which R4 leaves out of it, and then
through what they refer to, each resource once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fhir_server.definitions import RESOURCE_TYPES
from fhir_server.errors import Gone, InvalidRequest, NotFound
from fhir_server.interactions.answers import bundle_bytes
from fhir_server.interactions.context import Context, audit_of
from fhir_server.interactions.read import refuse_absent
from fhir_server.interactions.request import FhirRequest, FhirResponse
from fhir_server.interactions.search import PAGE, search_entry, search_path
from fhir_server.interactions.searching import Rows, run_merged
from fhir_server.mapping.minted import version_name
from fhir_server.operations.arguments import Arguments, Interval, arguments_of
from fhir_server.operations.clinical_dates import CLINICAL_DATES
from fhir_server.persistence.audit import record
from fhir_server.search import And, Anything, Expression, Not, Or, Search, Visibility, in_record, record_types
from fhir_server.search.expression import Present
from fhir_server.search.paging import Continuation
from fhir_server.search.types.date import Date
from fhir_server.search.types.reference import Reference

NAMES = ("start", "end", "_since", "_type", "_count")
SUPPORTING = (
    "ActivityDefinition",
    "Device",
    "DeviceDefinition",
    "Endpoint",
    "HealthcareService",
    "Location",
    "Medication",
    "MedicationKnowledge",
    "Organization",
    "PlanDefinition",
    "Practitioner",
    "PractitionerRole",
    "Questionnaire",
    "Substance",
)
"""What members may refer to that belongs to no patient's record."""

_MEMBERS, _SUPPORTING = "members", "supporting"
_SORT = slice(11, None)


@dataclass(frozen=True, slots=True)
class _Scope:
    """What the caller sees, and of that what the conditions of its type let through."""

    visible: Visibility
    conditions: Mapping[str, Expression]

    def expression(self, resource_type: str) -> Expression | None:
        """See Visibility."""
        seen, condition = self.visible.expression(resource_type), self.conditions.get(resource_type)
        return seen if seen is None or condition is None else And((seen, condition))


@dataclass(frozen=True, slots=True)
class _Asked:
    patient: str
    types: frozenset[str]
    during: Mapping[str, Expression]
    since: Expression | None
    count: int


def everything(context: Context, request: FhirRequest, resource_type: str, fhir_id: str) -> FhirResponse:
    """A searchset: members of the record are matches, what they refer to is included.

    Takes `start` and `end` (when care was given; what has no such date is always there), `_since`, `_type`, `_count`.
    Raises NotFound and Gone as a read of the patient does.
    """
    arguments = arguments_of(request, context.limits)
    path = search_path(request)
    token = arguments.text(PAGE)
    after: tuple[str, ...] = ()
    if token is not None:
        going_on = context.page_tokens.open(token, request.principal.name)
        if going_on.path != path:
            raise NotFound("There is no such page")
        after = going_on.after
        continued = FhirRequest("GET", request.path, going_on.query, {}, b"", request.base_url)
        arguments = arguments_of(continued, context.limits)
    asked = _asked(context, arguments, fhir_id)
    _must_exist(context, resource_type, fhir_id)
    rows, next_after = _page(context, request, asked, after)
    entities = tuple(version_name(*row[2:5]) for row in rows)
    record(context.database.reader(), audit_of(request, "everything", resource_type, fhir_id, entities=entities))
    query = arguments.query()
    url = f"{request.base_url}/{path}"
    link = [{"relation": "self", "url": f"{url}?{query}" if query else url}]
    if next_after is not None:
        sealed = context.page_tokens.seal(Continuation(request.principal.name, path, query, next_after))
        link.append({"relation": "next", "url": f"{url}?{PAGE}={sealed}"})
    head: dict[str, Any] = {"type": "searchset"}
    if not after and next_after is None:
        head["total"] = sum(row[0] == "match" for row in rows)
    head["link"] = link
    entries = [search_entry(context, request, row, None) for row in rows]
    return FhirResponse(200, {}, bundle_bytes(head, entries))


def _asked(context: Context, arguments: Arguments, fhir_id: str) -> _Asked:
    arguments.only(NAMES)
    zone = context.zone
    named = [name for text in arguments.texts("_type") for name in text.split(",")]
    if not RESOURCE_TYPES.issuperset(named):
        raise InvalidRequest("The parameter '_type' names a resource type that R4 does not have.", ("_type",))
    start, end = arguments.interval("start", zone), arguments.interval("end", zone)
    since = arguments.interval("_since", zone)
    return _Asked(
        fhir_id,
        frozenset(named) or RESOURCE_TYPES,
        {kind: _during(context, code, start, end) for kind, code in CLINICAL_DATES.items()} if start or end else {},
        None if since is None else Date("_lastUpdated", "ge", *since, zone),
        min(arguments.positive("_count") or context.limits.default_count, context.limits.max_count),
    )


def _during(context: Context, code: str, start: Interval | None, end: Interval | None) -> Expression:
    bounds = [
        Date(code, prefix, *interval, context.zone)
        for prefix, interval in (("ge", start), ("le", end))
        if interval is not None
    ]
    return Or((Not(Present(code, "date")), And(tuple(bounds))))


def _must_exist(context: Context, resource_type: str, fhir_id: str) -> None:
    statement = context.statements.read(resource_type, fhir_id, visibility=context.visibility)
    rows = context.database.rows(statement.sql, statement.parameters)
    if not rows:
        refuse_absent(context, resource_type, fhir_id)
    if rows[0][6] is not None:
        raise Gone("The resource was deleted")


def _page(
    context: Context, request: FhirRequest, asked: _Asked, after: tuple[str, ...]
) -> tuple[Rows, tuple[str, ...] | None]:
    """The rows of a page, and after which row the next one begins."""
    shown: Rows = []
    types = tuple(name for name in record_types("Patient") if name in asked.types)
    if types and after[:1] != (_SUPPORTING,):
        found = _members(context, request, asked, types, after[1:])
        shown = found[: asked.count]
        if len(found) > len(shown):
            return shown, (_MEMBERS, *shown[-1][_SORT])
    kinds = tuple(name for name in SUPPORTING if name in asked.types)
    if not kinds:
        return shown, None
    place = after[1] if after[:1] == (_SUPPORTING,) and len(after) > 1 else None
    room = asked.count - len(shown)
    found = _supporting(context, request, asked, kinds, place, room + 1)
    if len(found) <= room:
        return [*shown, *found], None
    return [*shown, *found[:room]], (_SUPPORTING, *(found[room - 1][_SORT] if room else ()))


def _outside(kind: str, asked: _Asked) -> Expression:
    """The condition on what is referred to; a thing that is another patient's is part of no other record."""
    parts: tuple[Expression, ...] = () if asked.since is None else (asked.since,)
    if kind == "Device":
        nobodys, own = Not(Present("patient", "reference")), Reference("patient", "Patient", (asked.patient,))
        parts = (*parts, Or((nobodys, own)))
    return And(parts) if parts else Anything()


def _members(
    context: Context, request: FhirRequest, asked: _Asked, types: tuple[str, ...], after: tuple[str, ...]
) -> Rows:
    belongs = in_record("Patient", asked.patient, types)
    criteria = belongs if asked.since is None else And((belongs, asked.since))
    search = Search(types, criteria, count=asked.count)
    scope = _Scope(context.visibility, asked.during)
    statement = context.statements.page(search, visibility=scope, after=after or None)
    return run_merged(context, request, statement, statement.sql, {})


def _supporting(
    context: Context, request: FhirRequest, asked: _Asked, kinds: tuple[str, ...], after: str | None, limit: int
) -> Rows:
    # An old resource may refer to a Practitioner who has changed since: only the Practitioner's own date counts.
    conditions = {kind: _outside(kind, asked) for kind in kinds}
    scope = _Scope(context.visibility, {**asked.during, **conditions})
    types = record_types("Patient")
    members = Search(types, in_record("Patient", asked.patient, types))
    statement = context.statements.supporting(members, kinds, visibility=scope, after=after, limit=limit)
    return run_merged(context, request, statement, statement.sql, {})
