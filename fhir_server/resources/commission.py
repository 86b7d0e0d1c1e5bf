"""Basic over commission_records: what a sales representative earns by an order (https://hl7.org/fhir/R4/basic.html).

A Basic `commission-record` is one of the portal's; all others live in the generic store. It shows no patient: its
subject is the sales representative.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from sqlalchemy import Column, Date, and_, case, cast, func, literal_column, or_

from business.statuses import status_map
from fhir_server.errors import Unprocessable
from fhir_server.mapping.concepts import coded, reference, source_status
from fhir_server.mapping.identifiers import portal_id
from fhir_server.mapping.intervals import day_columns, is_sayable, midnight
from fhir_server.mapping.primitives import DATE, EXACT_INSTANT, MONEY, instant_text
from fhir_server.mapping.resource import Resource
from fhir_server.mapping.source import DateColumn, SearchColumn, TokenColumn
from fhir_server.mapping.trees import ABSENT, Atomic
from fhir_server.mapping.word import HeardRow, Row, Word
from fhir_server.mapping.words import always, value
from fhir_server.persistence.tables import OPEN, commission_records
from fhir_server.resources.canonical import CODE_SYSTEM, EXTENSION, PORTAL_IDENTIFIER, SOURCE_STATUS
from fhir_server.resources.device_request import requester
from fhir_server.resources.exact import RATE, exact_extension, exact_extensions
from fhir_server.resources.portal_tasks import has_coding

RECORDS = f"{CODE_SYSTEM}/record"
KIND = "commission-record"

t = commission_records.c


class commission_status(coded):  # noqa: N801
    """The state, which has one text each: another text stands in an extension of the resource."""

    is_text_beside = False

    def compose_sibling(self, row: Row) -> Any:
        return ABSENT

    def token_columns(self) -> tuple[TokenColumn, ...]:
        """The columns of our own parameter; a document may say what the row does not hold."""
        found = (column for column in self.search_columns("token") if isinstance(column, TokenColumn))
        return tuple(replace(column, complete=False) for column in found)


class month(Word):  # noqa: N801
    """A Period of one month, or of one year, in two columns of numbers."""

    _SAID = re.compile(r"(?!0000)([0-9]{4})(?:-(0[1-9]|1[0-2]))?")

    def __init__(self, year: Column[Any], number: Column[Any]) -> None:
        self.year, self.number = year, number
        self.columns = (year.name, number.name)

    def compose(self, row: Row) -> Any:
        year, number = row.get(self.year.name), row.get(self.number.name)
        if not isinstance(year, int) or not 1 <= year <= 9999 or not (number is None or 1 <= number <= 12):
            return ABSENT
        said = f"{year:04}" if number is None else f"{year:04}-{number:02}"
        return Atomic(start=said, end=said)

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        said = value.get("start") if isinstance(value, dict) else None
        match = self._SAID.fullmatch(said) if isinstance(said, str) and value.get("end") == said else None
        if match is None:
            return False
        row[self.year.name], row[self.number.name] = int(match[1]), match[2] and int(match[2])
        return True

    def search_columns(self, parameter_type: str) -> tuple[SearchColumn, ...]:
        is_said = and_(
            self.year.between(literal_column("1"), literal_column("9999")),
            or_(self.number.is_(None), self.number.between(literal_column("1"), literal_column("12"))),
        )
        # CASE: the date must not be made of numbers that are none of one.
        first = case(
            (is_said, func.make_date(self.year, func.coalesce(self.number, literal_column("1")), literal_column("1")))
        )
        length = case(
            (self.number.is_(None), literal_column("interval '1 year'")), else_=literal_column("interval '1 month'")
        )
        ends_time = and_(
            self.year == literal_column("9999"),
            func.coalesce(self.number, literal_column("12")) == literal_column("12"),
        )
        high = case((ends_time, literal_column("'infinity'::timestamptz")), else_=midnight(first + length))
        return (DateColumn(midnight(first), high, is_day=True, where=func.coalesce(is_said, False)),)


class day_of(Word):  # noqa: N801
    """A date of which the column holds the time too, by the clock of UTC."""

    def __init__(self, moment: Column[Any]) -> None:
        self.moment = moment
        self.columns = (moment.name,)

    def compose(self, row: Row) -> Any:
        said = instant_text(row.get(self.moment.name))
        return said if said is ABSENT else said[:10]

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        day = DATE.decompose(value)
        if day is ABSENT:
            return False
        row[self.moment.name] = f"{day}T00:00:00+00:00"
        return True

    def search_columns(self, parameter_type: str) -> tuple[SearchColumn, ...]:
        day = cast(func.timezone(literal_column("'UTC'"), self.moment), Date)
        return (day_columns(case((is_sayable(self.moment), day))),)


class commission_parts(exact_extensions):  # noqa: N801
    """The extensions of a commission, none of which may lead to a patient: they are kept where PHI must not be."""

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        if _names_patient(value):
            raise Unprocessable("A commission must not refer to a patient", ("Basic.extension",))
        return super().decompose(value, row, sibling)


def _names_patient(node: Any) -> bool:
    if isinstance(node, dict):
        said = node.get("reference")
        return (isinstance(said, str) and "Patient/" in said) or any(map(_names_patient, node.values()))
    return isinstance(node, list) and any(map(_names_patient, node))


def part(name: str, **members: Any) -> exact_extension:
    """One of our extensions of a commission."""
    return exact_extension("Basic", f"{EXTENSION}/{name}", members)


STATUS = commission_status(t.status, status_map("commission").codes, source_url=SOURCE_STATUS, apart=True)
ORDER = reference("Task", t.order_fhir_id)
PERIOD = month(t.period_year, t.period_month)
SALES_REP = requester(t.sales_rep_fhir_id, t.sales_rep_id)

COMMISSION = Resource(
    "Basic",
    commission_records,
    # A role without PHI rights is served commissions from here; other Basic may be about patients and is elsewhere.
    store=OPEN,
    accepts=lambda tree: has_coding(tree, RECORDS, KIND),
    moves=False,
    agrees=("code", "subject", "author", "contained"),
    elements={
        "extension": commission_parts(
            [
                part("order", valueReference=ORDER),
                part("organization", valueReference=reference("Organization", t.organization_fhir_id)),
                part("commission-type", valueString=t.commission_type),
                part("base-amount", valueMoney={"value": value(t.base_amount, MONEY)}),
                part("rate", valueDecimal=value(t.commission_rate, RATE)),
                part("amount", valueMoney={"value": value(t.commission_amount, MONEY)}),
                part("tier", valueString=t.tier_level),
                part("period", valuePeriod=PERIOD),
                part("commission-status", valueCode=STATUS),
                source_status(STATUS),
                part("paid-at", valueDateTime=value(t.paid_at, EXACT_INSTANT)),
            ]
        ),
        "identifier": [portal_id(PORTAL_IDENTIFIER, t.fhir_id, t.document_version)],
        "code": always({"coding": [{"system": RECORDS, "code": KIND}]}),
        "subject": SALES_REP,
        "created": day_of(t.created_at),
        # Nobody: a patient here would take the commission into the patient's compartment.
        "author": Word(),
        # Resources within it would be kept where PHI must not be.
        "contained": Word(),
    },
    search={
        "identifier": "identifier",
        "code": "code",
        "subject": "subject",
        "sales-rep": SALES_REP.search_columns("reference"),
        "created": "created",
        "order": ORDER.search_columns("reference"),
        "period": PERIOD.search_columns("date"),
        "status": STATUS.token_columns(),
    },
    unanswered={"subject": "the key of a user without a practitioner"},
    must_exist={"order_fhir_id": "Task", "sales_rep_fhir_id": "Practitioner"},
)
