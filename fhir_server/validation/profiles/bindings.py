"""Whether coded values are in the value sets that a profile binds them to.

https://hl7.org/fhir/R4/terminologies.html#strength
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fhir_server.definitions import code_systems, element
from fhir_server.validation.profiles.library import Content, Library
from fhir_server.validation.profiles.nodes import Node
from fhir_server.validation.profiles.report import Report
from fhir_server.validation.profiles.values import Value

STRENGTHS: Mapping[str, tuple[str, str]] = {
    "required": ("error", "must have a code from the value set"),
    "extensible": ("warning", "should have a code from the value set, unless none of it fits,"),
}
"""What breaking a binding means; the other strengths only give examples and advice."""


def check_binding(node: Node, value: Value, library: Library, report: Report) -> None:
    """Report a code that is not in the bound value set, and a value set that cannot be asked."""
    binding = node.facts.get("binding") or {}
    value_set = binding.get("valueSet")
    said = STRENGTHS.get(binding.get("strength", ""))
    if said is None or value_set is None or is_of_base(node, value_set):
        return
    codings = list(codings_of(value))
    if not codings:
        # Only an extension may stand for a code: it says why there is none.
        if isinstance(value.tree, dict) and value.tree.keys() - {"extension", "id"}:
            _broken(said, value, value_set, report)
        return
    content = library.codes(value_set)
    if content is None:
        report.unseen(f"the binding to {value_set}, whose codes are not known here.", value.path)
        return
    belongs = [in_content(content, *one) for one in codings]
    if None in belongs and True not in belongs:
        report.unseen(f"whether codes exist in a system of which {value_set} has all codes.", value.path)
    elif True not in belongs:
        _broken(said, value, value_set, report)


def _broken(said: tuple[str, str], value: Value, value_set: str, report: Report) -> None:
    tell = report.error if said[0] == "error" else report.warning
    tell("code-invalid", value.path, f"{said[1]} {value_set}")


def is_of_base(node: Node, value_set: str) -> bool:
    """Whether R4 itself has this binding and lists its codes: then it has been checked already."""
    found = element(str(node.facts.get("path", "")))
    plain = value_set.partition("|")[0]
    return (
        found is not None
        and found.binding_strength == "required"
        and found.value_set == plain
        and code_systems(plain) is not None
    )


def codings_of(value: Value) -> Iterator[tuple[str | None, str]]:
    """System and code of a coded value; a code alone has no system."""
    tree = value.tree
    if isinstance(tree, str):
        yield None, tree
    elif isinstance(tree, dict):
        for one in tree.get("coding", ()) if "coding" in tree else (tree,):
            if isinstance(one.get("code"), str):
                yield one.get("system", ""), one["code"]


def in_content(content: Content, system: str | None, code: str) -> bool | None:
    """Whether a value set has the code; None when it has all codes of a system whose codes are not known."""
    if system is None:
        unknown = any(codes is None for codes in content.values())
        return any(code in (codes or ()) for codes in content.values()) or (None if unknown else False)
    codes = content.get(system, {})
    return None if codes is None else code in codes
