"""A SearchParameter is served as those of R4 are, on every worker and without a restart."""

from __future__ import annotations

from typing import Any

import pytest


def refusal(answer: Any) -> tuple[int, str, str]:
    issue = answer.json()["issue"][0]
    return answer.status_code, issue["code"], issue.get("expression", [""])[0]


def test_a_parameter_for_a_type_without_resources_works_at_once(client: Any, made: Any, dyed: Any) -> None:
    assert client.create(made()).status_code == 201
    assert client.matches("/Patient?colour=red") == []
    for fhir_id, colour in (("a", "red"), ("b", "blue"), ("c", "green")):
        client.update(dyed("Patient", fhir_id, colour))
    assert client.matches("/Patient?colour=red") == ["Patient/a"]
    assert client.matches("/Patient?colour=red,blue") == ["Patient/a", "Patient/b"]
    assert client.matches("/Patient?colour:not=red") == ["Patient/b", "Patient/c"]
    client.update({"resourceType": "Patient", "id": "b"})
    assert client.matches("/Patient?colour:missing=true") == ["Patient/b"]
    found = client.tree("/Patient?_sort=-colour")["entry"]
    assert [entry["resource"]["id"] for entry in found][:2] == ["a", "c"]
    assert client.tree("/Patient?colour=red&_total=accurate")["total"] == 1


def test_a_search_by_an_added_parameter_is_a_page_like_others(client: Any, made: Any, dyed: Any) -> None:
    client.create(made(base="Basic"))
    for number in range(5):
        client.update(dyed("Basic", f"n{number}", "red", code={"text": "x"}))
    page = client.tree("/Basic?colour=red&_count=2")
    seen = [entry["resource"]["id"] for entry in page["entry"]]
    while more := [link["url"] for link in page["link"] if link["relation"] == "next"]:
        page = client.tree(more[0].removeprefix(client.base))
        seen += [entry["resource"]["id"] for entry in page["entry"]]
    assert sorted(seen) == [f"n{number}" for number in range(5)]


KINDS = {
    "string": ("valueString", "Größe", "grosse,groesse,größe"),
    "date": ("valueDate", "2024-03-11", "ge2024"),
    "number": ("valueInteger", 7, "7"),
    "quantity": ("valueQuantity", {"value": 4, "system": "http://unitsofmeasure.org", "code": "cm"}, "40|http://unitsofmeasure.org|mm"),
    "uri": ("valueUri", "urn:x:y", "urn:x:y"),
    "reference": ("valueReference", {"reference": "Patient/none"}, "Patient/none"),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_type_of_parameter_can_be_added(client: Any, made: Any, kind: str) -> None:
    name, value, query = KINDS[kind]
    if kind == "reference":
        client.update({"resourceType": "Patient", "id": "none"})
    assert client.create(made(base="Device", type=kind)).status_code == 201
    client.update({"resourceType": "Device", "id": "x", "extension": [{"url": "urn:example:colour", name: value}]})
    client.update({"resourceType": "Device", "id": "y"})
    assert client.matches(f"/Device?colour={query}") == ["Device/x"]


def test_an_added_reference_is_included_chained_and_followed_back(client: Any, made: Any) -> None:
    client.update({"resourceType": "Organization", "id": "o", "name": "Acme"})
    added = made("sponsor", "ResearchSubject", type="reference", target=["Organization"])
    added["expression"] = "ResearchSubject.extension('urn:example:sponsor').value as Reference"
    assert client.create(added).status_code == 201
    client.update({"resourceType": "Patient", "id": "p"})
    subject = {
        "resourceType": "ResearchSubject",
        "id": "s",
        "status": "candidate",
        "study": {"display": "x"},
        "individual": {"reference": "Patient/p"},
        "extension": [{"url": "urn:example:sponsor", "valueReference": {"reference": "Organization/o"}}],
    }
    assert client.update(subject).status_code == 201
    assert client.matches("/ResearchSubject?sponsor.name=acme") == ["ResearchSubject/s"]
    assert client.matches("/Organization?_has:ResearchSubject:sponsor:status=candidate") == ["Organization/o"]
    for query in (
        "ResearchSubject?_include=ResearchSubject:sponsor",
        "Organization?_revinclude=ResearchSubject:sponsor",
    ):
        modes = {entry["resource"]["id"]: entry["search"]["mode"] for entry in client.tree(f"/{query}")["entry"]}
        assert set(modes) == {"s", "o"}
        assert "include" in modes.values()
    assert any(entry["search"]["mode"] == "include" for entry in client.tree("/ResearchSubject?_include=*")["entry"])


def test_extensions_of_primitives_and_within_extensions_are_reached(client: Any, made: Any) -> None:
    deep = "Patient.extension.where(url = 'urn:race').extension.where(url = 'omb').value as Coding"
    client.create(made("race", expression=deep))
    client.create(made("born-in", expression="Patient.birthDate.extension('urn:place').value", type="string"))
    client.update(
        {
            "resourceType": "Patient",
            "id": "x",
            "birthDate": "1990-01-01",
            "_birthDate": {"extension": [{"url": "urn:place", "valueString": "Basel"}]},
            "extension": [{"url": "urn:race", "extension": [{"url": "omb", "valueCoding": {"code": "2106-3"}}]}],
        }
    )
    assert client.matches("/Patient?race=2106-3") == ["Patient/x"]
    assert client.matches("/Patient?born-in=bas") == ["Patient/x"]


def test_one_parameter_may_be_for_several_types_or_for_all(client: Any, made: Any, dyed: Any) -> None:
    both = "Patient.extension('urn:example:colour').value | Basic.extension('urn:example:colour').value"
    client.create(made("both", ["Patient", "Basic"], expression=both))
    client.create(made("any", "DomainResource", expression="DomainResource.extension('urn:example:colour').value"))
    client.update(dyed("Patient", "p", "red"))
    client.update(dyed("Basic", "b", "red", code={"text": "x"}))
    assert client.matches("/?_type=Patient,Basic&both=red") == ["Basic/b", "Patient/p"]
    # SearchParameter has resources already, so a search of all types waits for the index command.
    assert client.matches("/?_type=Patient,Basic,Device&any=red") == ["Basic/b", "Patient/p"]


def test_the_capability_statement_lists_what_is_complete(client: Any, made: Any, dyed: Any, index: Any) -> None:
    client.update(dyed("Basic", "b", "red", code={"text": "x"}))

    def listed() -> list[Any]:
        types = client.tree("/metadata")["rest"][0]["resource"]
        return [
            (one["type"], parameter)
            for one in types
            for parameter in one["searchParam"]
            if parameter["name"] == "colour"
        ]

    client.create(made(base="Device"))
    client.update(made("other", "Basic", code="colour"))
    assert listed() == [
        ("Device", {"name": "colour", "type": "token", "definition": "http://example.org/SearchParameter/colour"})
    ]
    index()
    client.get("/Basic?colour=red")
    assert [kind for kind, _ in listed()] == ["Basic", "Device"]
    client.delete("/SearchParameter/other")
    index()


WRONG = {
    "a name of R4": ({"code": "birthdate"}, "code"),
    "a name that a query cannot hold": ({"code": "a:b"}, "code"),
    "a name that is reserved": ({"code": "_x"}, "code"),
    "an unknown function": ({"expression": "Patient.name.given.first()"}, "expression"),
    "an unknown element": ({"expression": "Patient.colour"}, "expression"),
    "no FHIRPath": ({"expression": "Patient..name"}, "expression"),
    "another type": ({"expression": "Person.name"}, "expression"),
    "what the type cannot search": ({"expression": "Patient.name"}, "expression"),
    "no expression": ({"expression": None}, "expression"),
    "too many paths": ({"expression": "Patient" + ".extension.value" * 5}, "expression"),
    "a deep one": ({"expression": "(" * 5000 + "Patient.name" + ")" * 5000}, "expression"),
    "a composite": ({"type": "composite"}, "type"),
    "a special one": ({"type": "special"}, "type"),
    "phonetic use": ({"xpathUsage": "phonetic"}, "xpathUsage"),
    "one value only": ({"multipleOr": False}, "multipleOr"),
}


@pytest.mark.parametrize("fault", WRONG)
def test_what_cannot_be_searched_is_refused_and_named(shared: Any, made: Any, fault: str) -> None:
    members, element = WRONG[fault]
    answer = shared.create(made(**members))
    assert refusal(answer)[::2] == (422, f"SearchParameter.{element}"), answer.text
    assert shared.matches("/SearchParameter") == []


def test_a_draft_and_a_derivation_of_r4_are_only_stored(client: Any, made: Any) -> None:
    assert client.create(made(status="draft")).status_code == 201
    derived = made("gender", derivedFrom="http://hl7.org/fhir/SearchParameter/individual-gender")
    assert client.create(derived).status_code == 201
    assert refusal(client.get("/Patient?colour=red"))[:2] == (400, "not-supported")
    assert client.matches("/Patient?gender=male") == []


def test_a_name_belongs_to_one_search_parameter(client: Any, made: Any) -> None:
    client.create(made())
    assert refusal(client.create(made()))[::2] == (422, "SearchParameter.code")
    entries = [
        {"resource": made("one", code="x"), "request": {"method": "POST", "url": "SearchParameter"}},
        {"resource": made("two", code="x"), "request": {"method": "POST", "url": "SearchParameter"}},
    ]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    answer = client.send_json("POST", "/", bundle)
    assert refusal(answer) == (422, "processing", "Bundle.entry[1].resource.code"), answer.text


def test_a_retired_or_deleted_parameter_is_unknown_and_its_rows_go(
    client: Any, made: Any, dyed: Any, portal: Any, index: Any
) -> None:
    client.update(made())
    client.update(made("shade"))
    client.update(dyed("Patient", "p", "red"))
    assert client.matches("/Patient?colour=red&shade=red") == ["Patient/p"]
    rows = "SELECT count(*) AS n FROM phi.token_index"
    assert portal.execute(rows).fetchone()["n"] == 2
    client.update(made(status="retired"))
    client.delete("/SearchParameter/shade")
    for code in ("colour", "shade"):
        assert refusal(client.get(f"/Patient?{code}=red"))[:2] == (400, "not-supported")
    index()
    assert portal.execute(rows).fetchone()["n"] == 0
    assert portal.execute("SELECT count(*) AS n FROM open.search_parameters").fetchone()["n"] == 0
    client.update(made())
    index()
    assert client.matches("/Patient?colour=red") == ["Patient/p"]


def test_another_meaning_is_built_anew(client: Any, made: Any, dyed: Any, index: Any) -> None:
    client.update(made())
    client.update(dyed("Patient", "p", "red", gender="male", name=[{"family": "Smith"}]))
    client.update(made(description="Other words, the same meaning."))
    assert client.matches("/Patient?colour=red") == ["Patient/p"]
    client.update(made(expression="Patient.gender"))
    assert refusal(client.get("/Patient?colour=male"))[:2] == (400, "incomplete")
    index()
    assert client.matches("/Patient?colour=male") == ["Patient/p"]
    assert client.matches("/Patient?colour=red") == []
    client.update(made(expression="Patient.name.family", type="string"))
    index()
    assert client.matches("/Patient?colour=SM") == ["Patient/p"]


def test_conditional_interactions_go_by_added_parameters(client: Any, made: Any, dyed: Any) -> None:
    client.create(made())
    tree = dyed("Patient", "p", "red")
    del tree["id"]
    first = client.create(tree, If_None_Exist="colour=red")
    assert (first.status_code, client.create(tree, If_None_Exist="colour=red").status_code) == (201, 200)
    assert client.request("DELETE", "/Patient?colour=red").status_code == 204
    assert client.matches("/Patient?colour=red") == []
