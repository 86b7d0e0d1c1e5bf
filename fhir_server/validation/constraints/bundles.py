"""The constraints of Bundle and Parameters.

https://hl7.org/fhir/R4/bundle.html#invs and https://hl7.org/fhir/R4/parameters.html
"""

from __future__ import annotations

from typing import Any

from fhir_server.validation.constraints.predicates import (
    Constraint,
    Constraints,
    Node,
    distinct,
    equals,
    every,
    has,
    has_choice,
    implies,
    nodes,
    some,
)

_REQUESTS = frozenset({"batch", "transaction", "history"})
_RESPONSES = frozenset({"batch-response", "transaction-response", "history"})


def _requests(bundle: Node) -> bool:
    expected = bundle.get("type") in _REQUESTS
    return all(("request" in entry) == expected for entry in nodes(bundle, "entry"))


def _responses(bundle: Node) -> bool:
    expected = bundle.get("type") in _RESPONSES
    return all(("response" in entry) == expected for entry in nodes(bundle, "entry"))


def _full_urls(bundle: Node) -> bool:
    if bundle.get("type") == "history":
        return True
    return distinct(
        (entry["fullUrl"], _version(entry)) for entry in nodes(bundle, "entry") if isinstance(entry.get("fullUrl"), str)
    )


def _version(entry: Node) -> Any:
    meta = (entry.get("resource") or {}).get("meta")
    version = meta.get("versionId") if isinstance(meta, dict) else None
    return version if isinstance(version, str) else None


def _first_is(bundle_type: str, resource_type: str) -> Any:
    def holds(bundle: Node) -> bool:
        if bundle.get("type") != bundle_type:
            return True
        entries = nodes(bundle, "entry")
        return bool(entries) and (entries[0].get("resource") or {}).get("resourceType") == resource_type

    return holds


def _identified(bundle: Node) -> bool:
    identifier = bundle.get("identifier") or {}
    return bundle.get("type") != "document" or (has("system")(identifier) and has("value")(identifier))


def _one_content(parameter: Node) -> bool:
    return ("part" in parameter) + has_choice("value")(parameter) + ("resource" in parameter) == 1


CONSTRAINTS: Constraints = {
    "Bundle": (
        Constraint(
            "bdl-1",
            "only a searchset or history has a total",
            implies(has("total"), equals("type", "searchset", "history")),
        ),
        Constraint(
            "bdl-2",
            "only the entries of a searchset have a search",
            lambda n: n.get("type") == "searchset" or not nodes(n, "entry.search"),
        ),
        Constraint("bdl-3", "entries of a batch, transaction or history, and no others, have a request", _requests),
        Constraint("bdl-4", "entries of a response or history, and no others, have a response", _responses),
        Constraint("bdl-7", "two entries must not have the same fullUrl and version", _full_urls),
        Constraint("bdl-9", "a document needs an identifier with system and value", _identified),
        Constraint(
            "bdl-10", "a document needs a timestamp", implies(equals("type", "document"), lambda n: "timestamp" in n)
        ),
        Constraint(
            "bdl-11", "the first entry of a document must be a Composition", _first_is("document", "Composition")
        ),
        Constraint(
            "bdl-12", "the first entry of a message must be a MessageHeader", _first_is("message", "MessageHeader")
        ),
    ),
    "Bundle.entry": (
        Constraint(
            "bdl-5",
            "an entry needs a resource, a request or a response",
            some(has("resource"), has("request"), has("response")),
        ),
        Constraint("bdl-8", "fullUrl must not name a version", lambda n: "/_history/" not in str(n.get("fullUrl", ""))),
    ),
    "Parameters.parameter": (
        Constraint("inv-1", "a parameter has exactly one of value, resource and part", every(_one_content)),
    ),
}
