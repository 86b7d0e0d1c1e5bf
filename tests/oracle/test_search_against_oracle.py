"""Random searches find what a second reading of R4's rules says that they must find, and nothing else.

https://hl7.org/fhir/R4/search.html. `--oracle-seed` and `--oracle-count` ask others and more of them.
"""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest
from search_oracle.asking import Asked, Asker
from search_oracle.clinic import SIZES, Clinic
from search_oracle.evaluation import World
from search_oracle.published import parameters

COMPOSITE = "Observation", "code-value-quantity=http://loinc.org|39126-8$gt1"
CHAIN = "Observation", "subject:Patient.gender=male"
SHOWN = 12


def served(clinic: Clinic, probe: tuple[str, str]) -> bool:
    return clinic.ask("GET", *probe).status == 200


def difference(clinic: Clinic, asked: Asked) -> str | None:
    """What a search finds too much or too little, or nothing."""
    answer = clinic.ask("GET", asked.resource_type, f"{asked.query}&_count=1000")
    described = f"GET {asked.resource_type}?{asked.query}"
    if answer.status != 200:
        return f"{described}\n  {answer.status} {answer.tree}"
    found = answer.ids()
    sure, open_ = clinic.world.search(asked.resource_type, asked.criteria)
    if len(found) != len(set(found)):
        return f"{described}\n  found twice: {sorted(one for one in set(found) if found.count(one) > 1)}"
    lost, odd = sure - set(found), set(found) - sure - open_
    if not lost and not odd:
        return None
    lines = [described, f"  lost {sorted(lost)}, not to be found {sorted(odd)}"]
    stored = clinic.world.resources[asked.resource_type]
    for logical_id in sorted(lost | odd)[:2]:
        lines.append(
            "    " + json.dumps(said(clinic.world, stored.get(logical_id, {}), asked), ensure_ascii=False, default=str)
        )
    return "\n".join(lines)


def said(world: World, resource: dict[str, Any], asked: Asked) -> dict[str, Any]:
    """What the resource says under the parameters asked for."""
    codes = [one.code for one in asked.criteria if getattr(one, "code", None) in parameters(asked.resource_type)]
    nodes = {code: world.nodes(resource, parameters(asked.resource_type)[code]) for code in codes} if resource else {}
    return {"id": resource.get("id"), **{code: [node.value for node in found] for code, found in nodes.items()}}


@pytest.mark.parametrize("part", range(4))
def test_random_searches_find_what_the_oracle_finds(
    clinic: Clinic, oracle_seed: int, oracle_count: int, part: int
) -> None:
    random = Random(f"{oracle_seed}/{part}")
    asker = Asker(
        random, clinic.world, composites=served(clinic, COMPOSITE), chains=served(clinic, CHAIN), filters=True
    )
    kinds = [kind for kind, size in SIZES.items() for _ in range(1 + size // 12)]
    faults = []
    for number in range(oracle_count // 4):
        if number == oracle_count // 8:
            clinic.change_as_portal()
        fault = difference(clinic, asker.search(random.choice(kinds)))
        if fault is not None:
            faults.append(fault)
    assert not faults, f"{len(faults)} differences\n" + "\n".join(faults[:SHOWN])
