"""A version as the database gave it, and its JSON: the document as it is, or composed and merged from rows.

https://hl7.org/fhir/R4/resource.html
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fhir_server.json_text import encode_json, read_json
from fhir_server.mapping.registry import Registry
from fhir_server.mapping.rendering import render, with_meta


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """One version; `document`, `live`, `last`, `base` are JSON texts (see `search.rows` and `persistence.history`)."""

    source: int
    resource_type: str
    fhir_id: str
    version_id: int
    updated_at: datetime
    deleted_at: datetime | None
    document: bytes | None
    live: bytes | None
    last: bytes | None
    base: bytes | None

    def json(self, registry: Registry) -> bytes:
        """The resource as JSON text; only for versions that are not deletions."""
        if self.document is not None:
            return self.document
        if self.live is None:
            raise LookupError("a version is a document, a row or a deletion")
        log = registry.log(self.source)
        if log is not None:
            tree = {"resourceType": self.resource_type, **log.compose(read_json(self.live))}
            return encode_json(with_meta(tree, self.fhir_id, self.version_id, self.updated_at))
        resource = registry.resource(registry.source(self.source))
        return render(resource, self.fhir_id, self.version_id, self.updated_at, self.live, self.last, self.base)
