"""Which stored resources are the program's own definitions; clients read and search them and cannot change them.

https://hl7.org/fhir/R4/references.html#canonical and docs/adr/0021-canonical-base.md
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from psycopg import Connection

from fhir_server.errors import Unprocessable
from fhir_server.persistence.database import Database
from fhir_server.persistence.placing import Blame, Change, blaming

OWN_TYPES: Final = frozenset(
    {
        "CapabilityStatement",
        "CodeSystem",
        "ConceptMap",
        "ImplementationGuide",
        "OperationDefinition",
        "SearchParameter",
        "StructureDefinition",
        "ValueSet",
    }
)
"""The types of our own definitions."""

LOCK: Final = 0x6F776E64
"""Key of the advisory lock under which definitions are stored: "ownd" in ASCII."""


class WrongBase(Exception):
    """The database has another canonical base than this process; `args[0]` says what to do."""


@dataclass(frozen=True, slots=True)
class Own:
    """One definition as it is stored: under which id, with which content (`digest`)."""

    resource_type: str
    definition_id: str
    fhir_id: str
    url: str
    digest: str


def refuse_own(connection: Connection[Any], changes: Sequence[Change], blame: Blame | None = None) -> None:
    """Raise Unprocessable for a change of the program's own definitions, or for another resource with their url."""
    touched = [change for change in changes if change.resource_type in OWN_TYPES]
    if not touched:
        return
    urls = {change.identity: (change.tree or {}).get("url") for change in touched}
    rows = connection.execute(
        "SELECT resource_type, fhir_id, url FROM open.own_definitions WHERE fhir_id = ANY(%s) OR url = ANY(%s)",
        (
            [change.fhir_id for change in touched],
            [url for url in urls.values() if isinstance(url, str) and url],
        ),
    ).fetchall()
    identities, taken = {(row[0], row[1]) for row in rows}, {(row[0], row[2]) for row in rows}
    for change in touched:
        kind = change.resource_type
        if change.identity in identities:
            with blaming(blame, change):
                raise Unprocessable(f"This {kind} is the server's own and changes with the program only", (kind,))
        if (kind, urls[change.identity]) in taken:
            with blaming(blame, change):
                raise Unprocessable(f"A {kind} of the server itself has this url", (f"{kind}.url",))


def settled(database: Database, base: str) -> str | None:
    """The digest of all definitions that are stored, None where none are. Raises WrongBase."""
    rows = database.rows("SELECT base, digest FROM open.canonical_base", {})
    return _digest(rows, base)


def settle(connection: Connection[Any], base: str) -> str | None:
    """As `settled`, and nobody else stores definitions until the transaction ends; a new database gets this base."""
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
    connection.execute("INSERT INTO open.canonical_base (base) VALUES (%s) ON CONFLICT DO NOTHING", (base,))
    return _digest(connection.execute("SELECT base, digest FROM open.canonical_base").fetchall(), base)


def _digest(rows: Sequence[tuple[Any, ...]], base: str) -> str | None:
    if not rows:
        return None
    held, digest = rows[0]
    if held != base:
        raise WrongBase(
            f"This database has the canonical base {held}, and its resources hold urls that begin with it; this server"
            f" has {base}. Set FHIR_SERVER_CANONICAL_BASE={held}."
        )
    return None if digest is None else str(digest)


def own_definitions(connection: Connection[Any]) -> tuple[Own, ...]:
    """All that are stored, also those that the program does not have any more."""
    rows = connection.execute("SELECT resource_type, definition_id, fhir_id, url, digest FROM open.own_definitions")
    return tuple(Own(*row) for row in rows.fetchall())


def note_stored(connection: Connection[Any], stored: Iterable[Own], digest: str) -> None:
    """Remember what was stored, and the digest of all."""
    for one in stored:
        connection.execute(
            "INSERT INTO open.own_definitions (resource_type, definition_id, fhir_id, url, digest)"
            " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (resource_type, definition_id)"
            " DO UPDATE SET fhir_id = excluded.fhir_id, url = excluded.url, digest = excluded.digest",
            (one.resource_type, one.definition_id, one.fhir_id, one.url, one.digest),
        )
    connection.execute("UPDATE open.canonical_base SET digest = %s", (digest,))
