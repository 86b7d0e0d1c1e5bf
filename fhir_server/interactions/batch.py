"""batch: every entry on its own, as if it had come alone (https://hl7.org/fhir/R4/http.html#brules)."""

from __future__ import annotations

from collections.abc import Callable

from fhir_server.errors import FhirError, InvalidRequest
from fhir_server.interactions.bundles.entries import Entry, RequestBundle
from fhir_server.interactions.bundles.references import collect
from fhir_server.interactions.bundles.responses import answered_entry, bundle_response, failed_entry
from fhir_server.interactions.request import FhirRequest, FhirResponse


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
        return answered_entry(run(entry))
    except FhirError as error:
        return failed_entry(error)


def _refuse_links(entry: Entry, names: set[str]) -> None:
    # The entries of a batch do not know each other: stored as it is, the link would lead nowhere.
    for found in collect(entry.resource):
        if found.value.startswith("urn:") and found.value in names and found.value != entry.full_url:
            raise InvalidRequest("Entries of a batch cannot refer to each other; use a transaction", (found.path,))
