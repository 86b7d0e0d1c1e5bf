"""Which interaction a method and a path mean, and one front door for all of them.

https://hl7.org/fhir/R4/http.html#summary. Every answer comes through `answer`, so authorization, audit of failures and
limits cannot be forgotten on a second road.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from fhir_server.definitions import using
from fhir_server.errors import Conflict, FhirError, InvalidRequest, MethodNotAllowed, NotFound, OperationNotSupported
from fhir_server.interactions.batch import batch
from fhir_server.interactions.bundles.entries import Entry, parse_bundle
from fhir_server.interactions.capabilities import capabilities, capability_statement
from fhir_server.interactions.content import bundle_of
from fhir_server.interactions.context import Context, audit_of
from fhir_server.interactions.create import create
from fhir_server.interactions.delete import conditional_delete, delete
from fhir_server.interactions.history import history_instance, history_system, history_type, vread
from fhir_server.interactions.patch import conditional_patch, patch
from fhir_server.interactions.read import read
from fhir_server.interactions.request import FhirRequest, FhirResponse
from fhir_server.interactions.search import search_compartment, search_system, search_type
from fhir_server.interactions.transaction import transaction
from fhir_server.interactions.update import conditional_update, update
from fhir_server.json_text import encode_json
from fhir_server.mapping.minted import is_logical_id
from fhir_server.mapping.registry import Registry
from fhir_server.operations import OPERATIONS, find_operation
from fhir_server.persistence import audit
from fhir_server.persistence.building import complete_empty
from fhir_server.persistence.database import ATTEMPTS, Database
from fhir_server.persistence.parameters import StaleParameters
from fhir_server.search import Everything, IncompleteParameter, Limits, Statements
from fhir_server.search.paging import PageTokens
from fhir_server.settings import Settings

Interaction = Callable[..., FhirResponse]


def _bundle(context: Context, request: FhirRequest) -> FhirResponse:
    """batch or transaction, as the Bundle's type says."""
    parsed = parse_bundle(bundle_of(request), request.base_url, max_entries=context.settings.max_bundle_entries)
    if parsed.is_transaction:
        return transaction(context, request, parsed, lambda inside, entry: run(inside, _entry_request(request, entry)))
    return batch(request, parsed, lambda entry: answer(context, _entry_request(request, entry)))


# Path shapes: `*` is a resource type (or all that a compartment has, as `*`), `+` an id, anything else itself.
ROUTES: dict[tuple[str, ...], dict[str, Interaction]] = {
    (): {"GET": search_system, "POST": _bundle},
    ("metadata",): {"GET": capabilities},
    ("_history",): {"GET": history_system},
    ("_search",): {"POST": search_system},
    ("*",): {
        "GET": search_type,
        "POST": create,
        "PUT": conditional_update,
        "PATCH": conditional_patch,
        "DELETE": conditional_delete,
    },
    ("*", "_search"): {"POST": search_type},
    ("*", "_history"): {"GET": history_type},
    ("*", "+"): {"GET": read, "PUT": update, "PATCH": patch, "DELETE": delete},
    ("*", "+", "_history"): {"GET": history_instance},
    ("*", "+", "_history", "+"): {"GET": vread},
    ("*", "+", "*"): {"GET": search_compartment},
    ("*", "+", "*", "_search"): {"POST": search_compartment},
}
_BY_LENGTH: dict[int, list[tuple[tuple[str, ...], dict[str, Interaction]]]] = {}
for _shape, _methods in ROUTES.items():
    _BY_LENGTH.setdefault(len(_shape), []).append((_shape, _methods))
_LITERALS = frozenset({"metadata", "_history", "_search"})


def _route(path: tuple[str, ...]) -> tuple[dict[str, Interaction], tuple[str, ...]]:
    """The interactions of a path by method, and the parts that they are called with."""
    for shape, methods in _BY_LENGTH.get(len(path), ()):
        if all(
            wanted == said if wanted in _LITERALS else _is(wanted, said)
            for wanted, said in zip(shape, path, strict=True)
        ):
            return methods, tuple(said for wanted, said in zip(shape, path, strict=True) if wanted not in _LITERALS)
    operation = find_operation(path) if path and path[-1].startswith("$") else None
    if operation is not None:
        return dict.fromkeys(operation.methods, operation.run), path[:-1]
    if any(part.startswith("$") for part in path):
        raise OperationNotSupported("This server has no such operation")
    raise NotFound("There is nothing at this address")


def _is(wanted: str, said: str) -> bool:
    if said in _LITERALS or said.startswith("$"):
        return False
    return wanted == "+" or said[:1].isupper() or said == "*"


# What the audit calls them, for requests that failed before they could say so themselves.
_OPERATIONS: dict[Interaction, str] = {
    read: "read",
    vread: "vread",
    create: "create",
    update: "update",
    conditional_update: "update",
    patch: "patch",
    conditional_patch: "patch",
    delete: "delete",
    conditional_delete: "delete",
    history_instance: "history",
    history_type: "history",
    history_system: "history",
    search_type: "search",
    search_system: "search",
    search_compartment: "search",
    _bundle: "transaction",
    **{one.run: one.name for one in OPERATIONS},
}


def answer(context: Context, request: FhirRequest) -> FhirResponse:
    """The answer to one request, or to one entry of a batch; a failure leaves a row in the audit and is raised."""
    try:
        return _run_current(context, request)
    except FhirError as error:
        _audit_failure(context, request, error.status)
        raise
    except Exception:
        _audit_failure(context, request, 500)
        raise


def _run_current(context: Context, request: FhirRequest) -> FhirResponse:
    """Run the request with what is known of added search parameters, and again where that was out of date."""
    parameters = context.database.parameters
    known = parameters.current()
    for _ in range(ATTEMPTS):
        try:
            with using(known):
                answered = run(context, request)
        except (InvalidRequest, StaleParameters) as error:
            if isinstance(error, IncompleteParameter):
                complete_empty(context.database, context.registry)
            newer = parameters.renew()
            if newer is known and isinstance(error, InvalidRequest):
                raise
            known = newer
            continue
        if parameters.changed_here():
            # It is stored, whatever becomes of this, and a search would try it again.
            with suppress(FhirError):
                complete_empty(context.database, context.registry)
            parameters.renew()
        return answered
    raise Conflict("Search parameters are changing faster than they can be searched by; try again")


def _audit_failure(context: Context, request: FhirRequest, status: int) -> None:
    interaction = None
    with suppress(NotFound):
        interaction = _route(request.path)[0].get(request.method)
    operation = "other" if interaction is None else _OPERATIONS.get(interaction, "other")
    known = bool(request.path) and request.path[0] in context.registry.resource_types
    kind = request.path[0] if known else "Bundle" if interaction is _bundle else "Resource"
    said = audit_of(request, operation, kind, status=status, outcome="failure")
    audit.record_failure(context.database, said)


def run(context: Context, request: FhirRequest) -> FhirResponse:
    """The answer to one request; raises FhirError."""
    methods, parts = _route(request.path)
    for resource_type in parts[:1]:
        context.registry.sources(resource_type)  # an unknown type is a 404, whatever else is wrong
    interaction = methods.get(request.method)
    if interaction is None:
        allowed = ", ".join(sorted(methods | ({"HEAD": None} if "GET" in methods else {})))
        raise MethodNotAllowed("This address does not take this method", headers={"Allow": allowed})
    return interaction(context, request, *_with_row_id(context, request, parts))


def _with_row_id(context: Context, request: FhirRequest, parts: tuple[str, ...]) -> tuple[str, ...]:
    """The parts of a path with the id of the row, which FHIR may not allow, in the place of the logical id."""
    if len(parts) < 2:
        return parts
    resource_type, logical_id, *rest = parts
    if not is_logical_id(logical_id):
        wrong = InvalidRequest if request.method == "PUT" else NotFound
        raise wrong("There is no such resource: this is not a legal id")
    return resource_type, context.database.row_ids.one(logical_id), *rest


class Server:
    """The FHIR server of one process: `answer` for requests, made once by the application."""

    def __init__(self, settings: Settings, conninfo: str, registry: Registry) -> None:
        database = Database(conninfo, settings.statement_timeout_ms)
        self.context = Context(
            settings,
            registry,
            database,
            Statements(registry.sources, database.row_ids.of, registry.logs),
            # Every process of one database opens the others' page tokens.
            PageTokens(b"fhir-server page tokens" + conninfo.encode()),
            Limits(default_count=settings.default_page_size, max_count=settings.max_page_size),
            Everything(),
        )

    def answer(self, request: FhirRequest) -> FhirResponse:
        """Run one interaction. Raises FhirError for all that a client can be told; such failures are audited too."""
        return answer(self.context, request)

    def capability_statement(self, base_url: str) -> dict[str, Any]:
        """The CapabilityStatement for clients that use `base_url`."""
        # The pages ask this without a request of FHIR, and the command without a database.
        with using(self.context.database.parameters.last):
            return capability_statement(self.context, base_url)

    def ready(self) -> None:
        """Raises when the database cannot be reached."""
        self.context.database.rows("SELECT 1", {})


def _entry_request(request: FhirRequest, entry: Entry) -> FhirRequest:
    """The entry as a request of its own."""
    conditions = {
        "if-match": entry.if_match,
        "if-none-match": entry.if_none_match,
        "if-modified-since": entry.if_modified_since,
        "if-none-exist": entry.if_none_exist,
        "prefer": request.headers.get("prefer"),
    }
    return replace(
        request,
        method="GET" if entry.method == "HEAD" else entry.method,
        path=entry.url_path,
        query=entry.url_query,
        headers={name: value for name, value in conditions.items() if value is not None},
        body=b"" if entry.resource is None else encode_json(entry.resource),
        content_type=None if entry.resource is None else "application/fhir+json",
    )
