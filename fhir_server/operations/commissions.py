"""What sales earn: `Basic/$commission-calculate` and `Basic/$commission-statement`, over `business/commissions.py`.

https://hl7.org/fhir/R4/basic.html
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any

from psycopg import Connection

from business.commission_plans import Earning, Period, earnings
from business.commissions import Change, recalculate, statement
from fhir_server.errors import InvalidRequest, NotFound, Unprocessable
from fhir_server.interactions.answers import json_answer
from fhir_server.interactions.context import Context, audit_of
from fhir_server.interactions.request import FhirRequest, FhirResponse
from fhir_server.json_text import DecimalText, Tree
from fhir_server.mapping.minted import logical_id
from fhir_server.operations.arguments import Arguments, arguments_of
from fhir_server.operations.operation import TYPE, Operation, OperationParameter
from fhir_server.persistence import commissions as rows
from fhir_server.persistence.audit import record
from fhir_server.persistence.lifecycles import act_as
from fhir_server.resources.canonical import PORTAL_IDENTIFIER
from fhir_server.resources.order_numbers import USER

_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")

SALES_REP = OperationParameter(
    "sales-rep", "in", 1, "1", "Reference", "The Practitioner who sells, or the identifier of a user of the portal."
)
PERIOD = OperationParameter("period", "in", 1, "1", "date", "The month, such as 2025-03.")


def commission_statement(context: Context, request: FhirRequest, resource_type: str) -> FhirResponse:
    """The records of a representative for a month, with their sums."""
    given = arguments_of(request, context.limits)
    given.only(("sales-rep", "period"))
    period = _period(given, needed=True)

    def work(connection: Connection[Any]) -> Tree:
        user = _user(context, connection, given)
        kept = rows.records_of_month(connection, user, period)
        record(connection, audit_of(request, "commission-statement", resource_type, status=200))
        return _statement(given, user, period, kept)

    return json_answer(context.database.transaction(work))


def commission_calculate(context: Context, request: FhirRequest, resource_type: str) -> FhirResponse:
    """Bring the records of a representative's month, or of the month of an order, to what the plan says."""
    given = arguments_of(request, context.limits)
    given.only(("sales-rep", "period", "order"))
    order = given.reference("order", "Task")
    if (order is None) == (not given.trees("sales-rep")):
        raise InvalidRequest("The operation needs an order, or a sales-rep and a period.", ("order",))
    period = _period(given, needed=order is None)

    def work(connection: Connection[Any]) -> Tree:
        rows.lock_commissions(connection)
        act_as(connection, request.principal.user_id)
        if order is None:
            seller, month = _user(context, connection, given), period
        else:
            seller, month = _of_order(connection, context.database.row_ids.one(order))
        changes = calculate(connection, seller, month)
        record(connection, audit_of(request, "commission-calculate", resource_type, status=200))
        return _said(changes)

    return json_answer(context.database.transaction(work))


def calculate(connection: Connection[Any], seller: int, period: Period) -> tuple[Change, ...]:
    """What changed in the records of the orders that a representative sold in a month; none the second time.

    The caller holds `lock_commissions`. Raises Unprocessable without a plan for one of the months.
    """
    sold = rows.sales(connection, seller)
    kept = rows.records_of_month(connection, seller, period)
    concerned = {sale.order for sale in sold if sale.delivered_on and Period.of(sale.delivered_on) == period}
    concerned |= {one.record.order for one in kept}
    plans = rows.plans(connection)
    earned: list[Earning] = []
    # An order of a record may have been delivered in another month, whose tier then counts.
    for month in sorted(
        {Period.of(sale.delivered_on) for sale in sold if sale.delivered_on and sale.order in concerned}
    ):
        plan = next((one.plan for one in plans if one.holds_in(month)), None)
        if plan is None:
            raise Unprocessable(f"There is no commission plan for {month.year}-{month.month:02}")
        of_month = [sale for sale in sold if sale.delivered_on and Period.of(sale.delivered_on) == month]
        earned += [one for one in earnings(of_month, plan) if one.order in concerned]
    changes = recalculate(earned, rows.lock_records(connection, concerned), Period.of(rows.today(connection)))
    rows.store(connection, changes)
    return changes


def _of_order(connection: Connection[Any], fhir_id: str) -> tuple[int, Period]:
    seller, delivered = rows.seller_and_day(connection, fhir_id)
    if seller is None or delivered is None:
        raise Unprocessable("The order was not delivered, or nobody is responsible for the sale", ("Task",))
    return seller, Period.of(delivered)


def _period(given: Arguments, *, needed: bool) -> Period:
    text = given.text("period")
    if text is None and not needed:
        return Period(1, 1)
    matched = _MONTH.fullmatch(text or "")
    if matched is None or matched[1] == "0000":
        raise InvalidRequest("The parameter 'period' must be a month such as 2025-03.", ("period",))
    return Period(int(matched[1]), int(matched[2]))


def _user(context: Context, connection: Connection[Any], given: Arguments) -> int:
    said = given.identifier("sales-rep", USER)
    if said is not None and said.isascii() and said.isdecimal() and len(said) < 19:
        return int(said)
    practitioner = given.reference("sales-rep", "Practitioner")
    if practitioner is None:
        raise InvalidRequest("The parameter 'sales-rep' must refer to a Practitioner.", ("sales-rep",))
    user = rows.user_of_practitioner(connection, context.database.row_ids.one(practitioner))
    if user is None:
        raise NotFound("There is no such sales representative")
    return user


def _statement(given: Arguments, user: int, period: Period, kept: tuple[rows.KeptRecord, ...]) -> Tree:
    found = statement((one.record for one in kept), str(user), period)
    first = date(period.year, period.month, 1)
    last = date(period.year + period.month // 12, period.month % 12 + 1, 1).toordinal() - 1
    said: list[Tree] = [
        {"name": "sales-rep", "valueReference": _who(given, user)},
        {"name": "period", "valuePeriod": {"start": first.isoformat(), "end": date.fromordinal(last).isoformat()}},
        {"name": "total", "valueDecimal": _number(found.total)},
    ]
    for name, sums in (("type", found.by_type), ("standing", found.by_standing), ("tier", found.by_tier)):
        said += [_sum(name, of, amount) for of, amount in sorted(sums.items()) if of]
    for one in kept:
        problems = found.problems.get(one.record.id or "", ())
        said.append(
            {
                "name": "record",
                "part": [
                    {"name": "reference", "valueReference": _reference(one)},
                    *({"name": name, "valueString": text} for name, text in _texts(one)),
                    *({"name": name, "valueDecimal": _number(number)} for name, number in _numbers(one)),
                    *({"name": "problem", "valueString": problem.sentence} for problem in problems),
                ],
            }
        )
    return {"resourceType": "Parameters", "parameter": said}


def _who(given: Arguments, user: int) -> Tree:
    practitioner = given.reference("sales-rep", "Practitioner")
    if practitioner is not None:
        return {"reference": f"Practitioner/{practitioner}"}
    return {"type": "Practitioner", "identifier": {"system": USER, "value": str(user)}}


def _reference(one: rows.KeptRecord) -> Tree:
    if one.fhir_id is not None:
        return {"reference": f"Basic/{logical_id(one.fhir_id)}"}
    return {"type": "Basic", "identifier": {"system": PORTAL_IDENTIFIER, "value": one.record.id or ""}}


def _texts(one: rows.KeptRecord) -> list[tuple[str, str]]:
    said = (("type", one.record.type), ("status", one.record.status), ("tier", one.record.tier))
    return [(name, text) for name, text in said if text and text.strip()]


def _numbers(one: rows.KeptRecord) -> list[tuple[str, Decimal]]:
    said = (("base", one.record.base), ("rate", one.record.rate), ("amount", one.record.amount))
    return [(name, number) for name, number in said if number is not None]


def _sum(name: str, of: str, amount: Decimal) -> Tree:
    parts: list[Tree] = [{"name": name, "valueString": of}, {"name": "amount", "valueDecimal": _number(amount)}]
    return {"name": f"by-{name}", "part": parts}


def _number(number: Decimal) -> DecimalText:
    return DecimalText(str(number))


def _said(changes: tuple[Change, ...]) -> Tree:
    counted = Counter(change.action for change in changes)
    said: list[Tree] = [
        {"name": name, "valueInteger": counted[action]}
        for name, action in (("added", "add"), ("changed", "change"), ("voided", "void"))
    ]
    for change in changes:
        amount = change.record.amount
        parts: list[Tree] = [
            {"name": "action", "valueCode": change.action},
            {"name": "type", "valueString": change.record.type or "unknown"},
            *([] if amount is None else [{"name": "amount", "valueDecimal": _number(amount)}]),
            {"name": "reason", "valueString": change.reason},
        ]
        said.append({"name": "change", "part": parts})
    return {"resourceType": "Parameters", "parameter": said}


def _out(name: str, low: int, high: str, kind: str, documentation: str) -> OperationParameter:
    return OperationParameter(name, "out", low, high, kind, documentation)


def _sums(name: str) -> OperationParameter:
    parts = (_out(name, 1, "1", "string", "Of what."), _out("amount", 1, "1", "decimal", "The sum."))
    return OperationParameter(f"by-{name}", "out", 0, "*", None, f"The sum of the records of one {name}.", parts)


_RECORD = OperationParameter(
    "record",
    "out",
    0,
    "*",
    None,
    "A commission record.",
    (
        _out("reference", 1, "1", "Reference", "Its Basic."),
        _out("type", 0, "1", "string", "order, bonus or override."),
        _out("status", 0, "1", "string", "How far it is."),
        _out("tier", 0, "1", "string", "The tier that was reached."),
        _out("base", 0, "1", "decimal", "Of what."),
        _out("rate", 0, "1", "decimal", "How much of it."),
        _out("amount", 0, "1", "decimal", "Base times rate."),
        _out("problem", 0, "*", "string", "What is wrong with it."),
    ),
)
_CHANGE = OperationParameter(
    "change",
    "out",
    0,
    "*",
    None,
    "What was done to a record.",
    (
        _out("action", 1, "1", "code", "add, change or void."),
        _out("type", 1, "1", "string", "order, bonus or override."),
        _out("amount", 0, "1", "decimal", "The amount that it now has."),
        _out("reason", 1, "1", "string", "Why."),
    ),
)

COMMISSIONS: tuple[Operation, ...] = (
    Operation(
        "commission-statement",
        "Basic-commission-statement",
        "Basic",
        frozenset({TYPE}),
        False,
        commission_statement,
        "Statement of commissions",
        "The commission records of a sales representative for a month, and their sums by type, standing and tier.",
        (
            SALES_REP,
            PERIOD,
            _out("sales-rep", 1, "1", "Reference", "Whose statement it is."),
            _out("period", 1, "1", "Period", "The month."),
            _out("total", 1, "1", "decimal", "The sum of all records that count."),
            _sums("type"),
            _sums("standing"),
            _sums("tier"),
            _RECORD,
        ),
    ),
    Operation(
        "commission-calculate",
        "Basic-commission-calculate",
        "Basic",
        frozenset({TYPE}),
        True,
        commission_calculate,
        "Calculate commissions",
        "Brings the commission records of a representative's month, or of the month in which an order was delivered, to"
        " what the commission plan says. Paid records stay; what changed is a record of its own. A second call changes"
        " nothing.",
        (
            OperationParameter("sales-rep", "in", 0, "1", "Reference", "The Practitioner who sells."),
            OperationParameter("period", "in", 0, "1", "date", "The month, such as 2025-03."),
            OperationParameter("order", "in", 0, "1", "Reference", "The Task of an order, instead of both."),
            _out("added", 1, "1", "integer", "How many records are new."),
            _out("changed", 1, "1", "integer", "How many were corrected."),
            _out("voided", 1, "1", "integer", "How many are void now."),
            _CHANGE,
        ),
    ),
)
