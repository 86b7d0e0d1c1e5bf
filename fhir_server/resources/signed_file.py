"""Binary over docuseal_files: the bytes of a signed form (https://hl7.org/fhir/R4/binary.html).

The portal fetches the files; FHIR reads them. All other Binary live in the generic store.
"""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from sqlalchemy import Column

from fhir_server.mapping.concepts import reference
from fhir_server.mapping.primitives import code_or_absent
from fhir_server.mapping.projections import derived
from fhir_server.mapping.resource import Resource
from fhir_server.mapping.trees import ABSENT
from fhir_server.mapping.word import Row, Word
from fhir_server.persistence.tables import PHI, docuseal_files

t = docuseal_files.c


class media_type(Word):  # noqa: N801
    """The type of the bytes; one that is none says that nothing is known of them."""

    def __init__(self, column: Column[Any]) -> None:
        self.column = column

    def compose(self, row: Row) -> Any:
        said = code_or_absent(row.get(self.column.name))
        return "application/octet-stream" if said is ABSENT else said


class base64(Word):  # noqa: N801
    """A bytea as base64Binary; it comes as the hexadecimal text that PostgreSQL prints."""

    def __init__(self, column: Column[Any]) -> None:
        self.column = column

    def compose(self, row: Row) -> Any:
        held = row.get(self.column.name)
        if not isinstance(held, str) or len(held) <= 2:
            return ABSENT
        return b64encode(bytes.fromhex(held.removeprefix("\\x"))).decode()


SIGNED_FILE = Resource(
    "Binary",
    docuseal_files,
    store=PHI,
    creatable=False,
    moves=False,
    elements={
        "contentType": derived(media_type(t.content_type), "Binary.contentType"),
        "securityContext": derived(reference("DocumentReference", t.document_fhir_id), "Binary.securityContext"),
        "data": derived(base64(t.content), "Binary.data"),
    },
    search={},
    must_exist={"document_fhir_id": "DocumentReference"},
)
