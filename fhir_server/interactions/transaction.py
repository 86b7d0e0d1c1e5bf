"""transaction: all entries or none, in the order of the specification, with a handful of statements however long it is.

https://hl7.org/fhir/R4/http.html#trules
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from fhir_server.errors import Conflict, FhirError, InvalidRequest
from fhir_server.interactions import preconditions
from fhir_server.interactions.answers import prefers
from fhir_server.interactions.bundles.entries import Entry, RequestBundle
from fhir_server.interactions.bundles.order import refuse_overlap
from fhir_server.interactions.bundles.patches import patch_document
from fhir_server.interactions.bundles.references import (
    Targets,
    collect,
    is_local,
    rewrite_and_tell,
    unresolved_urns,
)
from fhir_server.interactions.bundles.responses import bundle_response, deleted_entry, read_entry, written_entry
from fhir_server.interactions.content import acceptable
from fhir_server.interactions.context import Context, audit_of
from fhir_server.interactions.identities import Resolved, at_entry, blaming_entry, resolve
from fhir_server.interactions.linking import Links, Waiting, waves
from fhir_server.interactions.patch import patched_state
from fhir_server.interactions.request import FhirRequest, FhirResponse
from fhir_server.interactions.storing import store
from fhir_server.mapping.minted import resource_name, version_name
from fhir_server.persistence import audit
from fhir_server.persistence.states import Identity, State, lock_states
from fhir_server.persistence.writes import Change, Written

RunEntry = Callable[[Context, Entry], FhirResponse]


def transaction(context: Context, request: FhirRequest, bundle: RequestBundle, run: RunEntry) -> FhirResponse:
    """Run the bundle in one database transaction; `run` answers a GET entry and is called last, inside the transaction.

    Raises the first entry's error with `Bundle.entry[n]` in its expression; then nothing has changed.
    """

    def work(connection: Connection[Any]) -> FhirResponse:
        return _Transaction(context, connection, request).answer(bundle, run)

    return context.database.transaction(work)


@dataclass(frozen=True, slots=True)
class _Linked:
    """An entry whose resource has its links to other entries replaced; `left` are references that lead nowhere yet."""

    entry: Entry
    identity: Identity
    unclaimed: bool
    is_new: bool
    resource: dict[str, Any]
    left: tuple[str, ...] = ()


class _Transaction:
    """One attempt: made from the request alone, so that a lost race can be tried again."""

    def __init__(self, context: Context, connection: Connection[Any], request: FhirRequest) -> None:
        self._context, self._connection, self._request = context, connection, request
        self._written: dict[Identity, Written] = {}

    def answer(self, bundle: RequestBundle, run: RunEntry) -> FhirResponse:
        """Write, then read, then answer in the order of the request."""
        resolved = resolve(self._context, self._connection, self._request, bundle.entries)
        refuse_overlap((one.entry.index, *one.identity) for one in resolved if one.changes and one.identity)
        targets = _targets(resolved)
        self._write([_linked(one, one.identity, targets) for one in resolved if one.identity and one.changes], targets)
        self._tell_of_the_rest(resolved)
        writers = {one.entry.index: one for one in resolved}
        preference = prefers(self._request, "return")
        inside = self._context.within(self._connection)
        entries = []
        for entry in bundle.entries:
            if entry.is_write:
                entries.append(self._written_entry(writers[entry.index], preference))
            else:
                with blaming_entry(entry.index):
                    entries.append(read_entry(entry, run(inside, entry)))
        return bundle_response("transaction-response", entries)

    def _tell_of_the_rest(self, resolved: Sequence[Resolved]) -> None:
        """Audit what was found instead of written, and a bundle of writes that had nothing to do."""
        found = [one.found for one in resolved if one.found is not None]
        if found or (resolved and not self._written):
            entities = tuple(version_name(one.resource_type, one.fhir_id, one.version_id) for one in found)
            audit.record(self._connection, audit_of(self._request, "transaction", "Bundle", entities=entities))

    def _written_entry(self, one: Resolved, preference: str | None) -> bytes:
        stored = self._written.get(one.identity) if one.identity is not None else None
        if one.found is not None:
            found, document = one.found, one.found.json(self._context.registry)
            stored = Written(found.resource_type, found.fhir_id, found.version_id, found.updated_at, document, False)
        # Only a delete may have written nothing: it found nothing to delete.
        if stored is None or one.entry.method == "DELETE":
            return deleted_entry(stored)
        status = 201 if stored.created and not one.exists else 200
        return written_entry(self._request.base_url, stored, preference, status)

    def _write(self, linked: Sequence[_Linked], targets: Targets) -> None:
        known = [one.identity for one in linked if not one.is_new]
        states = lock_states(self._connection, self._context.registry, known)
        waiting = []
        for one in linked:
            with blaming_entry(one.entry.index):
                waiting += self._waiting(one, states, targets)
        places = {one.change.identity: one.index for one in waiting}
        links = Links(self._context, self._connection, self._request)

        def blame(change: Change, error: FhirError) -> FhirError:
            return at_entry(places[change.identity], error)

        for wave in waves(waiting) if waiting else ():
            changes = links.resolved(wave)
            stored = store(self._context, self._connection, self._request, changes, "transaction", blame=blame)
            self._written |= {(one.resource_type, one.fhir_id): one for one in stored}

    def _waiting(self, linked: _Linked, states: Mapping[Identity, State], targets: Targets) -> list[Waiting]:
        """What the entry changes: one change, or none when it deletes what is not there."""
        entry, (kind, fhir_id) = linked.entry, linked.identity
        state = states.get(linked.identity)
        preconditions.check(entry.if_match, entry.if_none_match if entry.method == "PUT" else None, state)
        if entry.method == "DELETE":
            if state is None or state.deleted_at is not None:
                return []
            return [Waiting.of(entry.index, Change(kind, fhir_id, "DELETE", None, state), ())]
        if linked.unclaimed and state is not None and state.deleted_at is None:
            raise Conflict("Nothing matches the criteria, but the resource's id belongs to another resource")
        if entry.method == "PATCH":
            tree, left = self._patched(linked, state, targets)
            return [Waiting.of(entry.index, Change(kind, fhir_id, "PUT", tree, state), left)]
        tree = acceptable(self._context, linked.resource, second=False)
        return [Waiting.of(entry.index, Change(kind, fhir_id, entry.method, tree, state), linked.left)]

    def _patched(
        self, linked: _Linked, state: State | None, targets: Targets
    ) -> tuple[dict[str, Any], tuple[str, ...]]:
        content_type, document = patch_document(linked.resource)
        tree = patched_state(self._context, state, content_type, document)
        # A JSON Patch comes in base64, where no link could be replaced before.
        tree, left = rewrite_and_tell(tree, targets, linked.entry.full_url)
        before = state.tree(self._context.registry) if left and state is not None else {}
        known = {one.value for one in collect(before)}
        new = tuple(one for one in left if one not in known)
        _refuse_loose(tree, new)
        return tree, new


def _targets(resolved: Sequence[Resolved]) -> Targets:
    return Targets(
        {one.entry.full_url: resource_name(*one.identity) for one in resolved if one.entry.full_url and one.identity}
    )


def _linked(one: Resolved, identity: Identity, targets: Targets) -> _Linked:
    """Replace references to other entries by what these became; a name that no entry has fails the bundle."""
    resource, left = rewrite_and_tell(one.resource or {}, targets, one.entry.full_url)
    with blaming_entry(one.entry.index):
        _refuse_loose(resource, left)
    return _Linked(one.entry, identity, one.unclaimed, one.is_new, resource, left)


def _refuse_loose(tree: dict[str, Any], left: Sequence[str]) -> None:
    if any(is_local(one) for one in left):
        raise InvalidRequest("A reference names an entry that the bundle does not have", unresolved_urns(tree))
