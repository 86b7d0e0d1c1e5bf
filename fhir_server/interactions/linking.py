"""References by search criteria in the resources of a transaction: which writes must wait, and what each one means.

https://hl7.org/fhir/R4/http.html#trules: they are resolved last and may mean what the same bundle writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from psycopg import Connection

from fhir_server.errors import FhirError, InvalidRequest, PreconditionFailed
from fhir_server.interactions.bundles.references import Occurrence, Targets, collect, conditional_references, rewrite
from fhir_server.interactions.conditional import query_of
from fhir_server.interactions.context import Context
from fhir_server.interactions.identities import blaming_entry
from fhir_server.interactions.matching import criteria_search, match_all
from fhir_server.interactions.request import FhirRequest
from fhir_server.mapping.minted import resource_name
from fhir_server.persistence.writes import Change
from fhir_server.search import Search

# Resources that wait for each other in a circle are written in some order after so many rounds.
_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Waiting:
    """A change with the criteria that stand in it as references; `index` is the entry it came with."""

    index: int
    change: Change
    references: tuple[Occurrence, ...] = ()

    @classmethod
    def of(cls, index: int, change: Change, left: Iterable[str]) -> Waiting:
        """`left` are the references of the change that may be criteria (see `rewrite_and_tell`)."""
        return cls(index, change, conditional_references(change.tree) if any(left) else ())


def waves(changes: Sequence[Waiting]) -> list[list[Waiting]]:
    """The changes in groups, to be written one after the other; without conditional references among them, one group.

    A change comes after all of the types that its criteria may match, and not before the resources that it refers to.
    """
    needed = {one.index: {said.value.partition("?")[0] for said in one.references} for one in changes if one.references}
    written = {one.change.resource_type for one in changes}
    if not any(types & written for types in needed.values()):
        return [list(changes)]
    by_name = {resource_name(*one.change.identity): one.index for one in changes}
    targets = {
        one.index: [by_name[said.value] for said in collect(one.change.tree) if said.value in by_name]
        for one in changes
        if one.change.tree is not None
    }
    level = dict.fromkeys((one.index for one in changes), 0)
    for _ in range(_ROUNDS):
        before = dict(level)
        for one in changes:
            after = [level[other.index] + 1 for other in changes if other is not one and _waits(one, other, needed)]
            level[one.index] = max((level[one.index], *after, *(level[index] for index in targets.get(one.index, ()))))
        if level == before:
            break
    return [[one for one in changes if level[one.index] == number] for number in sorted(set(level.values()))]


def _waits(one: Waiting, other: Waiting, needed: Mapping[int, set[str]]) -> bool:
    return other.change.resource_type in needed.get(one.index, ())


class Links:
    """What the conditional references of one transaction mean; each is looked up once."""

    def __init__(self, context: Context, connection: Connection[Any], request: FhirRequest) -> None:
        self._context, self._connection, self._request = context, connection, request
        self._found: dict[str, str] = {}

    def resolved(self, wave: Sequence[Waiting]) -> list[Change]:
        """The changes of a wave with their references replaced by what they mean now.

        Raises PreconditionFailed for a reference that matches nothing or several resources, and what searching raises;
        the error names the entry and the element.
        """
        self._look_up([(one.index, said) for one in wave for said in one.references if said.value not in self._found])
        targets = Targets(self._found)
        return [
            replace(one.change, tree=rewrite(one.change.tree, targets)) if one.references else one.change
            for one in wave
        ]

    def _look_up(self, said: Sequence[tuple[int, Occurrence]]) -> None:
        first: dict[str, tuple[int, Occurrence]] = {}
        for index, one in said:
            first.setdefault(one.value, (index, one))
        searches: dict[str, Search] = {}
        for value, (index, one) in first.items():
            with blaming_entry(index):
                searches[value] = self._search(one)
        matches = match_all(self._context, self._connection, self._request, searches)
        for value, found in matches.items():
            if len(found) != 1:
                index, one = first[value]
                many = "more than one resource" if found else "no resource"
                with blaming_entry(index):
                    raise PreconditionFailed(f"A conditional reference matches {many}", (one.path,))
            self._found[value] = resource_name(found[0].resource_type, found[0].fhir_id)

    def _search(self, said: Occurrence) -> Search:
        kind, _, query = said.value.partition("?")
        try:
            return criteria_search(self._context, self._request, kind, query_of(kind, query))
        except FhirError as error:
            raise InvalidRequest(f"A conditional reference: {error.diagnostics}", (said.path,)) from None
