"""What a batch does: every entry as if it had come alone (https://hl7.org/fhir/R4/http.html#brules)."""

from __future__ import annotations

from typing import Any

PATIENT = {"resourceType": "Patient"}


def test_r160_an_empty_batch_has_an_empty_response(fhir: Any) -> None:
    answer = fhir.ask("POST", "", {"resourceType": "Bundle", "type": "batch", "entry": []})
    assert (answer.status, answer.json) == (200, {"resourceType": "Bundle", "type": "batch-response"})


def test_r161_bad_entries_fail_alone(fhir: Any) -> None:
    answer = fhir.batch(
        {"resource": PATIENT},
        {"resource": PATIENT, "request": {"url": "Patient"}},
        {"request": {"method": "POST", "url": "Patient"}},
        fhir.entry("POST", "Patient", PATIENT),
    )
    assert answer.statuses == ["400", "400", "400", "201"]
    assert fhir.total("Patient") == 1


def test_r162_the_response_has_as_many_entries_in_the_same_order(fhir: Any) -> None:
    answer = fhir.batch(
        fhir.entry("GET", "Patient/p"),
        fhir.entry("PUT", "Patient/p", {**PATIENT, "id": "p"}),
        fhir.entry("GET", "Patient/p"),
        fhir.entry("HEAD", "Patient/p"),
        fhir.entry("DELETE", "Patient/p"),
        fhir.entry("GET", "metadata"),
    )
    assert answer.json["type"] == "batch-response"
    assert answer.statuses == ["404", "201", "200", "200", "204", "200"]
    assert "resource" not in answer.entries[3]


def test_r163_what_failed_says_why(fhir: Any) -> None:
    answer = fhir.batch(
        fhir.entry("POST", "Patient", {**PATIENT, "gender": "no such gender"}),
        fhir.entry("POST", "Patient", PATIENT),
        fhir.entry("GET", "Observation/none"),
    )
    failed, stored, missing = (one["response"] for one in answer.entries)
    assert failed["outcome"]["issue"][0]["expression"] == ["Patient.gender"]
    assert "location" not in failed
    assert stored["location"].startswith(f"{fhir.base}/Patient/")
    assert stored["etag"] == 'W/"1"'
    assert "lastModified" in stored
    assert missing["outcome"]["issue"][0]["code"] == "not-found"


def test_r164_one_failure_changes_nothing_for_the_others(fhir: Any) -> None:
    fhir.put({**PATIENT, "id": "p"})
    observation = {"resourceType": "Observation", "status": "final", "code": {"text": "x"},
                   "subject": {"reference": "Patient/nobody"}}  # fmt: skip
    answer = fhir.batch(
        fhir.entry("POST", "Patient", PATIENT),
        fhir.entry("POST", "Observation", observation),
        fhir.entry("PUT", "Patient/p", {**PATIENT, "id": "p"}, ifMatch='W/"9"'),
        fhir.entry("POST", "Patient", PATIENT),
    )
    assert answer.status == 200
    assert answer.statuses == ["201", "422", "412", "201"]
    assert fhir.total("Patient") == 3


def test_r173_entries_of_a_batch_cannot_refer_to_each_other(fhir: Any) -> None:
    observation = {"resourceType": "Observation", "status": "final", "code": {"text": "x"},
                   "subject": {"reference": "urn:uuid:1"}}  # fmt: skip
    answer = fhir.batch(
        fhir.entry("POST", "Patient", PATIENT, "urn:uuid:1"), fhir.entry("POST", "Observation", observation)
    )
    assert answer.statuses == ["201", "400"]
    assert fhir.total("Observation") == 0


def test_r171_a_conditional_reference_is_none_in_a_batch(fhir: Any) -> None:
    fhir.put({**PATIENT, "id": "p", "identifier": [{"system": "urn:x", "value": "1"}]})
    observation = {"resourceType": "Observation", "status": "final", "code": {"text": "x"},
                   "subject": {"reference": "Patient?identifier=urn:x|1"}}  # fmt: skip
    assert fhir.batch(fhir.entry("POST", "Observation", observation)).statuses == ["400"]


def test_r174_conditions_hold_as_the_headers_do(fhir: Any) -> None:
    criteria = "identifier=urn:x|1"
    identified = {**PATIENT, "identifier": [{"system": "urn:x", "value": "1"}]}
    stored = fhir.put({**identified, "id": "p"}).json
    answer = fhir.batch(
        fhir.entry("POST", "Patient", identified, ifNoneExist=criteria),
        fhir.entry("PUT", "Patient/p", {**identified, "id": "p"}, ifMatch='W/"9"'),
        fhir.entry("PUT", "Patient/p", {**identified, "id": "p"}, ifNoneMatch="*"),
        fhir.entry("GET", "Patient/p", ifNoneMatch='W/"1"'),
        fhir.entry("GET", "Patient/p", ifModifiedSince=stored["meta"]["lastUpdated"]),
        fhir.entry("DELETE", "Patient/p", ifMatch='W/"1"'),
    )
    assert answer.statuses == ["200", "412", "412", "304", "304", "204"]


def test_r175_prefer_holds_for_the_entries(fhir: Any) -> None:
    entries = (fhir.entry("POST", "Patient", PATIENT), fhir.entry("GET", "Patient"))
    minimal = fhir.batch(*entries, Prefer="return=minimal")
    assert ["resource" in one for one in minimal.entries] == [False, True]


def test_r176_a_full_url_given_twice_fails_the_second_entry(fhir: Any) -> None:
    one = fhir.entry("POST", "Patient", PATIENT, "urn:uuid:1")
    assert fhir.batch(one, one).statuses == ["201", "400"]


def test_r178_urls_that_mean_another_place_fail_alone(fhir: Any) -> None:
    urls = ["http://evil.example/Patient/1", "../Patient/1", "//evil.example/x", "Patient%2F1", "/Patient/1"]
    answer = fhir.batch(*[fhir.entry("GET", url) for url in urls])
    assert answer.statuses == ["400"] * len(urls)


def test_r181_more_entries_than_allowed_are_refused(fhir: Any) -> None:
    assert fhir.bundle("batch", [fhir.entry("GET", "Patient/1")] * 10_001).status == 413
