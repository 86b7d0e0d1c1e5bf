from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from fhir_server.json_text import encode_json, parse_json
from fhir_server.mapping.rendering import instant, render, said_tree, with_meta
from fhir_server.resources.observation import OBSERVATION

MOMENT = datetime(2024, 3, 11, 4, 30, 0, 250999, tzinfo=UTC)
ROW = b'{"fhir_id":"o1","patient_fhir_id":"p1","code":"39126-8","status":"final","category":null}'


def test_an_instant_has_milliseconds_and_utc() -> None:
    assert instant(MOMENT) == "2024-03-11T04:30:00.250Z"
    assert instant(datetime(2024, 3, 11, 10, 30, tzinfo=timezone(timedelta(hours=6)))) == "2024-03-11T04:30:00.000Z"


def test_id_and_meta_of_the_version_stand_first_and_the_rest_keeps_its_order() -> None:
    tree = {
        "status": "final",
        "meta": {"versionId": "9", "tag": [{"code": "x"}]},
        "resourceType": "Observation",
        "id": "other",
    }
    made = with_meta(tree, "o1", 3, MOMENT)
    assert list(made) == ["resourceType", "id", "meta", "status"]
    assert made["meta"] == {"versionId": "3", "lastUpdated": "2024-03-11T04:30:00.250Z", "tag": [{"code": "x"}]}
    assert tree["meta"] == {"versionId": "9", "tag": [{"code": "x"}]}


def test_a_generic_resource_is_its_document() -> None:
    assert said_tree(None, {}, {"resourceType": "Basic"}, None) == {"resourceType": "Basic"}


def test_a_row_without_a_document_is_composed() -> None:
    made = parse_json(render(OBSERVATION, "o1", 1, MOMENT, ROW, None, None))
    assert made["id"] == "o1"
    assert made["status"] == "final"


def test_a_row_newer_than_its_document_is_merged_with_it() -> None:
    last = encode_json({"resourceType": "Observation", "id": "o1", "status": "final", "note": [{"text": "x"}]})
    newer = ROW.replace(b'"final"', b'"amended"')
    made = parse_json(render(OBSERVATION, "o1", 2, MOMENT, newer, last, ROW))
    assert (made["status"], made["note"]) == ("amended", [{"text": "x"}])


def test_json_that_no_client_could_send_does_not_keep_a_row_from_being_read() -> None:
    deep = b"[" * 200 + b"]" * 200
    odd = ROW[:-1] + b',"value_type":"quantity","value_data":{"value":1' + b"0" * 300 + b',"x":' + deep + b"}}"
    made = parse_json(render(OBSERVATION, "o1", 1, MOMENT, odd, None, None))
    assert made["dataAbsentReason"]["coding"][0]["code"] == "error"
