"""The codes above or below a code of a stored CodeSystem (https://hl7.org/fhir/R4/search.html#token)."""

from __future__ import annotations

from fhir_server.search.terminology.hierarchy import Hierarchy
from fhir_server.search.terminology.stored import MAX_CODES, Stored, Unanswerable, too_many


def related_codes(stored: Stored, direction: str, system: str, code: str) -> tuple[str, ...]:
    """The code itself and those `above` or `below` it.

    Raises Unanswerable when the system is not stored here or does not know the code, TooManyCodes.
    """
    found = stored.by_url("CodeSystem", system, None)
    if found is None:
        raise Unanswerable(f"No CodeSystem with the url of this system is stored here, as :{direction} needs.")
    hierarchy = Hierarchy(found)
    if code not in hierarchy.codes:
        raise Unanswerable(f"The CodeSystem stored here does not have the code, as :{direction} needs.")
    codes = (hierarchy.below if direction == "below" else hierarchy.above)((code,))
    if len(codes) > MAX_CODES:
        raise too_many(f"What is {direction} the code")
    return tuple(codes)
