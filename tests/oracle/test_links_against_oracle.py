"""What pages include and what compartments hold is what the references of the stored resources say.

https://hl7.org/fhir/R4/search.html#include and https://hl7.org/fhir/R4/compartmentdefinition.html
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from search_oracle import values
from search_oracle.asking import Asked, Asker
from search_oracle.clinic import SIZES, Clinic
from search_oracle.evaluation import World
from search_oracle.published import Parameter, facts, parameters

SHOWN = 10
Name = tuple[str, str]


def references(world: World, resource: dict[str, Any], parameter: Parameter) -> Iterator[tuple[Name, bool]]:
    """The local resources that a parameter refers to, and whether a version of them is meant."""
    for node in world.nodes(resource, parameter):
        for said in values.references(node, world.base_url):
            if said.target_type is not None and said.target_id is not None:
                yield (said.target_type, said.target_id), said.version is not None


def entries(tree: Any, mode: str) -> list[Name]:
    found = [one["resource"] for one in tree.get("entry", ()) if one["search"]["mode"] == mode]
    return [(one["resourceType"], one["id"]) for one in found]


class Included:
    """Random includes with what they must and may bring; a reference to one version may be followed or not."""

    def __init__(self, world: World, matches: list[Name]) -> None:
        self.world, self.matches = world, set(matches)
        self.sure: set[Name] = set()
        self.open: set[Name] = set()

    def forward(self, parameter: Parameter, target_type: str | None) -> None:
        for kind, logical_id in self.matches:
            if kind == parameter.resource_type:
                for target, versioned in references(self.world, self.world.resources[kind][logical_id], parameter):
                    if target_type in (None, target[0]):
                        self._add(target, versioned)

    def back(self, parameter: Parameter, target_type: str | None) -> None:
        for logical_id, resource in self.world.resources.get(parameter.resource_type, {}).items():
            for target, versioned in references(self.world, resource, parameter):
                if target in self.matches and target_type in (None, target[0]):
                    self._add((parameter.resource_type, logical_id), versioned)

    def _add(self, name: Name, versioned: bool) -> None:
        if name not in self.matches and name[1] in self.world.resources.get(name[0], {}):
            (self.open if versioned else self.sure).add(name)


def followed(kind: str) -> list[Parameter]:
    return [one for one in parameters(kind).values() if one.kind == "reference"]


def asked_includes(random: Random, kind: str) -> list[tuple[bool, Parameter, str | None]]:
    """One to three of (reverse, parameter, target type)."""
    forward = [(False, one) for one in followed(kind)]
    back = [(True, one) for source in SIZES for one in followed(source) if kind in one.targets]
    chosen = [random.choice(random.choice((forward, back)) or forward or back) for _ in range(random.randint(1, 3))]
    found = []
    for reverse, one in chosen:
        target = kind if reverse else random.choice(sorted(one.targets & set(SIZES)) or [None])
        found.append((reverse, one, target if random.random() < 0.4 else None))
    return found


def fault_of_includes(clinic: Clinic, asked: Asked, random: Random) -> str | None:
    wanted = asked_includes(random, asked.resource_type)
    written = "&".join(
        f"{'_revinclude' if reverse else '_include'}={one.resource_type}:{one.code}{f':{target}' if target else ''}"
        for reverse, one, target in wanted
    )
    answer = clinic.ask("GET", asked.resource_type, f"{asked.query}&_count=1000&{written}".lstrip("&"))
    described = f"GET {asked.resource_type}?{asked.query}&{written}"
    if answer.status != 200:
        return f"{described}\n  {answer.status} {answer.tree}"
    expected = Included(clinic.world, entries(answer.tree, "match"))
    for reverse, one, target in wanted:
        (expected.back if reverse else expected.forward)(one, target)
    found = entries(answer.tree, "include")
    lost, odd = expected.sure - set(found), set(found) - expected.sure - expected.open
    if len(found) != len(set(found)) or lost or odd:
        return f"{described}\n  lost {sorted(lost)[:9]}, not to be included {sorted(odd)[:9]}, {len(found)} entries"
    return None


@pytest.mark.parametrize("part", range(2))
def test_s170_s172_pages_include_what_references_say(
    clinic: Clinic, oracle_seed: int, oracle_count: int, part: int
) -> None:
    random = Random(f"includes {oracle_seed}/{part}")
    asker = Asker(random, clinic.world, composites=False, chains=False)
    faults = []
    for _ in range(oracle_count // 15):
        kind = random.choice(list(SIZES))
        asked = Asked(kind, ()) if random.random() < 0.5 else asker.search(kind)
        faults.append(fault_of_includes(clinic, asked, random))
    found = [fault for fault in faults if fault is not None]
    assert not found, f"{len(found)} differences\n" + "\n".join(found[:SHOWN])


def in_compartment(world: World, name: str, owner: str, kind: str) -> set[str]:
    """The ids of a type in the compartment of one owner."""
    members = facts("compartments.json")["compartments"][name]["member"]
    codes = [code for code in members.get(kind, ()) if code in parameters(kind)]
    held = {owner} if kind == name else set()
    for logical_id, resource in world.resources.get(kind, {}).items():
        for code in codes:
            if any(target == (name, owner) for target, _ in references(world, resource, parameters(kind)[code])):
                held.add(logical_id)
    return held & world.resources.get(kind, {}).keys()


def fault_of_compartment(clinic: Clinic, asked: Asked, random: Random) -> str | None:
    compartments = facts("compartments.json")["compartments"]
    kind = asked.resource_type
    names = [name for name in compartments if name in SIZES and (kind == name or kind in compartments[name]["member"])]
    if not names:
        return None
    name = random.choice(names)
    owner = random.choice([*clinic.world.resources[name], "nobody"])
    answer = clinic.ask("GET", f"{name}/{owner}/{kind}", f"{asked.query}&_count=1000".lstrip("&"))
    described = f"GET {name}/{owner}/{kind}?{asked.query}"
    if answer.status != 200:
        return f"{described}\n  {answer.status} {answer.tree}"
    sure, open_ = clinic.world.search(kind, asked.criteria)
    held = in_compartment(clinic.world, name, owner, kind)
    found = set(answer.ids())
    lost, odd = (sure & held) - found, found - ((sure | open_) & held)
    return f"{described}\n  lost {sorted(lost)}, not to be found {sorted(odd)}" if lost or odd else None


@pytest.mark.parametrize("part", range(2))
def test_s201_compartments_hold_what_refers_to_their_owner(
    clinic: Clinic, oracle_seed: int, oracle_count: int, part: int
) -> None:
    random = Random(f"compartments {oracle_seed}/{part}")
    asker = Asker(random, clinic.world, composites=False, chains=True, filters=True)
    faults = []
    for _ in range(oracle_count // 15):
        kind = random.choice(list(SIZES))
        asked = Asked(kind, ()) if random.random() < 0.5 else asker.search(kind)
        faults.append(fault_of_compartment(clinic, asked, random))
    found = [fault for fault in faults if fault is not None]
    assert not found, f"{len(found)} differences\n" + "\n".join(found[:SHOWN])
