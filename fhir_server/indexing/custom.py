"""Reads a SearchParameter resource as search parameters of this server, one for each type that it is for.

https://hl7.org/fhir/R4/searchparameter.html

What is accepted can be indexed and searched wholly: whatever this server would answer differently than the resource
says is refused, with the element that says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import tzinfo
from typing import Any

from fhir_server.definitions import (
    RESOURCE_TYPES,
    SearchParameter,
    is_a,
    parameter_number,
    search_parameters,
    standard_code,
)
from fhir_server.errors import Unprocessable
from fhir_server.indexing import fhirpath
from fhir_server.indexing.converters import CONVERSIONS, Context
from fhir_server.indexing.paths import Path, compile_paths
from fhir_server.indexing.plan import KINDS, Found, collect, plan_of
from fhir_server.indexing.values import IndexRows

SUFFIXES = tuple(sorted({one.suffix for conversions in CONVERSIONS.values() for one in conversions}))
"""What may stand after a parameter's name in the names of its index rows."""

_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_UNION = re.compile(r"'[^']*'|`[^`]*`|[()|]")
_USAGES = frozenset({None, "normal"})


def defined_parameters(tree: dict[str, Any]) -> tuple[SearchParameter, ...]:
    """The parameters that an active SearchParameter adds, in the order of their types; none from any other status.

    One that derives from a parameter of R4 under the same code adds nothing: the server has it already. Raises
    Unprocessable for what cannot be searched, naming the element.
    """
    if tree.get("status") != "active":
        return ()
    code, kind = tree["code"], tree["type"]
    types = _types(tree.get("base", ()))
    new = tuple(one for one in types if not _derives(tree, one))
    if not new:
        return ()
    _check(tree)
    return tuple(
        SearchParameter(
            resource_type=resource_type,
            code=code,
            type=kind,
            expression=_expression(tree["expression"], resource_type, kind, len(types) == 1),
            targets=tuple(one for one in tree.get("target", ()) if one in RESOURCE_TYPES),
            number=_number(resource_type, code),
            complete=False,
            url=tree.get("url"),
        )
        for resource_type in new
    )


def _refused(text: str, element: str) -> Unprocessable:
    return Unprocessable(text, (f"SearchParameter.{element}",))


def _types(bases: Sequence[str]) -> tuple[str, ...]:
    found: set[str] = set()
    for base in bases:
        if base == "Resource":
            found |= RESOURCE_TYPES
        elif base == "DomainResource":
            found |= {one for one in RESOURCE_TYPES if is_a(one, base)}
        else:
            found.add(base)
    return tuple(sorted(found))


def _derives(tree: dict[str, Any], resource_type: str) -> bool:
    known = standard_code(resource_type, tree["code"])
    return known is not None and known in (tree.get("url"), str(tree.get("derivedFrom")).partition("|")[0])


def _check(tree: dict[str, Any]) -> None:
    if not _CODE.fullmatch(tree["code"]):
        raise _refused("A code must be a letter, then letters, digits, - and _, 64 at most", "code")
    if not CONVERSIONS.get(tree["type"]):
        raise _refused("This server cannot be taught parameters of this type", "type")
    if not tree.get("expression"):
        raise _refused("Without an expression there is nothing to search by", "expression")
    if tree.get("xpathUsage") not in _USAGES:
        raise _refused("This server searches values as they are; only the usage normal is possible", "xpathUsage")
    for name in ("multipleOr", "multipleAnd"):
        if tree.get(name) is False:
            raise _refused("This server takes several values of every parameter", name)


def _number(resource_type: str, code: str) -> int:
    """The key of index rows. Raises Unprocessable where another parameter of the type has it, or R4 has the name."""
    if standard_code(resource_type, code) is not None:
        raise _refused(f"{resource_type} has a search parameter of this name already; derivedFrom may name it", "code")
    known = {
        parameter_number(f"{resource_type}.{other}{suffix}")
        for other in search_parameters(resource_type)
        if other != code
        for suffix in SUFFIXES
    }
    # Numbers are hashes: that two are the same is as good as impossible, and would mix up answers.
    if not known.isdisjoint(parameter_number(f"{resource_type}.{code}{suffix}") for suffix in SUFFIXES):
        raise _refused("Another search parameter has the same number; choose another code", "code")
    return parameter_number(f"{resource_type}.{code}")


def _expression(expression: str, resource_type: str, kind: str, alone: bool) -> str:
    """The part of a union that concerns the type, if it can be searched. Raises Unprocessable."""
    kept = []
    for part in _alternatives(expression):
        try:
            start = _start(fhirpath.parse(part))
        except (ValueError, RecursionError):
            raise _refused("This server cannot evaluate the expression", "expression") from None
        if start in RESOURCE_TYPES and start != resource_type and not alone:
            continue
        _check_paths(part, resource_type, kind)
        kept.append(part)
    if not kept:
        raise _refused(f"The expression says nothing about {resource_type}", "expression")
    return " | ".join(kept)


def _check_paths(part: str, resource_type: str, kind: str) -> None:
    try:
        paths: tuple[Path, ...] = compile_paths(part, resource_type)
    except (ValueError, RecursionError) as error:
        said = str(error) if isinstance(error, ValueError) else "it is too deep"
        raise _refused(
            f"This server cannot evaluate the expression for {resource_type}: {said}", "expression"
        ) from None
    reached = {path.type for path in paths}
    if not any(path.type in one.converters for path in paths for one in CONVERSIONS[kind]):
        named = ", ".join(sorted(reached)[:3]) or "nothing"
        raise _refused(f"The expression leads to {named}, which a {kind} parameter cannot search", "expression")


def _alternatives(expression: str) -> Iterator[str]:
    """The parts of a union, split where no parenthesis is open."""
    depth = start = 0
    for match in _UNION.finditer(expression):
        symbol = match.group()
        depth += {"(": 1, ")": -1}.get(symbol, 0)
        if symbol == "|" and depth == 0:
            yield expression[start : match.start()].strip()
            start = match.end()
    yield expression[start:].strip()


def _start(node: fhirpath.Node) -> str | None:
    """The name that a path begins with."""
    match node:
        case fhirpath.Operation(_, left, _) | fhirpath.Index(left, _):
            return _start(left)
        case fhirpath.Member(None, name):
            return name
        case fhirpath.Member(base, _) | fhirpath.Call(base, _, _) if base is not None:
            return _start(base)
    return None


def extract_only(
    resource_type: str, parameters: tuple[SearchParameter, ...], tree: Any, base_url: str, zone: tzinfo
) -> IndexRows:
    """The index rows of a resource under these parameters alone; see `extract`."""
    found: Found = tuple({} for _ in KINDS)
    collect(plan_of(resource_type, parameters), tree, Context(base_url, zone), found)
    return IndexRows(*(tuple(each) for each in found))  # type: ignore[arg-type]
