"""What is withheld from callers who may see some columns only, and how their resources say so.

https://hl7.org/fhir/R4/security-labels.html#core
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Table

from fhir_server.json_text import encode_json, read_json
from fhir_server.mapping.rendering import with_meta
from fhir_server.mapping.resource import Resource
from fhir_server.mapping.words import DATA_ABSENT_REASON

OBSERVATION_VALUES: Final = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"
REDACTED: Final = {"system": OBSERVATION_VALUES, "code": "REDACTED", "display": "redacted"}
PSEUDONYMIZED: Final = {"system": OBSERVATION_VALUES, "code": "PSEUDED", "display": "pseudonymized"}


@dataclass(frozen=True, slots=True)
class Shown:
    """The columns of one table that are shown; those in `opaque` hold ids that only the caller knows."""

    columns: frozenset[str]
    opaque: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Masking:
    """The tables that are shown, each with its columns, and the schemas where they are shown so."""

    shown: Mapping[Table, Shown]
    schemas: Mapping[str | None, str]

    def json(self, resource: Resource, fhir_id: str, version_id: int, updated_at: datetime, live: bytes) -> bytes:
        """The JSON text of a row as it is shown, with labels that tell that it is not the whole resource."""
        shown = self.shown[resource.table]
        tree = resource.compose(read_json(live))
        tree["meta"] = {"security": [REDACTED, PSEUDONYMIZED] if shown.opaque else [REDACTED]}
        for name, word in resource.elements.items():
            if word.columns and not shown.columns.intersection(word.columns):
                for key in (name, f"_{name}"):
                    if key in tree:
                        tree[key] = _masked(tree[key])
        return encode_json(with_meta(tree, fhir_id, version_id, updated_at))


def _masked(tree: Any) -> Any:
    """A tree that says of what is absent not that it is unknown, but that it is withheld."""
    if isinstance(tree, dict):
        if tree.get("url") == DATA_ABSENT_REASON:
            return {**tree, "valueCode": "masked"}
        return {name: _masked(member) for name, member in tree.items()}
    return [_masked(item) for item in tree] if isinstance(tree, list) else tree
