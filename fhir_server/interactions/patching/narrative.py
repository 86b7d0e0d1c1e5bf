"""The narrative of a patched resource: text that was generated from data that has changed is dropped.

https://hl7.org/fhir/R4/narrative.html and https://hl7.org/fhir/R4/http.html#patch

A patch changes data and rarely the prose that says the same. Where `text.status` says that the prose was made from the
data (`generated`, `extensions`), the old prose would now be wrong, and a reader may see nothing else: it goes, and
whoever wants prose makes it anew. Where a person wrote it (`additional`, `empty`), it says what the data do not, and
stays. A patch that touches `text` itself is taken at its word. Only the resource's own text is judged: sections of a
Composition and contained resources keep theirs.
"""

from __future__ import annotations

from fhir_server.interactions.patching.trees import equal
from fhir_server.json_text import Tree

MADE_FROM_DATA = ("generated", "extensions")
NOT_DATA = frozenset({"resourceType", "id", "meta", "text"})


def settle_narrative(before: Tree, after: Tree) -> Tree:
    """`after`, without `text` when its data differ from those of `before` and the text, made from data, does not."""
    text = after.get("text")
    if not isinstance(text, dict) or text.get("status") not in MADE_FROM_DATA:
        return after
    if not equal(text, before.get("text")) or equal(_data(before), _data(after)):
        return after
    return {name: value for name, value in after.items() if name != "text"}


def _data(tree: Tree) -> Tree:
    return {name: value for name, value in tree.items() if name not in NOT_DATA}
