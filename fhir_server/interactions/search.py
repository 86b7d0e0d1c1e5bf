"""search-type, search-system and compartment search, by GET and POST (https://hl7.org/fhir/R4/http.html#search)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fhir_server.definitions import COMPARTMENTS, RESOURCE_TYPES
from fhir_server.errors import Issue, NotFound, operation_outcome
from fhir_server.interactions.answers import bundle_bytes, entry_bytes, prefers
from fhir_server.interactions.context import Context, audit_of
from fhir_server.interactions.explaining import explanation, wants_explanation, within_budget
from fhir_server.interactions.request import FhirRequest, FhirResponse
from fhir_server.interactions.searching import MAX_ROUNDS, Rows, merge_pending, reading, refuse_stale, run_merged
from fhir_server.interactions.stored import StoredVersion
from fhir_server.interactions.subsetting import Subset, subsetted
from fhir_server.json_text import encode_json, read_json
from fhir_server.mapping.minted import resource_name
from fhir_server.persistence.audit import audited, record_alone
from fhir_server.persistence.contained import are_indexed
from fhir_server.search import (
    CAPPED,
    MAX_DEPTH,
    MAX_INCLUDED,
    And,
    IncompleteParameter,
    Search,
    estimated_total,
    has_chains,
    in_compartment,
    linked_types,
    member_types,
    parse,
    parse_query,
    refuse_uncontained,
)
from fhir_server.search.compilation import asks_for
from fhir_server.search.paging import Continuation
from fhir_server.search.query import Query

PAGE = "_page"
_NAMED = 20
"""Who searches more types than these has not named them one by one."""
_RESOURCE = slice(1, 11)
CONTAINED_AT = 11
"""Where the id of a contained match stands in a row, if these are returned; the sort columns follow."""
_MORE_INCLUDED = (
    f"Not all resources are included: :iterate goes {MAX_DEPTH} references far, and it and _revinclude=* give"
    f" {MAX_INCLUDED} resources at most. Ask for a smaller _count, or read the others by their references."
)
_NOT_INDEXED = "What older resources contain is not indexed yet; `fhir-server index` does that."


@dataclass(frozen=True, slots=True)
class Asked:
    """A search as asked for: by its query, or by a page token that holds the query and where to go on."""

    query: Query
    text: str
    strict: bool
    after: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Compartment:
    """Whose compartment is searched, and the types that have a place in it."""

    name: str
    fhir_id: str
    types: tuple[str, ...]


def search_type(context: Context, request: FhirRequest, resource_type: str) -> FhirResponse:
    """All resources of a type that match."""
    context.registry.sources(resource_type)
    return _search(context, request, resource_type)


def search_system(context: Context, request: FhirRequest) -> FhirResponse:
    """Resources of all types, or of those in `_type`, that match."""
    return _search(context, request, None)


def search_compartment(
    context: Context, request: FhirRequest, name: str, fhir_id: str, resource_type: str
) -> FhirResponse:
    """The resources of a type, or of all types (`*`), that match and belong to the compartment of one resource.

    What belongs to nobody is nothing: an owner that does not exist, or may not be seen, has an empty compartment.
    """
    types = member_types(name) if name in COMPARTMENTS else ()
    if resource_type != "*":
        context.registry.sources(resource_type)
    if not types or resource_type not in (*types, "*"):
        raise NotFound("There is no such compartment, or the type has no place in it")
    return _search(context, request, None if resource_type == "*" else resource_type, Compartment(name, fhir_id, types))


def asked_of(context: Context, request: FhirRequest) -> Asked:
    """The search that a request asks for, or goes on with; raises what parsing and page tokens raise."""
    texts = (request.query, request.body.decode("latin-1")) if request.method == "POST" else (request.query,)
    query = parse_query(*texts, limits=context.limits)
    strict = prefers(request, "handling") != "lenient"
    token = next((item.value for item in query.items if item.name == PAGE), None)
    if token is None:
        return Asked(query, "&".join(text for text in texts if text), strict)
    going_on = context.page_tokens.open(token, request.principal.name)
    if going_on.path != search_path(request):
        raise NotFound("There is no such page")
    query = parse_query(going_on.query, limits=context.limits)
    return Asked(query, going_on.query, going_on.strict, going_on.after)


def search_path(request: FhirRequest) -> str:
    """What is searched, below the base; the same for GET and POST."""
    return "/".join(part for part in request.path if part != "_search")


def _search(
    context: Context,
    request: FhirRequest,
    resource_type: str | None,
    owner: Compartment | None = None,
) -> FhirResponse:
    asked = asked_of(context, request)
    search = parse(
        resource_type,
        asked.query,
        strict=asked.strict,
        limits=context.limits,
        reading=reading(context, request),
        within=RESOURCE_TYPES if owner is None else owner.types,
    )
    if owner is not None:
        belongs = in_compartment(owner.name, owner.fhir_id, search.types)
        search = replace(search, criteria=And((belongs, search.criteria)))
        refuse_uncontained(search)
    if search.contains and not are_indexed(context.database):
        raise IncompleteParameter(_NOT_INDEXED)
    explains = wants_explanation(context, asked.query)
    if search.summary == "count":
        counted = _total(context, request, search)
        refuse_stale(context, search)
        return search_bundle(context, request, search, asked, [], counted)
    rows = _page(context, request, search, asked)
    total: int | None = None
    if search.total == "accurate":
        total = _total(context, request, search)
    elif search.total == "estimate":
        total = _estimate(context, search)
    refuse_stale(context, search)
    outcomes = [_entry_of(text) for text in left_out(context, search)]
    if explains:
        statement = context.statements.page(search, visibility=context.visibility, after=asked.after)
        outcomes.append(explanation(context, search, statement))
    return search_bundle(context, request, search, asked, rows, total, outcomes)


def left_out(context: Context, search: Search) -> Iterator[str]:
    """What logs hold and this search does not look at, where the client may expect it."""
    logged = [one for one in search.types if context.registry.logs(one)]
    if 1 < len(search.types) <= _NAMED and logged:
        yield f"{' and '.join(logged)}: rows of this server's logs are found only where the type is searched alone."
    needs = [source.needs for one in search.types for source in context.registry.logs(one) if source.needs]
    if len(search.types) == 1 and needs and not all(asks_for(search.criteria, one) for one in needs):
        yield "Versions that only the portal wrote are found by target or patient: add one to see their Provenance."


def _entry_of(text: str) -> bytes:
    said = operation_outcome([Issue("warning", "incomplete", text)])
    return entry_bytes(None, encode_json(said), search={"mode": "outcome"})


def _page(context: Context, request: FhirRequest, search: Search, asked: Asked) -> Rows:
    statement = context.statements.page(search, visibility=context.visibility, after=asked.after)
    within_budget(context, search, statement)
    kind = search.types[0] if len(search.types) == 1 else "Resource"
    extra = {**audit_of(request, "search", kind).parameters(), "audit_shown": search.count}
    return run_merged(context, request, statement, audited(statement.sql), extra)


def _total(context: Context, request: FhirRequest, search: Search) -> int:
    statement = context.statements.count(search, visibility=context.visibility)
    within_budget(context, search, statement)
    for _ in range(MAX_ROUNDS):
        total, pending = context.database.rows(statement.sql, statement.parameters)[0]
        if not pending:
            break
        merge_pending(context, request, _table_sources(context, search))
    if search.summary == "count":
        kind = search.types[0] if len(search.types) == 1 else "Resource"
        record_alone(context.database, audit_of(request, "search", kind))
    return int(total)


def _table_sources(context: Context, search: Search) -> set[int]:
    kinds = {*search.types, *linked_types(search.criteria)}
    return {one.number for kind in kinds for one in context.registry.sources(kind) if not one.generic}


def _estimate(context: Context, search: Search) -> int:
    statement = context.statements.estimate(search, visibility=context.visibility)
    return estimated_total(read_json(context.database.rows(statement.sql, statement.parameters)[0][0]))


def search_bundle(
    context: Context,
    request: FhirRequest,
    search: Search,
    asked: Asked,
    rows: Rows,
    total: int | None,
    outcomes: Sequence[bytes] = (),
) -> FhirResponse:
    """The searchset of a page's rows: at most `search.count` matches, with a link to the next page if there is one.

    `outcomes` are further entries.
    """
    matches = [row for row in rows if row[0] == "match"]
    more = len(matches) > search.count
    shown = matches[: search.count]
    if total is None and search.total != "none" and asked.after is None and not more:
        total = len(shown)
    path = "/".join(part for part in (request.base_url, search_path(request)) if part)
    used = search.self_query()
    link = [{"relation": "self", "url": f"{path}?{used}" if used else path}]
    if more:
        going_on = Continuation(
            request.principal.name, search_path(request), asked.text, _place(search, shown[-1]), asked.strict
        )
        link.append({"relation": "next", "url": f"{path}?{PAGE}={context.page_tokens.seal(going_on)}"})
    head: dict[str, Any] = {"type": "searchset"}
    if total is not None:
        head["total"] = total
    head["link"] = link
    wanted = Subset(search.summary, search.elements) if search.summary or search.elements else None
    included = (row for row in rows if row[0] == "include")
    entry = contained_entry if search.returns_contained else search_entry
    entries = [entry(context, request, row, wanted) for row in (*shown, *included)]
    issues = [Issue("warning", "not-supported", text) for text in search.warnings]
    if any(row[0] == CAPPED for row in rows):
        issues.append(Issue("warning", "too-costly", _MORE_INCLUDED))
    if has_chains(search) and not are_indexed(context.database):
        # Chains found nothing there before; what else they find need not wait.
        issues.append(Issue("warning", "incomplete", f"{_NOT_INDEXED} Until then chains do not look into these."))
    if issues:
        entries.append(entry_bytes(None, encode_json(operation_outcome(issues)), search={"mode": "outcome"}))
    entries += outcomes
    return FhirResponse(200, {}, bundle_bytes(head, entries))


def search_entry(context: Context, request: FhirRequest, row: tuple[Any, ...], wanted: Subset | None) -> bytes:
    """The Bundle.entry of one row."""
    one = StoredVersion(*row[_RESOURCE])
    body = one.json(context.registry)
    if wanted is not None and row[0] == "match":
        body = subsetted(one.resource_type, body, wanted)
    return _entry(request, resource_name(one.resource_type, one.fhir_id), body, row[0])


def contained_entry(context: Context, request: FhirRequest, row: tuple[Any, ...], wanted: Subset | None) -> bytes:
    """The Bundle.entry of a row with a contained match: that resource, as it stands inside of its container."""
    fhir_id = row[CONTAINED_AT]
    if fhir_id is None:
        return search_entry(context, request, row, wanted)
    one = StoredVersion(*row[_RESOURCE])
    container = read_json(one.json(context.registry))
    found = next(inside for inside in container["contained"] if inside["id"] == fhir_id)
    body = encode_json(found)
    if wanted is not None:
        body = subsetted(found["resourceType"], body, wanted)
    return _entry(request, f"{resource_name(one.resource_type, one.fhir_id)}#{fhir_id}", body, row[0])


def _entry(request: FhirRequest, name: str, body: bytes, mode: str) -> bytes:
    full_url = f'"{request.base_url}/{name}"'.encode()
    return b'{"fullUrl":' + full_url + b',"resource":' + body + b',"search":{"mode":"' + mode.encode() + b'"}}'


def _place(search: Search, row: tuple[Any, ...]) -> tuple[str, ...]:
    """The sort columns of a row, from which the next page goes on."""
    return tuple(row[CONTAINED_AT + 1 if search.returns_contained else CONTAINED_AT :])
