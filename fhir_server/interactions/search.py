"""search-type, search-system and compartment search, by GET and POST (https://hl7.org/fhir/R4/http.html#search)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from fhir_server.definitions import COMPARTMENTS, compartment
from fhir_server.errors import Issue, NotFound, operation_outcome
from fhir_server.interactions.answers import bundle_bytes, entry_bytes, prefers
from fhir_server.interactions.context import Context, audit_of
from fhir_server.interactions.request import FhirRequest, FhirResponse
from fhir_server.interactions.searching import MAX_ROUNDS, Rows, merge_pending, reading, run_merged
from fhir_server.interactions.stored import StoredVersion
from fhir_server.interactions.subsetting import Subset, subsetted
from fhir_server.json_text import encode_json, read_json
from fhir_server.persistence.audit import audited, record
from fhir_server.search import And, Or, Search, estimated_total, parse, parse_query
from fhir_server.search.paging import Continuation
from fhir_server.search.query import Item, Query

PAGE = "_page"
_RESOURCE = slice(1, 11)


@dataclass(frozen=True, slots=True)
class Asked:
    """A search as asked for: by its query, or by a page token that holds the query and where to go on."""

    query: Query
    text: str
    strict: bool
    after: tuple[str, ...] | None = None


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
    """The resources of a type that match and belong to the compartment of one resource."""
    context.registry.sources(resource_type)
    members = compartment(name).get(resource_type) if name in COMPARTMENTS else None
    if not members:
        raise NotFound("There is no such compartment, or the type has no place in it")
    return _search(context, request, resource_type, (name, fhir_id, members))


def _asked(context: Context, request: FhirRequest) -> Asked:
    texts = (request.query, request.body.decode("latin-1")) if request.method == "POST" else (request.query,)
    query = parse_query(*texts, limits=context.limits)
    strict = prefers(request, "handling") != "lenient"
    token = next((item.value for item in query.items if item.name == PAGE), None)
    if token is None:
        return Asked(query, "&".join(text for text in texts if text), strict)
    going_on = context.page_tokens.open(token, request.principal.name)
    if going_on.path != _search_path(request):
        raise NotFound("There is no such page")
    query = parse_query(going_on.query, limits=context.limits)
    return Asked(query, going_on.query, going_on.strict, going_on.after)


def _search_path(request: FhirRequest) -> str:
    return "/".join(part for part in request.path if part != "_search")


def _search(
    context: Context,
    request: FhirRequest,
    resource_type: str | None,
    member_of: tuple[str, str, tuple[str, ...]] | None = None,
) -> FhirResponse:
    asked = _asked(context, request)
    how = {"limits": context.limits, "reading": reading(context, request)}
    search = parse(resource_type, asked.query, strict=asked.strict, **how)  # type: ignore[arg-type]
    if member_of is not None and resource_type is not None:
        search = _in_compartment(search, resource_type, member_of, how)
    if search.summary == "count":
        return _bundle(context, request, search, asked, [], _total(context, request, search))
    rows = _page(context, request, search, asked)
    total: int | None = None
    if search.total == "accurate":
        total = _total(context, request, search)
    elif search.total == "estimate":
        total = _estimate(context, search)
    return _bundle(context, request, search, asked, rows, total)


def _in_compartment(search: Search, resource_type: str, member_of: Any, how: Any) -> Search:
    name, fhir_id, members = member_of
    value = f"{name}/{fhir_id}"
    belongs = [
        parse(
            resource_type, Query((Item("_id", None, fhir_id) if code == "{def}" else Item(code, None, value),)), **how
        ).criteria
        for code in members
    ]
    return replace(search, criteria=And((search.criteria, Or(tuple(belongs)))))


def _page(context: Context, request: FhirRequest, search: Search, asked: Asked) -> Rows:
    statement = context.statements.page(search, visibility=context.visibility, after=asked.after)
    kind = search.types[0] if len(search.types) == 1 else "Resource"
    extra = {**audit_of(request, "search", kind).parameters(), "audit_shown": search.count}
    return run_merged(context, request, statement, audited(statement.sql), extra)


def _total(context: Context, request: FhirRequest, search: Search) -> int:
    statement = context.statements.count(search, visibility=context.visibility)
    for _ in range(MAX_ROUNDS):
        total, pending = context.database.rows(statement.sql, statement.parameters)[0]
        if not pending:
            break
        merge_pending(context, request, _table_sources(context, search))
    if search.summary == "count":
        kind = search.types[0] if len(search.types) == 1 else "Resource"
        record(context.database.reader(), audit_of(request, "search", kind))
    return int(total)


def _table_sources(context: Context, search: Search) -> set[int]:
    return {one.number for kind in search.types for one in context.registry.sources(kind) if not one.generic}


def _estimate(context: Context, search: Search) -> int:
    statement = context.statements.estimate(search, visibility=context.visibility)
    return estimated_total(read_json(context.database.rows(statement.sql, statement.parameters)[0][0]))


def _bundle(
    context: Context, request: FhirRequest, search: Search, asked: Asked, rows: Rows, total: int | None
) -> FhirResponse:
    matches = [row for row in rows if row[0] == "match"]
    more = len(matches) > search.count
    shown = matches[: search.count]
    if total is None and search.total != "none" and asked.after is None and not more:
        total = len(shown)
    path = "/".join(part for part in (request.base_url, _search_path(request)) if part)
    used = search.self_query()
    link = [{"relation": "self", "url": f"{path}?{used}" if used else path}]
    if more:
        going_on = Continuation(
            request.principal.name, _search_path(request), asked.text, tuple(shown[-1][11:]), asked.strict
        )
        link.append({"relation": "next", "url": f"{path}?{PAGE}={context.page_tokens.seal(going_on)}"})
    head: dict[str, Any] = {"type": "searchset"}
    if total is not None:
        head["total"] = total
    head["link"] = link
    wanted = Subset(search.summary, search.elements) if search.summary or search.elements else None
    entries = [_entry(context, request, row, wanted) for row in (*shown, *(row for row in rows if row[0] == "include"))]
    if search.warnings:
        issues = [Issue("warning", "not-supported", text) for text in search.warnings]
        entries.append(entry_bytes(None, encode_json(operation_outcome(issues)), search={"mode": "outcome"}))
    return FhirResponse(200, {}, bundle_bytes(head, entries))


def _entry(context: Context, request: FhirRequest, row: tuple[Any, ...], wanted: Subset | None) -> bytes:
    one = StoredVersion(*row[_RESOURCE])
    body = one.json(context.registry)
    if wanted is not None and row[0] == "match":
        body = subsetted(one.resource_type, body, wanted)
    full_url = f'"{request.base_url}/{one.resource_type}/{one.fhir_id}"'.encode()
    mode: str = row[0]
    return b'{"fullUrl":' + full_url + b',"resource":' + body + b',"search":{"mode":"' + mode.encode() + b'"}}'
