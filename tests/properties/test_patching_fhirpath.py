from __future__ import annotations

import contextlib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fhir_server.errors import InvalidRequest, Unprocessable
from fhir_server.interactions.patching import fhirpath_patch
from fhir_server.interactions.patching.path_parser import PathSyntaxError, parse_path
from fhir_server.json_text import encode_json

Tree = dict[str, Any]
Item = tuple[str | None, Tree | None]

GIVEN = st.tuples(st.none() | st.text("ab", min_size=1, max_size=2), st.none() | st.just({"id": "x"})).filter(
    lambda item: item != (None, None)
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "insert", "delete", "replace", "move"]), st.integers(0, 4), st.integers(0, 4), GIVEN
    ),
    max_size=8,
)
PATH_TEXT = st.lists(
    st.sampled_from(
        [
            "Patient",
            ".",
            "name",
            "given",
            "[0]",
            "[",
            "]",
            "where(",
            ")",
            "use",
            " = ",
            "'a'",
            " and ",
            " or ",
            "first()",
            "exists()",
            ".not()",
            "$this",
            "extension('u')",
            " as ",
            "HumanName",
            "(",
            "ofType(",
            "1",
            "true",
            "@2020",
            "'",
        ]
    ),
    max_size=12,
).map("".join)


def patient(items: list[Item]) -> Tree:
    """A Patient whose name has these given names, each with or without a value and an id."""
    name: Tree = {"family": "Shaw"}
    if any(value is not None for value, _ in items):
        name["given"] = [value for value, _ in items]
    if any(beside is not None for _, beside in items):
        name["_given"] = [beside for _, beside in items]
    return {"resourceType": "Patient", "name": [name]}


def operation(kind: str, path: str, **parts: Any) -> Tree:
    stated = [{"name": "type", "valueCode": kind}, {"name": "path", "valueString": path}]
    stated += [
        {"name": name, **content} if isinstance(content, dict) else {"name": name, "valueInteger": content}
        for name, content in parts.items()
    ]
    return {"name": "operation", "part": stated}


def value_of(item: Item) -> Tree:
    names = ("valueString", "_valueString")
    return {name: content for name, content in zip(names, item, strict=True) if content is not None}


def step(kind: str, at: int, to: int, item: Item, items: list[Item]) -> tuple[Tree, list[Item]] | None:
    """One operation on the given names and what a plain list makes of it; None where it cannot be applied."""
    changed = list(items)
    if kind == "add":
        return operation("insert", "Patient.name[0].given", index=len(items), value=value_of(item)), [*items, item]
    if kind == "insert" and at <= len(items):
        changed.insert(at, item)
        return operation("insert", "Patient.name[0].given", index=at, value=value_of(item)), changed
    if kind == "move" and at < len(items) and to < len(items):
        changed.insert(to, changed.pop(at))
        return operation("move", "Patient.name[0].given", source=at, destination=to), changed
    if kind == "delete" and at < len(items):
        del changed[at]
        return operation("delete", f"Patient.name.given[{at}]"), changed
    if kind == "replace" and at < len(items):
        changed[at] = item
        return operation("replace", f"Patient.name.given[{at}]", value=value_of(item)), changed
    return None


@given(st.lists(GIVEN, max_size=4), STEPS)
def test_a_repeating_primitive_behaves_like_a_list_of_values_with_their_siblings(
    items: list[Item], steps: list[tuple[str, int, int, Item]]
) -> None:
    tree = patient(items)
    operations: list[Tree] = []
    for kind, at, to, item in steps:
        made = step(kind, at, to, item, items)
        if made is not None:
            operations.append(made[0])
            items = made[1]
    before = encode_json(tree)
    result = fhirpath_patch.apply("Patient", tree, {"resourceType": "Parameters", "parameter": operations})
    assert result == patient(items)
    assert encode_json(tree) == before


@given(PATH_TEXT | st.text(max_size=30), st.sampled_from(["delete", "replace", "add", "insert", "move"]))
def test_whatever_a_path_says_only_fhir_errors_are_raised(path: str, kind: str) -> None:
    tree = patient([("a", None)])
    parts: dict[str, dict[str, Any]] = {
        "delete": {},
        "replace": {"value": {"valueString": "x"}},
        "add": {"name": {"valueString": "given"}, "value": {"valueString": "x"}},
        "insert": {"index": 0, "value": {"valueString": "x"}},
        "move": {"source": 0, "destination": 0},
    }
    parameters = {"resourceType": "Parameters", "parameter": [operation(kind, path, **parts[kind])]}
    before = encode_json(tree)
    with contextlib.suppress(InvalidRequest, Unprocessable):
        fhirpath_patch.apply("Patient", tree, parameters)
    assert encode_json(tree) == before


@given(PATH_TEXT)
def test_a_path_is_parsed_or_refused(path: str) -> None:
    message = ""
    try:
        parse_path(path, "Patient")
    except PathSyntaxError as refusal:
        message = str(refusal)
    assert "'a'" not in message
