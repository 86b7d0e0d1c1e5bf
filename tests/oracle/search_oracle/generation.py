"""Random resources of any type: what search looks at and what must be there, filled from small pools of nasty values.

Pools are small so that values meet: two resources often say the same code, nearly the same name, overlapping times.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from random import Random
from typing import Any

from fhir_server.json_text import parse_json

from .pools import CANONICALS, CODES, DATES, IDENTIFIERS, NAMES, NUMBERS, SYSTEMS, UCUM, UNITS, URLS
from .published import elements, parameters, required_codes

ALWAYS_SKIPPED = frozenset(
    {"id", "meta", "implicitRules", "language", "text", "contained", "extension", "modifierExtension"}
)
ABSENT = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]}


@cache
def looked_at(resource_type: str) -> frozenset[str]:
    """The paths that search parameters of the type may look at, with all that lead to them, choices without a type."""
    found: set[str] = set()
    for parameter in parameters(resource_type).values():
        words = parameter.expression.replace("(", " ").replace(")", " ").split()
        for word in words:
            names = word.split(".")
            if names[0] == resource_type:
                found.update(".".join(names[:count]) for count in range(2, len(names) + 1))
    return frozenset(found)


def _says(tree: Any, text: str) -> bool:
    if isinstance(tree, dict):
        return any(_says(value, text) for value in tree.values())
    return any(_says(item, text) for item in tree) if isinstance(tree, list) else bool(tree == text)


def _one_or_other(made: dict[str, Any]) -> None:
    if any(name.startswith("value") for name in made):
        made.pop("dataAbsentReason", None)
    for component in made.get("component", ()):
        if any(name.startswith("value") for name in component):
            component.pop("dataAbsentReason", None)


def _coded(system: str, name: str, code: str) -> Callable[[dict[str, Any]], None]:
    def rule(made: dict[str, Any]) -> None:
        made[name] = {"coding": [{"system": f"http://terminology.hl7.org/CodeSystem/{system}", "code": code}]}

    return rule


def _real_group(made: dict[str, Any]) -> None:
    made["actual"] = made["actual"] or "member" in made


RULES: Mapping[str, Sequence[Callable[[dict[str, Any]], None]]] = {
    "Observation": (_one_or_other,),
    "Condition": (_coded("condition-clinical", "clinicalStatus", "active"),
                  _coded("condition-ver-status", "verificationStatus", "confirmed")),
    "Group": (_real_group,),
    "MolecularSequence": (lambda made: made.update(coordinateSystem=1),),
}  # fmt: skip
"""What ties elements together where chance alone would hardly ever be valid."""


class Generator:
    """Makes resources; `ids` are those of each type that references may name."""

    def __init__(self, random: Random, base_url: str, ids: Mapping[str, Sequence[str]]) -> None:
        self.random, self.base_url, self.ids = random, base_url, ids

    def resource(self, resource_type: str, logical_id: str) -> dict[str, Any]:
        """A resource that is valid but for rules that tie elements together."""
        made: dict[str, Any] = {"resourceType": resource_type, "id": logical_id}
        meta = self._meta()
        if meta:
            made["meta"] = meta
        self._fill(made, resource_type, resource_type, 0)
        if _says(made, "#c1"):
            made["contained"] = [{"resourceType": "Patient", "id": "c1", "name": [{"family": "Contained"}]}]
        for rule in RULES.get(resource_type, ()):
            rule(made)
        return made

    def _meta(self) -> dict[str, Any]:
        meta: dict[str, Any] = {}
        if self.random.random() < 0.5:
            meta["profile"] = self.some(CANONICALS, 1, 2)
        if self.random.random() < 0.5:
            meta["tag"] = [self.coding() for _ in range(self.random.randint(1, 2))]
        if self.random.random() < 0.4:
            meta["security"] = [self.coding()]
        if self.random.random() < 0.4:
            meta["source"] = self.pick(URLS)
        return meta

    def pick(self, pool: Sequence[Any]) -> Any:
        """One of a pool."""
        return self.random.choice(pool)

    def some(self, pool: Sequence[Any], least: int, most: int) -> list[Any]:
        """A few different ones of a pool."""
        return self.random.sample(list(pool), min(len(pool), self.random.randint(least, most)))

    def _fill(self, target: dict[str, Any], path: str, resource_type: str, depth: int) -> None:
        wanted = looked_at(resource_type)
        for where, one in elements(resource_type).items():
            parent, _, name = where.rpartition(".")
            if parent != path or name in ALWAYS_SKIPPED or one["max"] == "0":
                continue
            needed = one["min"] > 0
            seen = where.removesuffix("[x]") in wanted
            if not needed and (not seen or self.random.random() < 0.35):
                continue
            kinds = one.get("types") or []
            if one.get("contentReference") and not needed:
                continue
            kind = self.pick(self._choices(resource_type, where, kinds)) if kinds else "BackboneElement"
            key = name.removesuffix("[x]") + (kind[0].upper() + kind[1:] if name.endswith("[x]") else "")
            many = one["max"] != "1"
            count = self.random.choice((1, 1, 2, 3)) if many else 1
            values = [self._value(kind, where, one, resource_type, depth) for _ in range(count)]
            values = [value for value in values if value not in (None, {}, [])]
            if values:
                target[key] = values if many else values[0]
            elif not needed and not many and kind in ("code", "string", "date", "dateTime", "boolean"):
                target[f"_{key}"] = ABSENT

    def _choices(self, resource_type: str, where: str, kinds: Sequence[str]) -> Sequence[str]:
        liked = [kind for kind in kinds if kind in _MAKERS or kind in ("Reference", "code", "canonical")]
        return liked or kinds

    def _value(self, kind: str, where: str, one: Mapping[str, Any], resource_type: str, depth: int) -> Any:
        if kind in ("BackboneElement", "Element"):
            made: dict[str, Any] = {}
            if depth < 4:
                self._fill(made, where, resource_type, depth + 1)
            return made
        if kind == "Reference":
            return self.reference(one.get("targets", ["Any"]))
        if kind == "code":
            bound = required_codes(where)
            return self.pick([code for codes in bound.values() for code in codes]) if bound else self.pick(CODES[:4])
        maker = _MAKERS.get(kind)
        return getattr(self, maker)() if maker else None

    # -- data types --------------------------------------------------------------------------------------------------

    def coding(self) -> dict[str, Any]:
        """A Coding, seldom without a code or system."""
        made = {"system": self.pick(SYSTEMS), "code": self.pick(CODES), "display": self.pick((None, *NAMES))}
        if self.random.random() < 0.07:
            del made["code"]
        return {name: value for name, value in made.items() if value is not None} or {"code": "A"}

    def concept(self) -> dict[str, Any]:
        """A CodeableConcept with none to three codings."""
        made: dict[str, Any] = {}
        codings = [self.coding() for _ in range(self.random.choice((0, 1, 1, 1, 2, 3)))]
        if codings:
            made["coding"] = codings
        if not codings or self.random.random() < 0.4:
            made["text"] = self.pick(NAMES)
        return made

    def identifier(self) -> dict[str, Any]:
        """An Identifier, seldom without a value."""
        made: dict[str, Any] = {"value": self.pick(IDENTIFIERS)}
        if (system := self.pick(SYSTEMS)) is not None:
            made["system"] = system
        if self.random.random() < 0.5:
            made["type"] = self.concept()
        if self.random.random() < 0.07:
            del made["value"]
        return made or {"value": "1"}

    def human_name(self) -> dict[str, Any]:
        """A HumanName."""
        made: dict[str, Any] = {"family": self.pick(NAMES)}
        if self.random.random() < 0.7:
            made["given"] = self.some(NAMES, 1, 2)
        for part in ("prefix", "suffix"):
            if self.random.random() < 0.15:
                made[part] = self.some(NAMES, 1, 2)
        if self.random.random() < 0.3:
            made["text"] = self.pick(NAMES)
        if self.random.random() < 0.2:
            del made["family"]
        if self.random.random() < 0.3:
            made["use"] = self.pick(("official", "nickname", "old"))
        return made or {"text": self.pick(NAMES)}

    def address(self) -> dict[str, Any]:
        """An Address."""
        made: dict[str, Any] = {"city": self.pick(NAMES)}
        for part in ("district", "state", "postalCode", "country", "text"):
            if self.random.random() < 0.35:
                made[part] = self.pick(NAMES)
        if self.random.random() < 0.5:
            made["line"] = self.some(NAMES, 1, 2)
        if self.random.random() < 0.4:
            made["use"] = self.pick(("home", "work", "old"))
        return made

    def contact_point(self) -> dict[str, Any]:
        """A ContactPoint."""
        made = {"system": self.pick(("phone", "email", "fax", "url")), "value": self.pick(IDENTIFIERS)}
        if self.random.random() < 0.2:
            made["use"] = "home"
        return made

    def quantity(self) -> dict[str, Any]:
        """A Quantity, also without unit, with a comparator."""
        made: dict[str, Any] = {"value": self.number()}
        if self.random.random() < 0.15:
            made["comparator"] = self.pick(("<", "<=", ">", ">="))
        return {**made, **self.pick(UNITS)}

    def simple_quantity(self) -> dict[str, Any]:
        """A Quantity without a comparator."""
        return {"value": self.number(), **self.pick(UNITS)}

    def range(self) -> dict[str, Any]:
        """A Range, perhaps open at one end."""
        low, high = sorted((self.number(), self.number()))
        unit = self.pick(UNITS)
        made = {"low": {"value": low, **unit}, "high": {"value": high, **unit}}
        if self.random.random() < 0.4:
            del made[self.pick(("low", "high"))]
        return made

    def age(self) -> dict[str, Any]:
        """An Age or a Duration."""
        return {"value": self.pick((1, 30, 80)), "unit": "years", "system": UCUM, "code": "a"}

    def money(self) -> dict[str, Any]:
        """Money."""
        return {"value": self.number(), "currency": self.pick(("USD", "EUR"))}

    def number(self) -> Any:
        """A decimal with its text."""
        return parse_json(self.pick(NUMBERS).encode())

    def integer(self) -> int:
        """A small integer."""
        return self.random.choice((1, 2, 3, 10, 100))

    def boolean(self) -> bool:
        """A boolean."""
        return self.random.random() < 0.5

    def string(self) -> str:
        """A text."""
        return str(self.pick(NAMES))

    def date(self) -> str:
        """A date without a time."""
        return str(self.pick([one for one in DATES if "T" not in one]))

    def date_time(self) -> str:
        """A date or dateTime."""
        return str(self.pick(DATES))

    def instant(self) -> str:
        """An instant."""
        return str(self.pick([one for one in DATES if "T" in one]))

    def period(self) -> dict[str, Any]:
        """A Period, perhaps open at one end."""
        start, end = sorted((self.date_time(), self.date_time()), key=lambda one: one[:10].ljust(10, "~"))
        made = {"start": start, "end": end}
        if start[:7] == end[:7] or self.random.random() < 0.4:
            # A partial date sorts anyhow beside a day of it; one end is enough.
            del made[self.pick(("start", "end"))]
        return made

    def timing(self) -> dict[str, Any]:
        """A Timing with events, bounds or both."""
        made: dict[str, Any] = {}
        if self.random.random() < 0.7:
            made["event"] = [self.date_time() for _ in range(self.random.randint(1, 3))]
        if not made or self.random.random() < 0.4:
            made["repeat"] = {"boundsPeriod": self.period()}
        return made

    def uri(self) -> str:
        """A uri."""
        return str(self.pick(URLS))

    def canonical(self) -> str:
        """A canonical, perhaps with a version."""
        return str(self.pick(CANONICALS))

    def attachment(self) -> dict[str, Any]:
        """An Attachment."""
        return {"contentType": "text/plain", "url": "http://a.example/file", "language": "en", "title": self.string()}

    def usage_context(self) -> dict[str, Any]:
        """A UsageContext."""
        value: dict[str, Any] = self.pick(({"valueCodeableConcept": self.concept()}, {"valueRange": self.range()}))
        if self.random.random() < 0.4:
            value = {"valueQuantity": self.quantity()}
        return {"code": self.coding(), **value}

    def related_artifact(self) -> dict[str, Any]:
        """A RelatedArtifact."""
        return {"type": self.pick(("depends-on", "derived-from", "composed-of")), "resource": self.canonical()}

    def reference(self, targets: Sequence[str]) -> dict[str, Any]:
        """A Reference in one of the many forms."""
        known = [name for name in (self.ids if "Any" in targets else targets) if self.ids.get(name)]
        form = self.random.random()
        if not known or form < 0.05:
            return self.pick(({"identifier": {"system": "urn:x-mrn", "value": "001"}}, {"display": "somebody"}))
        kind = self.pick(known)
        local = f"{kind}/{self.pick(self.ids[kind])}"
        if form < 0.12:
            return {"reference": f"{self.base_url}/{local}"}
        if form < 0.18:
            return {"reference": f"{local}/_history/1"}
        if form < 0.23:
            return {"reference": f"http://other.example/fhir/{local}"}
        if form < 0.27 and ("Any" in targets or "Patient" in targets):
            return {"reference": "#c1"}
        if form < 0.37:
            return {"reference": local, "identifier": self.identifier()}
        if form < 0.42:
            return {"type": kind, "identifier": {"value": self.pick(IDENTIFIERS)}}
        return {"reference": local}


_MAKERS = {
    "Coding": "coding", "CodeableConcept": "concept", "Identifier": "identifier", "HumanName": "human_name",
    "Address": "address", "ContactPoint": "contact_point", "Quantity": "quantity", "Range": "range", "Age": "age",
    "Duration": "age", "Money": "money", "decimal": "number", "integer": "integer", "positiveInt": "integer",
    "unsignedInt": "integer", "boolean": "boolean", "string": "string", "markdown": "string", "date": "date",
    "dateTime": "date_time", "instant": "instant", "Period": "period", "Timing": "timing", "uri": "uri", "url": "uri",
    "canonical": "canonical", "Attachment": "attachment", "UsageContext": "usage_context",
    "RelatedArtifact": "related_artifact",
}  # fmt: skip
