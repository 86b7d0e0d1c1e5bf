"""transaction: all entries or none, in the order of the specification, with a handful of statements however long it is.

https://hl7.org/fhir/R4/http.html#trules
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from psycopg import Connection

from fhir_server.errors import FhirError, InvalidRequest, Issue, MultipleMatches, NotFound, PreconditionFailed
from fhir_server.interactions import preconditions
from fhir_server.interactions.answers import prefers
from fhir_server.interactions.bundles.entries import Entry, RequestBundle
from fhir_server.interactions.bundles.order import refuse_overlap
from fhir_server.interactions.bundles.patches import patch_document
from fhir_server.interactions.bundles.references import (
    Occurrence,
    Targets,
    conditional_references,
    rewrite,
    unresolved_urns,
)
from fhir_server.interactions.bundles.responses import answered_entry, bundle_response, deleted_entry, written_entry
from fhir_server.interactions.conditional import lock_criteria, matches
from fhir_server.interactions.content import acceptable
from fhir_server.interactions.context import Context
from fhir_server.interactions.patch import patched_state
from fhir_server.interactions.request import FhirRequest, FhirResponse
from fhir_server.interactions.storing import as_written, store
from fhir_server.interactions.update import target_of
from fhir_server.persistence.states import Identity, State, lock_states
from fhir_server.persistence.writes import Change, Written

RunEntry = Callable[[Context, Entry], FhirResponse]


@dataclass(frozen=True, slots=True)
class Resolved:
    """An entry that writes, with the identity it turned out to mean.

    `identity` None: nothing to do (a conditional delete that matched nothing). `exists`: a conditional create that found
    its resource, which is only answered.
    """

    entry: Entry
    identity: Identity | None
    exists: bool = False
    resource: dict[str, Any] | None = None

    @property
    def changes(self) -> bool:
        """Whether something is to be written."""
        return self.identity is not None and not self.exists


def transaction(context: Context, request: FhirRequest, bundle: RequestBundle, run: RunEntry) -> FhirResponse:
    """Run the bundle in one database transaction; `run` answers a GET entry and is called last, inside the transaction.

    Raises the first entry's error with `Bundle.entry[n]` in its expression; then nothing has changed.
    """

    def work(connection: Connection[Any]) -> FhirResponse:
        resolved = _resolve(context, connection, request, bundle)
        refuse_overlap((one.entry.index, *one.identity) for one in resolved if one.changes and one.identity)
        resolved = _rewrite(request, resolved)
        written, states = _write(context, connection, request, resolved)
        writers = {one.entry.index: one for one in resolved}
        preference = prefers(request, "return")
        inside = context.within(connection)
        entries = [
            _written_entry(context, request, writers[entry.index], written, states, preference)
            if entry.is_write
            else _read_entry(inside, run, entry)
            for entry in bundle.entries
        ]
        return bundle_response("transaction-response", entries)

    return context.database.transaction(work)


def _written_entry(
    context: Context,
    request: FhirRequest,
    one: Resolved,
    written: Mapping[Identity, Written],
    states: Mapping[Identity, State],
    preference: str | None,
) -> bytes:
    stored = written.get(one.identity) if one.identity is not None else None
    if one.entry.method == "DELETE":
        return deleted_entry(stored)
    if stored is None:
        assert one.identity is not None
        return written_entry(request.base_url, as_written(context, states[one.identity]), preference, 200)
    return written_entry(request.base_url, stored, preference, 201 if stored.created else 200)


def _read_entry(context: Context, run: RunEntry, entry: Entry) -> bytes:
    try:
        return answered_entry(run(context, entry))
    except FhirError as error:
        raise at_entry(entry.index, error) from None


def at_entry(index: int, error: FhirError) -> FhirError:
    """The error as one of the whole bundle: every issue names the entry."""
    prefix = f"Bundle.entry[{index}]"
    issues = tuple(
        Issue(
            issue.severity,
            issue.code,
            f"Entry {index}: {issue.diagnostics}",
            tuple(f"{prefix}.resource.{path.partition('.')[2]}" if "." in path else prefix for path in issue.expression)
            or (prefix,),
        )
        for issue in error.issues
    )
    return type(error)(error.diagnostics, (prefix,), issues, error.headers)


def _resolve(
    context: Context, connection: Connection[Any], request: FhirRequest, bundle: RequestBundle
) -> list[Resolved]:
    """Give every writing entry its identity: new ids for creates, matches for conditional ones."""
    leaving = {
        (entry.url_type, entry.url_id)
        for entry in bundle.entries
        if entry.method == "DELETE" and entry.url_id is not None
    }
    criteria = sorted(
        {
            (entry.url_type or "", entry.if_none_exist or entry.url_query)
            for entry in bundle.entries
            if entry.is_conditional
        }
    )
    for resource_type, query in criteria:
        lock_criteria(connection, resource_type, query)
    resolved = []
    for entry in bundle.entries:
        if entry.is_write:
            try:
                resolved.append(_resolve_one(context, connection, request, entry, leaving))
            except FhirError as error:
                raise at_entry(entry.index, error) from None
    return resolved


def _resolve_one(
    context: Context, connection: Connection[Any], request: FhirRequest, entry: Entry, leaving: set[Any]
) -> Resolved:
    kind = entry.url_type or ""
    context.registry.sources(kind)
    resource = entry.resource if isinstance(entry.resource, dict) else None
    if not entry.is_conditional:
        return Resolved(entry, (kind, entry.url_id or str(uuid4())), resource=resource)
    query = entry.if_none_exist or entry.url_query
    # Deletes come first in a transaction: what it deletes can no longer match.
    found = [one for one in matches(context, connection, request, kind, query) if (kind, one) not in leaving]
    if entry.method == "PUT":
        said = resource.get("id") if resource else None
        return Resolved(entry, (kind, target_of(found, said) or str(uuid4())), resource=resource)
    if len(found) > 1:
        raise MultipleMatches("The criteria match more than one resource")
    if entry.method == "POST":
        return Resolved(entry, (kind, found[0] if found else str(uuid4())), exists=bool(found), resource=resource)
    if not found and entry.method == "PATCH":
        raise NotFound("No resource matches the criteria")
    return Resolved(entry, (kind, found[0]) if found else None, resource=resource)


def _rewrite(request: FhirRequest, resolved: Sequence[Resolved]) -> list[Resolved]:
    """Replace references to other entries by what these became; a name that no entry has fails the bundle."""
    targets = Targets(
        {one.entry.full_url: "/".join(one.identity) for one in resolved if one.entry.full_url and one.identity}
    )
    rewritten = []
    for one in resolved:
        if one.resource is None or not one.changes:
            rewritten.append(one)
            continue
        resource = rewrite(one.resource, targets, one.entry.full_url)
        loose = unresolved_urns(resource)
        if loose and one.entry.method != "PATCH":
            paths = tuple(f"Bundle.entry[{one.entry.index}].resource.{path.partition('.')[2]}" for path in loose)
            raise InvalidRequest(
                f"Entry {one.entry.index}: a reference names an entry that the bundle does not have", paths
            )
        rewritten.append(replace(one, resource=resource))
    return rewritten


def _write(
    context: Context, connection: Connection[Any], request: FhirRequest, resolved: Sequence[Resolved]
) -> tuple[Mapping[Identity, Written], Mapping[Identity, State]]:
    known = [one.identity for one in resolved if one.identity is not None and (one.exists or not _is_new(one))]
    states = lock_states(connection, context.registry, known)
    changes = []
    for one in resolved:
        if one.changes and one.identity is not None:
            try:
                change = _change(context, one, states.get(one.identity))
            except FhirError as error:
                raise at_entry(one.entry.index, error) from None
            if change is not None:
                changes.append(change)
    written: dict[Identity, Written] = {}
    found: dict[str, str] = {}
    places = {one.identity: one.entry.index for one in resolved}
    for wave in _waves(changes):
        ready = [_with_references(context, connection, request, one, found, places) for one in wave]
        if ready:
            stored = store(context, connection, request, ready, "transaction")
            written.update({(one.resource_type, one.fhir_id): one for one in stored})
    return written, states


def _is_new(one: Resolved) -> bool:
    """A create under an id just made: there is nothing to look up or lock."""
    return one.entry.method == "POST" and not one.exists


def _change(context: Context, one: Resolved, state: State | None) -> Change | None:
    assert one.identity is not None
    kind, fhir_id = one.identity
    entry = one.entry
    preconditions.check(entry.if_match, entry.if_none_match if entry.method == "PUT" else None, state)
    if entry.method == "DELETE":
        return None if state is None or state.deleted_at is not None else Change(kind, fhir_id, "DELETE", None, state)
    if entry.method == "PATCH":
        content_type, document = patch_document(one.resource)
        return Change(kind, fhir_id, "PUT", patched_state(context, state, content_type, document), state)
    assert one.resource is not None
    tree = acceptable(context, one.resource, second=False)
    return Change(kind, fhir_id, "POST" if entry.method == "POST" else "PUT", tree, state)


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A change and the search criteria that stand in it as references."""

    change: Change
    references: tuple[Occurrence, ...]


def _waves(changes: Sequence[Change]) -> list[list[_Waiting]]:
    """Conditional references are resolved last and may mean what the same bundle creates: their resources wait for the others.

    Without such a reference to a type that the bundle writes itself, one wave does.
    """
    all_of_them = [_Waiting(one, conditional_references(one.tree) if one.tree is not None else ()) for one in changes]
    waiting = [one for one in all_of_them if one.references]
    at_once = [one for one in all_of_them if not one.references]
    needed = {reference.value.partition("?")[0] for one in waiting for reference in one.references}
    if at_once and needed & {one.resource_type for one in changes}:
        return [at_once, waiting]
    return [all_of_them]


def _with_references(
    context: Context,
    connection: Connection[Any],
    request: FhirRequest,
    waiting: _Waiting,
    found: dict[str, str],
    places: Mapping[Identity | None, int],
) -> Change:
    """The change with its conditional references resolved; `found` remembers what each of them means."""
    if not waiting.references:
        return waiting.change
    for one in waiting.references:
        if one.value not in found:
            index = places[waiting.change.identity]
            found[one.value] = _one_match(context, connection, request, one.value, index, one.path)
    return replace(waiting.change, tree=rewrite(waiting.change.tree, Targets(found)))


def _one_match(
    context: Context, connection: Connection[Any], request: FhirRequest, reference: str, index: int, path: str
) -> str:
    kind, _, query = reference.partition("?")
    try:
        ids = matches(context, connection, request, kind, query)
    except FhirError as error:
        raise at_entry(index, error) from None
    if len(ids) != 1:
        many = "more than one resource" if ids else "no resource"
        where = f"Bundle.entry[{index}].resource.{path.partition('.')[2]}"
        raise PreconditionFailed(f"Entry {index}: a conditional reference matches {many}", (where,))
    return f"{kind}/{ids[0]}"
