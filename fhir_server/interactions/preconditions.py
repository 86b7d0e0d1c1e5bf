"""If-Match and If-None-Match of writes: a stale writer never wins.

https://hl7.org/fhir/R4/http.html#concurrency
"""

from __future__ import annotations

from fhir_server.errors import PreconditionFailed
from fhir_server.interactions.etags import parse_entity_tags, required_version
from fhir_server.persistence.states import State


def check(if_match: str | None, if_none_match: str | None, state: State | None) -> None:
    """Raise PreconditionFailed unless the headers agree with the locked `state`; InvalidRequest for unreadable ones."""
    version = None if state is None or state.deleted_at is not None else str(state.version_id)
    if if_match is not None and not required_version(if_match).match(version):
        raise PreconditionFailed("The resource is not at the version that If-Match names")
    if if_none_match is not None:
        tags = parse_entity_tags(if_none_match)
        if tags is not None and tags.match(version):
            raise PreconditionFailed("The resource exists, which If-None-Match rules out")
