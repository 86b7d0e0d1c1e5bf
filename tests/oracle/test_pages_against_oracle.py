"""Sorted pages give every match exactly once and in order; counts are those of the oracle; POST equals GET.

https://hl7.org/fhir/R4/search.html#sort
"""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import Any
from urllib.parse import urlsplit

import pytest
from search_oracle.asking import Asked, Asker
from search_oracle.clinic import SIZES, Answer, Clinic
from search_oracle.published import Parameter, parameters
from search_oracle.values import ALWAYS, Amount, Interval, normal

SORTED_KINDS = frozenset({"date", "number", "quantity", "string", "token", "uri"})
SHOWN = 10


def walk(clinic: Clinic, resource_type: str, query: str) -> tuple[list[str], list[Answer]]:
    """The ids of all pages one after the other, and the pages."""
    pages = [clinic.ask("GET", resource_type, query)]
    while pages[-1].status == 200 and (following := pages[-1].link("next")) and len(pages) < 300:
        pages.append(clinic.ask("GET", resource_type, urlsplit(following).query))
    return [one for page in pages if page.status == 200 for one in page.ids()], pages


def sort_value(said: Any) -> Any:
    """What a value is sorted by; the lower end of an interval."""
    match said:
        case Interval(low):
            return low
        case Amount(low):
            return low
    return getattr(said, "code", None) if hasattr(said, "code") else said.value


def out_of_order(clinic: Clinic, parameter: Parameter, descending: bool, ids: list[str]) -> str | None:
    """Two neighbours that stand the wrong way round, or a value after a resource without one."""
    previous, ended = None, False
    for logical_id in ids:
        resource = clinic.world.resources[parameter.resource_type][logical_id]
        said = [
            one for node in clinic.world.nodes(resource, parameter) for one in clinic.world.plain(parameter.kind, node)
        ]
        values = [value for value in map(sort_value, said) if value is not None]
        if parameter.kind == "string":
            values = [normal(value)[:200] for value in values]
        elif parameter.kind == "uri":
            # A canonical is found with and without its version, and sorted by either.
            values = [form for value in values for form in (value, value.partition("|")[0])]
        elif parameter.kind == "token":
            values = [value[:200] for value in values]
        if ALWAYS in values or any(isinstance(value, Decimal) and not value.is_finite() for value in values):
            continue  # R4 does not say where "<5" or a period with an open end is sorted
        value = (max(values) if descending else min(values)) if values else None
        if value is None:
            ended = True
            continue
        if ended:
            return f"{logical_id}: {value!r} after one without a value"
        if previous is not None and (previous < value if descending else previous > value):
            return f"{logical_id}: {value!r} after {previous!r}"
        previous = value
    return None


def fault_of_pages(clinic: Clinic, asked: Asked, random: Random) -> str | None:
    usable = [one for one in parameters(asked.resource_type).values() if one.kind in SORTED_KINDS]
    key, descending = random.choice(usable), random.random() < 0.5
    second = random.choice(("", ",_id", ",-_lastUpdated", ",-_id"))
    size = random.choice((1, 2, 3, 7, 20))
    query = "&".join(
        part
        for part in (
            asked.query,
            f"_sort={'-' if descending else ''}{key.code}{second}",
            f"_count={size}",
            random.choice(("", "_total=accurate", "_total=none")),
            random.choice(("", "_elements=id", "_summary=true")),
        )
        if part
    )
    described = f"GET {asked.resource_type}?{query}"
    ids, pages = walk(clinic, asked.resource_type, query)
    if bad := next((page for page in pages if page.status != 200), None):
        return f"{described}\n  {bad.status} {bad.tree}"
    sure, open_ = clinic.world.search(asked.resource_type, asked.criteria)
    found = set(ids)
    if len(ids) != len(found):
        return f"{described}\n  twice: {sorted(one for one in found if ids.count(one) > 1)}"
    if sure - found or found - sure - open_:
        return f"{described}\n  lost {sorted(sure - found)}, not to be found {sorted(found - sure - open_)}"
    if any(len(page.ids()) > size for page in pages):
        return f"{described}\n  a page has more than {size}"
    if any(len(page.ids()) < size for page in pages[:-1]):
        return f"{described}\n  a page before the last is not full"
    totals = {page.tree["total"] for page in pages if "total" in page.tree}
    if totals - {len(ids)}:
        return f"{described}\n  total {totals}, but {len(ids)} matches"
    if "_total=accurate" in query and any("total" not in page.tree for page in pages):
        return f"{described}\n  a page has no total"
    if key.code != "_id" and (wrong := out_of_order(clinic, key, descending, ids)):
        return f"{described}\n  out of order: {wrong}"
    return None


def fault_of_count(clinic: Clinic, asked: Asked) -> str | None:
    described = f"GET {asked.resource_type}?{asked.query}"
    sure, open_ = clinic.world.search(asked.resource_type, asked.criteria)
    counted = clinic.ask("GET", asked.resource_type, f"{asked.query}&_summary=count")
    if counted.status != 200 or not len(sure) <= counted.tree["total"] <= len(sure | open_) or "entry" in counted.tree:
        return f"{described}&_summary=count\n  {counted.status} {counted.tree}, not {len(sure)}…{len(sure | open_)}"
    gotten = clinic.ask("GET", asked.resource_type, f"{asked.query}&_count=1000")
    posted = clinic.ask("POST", f"{asked.resource_type}/_search", "_count=1000", asked.query.encode())
    if gotten.status != 200 or posted.status != 200 or gotten.ids() != posted.ids():
        return f"POST {described}\n  {posted.status} differs from GET"
    return None


@pytest.mark.parametrize("part", range(2))
def test_pages_of_random_sorted_searches_hold_every_match_once_and_in_order(
    clinic: Clinic, oracle_seed: int, oracle_count: int, part: int
) -> None:
    random = Random(f"pages {oracle_seed}/{part}")
    asker = Asker(random, clinic.world, composites=False, chains=False)
    faults = []
    for _ in range(oracle_count // 30):
        kind = random.choice(list(SIZES))
        asked = Asked(kind, ()) if random.random() < 0.3 else asker.search(kind)
        faults.append(fault_of_pages(clinic, asked, random))
    found = [fault for fault in faults if fault is not None]
    assert not found, f"{len(found)} differences\n" + "\n".join(found[:SHOWN])


def test_counts_and_posted_searches_say_the_same_as_searches(
    clinic: Clinic, oracle_seed: int, oracle_count: int
) -> None:
    random = Random(f"counts {oracle_seed}")
    asker = Asker(random, clinic.world, composites=False, chains=False)
    faults = [fault_of_count(clinic, asker.search(random.choice(list(SIZES)))) for _ in range(oracle_count // 24)]
    found = [fault for fault in faults if fault is not None]
    assert not found, f"{len(found)} differences\n" + "\n".join(found[:SHOWN])
