"""What a declaration says of which element: the words of the mapping, walked without a row.

https://hl7.org/fhir/R4/elementdefinition.html#path
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Column, Table
from sqlalchemy.sql.elements import ClauseElement

from fhir_server.definitions import CHOICE, properties
from fhir_server.mapping.branches import array, extension, object_, required
from fhir_server.mapping.concepts import Codes, coded, source_status
from fhir_server.mapping.projections import derived, many, until_documented
from fhir_server.mapping.resource import Resource
from fhir_server.mapping.word import Word
from fhir_server.mapping.words import always_code

_AROUND = (required, derived, until_documented)
"""Words that say what another word says."""
_READ_ONLY = (derived, until_documented)


@dataclass(frozen=True, slots=True)
class Place:
    """A word with its element.

    `path` is the path of the definition (`Task.note.text`, `Observation.value[x]`), `name` what JSON calls the element
    (`valueQuantity`). `is_item` tells an item of an array, `is_heard` whether a write may set its columns,
    `is_lasting` whether it is said after a client's write too. `inside` are the urls of the extensions that the word is
    part of, from the outermost, `table` is the table of child rows that it reads.
    """

    path: str
    name: str
    word: Word
    is_item: bool = False
    is_heard: bool = True
    is_lasting: bool = True
    inside: tuple[str, ...] = ()
    table: Table | None = None

    @property
    def columns(self) -> tuple[Column[Any], ...]:
        """The columns that the word itself speaks of, without those of the words in it."""
        return tuple(dict.fromkeys(_columns(vars(self.word))))


@dataclass(frozen=True, slots=True)
class Used:
    """An extension that a declaration says: where, as which type, and in which of its parts.

    `types` are the types of its value with their reference targets; empty where the word does not tell. `word` is the
    extension's own word if it has parts.
    """

    url: str
    path: str
    types: tuple[tuple[str, tuple[str, ...]], ...] = ()
    word: Word | None = None
    is_list: bool = False


def places(resource: Resource) -> Iterator[Place]:
    """Every word of a declaration that stands for an element, from the root down."""
    for name, word in resource.elements.items():
        yield from _at(resource.resource_type, name, word, Place("", "", word))


def _at(parent: str, name: str, word: Word, above: Place) -> Iterator[Place]:
    found = properties(parent).get(name)
    defined = name if found is None else found.element.name
    # Below a choice only the typed name leads on.
    here = replace(above, path=f"{parent}.{defined}", name=name, word=word, is_item=False)
    yield from _below(here, f"{parent}.{name}")


def _below(place: Place, home: str) -> Iterator[Place]:
    yield place
    word = place.word
    here = replace(
        place,
        is_heard=place.is_heard and not isinstance(word, _READ_ONLY),
        is_lasting=place.is_lasting and not isinstance(word, until_documented),
    )
    if isinstance(word, _AROUND):
        yield from _below(replace(here, word=word.word), home)
    elif isinstance(word, array):
        for item in word.items:
            yield from _below(replace(here, word=item, is_item=True), home)
    elif isinstance(word, many):
        yield from _below(replace(here, word=word.item, is_item=True, table=word.child), home)
    elif isinstance(word, extension):
        yield from _below(replace(here, word=word.inner, inside=(*here.inside, word.url)), home)
    elif isinstance(word, object_):
        for name, member in word.members.items():
            yield from _at(home, name, member, here)


def used_extensions(resource: Resource) -> Iterator[Used]:
    """The extensions of a declaration as far as its words tell, ours and others'."""
    for place in places(resource):
        word = place.word
        for url, kind in getattr(word, "own_extensions", ()):
            yield Used(url, f"{place.path}.extension", ((kind, ()),))
        if isinstance(word, coded):
            if word.is_text_beside:
                yield Used(word.source_url, f"{place.path}.extension", (("string", ()),))
        elif isinstance(word, source_status):
            yield Used(word.status.source_url, place.path, (("string", ()),))
        elif place.path.endswith(".extension") and not place.inside and isinstance(word, extension):
            yield Used(word.url, place.path, tuple(value_types(word)), word)
        elif place.path.endswith(".extension") and not place.inside and isinstance(getattr(word, "url", None), str):
            yield Used(getattr(word, "url"), place.path, is_list=word.is_list)  # noqa: B009 - no attribute of Word


def value_types(word: extension) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The types of an extension's value[x], with the types that a reference leads to."""
    for name, member in word.inner.members.items():
        found = properties("Extension").get(name)
        if found is not None and found.element.name == f"value{CHOICE}":
            target = getattr(member, "target_type", None)
            yield found.type, (target,) if isinstance(target, str) else ()


def inner_parts(said: Any) -> Iterator[Any]:
    """Everything in a word, or in what its attributes hold, also in functions that were made for it."""
    seen: dict[int, Any] = {}
    waiting = [said]
    while waiting:
        one = waiting.pop()
        if isinstance(one, (ClauseElement, int, float)) or id(one) in seen:
            continue
        # Kept, so that no other object gets its identity meanwhile.
        seen[id(one)] = one
        yield one
        if isinstance(one, Mapping):
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, (list, tuple, set, frozenset)):
            waiting += one
        elif isinstance(one, Codes):
            # A closed list of codes is known by the set's own method.
            waiting += [one.system, getattr(one.known, "__self__", None)]
        elif isinstance(one, Word):
            waiting.append(vars(one))


def codes_below(said: Any) -> Iterator[tuple[str, str]]:
    """System and code of all that a word can say, as far as it lists them."""
    for one in inner_parts(said):
        if isinstance(one, Codes):
            listed = getattr(one.known, "__self__", ())
            yield from ((one.system, code) for code in sorted(listed) if isinstance(listed, frozenset))
        elif isinstance(one, Mapping) and isinstance(one.get("system"), str) and isinstance(one.get("code"), str):
            yield one["system"], one["code"]
        elif isinstance(one, always_code):
            yield one.system, one.json_value


def systems_below(said: Any, base: str) -> Iterator[str]:
    """The code systems below `base` that a word names."""
    return (one for one in inner_parts(said) if isinstance(one, str) and one.startswith(f"{base}/"))


def _columns(said: Any) -> Iterator[Column[Any]]:
    if isinstance(said, Column):
        yield said
    elif isinstance(said, Mapping):
        for value in said.values():
            yield from _columns(value)
    elif isinstance(said, (list, tuple)):
        for value in said:
            yield from _columns(value)


def all_columns(word: Word) -> tuple[Column[Any], ...]:
    """The columns that a word and the words in it speak of."""
    found: dict[Column[Any], None] = {}

    def look(said: Any) -> None:
        if isinstance(said, Column):
            found[said] = None
        elif isinstance(said, Word):
            look(vars(said))
        elif isinstance(said, Mapping):
            for value in said.values():
                look(value)
        elif isinstance(said, (list, tuple)):
            for value in said:
                look(value)

    look(word)
    return tuple(found)
