"""One log of the database read as resources of a FHIR type: each row is one, for ever in its first version.

https://hl7.org/fhir/R4/auditevent.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from sqlalchemy import ColumnElement, Table

from fhir_server.mapping.source import Listed, SearchColumn, Source, Store
from fhir_server.mapping.word import Row

LOG_IDS: Mapping[str, re.Pattern[str]] = {
    "AuditEvent": re.compile("(access|order)-[0-9a-f]{12}-[0-9a-f]{16}"),
    "Provenance": re.compile(
        r"write-[0-9a-f]{12}-[0-9a-f]{16}|v[0-9a-f]{4}\.[A-Za-z0-9\-.]+\.[1-9][0-9]*|long-[0-9a-f]{40}"
    ),
}
"""The types that logs are read as, and the ids that belong to rows of logs: a client cannot give them to others."""


def is_of_log(resource_type: str, fhir_id: str) -> bool:
    """Whether an id belongs to rows of a log, whether there is such a row or not."""
    shape = LOG_IDS.get(resource_type)
    return shape is not None and shape.fullmatch(fhir_id) is not None


@dataclass(frozen=True, slots=True, eq=False)
class Log:
    """`rows` gives, besides what `compose` reads, the columns of a versioned table; see `Source` for the rest.

    `compose` says a row as a resource; id and meta are not its concern.
    """

    resource_type: str
    rows: Listed
    store: Store
    compose: Callable[[Row], dict[str, Any]]
    search: Mapping[str, tuple[SearchColumn, ...]]
    sort: Mapping[str, ColumnElement[Any]] = field(default_factory=dict)
    needs: frozenset[str] = frozenset()

    def source(self, number: int) -> Source:
        """The source of this log under a number."""
        # A select stands where a table could: whoever writes or keeps versions asks for sources, never for logs.
        table = cast(Table, self.rows)
        return Source(
            number,
            self.resource_type,
            table,
            table,
            self.store,
            self.search,
            self.sort,
            log=True,
            needs=self.needs,
        )
