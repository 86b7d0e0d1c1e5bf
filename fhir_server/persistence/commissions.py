"""Commission records and what they are computed of: sales of a representative, plans, the records under lock."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

from psycopg import Connection

from business.commission_plans import Override, Period, Plan, Sale, Tier
from business.commissions import Change, CommissionRecord
from fhir_server.errors import Unprocessable

_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class DatedPlan:
    """A plan and the months for which it holds."""

    plan: Plan
    valid_from: date
    valid_until: date | None

    def holds_in(self, period: Period) -> bool:
        """Whether it holds on the first day of a month."""
        day = date(period.year, period.month, 1)
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)


@dataclass(frozen=True, slots=True)
class KeptRecord:
    """A record, and the logical id of its resource where it is one."""

    record: CommissionRecord
    fhir_id: str | None


def lock_commissions(connection: Connection[Any]) -> None:
    """Let one transaction at a time calculate commissions: a month's tier depends on all orders of the month."""
    connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('lifecycle.commissions', 0))")


def user_of_practitioner(connection: Connection[Any], fhir_id: str) -> int | None:
    """The key of the user who is a Practitioner; None where no user is."""
    sql = "SELECT user_id FROM fhir_practitioners WHERE fhir_id = %s AND deleted_at IS NULL"
    row = connection.execute(sql, (fhir_id,)).fetchone()
    return None if row is None else row[0]


def seller_and_day(connection: Connection[Any], order: str) -> tuple[int | None, date | None]:
    """Whose sale an order is, by its logical id, and when it was delivered."""
    row = connection.execute(
        "SELECT g.sales_rep_id, lifecycle.delivered_on(o.id) FROM orders AS o"
        " JOIN product_requests AS r ON r.id = o.product_request_id"
        " LEFT JOIN organizations AS g ON g.id = r.organization_id WHERE o.fhir_id = %s AND o.deleted_at IS NULL",
        (order,),
    ).fetchone()
    return (None, None) if row is None else (row[0], row[1])


def plans(connection: Connection[Any]) -> tuple[DatedPlan, ...]:
    """All plans, the latest first. Raises Unprocessable for one that cannot be read."""
    rows = connection.execute(
        "SELECT name, valid_from, valid_until, tiers, overrides FROM commission_plans ORDER BY valid_from DESC, id DESC"
    ).fetchall()
    found = []
    for name, valid_from, valid_until, tiers, overrides in rows:
        try:
            plan = Plan(tuple(_tier(one) for one in _read(tiers)), _overrides(_read(overrides)))
        except (KeyError, TypeError, AttributeError, InvalidOperation):
            raise Unprocessable(f"The commission plan '{name}' has tiers or overrides that cannot be read") from None
        found.append(DatedPlan(plan, valid_from, valid_until))
    return tuple(found)


def _read(said: bytes) -> Any:
    return json.loads(said, parse_float=Decimal)


def _tier(said: dict[str, Any]) -> Tier:
    bonus = said.get("bonus")
    return Tier(
        str(said["name"])[:20], Decimal(said["from"]), Decimal(said["rate"]), None if bonus is None else Decimal(bonus)
    )


def _overrides(said: dict[str, Any]) -> MappingProxyType[str, tuple[Override, ...]]:
    return MappingProxyType(
        {
            seller: tuple(Override(str(one["receiver"]), Decimal(one["rate"])) for one in listed)
            for seller, listed in said.items()
        }
    )


def sales(connection: Connection[Any], seller: int) -> tuple[Sale, ...]:
    """All orders of the organizations of a representative that were ever delivered."""
    rows = connection.execute(
        "SELECT s.id, s.amount, s.status, s.delivered_on, s.organization FROM ("
        " SELECT o.id, o.status, g.id AS organization, lifecycle.delivered_on(o.id) AS delivered_on,"
        "  coalesce(o.total_amount, (SELECT sum(coalesce(i.total_price, i.unit_price * i.quantity))"
        "   FROM order_items AS i WHERE i.order_id = o.id AND i.deleted_at IS NULL), 0.00) AS amount"
        " FROM orders AS o JOIN product_requests AS r ON r.id = o.product_request_id"
        " JOIN organizations AS g ON g.id = r.organization_id"
        " WHERE g.sales_rep_id = %s AND o.deleted_at IS NULL) AS s"
        " WHERE s.delivered_on IS NOT NULL ORDER BY s.id",
        (seller,),
    ).fetchall()
    return tuple(
        Sale(str(order), str(seller), amount.quantize(_CENT), status, delivered, str(organization))
        for order, amount, status, delivered, organization in rows
    )


# The columns of the portal; whether the rows are resources, and deleted ones, is told by what else a row has.
_RECORDS = """
SELECT c.id, c.sales_rep_id, c.order_id, c.commission_type, c.base_amount, c.commission_rate, c.commission_amount,
       c.tier_level, c.period_year, c.period_month, c.status, c.organization_id, lifecycle.day_of(c.paid_at),
       to_jsonb(c) ->> 'fhir_id'
FROM commission_records AS c WHERE {which} AND to_jsonb(c) ->> 'deleted_at' IS NULL ORDER BY c.id
"""
_OF_ORDERS = _RECORDS.format(which="c.order_id = ANY(%(orders)s)") + " FOR UPDATE OF c"
_OF_MONTH = _RECORDS.format(
    which="c.sales_rep_id = %(user)s AND c.period_year = %(year)s AND c.period_month = %(month)s"
)


def records_of_month(connection: Connection[Any], user: int, period: Period) -> tuple[KeptRecord, ...]:
    """The records of a representative for a month."""
    said = {"user": user, "year": period.year, "month": period.month}
    return tuple(_kept(row) for row in connection.execute(_OF_MONTH, said))


def lock_records(connection: Connection[Any], orders: Iterable[str]) -> tuple[CommissionRecord, ...]:
    """All records of orders, locked until the transaction ends."""
    said = {"orders": sorted(int(order) for order in orders)}
    return tuple(_kept(row).record for row in connection.execute(_OF_ORDERS, said))


def _kept(row: Sequence[Any]) -> KeptRecord:
    key, user, order, kind, base, rate, amount, tier, year, month, status, organization, paid_on, fhir_id = row
    record = CommissionRecord(
        str(key), str(user), str(order), kind, base, rate, amount, tier, year, month, status,
        None if organization is None else str(organization), paid_on,
    )  # fmt: skip
    return KeptRecord(record, fhir_id)


_COLUMNS = (
    "sales_rep_id", "order_id", "organization_id", "commission_type", "base_amount", "commission_rate",
    "commission_amount", "tier_level", "period_month", "period_year", "status",
)  # fmt: skip
_INSERT = (
    f"INSERT INTO commission_records ({', '.join(_COLUMNS)}) VALUES ({', '.join(f'%({name})s' for name in _COLUMNS)})"
)
_UPDATE = f"UPDATE commission_records SET {', '.join(f'{name} = %({name})s' for name in _COLUMNS)} WHERE id = %(id)s"


def store(connection: Connection[Any], changes: Iterable[Change]) -> None:
    """Make the rows what a recalculation says they should be."""
    for change in changes:
        record = change.record
        values = (
            int(record.representative), int(record.order),
            None if record.organization is None else int(record.organization),
            record.type, record.base, record.rate, record.amount, record.tier, record.month, record.year, record.status,
        )  # fmt: skip
        said: dict[str, Any] = dict(zip(_COLUMNS, values, strict=True))
        if change.action == "add":
            connection.execute(_INSERT, said)
        else:
            connection.execute(_UPDATE, {**said, "id": int(record.id or 0)})


def today(connection: Connection[Any]) -> date:
    """The day by which the rules of the database go."""
    ((day,),) = connection.execute("SELECT lifecycle.day_of(now())")
    found: date = day
    return found
