"""The rules of requests and orders in the database are those of `business`, and hold for every writer."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import Connection

from business.authorizations import STATES, UNUSED_BY, Authorization, Use
from business.lifecycles import ORDERS, REQUESTS
from business.orders import GUARDS, Facts, Line, OrderFacts, RequestFacts, move
from business.problems import Problem
from business.statuses import status_map

Session = Connection[dict[str, Any]]
DAY = date(2025, 6, 1)


def test_the_transitions_of_the_database_are_those_of_the_rules(portal: Session) -> None:
    for lifecycle in (REQUESTS, ORDERS):
        found = portal.execute(
            "SELECT t.*, l.title, l.first FROM lifecycle.transitions t JOIN lifecycle.lifecycles l "
            "ON l.name = lifecycle WHERE lifecycle = %s ORDER BY place",
            (lifecycle.status_map,),
        ).fetchall()
        assert [(row["action"], set(row["sources"]), row["target"], tuple(row["guards"])) for row in found] == [
            (one.action, set(one.sources), one.target, one.guards) for one in lifecycle.transitions
        ]
        assert {(row["title"], row["first"]) for row in found} == {(lifecycle.name, lifecycle.first)}


def test_the_texts_of_the_database_are_those_of_the_rules(portal: Session) -> None:
    expected = {("authorization", text, state) for text, state in STATES.items()}
    expected |= {("unused", text, text) for text in UNUSED_BY}
    for lifecycle in (REQUESTS, ORDERS):
        for text in status_map(lifecycle.status_map).codes:
            expected.add((lifecycle.status_map, text, lifecycle.same.get(text, text)))
    found = portal.execute("SELECT kind, text, means FROM lifecycle.texts")
    assert {(row["kind"], row["text"], row["means"]) for row in found} == expected


days = st.integers(-3, 3).map(lambda days: DAY + timedelta(days))
amounts = st.integers(0, 500).map(lambda cents: Decimal(cents) / 100 + Decimal("0.00"))
blanks = st.sampled_from((None, "", " ", "\u00a0\t", "\u2003\u0085", "1Z", " x "))
order_texts = st.sampled_from((*status_map("order").codes, "In  Transit", " READY-to_ship", "awaiting customs", ""))
request_texts = st.sampled_from((*status_map("product-request").codes, "Under Review", "it's odd", ""))
lines = st.builds(Line, st.just("p"), st.integers(-1, 4), st.booleans(), amounts)
authorizations = st.builds(
    Authorization,
    st.integers(1, 12).map(str),
    st.sampled_from((*STATES, "approved", "approved", "Approved", "partially approved", "expired", "odd", None)),
    approved_on=st.none() | days,
    expires_on=st.none() | days,
    approved_units=st.none() | st.integers(0, 9),
    approved_amount=st.none() | amounts,
)
uses = st.builds(
    Use, st.integers(1, 12).map(str), st.none() | order_texts, st.integers(0, 4), amounts, st.none() | days
)
common = {
    "today": st.just(DAY),
    "lines": st.lists(lines, max_size=3).map(tuple),
    "authorizations": st.lists(authorizations, max_size=4, unique_by=lambda one: one.id).map(tuple),
    "uses": st.lists(uses, max_size=4, unique_by=lambda one: one.order).map(tuple),
    "tracking_number": blanks,
    "carrier": blanks,
    "reason": blanks,
}
orders = st.builds(
    OrderFacts,
    st.none() | order_texts,
    request=st.sampled_from((None, "", "7")),
    held_from=st.none() | order_texts,
    **common,
)
requests = st.builds(
    RequestFacts,
    st.none() | request_texts,
    patient=st.sampled_from((None, "", "pat")),
    facility=st.sampled_from((None, "", "7")),
    held_from=st.none() | request_texts,
    **common,
)
cases = st.tuples(orders, order_texts) | st.tuples(requests, request_texts)


def as_json(facts: Facts) -> str:
    kind = "order" if isinstance(facts, OrderFacts) else "product-request"

    def plain(value: object) -> str:
        return str(value)

    tree = {"lifecycle": kind, **asdict(facts)}
    return json.dumps(tree, default=plain)


def told(problems: tuple[Problem, ...]) -> list[dict[str, str]]:
    return [{"code": one.code, "sentence": one.sentence, "field": one.field} for one in problems]


@settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(case=cases)
def test_the_database_decides_as_the_rules_do(portal: Session, case: tuple[Facts, str]) -> None:
    facts, status = case
    decision = move(facts, status)
    (row,) = portal.execute("SELECT lifecycle.decide(%s, %s) AS said", (as_json(facts), status))
    assert row["said"]["problems"] == told(decision.problems)
    if decision.is_allowed:
        assert row["said"]["action"] == decision.action


@settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(facts=orders | requests)
def test_each_guard_of_the_database_says_what_the_rule_says(portal: Session, facts: Facts) -> None:
    calls = ", ".join(f"lifecycle.guard_{name}(facts) AS {name}" for name in GUARDS)
    (row,) = portal.execute(f"SELECT {calls} FROM (SELECT %s::jsonb AS facts) AS given", (as_json(facts),))
    assert row == {name: told(guard(facts)) for name, guard in GUARDS.items()}
