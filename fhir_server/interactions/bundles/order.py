"""No entry of a transaction writes what another one writes.

https://hl7.org/fhir/R4/http.html#trules
"""

from __future__ import annotations

from collections.abc import Iterable

from fhir_server.errors import InvalidRequest


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
