"""Searches that look into stored value sets, code systems and Lists, and `_filter`, from a client's side.

https://hl7.org/fhir/R4/search.html#modifiers and https://hl7.org/fhir/R4/search_filter.html
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from fhir_server.persistence.connections import count_statements

WOUNDS = "urn:example:wounds"
RESOURCES: list[dict[str, Any]] = [
    {
        "resourceType": "CodeSystem",
        "id": "wounds",
        "url": WOUNDS,
        "status": "active",
        "content": "complete",
        "property": [{"code": "parent", "type": "code"}],
        "concept": [
            {"code": "wound", "concept": [{"code": "ulcer", "concept": [{"code": "venous"}]}, {"code": "burn"}]},
            {"code": "arterial", "property": [{"code": "parent", "valueCode": "ulcer"}]},
        ],
    },
    {
        "resourceType": "CodeSystem",
        "id": "empty",
        "url": "urn:example:elsewhere",
        "status": "active",
        "content": "not-present",
    },
    {
        "resourceType": "ValueSet",
        "id": "ulcers",
        "url": "urn:example:ulcers",
        "version": "1",
        "status": "active",
        "compose": {
            "include": [
                {"system": WOUNDS, "filter": [{"property": "concept", "op": "is-a", "value": "ulcer"}]},
                {"system": "urn:example:other", "concept": [{"code": "sore"}]},
            ],
            "exclude": [{"system": WOUNDS, "concept": [{"code": "ulcer"}]}],
        },
    },
    {
        "resourceType": "ValueSet",
        "id": "open",
        "url": "urn:example:open",
        "status": "active",
        "compose": {"include": [{"valueSet": ["urn:example:ulcers|1"]}, {"system": WOUNDS}]},
    },
    {
        "resourceType": "ValueSet",
        "id": "guess",
        "url": "urn:example:guess",
        "status": "active",
        "compose": {
            "include": [{"system": WOUNDS, "filter": [{"property": "concept", "op": "regex", "value": "u.*"}]}]
        },
    },
    {
        "resourceType": "ValueSet",
        "id": "women",
        "url": "urn:example:women",
        "status": "active",
        "compose": {
            "include": [{"system": "http://hl7.org/fhir/administrative-gender", "concept": [{"code": "female"}]}]
        },
    },
    {"resourceType": "Patient", "id": "pa", "gender": "female", "name": [{"family": "Rossi"}]},
    {"resourceType": "Patient", "id": "pb", "gender": "male", "name": [{"family": "Rosso"}]},
    {"resourceType": "Patient", "id": "pc"},
    *(
        {
            "resourceType": "Condition",
            "id": name,
            "subject": {"reference": f"Patient/{patient}"},
            "code": {"coding": [{"system": system, "code": code}]} if code else {"text": "something"},
        }
        for name, patient, system, code in (
            ("ulcer", "pa", WOUNDS, "ulcer"),
            ("venous", "pa", WOUNDS, "venous"),
            ("arterial", "pb", WOUNDS, "arterial"),
            ("burn", "pb", WOUNDS, "burn"),
            ("sore", "pb", "urn:example:other", "sore"),
            ("foreign", "pa", "urn:example:elsewhere", "venous"),
            ("text", "pa", "", ""),
        )
    ),
    {
        "resourceType": "List",
        "id": "team",
        "status": "current",
        "mode": "changes",
        "entry": [
            {"item": {"reference": "Patient/pa"}},
            {"item": {"reference": "Patient/pb"}, "deleted": True},
            {"item": {"reference": "Condition/burn"}},
        ],
    },
]


@pytest.fixture(scope="module")
def clinic(shared: Any) -> Any:
    """A client of a server with these resources; tests must not write to it."""
    for resource in RESOURCES:
        answer = shared.update(resource)
        assert answer.status_code == 201, answer.text
    return shared


EXPECTED = """
Condition?code:in=urn:example:ulcers               venous arterial sore
Condition?code:in=urn:example:ulcers|1             venous arterial sore
Condition?code:in=ValueSet/ulcers                  venous arterial sore
Condition?code:in={base}/ValueSet/ulcers           venous arterial sore
Condition?code:in=urn:example:ulcers&patient=pa    venous
Condition?code:in=urn:example:open                 ulcer venous arterial burn sore
Condition?code:in=urn:example:women                -
Condition?code:in=urn:example:women,urn:example:ulcers  venous arterial sore
Condition?code:not-in=urn:example:ulcers           ulcer burn foreign text
Condition?code:not-in=urn:example:open             foreign text
Condition?code:below={wounds}|ulcer                ulcer venous arterial
Condition?code:below={wounds}|wound                ulcer venous arterial burn
Condition?code:below={wounds}|venous,{wounds}|burn  venous burn
Condition?code:above={wounds}|venous               ulcer venous
Condition?code:above={wounds}|burn                 burn
Patient?gender:in=urn:example:women                pa
Patient?gender:not-in=urn:example:women            pb pc
Patient?_has:Condition:patient:code:in=urn:example:ulcers  pa pb
Condition?patient.gender:in=urn:example:women&code:below={wounds}|wound  ulcer venous
Condition?_filter=code in urn:example:ulcers       venous arterial sore
Condition?_filter=code ni urn:example:open         foreign text
Condition?_filter=code ss {wounds}|ulcer and not (code eq ulcer)  venous arterial
Condition?_filter=code sb {wounds}|arterial        ulcer arterial
Patient?_list=team                                 pa
Patient?_list=List/team                            pa
Condition?_list=team                               burn
Patient/pa/Condition?_filter=code sw x             400
Patient/pa/Condition?_filter=code eq venous        venous foreign
Patient/pa/Condition?code:in=urn:example:ulcers    venous
?_type=Patient,Condition&_id=pa,burn               pa burn
?_type=Patient,Condition&_filter=_id eq pa or _id eq burn  pa burn
Patient/pa/*?_type=Condition&code:in=urn:example:ulcers  venous
"""


def cases() -> list[Any]:
    return [line.rsplit("  ", 1) for line in EXPECTED.strip().splitlines()]


@pytest.mark.parametrize(("search", "expected"), cases())
def test_s107_s145_s146_searches_find(clinic: Any, search: str, expected: str) -> None:
    path, _, query = search.strip().format(base=clinic.base, wounds=WOUNDS).partition("?")
    asked = f"/{path}?{quote(query, safe='=&:/|,_')}".replace("/?", "?")
    if expected == "400":
        assert clinic.get(asked).status_code == 400
        return
    ids = [] if expected == "-" else expected.split()
    assert sorted(one.partition("/")[2] for one in clinic.matches(asked)) == sorted(ids)


@pytest.mark.parametrize(
    ("search", "said"),
    [
        ("/Condition?code:in=urn:example:none", "is not stored on this server"),
        ("/Condition?code:in=urn:example:ulcers|2", "is not stored on this server"),
        ("/Condition?code:in=ValueSet/none", "is not stored on this server"),
        ("/Condition?code:not-in=urn:example:none", "is not stored on this server"),
        ("/Condition?code:in=urn:example:guess", "filter 'regex'"),
        ("/Condition?code:below=venous", "system|code"),
        ("/Condition?code:below=urn:example:none|x", "No CodeSystem"),
        (f"/Condition?code:below={WOUNDS}|none", "does not have the code"),
        ("/Condition?code:below=urn:example:elsewhere|venous", "does not hold all of its concepts"),
        ("/Condition?subject:in=x", "not supported yet"),
        ("/?_type=Patient,Condition&_list=team", "for one type only"),
        ("/Patient?_list=$current-problems", "functional list"),
        ("/Patient?_query=all", "no named queries"),
        ("/Patient?_contained=both&_list=team", "nothing refers into a resource"),
        ("/Patient?_filter=name xx a", "character 6"),
        ("/Patient?_filter=nome eq a", "character 1: Unknown search parameter 'nome'"),
        ("/Patient?_filter=name eq a and gender gt b", "character 15: 'gt' cannot compare 'gender' (token)"),
    ],
)
@pytest.mark.parametrize("handling", ["strict", "lenient"])
def test_s107_s145_what_cannot_be_answered_is_refused_with_its_reason(
    clinic: Any, search: str, said: str, handling: str
) -> None:
    answer = clinic.get(search, headers={"Prefer": f"handling={handling}"})
    assert answer.status_code == 400
    assert said in answer.json()["issue"][0]["diagnostics"]


def test_s145_thousands_of_parentheses_are_refused(clinic: Any) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    hostile = "_filter=" + "(" * 5000 + "name+eq+a" + ")" * 5000
    answer = clinic.post("/Patient/_search", content=hostile.encode(), headers=form)
    assert answer.status_code == 400
    assert "levels deep" in answer.json()["issue"][0]["diagnostics"]


def test_s107_too_many_codes_are_too_costly(clinic: Any) -> None:
    codes = [{"code": f"c{number}"} for number in range(10_001)]
    large = {
        "resourceType": "ValueSet",
        "id": "large",
        "url": "urn:example:large",
        "status": "active",
        "compose": {"include": [{"system": WOUNDS, "concept": codes}]},
    }
    assert clinic.update(large).status_code in (200, 201)
    answer = clinic.get("/Condition?code:in=urn:example:large")
    assert answer.status_code == 422
    assert answer.json()["issue"][0]["code"] == "too-costly"


def test_s107_a_value_set_costs_one_statement_more(clinic: Any) -> None:
    clinic.matches("/Patient?gender:in=urn:example:women")
    with count_statements() as count:
        clinic.matches("/Patient?gender:in=urn:example:women")
    assert len(count) == 2


def test_s107_the_newest_value_set_of_a_url_counts(clinic: Any) -> None:
    for name, code in (("first", "male"), ("second", "female")):
        include = {"system": "http://hl7.org/fhir/administrative-gender", "concept": [{"code": code}]}
        changed = {
            "resourceType": "ValueSet",
            "id": name,
            "url": "urn:example:newest",
            "status": "active",
            "compose": {"include": [include]},
        }
        assert clinic.update(changed).status_code in (200, 201)
    assert clinic.matches("/Patient?gender:in=urn:example:newest") == ["Patient/pa"]


def test_s003_the_self_link_keeps_a_filter(clinic: Any) -> None:
    bundle = clinic.tree("/Patient?_filter=" + quote('name eq "rossi" and gender eq female'))
    assert clinic.matches(bundle["link"][0]["url"].removeprefix(clinic.base)) == ["Patient/pa"]


def test_s179_pages_of_a_filter_go_on(clinic: Any) -> None:
    bundle = clinic.tree("/Condition?_count=2&code:in=urn:example:ulcers&_filter=" + quote("_id pr true"))
    following = next(link["url"] for link in bundle["link"] if link["relation"] == "next")
    assert len(clinic.matches(following.removeprefix(clinic.base))) == 1


def test_the_capabilities_name_what_is_served(clinic: Any) -> None:
    rest = clinic.tree("/metadata")["rest"][0]
    served = {one["name"]: one["type"] for one in rest["resource"][0]["searchParam"]}
    assert served["_filter"] == served["_list"] == "special"
    assert "_query" not in served
    assert {"_filter", "_list"} <= {one["name"] for one in rest["searchParam"]}
