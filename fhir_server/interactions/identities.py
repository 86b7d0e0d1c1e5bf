"""Which resource each writing entry of a transaction means: new ids for creates, matches for conditional entries.

https://hl7.org/fhir/R4/http.html#trules
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from psycopg import Connection

from fhir_server.errors import FhirError, InvalidRequest, Issue, MultipleMatches, NotFound
from fhir_server.interactions.bundles.entries import Entry
from fhir_server.interactions.bundles.urls import ID
from fhir_server.interactions.conditional import lock_all_criteria, lock_text, query_of
from fhir_server.interactions.context import Context
from fhir_server.interactions.matching import Matches, criteria_search, match_all
from fhir_server.interactions.request import FhirRequest
from fhir_server.interactions.stored import StoredVersion
from fhir_server.interactions.update import target_of
from fhir_server.persistence.states import Identity
from fhir_server.search import Search

_Gone = set[tuple[str | None, str | None]]
"""Types and ids of what the bundle deletes."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """An entry that writes, with the identity it turned out to mean.

    `identity` None: nothing to do (a conditional delete that matched nothing). `exists`: a conditional create that
    found its resource, which is only answered; `found` is it, or None when the same bundle makes it. `is_new`: an id
    just made, which nobody else can know. `unclaimed`: nothing matched, so the client's id must be nobody's.
    """

    entry: Entry
    identity: Identity | None
    exists: bool = False
    found: StoredVersion | None = None
    is_new: bool = False
    unclaimed: bool = False
    resource: dict[str, Any] | None = None

    @property
    def changes(self) -> bool:
        """Whether something is to be written."""
        return self.identity is not None and not self.exists


def at_entry(index: int, error: FhirError) -> FhirError:
    """The error as one of the whole bundle: every issue names the entry."""
    prefix = f"Bundle.entry[{index}]"
    issues = tuple(
        Issue(
            issue.severity,
            issue.code,
            f"Entry {index}: {issue.diagnostics}",
            tuple(_below(prefix, path) for path in issue.expression) or (prefix,),
        )
        for issue in error.issues
    )
    return type(error)(error.diagnostics, (prefix,), issues, error.headers)


def _below(prefix: str, path: str) -> str:
    return f"{prefix}.resource.{path.partition('.')[2]}" if "." in path else prefix


@contextmanager
def blaming_entry(index: int) -> Iterator[None]:
    """Errors inside name the entry."""
    try:
        yield
    except FhirError as error:
        raise at_entry(index, error) from None


@dataclass(frozen=True, slots=True)
class _Criteria:
    """What a conditional entry searches for; `key` is the same for the same criteria in another order."""

    key: str
    search: Search


def resolve(
    context: Context, connection: Connection[Any], request: FhirRequest, entries: Sequence[Entry]
) -> list[Resolved]:
    """The writing entries of `entries` with their identities, in their order.

    Raises the first entry's error: what cannot be searched for, or matches more than one resource.
    """
    writers = [entry for entry in entries if entry.is_write]
    deletes = [entry for entry in writers if entry.method == "DELETE"]
    asked: dict[int, _Criteria] = {}
    for entry in writers:
        with blaming_entry(entry.index):
            context.registry.sources(entry.url_type or "")
            if entry.is_conditional:
                asked[entry.index] = _criteria(context, request, entry, len(deletes))
    found = match_all(context, connection, request, {one.key: one.search for one in asked.values()})
    rows = context.database.row_ids.of(_said_ids(writers))
    gone: _Gone = {
        (entry.url_type, rows.get(entry.url_id, entry.url_id)) for entry in deletes if entry.url_id is not None
    }
    gone |= {
        (one.resource_type, one.fhir_id)
        for entry in deletes
        if entry.is_conditional
        for one in found[asked[entry.index].key]
    }
    # What matches already needs no lock: nobody makes it a second time. Only what is to be made may be made twice.
    makers = {entry.index for entry in writers if entry.method in ("POST", "PUT")}
    missing = {
        one.key: one.search for index, one in asked.items() if index in makers and not _left(found[one.key], gone)
    }
    if missing:
        lock_all_criteria(connection, missing)
        found |= match_all(context, connection, request, missing)
    resolving = _Resolving(found, gone, asked, rows)
    resolved = []
    for entry in writers:
        with blaming_entry(entry.index):
            resolved.append(resolving.one(entry))
    return resolved


def _said_ids(writers: Iterable[Entry]) -> Iterator[str]:
    """The logical ids that entries write under, as far as they say any."""
    for entry in writers:
        said = entry.resource.get("id") if isinstance(entry.resource, dict) else None
        yield from (one for one in (entry.url_id, said) if isinstance(one, str))


def _criteria(context: Context, request: FhirRequest, entry: Entry, spare: int) -> _Criteria:
    kind = entry.url_type or ""
    query = query_of(kind, entry.if_none_exist or entry.url_query)
    return _Criteria(lock_text(kind, query), criteria_search(context, request, kind, query, spare=spare))


def _left(found: Matches, gone: _Gone) -> Matches:
    """What still matches once the deletes of the bundle are done, which come first."""
    return [one for one in found if (one.resource_type, one.fhir_id) not in gone]


class _Resolving:
    """One pass over the entries; remembers what they make, so that the same criteria again mean the same resource."""

    def __init__(
        self, found: Mapping[str, Matches], gone: _Gone, asked: Mapping[int, _Criteria], rows: Mapping[str, str]
    ) -> None:
        self._found, self._gone, self._asked, self._rows = found, gone, asked, rows
        self._made: dict[str, str] = {}

    def one(self, entry: Entry) -> Resolved:
        """Raises MultipleMatches, NotFound, InvalidRequest."""
        kind = entry.url_type or ""
        resource = entry.resource if isinstance(entry.resource, dict) else None
        criteria = self._asked.get(entry.index)
        if criteria is None:
            is_new = entry.url_id is None
            named = self._rows.get(entry.url_id, entry.url_id) if entry.url_id is not None else str(uuid4())
            return Resolved(entry, (kind, named), is_new=is_new, resource=resource)
        found = self._found[criteria.key]
        if entry.method != "DELETE":
            found = _left(found, self._gone)
        if len(found) > 1:
            raise MultipleMatches("The criteria match more than one resource")
        if entry.method == "PUT":
            return self._update(entry, kind, criteria.key, found, resource)
        if entry.method == "POST":
            return self._create(entry, kind, criteria.key, found, resource)
        if not found and entry.method == "PATCH":
            raise NotFound("No resource matches the criteria")
        return Resolved(entry, (kind, found[0].fhir_id) if found else None, resource=resource)

    def _create(self, entry: Entry, kind: str, key: str, found: Matches, resource: dict[str, Any] | None) -> Resolved:
        if found:
            return Resolved(entry, (kind, found[0].fhir_id), exists=True, found=found[0], resource=resource)
        if key in self._made:
            return Resolved(entry, (kind, self._made[key]), exists=True, resource=resource)
        made = self._made[key] = str(uuid4())
        return Resolved(entry, (kind, made), is_new=True, resource=resource)

    def _update(self, entry: Entry, kind: str, key: str, found: Matches, resource: dict[str, Any] | None) -> Resolved:
        said = resource.get("id") if resource is not None else None
        if said is not None and not (isinstance(said, str) and ID.fullmatch(said)):
            raise InvalidRequest("The resource's id is not 1 to 64 letters, digits, '-' and '.'", (f"{kind}.id",))
        target = target_of([one.fhir_id for one in found], said and self._rows.get(said, said))
        made = target or self._made.get(key)
        is_new = made is None
        made = self._made[key] = made or str(uuid4())
        return Resolved(entry, (kind, made), is_new=is_new, unclaimed=bool(said) and not found, resource=resource)
