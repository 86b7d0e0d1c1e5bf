"""One server with a code system, value sets and concept maps of wounds, shared by the tests of a module."""

from __future__ import annotations

from typing import Any

import pytest

WOUNDS = "urn:example:wounds"
BODY = "urn:example:body"
GENDER = "http://hl7.org/fhir/administrative-gender"

RESOURCES: list[dict[str, Any]] = [
    {
        "resourceType": "CodeSystem",
        "id": "wounds",
        "url": WOUNDS,
        "version": "2",
        "name": "Wounds",
        "status": "active",
        "content": "complete",
        "property": [{"code": "depth", "type": "integer"}, {"code": "notSelectable", "type": "boolean"}],
        "concept": [
            {
                "code": "ulcer",
                "display": "Ulcer",
                "definition": "An open sore",
                "designation": [{"language": "de", "value": "Geschwür"}],
                "property": [{"code": "notSelectable", "valueBoolean": True}],
                "concept": [
                    {
                        "code": "venous",
                        "display": "Venous ulcer",
                        "designation": [{"language": "de", "value": "Unterschenkelgeschwür"}],
                        "property": [{"code": "depth", "valueInteger": 3}],
                    },
                    {"code": "arterial", "display": "Arterial ulcer"},
                ],
            },
            {"code": "burn", "display": "Burn"},
            {"code": "scald", "display": "Scald", "property": [{"code": "inactive", "valueBoolean": True}]},
        ],
    },
    {
        "resourceType": "CodeSystem",
        "id": "part",
        "url": "urn:example:part",
        "status": "active",
        "content": "fragment",
        "concept": [{"code": "a"}, {"code": "b"}],
    },
    {
        "resourceType": "ValueSet",
        "id": "all",
        "url": "urn:example:all",
        "version": "1",
        "name": "AllWounds",
        "status": "active",
        "compose": {"include": [{"system": WOUNDS}]},
    },
    {
        "resourceType": "ValueSet",
        "id": "ulcers",
        "url": "urn:example:ulcers",
        "status": "active",
        "compose": {
            "inactive": False,
            "include": [
                {"system": WOUNDS, "filter": [{"property": "concept", "op": "descendent-of", "value": "ulcer"}]},
                {"system": BODY, "concept": [{"code": "leg", "display": "The leg"}]},
            ],
        },
    },
    {
        "resourceType": "ValueSet",
        "id": "both",
        "url": "urn:example:both",
        "status": "active",
        "compose": {
            "include": [{"valueSet": ["urn:example:ulcers"]}, {"system": GENDER, "concept": [{"code": "male"}]}]
        },
    },
    {
        "resourceType": "ValueSet",
        "id": "elsewhere",
        "url": "urn:example:elsewhere",
        "status": "active",
        "compose": {"include": [{"system": "http://loinc.org"}]},
    },
    {
        "resourceType": "ConceptMap",
        "id": "to-icd",
        "url": "urn:example:to-icd",
        "status": "draft",
        "sourceUri": "urn:example:all",
        "group": [
            {
                "source": WOUNDS,
                "target": "urn:icd",
                "element": [
                    {
                        "code": "venous",
                        "target": [
                            {"code": "I83.0", "display": "Varicose veins with ulcer", "equivalence": "wider"},
                            {"code": "L97", "equivalence": "inexact", "comment": "Not of veins only"},
                        ],
                    },
                    {"code": "burn", "target": [{"equivalence": "unmatched"}]},
                    {
                        "code": "arterial",
                        "target": [
                            {
                                "code": "I70",
                                "equivalence": "equal",
                                "dependsOn": [{"property": "urn:leg", "value": "leg"}],
                            }
                        ],
                    },
                ],
                "unmapped": {"mode": "fixed", "code": "T14", "display": "Injury"},
            }
        ],
    },
    {
        "resourceType": "ConceptMap",
        "id": "chain",
        "url": "urn:example:chain",
        "status": "draft",
        "group": [
            {
                "source": WOUNDS,
                "target": "urn:icd",
                "element": [{"code": "scald", "target": [{"code": "T30", "equivalence": "equivalent"}]}],
                "unmapped": {"mode": "other-map", "url": "urn:example:to-icd"},
            }
        ],
    },
]


@pytest.fixture(scope="module")
def wounds(shared: Any) -> Any:
    """A client of a server that has RESOURCES."""
    for tree in RESOURCES:
        answer = shared.update(tree)
        assert answer.status_code in (200, 201), answer.text
    return shared


@pytest.fixture(scope="session")
def said() -> Any:
    """Reads the simple parameters of a successful answer."""

    def read(answer: Any) -> dict[str, Any]:
        assert answer.status_code == 200, answer.text
        tree = answer.json()
        assert tree["resourceType"] == "Parameters"
        found: dict[str, Any] = {}
        for one in tree["parameter"]:
            values = [value for key, value in one.items() if key.startswith("value")]
            if values:
                found[one["name"]] = values[0]
        return found

    return read
