"""The profiles that a resource is held against: stored StructureDefinitions, never fetched ones.

https://hl7.org/fhir/R4/profiling.html#resources
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fhir_server.definitions import RESOURCE_TYPES
from fhir_server.errors import Issue, OverBudget, Unprocessable
from fhir_server.operations.terminology.known import Known, canonical
from fhir_server.operations.terminology.members import codes_of
from fhir_server.operations.terminology.systems import CodeSystems
from fhir_server.validation.profiles import Library, Report, check_profile
from fhir_server.validation.profiles.library import Content, Facts, core_type

MAX_LOOKED_UP = 200
MAX_OWN_PROFILES = 20


class StoredProfiles(Library):
    """What the caller may see of what is stored here, and the value sets of R4.

    Both methods raise OverBudget when too many definitions are asked for.
    """

    def __init__(self, stored: Known, base_url: str) -> None:
        self._stored, self._base_url = stored, base_url
        self._systems = CodeSystems(stored)
        self._profiles: dict[str, Facts | None] = {}
        self._contents: dict[str, Content | None] = {}

    def profile(self, canonical_url: str) -> Facts | None:
        """See Library."""
        if canonical_url not in self._profiles:
            self._spend()
            self._profiles[canonical_url] = self._stored.by_url("StructureDefinition", *canonical(canonical_url))
        return self._profiles[canonical_url]

    def codes(self, value_set: str) -> Content | None:
        """See Library."""
        if value_set not in self._contents:
            self._spend()
            self._contents[value_set] = self._content(value_set)
        return self._contents[value_set]

    def _spend(self) -> None:
        if len(self._profiles) + len(self._contents) >= MAX_LOOKED_UP:
            raise OverBudget(f"The profiles need more than {MAX_LOOKED_UP} other definitions")

    def _content(self, value_set: str) -> Content | None:
        definition = self._stored.by_url("ValueSet", *canonical(value_set))
        if definition is None:
            return None
        try:
            content = codes_of(self._stored, definition, self._base_url)
        except Unprocessable:
            return None
        return {system: self._all(system) if codes is None else codes for system, codes in content.items()}

    def _all(self, system: str) -> dict[str, None] | None:
        found = self._systems.get(system)
        return dict.fromkeys(found.hierarchy.codes) if found is not None and found.is_complete else None


def against_profile(tree: dict[str, Any], profile: str, library: Library) -> list[Issue]:
    """What breaks the profile that a request names; one that is not known is an error."""
    return list(_against(tree, profile, library, Issue("error", "not-found", "The profile is not stored here.")))


def against_own_profiles(tree: dict[str, Any], library: Library, asked: str | None) -> Iterator[Issue]:
    """What breaks the profiles of the resource's meta, without the one that was asked for."""
    kind = tree["resourceType"]
    for number, profile in enumerate((tree.get("meta") or {}).get("profile", ())):
        if number >= MAX_OWN_PROFILES:
            said = f"Not evaluated: the profiles of the resource after the first {MAX_OWN_PROFILES}."
            yield Issue("information", "too-costly", said, (f"{kind}.meta.profile",))
            return
        if isinstance(profile, str) and profile != asked:
            where = f"{kind}.meta.profile[{number}]"
            said = f"Not evaluated: the profile of {where}, which is not stored here."
            yield from _against(tree, profile, library, Issue("information", "not-found", said, (where,)))


def _against(tree: dict[str, Any], profile: str, library: Library, unknown: Issue) -> Iterator[Issue]:
    found = library.profile(profile)
    if found is not None:
        report = Report()
        check_profile(tree, found, library, report)
        yield from report.issues
        return
    core = core_type(profile)
    if core is None:
        yield unknown
    elif core in RESOURCE_TYPES and core != tree["resourceType"]:
        yield Issue("error", "structure", f"The resource is not a {core}, as its profile says.", ("meta.profile",))
