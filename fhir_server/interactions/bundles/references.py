"""Links between the entries of a transaction: found, replaced by what the entries became, and checked for loose ends.

https://hl7.org/fhir/R4/http.html#trules and https://hl7.org/fhir/R4/bundle.html#references

A link is a Reference, an element of type uri, url, oid or uuid, or `a href` and `img src` in a narrative, at any depth,
also in extensions and contained resources. Elements of type canonical are not links, nor are versions (`…/_history/1`),
which R4 leaves as they are. A Bundle inside an entry is a world of its own, perhaps signed, and is left alone.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from fhir_server.definitions import RESOURCE_TYPES, Property, is_primitive, properties
from fhir_server.definitions.elements import STRUCTURAL_TYPES
from fhir_server.json_text import Tree

URI_TYPES = frozenset({"uri", "url", "oid", "uuid"})
# Names that mean something inside one bundle only; stored, they would lead nowhere.
LOCAL_SCHEMES = ("urn:uuid:", "urn:oid:")

_RESTFUL = re.compile(r"(https?://[^\s?#]+/)([A-Z][A-Za-z]{1,63}/[A-Za-z0-9\-.]{1,64})")
_CONDITIONAL = re.compile(r"[A-Z][A-Za-z]{1,63}\?.+", re.DOTALL)
# Comments and CDATA come first, so that a tag inside them is none. Nothing here can be matched in two ways (`*+`,
# optional ends), so that hostile text costs no more than its length.
_MARKUP = re.compile(
    r"<!--(?:(?!-->).)*+(?:-->)?"
    r"|<!\[CDATA\[(?:(?!\]\]>).)*+(?:\]\]>)?"
    r"|<(a|img)((?:\s++[\w:.\-]++\s*+=\s*+(?:\"[^\"<]*+\"|'[^'<]*+'))++)",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"(\s++([\w:.\-]++)\s*+=\s*+)(\"[^\"]*+\"|'[^']*+')")
_LINKING = {"a": "href", "img": "src"}


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A Reference.reference that says `value`; `path` is its FHIRPath from the resource."""

    path: str
    value: str


class Targets:
    """Where the links of one bundle lead: from fullUrl, or `Type?criteria`, to `Type/id`.

    An entry at a RESTful fullUrl may be called by the rest of that address (`Patient/1`) by other entries at the same
    base. Give `rewrite` the fullUrl of the entry whose resource is rewritten.
    """

    __slots__ = ("_relative", "exact")

    def __init__(self, targets: Mapping[str, str]) -> None:
        self.exact = dict(targets)
        self._relative: dict[str, dict[str, str]] = {}
        for name, target in targets.items():
            found = _RESTFUL.fullmatch(name)
            if found is not None:
                self._relative.setdefault(found[1], {})[found[2]] = target

    def relative_to(self, full_url: str | None) -> Mapping[str, str]:
        """The relative links that mean an entry of the bundle when they stand in the entry at `full_url`."""
        found = _RESTFUL.fullmatch(full_url) if full_url and self._relative else None
        return self._relative.get(found[1], {}) if found else {}


def rewrite(tree: Tree, targets: Targets, full_url: str | None = None) -> Tree:
    """The resource `tree` with its links replaced; a fragment (`#…`) is kept.

    What does not change is shared with `tree`, which stays as it is; without any link the result is `tree` itself.
    """
    walk = _Rewriting(targets.exact, targets.relative_to(full_url))
    return walk.object(tree, _place_of(tree))


def rewrite_and_tell(tree: Tree, targets: Targets, full_url: str | None = None) -> tuple[Tree, tuple[str, ...]]:
    """As `rewrite`; also tells which references were left that lead nowhere as they are: local names and criteria.

    In most resources there are none, which spares the walks that look for their places.
    """
    walk = _Rewriting(targets.exact, targets.relative_to(full_url))
    rewritten = walk.object(tree, _place_of(tree))
    return rewritten, tuple(walk.left)


def is_local(reference: str) -> bool:
    """Whether the reference is a name that only a bundle knows."""
    return reference.startswith(LOCAL_SCHEMES)


def collect(tree: Tree) -> tuple[Occurrence, ...]:
    """Every Reference.reference in the resource, in its order."""
    # A type that R4 does not have has no place to look for references, so the path never shows a client's text.
    return tuple(_references(tree, _place_of(tree), str(tree.get("resourceType"))))


def unresolved_urns(tree: Tree) -> tuple[str, ...]:
    """The paths of references by a name that only a bundle knows; after `rewrite`, those that no entry has."""
    return tuple(found.path for found in collect(tree) if found.value.startswith(LOCAL_SCHEMES))


def conditional_references(tree: Tree) -> tuple[Occurrence, ...]:
    """The references by search criteria, `Type?query`; `Targets` takes their text as a key."""
    return tuple(found for found in collect(tree) if _CONDITIONAL.fullmatch(found.value))


@dataclass(frozen=True, slots=True)
class _Place:
    """What R4 says of the JSON properties of one kind of object: which are links, and what stands below which."""

    links: Mapping[str, str]
    below: Mapping[str, str]


@cache
def _place(shape: str) -> _Place:
    """`shape` is a type or the path of a backbone element, never anything that a client wrote."""
    links: dict[str, str] = {}
    below: dict[str, str] = {}
    for name, found in properties(shape).items():
        kind = _link_kind(shape, found)
        if kind:
            links[name] = kind
        if is_primitive(found.type):
            below["_" + name] = "Element"
        else:
            below[name] = _shape_of(found)
    return _Place(links, below)


def _link_kind(shape: str, found: Property) -> str:
    if shape == "Reference" and found.name == "reference":
        return "reference"
    if found.type in URI_TYPES:
        return "uri"
    return "xhtml" if found.type == "xhtml" else ""


def _shape_of(found: Property) -> str:
    if found.element.content_reference is not None:
        return found.element.content_reference
    return found.element.path if found.type in STRUCTURAL_TYPES else found.type


_NOWHERE = _Place({}, {})
_INNER_RESOURCE = "Resource"


def _place_of(resource: Tree) -> _Place:
    stated = resource.get("resourceType") if isinstance(resource, dict) else None
    if not isinstance(stated, str) or stated not in RESOURCE_TYPES or stated == "Bundle":
        return _NOWHERE
    return _place(stated)


class _Rewriting:
    """One walk through one resource. The methods give back what they were given when nothing in it changes."""

    __slots__ = ("exact", "left", "relative")

    def __init__(self, exact: Mapping[str, str], relative: Mapping[str, str]) -> None:
        self.exact = exact
        self.relative = relative
        self.left: list[str] = []

    def object(self, tree: dict[str, Tree], place: _Place) -> dict[str, Tree]:
        links, below = place.links, place.below
        changed: dict[str, Tree] | None = None
        for name, value in tree.items():
            kind = type(value)
            if kind is str:
                if name not in links:
                    continue
                new: Tree = self.text(value, links[name])
            elif kind is dict and name in below:
                shape = below[name]
                new = self.object(value, _place_of(value) if shape == _INNER_RESOURCE else _place(shape))
            elif kind is list:
                new = self.array(value, links.get(name, ""), below.get(name))
            else:
                continue
            if new is not value:
                if changed is None:
                    changed = dict(tree)
                changed[name] = new
        return tree if changed is None else changed

    def array(self, items: list[Tree], link: str, shape: str | None) -> list[Tree]:
        if not link and shape is None:
            return items
        changed: list[Tree] | None = None
        place = _NOWHERE if shape is None or shape == _INNER_RESOURCE else _place(shape)
        for position, value in enumerate(items):
            kind = type(value)
            if kind is dict:
                new: Tree = self.object(value, _place_of(value) if shape == _INNER_RESOURCE else place)
            elif kind is str and link:
                new = self.text(value, link)
            else:
                continue
            if new is not value:
                if changed is None:
                    changed = list(items)
                changed[position] = new
        return items if changed is None else changed

    def text(self, value: str, kind: str) -> str:
        if kind == "xhtml":
            return self.narrative(value)
        found = self.target(value)
        if found is not None:
            return found
        if kind == "reference" and (value.startswith(LOCAL_SCHEMES) or "?" in value):
            self.left.append(value)
        return value

    def target(self, value: str) -> str | None:
        """What stands instead of the link, or None when no entry is meant."""
        found = self.exact.get(value) or self.relative.get(value)
        if found is None and "#" in value:
            name, _, fragment = value.partition("#")
            found = self.exact.get(name) or self.relative.get(name)
            return f"{found}#{fragment}" if found else None
        return found

    def narrative(self, div: str) -> str:
        if "href" not in div and "src" not in div:
            return div
        return _MARKUP.sub(self._tag, div)

    def _tag(self, found: re.Match[str]) -> str:
        tag, attributes = found[1], found[2]
        if tag is None:
            return found[0]

        def one(attribute: re.Match[str]) -> str:
            quoted = attribute[3]
            target = self.target(html.unescape(quoted[1:-1])) if attribute[2] == _LINKING[tag] else None
            return attribute[0] if target is None else attribute[1] + quoted[0] + html.escape(target) + quoted[0]

        return f"<{tag}{_ATTRIBUTE.sub(one, attributes)}"


def _references(tree: dict[str, Tree], place: _Place, path: str) -> Iterator[Occurrence]:
    links, below = place.links, place.below
    for name, value in tree.items():
        kind = type(value)
        if kind is str:
            if links.get(name) == "reference":
                yield Occurrence(f"{path}.{name}", value)
        elif name not in below:
            continue
        elif kind is dict:
            yield from _references(value, _below(value, below[name]), f"{path}.{name.removeprefix('_')}")
        elif kind is list:
            for position, item in enumerate(value):
                if type(item) is dict:
                    inside = f"{path}.{name.removeprefix('_')}[{position}]"
                    yield from _references(item, _below(item, below[name]), inside)


def _below(tree: Tree, shape: str) -> _Place:
    return _place_of(tree) if shape == _INNER_RESOURCE else _place(shape)
