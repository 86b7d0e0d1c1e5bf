"""DeviceDefinition over products: the portal's catalogue, without its prices.

https://hl7.org/fhir/R4/devicedefinition.html. FHIR reads and corrects products; new ones are the portal's.
"""

from __future__ import annotations

from fhir_server.mapping.branches import array, extension
from fhir_server.mapping.concepts import concept, reference
from fhir_server.mapping.identifiers import identifier, portal_id
from fhir_server.mapping.projections import derived
from fhir_server.mapping.resource import Resource
from fhir_server.persistence.tables import OPEN, products
from fhir_server.resources.canonical import EXTENSION, IDENTIFIER, PORTAL_IDENTIFIER
from fhir_server.resources.order_numbers import HCPCS_CODES, SKU

t = products.c

DEVICE_DEFINITION = Resource(
    "DeviceDefinition",
    products,
    store=OPEN,
    creatable=False,
    moves=False,
    elements={
        "extension": array(
            [
                # R4 has no element for it; whether a product is active is for the portal's own word to say.
                extension(f"{EXTENSION}/product-status", {"valueString": t.status}),
                extension(f"{EXTENSION}/requires-prior-authorization", {"valueBoolean": t.requires_prior_auth}),
                extension(f"{EXTENSION}/unit-of-measure", {"valueString": t.unit_of_measure}),
            ]
        ),
        "identifier": [
            identifier(SKU, t.sku),
            identifier(f"{IDENTIFIER}/upc", t.upc),
            portal_id(PORTAL_IDENTIFIER, t.fhir_id, t.document_version),
        ],
        "manufacturerReference": derived(
            reference("Organization", t.manufacturer_fhir_id), "DeviceDefinition.manufacturer"
        ),
        "deviceName": [{"name": t.name, "type": "user-friendly-name"}],
        "type": concept(t.hcpcs_code, HCPCS_CODES),
        "note": [{"text": t.description}],
    },
    search={"identifier": "identifier", "type": "type", "manufacturer": "manufacturerReference"},
    must_exist={"manufacturer_fhir_id": "Organization"},
)
