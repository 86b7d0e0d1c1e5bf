"""The constraints of the types that describe servers, operations, parameters and guides.

https://hl7.org/fhir/R4/conformance-module.html
"""

from __future__ import annotations

from fhir_server.validation.constraints.predicates import (
    Constraint,
    Constraints,
    Node,
    count,
    distinct,
    distinct_at,
    each,
    equals,
    every,
    has,
    implies,
    lacks,
    needs,
    nodes,
    some,
)


def _stands_alone(definition: Node) -> bool:
    return (
        "kind" not in definition
        or definition["kind"] != "requirements"
        or not ("implementation" in definition or "software" in definition)
    )


def _positive_maximum(focus: Node) -> bool:
    maximum = focus.get("max")
    return not isinstance(maximum, str) or maximum == "*" or (maximum.isdecimal() and int(maximum) > 0)


def _grouped(definition: Node) -> bool:
    groups = {group.get("id") for group in nodes(definition, "grouping")}
    return all(group in groups for group in nodes(definition, "resource.groupingId"))


def _known_versions(guide: Node) -> bool:
    versions = nodes(guide, "fhirVersion")
    return all(version in versions for version in nodes(guide, "definition.resource.fhirVersion"))


def _described(kind: str, key: str) -> Constraint:
    text = "a description, software or implementation must be there"
    return Constraint(f"{kind}-{key}", text, some(has("description"), has("software"), has("implementation")))


_IMPLEMENTATION = implies(equals("kind", "instance"), has("implementation"))


_SOFTWARE = implies(equals("kind", "capability"), every(lacks("implementation"), has("software")))


CONSTRAINTS: Constraints = {
    "CapabilityStatement": (
        Constraint(
            "cpb-1", "rest, messaging or document must be there", some(has("rest"), has("messaging"), has("document"))
        ),
        _described("cpb", "2"),
        Constraint(
            "cpb-3",
            "only an instance has messaging endpoints",
            lambda n: n.get("kind") == "instance" or not nodes(n, "messaging.endpoint"),
        ),
        Constraint(
            "cpb-7",
            "documents must not repeat profile and mode",
            lambda n: distinct((one.get("profile"), one.get("mode")) for one in nodes(n, "document")),
        ),
        Constraint("cpb-14", "an instance needs an implementation", _IMPLEMENTATION),
        Constraint("cpb-15", "a capability needs software and no implementation", _SOFTWARE),
        Constraint("cpb-16", "requirements have neither implementation nor software", _stands_alone),
    ),
    "CapabilityStatement.rest": (Constraint("cpb-9", "resource types must not repeat", distinct_at("resource.type")),),
    "CapabilityStatement.rest.resource": (
        Constraint("cpb-12", "names of search parameters must not repeat", distinct_at("searchParam.name")),
    ),
    "ImplementationGuide": (
        Constraint("ig-2", "a resource's fhirVersion must be one of the guide's", _known_versions),
    ),
    "ImplementationGuide.definition": (Constraint("ig-1", "a groupingId must name a grouping", _grouped),),
    "MessageDefinition.focus": (Constraint("md-1", "max must be * or greater than 0", _positive_maximum),),
    "OperationDefinition.parameter": (
        Constraint("opd-1", "a parameter needs a type or parts", some(has("type"), has("part"))),
        Constraint("opd-2", "a searchType needs the type string", implies(has("searchType"), equals("type", "string"))),
        Constraint(
            "opd-3",
            "a targetProfile needs the type Reference or canonical",
            implies(has("targetProfile"), equals("type", "Reference", "canonical")),
        ),
    ),
    "SearchParameter": (
        Constraint("spd-1", "an xpath needs an xpathUsage", needs("xpath", "xpathUsage")),
        Constraint("spd-2", "only a reference has chains", implies(has("chain"), equals("type", "reference"))),
    ),
    "StructureMap.group.rule.target": (
        Constraint("smp-1", "an element needs a context", needs("element", "context")),
        Constraint("smp-2", "a context needs a contextType", needs("context", "contextType")),
    ),
    "TerminologyCapabilities": (
        _described("tcp", "2"),
        Constraint("tcp-3", "an instance needs an implementation", _IMPLEMENTATION),
        Constraint("tcp-4", "a capability needs software and no implementation", _SOFTWARE),
        Constraint("tcp-5", "requirements have neither implementation nor software", _stands_alone),
    ),
    "TerminologyCapabilities.codeSystem": (
        Constraint(
            "tcp-1",
            "several versions need a code each",
            lambda n: count("version")(n) <= 1 or each("version", has("code"))(n),
        ),
    ),
}
