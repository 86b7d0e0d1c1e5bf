"""Stores our own definitions beside those of clients, so that all that works on stored definitions works on them.

https://hl7.org/fhir/R4/http.html#update
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Final
from zoneinfo import ZoneInfo

from psycopg import Connection

from fhir_server.conformance.definitions import definitions
from fhir_server.conformance.names import url
from fhir_server.conformance.terminology import ORIGIN
from fhir_server.definitions import canonical_base, using
from fhir_server.json_text import encode_json
from fhir_server.mapping.registry import Registry
from fhir_server.persistence.database import Database
from fhir_server.persistence.own_definitions import Own, note_stored, own_definitions, settle, settled
from fhir_server.persistence.states import Identity, State, lock_states
from fhir_server.persistence.writes import Change, write

Tree = dict[str, Any]
RETIRED: Final = "retired"
"""Stands for the digest of a definition that the program does not have any more."""


def publish(database: Database, registry: Registry, base_url: str, zone: ZoneInfo) -> int:
    """Let the database hold the definitions of this program; returns how many were new, changed or retired.

    Costs one small statement where nothing has changed. Several processes may call this at once. A definition gets a
    new version only when its content is another. Raises WrongBase.
    """
    made = {(one["resourceType"], one["id"]): one for one in map(_marked, definitions(registry))}
    digests = {identity: _digest(tree) for identity, tree in made.items()}
    digest = hashlib.sha256("".join(sorted(digests.values())).encode()).hexdigest()
    if settled(database, canonical_base()) == digest:
        return 0

    def work(connection: Connection[Any]) -> int:
        if settle(connection, canonical_base()) == digest:
            return 0
        held = {(one.resource_type, one.definition_id): one for one in own_definitions(connection)}
        changed = [one for one in made if one not in held or held[one].digest != digests[one]]
        gone = [one for one in held if one not in made and held[one].digest != RETIRED]
        ids = _ids(connection, registry, held, [*changed, *gone])
        states = lock_states(connection, registry, [(kind, ids[kind, name]) for kind, name in (*changed, *gone)])
        changes = [_change(made[one], ids[one], states) for one in changed]
        changes += _retiring(registry, [(kind, ids[kind, name]) for kind, name in gone], states)
        # Past the interactions: nobody is taught a search parameter that is built in.
        write(connection, registry, changes, base_url=base_url, zone=zone)
        stored = [Own(*one, ids[one], _guarded(made[one]), digests[one]) for one in changed]
        stored += [Own(*one, ids[one], held[one].url, RETIRED) for one in gone]
        note_stored(connection, stored, digest)
        return len(stored)

    with using(database.parameters.current()):
        return database.transaction(work)


def _marked(tree: Tree) -> Tree:
    tag = {"system": url("CodeSystem", ORIGIN), "code": "server"}
    return {"resourceType": tree["resourceType"], "id": tree["id"], "meta": {"tag": [tag]}, **tree}


def _digest(tree: Tree) -> str:
    return hashlib.sha256(encode_json(tree)).hexdigest()


def _guarded(tree: Tree) -> str:
    """The url that no other resource may have: what others define is not ours to guard."""
    return str(tree["url"]) if str(tree["url"]).startswith(f"{canonical_base()}/") else ""


def _ids(
    connection: Connection[Any], registry: Registry, held: Mapping[Identity, Own], wanted: Iterable[Identity]
) -> dict[Identity, str]:
    """The ids of rows: as before, else the definition's own unless a client has used it."""
    found = {one: held[one].fhir_id for one in wanted if one in held}
    new = [one for one in wanted if one not in held]
    taken = lock_states(connection, registry, new)
    return found | {one: f"server-{one[1]}"[:64] if one in taken else one[1] for one in new}


def _change(tree: Tree, fhir_id: str, states: Mapping[Identity, State]) -> Change:
    kind = tree["resourceType"]
    return Change(kind, fhir_id, "PUT", {**tree, "id": fhir_id}, states.get((kind, fhir_id)))


def _retiring(registry: Registry, gone: Iterable[Identity], states: Mapping[Identity, State]) -> list[Change]:
    """What stored resources refer to stays readable, and says that it is not to be used any more."""
    found = []
    for identity in gone:
        state = states[identity]
        if state.deleted_at is None:
            tree = {**state.tree(registry), "id": identity[1], "status": "retired"}
            found.append(Change(*identity, "PUT", tree, state))
    return found
