"""The constraints of TestScript and TestReport.

https://hl7.org/fhir/R4/testscript.html#invs
"""

from __future__ import annotations

from fhir_server.validation.constraints.predicates import (
    Constraint,
    Constraints,
    Node,
    each,
    every,
    exactly_one,
    has,
    negated,
    some,
)


def _target_count(operation: Node) -> int:
    return sum(has(name)(operation) for name in ("targetId", "url", "params"))


def _has_target(operation: Node) -> bool:
    if has("sourceId")(operation) or _target_count(operation) == 1:
        return True
    return (operation.get("type") or {}).get("code") in ("capabilities", "search", "transaction", "history")


_ASSERTIONS = [
    "contentType",
    "expression",
    "headerField",
    "minimumId",
    "navigationLinks",
    "path",
    "requestMethod",
    "resource",
    "responseCode",
    "response",
    "validateProfileId",
]


def _one_assertion(assertion: Node) -> bool:
    return "extension" in assertion or sum(has(name)(assertion) for name in _ASSERTIONS) <= 1


def _comparison(assertion: Node) -> bool:
    compared = has("compareToSourceExpression")(assertion) or has("compareToSourcePath")(assertion)
    return (not has("compareToSourceId")(assertion)) != compared


def _direction(assertion: Node) -> bool:
    if not has("direction")(assertion) or assertion.get("direction") == "response":
        return True
    return not has("response")(assertion) and not has("responseCode")(assertion)


def _action(key: str) -> tuple[Constraint, ...]:
    return (
        Constraint(key, "an action has either an operation or an assert", exactly_one(has("operation"), has("assert"))),
    )


def _operation(key: str) -> tuple[Constraint, ...]:
    return (Constraint(key, "an operation needs one of sourceId, targetId, url and params", _has_target),)


def _assert(single: str, comparison: str, direction: str) -> tuple[Constraint, ...]:
    return (
        Constraint(single, "an assert checks one thing", _one_assertion),
        Constraint(comparison, "compareToSourceId goes with an expression or a path to compare", _comparison),
        Constraint(direction, "response and responseCode need the direction response", _direction),
    )


CONSTRAINTS: Constraints = {
    "TestReport.setup.action": _action("inv-1"),
    "TestReport.test.action": _action("inv-2"),
    "TestScript.metadata": (
        Constraint(
            "tst-4",
            "a capability must be required or validated",
            each("capability", some(has("required"), has("validated"))),
        ),
    ),
    "TestScript.setup.action": _action("tst-1"),
    "TestScript.setup.action.assert": _assert("tst-5", "tst-10", "tst-12"),
    "TestScript.setup.action.operation": _operation("tst-7"),
    "TestScript.teardown.action.operation": _operation("tst-9"),
    "TestScript.test.action": _action("tst-2"),
    "TestScript.test.action.assert": _assert("tst-6", "tst-11", "tst-13"),
    "TestScript.test.action.operation": _operation("tst-8"),
    "TestScript.variable": (
        Constraint(
            "tst-3",
            "expression, headerField and path do not stand together",
            negated(every(has("expression"), has("headerField"), has("path"))),
        ),
    ),
}
