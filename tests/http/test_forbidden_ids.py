"""M-006: rows whose fhir_id FHIR does not allow are resources like all others, under a logical id made of it."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_server.mapping.minted import logical_id, minted_id
from fhir_server.persistence.connections import count_statements
from fhir_server.resources.canonical import PORTAL_IDENTIFIER
from fhir_server.validation import validate

RAW = {"slash": "legacy/1", "blank": "legacy 1", "long": "x" * 100, "unicode": "Müller·№1", "percent": "50%25'\"\\"}
PATIENT, DOCTOR, PLACE, WOUND, CLINIC = "legacy/1", "dr / Lee", "ort/№ 1", "w" * 100, "org é"
P, D, L, W, C = map(minted_id, (PATIENT, DOCTOR, PLACE, WOUND, CLINIC))
LOINC = "39126-8"
IDENTIFIERS = [{"system": PORTAL_IDENTIFIER, "value": PATIENT}]


@pytest.fixture
def record(client: Any, portal: Any) -> Any:
    """A record of the portal in which no id is legal, and a patient beside it whose id is."""
    for sql, *values in (
        ("INSERT INTO organizations (id, fhir_id, name) VALUES (7, %s, 'Acme')", CLINIC),
        ("INSERT INTO users (id, email, password, first_name, last_name) VALUES (7, 'a@x', 'secret', 'Ann', 'Lee')",),
        ("INSERT INTO fhir_practitioners (fhir_id, user_id, npi_number) VALUES (%s, 7, '1234567893')", DOCTOR),
        ("INSERT INTO user_organizations (fhir_id, user_id, organization_id) VALUES ('role', 7, 7)",),
        ("INSERT INTO fhir_facilities (fhir_id, name, organization_id) VALUES (%s, 'Clinic', 7)", PLACE),
        ("INSERT INTO fhir_patients (fhir_id, gender, birth_date) VALUES (%s, 'female', '1980-02-29')", PATIENT),
        ("INSERT INTO fhir_patients (fhir_id, gender) VALUES ('other', 'male')",),
        (
            """INSERT INTO fhir_observations (fhir_id, patient_fhir_id, practitioner_fhir_id, code, status)
               VALUES (%s, %s, %s, '39126-8', 'final')""",
            WOUND,
            PATIENT,
            DOCTOR,
        ),
        ("INSERT INTO fhir_observations (fhir_id, patient_fhir_id, code) VALUES ('o', 'other', '39126-8')",),
    ):
        portal.execute(sql, values)
    return client


def row(portal: Any, table: str, row_id: str) -> Any:
    return portal.execute(f"SELECT * FROM {table} WHERE fhir_id = %s", (row_id,)).fetchone()


def included(client: Any, search: str) -> list[str]:
    entries = client.tree(search).get("entry", [])
    found = [one["resource"] for one in entries if one["search"]["mode"] == "include"]
    return sorted(f"{one['resourceType']}/{one['id']}" for one in found)


@pytest.mark.parametrize("raw", RAW.values(), ids=RAW)
def test_m_006_a_row_with_a_forbidden_id_is_read_under_a_stable_uuid(client: Any, portal: Any, raw: str) -> None:
    portal.execute("INSERT INTO fhir_patients (fhir_id) VALUES (%s)", (raw,))
    (name,) = client.matches("/Patient")
    assert name == f"Patient/{minted_id(raw)}"
    tree = client.tree(f"/{name}")
    assert tree["id"] == minted_id(raw)
    assert tree["identifier"] == [{"system": PORTAL_IDENTIFIER, "value": raw}]
    assert client.tree(f"/{name}/_history/1") == tree
    portal.execute("UPDATE fhir_patients SET gender = 'male' WHERE fhir_id = %s", (raw,))
    assert client.matches("/Patient?gender=male") == [name]


RESOURCES = {
    f"Patient/{P}": PATIENT,
    f"Practitioner/{D}": DOCTOR,
    f"Location/{L}": PLACE,
    f"Observation/{W}": WOUND,
    f"Organization/{C}": CLINIC,
}


@pytest.mark.parametrize("name", RESOURCES)
def test_m_006_the_old_id_is_an_identifier_that_can_be_searched(record: Any, name: str) -> None:
    kind, raw = name.partition("/")[0], RESOURCES[name]
    tree = record.tree(f"/{name}")
    assert {"system": PORTAL_IDENTIFIER, "value": raw} in tree["identifier"]
    assert validate(kind, tree) == ()
    for value in (raw, f"{PORTAL_IDENTIFIER}|{raw}"):
        found = record.get(f"/{kind}", params={"identifier": value}).json()
        assert [one["resource"]["id"] for one in found["entry"]] == [logical_id(raw)]
    assert record.matches(f"/{kind}?identifier={PORTAL_IDENTIFIER}|{logical_id(raw)}") == []


def test_m_006_the_old_id_stays_beside_other_identifiers_and_legal_ones_are_none(record: Any, portal: Any) -> None:
    for row_id in (PATIENT, "other"):
        portal.execute(
            "INSERT INTO fhir_patient_identifiers (patient_fhir_id, system, value) VALUES (%s, 'urn:mrn', '9')",
            (row_id,),
        )
    assert [one["value"] for one in record.tree(f"/Patient/{P}")["identifier"]] == [PATIENT, "9"]
    assert [one["value"] for one in record.tree("/Patient/other")["identifier"]] == ["9"]
    assert record.matches(f"/Patient?identifier={PORTAL_IDENTIFIER}|") == [f"Patient/{P}"]
    assert "identifier" not in record.tree("/Observation/o")
    assert record.matches("/Observation?identifier:missing=false") == [f"Observation/{W}"]


@pytest.mark.parametrize("raw", [PATIENT, "legacy%2F1", DOCTOR, "x" * 100])
def test_m_006_the_id_of_the_row_is_no_address_and_no_search_value(record: Any, raw: str) -> None:
    quoted = raw.replace("/", "%2F")
    for method in ("GET", "DELETE"):
        assert record.request(method, f"/Patient/{quoted}").status_code in (400, 404)
    assert record.send_json("PUT", f"/Patient/{quoted}", {"resourceType": "Patient", "id": P}).status_code in (400, 404)
    assert record.get("/Patient", params={"_id": raw}).json()["total"] == 0
    assert record.get("/Observation", params={"patient": f"Patient/{raw}"}).status_code in (200, 400)
    assert record.tree(f"/Patient/{P}")["meta"]["versionId"] == "1"


SEARCHES = {
    f"/Patient?_id={P}": [f"Patient/{P}"],
    f"/Patient?_id=none,{P},other": ["Patient/other", f"Patient/{P}"],
    f"/Patient?_id:not={P}": ["Patient/other"],
    f"/?_type=Patient,Observation&_id={W}": [f"Observation/{W}"],
    f"/Observation?patient={P}": [f"Observation/{W}"],
    f"/Observation?patient=Patient/{P}": [f"Observation/{W}"],
    f"/Observation?subject=Patient/{P}&code={LOINC}": [f"Observation/{W}"],
    f"/Observation?subject:Patient={P}": [f"Observation/{W}"],
    f"/Observation?performer={D}": [f"Observation/{W}"],
    "/Observation?performer:missing=false": [f"Observation/{W}"],
    f"/Observation?patient._id={P}": [f"Observation/{W}"],
    "/Observation?patient.gender=female": [f"Observation/{W}"],
    "/Observation?performer:Practitioner.family=lee": [f"Observation/{W}"],
    f"/Patient?_has:Observation:patient:code={LOINC}": ["Patient/other", f"Patient/{P}"],
    f"/Patient?_has:Observation:patient:_id={W}": [f"Patient/{P}"],
    f"/Patient?_has:Observation:patient:performer={D}": [f"Patient/{P}"],
    f"/Patient/{P}/Observation": [f"Observation/{W}"],
    f"/Patient/{P}/*": [f"Observation/{W}", f"Patient/{P}"],
    f"/Practitioner/{D}/Observation": [f"Observation/{W}"],
    f"/Location?organization={C}": [f"Location/{L}"],
    f"/PractitionerRole?practitioner={D}&organization=Organization/{C}": ["PractitionerRole/role"],
    "/PractitionerRole?organization.name=acme": ["PractitionerRole/role"],
    f'/Patient?_filter=_id eq "{P}"': [f"Patient/{P}"],
    f"/Observation?_filter=patient eq Patient/{P}": [f"Observation/{W}"],
}


@pytest.mark.parametrize("search", SEARCHES)
def test_m_006_searches_find_by_the_logical_id(record: Any, search: str) -> None:
    assert record.matches(search) == sorted(SEARCHES[search])


def test_m_006_searches_by_absolute_urls_find_too(record: Any) -> None:
    assert record.matches(f"/Observation?patient={record.base}/Patient/{P}") == [f"Observation/{W}"]


INCLUDES = {
    f"/Observation?_id={W}&_include=Observation:patient": [f"Patient/{P}"],
    f"/Observation?_id={W}&_include=*": [f"Patient/{P}", f"Practitioner/{D}"],
    f"/Patient?_id={P}&_revinclude=Observation:subject": [f"Observation/{W}"],
    f"/Patient?_id={P}&_revinclude=Observation:subject&_include:iterate=Observation:performer": [
        f"Observation/{W}",
        f"Practitioner/{D}",
    ],
    f"/Location?_id={L}&_include=Location:organization": [f"Organization/{C}"],
    "/PractitionerRole?_include=*": [f"Organization/{C}", f"Practitioner/{D}"],
}


@pytest.mark.parametrize("search", INCLUDES)
def test_m_006_references_from_columns_are_included_both_ways(record: Any, search: str) -> None:
    assert included(record, search) == sorted(INCLUDES[search])


def test_m_006_references_in_columns_say_the_logical_id(record: Any) -> None:
    wound = record.tree(f"/Observation/{W}")
    assert wound["subject"]["reference"] == f"Patient/{P}"
    assert [one["reference"] for one in wound["performer"]] == [f"Practitioner/{D}"]
    assert record.tree(f"/Location/{L}")["managingOrganization"]["reference"] == f"Organization/{C}"
    role = record.tree("/PractitionerRole/role")
    assert (role["practitioner"]["reference"], role["organization"]["reference"]) == (
        f"Practitioner/{D}",
        f"Organization/{C}",
    )
    entry = record.tree(f"/Observation?_id={W}")["entry"][0]
    assert entry["fullUrl"] == f"{record.base}/Observation/{W}"


def observation(**more: Any) -> dict[str, Any]:
    code = {"coding": [{"system": "http://loinc.org", "code": LOINC}]}
    return {"resourceType": "Observation", "status": "final", "code": code, **more}


def test_m_006_an_observation_that_refers_to_them_is_joined_by_the_portal(record: Any, portal: Any) -> None:
    tree = observation(
        subject={"reference": f"Patient/{P}"},
        performer=[{"reference": f"Practitioner/{D}"}, {"reference": f"Organization/{C}"}],
    )
    answer = record.create(tree)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["subject"] == {"reference": f"Patient/{P}"}
    held = row(portal, "fhir_observations", made["id"])
    assert (held["patient_fhir_id"], held["practitioner_fhir_id"]) == (PATIENT, DOCTOR)
    name = f"Observation/{made['id']}"
    assert record.tree(f"/{name}") == made
    assert record.matches(f"/Observation?patient={P}") == sorted([f"Observation/{W}", name])
    assert record.matches(f"/Observation?performer=Organization/{C}") == [name]
    assert record.matches("/Observation?performer:Organization.name=acme") == [name]
    assert record.matches(f"/Organization?_has:Observation:performer:_id={made['id']}") == [f"Organization/{C}"]
    assert included(record, f"/Observation?_id={made['id']}&_include=Observation:performer") == [
        f"Organization/{C}",
        f"Practitioner/{D}",
    ]
    assert included(record, f"/Organization?_id={C}&_revinclude=Observation:performer") == [name]


def test_m_006_what_the_portal_changed_is_merged_with_ids_of_rows(record: Any, portal: Any) -> None:
    performers = [{"reference": f"Practitioner/{D}"}, {"reference": f"Organization/{C}"}]
    made = record.create(observation(subject={"reference": f"Patient/{P}"}, performer=performers)).json()
    portal.execute("UPDATE fhir_observations SET status = 'amended' WHERE fhir_id = %s", (made["id"],))
    assert record.matches(f"/Observation?performer=Organization/{C}") == [f"Observation/{made['id']}"]
    assert record.tree(f"/Observation/{made['id']}")["performer"] == performers
    indexed = portal.execute("SELECT DISTINCT target_id FROM phi.reference_index WHERE target_type = 'Organization'")
    assert indexed.fetchall() == [{"target_id": CLINIC}]


def test_m_006_hierarchies_and_lists_lead_to_it(record: Any) -> None:
    record.update({"resourceType": "Location", "id": "room", "partOf": {"reference": f"Location/{L}"}})
    assert record.matches(f"/Location?partof=Location/{L}") == ["Location/room"]
    assert record.matches(f"/Location?partof:below=Location/{L}") == ["Location/room"]
    assert record.matches("/Location?partof.name=clinic") == ["Location/room"]
    items = [{"item": {"reference": f"Patient/{P}"}}, {"item": {"reference": "Patient/other"}, "deleted": True}]
    record.update({"resourceType": "List", "id": "l", "status": "current", "mode": "changes", "entry": items})
    assert record.matches("/Patient?_list=l") == [f"Patient/{P}"]


def test_m_006_a_version_may_be_referred_to(record: Any, portal: Any) -> None:
    made = record.create(observation(subject={"reference": f"Patient/{P}/_history/1"}))
    assert made.status_code == 201, made.text
    name = f"Observation/{made.json()['id']}"
    assert record.tree(f"/{name}")["subject"] == {"reference": f"Patient/{P}/_history/1"}
    assert record.matches(f"/Observation?subject=Patient/{P}/_history/1") == [name]
    assert record.matches(f"/Observation?patient={P}") == sorted([name, f"Observation/{W}"])
    assert included(record, f"/Observation?_id={name[12:]}&_include=Observation:subject") == [f"Patient/{P}"]


def test_m_006_a_resource_of_the_generic_store_belongs_to_the_record(record: Any, portal: Any) -> None:
    answer = record.create({"resourceType": "Condition", "subject": {"reference": f"Patient/{P}"}})
    assert answer.status_code == 201, answer.text
    name = f"Condition/{answer.json()['id']}"
    owner = portal.execute("SELECT patient_fhir_id FROM phi.fhir_resources").fetchone()
    assert owner == {"patient_fhir_id": PATIENT}
    for search in (f"patient={P}", f"subject=Patient/{P}", "patient.gender=female", f"subject:Patient._id={P}"):
        assert record.matches(f"/Condition?{search}") == [name]
    assert record.matches(f"/Patient/{P}/Condition") == [name]
    assert record.matches(f"/Patient?_has:Condition:patient:_id={name[10:]}") == [f"Patient/{P}"]
    assert included(record, f"/Condition?_id={name[10:]}&_include=Condition:patient") == [f"Patient/{P}"]
    assert included(record, f"/Patient?_id={P}&_revinclude=Condition:patient") == [name]
    everything = record.tree(f"/Patient/{P}/$everything")
    found = {f"{one['resource']['resourceType']}/{one['resource']['id']}" for one in everything["entry"]}
    assert found == {f"Patient/{P}", f"Observation/{W}", name, f"Practitioner/{D}"}
    # the patient is needed as long as they are there
    assert record.delete(f"/Patient/{P}").status_code == 409


def test_m_006_a_reference_to_nobody_is_refused_as_ever(record: Any) -> None:
    answer = record.create(observation(subject={"reference": f"Patient/{minted_id('nobody')}"}))
    assert (answer.status_code, answer.json()["issue"][0]["expression"]) == (422, ["Observation.subject"])


def test_m_006_an_update_changes_the_row_of_the_portal(record: Any, portal: Any) -> None:
    tree = record.tree(f"/Patient/{P}")
    answer = record.update({**tree, "gender": "other", "contact": [{"name": {"family": "Doe"}}]}, If_Match='W/"1"')
    assert answer.status_code == 200, answer.text
    assert (answer.json()["id"], answer.headers["etag"]) == (P, 'W/"2"')
    held = row(portal, "fhir_patients", PATIENT)
    assert (held["gender"], held["version_id"]) == ("other", 2)
    assert portal.execute("SELECT count(*) AS found FROM fhir_patients").fetchone() == {"found": 2}
    assert record.update(tree, If_Match='W/"1"').status_code == 412
    assert record.matches(f"/Patient?identifier={PORTAL_IDENTIFIER}|{PATIENT}") == [f"Patient/{P}"]
    portal.execute("UPDATE fhir_patients SET gender = 'male' WHERE fhir_id = %s", (PATIENT,))
    merged = record.tree(f"/Patient/{P}")
    assert (merged["id"], merged["gender"], merged["contact"]) == (P, "male", [{"name": {"family": "Doe"}}])
    assert record.history(f"/Patient/{P}") == [("PUT", 'W/"3"'), ("PUT", 'W/"2"'), ("POST", 'W/"1"')]
    urls = {one["fullUrl"] for one in record.tree(f"/Patient/{P}/_history")["entry"]}
    assert urls == {f"{record.base}/Patient/{P}"}
    assert record.tree(f"/Patient/{P}/_history/1") == tree
    assert record.matches("/Patient?gender=male") == sorted(["Patient/other", f"Patient/{P}"])
    assert record.matches("/Patient?gender=other") == []


def test_m_006_an_observation_put_back_keeps_its_references(record: Any, portal: Any) -> None:
    before = row(portal, "fhir_observations", WOUND)
    tree = record.tree(f"/Observation/{W}")
    answer = record.update({**tree, "note": [{"text": "Looked at again"}]})
    assert answer.status_code == 200, answer.text
    after = row(portal, "fhir_observations", WOUND)
    for column in ("patient_fhir_id", "practitioner_fhir_id", "status", "code"):
        assert after[column] == before[column]
    assert record.matches(f"/Observation?patient={P}&performer={D}") == [f"Observation/{W}"]
    indexed = portal.execute("SELECT target_type, target_id FROM phi.reference_index").fetchall()
    assert indexed == []


def test_m_006_a_reference_may_be_changed_to_one_of_them_and_back(record: Any, portal: Any) -> None:
    tree = record.tree("/Observation/o")
    for target, held in ((P, PATIENT), ("other", "other")):
        answer = record.update({**tree, "subject": {"reference": f"Patient/{target}"}})
        assert answer.status_code == 200, answer.text
        assert row(portal, "fhir_observations", "o")["patient_fhir_id"] == held
    patient = record.tree("/Patient/other")
    assert record.update({**patient, "managingOrganization": {"reference": f"Organization/{C}"}}).status_code == 200
    assert row(portal, "fhir_patients", "other")["managing_organization_fhir_id"] == CLINIC
    assert record.matches(f"/Patient?organization={C}") == ["Patient/other"]
    assert record.matches("/Patient?organization.name=acme") == ["Patient/other"]


def test_m_006_a_resource_that_its_table_cannot_hold_stays_the_same_resource(record: Any, portal: Any) -> None:
    tree = {name: value for name, value in record.tree(f"/Observation/{W}").items() if name != "status"}
    unknown = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}
    moved = {**tree, "_status": {"extension": [unknown]}}
    answer = record.update(moved)
    assert answer.status_code == 200, answer.text
    assert row(portal, "fhir_observations", WOUND) is None
    assert record.tree(f"/Observation/{W}")["_status"] == moved["_status"]
    assert record.matches(f"/Observation?patient={P}&_id={W}") == [f"Observation/{W}"]
    assert [etag for _, etag in record.history(f"/Observation/{W}")] == ['W/"2"', 'W/"1"']
    assert record.update(tree | {"status": "final"}).status_code == 200
    assert row(portal, "fhir_observations", WOUND)["patient_fhir_id"] == PATIENT


def test_m_006_patches_and_labels_change_the_row_of_the_portal(record: Any, portal: Any) -> None:
    answer = record.patch_json(f"/Patient/{P}", [{"op": "replace", "path": "/gender", "value": "male"}])
    assert (answer.status_code, answer.json()["id"]) == (200, P), answer.text
    assert row(portal, "fhir_patients", PATIENT)["gender"] == "male"
    moved = record.patch_json(f"/Patient/{P}", [{"op": "replace", "path": "/id", "value": "new"}])
    assert moved.status_code == 422
    labels = {"parameter": [{"name": "meta", "valueMeta": {"tag": [{"system": "urn:t", "code": "seen"}]}}]}
    labelled = record.send_json("POST", f"/Patient/{P}/$meta-add", {"resourceType": "Parameters", **labels})
    assert labelled.status_code == 200, labelled.text
    assert record.matches("/Patient?_tag=seen") == [f"Patient/{P}"]


def test_m_006_a_delete_is_a_version_of_the_row(record: Any, portal: Any) -> None:
    assert record.delete(f"/Observation/{W}").status_code == 204
    assert row(portal, "fhir_observations", WOUND)["deleted_at"] is not None
    assert record.get(f"/Observation/{W}").status_code == 410
    assert [method for method, _ in record.history(f"/Observation/{W}")] == ["DELETE", "POST"]
    tree = observation(id=W, subject={"reference": f"Patient/{P}"})
    revived = record.update(tree)
    assert (revived.status_code, revived.headers["etag"]) == (201, 'W/"3"')
    assert revived.headers["location"] == f"{record.base}/Observation/{W}/_history/3"
    assert row(portal, "fhir_observations", WOUND)["deleted_at"] is None


def test_m_006_what_the_portal_deleted_is_gone_and_may_come_back(record: Any, portal: Any) -> None:
    portal.execute("DELETE FROM fhir_observations WHERE fhir_id = %s", (WOUND,))
    assert record.get(f"/Observation/{W}").status_code == 410
    assert [method for method, _ in record.history(f"/Observation/{W}")] == ["DELETE", "POST"]
    back = record.update(observation(id=W, subject={"reference": f"Patient/{P}"}))
    assert back.status_code == 201, back.text
    assert row(portal, "fhir_observations", WOUND)["version_id"] == 3


def test_m_006_conditional_interactions_find_and_name_it(record: Any, portal: Any) -> None:
    criteria = f"identifier={PORTAL_IDENTIFIER}|{PATIENT}"
    found = record.create({"resourceType": "Patient"}, If_None_Exist=criteria)
    assert (found.status_code, found.headers["location"]) == (200, f"{record.base}/Patient/{P}/_history/1")
    kept = {"resourceType": "Patient", "id": P, "identifier": IDENTIFIERS}
    updated = record.send_json("PUT", f"/Patient?{criteria}", kept)
    assert (updated.status_code, updated.json()["id"]) == (200, P), updated.text
    assert row(portal, "fhir_patients", PATIENT)["version_id"] == 2
    taken = record.send_json("PUT", "/Patient?identifier=nothing", kept)
    assert taken.status_code == 409
    wrong = record.send_json("PUT", f"/Patient?{criteria}", {**kept, "id": "other"})
    assert wrong.status_code == 400
    patch = [{"op": "add", "path": "/gender", "value": "male"}]
    assert record.patch_json(f"/Patient?{criteria}", patch).status_code == 200
    assert record.delete(f"/Observation?patient={P}").status_code == 204
    assert record.get(f"/Observation/{W}").status_code == 410


def bundle(kind: str, *entries: tuple[str, str, Any]) -> dict[str, Any]:
    made = [
        {
            "request": {"method": method, "url": url},
            **({} if tree is None else {"resource": tree, "fullUrl": f"urn:uuid:{number}"}),
        }
        for number, (method, url, tree) in enumerate(entries)
    ]
    return {"resourceType": "Bundle", "type": kind, "entry": made}


@pytest.mark.parametrize("kind", ["batch", "transaction"])
def test_m_006_bundles_write_and_read_it(record: Any, portal: Any, kind: str) -> None:
    patient = {"resourceType": "Patient", "id": P, "gender": "male"}
    wound = observation(subject={"reference": f"Patient/{P}"})
    asked = bundle(
        kind,
        ("PUT", f"Patient/{P}", patient),
        ("POST", "Observation", wound),
        ("GET", f"Patient/{P}", None),
        ("GET", f"Observation?patient={P}", None),
        ("DELETE", f"Observation/{W}", None),
    )
    for entry in asked["entry"]:
        if entry["request"]["method"] == "PUT":
            entry["fullUrl"] = f"{record.base}/Patient/{P}"
        if entry["request"]["method"] == "POST":
            entry["fullUrl"] = "urn:uuid:0c2c1c55-6a21-4f9d-9c5c-0f8a6f2f3d11"
    answer = record.send_json("POST", "/", asked)
    assert answer.status_code == 200, answer.text
    first, made, read, *_ = answer.json()["entry"]
    assert [one["response"]["status"][:3] for one in (first, made, read)] == ["200", "201", "200"]
    assert first["response"]["etag"] == 'W/"2"'
    assert first["resource"]["id"] == P
    assert kind == "batch" or first["response"]["location"] == f"{record.base}/Patient/{P}/_history/2"
    assert read["resource"]["id"] == P
    assert row(portal, "fhir_patients", PATIENT)["gender"] == "male"
    held = row(portal, "fhir_observations", made["resource"]["id"])
    assert held["patient_fhir_id"] == PATIENT
    assert record.get(f"/Observation/{W}").status_code == 410


def test_m_006_conditional_references_and_entries_of_a_transaction_mean_it(record: Any, portal: Any) -> None:
    criteria = f"Patient?identifier={PORTAL_IDENTIFIER}|{PATIENT}"
    asked = bundle(
        "transaction",
        ("POST", "Observation", observation(subject={"reference": criteria})),
        ("PUT", criteria, {"resourceType": "Patient", "identifier": IDENTIFIERS, "gender": "male"}),
        ("POST", "Condition", {"resourceType": "Condition", "subject": {"reference": "urn:uuid:1"}}),
    )
    for number, entry in enumerate(asked["entry"]):
        entry["fullUrl"] = f"urn:uuid:0c2c1c55-6a21-4f9d-9c5c-0f8a6f2f3d1{number}"
    asked["entry"][2]["resource"]["subject"]["reference"] = asked["entry"][1]["fullUrl"]
    answer = record.send_json("POST", "/", asked)
    assert answer.status_code == 200, answer.text
    wound, _, condition = answer.json()["entry"]
    for one in (wound, condition):
        assert one["resource"]["subject"]["reference"] == f"Patient/{P}"
    assert row(portal, "fhir_observations", wound["resource"]["id"])["patient_fhir_id"] == PATIENT
    assert record.matches(f"/Condition?patient={P}") == [f"Condition/{condition['resource']['id']}"]


def test_m_006_the_audit_names_the_logical_id(record: Any, portal: Any) -> None:
    record.tree(f"/Patient/{P}")
    record.matches(f"/Observation?patient={P}&_include=Observation:patient")
    record.tree(f"/Patient/{P}/_history")
    record.update({"resourceType": "Patient", "id": P})
    told = portal.execute("SELECT operation, resource_id, entities FROM fhir_audit_logs ORDER BY id").fetchall()
    names = [(one["operation"], one["resource_id"], sorted(one["entities"])) for one in told]
    assert names == [
        ("read", P, [f"Patient/{P}/_history/1"]),
        ("search", None, sorted([f"Observation/{W}/_history/1", f"Patient/{P}/_history/1"])),
        ("history", P, [f"Patient/{P}/_history/1"]),
        ("update", P, [f"Patient/{P}/_history/2"]),
    ]


def test_m_006_pages_go_on_behind_forbidden_ids(client: Any, portal: Any) -> None:
    rows = [f"legacy/{number}" for number in range(7)]
    for one in rows:
        portal.execute("INSERT INTO fhir_patients (fhir_id) VALUES (%s)", (one,))
    found: list[str] = []
    page = client.tree("/Patient?_sort=_id&_count=3")
    while True:
        found += [one["resource"]["id"] for one in page["entry"]]
        url = next((link["url"] for link in page["link"] if link["relation"] == "next"), None)
        if url is None:
            break
        page = client.get(url).json()
    assert sorted(found) == sorted(map(minted_id, rows))


def test_m_006_ordinary_ids_cost_no_statement_more(record: Any) -> None:
    record.tree(f"/Patient/{P}")
    for path, most in {
        "/Patient/other": 1,
        "/Patient?_id=other": 1,
        "/Observation?patient=other&_include=*": 1,
        # what led to a row once is known
        f"/Patient/{P}": 1,
        f"/Observation?patient={P}": 1,
        # and so it costs one to learn it, every time where there is nothing
        f"/Patient?_id={minted_id('nobody')}": 2,
        f"/Observation/{W}": 2,
    }.items():
        with count_statements() as count:
            assert record.get(path).status_code == 200
        assert len(count) == most, path
