"""Conditional read: whether the client already holds what would be sent.

https://hl7.org/fhir/R4/http.html#cread
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fhir_server.interactions.dates import parse_http_date
from fhir_server.interactions.etags import parse_entity_tags


def is_not_modified(environ: Mapping[str, Any], etag: str | None, last_modified: str | None) -> bool:
    """Whether a GET that found this ETag and Last-Modified is answered with 304.

    If-None-Match wins over If-Modified-Since; what cannot be read is ignored, so the answer is the whole resource.
    """
    if "HTTP_IF_NONE_MATCH" in environ:
        tags, own = parse_entity_tags(environ["HTTP_IF_NONE_MATCH"]), parse_entity_tags(etag or "")
        return tags is not None and own is not None and tags.match(own.versions[0])
    since = parse_http_date(environ.get("HTTP_IF_MODIFIED_SINCE", ""))
    changed = parse_http_date(last_modified or "")
    return since is not None and changed is not None and changed <= since
