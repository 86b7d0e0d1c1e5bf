"""Holds a resource against a profile: cardinality, fixed values, patterns, types, bindings, slices, extensions.

https://hl7.org/fhir/R4/profiling.html
"""

from __future__ import annotations

from functools import cache
from typing import Any

from fhir_server.definitions import CHOICE, packaged
from fhir_server.errors import Issue, OverBudget
from fhir_server.validation.profiles.bindings import check_binding
from fhir_server.validation.profiles.library import CORE, Facts, Library, core_type
from fhir_server.validation.profiles.nodes import Node, has_snapshot, read_nodes
from fhir_server.validation.profiles.references import check_targets
from fhir_server.validation.profiles.report import Report
from fhir_server.validation.profiles.slicing import belongs
from fhir_server.validation.profiles.values import Value, has_pattern, is_same, root_value, select

MAX_DEPTH = 10
MAX_STEPS = 200_000
"""How many times an element of a profile may be held against a value: profiles may name each other without end."""
NOT_LOOKED_AT = ("minValue", "maxValue")
OF_BASE = frozenset(CORE + name for name in ("SimpleQuantity", "MoneyQuantity"))
"""Profiles of data types whose rules are among those of R4 itself."""


@cache
def _base_constraints() -> frozenset[str]:
    listed = packaged("constraints.json")["constraints"]
    return frozenset(one["key"] for constraints in listed.values() for one in constraints)


def check_profile(tree: dict[str, Any], definition: Facts, library: Library, report: Report) -> None:
    """Report what of a resource, which must be valid R4, breaks the StructureDefinition, and what was not looked at.

    Raises OverBudget for profiles that lead to too many others.
    """
    kind = tree.get("resourceType")
    if definition.get("type") != kind:
        report.error("structure", str(kind), f"is not of the type that the profile {definition.get('url')} is for")
        return
    _Check(_Work(library), report).keeps(definition, root_value(tree), 0)


class _Work:
    """What the parts of one check share: the library, the profiles that were read, the steps that are left."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self._left = MAX_STEPS
        self._roots: dict[int, tuple[Facts, Node]] = {}
        self._told: dict[tuple[int, str], list[Issue]] = {}

    def root(self, definition: Facts) -> Node:
        """The definition as a tree, read once."""
        known = self._roots.get(id(definition))
        if known is None:
            # The definition is kept too, so that its identity cannot become that of another one.
            known = self._roots[id(definition)] = definition, read_nodes(definition)
        return known[1]

    def issues(self, definition: Facts, value: Value, depth: int) -> list[Issue]:
        """What a profile has against a value, worked out once; nothing while that is being worked out."""
        key = (id(definition), value.path)
        if key not in self._told:
            self._told[key] = []
            report = Report()
            _Check(self, report).keeps(definition, value, depth)
            self._told[key] = report.issues
        return self._told[key]

    def step(self) -> None:
        """Raises OverBudget when there have been too many."""
        self._left -= 1
        if self._left < 0:
            raise OverBudget("Holding the resource against its profiles would take too many steps")


class _Check:
    """One check; all its methods add to the report."""

    def __init__(self, work: _Work, report: Report) -> None:
        self.work, self.library, self.report = work, work.library, report

    def keeps(self, definition: Facts, value: Value, depth: int) -> None:
        """The value and everything below it against a profile and, without a snapshot, the profile's base."""
        root = self.work.root(definition)
        if not root.children and not root.facts and not core_type(str(definition.get("url", ""))):
            self.report.unseen(f"{definition.get('url')}, which has neither a snapshot nor a differential.", value.path)
        self._node(root, value, depth)
        base = definition.get("baseDefinition")
        if base is not None and not has_snapshot(definition) and definition.get("derivation") != "specialization":
            self._profile(base, value, depth + 1)

    def _profile(self, canonical: str, value: Value, depth: int) -> None:
        if core_type(canonical) is not None or canonical.partition("|")[0] in OF_BASE:
            return
        found = self.library.profile(canonical)
        if found is None:
            self.report.unseen(f"the profile {canonical}, which is not stored here.", value.path)
        elif depth > MAX_DEPTH:
            self.report.unseen(f"the profile {canonical}, which {MAX_DEPTH} others lead to.", value.path)
        else:
            for issue in self.work.issues(found, value, depth):
                self.report.add(issue)

    def _node(self, node: Node, value: Value, depth: int) -> None:
        """What is said of one value, and of what stands below it."""
        self.work.step()
        self._rules(node, value)
        self._types(node, value, depth)
        for child in node.children.values():
            found = select(value, child.name)
            self._count(child, found, value.path, "")
            for one in found:
                self._node(child, one, depth)
            if child.slices:
                self._slices(child, found, value.path, depth)

    def _count(self, node: Node, found: list[Value], path: str, of_slice: str) -> None:
        where, least, most = f"{path}.{node.name.removesuffix(CHOICE)}", node.facts.get("min", 0), node.max
        if len(found) < least:
            times = "is required" if least == 1 else f"must be there {least} times"
            self.report.error("required", where, f"{times}{of_slice}")
        if most is not None and len(found) > most:
            times = "must not be there" if most == 0 else f"must not be there more than {most} times"
            self.report.error("structure", where, f"{times}{of_slice}")

    def _rules(self, node: Node, value: Value) -> None:
        fixed, pattern = node.value_of("fixed"), node.value_of("pattern")
        if fixed is not None and not is_same(value.tree, fixed):
            self.report.error("value", value.path, "must have exactly the value that the profile fixes")
        if pattern is not None and not has_pattern(value.tree, pattern):
            self.report.error("value", value.path, "must have what the pattern of the profile has")
        longest = node.facts.get("maxLength")
        if isinstance(longest, int) and isinstance(value.tree, str) and len(value.tree) > longest:
            self.report.error("value", value.path, f"must not be longer than {longest} characters")
        check_binding(node, value, self.library, self.report)
        for key in node.facts:
            if key.startswith(NOT_LOOKED_AT):
                self.report.unseen(f"{key} of {node.facts.get('path')}.", value.path)
        for one in node.facts.get("constraint", ()):
            key, source = str(one.get("key")), one.get("source", "")
            if key not in _base_constraints() and core_type(source) is None:
                self.report.unseen(f"the invariant {key}: {one.get('human', '')}", value.path)

    def _types(self, node: Node, value: Value, depth: int) -> None:
        said = [one for one in node.types if one.get("code") == value.type]
        if node.types and not said and node.name.endswith(CHOICE):
            names = ", ".join(sorted(node.type_codes))
            self.report.error("structure", value.path, f"must not be a {value.type}, only: {names}")
        profiles = [canonical for one in said for canonical in one.get("profile", ())]
        if len(profiles) == 1:
            self._profile(profiles[0], value, depth + 1)
        elif profiles:
            self._one_of(profiles, value, depth)
        if value.type == "Reference":
            targets = [canonical for one in said for canonical in one.get("targetProfile", ())]
            check_targets(value, targets, self.library, self.report)
        for one in said:
            for rule in ("aggregation", "versioning"):
                if rule in one:
                    self.report.unseen(f"{rule} of {node.facts.get('path')}.", value.path)

    def _one_of(self, profiles: list[str], value: Value, depth: int) -> None:
        tried = []
        for canonical in profiles:
            report = Report()
            _Check(self.work, report)._profile(canonical, value, depth + 1)
            tried.append(report)
        good = next((report for report in tried if not report.has_errors), None)
        for issue in good.issues if good is not None else ():
            self.report.add(issue)
        if good is None:
            self.report.error("structure", value.path, f"must keep one of the profiles {', '.join(profiles)}")

    def _slices(self, node: Node, found: list[Value], path: str, depth: int) -> None:
        rules = node.facts.get("slicing") or {}
        where = f"{path}.{node.name.removesuffix(CHOICE)}"
        if rules.get("ordered") or rules.get("rules") == "openAtEnd":
            self.report.unseen(f"the order of the slices of {where}.", where)
        left = list(found)
        for name, one in node.slices.items():
            self.work.step()
            told = [belongs(node, name, value, self.library) for value in found]
            if "/" in name or None in told:
                self.report.unseen(f"the slice {name} of {where}: what belongs to it cannot be told.", where)
                left = []
                continue
            members = [value for value, is_member in zip(found, told, strict=True) if is_member]
            left = [value for value in left if value not in members]
            self._count(one, members, path, f" in the slice {name}")
            for value in members:
                self._node(one, value, depth)
        if rules.get("rules") == "closed":
            for value in left:
                self.report.error("structure", value.path, "is in none of the slices, and there may be no others")
