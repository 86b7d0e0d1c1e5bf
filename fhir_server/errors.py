"""Every error this server reports, with the FHIR issue code and HTTP status it becomes; knows no HTTP library.

https://hl7.org/fhir/R4/operationoutcome.html and https://hl7.org/fhir/R4/http.html#Status-Codes
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Issue:
    """One OperationOutcome.issue; `code` is from the required value set issue-type, `expression` are FHIRPaths."""

    severity: str
    code: str
    diagnostics: str
    expression: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The issue as JSON, without empty members."""
        issue: dict[str, Any] = {"severity": self.severity, "code": self.code, "diagnostics": self.diagnostics}
        if self.expression:
            issue["expression"] = list(self.expression)
        return issue


def operation_outcome(issues: Iterable[Issue]) -> dict[str, Any]:
    """An OperationOutcome that lists `issues` in their order; an empty list becomes one informational issue."""
    listed = [issue.to_json() for issue in issues]
    if not listed:
        listed = [Issue("information", "informational", "All OK").to_json()]
    return {"resourceType": "OperationOutcome", "issue": listed}


@dataclass(slots=True)
class FhirError(Exception):
    """The root of all errors that reach a client; `diagnostics` must hold no SQL, path, identifier or PHI."""

    diagnostics: str
    expression: tuple[str, ...] = ()
    issues: tuple[Issue, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    status = 500
    code = "exception"

    def __post_init__(self) -> None:
        Exception.__init__(self, self.diagnostics)
        if not self.issues:
            self.issues = (Issue("error", self.code, self.diagnostics, tuple(self.expression)),)

    def to_outcome(self) -> dict[str, Any]:
        """The OperationOutcome that answers the request."""
        return operation_outcome(self.issues)


class InvalidRequest(FhirError):
    """The request is not FHIR: broken JSON, an illegal search value, an unknown modifier."""

    status = 400
    code = "invalid"


class UnknownParameter(InvalidRequest):
    """A search names a parameter that the type does not have."""

    code = "not-supported"


class Unauthorized(FhirError):
    """Nobody knows the caller; `headers` holds WWW-Authenticate."""

    status = 401
    code = "login"


class Forbidden(FhirError):
    """The caller is known and may not do this."""

    status = 403
    code = "forbidden"


class NotFound(FhirError):
    """No such resource, version, type or operation."""

    status = 404
    code = "not-found"


class TypeNotSupported(NotFound):
    """The resource type is not part of R4."""

    code = "not-supported"


class OperationNotSupported(NotFound):
    """The address names an operation that this server does not have."""

    code = "not-supported"


class MethodNotAllowed(FhirError):
    """The path exists and does not take this method; `headers` holds Allow."""

    status = 405
    code = "not-supported"


class NotAcceptable(FhirError):
    """No format that the client accepts can be produced."""

    status = 406
    code = "not-supported"


class TooCostly(FhirError):
    """The statement ran into its time limit."""

    status = 408
    code = "too-costly"


class OverBudget(FhirError):
    """The request would cost more than one may; it was not begun."""

    status = 422
    code = "too-costly"


class Conflict(FhirError):
    """The write contradicts the state of other resources or lost a race that may be tried again."""

    status = 409
    code = "conflict"


class Gone(FhirError):
    """The resource or version was deleted."""

    status = 410
    code = "deleted"


class PreconditionFailed(FhirError):
    """If-Match, If-None-Match or a conditional criterion does not hold."""

    status = 412
    code = "conflict"


class MultipleMatches(PreconditionFailed):
    """A conditional interaction matched more than one resource."""

    code = "multiple-matches"


class TooLarge(FhirError):
    """The body, the bundle or the URL is over its limit."""

    status = 413
    code = "too-long"


class UnsupportedMediaType(FhirError):
    """The body's Content-Type or Content-Encoding is not one this server reads."""

    status = 415
    code = "not-supported"


class Unprocessable(FhirError):
    """The resource is FHIR and breaks a rule: a binding, an invariant, a reference, a row that cannot hold it."""

    status = 422
    code = "processing"


class Unavailable(FhirError):
    """The database cannot be reached; the request may be sent again later."""

    status = 503
    code = "transient"
