"""The steps of product requests and orders: `DeviceRequest/ID/$submit`, `Task/ID/$ship` and all others of the tables.

`business/lifecycles.py` says which there are and `business/orders.py` decides; here they only meet FHIR. An operation
changes the row, as the portal does, so a document of the resource stays as its client wrote it but for what changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from psycopg import Connection
from psycopg.errors import CheckViolation

from business.lifecycles import BACK, ORDERS, REQUESTS, Lifecycle, Transition
from business.orders import Facts, OrderFacts, apply
from business.problems import Problem
from business.statuses import normal
from fhir_server.errors import Conflict, InvalidRequest, Issue, Unprocessable
from fhir_server.interactions import preconditions
from fhir_server.interactions.answers import written_answer
from fhir_server.interactions.context import Context, audit_of
from fhir_server.interactions.request import FhirRequest, FhirResponse
from fhir_server.interactions.storing import as_written
from fhir_server.mapping.minted import version_name
from fhir_server.mapping.resource import Resource
from fhir_server.operations.arguments import Arguments, arguments_of
from fhir_server.operations.instances import living
from fhir_server.operations.operation import INSTANCE, Operation, OperationParameter
from fhir_server.operations.products import PRODUCT, products_of
from fhir_server.persistence import lifecycles as rows
from fhir_server.persistence.audit import record
from fhir_server.persistence.states import State, lock_states, state_after

_REQUEST_STEPS: Mapping[str, str] = {
    "submit": "The clinic asks for what the request says. It needs a patient, a facility and a product.",
    "review": "Somebody looks at the request.",
    "request-ivr": "The insurance has to be verified.",
    "send-ivr": "The form that verifies the insurance was sent.",
    "confirm-ivr": "The insurance is verified.",
    "request-approval": "The request waits for an approval.",
    "ask": "The clinic has to say more.",
    "approve": "The request is approved.",
    "reject": "The request is turned down.",
    "order": "The products are ordered. Those that require a prior authorization need one that is valid and has room.",
    "send": "The order went to the manufacturer.",
    "ship-part": "A part of the products is on its way.",
    "ship": "The products are on their way.",
    "deliver": "The products arrived.",
    "complete": "Nothing is left to do.",
    "hold": "The request rests.",
    "resume": "The request goes on where it was held.",
    "withdraw": "The clinic takes the request back.",
    "cancel": "The request is given up.",
    "expire": "The request was not dealt with in time.",
    "void": "The request should never have been made.",
}
_ORDER_STEPS: Mapping[str, str] = {
    "place": "The order goes to the manufacturer.",
    "receive": "The manufacturer has the order.",
    "accept": "The manufacturer takes the order on. Products that require a prior authorization need a valid one.",
    "reject": "The manufacturer does not take the order on.",
    "process": "The products are being made.",
    "backorder": "The products are not in stock.",
    "ready": "The products are packed.",
    "ship-part": "A part of the products left; needs a tracking number or a carrier.",
    "ship": "The products left; needs a tracking number or a carrier. An order is shipped once.",
    "carry": "The carrier has the parcel.",
    "bring": "The parcel is being brought.",
    "deliver": "The products arrived.",
    "complete": "Nothing is left to do.",
    "hold": "The order rests.",
    "resume": "The order goes on where it was held.",
    "cancel": "The order is given up before it is shipped.",
    "fail": "The order cannot be fulfilled.",
    "return": "The products came back.",
    "refund": "The price is paid back.",
    "void": "The order should never have been made.",
}

TRACKING_NUMBER = OperationParameter(
    "tracking-number", "in", 0, "1", "string", "The number by which the carrier knows it."
)
CARRIER = OperationParameter("carrier", "in", 0, "1", "string", "Who carries it.")
_COLUMNS: Mapping[str, str] = {"tracking_number": "tracking-number", "status_reason": "reason", "product_id": "product"}
"""Facts that a parameter gives, by the field that a problem names."""
_LENGTHS: Mapping[str, int] = {"tracking-number": 100, "carrier": 50, "reason": 2000}


def _parameters(resource_type: str, transition: Transition) -> tuple[OperationParameter, ...]:
    needed = "reason" in transition.guards
    reason = OperationParameter("reason", "in", int(needed), "1", "string", "Why; becomes the reason of the status.")
    shipment = (TRACKING_NUMBER, CARRIER) if "shipment" in transition.guards else ()
    product = (PRODUCT,) if transition.action == "submit" else ()
    answer = OperationParameter("return", "out", 1, "1", resource_type, "The resource after the step.")
    return (*product, *shipment, reason, answer)


class Step:
    """Runs one action of a lifecycle on a resource: locks it, asks the rules, changes the row."""

    def __init__(self, table: str, lifecycle: Lifecycle, transition: Transition, inputs: tuple[str, ...]) -> None:
        self.table, self.lifecycle, self.transition, self.inputs = table, lifecycle, transition, inputs

    def __call__(self, context: Context, request: FhirRequest, resource_type: str, fhir_id: str) -> FhirResponse:
        """The resource after the step; raises Unprocessable with all problems, Conflict where it was done already."""
        given = arguments_of(request, context.limits, groups=(PRODUCT.name,))
        given.only(self.inputs)
        texts = {name: _text(given, name) for name in _LENGTHS if name in self.inputs}
        products = products_of(given)

        def work(connection: Connection[Any]) -> FhirResponse:
            identity = (resource_type, fhir_id)
            if self.table == "orders":
                rows.lock_request_of(connection, fhir_id)
            state = lock_states(connection, context.registry, [identity]).get(identity)
            preconditions.check(request.headers.get("if-match"), request.headers.get("if-none-match"), state)
            resource = self._declared(context, living(state))
            rows.act_as(connection, request.principal.user_id)
            if products:
                rows.set_products(
                    connection, fhir_id, {context.database.row_ids.one(one): products[one] for one in products}
                )
            row = rows.standing(connection, self.table, fhir_id)
            try:
                self._take(connection, resource, row, living(state), texts)
                after = state_after(connection, living(state))
            except CheckViolation as error:
                # Allowed a moment ago: what the rules look at beside the locked rows has changed.
                told = rows.against_the_rules(resource, error)
                raise Conflict(told.diagnostics, issues=told.issues) from None
            entity = version_name(resource_type, fhir_id, after.version_id)
            name = self.transition.action
            record(connection, audit_of(request, name, resource_type, fhir_id, status=200, entities=(entity,)))
            return written_answer(request, as_written(context, after))

        return context.database.transaction(work)

    def _take(
        self,
        connection: Connection[Any],
        resource: Resource,
        row: rows.Standing,
        state: State,
        texts: Mapping[str, str | None],
    ) -> None:
        facts = _with(row.facts, texts)
        self._refuse_again(resource, row.facts, facts)
        decision = apply(facts, self.transition.action)
        if not decision.is_allowed:
            issues = tuple(self._issue(resource, problem) for problem in decision.problems)
            raise Unprocessable(" ".join(issue.diagnostics for issue in issues), issues=issues)
        values: dict[str, Any] = {"status": decision.new_status, "status_reason": texts.get("reason")}
        if isinstance(facts, OrderFacts) and "shipment" in self.transition.guards:
            values |= {"tracking_number": facts.tracking_number, "shipping_carrier": facts.carrier}
        if (stamp := _STAMPS.get((self.table, self.transition.action))) and state.row.get(stamp) is None:
            values[stamp] = datetime.now(UTC)
        rows.take_step(connection, row, values)

    def _declared(self, context: Context, state: State) -> Resource:
        resource = context.registry.resource(state.source)
        if resource is None or state.source.table.name != self.table:
            raise Unprocessable(f"Only a {self.lifecycle.name} of the portal has this step")
        return resource

    def _refuse_again(self, resource: Resource, stored: Facts, said: Facts) -> None:
        """What was done already is done by nobody a second time; who repeats a call is told whether it was the same."""
        status, target = stored.status, self.transition.target
        if status is None or target == BACK or self.lifecycle.same.get(normal(status), normal(status)) != target:
            return
        told = f"The {self.lifecycle.name} is '{status}' already"
        if "shipment" in self.transition.guards:
            same = (stored.tracking_number, stored.carrier) == (said.tracking_number, said.carrier)
            told += ", by this tracking number and carrier" if same else ", by another tracking number or carrier"
        issue = Issue("error", "duplicate", f"{told}.", (rows.expression_of(resource, "status"),))
        raise Conflict(issue.diagnostics, issues=(issue,))

    def _issue(self, resource: Resource, problem: Problem) -> Issue:
        name = _COLUMNS.get(problem.field)
        given = name is not None and name in self.inputs
        at = f"Parameters.parameter.where(name='{name}')" if given else rows.expression_of(resource, problem.field)
        return Issue("error", "business-rule", problem.sentence, (at,))


_STAMPS: Mapping[tuple[str, str], str] = {
    ("product_requests", "submit"): "submitted_at",
    ("product_requests", "complete"): "completed_at",
}
"""When something was done, for the steps that have a column for it; a time that is there stays."""


def _with(facts: Facts, texts: Mapping[str, str | None]) -> Facts:
    return replace(
        facts,
        reason=texts.get("reason"),
        tracking_number=texts.get("tracking-number") or facts.tracking_number,
        carrier=texts.get("carrier") or facts.carrier,
    )


def _text(given: Arguments, name: str) -> str | None:
    text = given.text(name)
    if text is not None and len(text) > _LENGTHS[name]:
        raise InvalidRequest(f"The parameter '{name}' may have {_LENGTHS[name]} characters.", (name,))
    return text


def _operation(
    resource_type: str, table: str, lifecycle: Lifecycle, transition: Transition, description: str
) -> Operation:
    parameters = _parameters(resource_type, transition)
    inputs = tuple(one.name for one in parameters if one.use == "in")
    action = transition.action
    return Operation(
        action,
        f"{resource_type}-{action}",
        resource_type,
        frozenset({INSTANCE}),
        True,
        Step(table, lifecycle, transition, inputs),
        f"{action.replace('-', ' ').capitalize()} a {lifecycle.name}",
        description,
        parameters,
    )


STEPS: tuple[Operation, ...] = (
    *(_operation("DeviceRequest", "product_requests", REQUESTS, one, _REQUEST_STEPS[one.action])
      for one in REQUESTS.transitions),
    *(_operation("Task", "orders", ORDERS, one, _ORDER_STEPS[one.action]) for one in ORDERS.transitions),
)  # fmt: skip
