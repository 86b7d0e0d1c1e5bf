"""The portal's commissions as FHIR: Basic about sales representatives, never about patients."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

BASE = "https://fhir.wound-care-portal.example"
RECORD = {"system": f"{BASE}/CodeSystem/record", "code": "commission-record"}
PORTAL = """
    INSERT INTO users (id, email, password, first_name, last_name)
        VALUES (7, 'a@x', 'b', 'Ann', 'Lee'), (8, 'c@x', 'd', 'Bo', 'Ng');
    INSERT INTO fhir_practitioners (fhir_id, user_id) VALUES ('rep', 7), ('nouser', NULL);
    INSERT INTO organizations (id, fhir_id, name) VALUES (7, 'org', 'Acme');
    INSERT INTO manufacturers (id, fhir_id, name) VALUES (7, 'maker', 'Maker');
    INSERT INTO fhir_patients (fhir_id) VALUES ('pat');
    INSERT INTO product_requests (id, fhir_id, request_number, user_id, patient_fhir_id)
        VALUES (7, 'req', 'R-1', 7, 'pat');
    INSERT INTO orders (id, fhir_id, order_number, product_request_id, manufacturer_id) VALUES (7, 'ord', 'O-1', 7, 7);
"""
SEED_ONLY = """
    INSERT INTO commission_records (id, sales_rep_id, order_id, organization_id, commission_type, base_amount,
        commission_rate, commission_amount, tier_level, period_month, period_year, status, paid_at, created_at)
    VALUES (7, 7, 7, 7, 'order', 100.50, 0.1250, 12.56, 'gold', 3, 2026, 'Partially Paid', '2026-04-02T00:00:00Z',
        '2026-03-31T23:30:00Z');
"""


@pytest.fixture
def commissions(client: Any, portal: Any) -> Any:
    """A client of a server whose portal has one commission."""
    portal.execute(PORTAL)
    portal.execute(SEED_ONLY)
    return client


def only(client: Any, query: str = "") -> dict[str, Any]:
    """The one commission."""
    entries = client.tree(f"/Basic{query}")["entry"]
    assert len(entries) == 1
    resource: dict[str, Any] = entries[0]["resource"]
    return resource


def parts(tree: dict[str, Any]) -> dict[str, Any]:
    """The extensions by name, each with its value."""
    return {
        one["url"].rpartition("/")[2]: next(value for name, value in one.items() if name != "url")
        for one in tree.get("extension", ())
    }


def commission_of(*extensions: dict[str, Any], **members: Any) -> dict[str, Any]:
    said = [{**one, "url": f"{BASE}/StructureDefinition/{one['url']}"} for one in extensions]
    return {
        "resourceType": "Basic",
        "extension": [
            {"url": f"{BASE}/StructureDefinition/order", "valueReference": {"reference": "Task/ord"}},
            *said,
        ],
        "code": {"coding": [RECORD]},
        "subject": {"reference": "Practitioner/rep"},
        **members,
    }


class TestReading:
    def test_a_commission_says_who_earns_how_much_by_what(self, commissions: Any) -> None:
        tree = only(commissions)
        assert tree["code"]["coding"] == [RECORD]
        assert tree["subject"] == {"reference": "Practitioner/rep"}
        assert tree["created"] == "2026-03-31"
        assert "author" not in tree
        assert parts(tree) == {
            "order": {"reference": "Task/ord"},
            "organization": {"reference": "Organization/org"},
            "commission-type": "order",
            "base-amount": {"value": Decimal("100.50")},
            "rate": Decimal("0.1250"),
            "amount": {"value": Decimal("12.56")},
            "tier": "gold",
            "period": {"start": "2026-03", "end": "2026-03"},
            "commission-status": "partially-paid",
            "paid-at": "2026-04-02T00:00:00Z",
        }

    def test_amounts_keep_two_decimals_and_rates_four(self, commissions: Any) -> None:
        text = commissions.get(f"/Basic/{only(commissions)['id']}").text
        assert '"valueDecimal":0.1250' in text
        assert '"value":100.50}' in text

    def test_a_representative_without_a_practitioner_is_a_logical_reference(
        self, commissions: Any, portal: Any
    ) -> None:
        portal.execute("UPDATE commission_records SET sales_rep_id = 8")
        assert only(commissions)["subject"]["identifier"]["value"] == "8"
        portal.execute("INSERT INTO fhir_practitioners (fhir_id, user_id) VALUES ('late', 8)")
        assert only(commissions)["subject"] == {"reference": "Practitioner/late"}
        assert only(commissions)["meta"]["versionId"] == "3"

    @pytest.mark.parametrize("text", ["under appeal", "approved?", "", None])
    def test_m_102_a_state_that_nobody_has_listed_is_no_state(
        self, commissions: Any, portal: Any, text: str | None
    ) -> None:
        portal.execute("UPDATE commission_records SET status = %s", (text,))
        said = parts(only(commissions))
        assert "commission-status" not in said
        assert said.get("source-status") == (text or None)
        assert commissions.matches("/Basic?status=approved") == []

    @pytest.mark.parametrize(("month", "year"), [(0, 2026), (13, 2026), (3, None), (3, 10000)])
    def test_a_period_that_is_none_is_not_said(self, commissions: Any, portal: Any, month: int, year: int) -> None:
        portal.execute("UPDATE commission_records SET period_month = %s, period_year = %s", (month, year))
        assert "period" not in parts(only(commissions))
        assert commissions.matches("/Basic?period:missing=true") != []

    def test_it_is_in_no_compartment_of_a_patient(self, commissions: Any, portal: Any) -> None:
        identity = only(commissions)["id"]
        assert commissions.matches("/Patient/pat/Basic") == []
        assert commissions.matches("/Basic?patient=pat") == []
        everything = commissions.get("/Patient/pat/$everything").text
        assert identity not in everything
        assert commissions.matches("/Practitioner/rep/Basic") == []

    def test_a_role_without_rights_on_patients_reads_those_of_its_representative(
        self, commissions: Any, portal: Any
    ) -> None:
        tree = only(commissions)
        assert commissions.update({**tree, "extension": [*tree["extension"], NOTE]}).status_code == 200
        portal.execute("SET ROLE fhir_business")
        asked = "SELECT fhir_id, commission_amount FROM business.commission_records"
        assert portal.execute(asked).fetchall() == []
        portal.execute("SET fhir.sales_representative = 'rep'")
        (found,) = portal.execute(asked).fetchall()
        assert (found["fhir_id"], found["commission_amount"] is None) == (tree["id"], False)
        portal.execute("RESET ROLE")
        assert portal.execute("SELECT count(*) AS n FROM phi.documents").fetchone() == {"n": 0}


NOTE = {"url": "http://x.example/note", "valueString": "checked"}


class TestSearching:
    @pytest.mark.parametrize(
        "query",
        [
            "status=partially-paid",
            "order=Task/ord",
            "order.identifier=O-1",
            "sales-rep=rep",
            "subject=Practitioner/rep&code=commission-record",
            "period=2026-03",
            "period=ge2026-01-01&period=lt2026-04-01",
            "created=2026-03-31",
            "code=commission-record&status=partially-paid&_sort=created",
        ],
    )
    def test_a_commission_is_found_by_what_it_says(self, commissions: Any, query: str) -> None:
        assert len(commissions.matches(f"/Basic?{query}")) == 1

    @pytest.mark.parametrize("query", ["status=paid", "period=2026-04", "created=2026-04-01", "order=Task/other"])
    def test_and_by_nothing_else(self, commissions: Any, query: str) -> None:
        assert commissions.matches(f"/Basic?{query}") == []

    def test_m_101_a_state_is_found_however_it_is_written(self, commissions: Any, portal: Any) -> None:
        for text in ("paid", "PAID", " Paid "):
            portal.execute("INSERT INTO commission_records (sales_rep_id, order_id, status) VALUES (7, 7, %s)", (text,))
        assert len(commissions.matches("/Basic?status=paid")) == 3

    def test_others_in_another_store_are_found_beside_it(self, commissions: Any) -> None:
        referral = {
            "resourceType": "Basic",
            "code": {"coding": [{"system": "urn:x", "code": "referral"}]},
            "subject": {"reference": "Patient/pat"},
            "created": "2026-03-31",
        }
        made = commissions.create(referral)
        assert made.status_code == 201
        assert len(commissions.matches("/Basic?created=2026-03-31")) == 2
        assert commissions.matches("/Patient/pat/Basic") == [f"Basic/{made.json()['id']}"]
        assert len(commissions.tree("/Basic/_history")["entry"]) == 2


class TestHistory:
    def test_each_change_of_the_portal_is_a_version(self, commissions: Any, portal: Any) -> None:
        portal.execute("UPDATE commission_records SET commission_rate = 0.1500, commission_amount = 15.08")
        portal.execute("UPDATE commission_records SET status = 'paid'")
        identity = only(commissions)["id"]
        entries = commissions.tree(f"/Basic/{identity}/_history")["entry"]
        assert [parts(one["resource"])["commission-status"] for one in entries] == [
            "paid",
            "partially-paid",
            "partially-paid",
        ]
        assert [parts(one["resource"])["rate"] for one in entries] == [
            Decimal("0.15"),
            Decimal("0.15"),
            Decimal("0.125"),
        ]

    def test_the_portals_change_is_merged_with_what_a_client_said(self, commissions: Any, portal: Any) -> None:
        tree = only(commissions)
        assert commissions.update({**tree, "extension": [*tree["extension"], NOTE]}).status_code == 200
        portal.execute("UPDATE commission_records SET status = 'clawback'")
        said = parts(only(commissions))
        assert (said["commission-status"], said["note"]) == ("clawback", "checked")


class TestWriting:
    def test_m_100_what_comes_back_unchanged_changes_nothing_in_the_row(self, commissions: Any, portal: Any) -> None:
        query = """SELECT to_jsonb(r) - '{version_id,version_xid,updated_at,document_version}'::text[] AS row
            FROM commission_records r"""
        before = portal.execute(query).fetchone()
        answer = commissions.update(only(commissions))
        assert answer.status_code == 200, answer.text
        assert portal.execute(query).fetchone() == before

    def test_a_commission_may_come_from_fhir(self, commissions: Any, portal: Any) -> None:
        answer = commissions.create(
            commission_of(
                {"url": "rate", "valueDecimal": 0.05},
                {"url": "base-amount", "valueMoney": {"value": 10}},
                {"url": "period", "valuePeriod": {"start": "2026-05", "end": "2026-05"}},
                {"url": "commission-status", "valueCode": "calculated"},
                {"url": "organization", "valueReference": {"reference": "Organization/org"}},
                created="2026-05-31",
            )
        )
        assert answer.status_code == 201, answer.text
        (row,) = portal.execute("SELECT * FROM commission_records WHERE fhir_id = %s", (answer.json()["id"],))
        assert (row["sales_rep_id"], row["order_id"], row["organization_id"]) == (7, 7, 7)
        assert (str(row["commission_rate"]), str(row["base_amount"]), row["status"]) == (
            "0.0500",
            "10.00",
            "calculated",
        )
        assert (row["period_year"], row["period_month"]) == (2026, 5)
        assert row["created_at"].isoformat() == "2026-05-31T00:00:00+00:00"

    @pytest.mark.parametrize(
        "wrong",
        [
            {"url": "rate", "valueDecimal": 0.12345},
            {"url": "rate", "valueDecimal": 10},
            {"url": "base-amount", "valueMoney": {"value": 1.005}},
            {"url": "commission-status", "valueCode": "settled"},
            {"url": "period", "valuePeriod": {"start": "2026-03", "end": "2026-04"}},
            {"url": "tier", "valueString": "x" * 21},
            {"url": "paid-at", "valueDateTime": "2026-04"},
            {"url": "organization", "valueReference": {"reference": "Location/x"}},
        ],
    )
    def test_what_the_row_cannot_hold_is_refused(self, commissions: Any, wrong: dict[str, Any]) -> None:
        answer = commissions.create(commission_of(wrong))
        assert answer.status_code == 422, answer.text
        assert answer.json()["issue"][0]["expression"] == [
            f"Basic.extension('{BASE}/StructureDefinition/{wrong['url']}')"
        ]

    def test_a_part_that_is_there_twice_is_refused(self, commissions: Any) -> None:
        answer = commissions.create(commission_of(*[{"url": "rate", "valueDecimal": 0.05}] * 2))
        assert answer.status_code == 422, answer.text
        assert answer.json()["issue"][0]["expression"] == [f"Basic.extension('{BASE}/StructureDefinition/rate')"]

    @pytest.mark.parametrize(
        ("changes", "element"),
        [
            ({"subject": {"reference": "Practitioner/nouser"}}, "Basic.subject"),
            ({"subject": {"reference": "Patient/pat"}}, "Basic.subject"),
            ({"subject": None}, "Basic.subject"),
            ({"author": {"reference": "Patient/pat"}}, "Basic.author"),
            ({"author": {"reference": "Practitioner/rep"}}, "Basic.author"),
            ({"extension": None}, "Basic.extension"),
            (
                {"extension": [{"url": "http://x/who", "valueReference": {"reference": "Patient/pat"}}]},
                "Basic.extension",
            ),
            (
                {
                    "contained": [{"resourceType": "Basic", "id": "x", "code": {"text": "x"}}],
                    "extension": [
                        *commission_of()["extension"],
                        {"url": "http://x/who", "valueReference": {"reference": "#x"}},
                    ],
                },
                "Basic.contained",
            ),
        ],
    )
    def test_what_is_no_commission_of_the_portal_is_refused(
        self, commissions: Any, changes: dict[str, Any], element: str
    ) -> None:
        tree = {name: value for name, value in {**commission_of(), **changes}.items() if value is not None}
        answer = commissions.create(tree)
        assert answer.status_code == 422, answer.text
        assert answer.json()["issue"][0]["expression"] == [element]

    def test_an_order_with_a_commission_is_not_deleted(self, commissions: Any) -> None:
        assert commissions.delete("/Task/ord").status_code == 409
        assert commissions.delete(f"/Basic/{only(commissions)['id']}").status_code == 204
        assert commissions.delete("/Task/ord").status_code == 204

    def test_another_basic_may_become_a_commission_and_keeps_its_history(self, commissions: Any, portal: Any) -> None:
        made = commissions.create({"resourceType": "Basic", "code": {"text": "not yet"}}).json()
        answer = commissions.update({**commission_of(), "id": made["id"]})
        assert answer.status_code == 200, answer.text
        assert portal.execute("SELECT count(*) AS n FROM commission_records").fetchone() == {"n": 2}
        versions = commissions.tree(f"/Basic/{made['id']}/_history")["entry"]
        assert [one["resource"]["code"] for one in versions] == [{"coding": [RECORD]}, {"text": "not yet"}]
        assert commissions.matches("/Basic?code:text=not") == []
