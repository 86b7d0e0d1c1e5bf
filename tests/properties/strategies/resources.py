"""Valid resources: the published examples of a type, and what random changes make of them."""

from __future__ import annotations

import copy
import gzip
import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from fhir_server.definitions import Property, is_primitive, properties, required_codes
from fhir_server.json_text import DecimalText, parse_json
from fhir_server.validation import validate
from tests.properties.strategies.moments import DATE_TIMES, DATES, INSTANTS, PARTIAL_DATES
from tests.properties.strategies.texts import ODD_TEXTS

DATA = Path(__file__).parents[2] / "data"
LONGEST_LINE = 60_000
Tree = dict[str, Any]
Strategy = st.SearchStrategy[Any]

EXTENSION = {"url": "http://client.example/extension", "valueString": "said by the client"}
LEGAL_TEXTS = [text for text in ODD_TEXTS if text and not set("\x0b\x0c") & set(text)]

PRIMITIVES: dict[str, Strategy] = {
    "string": st.sampled_from(LEGAL_TEXTS) | st.text("abc XYZ", min_size=1, max_size=5),
    "markdown": st.just("*a*"),
    "code": st.sampled_from(("a", "b c", "39126-8", "en-US")),
    "id": st.just("i"),
    "uri": st.sampled_from(("urn:x", "http://loinc.org", "http://hl7.org/fhir/sid/us-npi")),
    "url": st.just("https://x.example"),
    "canonical": st.just("http://x.example/p"),
    "date": DATES | PARTIAL_DATES,
    "dateTime": DATE_TIMES,
    "instant": INSTANTS,
    "time": st.just("10:00:00"),
    "boolean": st.booleans(),
    "decimal": st.sampled_from((3, 0, -1))
    | st.sampled_from(("1.50", "0.0", "1e2", "1e100", "1e-100", "1e-140")).map(DecimalText),
    "integer": st.integers(-3, 3),
    "unsignedInt": st.integers(0, 3),
    "positiveInt": st.integers(1, 3),
    "base64Binary": st.just("AAAA"),
    "oid": st.just("urn:oid:1.2"),
    "uuid": st.just("urn:uuid:00000000-0000-4000-8000-000000000000"),
}


@cache
def examples(resource_type: str) -> tuple[Tree, ...]:
    """The valid published examples of a type, also those in bundles."""
    found: list[Tree] = []
    for file in sorted(DATA.glob("examples*.gz")):
        with gzip.open(file) as lines:
            for line in lines:
                if len(line) <= LONGEST_LINE:
                    found += [
                        tree for tree in _resources(parse_json(line)) if tree.get("resourceType") == resource_type
                    ]
    return tuple(tree for tree in found if validate(resource_type, tree) == ())


def _resources(tree: Any) -> Iterator[Tree]:
    if isinstance(tree, dict):
        yield tree
        for entry in tree.get("entry", ()) if tree.get("resourceType") == "Bundle" else ():
            yield from _resources(entry.get("resource"))


def values(path: str, found: Property) -> Strategy:
    """Values of a property, valid at least by themselves."""
    if found.type and is_primitive(found.type):
        codes = required_codes(path) if found.type == "code" else None
        return st.sampled_from(sorted(codes)) if codes else PRIMITIVES.get(found.type, st.nothing())
    if found.type == "Reference":
        return st.sampled_from(
            ("Patient/p1", "Practitioner/d1", "Organization/o1", "urn:uuid:1", "http://x/Patient/1")
        ).map(lambda text: {"reference": text, "display": "someone"})
    if found.type in ("Resource", "Extension", "Narrative", "Meta", "Timing", "SampledData", "Attachment"):
        return st.nothing()
    home = (
        path
        if found.element.content_reference is None and "." in path and not properties(found.type or "")
        else found.type
    )
    names = [
        (name, one)
        for name, one in properties(home).items()
        if name not in ("id", "extension", "modifierExtension", "contained") and one.type and is_primitive(one.type)
    ]
    if not names:
        return st.nothing()
    members = {
        name: (value if not one.element.is_list else value.map(lambda text: [text]))
        for name, one in names
        if not (value := values(f"{home}.{name}", one)).is_empty
    }
    return st.fixed_dictionaries({}, optional=members).filter(bool)


@st.composite
def changed(draw: st.DrawFn, tree: Tree) -> Tree:
    """`tree` with a few properties left out, repeated, replaced, moved or extended; perhaps not valid any more."""
    made = copy.deepcopy(tree)
    for _ in range(draw(st.integers(0, 4))):
        path, node = draw(st.sampled_from(list(_objects(made["resourceType"], made))))
        change = draw(st.sampled_from((_drop, _repeat, _replace, _replace, _replace, _extend, _reverse)))
        change(draw, path, node)
    return made


def _objects(path: str, node: Tree) -> Iterator[tuple[str, Tree]]:
    yield path, node
    for name, value in node.items():
        known = properties(path).get(name)
        if known is None or name in ("extension", "modifierExtension", "contained", "text", "meta"):
            continue
        for item in value if isinstance(value, list) else (value,):
            if isinstance(item, dict):
                inner = f"{path}.{name}" if known.type in ("BackboneElement", "Element") else known.type
                yield from _objects(inner, item)


def _names(node: Tree) -> list[str]:
    return [name for name in node if name not in ("resourceType", "id", "meta", "text", "contained")]


def _drop(draw: st.DrawFn, path: str, node: Tree) -> None:
    if _names(node):
        node.pop(draw(st.sampled_from(_names(node))))


def _repeat(draw: st.DrawFn, path: str, node: Tree) -> None:
    lists = [
        name
        for name in _names(node)
        if isinstance(node[name], list) and f"_{name}" not in node and not name.startswith("_")
    ]
    if lists:
        name = draw(st.sampled_from(lists))
        node[name] = [*node[name], copy.deepcopy(draw(st.sampled_from(node[name])))]


def _reverse(draw: st.DrawFn, path: str, node: Tree) -> None:
    for name in _names(node):
        if isinstance(node[name], list):
            node[name].reverse()


def _replace(draw: st.DrawFn, path: str, node: Tree) -> None:
    legal = [
        (name, found)
        for name, found in properties(path).items()
        if name
        not in ("id", "extension", "modifierExtension", "contained", "text", "meta", "implicitRules", "language")
    ]
    if not legal:
        return
    name, found = draw(st.sampled_from(legal))
    value = values(f"{path}.{name}", found)
    if value.is_empty:
        return
    new = draw(value)
    if found.element.is_choice:
        for other in [key for key, one in properties(path).items() if one.element.name == found.element.name]:
            node.pop(other, None)
            node.pop(f"_{other}", None)
    node.pop(f"_{name}", None)
    if not found.element.is_list:
        node[name] = new
    else:
        node[name] = [*node.get(name, []), new] if draw(st.booleans()) else [new]


def _extend(draw: st.DrawFn, path: str, node: Tree) -> None:
    primitive = [name for name in _names(node) if not isinstance(node[name], (list, dict)) and not name.startswith("_")]
    if primitive and draw(st.booleans()):
        node[f"_{draw(st.sampled_from(primitive))}"] = {"extension": [EXTENSION]}
    else:
        node["extension"] = [*node.get("extension", []), EXTENSION]


def resources(resource_type: str) -> Strategy:
    """Valid resources of a type, near the published examples."""
    return (
        st.sampled_from(examples(resource_type))
        .flatmap(changed)
        .filter(lambda tree: validate(resource_type, tree) == ())
    )


def shuffled(tree: Any, seed: int) -> Any:
    """A tree as jsonb gives it back: keys in another order, numbers without exponents."""
    if isinstance(tree, dict):
        names = list(tree)
        random.Random(seed).shuffle(names)
        return {name: shuffled(tree[name], seed) for name in names}
    if isinstance(tree, list):
        return [shuffled(item, seed) for item in tree]
    if isinstance(tree, DecimalText):
        plain = format(tree, "f")
        return DecimalText(plain) if "." in plain else int(plain)
    return tree
