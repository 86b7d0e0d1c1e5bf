"""The codes of v3 ServiceDeliveryLocationRoleType that the portal's facilities can be.

http://terminology.hl7.org/ValueSet/v3-ServiceDeliveryLocationRoleType
"""

from __future__ import annotations

LOCATION_TYPES = frozenset(
    {"HOSP", "GACH", "RH", "HU", "ER", "ICU", "OF", "NCCF", "SNF", "MOBL", "PTRES", "DX", "AMB", "COMM"}
)
