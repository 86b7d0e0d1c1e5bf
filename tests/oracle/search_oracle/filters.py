"""`_filter` as a structure: ordinary criteria joined by words, and how they are written in its grammar.

https://hl7.org/fhir/R4/search_filter.html
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from .comparisons import NumberIs, QuantityIs
from .criteria import Chain, CompositeIs, Criterion, DateIs, Has, MissingIs, OfTypeIs, TextIs, UriIs


@dataclass(frozen=True, slots=True)
class Joined:
    """Parts with `and` or `or` between them."""

    word: str
    parts: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Denied:
    """`not(…)`."""

    part: Any


@dataclass(frozen=True, slots=True)
class Unequal:
    """`ne` of what is not ordered: there is a value, and none is equal."""

    criterion: Criterion


@dataclass(frozen=True, slots=True)
class FilterIs:
    """A whole filter."""

    tree: Any

    @property
    def name(self) -> str:
        """The name in a URL."""
        return "_filter"

    def written(self) -> str:
        """The value in a URL."""
        return _written(self.tree)


def filter_of(random: Random, criteria: list[Any]) -> FilterIs | None:
    """The criteria in a random tree; None where one of them cannot be said in a filter."""
    parts = [_part(random, one) for one in criteria]
    if any(part is None for part in parts):
        return None
    tree = parts[0]
    for part in parts[1:]:
        part = Denied(part) if random.random() < 0.25 else part
        pair = (tree, part) if random.random() < 0.7 else (part, tree)
        tree = Joined(random.choice(("and", "or")), pair)
        tree = Denied(tree) if random.random() < 0.15 else tree
    return FilterIs(tree)


def _part(random: Random, one: Any) -> Any:
    if not sayable(one):
        return None
    if not isinstance(one, Criterion) or one.modifier not in (None, "contains"):
        return one
    first = one.alternatives[0]
    if isinstance(first, TextIs) and len(one.alternatives) == 1 and random.random() < 0.5:
        one = replace(one, modifier=None, alternatives=(replace(first, how=random.choice(("equal", "ends"))),))
    ordered = isinstance(first, DateIs | NumberIs | QuantityIs | CompositeIs)
    if ordered or one.code == "_id" or random.random() < 0.8:
        return one
    if isinstance(first, TextIs):
        whole = tuple(replace(each, how="equal") for each in one.alternatives)
        return Unequal(replace(one, modifier=None, alternatives=whole))
    return Unequal(one)


def sayable(one: Any, back: bool = False) -> bool:
    """Whether a criterion can be written in a filter; `back` for those behind `_has`, which takes no brackets."""
    match one:
        case Chain(_, target_type, inner):
            return target_type is not None and sayable(inner, back or not isinstance(inner, Criterion))
        case Has(_, _, inner):
            return sayable(inner, True)
    first = one.alternatives[0]
    if isinstance(first, OfTypeIs) or (back and (len(one.alternatives) > 1 or one.modifier == "not")):
        return False
    if isinstance(first, UriIs) and one.modifier is not None:
        return False
    return one.modifier in (None, "not", "missing", "contains")


def _written(tree: Any) -> str:
    match tree:
        case Joined(word, (first, *others)):
            # From left to right: what comes first needs no parentheses.
            return f" {word} ".join((_written(first), *map(_closed, others)))
        case Denied(part):
            return f"not({_written(part)})"
        case Unequal(Criterion(code, _, alternatives)):
            return f"({' and '.join(f'{code} ne {_value(one)}' for one in alternatives)})"
    return _comparison("", tree)


def _closed(tree: Any) -> str:
    return f"({_written(tree)})" if isinstance(tree, Joined) else _written(tree)


def _comparison(path: str, one: Any) -> str:
    match one:
        case Chain(code, target_type, inner):
            if path or not isinstance(inner, Criterion) or (inner.modifier is None and len(inner.alternatives) == 1):
                return _comparison(f"{path}{code}:{target_type}.", inner)
            return f"{code}:{target_type}[{_comparison('', inner)}]._id pr true"
        case Has(source_type, code, inner):
            return _comparison(f"{path}_has:{source_type}:{code}:", inner)
    found = [f"{path}{one.code} {_operator(one, each)} {_value(each)}" for each in one.alternatives]
    joined = found[0] if len(found) == 1 else f"({' or '.join(found)})"
    return f"not({joined})" if one.modifier == "not" else joined


def _operator(one: Criterion, asked: Any) -> str:
    match asked:
        case MissingIs():
            return "pr"
        case TextIs(how):
            return {"starts": "sw", "contains": "co", "equal": "eq", "ends": "ew"}[how]
        case DateIs() | NumberIs() | QuantityIs():
            return asked.prefix or "eq"
    return "eq"


def _value(asked: Any) -> str:
    match asked:
        case MissingIs(missing):
            return "false" if missing else "true"
        case TextIs(_, text) | UriIs(_, text):
            pass
        case DateIs() | NumberIs() | QuantityIs():
            text = asked.written().removeprefix(asked.prefix)
        case _:
            text = asked.written()
    if re.fullmatch(r"[A-Za-z0-9:/.|_\-]+", text):
        return text
    return json.dumps(text, ensure_ascii=False)


__all__ = ["Denied", "FilterIs", "Joined", "Unequal", "filter_of", "sayable"]
