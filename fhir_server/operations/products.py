"""The products that a request asks for, as `DeviceRequest/$submit` is told them."""

from __future__ import annotations

from collections.abc import Mapping

from fhir_server.errors import InvalidRequest
from fhir_server.operations.arguments import Arguments
from fhir_server.operations.operation import OperationParameter

DEVICE = OperationParameter("device", "in", 1, "1", "Reference", "The DeviceDefinition of the product.")
QUANTITY = OperationParameter("quantity", "in", 0, "1", "positiveInt", "How many; one without it.")
PRODUCT = OperationParameter(
    "product",
    "in",
    0,
    "*",
    None,
    "A product that is asked for. They replace the products that the request asked for before; orders that exist"
    " count before both.",
    (DEVICE, QUANTITY),
)
_MOST = 999_999


def products_of(given: Arguments) -> Mapping[str, int]:
    """Logical id of each DeviceDefinition → how many. Raises InvalidRequest."""
    found: dict[str, int] = {}
    for name, parts in given.groups:
        if name != PRODUCT.name:
            continue
        parts.only((DEVICE.name, QUANTITY.name))
        quantity = parts.positive(QUANTITY.name) or 1
        device = parts.reference(DEVICE.name, "DeviceDefinition")
        if device is None:
            raise InvalidRequest("Each product needs a device, a reference to a DeviceDefinition.", (DEVICE.name,))
        found[device] = found.get(device, 0) + quantity
        if found[device] > _MOST:
            raise InvalidRequest(f"Nobody asks for more than {_MOST} of a product.", (QUANTITY.name,))
    return found
