"""The words of a resource, for `_text` and `_content`: those of its narrative, and of all elements that are texts.

https://hl7.org/fhir/R4/search.html#all

Texts are elements of type string and markdown, also inside extensions, contained resources and the entries of a Bundle:
names, displays, notes, identifier values. Codes, ids, addresses in the web, dates and numbers are none; they have
parameters of their own. Words are split here and nowhere else, so stored and searched words always agree: letters and
digits in runs, without case and accents.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any

from fhir_server.definitions import RESOURCE_TYPES, is_primitive, properties

LONGEST_WORD = 100
"""Longer words are cut, also in a search."""
MOST_WORDS = 20_000
"""Of longer texts only the first place of each word is kept."""
MOST_CHARACTERS = 500_000
"""So much of different words PostgreSQL can hold for one resource; what follows in longer ones is not found."""
NARRATIVE = "A"
"""The weight that marks words of the narrative."""

_TEXTS = frozenset({"string", "markdown"})
_NO_TEXTS = frozenset({"Reference.reference", "Expression.expression", "Signature.data"})
"""Strings by their type, but no texts."""
_WORD = re.compile(r"[a-z0-9]+")
_TAG = re.compile(r"<[^>]*>")


class _Folding(dict[int, str]):
    """What becomes of one character of a decomposed text; filled as characters are met."""

    def __missing__(self, number: int) -> str:
        character = chr(number)
        category = unicodedata.category(character)
        # A spacing mark (Mc) belongs to the letter before it, a combining one (Mn) disappears.
        kept = category[0] in "LN" or category == "Mc"
        folded = character.casefold() if kept else "" if category == "Mn" else " "
        self[number] = folded
        return folded


_FOLDING = _Folding()


def words(text: str) -> list[str]:
    """The words of a text in their order.

    >>> words("Pressure ulcer, Ärztin's note (1.5 cm)")
    ['pressure', 'ulcer', 'arztin', 's', 'note', '1', '5', 'cm']
    """
    # Displays and units are few and come again and again.
    return _short_words(text) if len(text) <= LONGEST_WORD else [one[:LONGEST_WORD] for one in _split(text)]


def _split(text: str) -> list[str]:
    if text.isascii():
        return _WORD.findall(text.lower())
    return unicodedata.normalize("NFKD", text).translate(_FOLDING).split()


@lru_cache(maxsize=4096)
def _short_words(text: str) -> list[str]:
    return _split(text)


def word_places(tree: Any) -> str:
    """A resource's words with their places as PostgreSQL reads a tsvector: `pressure:1A ulcer:2A`.

    The places of two texts are not next to each other, so that no phrase goes from one to the other.
    """
    if type(tree) is not dict:
        return ""
    told: list[str] = []
    _collect(_members_of(tree), tree, told)
    narrative = tree.get("text")
    div = narrative.get("div") if type(narrative) is dict else None
    shown = words(html.unescape(_TAG.sub(" ", div))) if type(div) is str else []
    found = [f"{word}:{place}{NARRATIVE}" for place, word in enumerate(shown, 1)]
    place = len(shown) + 2
    for text in told:
        said = words(text)
        found += [f"{word}:{place + number}" for number, word in enumerate(said)]
        place += len(said) + 1
    return " ".join(found if len(found) <= MOST_WORDS else _first_places(found))


def _first_places(found: Sequence[str]) -> Iterator[str]:
    seen: set[tuple[str, bool]] = set()
    left = MOST_CHARACTERS
    for one in found:
        word = one.partition(":")[0]
        key = (word, one.endswith(NARRATIVE))
        if key in seen:
            continue
        seen.add(key)
        left -= len(word.encode()) + 8
        if left < 0:
            return
        yield one


class _Node:
    """The members of a type or an element that are texts or may have some below them, by JSON name; None is a text."""

    def __init__(self, path: str) -> None:
        self.path = path

    @cached_property
    def members(self) -> Mapping[str, _Node | None]:
        """Found when first needed, because types contain each other."""
        found: dict[str, _Node | None] = {}
        for name, known in properties(self.path).items():
            if name == "id" or known.element.path in _NO_TEXTS:
                continue
            if known.type in _TEXTS:
                found[name] = None
            elif known.type == "Resource" or not is_primitive(known.type):
                found[name] = _node(f"{self.path}.{name}" if known.type != "Resource" else "")
            if is_primitive(known.type):
                found[f"_{name}"] = _node("Element")
        return found


_nodes: dict[str, _Node] = {}


def _node(path: str) -> _Node:
    # Many paths have one home: their nodes are made once for each path that is met in data.
    return _nodes.setdefault(path, _Node(path))


def _members_of(tree: dict[str, Any]) -> Mapping[str, _Node | None]:
    kind = tree.get("resourceType")
    return _node(kind).members if kind in RESOURCE_TYPES else {}


def _collect(members: Mapping[str, _Node | None], tree: dict[str, Any], told: list[str]) -> None:
    for name, value in tree.items():
        if name not in members:
            continue
        node = members[name]
        for one in value if type(value) is list else (value,):
            if node is None:
                if type(one) is str:
                    told.append(one)
            elif type(one) is dict:
                _collect(node.members if node.path else _members_of(one), one, told)
