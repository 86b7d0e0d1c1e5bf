"""In which order the entries of a transaction are processed, and that none of them writes what another one writes.

https://hl7.org/fhir/R4/http.html#trules
"""

from __future__ import annotations

from collections.abc import Iterable

from fhir_server.errors import InvalidRequest
from fhir_server.interactions.bundles.entries import Entry

# Entries of one step keep their order. References by search criteria are resolved after the last write.
STEPS = {"DELETE": 0, "POST": 1, "PUT": 2, "PATCH": 2, "GET": 3, "HEAD": 3}


def processing_order(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """The entries as they are to be processed; the response still lists them as they came (`Entry.index`)."""
    return tuple(sorted(entries, key=lambda entry: STEPS.get(entry.method, len(STEPS))))


def refuse_overlap(identities: Iterable[tuple[int, str, str]]) -> None:
    """Checks (entry index, type, id) of everything that is written, with what conditional entries resolved to.

    Raises InvalidRequest that names both entries when one resource is written twice.
    """
    writers: dict[tuple[str, str], int] = {}
    for index, resource_type, resource_id in identities:
        first = writers.setdefault((resource_type, resource_id), index)
        if first != index:
            raise InvalidRequest(
                f"Entries {first} and {index} of the transaction write the same resource",
                expression=(f"Bundle.entry[{first}]", f"Bundle.entry[{index}]"),
            )
