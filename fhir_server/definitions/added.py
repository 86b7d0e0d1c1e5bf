"""Search parameters that administrators have added to those of R4, as the work at hand knows them.

https://hl7.org/fhir/R4/searchparameter.html

Each request and each piece of background work sees one immutable state of them from its beginning to its end; who
reads them from the database hands it over with `using`. Without that there are none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fhir_server.definitions.parameters import SearchParameter


@dataclass(frozen=True, slots=True, eq=False)
class Additions:
    """The added parameters by resource type, and the number of the change that made them so.

    `complete_types` are the types with a parameter whose index rows are complete: of these types every row must have a
    document, because what a column says under such a parameter is in the index only.
    """

    counter: int = 0
    by_type: Mapping[str, tuple[SearchParameter, ...]] = field(default_factory=lambda: MappingProxyType({}))
    complete_types: frozenset[str] = frozenset()

    @property
    def is_complete(self) -> bool:
        """Whether no parameter is being built."""
        return all(one.complete for found in self.by_type.values() for one in found)


NOTHING_ADDED = Additions()
_current: ContextVar[Additions] = ContextVar("additions", default=NOTHING_ADDED)


def additions() -> Additions:
    """The state that the work at hand sees; it is also a key for whatever is kept of it."""
    return _current.get()


def added(resource_type: str) -> tuple[SearchParameter, ...]:
    """The parameters added to a type, those that are still being built too."""
    return _current.get().by_type.get(resource_type, ())


@contextmanager
def using(known: Additions) -> Iterator[Additions]:
    """All work inside sees `known`."""
    token = _current.set(known)
    try:
        yield known
    finally:
        _current.reset(token)
