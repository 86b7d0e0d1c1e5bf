"""The value sets, code systems and Lists that a search names, as far as its caller may see them.

https://hl7.org/fhir/R4/references.html#canonical
"""

from __future__ import annotations

from collections.abc import Callable

from fhir_server.json_text import read_json
from fhir_server.search import And, Expression, Search, SortKey
from fhir_server.search.terminology import Stored
from fhir_server.search.terminology.stored import Tree
from fhir_server.search.types.token import Token
from fhir_server.search.types.uri import Uri

NEWEST_FIRST = (SortKey("_lastUpdated", "date", descending=True),)


class StoredDefinitions(Stored):
    """Looks each one up at most once; `newest` gives the JSON text of the newest match of a search, or None."""

    def __init__(self, newest: Callable[[Search], bytes | None]) -> None:
        self._newest = newest
        self._known: dict[tuple[str, ...], Tree | None] = {}

    def by_id(self, resource_type: str, fhir_id: str) -> Tree | None:
        """See Stored."""
        return self._found((resource_type, fhir_id), Token("_id", "any", None, (fhir_id,)))

    def by_url(self, resource_type: str, url: str, version: str | None) -> Tree | None:
        """See Stored."""
        of_url = Uri("url", "exact", (url,))
        if version is None:
            return self._found((resource_type, "url", url), of_url)
        of_version = Token("version", "any", None, (version,))
        return self._found((resource_type, "url", url, version), And((of_url, of_version)))

    def _found(self, key: tuple[str, ...], criteria: Expression) -> Tree | None:
        if key not in self._known:
            text = self._newest(Search((key[0],), criteria, sort=NEWEST_FIRST, count=1))
            self._known[key] = None if text is None else read_json(text)
        return self._known[key]
