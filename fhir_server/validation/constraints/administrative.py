"""The constraints of the administrative, workflow, security and financial types.

https://hl7.org/fhir/R4/resourcelist.html
"""

from __future__ import annotations

from fhir_server.validation.constraints.predicates import (
    Constraint,
    Constraints,
    each,
    equals,
    exactly_one,
    excludes,
    has,
    implies,
    ordered,
    same,
    some,
)

_NAMED = some(has("identifier"), has("name"))

CONSTRAINTS: Constraints = {
    "Appointment": (
        Constraint("app-2", "start and end must both be there or neither", same(has("start"), has("end"))),
        Constraint(
            "app-3",
            "only a proposed, cancelled or waitlisted appointment has no start and end",
            lambda n: (has("start")(n) and has("end")(n)) or equals("status", "proposed", "cancelled", "waitlist")(n),
        ),
        Constraint(
            "app-4",
            "only a cancelled appointment or a no-show has a cancelationReason",
            implies(has("cancelationReason"), equals("status", "no-show", "cancelled")),
        ),
    ),
    "Appointment.participant": (
        Constraint("app-1", "a participant needs a type or an actor", some(has("type"), has("actor"))),
    ),
    "AppointmentResponse": (
        Constraint("apr-1", "a participantType or an actor must be there", some(has("participantType"), has("actor"))),
    ),
    "AuditEvent.entity": (Constraint("sev-1", "name and query exclude each other", excludes("name", "query")),),
    "Consent": (
        Constraint("ppc-1", "a consent needs a policy or a policyRule", some(has("policy"), has("policyRule"))),
    ),
    "CoverageEligibilityResponse.insurance.item": (
        Constraint(
            "ces-1",
            "an item has either a category or a productOrService",
            exactly_one(has("category"), has("productOrService")),
        ),
    ),
    "Group": (Constraint("grp-1", "only an actual group has members", implies(has("member"), equals("actual", True))),),
    "InsurancePlan": (Constraint("ipn-1", "an identifier or a name must be there", _NAMED),),
    "Organization": (
        Constraint("org-1", "an identifier or a name must be there", _NAMED),
        Constraint("org-2", "an organization has no home address", each("address", lambda n: n.get("use") != "home")),
        Constraint("org-3", "an organization has no home telecom", each("telecom", lambda n: n.get("use") != "home")),
    ),
    "Patient.contact": (
        Constraint(
            "pat-1",
            "a contact needs a name, telecom, address or organization",
            some(has("name"), has("telecom"), has("address"), has("organization")),
        ),
    ),
    "Task": (Constraint("inv-1", "lastModified must not be before authoredOn", ordered("authoredOn", "lastModified")),),
}
