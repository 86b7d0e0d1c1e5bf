"""If-Match and If-None-Match, read by the rules of FHIR rather than by a lenient library.

https://hl7.org/fhir/R4/http.html#concurrency and https://www.rfc-editor.org/rfc/rfc9110#name-etag
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from fhir_server.errors import InvalidRequest

_TAG: Final = re.compile(r'[ \t]*(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"[ \t]*(?:,|$)')
_MOST_TAGS: Final = 100


@dataclass(frozen=True, slots=True)
class EntityTags:
    """The version ids of a list of entity tags, or any version (`*`)."""

    versions: tuple[str, ...] = ()
    any: bool = False

    def match(self, version: str | None) -> bool:
        """Whether the list holds `version`; None stands for a resource that does not exist."""
        return version is not None and (self.any or version in self.versions)


def entity_tag(version: str) -> str:
    """The ETag of a version: always the weak form, as FHIR says."""
    return f'W/"{version}"'


def parse_entity_tags(text: str) -> EntityTags | None:
    """The tags in `text`, or None when it is not a list of quoted tags or `*`. Weak and strong forms count alike."""
    if text.strip() == "*":
        return EntityTags(any=True)
    versions: list[str] = []
    position = 0
    while position < len(text):
        match = _TAG.match(text, position)
        if match is None or len(versions) == _MOST_TAGS:
            return None
        versions.append(match[1])
        position = match.end()
    return EntityTags(tuple(versions)) if versions else None


def required_version(header: str, name: str = "If-Match") -> EntityTags:
    """The tags of an If-Match header. Raises InvalidRequest when it is malformed: a guard must never be skipped."""
    tags = parse_entity_tags(header)
    if tags is None:
        raise InvalidRequest(f'{name} must be W/"version" or *.')
    return tags
