"""Links between the entries of a bundle, and references by search criteria (https://hl7.org/fhir/R4/http.html#trules)."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_server.persistence.connections import count_statements

URN = "urn:uuid:00000000-0000-4000-8000-00000000000"


def observation(subject: str, **elements: Any) -> dict[str, Any]:
    code = {"coding": [{"system": "http://loinc.org", "code": "8302-2"}]}
    subject_reference = {"reference": subject}
    return {"resourceType": "Observation", "status": "final", "code": code, "subject": subject_reference, **elements}


def identified(value: str, resource_type: str = "Patient", **elements: Any) -> dict[str, Any]:
    return {"resourceType": resource_type, "identifier": [{"system": "urn:x:ids", "value": value}], **elements}


def document(**elements: Any) -> dict[str, Any]:
    return {"resourceType": "DocumentReference", "status": "current", "content": [{"attachment": {}}], **elements}


def test_r168_links_are_replaced_wherever_they_may_stand(fhir: Any) -> None:
    binary = {"resourceType": "Binary", "contentType": "text/plain", "data": "aGk="}
    narrative = f'<div xmlns="http://www.w3.org/1999/xhtml"><a href="{URN}1">see</a><img src="{URN}2#top"/></div>'
    holder = document(
        subject={"reference": f"{URN}1"},
        text={"status": "generated", "div": narrative},
        content=[{"attachment": {"url": f"{URN}2"}}],
        extension=[{"url": "http://example.org/about", "valueReference": {"reference": f"{URN}1"}}],
        contained=[{"resourceType": "Provenance", "id": "c", "target": [{"reference": f"{URN}1#x"}],
                    "recorded": "2024-01-01T00:00:00Z", "agent": [{"who": {"reference": f"{URN}1"}}]}],
        relatesTo=[{"code": "appends", "target": {"reference": "#c"}}],
    )  # fmt: skip
    answer = fhir.transaction(
        fhir.entry("POST", "DocumentReference", holder),
        fhir.entry("POST", "Patient", {"resourceType": "Patient"}, f"{URN}1"),
        fhir.entry("POST", "Binary", binary, f"{URN}2"),
    )
    stored, (_, patient, data) = answer.entries[0]["resource"], answer.ids
    assert stored["subject"]["reference"] == patient
    assert stored["content"][0]["attachment"]["url"] == data
    assert stored["extension"][0]["valueReference"]["reference"] == patient
    assert stored["contained"][0]["target"][0]["reference"] == f"{patient}#x"
    assert stored["contained"][0]["agent"][0]["who"]["reference"] == patient
    assert f'href="{patient}"' in stored["text"]["div"]
    assert f'src="{data}#top"' in stored["text"]["div"]
    assert fhir.total(f"DocumentReference?subject={patient}") == 1


def test_r168_canonicals_are_left_alone(fhir: Any) -> None:
    response = {"resourceType": "QuestionnaireResponse", "status": "completed", "questionnaire": f"{URN}1"}
    answer = fhir.transaction(
        fhir.entry("POST", "QuestionnaireResponse", response),
        fhir.entry("POST", "Questionnaire", {"resourceType": "Questionnaire", "status": "draft"}, f"{URN}1"),
    )
    assert answer.entries[0]["resource"]["questionnaire"] == f"{URN}1"


def test_r168_entries_may_refer_to_each_other_in_a_circle(fhir: Any) -> None:
    encounter = {
        "resourceType": "Encounter", "status": "finished", "class": {"code": "AMB"},
        "subject": {"reference": f"{URN}3"}, "diagnosis": [{"condition": {"reference": f"{URN}2"}}],
    }  # fmt: skip
    condition = {"resourceType": "Condition", "subject": {"reference": f"{URN}3"},
                 "encounter": {"reference": f"{URN}1"}}  # fmt: skip
    answer = fhir.transaction(
        fhir.entry("POST", "Encounter", encounter, f"{URN}1"),
        fhir.entry("POST", "Condition", condition, f"{URN}2"),
        fhir.entry("POST", "Patient", {"resourceType": "Patient", "link": [
            {"type": "seealso", "other": {"reference": f"{URN}3"}}]}, f"{URN}3"),
    )  # fmt: skip
    assert answer.statuses == ["201"] * 3
    first, second, third = answer.entries
    assert first["resource"]["diagnosis"][0]["condition"]["reference"] == answer.ids[1]
    assert second["resource"]["encounter"]["reference"] == answer.ids[0]
    assert third["resource"]["link"][0]["other"]["reference"] == answer.ids[2]


def test_r169_links_lead_to_updates_conditional_updates_and_what_conditional_creates_found(fhir: Any) -> None:
    fhir.put({**identified("1"), "id": "found"})
    fhir.put({**identified("2"), "id": "updated"})
    answer = fhir.transaction(
        fhir.entry("POST", "Observation", observation(f"{URN}1")),
        fhir.entry("POST", "Observation", observation(f"{URN}2")),
        fhir.entry("POST", "Observation", observation(f"{URN}3")),
        fhir.entry("POST", "Patient", identified("1"), f"{URN}1", ifNoneExist="identifier=urn:x:ids|1"),
        fhir.entry("PUT", "Patient?identifier=urn:x:ids|2", identified("2"), f"{URN}2"),
        fhir.entry("PUT", "Patient/direct", {"resourceType": "Patient", "id": "direct"}, f"{URN}3"),
    )
    subjects = [one["resource"]["subject"]["reference"] for one in answer.entries[:3]]
    assert subjects == ["Patient/found", "Patient/updated", "Patient/direct"]


def test_r169_a_relative_link_means_the_entry_at_the_same_base(fhir: Any) -> None:
    answer = fhir.transaction(
        fhir.entry("POST", "Patient", {"resourceType": "Patient", "id": "7"}, "http://there.example/fhir/Patient/7"),
        fhir.entry("POST", "Observation", observation("Patient/7"), "http://there.example/fhir/Observation/1"),
        fhir.entry("POST", "Observation", observation("http://there.example/fhir/Patient/7")),
    )
    assert [one["resource"]["subject"]["reference"] for one in answer.entries[1:]] == [answer.ids[0]] * 2


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_r170_a_name_that_no_entry_has_is_refused(fhir: Any, method: str) -> None:
    resource = {**observation(f"{URN}9"), "id": "o"}
    answer = fhir.transaction(
        fhir.entry("POST", "Patient", {"resourceType": "Patient"}, f"{URN}1"),
        fhir.entry(method, "Observation" if method == "POST" else "Observation/o", resource),
    )
    assert (answer.status, answer.expressions) == (400, ["Bundle.entry[1].resource.subject.reference"])
    assert fhir.total("Patient") == 0


@pytest.mark.parametrize(("matching", "status"), [(0, 412), (1, 200), (2, 412)])
def test_r171_a_conditional_reference_must_match_one_resource(fhir: Any, matching: int, status: int) -> None:
    for number in range(matching):
        fhir.put({**identified("1"), "id": f"p{number}"})
    answer = fhir.transaction(
        fhir.entry("POST", "Organization", {"resourceType": "Organization", "name": "A"}),
        fhir.entry("POST", "Observation", observation("Patient?identifier=urn:x:ids|1")),
    )
    assert answer.status == status
    if status == 200:
        assert answer.entries[1]["resource"]["subject"]["reference"] == "Patient/p0"
        assert fhir.total("Observation?subject=Patient/p0") == 1
    else:
        assert answer.expressions == ["Bundle.entry[1].resource.subject.reference"]
        assert fhir.total("Organization") == 0


@pytest.mark.parametrize("query", ["_sort=name", "_count=1", "no-such-parameter=1", "identifier=1&_include=Patient:*"])
def test_r171_only_filters_make_a_conditional_reference(fhir: Any, query: str) -> None:
    answer = fhir.transaction(fhir.entry("POST", "Observation", observation(f"Patient?{query}")))
    assert (answer.status, answer.expressions) == (400, ["Bundle.entry[0].resource.subject.reference"])


def test_r171_a_conditional_reference_may_mean_what_the_bundle_creates(fhir: Any) -> None:
    practitioner = identified("doctor", "Practitioner", name=[{"family": "Who"}])
    answer = fhir.transaction(
        fhir.entry("POST", "Observation", observation(
            "Patient?identifier=urn:x:ids|1", performer=[{"reference": "Practitioner?identifier=urn:x:ids|doctor"}])),
        fhir.entry("POST", "Observation", observation(f"{URN}1")),
        fhir.entry("POST", "Patient", identified("1", managingOrganization={
            "reference": "Organization?identifier=urn:x:ids|clinic"}), f"{URN}1"),
        fhir.entry("POST", "Practitioner", practitioner),
        fhir.entry("POST", "Organization", identified("clinic", "Organization", name="Clinic")),
    )  # fmt: skip
    assert answer.statuses == ["201"] * 5
    stored = [one["resource"] for one in answer.entries]
    assert stored[0]["subject"]["reference"] == stored[1]["subject"]["reference"] == answer.ids[2]
    assert stored[0]["performer"][0]["reference"] == answer.ids[3]
    assert stored[2]["managingOrganization"]["reference"] == answer.ids[4]


def test_r171_many_conditional_references_take_a_few_statements(fhir: Any) -> None:
    known = [{**identified(str(n), "Organization", name="O"), "id": f"o{n}"} for n in range(100)]
    organizations = [fhir.entry("PUT", f"Organization/{one['id']}", one) for one in known]
    assert fhir.transaction(*organizations).status == 200
    entries = [
        fhir.entry("POST", "Patient", {"resourceType": "Patient", "managingOrganization": {
            "reference": f"Organization?identifier=urn:x:ids|{n}"}})
        for n in range(100)
    ]  # fmt: skip
    with count_statements() as count:
        answer = fhir.transaction(*entries)
    assert [one["resource"]["managingOrganization"]["reference"] for one in answer.entries] == [
        f"Organization/o{n}" for n in range(100)
    ]
    assert len(count) <= 10, count.statements


def test_r171_criteria_of_several_shapes_are_told_apart(fhir: Any) -> None:
    fhir.put({"resourceType": "Patient", "id": "a", "name": [{"family": "Alpha"}], "birthDate": "1970-01-01"})
    fhir.put({"resourceType": "Patient", "id": "b", "name": [{"family": "Beta"}], "birthDate": "1980-01-01"})
    fhir.put({**identified('x"y,\\{}'), "id": "c"})
    criteria = {
        "name=alpha": "a", "name=beta": "b", "birthdate=1970": "a", "birthdate=ge1975-01-01": "b",
        "name=alpha,alfa": "a", "name=beta,bata": "b", "identifier=urn:x:ids|x\"y\\,\\\\{}": "c",
        "identifier=urn:x:ids|x\"y\\,\\\\{},nothing": "c", "identifier=nothing,urn:x:ids|x\"y\\,\\\\{}": "c",
    }  # fmt: skip
    entries = [fhir.entry("POST", "Observation", observation(f"Patient?{one}")) for one in criteria]
    answer = fhir.transaction(*entries)
    found = [one["resource"]["subject"]["reference"] for one in answer.entries]
    assert found == [f"Patient/{one}" for one in criteria.values()]


def test_r172_a_link_to_a_version_stays_one(fhir: Any) -> None:
    fhir.put({"resourceType": "Patient", "id": "p"})
    answer = fhir.transaction(
        fhir.entry("POST", "Observation", observation("Patient/p/_history/1")),
        fhir.entry("PUT", "Patient/p", {"resourceType": "Patient", "id": "p", "active": True}),
    )
    assert answer.entries[0]["resource"]["subject"]["reference"] == "Patient/p/_history/1"


def test_r176_a_full_url_given_twice_is_refused(fhir: Any) -> None:
    one = fhir.entry("POST", "Patient", {"resourceType": "Patient"}, f"{URN}1")
    answer = fhir.transaction(one, one)
    assert (answer.status, answer.expressions) == (400, ["Bundle.entry[1].fullUrl"])


@pytest.mark.parametrize(
    ("full_url", "url", "said", "element"),
    [
        ("http://x.example/fhir/Patient/1", "Patient/2", "2", "fullUrl"),
        ("http://x.example/fhir/Patient/1", "Patient/1", "2", "resource.id"),
        ("Patient/1", "Patient/1", "1", "fullUrl"),
    ],
)
def test_r176_full_url_url_and_id_must_agree(fhir: Any, full_url: str, url: str, said: str, element: str) -> None:
    answer = fhir.transaction(fhir.entry("PUT", url, {"resourceType": "Patient", "id": said}, full_url))
    assert (answer.status, answer.expressions) == (400, [f"Bundle.entry[0].{element}"])


@pytest.mark.parametrize(
    "url",
    ["http://evil.example/Patient", "../Patient", "//evil.example/Patient", "Patient%3Fname=x", "/Patient",
     "Patient/../Observation", "http://127.0.0.1:1/fhir/Patient", "Patient#x", "file:///etc/passwd", "NoType", "a b"],
)  # fmt: skip
def test_r178_urls_that_mean_another_place_are_refused(fhir: Any, url: str) -> None:
    answer = fhir.transaction(fhir.entry("POST", url, {"resourceType": "Patient"}))
    assert answer.status in (400, 404)
    assert answer.expressions == ["Bundle.entry[0].request.url"]


def test_r178_an_absolute_url_of_this_server_is_fine(fhir: Any) -> None:
    answer = fhir.transaction(fhir.entry("POST", f"{fhir.base}/Patient", {"resourceType": "Patient"}))
    assert answer.statuses == ["201"]


@pytest.mark.parametrize(
    ("method", "url"), [("POST", ""), ("POST", "Patient/$validate"), ("POST", "Patient/_search"), ("GET", "$x")]
)
def test_r177_bundles_operations_and_posted_searches_are_no_entries(fhir: Any, method: str, url: str) -> None:
    inner = {"resourceType": "Bundle", "type": "batch", "entry": []}
    broken = fhir.entry(method, url, inner if method == "POST" else None)
    answer = fhir.transaction(broken)
    assert (answer.status, answer.expressions) == (400, ["Bundle.entry[0].request.url"])
    assert fhir.batch(broken, fhir.entry("GET", "Patient")).statuses == ["400", "200"]


def test_r171_criteria_see_what_the_portal_wrote_after_fhir(fhir: Any) -> None:
    for number in range(3):
        fhir.put({"resourceType": "Patient", "id": f"p{number}", "birthDate": "1970-01-01", "active": True})
    fhir.run("UPDATE fhir_patients SET birth_date = '1981-02-03' WHERE fhir_id = 'p1'")
    answer = fhir.transaction(
        fhir.entry("POST", "Observation", observation("Patient?birthdate=1981-02-03&active=true")),
        fhir.entry("POST", "Observation", observation("Patient?birthdate=1981&active=true")),
    )
    assert [one["resource"]["subject"]["reference"] for one in answer.entries] == ["Patient/p1"] * 2


def test_values_longer_than_an_index_entry_are_stored_and_found(fhir: Any) -> None:
    long = "ä" * 5000
    answer = fhir.transaction(
        fhir.entry("POST", "Patient", identified(long), f"{URN}1"),
        fhir.entry("POST", "Organization", identified(long, "Organization", name=long)),
        fhir.entry("POST", "Basic", {"resourceType": "Basic", "code": {"coding": [{"system": long, "code": long}]},
                                     "subject": {"reference": f"http://x.example/{long}"}}),
    )  # fmt: skip
    assert answer.statuses == ["201"] * 3
    assert fhir.total("Organization?identifier=" + "ä" * 400) == 1
