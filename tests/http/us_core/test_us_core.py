"""Every search that US Core (3.1.1, 6.1.0, 7.0.0, 8.0.0) demands of a server or lets it have, over Inferno's patients.

https://hl7.org/fhir/us/core/CapabilityStatement-us-core-server.html

Each answer is compared with what the published expressions find in the resources; each search comes by GET and by POST.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from search_oracle import values
from search_oracle.asking import Asked
from search_oracle.criteria import Chain, Criterion, DateIs, ReferenceIs, TextIs, TokenIs
from search_oracle.evaluation import World
from search_oracle.published import Parameter, parameters

WANTED = ("SHALL", "SHOULD", "MAY")
DATA = Path(__file__).parents[2] / "data"
VERSIONS: dict[str, Any] = json.loads((DATA / "us-core-search.json").read_text())["versions"]
OWN = frozenset({"CareTeam.role", "Encounter.discharge-disposition", "Goal.description", "Condition.asserted-date"})
"""Parameters that US Core itself defines and asks for and R4 does not have."""
_OF_NO_SERVER = "defined beside the others, but no version's CapabilityStatement lets a server have it"
LEFT_OUT = {
    "Patient.race": _OF_NO_SERVER,
    "Patient.ethnicity": _OF_NO_SERVER,
    "Patient.gender-identity": f"{_OF_NO_SERVER}, and 8.0.0 has it no more",
}
"""What is not served unless an administrator stores the SearchParameter, and why. R4 has extensions only for it."""
EXAMPLES = 4
"""So many resources of a type lend their values to a search."""


def _asked_for() -> Iterator[tuple[str, tuple[str, ...]]]:
    for version in VERSIONS.values():
        for kind, one in version["resources"].items():
            for code, (_, expectation) in one.get("searchParam", {}).items():
                if expectation in WANTED:
                    yield kind, (code,)
            for combination in one.get("combinations", ()):
                if combination["expectation"] in WANTED:
                    yield kind, tuple(sorted(combination["required"]))
                    if combination.get("optional"):
                        yield kind, tuple(sorted((*combination["required"], *combination["optional"])))


SEARCHES = sorted(set(_asked_for()))
INCLUDES = sorted(
    {
        (kind, key, value)
        for version in VERSIONS.values()
        for kind, one in version["resources"].items()
        for key, name in (("searchInclude", "_include"), ("searchRevInclude", "_revinclude"))
        for value in one.get(key, {})
        for key in (name,)
    }
)


def _expected(what: str) -> set[tuple[str, str, str]]:
    """(type, code, comparator or chained code or "") that some version demands, asks for or allows."""
    found = set()
    for version in VERSIONS.values():
        for name, one in version["searchParameters"].items():
            kind, _, code = name.partition(".")
            said = one.get(what)
            if isinstance(said, dict):
                found |= {(kind, code, comparator) for comparator, wanted in said.items() if wanted in WANTED}
            elif said in WANTED:
                found.add((kind, code, ""))
    return {one for one in found if f"{one[0]}.{one[1]}" not in LEFT_OUT}


COMPARATORS = sorted(_expected("comparatorExpectation"))
LISTS = sorted(_expected("multipleOrExpectation"))
REPEATED = sorted(_expected("multipleAndExpectation"))
CHAINS = sorted(_expected("chainExpectation"))


def value(world: World, parameter: Parameter, resource: dict[str, Any]) -> Any:
    """A condition on the parameter that the resource fulfils, or None where it says nothing."""
    for node in world.nodes(resource, parameter):
        if parameter.kind == "date":
            texts = [node.value] if isinstance(node.value, str) else [*islice(node.value.values(), 1)]
            if texts and isinstance(texts[0], str) and texts[0][:1].isdigit():
                return DateIs("ge", texts[0][:10])
            continue
        for said in world.plain(parameter.kind, node):
            match said:
                case values.Token(system, code) if code is not None:
                    return TokenIs(system if system and not said.implied else None, code)
                case values.Text(text):
                    return TextIs("starts", text)
                case values.Reference(kind, logical_id) if logical_id is not None:
                    return ReferenceIs(f"{kind}/{logical_id}", kind, logical_id)
    return None


def resources(world: World, resource_type: str) -> list[dict[str, Any]]:
    return list(world.resources.get(resource_type, {}).values())


def examples(world: World, resource_type: str, codes: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    """Values for all codes from one resource each, each combination once."""
    known = parameters(resource_type)
    seen = set()
    for one in resources(world, resource_type):
        found = tuple(value(world, known[code], one) for code in codes)
        if None not in found and found not in seen:
            seen.add(found)
            yield found


def check(inferno: Any, resource_type: str, criteria: list[Any]) -> int:
    """Asks, compares, and gives the number of matches."""
    asked = Asked(resource_type, tuple(criteria))
    sure, open_ = inferno.world.search(resource_type, criteria)
    found = {one.partition("/")[2] for one in inferno.search(resource_type, asked.query)["match"]}
    assert sure <= found <= sure | open_, asked.query
    return len(found)


@pytest.mark.parametrize(
    ("resource_type", "codes"), SEARCHES, ids=lambda one: "+".join(one) if type(one) is tuple else one
)
def test_a_search_of_us_core_finds_what_the_resources_say(
    inferno: Any, resource_type: str, codes: tuple[str, ...]
) -> None:
    for found in islice(examples(inferno.world, resource_type, codes), EXAMPLES):
        criteria = [Criterion(code, None, (one,)) for code, one in zip(codes, found, strict=True)]
        assert check(inferno, resource_type, criteria) > 0
        for position, one in enumerate(found):
            # A code without its system, an id without its type.
            bare = None
            if isinstance(one, TokenIs) and one.system:
                bare = TokenIs(None, one.code)
            elif isinstance(one, ReferenceIs):
                bare = ReferenceIs(one.target_id or "", None, one.target_id)
            if bare is not None:
                changed = [*criteria[:position], Criterion(codes[position], None, (bare,)), *criteria[position + 1 :]]
                assert check(inferno, resource_type, changed) > 0


@pytest.mark.parametrize(("resource_type", "code", "comparator"), COMPARATORS)
def test_a_comparator_of_us_core_compares(inferno: Any, resource_type: str, code: str, comparator: str) -> None:
    for (one,) in islice(examples(inferno.world, resource_type, (code,)), EXAMPLES):
        for text in (one.text, one.text[:7], one.text[:4]):
            check(inferno, resource_type, [Criterion(code, None, (DateIs(comparator, text),))])


@pytest.mark.parametrize(("resource_type", "code", "unused"), LISTS)
def test_a_list_of_values_finds_any_of_them(inferno: Any, resource_type: str, code: str, unused: str) -> None:
    found = tuple(one for (one,) in islice(examples(inferno.world, resource_type, (code,)), EXAMPLES))
    if found:
        assert check(inferno, resource_type, [Criterion(code, None, found)]) > 0


@pytest.mark.parametrize(("resource_type", "code", "unused"), REPEATED)
def test_a_repeated_parameter_narrows(inferno: Any, resource_type: str, code: str, unused: str) -> None:
    found = [one for (one,) in islice(examples(inferno.world, resource_type, (code,)), EXAMPLES)]
    if not found:
        return
    if isinstance(found[0], DateIs):
        between = DateIs("ge", min(one.text for one in found)), DateIs("le", max(one.text for one in found))
        assert check(inferno, resource_type, [Criterion(code, None, (one,)) for one in between]) > 0
    assert check(inferno, resource_type, [Criterion(code, None, (found[0],))] * 2) > 0
    check(inferno, resource_type, [Criterion(code, None, (found[0],)), Criterion(code, None, (found[-1],))])


@pytest.mark.parametrize(("resource_type", "code", "chained"), CHAINS)
def test_a_chain_of_us_core_is_followed(inferno: Any, resource_type: str, code: str, chained: str) -> None:
    world = inferno.world
    for target in sorted(parameters(resource_type)[code].targets):
        for (one,) in islice(examples(world, target, (chained,)), EXAMPLES):
            for named in (None, target):
                check(inferno, resource_type, [Chain(code, named, Criterion(chained, None, (one,)))])
    linked = {
        f"{said.target_type}/{said.target_id}"
        for one in resources(world, resource_type)
        for node in world.nodes(one, parameters(resource_type)[code])
        for said in values.references(node, world.base_url)
    }
    if linked:
        kind, _, logical_id = min(linked).partition("/")
        said = value(world, parameters(kind)[chained], world.resources[kind][logical_id])
        assert check(inferno, resource_type, [Chain(code, None, Criterion(chained, None, (said,)))]) > 0


@pytest.mark.parametrize(("resource_type", "name", "include"), INCLUDES)
def test_an_include_of_us_core_brings_what_is_linked(inferno: Any, resource_type: str, name: str, include: str) -> None:
    source, code, *kinds = include.split(":")
    world, base = inferno.world, inferno.world.base_url
    ids = ",".join(one["id"] for one in resources(world, resource_type))
    if not ids:
        return
    page = inferno.search(resource_type, f"_id={ids}&{name}={include}")
    linked = {
        (f"{source}/{one['id']}", f"{said.target_type}/{said.target_id}")
        for one in resources(world, source)
        for node in world.nodes(one, parameters(source)[code])
        for said in values.references(node, base)
        if said.target_type and said.target_id in world.resources.get(said.target_type, {})
        if not kinds or said.target_type in kinds
    }
    forward = name == "_include"
    expected = {b if forward else a for a, b in linked if (a if forward else b).partition("/")[0] == resource_type}
    # The server itself tells of the writes that brought the resources here; test_audit_events looks at these.
    told = {one for one in page["include"] if one.startswith("Provenance/write-")}
    assert bool(told) == (source == "Provenance" and not forward)
    assert set(page["include"]) - told == expected - set(page["match"])
    assert len(page["include"]) == len(set(page["include"]))


def test_the_patients_have_data_for_nearly_all_searches(inferno: Any) -> None:
    """A test that finds no values to ask for proves nothing."""
    asked = Counter(bool(next(examples(inferno.world, kind, codes), None)) for kind, codes in SEARCHES)
    assert asked[True] >= 0.9 * len(SEARCHES), [
        (kind, codes) for kind, codes in SEARCHES if next(examples(inferno.world, kind, codes), None) is None
    ]


def test_the_server_claims_every_search_of_us_core(inferno: Any) -> None:
    claimed = {
        (one["type"], parameter["name"])
        for one in inferno.client.tree("/metadata")["rest"][0]["resource"]
        for parameter in one["searchParam"]
    }
    assert {(kind, code) for kind, codes in SEARCHES for code in codes} <= claimed


def test_nothing_of_the_four_versions_is_left_out() -> None:
    named = {name for version in VERSIONS.values() for name in version["searchParameters"]}
    named |= {
        f"{kind}.{code}"
        for version in VERSIONS.values()
        for kind, one in version["resources"].items()
        for codes in (one.get("searchParam", {}), *(c["required"] for c in one.get("combinations", ())))
        for code in codes
    }
    searched = {f"{kind}.{code}" for kind, codes in SEARCHES for code in codes}
    assert named - searched - LEFT_OUT.keys() == set()
    assert searched >= OWN
    assert not searched & LEFT_OUT.keys()
    assert all(code in parameters(kind) for kind, codes in SEARCHES for code in codes)
    assert {one[:2] for one in (*COMPARATORS, *LISTS, *REPEATED, *CHAINS)} <= {
        (kind, code) for kind, codes in SEARCHES for code in codes
    }


def test_the_data_of_this_test_is_what_inferno_published() -> None:
    lines = gzip.decompress((DATA / "examples-inferno.ndjson.gz").read_bytes()).splitlines()
    assert len(lines) == 5
