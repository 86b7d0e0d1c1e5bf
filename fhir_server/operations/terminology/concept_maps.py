"""What a ConceptMap makes of a code, forwards and backwards.

https://hl7.org/fhir/R4/conceptmap.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fhir_server.operations.terminology.codings import Coding, Part, part, parts, text_part
from fhir_server.search.terminology.stored import Tree

NO_MATCH = frozenset({"unmatched", "disjoint"})
MAX_OTHER_MAPS = 5

REVERSED: Mapping[str, str] = {
    "wider": "narrower",
    "narrower": "wider",
    "subsumes": "specializes",
    "specializes": "subsumes",
}
"""How the source stands to the target where the target is asked about; the other relations are the same both ways."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A code to be translated; `target` is the system that is wanted, if any, `target_set` the value set."""

    coding: Coding
    is_reverse: bool = False
    target: str | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """One translation, and the url of the map that says it."""

    equivalence: str
    concept: Mapping[str, Any] | None
    source: str | None
    products: tuple[Tree, ...] = ()
    needs_more: bool = False

    @property
    def is_match(self) -> bool:
        """Whether it is one, and not the statement that there is none."""
        return self.equivalence not in NO_MATCH and not self.needs_more

    def part(self) -> Part:
        """The match as R4 answers it."""
        products = [
            parts("product", (text_part("element", one.get("property"), "Uri"), _product(one))) for one in self.products
        ]
        concept = part("concept", "Coding", dict(self.concept)) if self.concept else None
        source = text_part("source", self.source, "Uri")
        return parts("match", (part("equivalence", "Code", self.equivalence), concept, *products, source))


def _product(one: Tree) -> Part:
    coding = {"system": one.get("system"), "code": one.get("value"), "display": one.get("display")}
    return part("concept", "Coding", {name: value for name, value in coding.items() if value is not None})


def matches(definition: Tree, asked: Asked, other: Callable[[str], Tree | None]) -> Iterator[Match]:
    """What the map says of the code; `other` finds the map that an unmapped code is looked up in."""
    yield from _matches(definition, asked, other, MAX_OTHER_MAPS)


def _matches(definition: Tree, asked: Asked, other: Callable[[str], Tree | None], left: int) -> Iterator[Match]:
    url = definition.get("url")
    for group in definition.get("group", ()):
        if not _concerns(group, asked):
            continue
        if asked.is_reverse:
            yield from _backwards(group, asked, url)
            continue
        found = [one for one in group.get("element", ()) if one.get("code") == asked.coding.code]
        for element in found:
            for target in element.get("target", ()):
                yield _match(target, _coding(group, "target", target), url)
        if not found:
            yield from _unmapped(group, asked, url, other, left)


def _concerns(group: Tree, asked: Asked) -> bool:
    near, far = ("target", "source") if asked.is_reverse else ("source", "target")
    return (
        asked.coding.system in (None, group.get(near))
        and asked.coding.version in (None, group.get(f"{near}Version", asked.coding.version))
        and asked.target in (None, group.get(far))
    )


def _backwards(group: Tree, asked: Asked, url: str | None) -> Iterator[Match]:
    for element in group.get("element", ()):
        for target in element.get("target", ()):
            if target.get("code") == asked.coding.code:
                relation = target.get("equivalence", "")
                turned = {**target, "equivalence": REVERSED.get(relation, relation)}
                yield _match(turned, _coding(group, "source", element), url)


def _match(target: Tree, concept: Mapping[str, Any] | None, url: str | None) -> Match:
    # What holds only together with other elements is no answer to a question about one.
    needs_more = bool(target.get("dependsOn"))
    return Match(target.get("equivalence", ""), concept, url, tuple(target.get("product", ())), needs_more)


def _coding(group: Tree, side: str, said: Tree) -> Mapping[str, Any] | None:
    if "code" not in said:
        return None
    coding = {
        "system": group.get(side),
        "version": group.get(f"{side}Version"),
        "code": said["code"],
        "display": said.get("display"),
    }
    return {name: value for name, value in coding.items() if value is not None}


def _unmapped(
    group: Tree, asked: Asked, url: str | None, other: Callable[[str], Tree | None], left: int
) -> Iterator[Match]:
    rule = group.get("unmapped", {})
    mode = rule.get("mode")
    if mode == "provided":
        said = {"code": asked.coding.code, "display": asked.coding.display}
        yield Match("equal", _coding(group, "target", said), url)
    elif mode == "fixed":
        yield Match("inexact", _coding(group, "target", rule), url)
    elif mode == "other-map" and left:
        found = other(rule.get("url", ""))
        if found is not None:
            yield from _matches(found, asked, other, left - 1)
