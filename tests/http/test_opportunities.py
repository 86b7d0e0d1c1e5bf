"""The portal's clinical opportunities as FHIR: Task of intent proposal, made by a machine."""

from __future__ import annotations

from typing import Any

import pytest

BASE = "https://fhir.wound-care-portal.example"
TASKS = f"{BASE}/CodeSystem/task"
ORIGIN = {"system": f"{BASE}/CodeSystem/origin", "code": "machine-generated"}
PORTAL = """
    INSERT INTO users (id, email, password, first_name, last_name)
        VALUES (7, 'a@x', 'b', 'Ann', 'Lee'), (8, 'c@x', 'd', 'Bo', 'Ng');
    INSERT INTO fhir_practitioners (fhir_id, user_id) VALUES ('doc', 7), ('nouser', NULL);
    INSERT INTO fhir_patients (fhir_id) VALUES ('pat'), ('pat2');
"""
SEED_ONLY = """
    INSERT INTO clinical_opportunities (id, patient_fhir_id, opportunity_type, risk_score, priority, title, description,
        recommended_actions, evidence_data, status, assigned_to, due_date, created_at)
    VALUES (7, 'pat', 'stalled-healing', 71.50, 'high', 'Wound is not closing', 'It grew over two weeks.',
        '["Assess perfusion", {"code": 1}, "Offload"]', '{"model": "SECRET"}', 'Assigned', 7, '2026-02-01',
        '2026-01-02T00:00:00Z');
"""


@pytest.fixture
def opportunities(client: Any, portal: Any) -> Any:
    """A client of a server whose portal has one opportunity."""
    portal.execute(PORTAL)
    portal.execute(SEED_ONLY)
    return client


def only(client: Any, kind: str = "Task") -> dict[str, Any]:
    """The one resource of a type."""
    entries = client.tree(f"/{kind}")["entry"]
    assert len(entries) == 1
    resource: dict[str, Any] = entries[0]["resource"]
    return resource


def opportunity_of(**members: Any) -> dict[str, Any]:
    return {
        "resourceType": "Task",
        "status": "requested",
        "intent": "proposal",
        "code": {"coding": [{"system": TASKS, "code": "clinical-opportunity"}]},
        "for": {"reference": "Patient/pat"},
        **members,
    }


class TestReading:
    def test_an_opportunity_is_a_proposal_of_a_machine(self, opportunities: Any) -> None:
        task = only(opportunities)
        assert task["meta"]["tag"] == [ORIGIN]
        assert (task["status"], task["businessStatus"]) == ("accepted", {"text": "Assigned"})
        assert (task["intent"], task["priority"]) == ("proposal", "urgent")
        assert task["code"]["coding"] == [{"system": TASKS, "code": "clinical-opportunity"}]
        assert task["description"] == "Wound is not closing"
        assert task["note"] == [{"text": "It grew over two weeks."}]
        assert task["reasonCode"] == {"text": "stalled-healing"}
        assert (task["for"], task["owner"]) == ({"reference": "Patient/pat"}, {"reference": "Practitioner/doc"})
        assert task["restriction"] == {"period": {"end": "2026-02-01"}}
        assert [one["valueString"] for one in task["input"]] == ["Assess perfusion", "Offload"]
        assert '"valueDecimal":71.50' in opportunities.get(f"/Task/{task['id']}").text
        assert "SECRET" not in opportunities.get("/Task").text

    @pytest.mark.parametrize("text", ["being thought about", "", None])
    def test_m_104_a_state_that_nobody_has_listed_is_never_taken_for_done(
        self, opportunities: Any, portal: Any, text: str | None
    ) -> None:
        portal.execute("UPDATE clinical_opportunities SET status = %s", (text,))
        task = only(opportunities)
        assert (task["status"], task.get("businessStatus")) == ("on-hold", {"text": text} if text else None)
        assert opportunities.matches("/Task?status=completed") == []

    def test_an_assignee_without_a_practitioner_is_a_logical_reference(self, opportunities: Any, portal: Any) -> None:
        portal.execute("UPDATE clinical_opportunities SET assigned_to = 8")
        assert only(opportunities)["owner"]["identifier"]["value"] == "8"
        portal.execute("DELETE FROM users WHERE id = 8")
        assert "owner" not in only(opportunities)


class TestSearching:
    def test_m_101_a_state_finds_all_texts_that_mean_it(self, opportunities: Any, portal: Any) -> None:
        for text in ("resolved", "Completed", "CONVERTED", "dismissed"):
            portal.execute("INSERT INTO clinical_opportunities (patient_fhir_id, status) VALUES ('pat', %s)", (text,))
        assert len(opportunities.matches("/Task?status=completed")) == 3
        assert len(opportunities.matches("/Task?status=rejected")) == 1

    @pytest.mark.parametrize(
        "query",
        [
            "_tag=machine-generated",
            f"_tag={ORIGIN['system']}|machine-generated",
            "code=clinical-opportunity&intent=proposal",
            "patient=pat&owner=doc",
            "priority=urgent&due=2026-02-01",
            "due=lt2026-03-01",
            "business-status:text=assigned",
        ],
    )
    def test_an_opportunity_is_found_by_what_it_says(self, opportunities: Any, query: str) -> None:
        assert len(opportunities.matches(f"/Task?{query}")) == 1

    def test_another_patient_sees_nothing_of_it(self, opportunities: Any) -> None:
        assert opportunities.matches("/Task?patient=pat2") == []


class TestHistory:
    def test_each_change_of_the_portal_is_a_version(self, opportunities: Any, portal: Any) -> None:
        portal.execute("UPDATE clinical_opportunities SET risk_score = 80, status = 'in_progress'")
        portal.execute("UPDATE clinical_opportunities SET status = 'resolved', recommended_actions = NULL")
        entries = opportunities.tree(f"/Task/{only(opportunities)['id']}/_history")["entry"]
        assert [one["resource"]["status"] for one in entries] == ["completed", "in-progress", "accepted"]
        assert ["input" in one["resource"] for one in entries] == [False, True, True]


class TestWriting:
    def test_m_100_what_comes_back_unchanged_changes_nothing_in_the_row(self, opportunities: Any, portal: Any) -> None:
        query = """SELECT to_jsonb(r) - '{version_id,version_xid,updated_at,document_version}'::text[] AS row
            FROM clinical_opportunities r"""
        before = portal.execute(query).fetchone()
        answer = opportunities.update(only(opportunities))
        assert answer.status_code == 200, answer.text
        assert portal.execute(query).fetchone() == before
        assert opportunities.matches("/Task?_tag=machine-generated") != []

    def test_an_opportunity_may_come_from_fhir_and_is_then_not_of_a_machine(
        self, opportunities: Any, portal: Any
    ) -> None:
        answer = opportunities.create(
            opportunity_of(
                owner={"reference": "Practitioner/doc"},
                description="Offload",
                extension=[{"url": f"{BASE}/StructureDefinition/risk-score", "valueDecimal": 12.5}],
            )
        )
        assert answer.status_code == 201, answer.text
        (row,) = portal.execute("SELECT * FROM clinical_opportunities WHERE fhir_id = %s", (answer.json()["id"],))
        assert (row["patient_fhir_id"], row["status"], row["assigned_to"], row["title"]) == (
            "pat",
            "open",
            7,
            "Offload",
        )
        assert str(row["risk_score"]) == "12.50"
        assert len(opportunities.matches("/Task?_tag=machine-generated")) == 1

    def test_it_is_taken_from_somebody_and_done(self, opportunities: Any, portal: Any) -> None:
        task = only(opportunities)
        del task["owner"], task["businessStatus"]
        answer = opportunities.update({**task, "status": "completed"})
        assert answer.status_code == 200, answer.text
        row = portal.execute("SELECT status, assigned_to FROM clinical_opportunities").fetchone()
        assert row == {"status": "completed", "assigned_to": None}

    @pytest.mark.parametrize(
        ("changes", "element"),
        [
            ({"for": {"reference": "Group/x"}}, "Task.for"),
            ({"for": None}, "Task.for"),
            ({"owner": {"reference": "Practitioner/nouser"}}, "Task.owner"),
            ({"owner": {"reference": "Organization/x"}}, "Task.owner"),
            ({"intent": "order"}, "Task.intent"),
            ({"status": "ready"}, "Task.status"),
            ({"status": "completed", "businessStatus": {"text": "open"}}, "Task.businessStatus"),
        ],
    )
    def test_an_opportunity_that_no_row_can_hold_is_refused_by_element(
        self, opportunities: Any, changes: dict[str, Any], element: str
    ) -> None:
        tree = {name: value for name, value in opportunity_of(**changes).items() if value is not None}
        answer = opportunities.create(tree)
        assert answer.status_code == 422, answer.text
        assert answer.json()["issue"][0]["expression"] == [element]

    @pytest.mark.parametrize("score", [1000, 0.125, -1000])
    def test_a_score_that_the_column_would_round_is_refused(self, opportunities: Any, score: float) -> None:
        url = f"{BASE}/StructureDefinition/risk-score"
        answer = opportunities.create(opportunity_of(extension=[{"url": url, "valueDecimal": score}]))
        assert answer.status_code == 422, answer.text
        assert answer.json()["issue"][0]["expression"] == [f"Task.extension('{url}')"]


class TestRisk:
    def test_a_score_is_a_risk_that_nobody_has_checked(self, opportunities: Any) -> None:
        risk = only(opportunities, "RiskAssessment")
        task = only(opportunities)
        assert (risk["status"], risk["subject"]) == ("preliminary", {"reference": "Patient/pat"})
        assert risk["extension"][0]["valueReference"] == {"reference": f"Task/{task['id']}"}
        assert risk["occurrenceDateTime"] == "2026-01-02T00:00:00Z"
        (prediction,) = risk["prediction"]
        assert prediction["outcome"] == {"text": "stalled-healing"}
        assert [str(one["valueDecimal"]) for one in prediction["extension"]] == ["71.50"]
        assert opportunities.matches("/Patient/pat/RiskAssessment") == [f"RiskAssessment/{risk['id']}"]
        assert len(opportunities.matches("/RiskAssessment?patient=pat&date=2026-01-02")) == 1

    @pytest.mark.parametrize(
        ("score", "scale", "probability"),
        [("71.5", "percentage", "71.50"), ("100.01", "percentage", None), ("-1", "percentage", None), ("5", "x", None)],
    )
    def test_it_is_a_probability_only_where_the_scale_is_said(
        self, opportunities: Any, portal: Any, score: str, scale: str, probability: str | None
    ) -> None:
        portal.execute("UPDATE clinical_opportunities SET risk_score = %s, risk_scale = %s", (score, scale))
        (prediction,) = only(opportunities, "RiskAssessment")["prediction"]
        said = prediction.get("probabilityDecimal")
        assert (said if said is None else str(said)) == probability
        assert ("extension" in prediction) == (probability is None)

    def test_it_follows_the_opportunity(self, opportunities: Any, portal: Any) -> None:
        identity = only(opportunities, "RiskAssessment")["id"]
        portal.execute("UPDATE clinical_opportunities SET title = 'Other'")
        portal.execute("UPDATE clinical_opportunities SET status = 'false positive', patient_fhir_id = 'pat2'")
        risk = only(opportunities, "RiskAssessment")
        assert (risk["meta"]["versionId"], risk["status"]) == ("2", "entered-in-error")
        assert opportunities.matches("/Patient/pat/RiskAssessment") == []
        portal.execute("UPDATE clinical_opportunities SET risk_score = NULL")
        assert opportunities.get(f"/RiskAssessment/{identity}").status_code == 410
        portal.execute("UPDATE clinical_opportunities SET risk_score = 12")
        assert only(opportunities, "RiskAssessment")["meta"]["versionId"] == "4"

    def test_it_is_changed_at_the_opportunity_only(self, opportunities: Any) -> None:
        risk = only(opportunities, "RiskAssessment")
        for changes, element in (
            ({"status": "final"}, "RiskAssessment.status"),
            ({"prediction": [{"probabilityDecimal": 3}]}, "RiskAssessment.prediction"),
        ):
            answer = opportunities.update({**risk, **changes})
            assert (answer.status_code, answer.json()["issue"][0]["expression"]) == (422, [element])
        assert opportunities.update({**risk, "mitigation": "offload"}).status_code == 200
        assert only(opportunities, "RiskAssessment")["mitigation"] == "offload"
        assert opportunities.delete(f"/RiskAssessment/{risk['id']}").status_code == 409
        task = only(opportunities)
        del task["extension"]
        assert opportunities.update(task).status_code == 200
        assert opportunities.get(f"/RiskAssessment/{risk['id']}").status_code == 410
