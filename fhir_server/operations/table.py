"""All operations of this server (https://hl7.org/fhir/R4/operationslist.html)."""

from __future__ import annotations

from fhir_server.operations.commissions import COMMISSIONS
from fhir_server.operations.eligibility import SUBMIT
from fhir_server.operations.everything import everything
from fhir_server.operations.lastn import lastn
from fhir_server.operations.mac_validation import VALIDATE_MAC
from fhir_server.operations.meta import meta, meta_add, meta_delete
from fhir_server.operations.operation import ANY_TYPE, INSTANCE, SYSTEM, TYPE, Operation
from fhir_server.operations.readiness import ORDER_READINESS
from fhir_server.operations.stats import stats
from fhir_server.operations.steps import STEPS
from fhir_server.operations.terminology.expand import expand
from fhir_server.operations.terminology.lookup import lookup
from fhir_server.operations.terminology.subsumes import subsumes
from fhir_server.operations.terminology.translate import translate
from fhir_server.operations.terminology.validate_code import validate_code_system_code, validate_value_set_code
from fhir_server.operations.validate import validate_resource

_BOTH = frozenset({TYPE, INSTANCE})

OPERATIONS: tuple[Operation, ...] = (
    Operation("everything", "Patient-everything", "Patient", frozenset({INSTANCE}), False, everything),
    Operation("lastn", "Observation-lastn", "Observation", frozenset({TYPE}), False, lastn),
    Operation("stats", "Observation-stats", "Observation", frozenset({TYPE}), False, stats),
    Operation("meta", "Resource-meta", ANY_TYPE, frozenset({SYSTEM, TYPE, INSTANCE}), False, meta),
    Operation("meta-add", "Resource-meta-add", ANY_TYPE, frozenset({INSTANCE}), True, meta_add),
    Operation("meta-delete", "Resource-meta-delete", ANY_TYPE, frozenset({INSTANCE}), True, meta_delete),
    Operation("validate", "Resource-validate", ANY_TYPE, _BOTH, False, validate_resource),
    Operation("expand", "ValueSet-expand", "ValueSet", _BOTH, False, expand),
    Operation("validate-code", "ValueSet-validate-code", "ValueSet", _BOTH, False, validate_value_set_code),
    Operation("lookup", "CodeSystem-lookup", "CodeSystem", frozenset({TYPE}), False, lookup),
    Operation("validate-code", "CodeSystem-validate-code", "CodeSystem", _BOTH, False, validate_code_system_code),
    Operation("subsumes", "CodeSystem-subsumes", "CodeSystem", _BOTH, False, subsumes),
    Operation("translate", "ConceptMap-translate", "ConceptMap", _BOTH, False, translate),
    *STEPS,
    *COMMISSIONS,
    ORDER_READINESS,
    VALIDATE_MAC,
    SUBMIT,
)
_LEVELS = {1: SYSTEM, 2: TYPE, 3: INSTANCE}


def find_operation(path: tuple[str, ...]) -> Operation | None:
    """The operation that a path below the base ends with; None when there is none at that level or for that type."""
    level, name = _LEVELS.get(len(path)), path[-1].removeprefix("$")
    for one in OPERATIONS:
        if one.name == name and level in one.levels and (level == SYSTEM or one.concerns(path[0])):
            return one
    return None
