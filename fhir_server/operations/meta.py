"""$meta, $meta-add and $meta-delete: the profiles, tags and security labels of resources.

https://hl7.org/fhir/R4/resource-operation-meta.html

Adding and taking away make a new version, as every other change does: who has read a version may rely on its labels.
What changes nothing makes none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psycopg import Connection

from fhir_server.errors import InvalidRequest
from fhir_server.interactions import preconditions
from fhir_server.interactions.answers import json_answer, version_headers
from fhir_server.interactions.content import acceptable
from fhir_server.interactions.context import Context, audit_of
from fhir_server.interactions.read import read
from fhir_server.interactions.request import FhirRequest, FhirResponse
from fhir_server.interactions.searching import run_merged
from fhir_server.interactions.storing import as_written, store
from fhir_server.json_text import Tree, read_json
from fhir_server.mapping.minted import logical_id, version_name
from fhir_server.operations.arguments import arguments_of
from fhir_server.operations.instances import living
from fhir_server.persistence.audit import record
from fhir_server.persistence.states import State, lock_states
from fhir_server.persistence.writes import Change, Written

Meta = dict[str, Any]
LISTS = ("profile", "security", "tag")


def meta(context: Context, request: FhirRequest, *parts: str) -> FhirResponse:
    """Parameters with the Meta of a resource, or of all resources of a type or of the system together."""
    arguments_of(request, context.limits).only(())
    if len(parts) == 2:
        return _meta_of_one(context, request, *parts)
    kind = parts[0] if parts else "Resource"
    types = parts or context.registry.resource_types
    statement = context.statements.labels(types, visibility=context.visibility)
    rows = run_merged(context, request, statement, statement.sql, {})
    record(context.database.reader(), audit_of(request, "meta", kind))
    found: Meta = {}
    for name, _, system, code in rows:
        said = code if name == "profile" else {key: text for key, text in (("system", system), ("code", code)) if text}
        if said:
            found.setdefault(name, []).append(said)
    return json_answer(_returned(found))


def _meta_of_one(context: Context, request: FhirRequest, resource_type: str, fhir_id: str) -> FhirResponse:
    answer = read(context, request, resource_type, fhir_id)
    return json_answer(_returned(read_json(answer.body or b"{}")["meta"]), headers=answer.headers)


def _returned(found: Meta) -> Tree:
    # FHIR has no empty objects: where nothing is labelled there is nothing to return.
    parameter: list[Tree] = [{"name": "return", "valueMeta": found}] if found else []
    return {"resourceType": "Parameters", **({"parameter": parameter} if parameter else {})}


def meta_add(context: Context, request: FhirRequest, resource_type: str, fhir_id: str) -> FhirResponse:
    """Add labels that the resource does not have yet; answers with its Meta."""
    return _change(context, request, resource_type, fhir_id, "meta-add", _with)


def meta_delete(context: Context, request: FhirRequest, resource_type: str, fhir_id: str) -> FhirResponse:
    """Take labels away, if the resource has them; answers with its Meta."""
    return _change(context, request, resource_type, fhir_id, "meta-delete", _without)


def _change(
    context: Context,
    request: FhirRequest,
    resource_type: str,
    fhir_id: str,
    name: str,
    change: Callable[[Meta, Meta], Meta],
) -> FhirResponse:
    given = _meta_argument(context, request)

    def work(connection: Connection[Any]) -> FhirResponse:
        identity = (resource_type, fhir_id)
        state = lock_states(connection, context.registry, [identity]).get(identity)
        preconditions.check(request.headers.get("if-match"), request.headers.get("if-none-match"), state)
        written = _stored(context, connection, request, living(state), name, lambda said: change(said, given))
        found = read_json(written.document or b"{}")["meta"]
        headers = version_headers(written.version_id, written.updated_at)
        return json_answer(_returned(found), headers=headers)

    return context.database.transaction(work)


def _stored(
    context: Context,
    connection: Connection[Any],
    request: FhirRequest,
    state: State,
    name: str,
    change: Callable[[Meta], Meta],
) -> Written:
    before = {**state.tree(context.registry), "id": logical_id(state.fhir_id)}
    said = before.get("meta") or {}
    changed = change(said)
    kind = state.source.resource_type if not state.source.generic else before["resourceType"]
    if changed == said:
        found = as_written(context, state)
        entity = version_name(kind, state.fhir_id, state.version_id)
        record(connection, audit_of(request, name, kind, state.fhir_id, status=200, entities=(entity,)))
        return found
    tree = {key: value for key, value in before.items() if key != "meta"}
    if changed:
        tree["meta"] = changed
    tree = acceptable(context, tree, second=True)
    return store(context, connection, request, [Change(kind, state.fhir_id, "PUT", tree, state)], name)[0]


def _meta_argument(context: Context, request: FhirRequest) -> Meta:
    arguments = arguments_of(request, context.limits)
    arguments.only(("meta",))
    found = arguments.trees("meta")
    if len(found) != 1 or not isinstance(found[0], dict):
        raise InvalidRequest(
            "The operation needs one parameter 'meta' of type Meta in a Parameters resource.", ("meta",)
        )
    return found[0]


def _key(label: Tree) -> object:
    return (label.get("system"), label.get("code")) if isinstance(label, dict) else label


def _with(said: Meta, given: Meta) -> Meta:
    changed = dict(said)
    for name in LISTS:
        known = {_key(one) for one in said.get(name, ())}
        new = {_key(one): one for one in given.get(name, ()) if _key(one) not in known}
        if new:
            changed[name] = [*said.get(name, ()), *new.values()]
    return changed


def _without(said: Meta, given: Meta) -> Meta:
    changed = dict(said)
    for name in LISTS:
        gone = {_key(one) for one in given.get(name, ())}
        left = [one for one in said.get(name, ()) if _key(one) not in gone]
        if len(left) < len(said.get(name, ())):
            # The companions of primitives would no longer stand beside theirs.
            changed.pop(f"_{name}", None)
            changed[name] = left
        if not changed.get(name, True):
            del changed[name]
    return changed
