"""The one place where a request's principal is made.

https://hl7.org/fhir/R4/security.html#authorization
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fhir_server.auth.business_tokens import BusinessTokens
from fhir_server.errors import Unauthorized
from fhir_server.interactions.request import Principal

_LOCAL: Final = Principal()
_CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="fhir", error="invalid_token"'}


class Principals:
    """Tells who sent a request."""

    def __init__(self, business_tokens: BusinessTokens) -> None:
        self._business_tokens = business_tokens

    def of(self, environ: Mapping[str, Any]) -> Principal:
        """Who sent the request with this WSGI environment. Raises Unauthorized for a bearer token that nobody has.

        Without a bearer token it is the anonymous local principal: there is no sign-in yet, and the settings refuse to
        listen beyond loopback. What a proxy checked itself (`Basic`, `Digest`) is not looked at.
        """
        scheme, _, token = environ.get("HTTP_AUTHORIZATION", "").strip().partition(" ")
        if scheme.lower() != "bearer":
            return _LOCAL
        found = self._business_tokens.principal(token.strip())
        if found is None:
            raise Unauthorized("The bearer token is not known", headers=_CHALLENGE)
        return found
