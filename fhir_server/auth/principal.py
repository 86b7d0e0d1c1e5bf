"""The one place where a request's principal is made.

https://hl7.org/fhir/R4/security.html#authorization
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fhir_server.interactions.request import Principal

_LOCAL: Final = Principal()


def principal_for(environ: Mapping[str, Any]) -> Principal:
    """Who sent the request with this WSGI environment.

    Always the anonymous local principal: there is no sign-in yet, and the settings refuse to listen beyond loopback.
    """
    return _LOCAL
