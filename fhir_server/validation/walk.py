"""Visits every object of a resource that has the right shape and checks what its schema could not say.

https://hl7.org/fhir/R4/conformance-rules.html
"""

from __future__ import annotations

from typing import Any

from fhir_server.validation.findings import Findings, Path
from fhir_server.validation.references import check_reference
from fhir_server.validation.shapes import SIBLING, Member, Shape


class Walk:
    """A resource's walk; `inner` collects the resources inside it, which have rules of their own, with their paths."""

    __slots__ = ("contained", "findings", "inner")

    def __init__(self, findings: Findings, contained: frozenset[str]) -> None:
        self.findings = findings
        self.contained = contained
        self.inner: list[tuple[dict[str, Any], Path]] = []

    def visit(self, node: dict[str, Any], shape: Shape, path: Path) -> None:
        """Checks `node` and everything below it, except for the resources inside."""
        members = shape.members
        chosen: dict[str, str] = {}
        for key, value in node.items():
            member = members.get(key)
            if member is None:
                continue
            if member.chosen is not None and chosen.setdefault(member.name, member.chosen) != member.chosen:
                self.findings.add("structure", (path, member.name, None), "must have only one type of value")
            inner = member.shape
            if inner is None:
                self._special(node, key, value, member, path)
            elif member.is_list:
                self._visit_list(node, key, value, member, inner, path)
            else:
                below = (path, member.name, None)
                self.visit(value, inner, below)
                if member.is_special:
                    self._check_value(node, key, value, member, below)
        self._check_whole(node, shape, chosen, path)

    def _check_whole(self, node: dict[str, Any], shape: Shape, chosen: dict[str, str], path: Path) -> None:
        for constraint in shape.constraints:
            if not constraint.holds(node):
                text = constraint.text if constraint.explain is None else constraint.explain(node)
                self.findings.add("invariant", path, f"breaks {constraint.key}: {text}")
        for name in shape.required_choices:
            if name not in chosen:
                self.findings.add("required", (path, name, None), "is required")
        if len(node) == 1 and "id" in node and not shape.is_resource and shape.home != SIBLING:
            self.findings.add("invariant", path, "breaks ele-1: there must be more than an id")

    def _check_value(self, node: dict[str, Any], key: str, value: dict[str, Any], member: Member, path: Path) -> None:
        if member.is_reference:
            check_reference(value, member.targets, self.contained, path, self.findings)
        elif member.concepts is not None:
            self._check_concept(value, member.concepts, path)
        elif not member.is_list and key[1:] not in node and "extension" not in value:
            self.findings.add("invariant", path, "breaks ele-1: there must be a value or an extension")

    def _visit_list(
        self, node: dict[str, Any], key: str, value: list[Any], member: Member, shape: Shape, path: Path
    ) -> None:
        for index, item in enumerate(value):
            if item is not None:
                below = (path, member.name, index)
                self.visit(item, shape, below)
                if member.is_special:
                    self._check_value(node, key, item, member, below)
        if member.is_sibling:
            self._check_padding(node.get(key[1:]), value, (path, member.name, None))

    def _special(self, node: dict[str, Any], key: str, value: Any, member: Member, path: Path) -> None:
        if member.is_resource:
            if member.is_list:
                self.inner.extend((one, (path, member.name, index)) for index, one in enumerate(value))
            else:
                self.inner.append((value, (path, member.name, None)))
        elif member.is_list and None in value and "_" + key not in node:
            self._check_padding(value, None, (path, member.name, None))

    def _check_padding(self, values: list[Any] | None, siblings: list[Any] | None, path: Path) -> None:
        """A primitive array and its sibling array have the same length, and each place says something."""
        if values is not None and siblings is not None and len(values) != len(siblings):
            self.findings.add("structure", path, "and the array of its extensions must have the same length")
            return
        for index in range(len(values if values is not None else siblings or ())):
            if values is not None and values[index] is not None:
                continue
            sibling = siblings[index] if siblings is not None else None
            if sibling is None or "extension" not in sibling:
                where = (path[0], path[1], index) if isinstance(path, tuple) else path
                self.findings.add("structure", where, "must not be null without an extension instead")

    def _check_concept(self, value: dict[str, Any], concepts: frozenset[tuple[str, str]], path: Path) -> None:
        codings = value.get("coding")
        if codings is None and "text" not in value:
            # Only an extension, which says why there is no code.
            return
        if not any((coding.get("system"), coding.get("code")) in concepts for coding in codings or ()):
            codes = ", ".join(sorted(code for _, code in concepts)[:30])
            self.findings.add("code-invalid", path, f"must have a coding from the required value set: {codes}")
