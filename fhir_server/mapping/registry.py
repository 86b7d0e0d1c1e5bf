"""Every FHIR type with its sources in order: the declared tables first, the generic store last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Table

from fhir_server.errors import TypeNotSupported
from fhir_server.mapping.log import Log
from fhir_server.mapping.resource import Resource
from fhir_server.mapping.source import Source, Store


class Registry:
    """Built once by the application from the declarations; immutable afterwards."""

    def __init__(
        self,
        declared: Iterable[Resource],
        resource_types: Iterable[str],
        store_of: Mapping[str, Store],
        default_store: Store,
        history_of: Mapping[Table, Table],
        logs: Iterable[Log] = (),
    ) -> None:
        """`history_of` maps a table to the table of its replaced rows; types not in `store_of` are in
        `default_store`. `logs` are read beside these and never written.
        """
        by_type: dict[str, list[Resource]] = {}
        for resource in declared:
            by_type.setdefault(resource.resource_type, []).append(resource)
        self._sources: dict[str, tuple[Source, ...]] = {}
        self._by_number: list[Source] = []
        self._resources: dict[int, Resource] = {}
        for resource_type in sorted(resource_types):
            found: list[Source] = []
            for resource in by_type.get(resource_type, ()):
                source = Source(
                    len(self._by_number),
                    resource_type,
                    resource.table,
                    history_of[resource.table],
                    resource.store,
                    resource.search,
                    resource.sort,
                )
                self._add(source, found)
                self._resources[source.number] = resource
            store = store_of.get(resource_type, default_store)
            table = store.resources
            generic = Source(len(self._by_number), resource_type, table, history_of[table], store, generic=True)
            self._add(generic, found)
            self._sources[resource_type] = tuple(found)
        self._logs: dict[str, tuple[Source, ...]] = {}
        self._said_by: dict[int, Log] = {}
        for log in logs:
            source = log.source(len(self._by_number))
            self._by_number.append(source)
            self._said_by[source.number] = log
            self._logs[log.resource_type] = (*self._logs.get(log.resource_type, ()), source)

    def _add(self, source: Source, found: list[Source]) -> None:
        self._by_number.append(source)
        found.append(source)

    @property
    def resource_types(self) -> tuple[str, ...]:
        """All types served, in alphabetical order."""
        return tuple(self._sources)

    def sources(self, resource_type: str) -> tuple[Source, ...]:
        """The sources of a type, the generic one last; raises TypeNotSupported for what R4 does not have."""
        try:
            return self._sources[resource_type]
        except KeyError:
            raise TypeNotSupported("There is no such resource type on this server") from None

    def logs(self, resource_type: str) -> tuple[Source, ...]:
        """The logs whose rows are read as resources of a type: never written, and without versions of their own."""
        return self._logs.get(resource_type, ())

    def log(self, number: int) -> Log | None:
        """The log that is the source with that number, None for a source of resources."""
        return self._said_by.get(number)

    def source(self, number: int) -> Source:
        """The source with that number."""
        return self._by_number[number]

    def resource(self, source: Source) -> Resource | None:
        """The declaration of a source, None for the generic store."""
        return self._resources.get(source.number)

    def tables(self) -> tuple[Source, ...]:
        """All sources that are declared tables."""
        return tuple(source for source in self._by_number if not source.generic and not source.log)

    def describe(self) -> dict[str, Any]:
        """Type → table names, for messages and documentation."""
        return {kind: [source.table.fullname for source in sources] for kind, sources in self._sources.items()}
