"""Steps of product requests and orders, and what stands in their way."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from business.authorizations import Authorization, Use
from business.lifecycles import BACK, ORDERS, REQUESTS, UNLISTED, Lifecycle
from business.orders import GUARDS, Decision, Facts, Line, OrderFacts, RequestFacts, allowed, apply, move
from business.statuses import normal, status_map

DAY = date(2025, 6, 1)
PLAIN = (Line("p1", 2),)
AUTHORIZED = (Line("p2", 3, True, Decimal("90.00")),)
APPROVED = (Authorization("1", "approved", "PA-1", None, date(2025, 12, 31), 10, Decimal("500.00")),)

REQUEST = RequestFacts("draft", DAY, patient="x", facility="f", lines=PLAIN, reason="because")
ORDER = OrderFacts(
    "pending", DAY, request="r", lines=AUTHORIZED, authorizations=APPROVED, carrier="UPS", reason="because"
)
EVERYTHING: dict[str, Facts] = {"product request": REQUEST, "order": ORDER}
LIFECYCLES = (REQUESTS, ORDERS)

texts = st.sampled_from(sorted({*status_map("order").codes, *status_map("product-request").codes, "odd"})) | st.none()
bases = st.sampled_from([REQUEST, ORDER, replace(ORDER, carrier=None), replace(REQUEST, patient=None)])


def walk(facts: Facts, *actions: str) -> str | None:
    for action in actions:
        decision = apply(facts, action)
        assert decision.problems == (), (action, facts.status)
        facts = replace(facts, status=decision.new_status)
    return facts.status


def codes(decision: Decision) -> list[str]:
    return [problem.code for problem in decision.problems]


def test_a_request_goes_from_draft_to_completed() -> None:
    way = ["submit", "review", "request-ivr", "send-ivr", "confirm-ivr", "request-approval", "approve", "order"]
    assert walk(REQUEST, *way, "send", "ship", "deliver", "complete") == "completed"


def test_an_order_goes_from_draft_to_completed() -> None:
    start = replace(ORDER, status="draft")
    assert walk(start, "place", "receive", "accept", "process", "ready", "ship", "deliver", "complete") == "completed"


@pytest.mark.parametrize(
    ("facts", "code", "field"),
    [
        (replace(REQUEST, patient=None), "patient-missing", "patient_fhir_id"),
        (replace(REQUEST, facility=""), "facility-missing", "facility_id"),
        (replace(REQUEST, lines=()), "product-missing", "product_id"),
        (replace(REQUEST, lines=(Line("p", 0),)), "quantity", "quantity"),
    ],
)
def test_a_request_is_not_submitted_without_patient_product_and_facility(
    facts: RequestFacts, code: str, field: str
) -> None:
    decision = apply(facts, "submit")
    assert decision.new_status == "draft"
    assert [(problem.code, problem.field) for problem in decision.problems] == [(code, field)]


def test_all_problems_are_told_at_once() -> None:
    decision = apply(RequestFacts("draft", DAY), "submit")
    assert codes(decision) == ["patient-missing", "product-missing", "facility-missing"]


@pytest.mark.parametrize("status", ["pending", "in_review", "denied", "anything", None])
def test_an_order_is_not_accepted_without_an_approved_authorization(status: str | None) -> None:
    assert not apply(replace(ORDER, authorizations=(Authorization("1", status),)), "accept").is_allowed


def test_an_order_is_not_accepted_when_the_units_are_used_up() -> None:
    used = (Use("other", "delivered", 8, Decimal("80.00")),)
    assert codes(apply(replace(ORDER, uses=used), "accept")) == ["authorization-units"]
    assert apply(replace(ORDER, uses=(replace(used[0], status="cancelled"),)), "accept").is_allowed


def test_an_order_is_not_accepted_after_the_authorization_expired() -> None:
    assert codes(apply(replace(ORDER, today=date(2026, 1, 1)), "accept")) == ["authorization-expired"]


def test_products_that_require_no_authorization_need_none() -> None:
    assert apply(replace(ORDER, lines=PLAIN, authorizations=()), "accept").is_allowed


@pytest.mark.parametrize("blank", [None, "", "  "])
def test_shipping_needs_a_tracking_number_or_a_carrier(blank: str | None) -> None:
    ready = replace(ORDER, status="ready_to_ship", carrier=blank)
    assert codes(apply(ready, "ship")) == ["shipment-missing"]
    assert apply(replace(ready, tracking_number="1Z"), "ship").is_allowed
    assert apply(replace(ready, carrier="UPS"), "ship").is_allowed


@pytest.mark.parametrize("status", ["shipped", "Shipped", "in_transit", "out for delivery", "delivered", "completed"])
def test_nobody_ships_twice(status: str) -> None:
    again = replace(ORDER, status=status)
    assert codes(apply(again, "ship")) == ["wrong-status"]
    assert "ship" not in [transition.action for transition in allowed(again)]
    assert normal(status) == "shipped" or codes(move(again, "shipped")) == ["wrong-status"]


def test_the_rest_of_a_partial_shipment_may_still_be_shipped() -> None:
    assert walk(replace(ORDER, status="processing"), "ship-part", "ship", "deliver") == "delivered"
    assert codes(apply(replace(ORDER, status="partially_shipped"), "deliver")) == ["wrong-status"]


@pytest.mark.parametrize("action", ["reject", "fail", "void"])
def test_an_end_that_somebody_decides_needs_a_reason(action: str) -> None:
    status = "accepted" if action == "fail" else "pending"
    assert codes(apply(replace(ORDER, status=status, reason=" "), action)) == ["reason-missing"]


def test_what_is_shipped_is_not_cancelled_but_returned() -> None:
    shipped = replace(ORDER, status="shipped")
    assert codes(apply(shipped, "cancel")) == ["wrong-status"]
    assert apply(shipped, "return").new_status == "returned"


@pytest.mark.parametrize("facts", EVERYTHING.values(), ids=EVERYTHING)
@pytest.mark.parametrize("status", ["waiting for bob", "", None, "Completed!", "deliverd"])
def test_a_status_that_nobody_knows_only_leads_to_a_hold_or_an_end(facts: Facts, status: str | None) -> None:
    targets = {transition.target for transition in allowed(replace(facts, status=status))}
    assert targets <= {"on_hold", "cancelled", "failed", "void"}
    assert "void" in targets


@pytest.mark.parametrize("facts", EVERYTHING.values(), ids=EVERYTHING)
def test_no_status_nobody_knows_can_be_set(facts: Facts) -> None:
    assert codes(move(facts, "waiting for bob")) == ["unknown-status"]


def test_an_action_that_does_not_exist_names_those_that_do() -> None:
    decision = apply(ORDER, "explode")
    assert codes(decision) == ["unknown-action"]
    assert "accept" in decision.problems[0].sentence


def test_after_a_hold_the_order_goes_on_where_it_was() -> None:
    assert apply(replace(ORDER, status="on hold", held_from="In-Production"), "resume").new_status == "in_production"


@pytest.mark.parametrize("before", [None, "shipped", "delivered", "odd", "on_hold"])
def test_a_hold_is_no_way_around_the_guards(before: str | None) -> None:
    held = replace(ORDER, status="on_hold", held_from=before)
    assert apply(held, "resume").new_status == "pending"
    assert not move(held, "shipped").is_allowed


def test_setting_a_status_goes_by_the_same_guards() -> None:
    ready = replace(ORDER, status="ready", carrier=None)
    assert codes(move(ready, "Shipped")) == ["shipment-missing"]
    assert move(replace(ready, carrier="UPS"), "Shipped") == Decision("ship", "ready", "Shipped")


def test_setting_the_same_status_again_changes_nothing() -> None:
    assert move(replace(ORDER, status="Ready to ship"), "ready-to-ship").new_status == "Ready to ship"


def test_another_word_for_the_same_status_is_taken_over() -> None:
    assert move(replace(ORDER, status="accepted"), "confirmed") == Decision("keep", "accepted", "confirmed")
    assert move(ORDER, "Confirmed") == Decision("accept", "pending", "Confirmed")


@pytest.mark.parametrize("lifecycle", LIFECYCLES, ids=lambda each: each.name)
def test_the_table_names_only_listed_texts_and_existing_guards(lifecycle: Lifecycle) -> None:
    listed = status_map(lifecycle.status_map).codes
    for transition in lifecycle.transitions:
        assert transition.sources <= {*listed, UNLISTED}
        assert transition.target in {*listed, BACK}
        assert transition.target not in transition.sources
        assert set(transition.guards) <= set(GUARDS)
    for word, same in lifecycle.same.items():
        assert listed[word] == listed[same]


@pytest.mark.parametrize("lifecycle", LIFECYCLES, ids=lambda each: each.name)
def test_every_listed_status_has_a_way_out_or_is_void(lifecycle: Lifecycle) -> None:
    statuses = status_map(lifecycle.status_map)
    with_ways = {source for transition in lifecycle.transitions for source in transition.sources}
    assert {text for text in statuses.codes if text not in with_ways} == set(statuses.texts("entered-in-error"))


@pytest.mark.parametrize("lifecycle", LIFECYCLES, ids=lambda each: each.name)
def test_an_action_leads_to_one_target(lifecycle: Lifecycle) -> None:
    actions = [transition.action for transition in lifecycle.transitions]
    assert len(actions) == len(set(actions))


@pytest.mark.parametrize("lifecycle", LIFECYCLES, ids=lambda each: each.name)
def test_only_what_was_delivered_is_ever_completed(lifecycle: Lifecycle) -> None:
    completed = set(status_map(lifecycle.status_map).texts("completed"))
    after_shipping = {"shipped", "partially_shipped", "in_transit", "out_for_delivery"}
    for transition in lifecycle.transitions:
        if transition.target in completed:
            assert transition.sources <= completed | after_shipping


@given(bases, texts)
def test_allowed_and_apply_agree(facts: Facts, status: str | None) -> None:
    facts = replace(facts, status=status)
    lifecycle = ORDERS if isinstance(facts, OrderFacts) else REQUESTS
    open_now = {transition.action for transition in allowed(facts)}
    for transition in lifecycle.transitions:
        decision = apply(facts, transition.action)
        assert decision.is_allowed == (transition.action in open_now)
        if not decision.is_allowed:
            assert decision.new_status == status


@given(bases, texts, texts.filter(bool))
def test_setting_a_status_does_nothing_that_no_action_does(facts: Facts, status: str | None, wanted: str) -> None:
    facts = replace(facts, status=status)
    decision = move(facts, wanted)
    if decision.is_allowed and decision.action != "keep":
        assert decision.action in {transition.action for transition in allowed(facts)}
        assert decision.new_status == wanted


@given(bases, st.lists(st.sampled_from([t.action for t in (*ORDERS.transitions, *REQUESTS.transitions)]), max_size=30))
def test_no_walk_ships_an_order_twice(facts: Facts, actions: list[str]) -> None:
    shipped = 0
    for action in actions:
        decision = apply(facts, action)
        shipped += decision.is_allowed and action == "ship"
        facts = replace(facts, status=decision.new_status, held_from=facts.status if action == "hold" else None)
    assert shipped <= 1
