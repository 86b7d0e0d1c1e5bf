"""What the resources of the order chain share: numbers of the portal, product codes, texts of states, amounts.

https://hl7.org/fhir/R4/workflow.html
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, func, literal_column

from business.statuses import status_map
from fhir_server.mapping import spoken
from fhir_server.mapping.branches import extension
from fhir_server.mapping.concepts import Codes, coded, reference
from fhir_server.mapping.primitives import MONEY, token_or_absent
from fhir_server.mapping.source import SearchColumn, TokenColumn
from fhir_server.mapping.spoken import Sql
from fhir_server.mapping.trees import ABSENT, Defaulted
from fhir_server.mapping.word import Row, Word
from fhir_server.mapping.words import value
from fhir_server.resources.canonical import CODE_SYSTEM, EXTENSION, IDENTIFIER, IDENTIFIER_TYPES

REQUEST_NUMBER = f"{IDENTIFIER}/request-number"
ORDER_NUMBER = f"{IDENTIFIER}/order-number"
ORDER_LINE = f"{IDENTIFIER}/order-line"
TRACKING_NUMBER = f"{IDENTIFIER}/tracking-number"
PLACER = (IDENTIFIER_TYPES, "PLAC")

HCPCS = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
SKU = f"{IDENTIFIER}/sku"
PRODUCT_SKUS = f"{CODE_SYSTEM}/product-sku"
USER = f"{IDENTIFIER}/user"

SOURCE_PRIORITY = f"{EXTENSION}/source-priority"
PRIORITIES = "http://hl7.org/fhir/request-priority"

Tree = dict[str, Any]


def has_number(tree: Tree, system: str) -> bool:
    """Whether a resource has an identifier of that system: it is meant to be a record of the portal."""
    return any(isinstance(one, dict) and one.get("system") == system for one in tree.get("identifier", ()))


def priority(column: Column[Any]) -> coded:
    """The priority element over a portal's text."""
    return coded(column, status_map("priority").codes, system=PRIORITIES, source_url=SOURCE_PRIORITY)


def money(name: str, column: Column[Any]) -> extension:
    """An amount as an extension; the portal does not say in which currency."""
    return extension(f"{EXTENSION}/{name}", {"valueMoney": {"value": value(column, MONEY)}})


class order_of(Word):  # noqa: N801
    """The order that a line or a shipment belongs to, with its number."""

    def __init__(self, order: Column[Any], number: Column[Any]) -> None:
        self.word, self.number = reference("Task", order), number

    def compose(self, row: Row) -> Any:
        said = self.word.compose(row)
        number = token_or_absent(row.get(self.number.name))
        if said is ABSENT or number is ABSENT:
            return said
        return Defaulted(
            {**said, "identifier": {"system": ORDER_NUMBER, "value": number}},
            # Documents of before did not say it.
            frozenset({"identifier"}),
        )

    def search_columns(self, parameter_type: str) -> tuple[SearchColumn, ...]:
        if parameter_type == "reference":
            return self.word.search_columns(parameter_type)
        said = spoken.is_token(self.number)
        return (TokenColumn(self.number, system=ORDER_NUMBER, where=self.word.column.is_not(None), said=said),)


def is_hcpcs(code: str) -> bool:
    """Whether a text is formed like a level II code of HCPCS.

    >>> is_hcpcs("Q4101"), is_hcpcs("97597"), is_hcpcs("Q41O1")
    (True, False, False)
    """
    return len(code) == 5 and code.isascii() and "A" <= code[0] <= "V" and code[1:].isdigit()


def _is_hcpcs_in_sql(column: Sql) -> Sql:
    return func.coalesce(column.bool_op("~")(literal_column("'^[A-V][0-9]{4}$'")), False)


HCPCS_CODES = Codes(HCPCS, is_hcpcs, _is_hcpcs_in_sql)
