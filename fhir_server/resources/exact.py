"""What a record of the portal has to hold to the digit, or the resource is refused.

https://hl7.org/fhir/R4/extensibility.html
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from fhir_server.errors import Unprocessable
from fhir_server.mapping.branches import array, extension
from fhir_server.mapping.primitives import Primitive, decimal_text, is_writable
from fhir_server.mapping.trees import ABSENT
from fhir_server.mapping.word import HeardRow


class exact_extension(extension):  # noqa: N801
    """An extension whose value the row holds wholly; a value that it cannot hold is an error, not a loss."""

    def __init__(self, resource_type: str, url: str, members: Mapping[str, Any]) -> None:
        super().__init__(url, members)
        self.expression = f"{resource_type}.extension('{url}')"

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        if super().decompose(value, row, sibling):
            return True
        if isinstance(value, dict) and value.get("url") == self.url:
            raise Unprocessable(f"{self.expression} is not what a record of the portal can hold", (self.expression,))
        return False


class exact_extensions(array):  # noqa: N801
    """Extensions of which each that the row holds stands there once: a second one would be in the document only."""

    def decompose(self, value: Any, row: HeardRow, sibling: Any = None) -> bool:
        said = [one.get("url") for one in value if isinstance(one, dict)] if isinstance(value, list) else []
        for item in self.items:
            if isinstance(item, exact_extension) and said.count(item.url) > 1:
                raise Unprocessable(f"{item.expression} is there more than once", (item.expression,))
        return super().decompose(value, row, sibling)


def numeric(digits: int, places: int) -> Primitive:
    """A decimal in a numeric(digits, places), which prints with that many places."""
    most, step = Decimal(10) ** (digits - places), Decimal(1).scaleb(-places)

    def to_row(said: Any) -> Any:
        number = Decimal(said) if is_writable(said) else None
        is_exact = number is not None and abs(number) < most and number == number.quantize(step)
        return said if is_exact else ABSENT

    return Primitive("decimal", decimal_text, to_row)


RATE = numeric(5, 4)
SCORE = numeric(5, 2)
