"""The constraints of questionnaires and measures.

https://hl7.org/fhir/R4/questionnaire.html#invs and https://hl7.org/fhir/R4/measure.html#invs
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fhir_server.validation.constraints.predicates import (
    Constraint,
    Constraints,
    Node,
    count,
    distinct,
    each,
    equals,
    every,
    excludes,
    has,
    implies,
    lacks,
    nodes,
    some,
)

_WITH_OPTIONS = ["choice", "open-choice", "decimal", "integer", "date", "dateTime", "time", "string", "quantity"]


_WITH_LENGTH = ["boolean", "decimal", "integer", "string", "text", "url", "open-choice"]


def _link_ids_below(node: Node) -> Iterator[Any]:
    for item in nodes(node, "item"):
        yield item.get("linkId")
        yield from _link_ids_below(item)


def _either_criteria(stratifier: Node) -> bool:
    own = any(name in stratifier for name in ("code", "description", "criteria"))
    return own != ("component" in stratifier)


def _either_value(stratum: Node) -> bool:
    return ("value" in stratum) != ("component" in stratum)


CONSTRAINTS: Constraints = {
    "Measure": (
        Constraint(
            "mea-1",
            "a stratifier has either criteria of its own or components",
            each("group.stratifier", _either_criteria),
        ),
    ),
    "MeasureReport": (
        Constraint(
            "mrp-1", "a data collection has no groups", implies(equals("type", "data-collection"), lacks("group"))
        ),
        Constraint(
            "mrp-2", "a stratum has either a value or components", each("group.stratifier.stratum", _either_value)
        ),
    ),
    "Questionnaire": (Constraint("que-2", "linkIds must not repeat", lambda n: distinct(_link_ids_below(n))),),
    "Questionnaire.item": (
        Constraint(
            "que-1",
            "a group needs items and a display has none",
            every(implies(equals("type", "group"), has("item")), implies(equals("type", "display"), lacks("item"))),
        ),
        Constraint("que-3", "a display has no code", implies(equals("type", "display"), lacks("code"))),
        Constraint(
            "que-4", "answerOption and answerValueSet exclude each other", excludes("answerOption", "answerValueSet")
        ),
        Constraint(
            "que-5",
            "only questions with a choice of answers have answer options",
            implies(some(has("answerOption"), has("answerValueSet")), equals("type", *_WITH_OPTIONS)),
        ),
        Constraint(
            "que-6",
            "a display is neither required nor repeating",
            implies(equals("type", "display"), every(lacks("required"), lacks("repeats"))),
        ),
        Constraint(
            "que-8",
            "a group or display has no initial value",
            implies(equals("type", "group", "display"), lacks("initial")),
        ),
        Constraint("que-9", "a display is not read-only", implies(equals("type", "display"), lacks("readOnly"))),
        Constraint(
            "que-10", "only simple questions have a maxLength", implies(has("maxLength"), equals("type", *_WITH_LENGTH))
        ),
        Constraint("que-11", "answerOption and initial exclude each other", excludes("answerOption", "initial")),
        Constraint(
            "que-12",
            "more than two enableWhen need an enableBehavior",
            lambda n: count("enableWhen")(n) <= 2 or has("enableBehavior")(n),
        ),
        Constraint(
            "que-13",
            "only a repeating item has several initial values",
            lambda n: n.get("repeats") is True or count("initial")(n) <= 1,
        ),
    ),
}
