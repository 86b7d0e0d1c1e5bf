"""read: a search for one id (https://hl7.org/fhir/R4/http.html#read)."""

from __future__ import annotations

from typing import NoReturn

from fhir_server.errors import Gone, NotFound
from fhir_server.interactions.answers import version_headers
from fhir_server.interactions.context import Context, audit_of
from fhir_server.interactions.request import FhirRequest, FhirResponse
from fhir_server.interactions.stored import StoredVersion
from fhir_server.interactions.subsetting import subset_of, subsetted
from fhir_server.persistence.audit import audited
from fhir_server.persistence.history import Versions, versions_sql


def read(context: Context, request: FhirRequest, resource_type: str, fhir_id: str) -> FhirResponse:
    """The current version of the resource; 410 when it was deleted, 404 when it never was."""
    wanted = subset_of(request, resource_type) if request.query else None
    statement = context.statements.read(resource_type, fhir_id, visibility=context.visibility)
    audit = audit_of(request, "read", resource_type, fhir_id).parameters()
    sql = audited(statement.sql, when_found=True)
    rows = context.database.rows(sql, {**statement.parameters, **audit, "audit_shown": 1})
    if not rows:
        refuse_absent(context, resource_type, fhir_id)
    one = StoredVersion(*rows[0][1:])
    if one.deleted_at is not None:
        raise Gone(
            "The resource was deleted", headers={"ETag": version_headers(one.version_id, one.deleted_at)["ETag"]}
        )
    body = one.json(context.registry)
    if wanted is not None:
        # A part of a version is not the version: it must not be cached under its ETag.
        return FhirResponse(200, {}, subsetted(resource_type, body, wanted))
    return FhirResponse(200, version_headers(one.version_id, one.updated_at), body)


def refuse_absent(context: Context, resource_type: str, fhir_id: str) -> NoReturn:
    """Raise Gone if there ever was such a resource, otherwise NotFound."""
    wanted = Versions(resource_type, fhir_id, limit=1)
    if context.database.rows(versions_sql(context.registry, wanted), wanted.parameters()):
        raise Gone("The resource was deleted")
    raise NotFound("There is no such resource")
