"""The constraints of the data types.

https://hl7.org/fhir/R4/datatypes.html
"""

from __future__ import annotations

import re
from decimal import Decimal

from fhir_server.validation.constraints.predicates import (
    UCUM,
    Constraint,
    Constraints,
    Node,
    at_most_one,
    count,
    distinct_at,
    equals,
    every,
    exactly_one,
    excludes,
    has,
    has_choice,
    implies,
    is_ucum,
    lacks,
    needs,
    negated,
    nodes,
    ordered,
    some,
)
from fhir_server.validation.narrative import explain, is_safe

_CODES_OF_MEALS = frozenset({"C", "CM", "CD", "CV"})
_BOUND_TYPES = frozenset({"code", "Coding", "CodeableConcept", "Quantity", "string", "uri"})
_SLICE_NAME = re.compile(r"[a-zA-Z0-9/\-_\[\]@]+")
_STEP = r"""[^\s.,:;'"/|?!@#$%&*()\[\]{}]{1,64}"""
_ELEMENT_PATH = re.compile(rf"{_STEP}(\.{_STEP}(\[x\])?(:[^\s.]+)?)*")


def _ext_1(node: Node) -> bool:
    has_value = False
    for key in node:
        if key.startswith(("value", "_value")):
            has_value = True
    return has_value != ("extension" in node)


def _qty_3(node: Node) -> bool:
    return "code" not in node or "system" in node or "_system" in node


def _value_needs_code(node: Node) -> bool:
    return "value" not in node or "code" in node or "_code" in node


def _positive(node: Node) -> bool:
    value = node.get("value")
    return not isinstance(value, (int, Decimal)) or value > 0


def _whole_number(node: Node) -> bool:
    return "." not in str(node.get("value", ""))


def _low_to_high(node: Node) -> bool:
    low, high = node.get("low") or {}, node.get("high") or {}
    # Only what is measured in the same unit can be compared.
    if any(low.get(name) != high.get(name) for name in ("system", "code", "unit")):
        return True
    first, second = low.get("value"), high.get("value")
    return not isinstance(first, (int, Decimal)) or not isinstance(second, (int, Decimal)) or first <= second


def _not_negative(name: str) -> Constraint:
    def holds(node: Node) -> bool:
        value = node.get(name)
        return not isinstance(value, (int, Decimal)) or value >= 0

    key = {"duration": "tim-4", "period": "tim-5"}[name]
    return Constraint(key, f"{name} must not be negative", holds)


def _offset_with_event(node: Node) -> bool:
    if not has("offset")(node):
        return True
    return has("when")(node) and not _CODES_OF_MEALS.intersection(nodes(node, "when"))


def _min_to_max(node: Node) -> bool:
    low, high = node.get("min"), node.get("max")
    return not isinstance(low, int) or not isinstance(high, str) or not high.isdecimal() or low <= int(high)


def _maximum_is_number(node: Node) -> bool:
    maximum = node.get("max")
    return not isinstance(maximum, str) or maximum == "*" or maximum.isdecimal()


def _bindable(node: Node) -> bool:
    codes = nodes(node, "type.code")
    return "binding" not in node or not codes or not _BOUND_TYPES.isdisjoint(codes)


def _value_set_is_absolute(node: Node) -> bool:
    value_set = node.get("valueSet")
    return not isinstance(value_set, str) or value_set.startswith(("http:", "https:", "urn:"))


def _slice_name(node: Node) -> bool:
    name = node.get("sliceName")
    return not isinstance(name, str) or _SLICE_NAME.fullmatch(name) is not None


def _element_path(node: Node) -> bool:
    path = node.get("path")
    return not isinstance(path, str) or _ELEMENT_PATH.fullmatch(path) is not None


_QUANTITY = Constraint("qty-3", "a code needs the system it comes from", _qty_3)
_UCUM = Constraint(
    "dis-1", "a value needs a code, and the system must be UCUM", lambda n: _value_needs_code(n) and is_ucum(n)
)
_NARRATIVE = Constraint(
    "txt-1", "div must be well-formed XHTML with content, of basic formatting only", is_safe, explain
)

CONSTRAINTS: Constraints = {
    "Age": (
        _QUANTITY,
        Constraint(
            "age-1",
            "a value must be positive and needs a code, and the system must be UCUM",
            every(_value_needs_code, is_ucum, _positive),
        ),
    ),
    "Attachment": (Constraint("att-1", "data needs a contentType", needs("data", "contentType")),),
    "ContactPoint": (Constraint("cpt-2", "a value needs a system", needs("value", "system")),),
    "Count": (
        _QUANTITY,
        Constraint(
            "cnt-3",
            "a value must be whole and needs the code 1 of UCUM",
            every(_value_needs_code, is_ucum, _whole_number, some(lacks("code"), equals("code", "1"))),
        ),
    ),
    "DataRequirement.codeFilter": (
        Constraint("drq-1", "path and searchParam exclude each other", exactly_one(has("path"), has("searchParam"))),
    ),
    "DataRequirement.dateFilter": (
        Constraint("drq-2", "path and searchParam exclude each other", exactly_one(has("path"), has("searchParam"))),
    ),
    "Distance": (_QUANTITY, _UCUM),
    "Duration": (
        _QUANTITY,
        Constraint(
            "drt-1",
            "a code needs a value and the system UCUM",
            implies(has("code"), every(equals("system", UCUM), has("value"))),
        ),
    ),
    "ElementDefinition": (
        Constraint("eld-2", "min must not be greater than max", _min_to_max),
        Constraint("eld-3", "max must be a number or *", _maximum_is_number),
        Constraint(
            "eld-5",
            "a contentReference excludes type, values and binding",
            implies(
                has("contentReference"),
                every(
                    *(lacks(name) for name in ("type", "example", "maxLength", "binding")),
                    *(
                        negated(has_choice(stem))
                        for stem in ("defaultValue", "fixed", "pattern", "minValue", "maxValue")
                    ),
                ),
            ),
        ),
        Constraint(
            "eld-6", "a fixed value needs a single type", lambda n: not has_choice("fixed")(n) or count("type")(n) <= 1
        ),
        Constraint(
            "eld-7", "a pattern needs a single type", lambda n: not has_choice("pattern")(n) or count("type")(n) <= 1
        ),
        Constraint(
            "eld-8",
            "pattern and fixed value exclude each other",
            at_most_one(has_choice("pattern"), has_choice("fixed")),
        ),
        Constraint("eld-11", "only coded types, string and uri can be bound", _bindable),
        Constraint("eld-13", "types must not repeat", distinct_at("type.code")),
        Constraint("eld-14", "keys of constraints must not repeat", distinct_at("constraint.key")),
        Constraint(
            "eld-15",
            "defaultValue and meaningWhenMissing exclude each other",
            at_most_one(has_choice("defaultValue"), has("meaningWhenMissing")),
        ),
        Constraint("eld-16", "sliceName must hold only letters, digits and /-_[]@", _slice_name),
        Constraint(
            "eld-18",
            "a modifier needs an isModifierReason",
            implies(equals("isModifier", True), has("isModifierReason")),
        ),
        Constraint("eld-19", "path must be names joined by dots", _element_path),
        Constraint("eld-22", "sliceIsConstraining needs a sliceName", needs("sliceIsConstraining", "sliceName")),
    ),
    "ElementDefinition.binding": (
        Constraint("eld-12", "valueSet must start with http:, https: or urn:", _value_set_is_absolute),
    ),
    "ElementDefinition.slicing": (
        Constraint(
            "eld-1", "a slicing needs a discriminator or a description", some(has("discriminator"), has("description"))
        ),
    ),
    "ElementDefinition.type": (
        Constraint(
            "eld-4",
            "only references and canonicals have an aggregation",
            implies(has("aggregation"), equals("code", "Reference", "canonical")),
        ),
        Constraint(
            "eld-17",
            "only references and canonicals have a targetProfile",
            implies(has("targetProfile"), equals("code", "Reference", "canonical")),
        ),
    ),
    "Expression": (
        Constraint(
            "exp-1", "an expression or a reference to one must be there", some(has("expression"), has("reference"))
        ),
    ),
    "Extension": (Constraint("ext-1", "an extension has either a value or inner extensions", _ext_1),),
    "Narrative": (_NARRATIVE,),
    "Period": (Constraint("per-1", "start must not be after end", ordered("start", "end")),),
    "Quantity": (_QUANTITY,),
    "Range": (Constraint("rng-2", "low must not be greater than high", _low_to_high),),
    "Ratio": (
        Constraint(
            "rat-1",
            "numerator and denominator must both be there, or neither beside an extension",
            lambda n: has("numerator")(n) == has("denominator")(n) and ("numerator" in n or "extension" in n),
        ),
    ),
    "Timing.repeat": (
        Constraint("tim-1", "a duration needs a durationUnit", needs("duration", "durationUnit")),
        Constraint("tim-2", "a period needs a periodUnit", needs("period", "periodUnit")),
        _not_negative("duration"),
        _not_negative("period"),
        Constraint("tim-6", "periodMax needs a period", needs("periodMax", "period")),
        Constraint("tim-7", "durationMax needs a duration", needs("durationMax", "duration")),
        Constraint("tim-8", "countMax needs a count", needs("countMax", "count")),
        Constraint("tim-9", "an offset needs a when other than C, CM, CD, CV", _offset_with_event),
        Constraint("tim-10", "timeOfDay and when exclude each other", excludes("timeOfDay", "when")),
    ),
    "TriggerDefinition": (
        Constraint("trd-1", "data and timing exclude each other", at_most_one(has("data"), has_choice("timing"))),
        Constraint("trd-2", "a condition needs data", needs("condition", "data")),
        Constraint(
            "trd-3",
            "a named event needs a name, a periodic one a timing, a data event data",
            every(
                implies(equals("type", "named-event"), has("name")),
                implies(equals("type", "periodic"), has_choice("timing")),
                implies(lambda n: str(n.get("type", "")).startswith("data-"), has("data")),
            ),
        ),
    ),
}
