"""batch: every entry on its own, as if it had come alone (https://hl7.org/fhir/R4/http.html#brules)."""

from __future__ import annotations

import logging
from collections.abc import Callable

from fhir_server.errors import FhirError, InvalidRequest
from fhir_server.interactions.bundles.entries import Entry, RequestBundle
from fhir_server.interactions.bundles.references import collect
from fhir_server.interactions.bundles.responses import answered_entry, bundle_response, failed_entry, read_entry
from fhir_server.interactions.request import FhirRequest, FhirResponse

_log = logging.getLogger(__name__)


def batch(request: FhirRequest, bundle: RequestBundle, run: Callable[[Entry], FhirResponse]) -> FhirResponse:
    """The batch-response; an entry that fails has its outcome there and changes nothing of the others."""
    names = {entry.full_url for entry in bundle.entries if entry.full_url}
    return bundle_response("batch-response", [_entry(entry, names, run) for entry in bundle.entries])


def _entry(entry: Entry, names: set[str], run: Callable[[Entry], FhirResponse]) -> bytes:
    try:
        if entry.error is not None:
            raise entry.error
        if entry.is_write and isinstance(entry.resource, dict):
            _refuse_links(entry, names)
        answer = run(entry)
        return answered_entry(answer) if entry.is_write else read_entry(entry, answer)
    except FhirError as error:
        return failed_entry(error)
    except Exception as error:  # noqa: BLE001 - the entries before this one are stored: the client must hear of them
        _log.error("entry %d of a batch failed: %s", entry.index, type(error).__name__)
        return failed_entry(FhirError("This entry could not be processed"))


def _refuse_links(entry: Entry, names: set[str]) -> None:
    # The entries of a batch do not know each other: stored as it is, the link would lead nowhere.
    for found in collect(entry.resource):
        if found.value.startswith("urn:") and found.value in names and found.value != entry.full_url:
            raise InvalidRequest("Entries of a batch cannot refer to each other; use a transaction", (found.path,))
