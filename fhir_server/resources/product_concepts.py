"""Products as CodeableConcepts: by their codes and name, as lines name them and requests ask for them.

https://hl7.org/fhir/R4/devicerequest-definitions.html#DeviceRequest.code_x_
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, and_, case, func, literal_column

from fhir_server.errors import Unprocessable
from fhir_server.mapping import spoken
from fhir_server.mapping.primitives import code_or_absent, text_or_absent
from fhir_server.mapping.source import SearchColumn, StringColumn, TokenColumn
from fhir_server.mapping.trees import ABSENT, Atomic, contains
from fhir_server.mapping.word import HeardRow, Row, Word
from fhir_server.mapping.words import DATA_ABSENT_REASON
from fhir_server.resources.order_numbers import HCPCS, HCPCS_CODES, PRODUCT_SKUS, is_hcpcs

ABSENT_REASONS = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
UNKNOWN = {"extension": [{"url": DATA_ABSENT_REASON, "valueCode": "unknown"}]}
"""A concept that FHIR demands and nobody knows."""
SEVERAL = "Multiple products"


def product_concept(name: Any, hcpcs: Any, sku: Any) -> Any:
    """The concept of a product; ABSENT where nothing of it can be said.

    >>> product_concept("Graft", "Q4101", None)["coding"][0]["code"]
    'Q4101'
    """
    hcpcs, sku, name = code_or_absent(hcpcs), code_or_absent(sku), text_or_absent(name)
    codings: list[dict[str, Any]] = []
    if hcpcs is not ABSENT and is_hcpcs(hcpcs):
        codings.append({"system": HCPCS, "code": hcpcs})
    if sku is not ABSENT:
        codings.append({"system": PRODUCT_SKUS, "code": sku, "userSelected": True})
    said = ({"coding": codings} if codings else {}) | ({} if name is ABSENT else {"text": name})
    return Atomic(said) if said else ABSENT


class requested_product(Word):  # noqa: N801
    """The one product that the lines of a request name, which they own; that they name several; or that nobody knows.

    What a client says stands where the lines say nothing.
    """

    def __init__(self, name: Column[Any], hcpcs: Column[Any], sku: Column[Any], several: Column[Any]) -> None:
        self.name, self.hcpcs, self.sku, self.several = name, hcpcs, sku, several

    def _named(self, row: Row) -> Any:
        if row.get(self.several.name) is True:
            return Atomic(coding=[{"system": ABSENT_REASONS, "code": "unknown"}], text=SEVERAL)
        return product_concept(row.get(self.name.name), row.get(self.hcpcs.name), row.get(self.sku.name))

    def compose(self, row: Row) -> Any:
        named = self._named(row)
        return UNKNOWN if named is ABSENT else named

    def decompose_from(self, source: dict[str, Any], name: str, row: HeardRow) -> bool:
        owned = ABSENT if row.current is None else self._named(row.current)
        if owned is not ABSENT and not contains(source.get(name), owned):
            raise Unprocessable(
                "DeviceRequest.code says what the lines of the orders name and is changed there",
                ("DeviceRequest.code",),
            )
        return False

    def search_columns(self, parameter_type: str) -> tuple[SearchColumn, ...]:
        alone = func.coalesce(self.several, False).is_(False)
        is_listed = and_(spoken.is_code(self.hcpcs), HCPCS_CODES.in_sql(self.hcpcs))
        unknown = case((self.several, literal_column("'unknown'::text")))
        return (
            TokenColumn(self.hcpcs, system=HCPCS, stored=_if_hcpcs, where=alone, said=is_listed),
            TokenColumn(self.sku, system=PRODUCT_SKUS, where=alone, said=spoken.is_code(self.sku)),
            TokenColumn(unknown, system=ABSENT_REASONS),
        )

    def text_columns(self) -> tuple[SearchColumn, ...]:
        alone = func.coalesce(self.several, False).is_(False)
        several = case((self.several, literal_column(f"'{SEVERAL}'::text")))
        return (StringColumn(self.name, where=alone, said=spoken.is_text(self.name)), StringColumn(several))


def _if_hcpcs(code: str) -> tuple[str, ...]:
    return (code,) if is_hcpcs(code) else ()
