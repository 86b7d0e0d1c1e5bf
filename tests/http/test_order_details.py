"""What a request says of its products and details, shipments as SupplyDelivery, and the searches by numbers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.http.test_orders import ORDERS, PEOPLE, request_of

BASE = "https://fhir.wound-care-portal.example"
SHIPPING = f"{BASE}/StructureDefinition/shipping"
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
DETAIL = f"{BASE}/CodeSystem/clinical-detail"
CLINICAL = {
    "diagnosis_codes": ["L97.421", {"code": "E11.621", "description": "Type 2 diabetes with foot ulcer"}, "see chart"],
    "condition_fhir_ids": ["c1"],
    "wound_type": "diabetic foot ulcer",
    "wound_length": 4.50,
    "infection_present": False,
    "clinical_notes": "dry",
    "internal_score": 7,
}
INSURANCE = {
    "payer_name": "Medicare",
    "member_id": 4711,
    "secondary": {"coverage_fhir_id": "cov2", "payer": "Acme"},
    "copay": 3,
}
SHIPPED_TO = {
    "recipient_name": "Jane Roe",
    "address_line1": "1 Main St",
    "city": "Springfield",
    "state": "IL",
    "zip": 62704,
    "needed_by": "2026-02-03",
    "gate_code": "1234",
}
# Both steps in one transaction, which is one version.
SHIP = "UPDATE orders SET status = 'accepted'; UPDATE orders SET status = '{}'"
ODD = ([1, {"a": None}], "text", 7, True, {"diagnosis_codes": {"x": [[]]}, "address": [1], "payer_name": {"a": 1}}, {})


@pytest.fixture
def orders(client: Any, portal: Any) -> Any:
    """A client of a server whose portal has one request with one order of two lines."""
    portal.execute(PEOPLE)
    portal.execute(ORDERS)
    return client


@pytest.fixture
def detailed(orders: Any, portal: Any) -> Any:
    """The same, with all details of the request."""
    portal.execute(
        "UPDATE product_requests SET clinical_details = %s, insurance_details = %s, shipping_details = %s",
        (json.dumps(CLINICAL), json.dumps(INSURANCE), json.dumps(SHIPPED_TO)),
    )
    return orders


def held(portal: Any, column: str) -> Any:
    return portal.execute(f"SELECT {column} FROM product_requests WHERE id = 7").fetchone()[column]


def parts_of(tree: dict[str, Any]) -> dict[str, Any]:
    (found,) = [one for one in tree["extension"] if one["url"] == SHIPPING]
    return {one["url"]: next(value for name, value in one.items() if name != "url") for one in found["extension"]}


class TestProducts:
    def test_a_request_says_the_product_of_its_lines(self, orders: Any, portal: Any) -> None:
        code = orders.tree("/DeviceRequest/req")["codeCodeableConcept"]
        assert code == {
            "coding": [
                {"system": "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", "code": "Q4101"},
                {"system": f"{BASE}/CodeSystem/product-sku", "code": "G-1", "userSelected": True},
            ],
            "text": "Graft",
        }
        for query in ("code=Q4101", "code=G-1", f"code={BASE}/CodeSystem/product-sku|G-1", "code:text=graf"):
            assert orders.matches(f"/DeviceRequest?{query}") == ["DeviceRequest/req"]
        portal.execute("INSERT INTO products (id, manufacturer_id, name, hcpcs_code) VALUES (8, 7, 'Mesh', 'A6021')")
        portal.execute("UPDATE order_items SET product_id = 8 WHERE id = 8")
        code = orders.tree("/DeviceRequest/req")["codeCodeableConcept"]
        assert (code["text"], code["coding"][0]["code"]) == ("Multiple products", "unknown")
        assert orders.matches("/DeviceRequest?code=Q4101") == []
        assert orders.matches("/DeviceRequest?code=A6021") == []
        portal.execute("DELETE FROM order_items")
        code = orders.tree("/DeviceRequest/req")["codeCodeableConcept"]
        assert code["extension"][0]["valueCode"] == "unknown"
        assert orders.tree("/DeviceRequest/req/_history/1")["codeCodeableConcept"]["text"] == "Graft"

    def test_what_the_lines_say_is_not_changed_at_the_request(self, orders: Any) -> None:
        tree = orders.tree("/DeviceRequest/req")
        answer = orders.update({**tree, "codeCodeableConcept": {"text": "something else"}})
        assert (answer.status_code, answer.json()["issue"][0]["expression"]) == (422, ["DeviceRequest.code"])
        assert orders.update({**tree, "note": [{"text": "x"}]}).status_code == 200

    def test_what_a_client_asks_for_stands_until_the_lines_say_it(self, orders: Any, portal: Any) -> None:
        identity = orders.create(request_of(codeCodeableConcept={"coding": [{"code": "Q4999"}]})).json()["id"]
        assert orders.matches("/DeviceRequest?code=Q4999") == [f"DeviceRequest/{identity}"]
        portal.execute("""INSERT INTO orders (id, order_number, product_request_id, manufacturer_id)
            SELECT 9, 'O-9', id, 7 FROM product_requests WHERE request_number = 'R-9'""")
        portal.execute("INSERT INTO order_items (id, order_id, product_id) VALUES (99, 9, 7)")
        assert orders.matches("/DeviceRequest?code=Q4999") == []
        assert orders.matches("/DeviceRequest?code=Q4101&request-number=R-9") == [f"DeviceRequest/{identity}"]
        assert orders.tree(f"/DeviceRequest/{identity}")["codeCodeableConcept"]["text"] == "Graft"


class TestDetails:
    def test_a_request_says_why_it_is_asked_for(self, detailed: Any) -> None:
        tree = detailed.tree("/DeviceRequest/req")
        assert tree["reasonCode"] == [
            {"coding": [{"system": ICD, "code": "L97.421"}]},
            {"coding": [{"system": ICD, "code": "E11.621", "display": "Type 2 diabetes with foot ulcer"}]},
            {"text": "see chart"},
        ]
        assert tree["reasonReference"] == [{"reference": "Condition/c1"}]
        said = {one["code"]["coding"][0]["code"]: one for one in tree["parameter"]}
        assert said["wound_type"]["valueCodeableConcept"] == {"text": "diabetic foot ulcer"}
        assert said["wound_length"]["valueQuantity"]["code"] == "cm"
        assert said["infection_present"]["valueBoolean"] is False
        assert tree["note"] == [{"text": "left leg"}, {"text": "dry"}]
        assert "internal_score" not in detailed.get("/DeviceRequest/req").text

    def test_it_says_who_pays(self, detailed: Any) -> None:
        first, second = detailed.tree("/DeviceRequest/req")["insurance"]
        assert (first["display"], first["identifier"]["value"]) == ("Medicare", "4711")
        assert second == {"reference": "Coverage/cov2", "display": "Acme"}
        assert detailed.matches("/DeviceRequest?insurance=Coverage/cov2") == ["DeviceRequest/req"]
        assert detailed.matches("/DeviceRequest?insurance=Coverage/cov1") == []

    def test_it_says_where_it_goes(self, detailed: Any) -> None:
        said = parts_of(detailed.tree("/DeviceRequest/req"))
        assert said == {
            "recipient": "Jane Roe",
            "address": {"line": ["1 Main St"], "city": "Springfield", "state": "IL", "postalCode": "62704"},
            "needed-by": "2026-02-03",
        }
        assert "1234" not in detailed.get("/DeviceRequest/req").text

    @pytest.mark.parametrize("column", ["clinical_details", "insurance_details", "shipping_details"])
    def test_m_100_what_comes_back_unchanged_leaves_the_json_as_it_is(
        self, detailed: Any, portal: Any, column: str
    ) -> None:
        before = held(portal, column)
        assert detailed.update(detailed.tree("/DeviceRequest/req")).status_code == 200
        assert held(portal, column) == before

    def test_a_client_changes_one_thing_and_the_rest_stays(self, detailed: Any, portal: Any) -> None:
        tree = detailed.tree("/DeviceRequest/req")
        tree["reasonCode"] = [tree["reasonCode"][1], {"coding": [{"system": ICD, "code": "I87.312"}]}]
        tree["parameter"] = [one for one in tree["parameter"] if one["code"]["coding"][0]["code"] != "wound_type"]
        tree["insurance"] = [tree["insurance"][1], {"reference": "Coverage/cov1"}]
        answer = detailed.update(tree)
        assert answer.status_code == 200, answer.text
        clinical = held(portal, "clinical_details")
        assert clinical["diagnosis_codes"] == [CLINICAL["diagnosis_codes"][1], "I87.312"]
        assert (clinical["internal_score"], "wound_type" in clinical) == (7, False)
        assert (str(clinical["wound_length"]), clinical["clinical_notes"]) == ("4.5", "dry")
        assert held(portal, "insurance_details") == {
            "coverage_fhir_id": "cov1",
            "secondary": INSURANCE["secondary"],
            "copay": 3,
        }
        assert held(portal, "shipping_details") == SHIPPED_TO
        assert detailed.matches("/DeviceRequest?insurance=Coverage/cov1") == ["DeviceRequest/req"]

    def test_a_request_from_fhir_fills_the_details(self, orders: Any, portal: Any) -> None:
        shipping = {
            "url": SHIPPING,
            "extension": [
                {"url": "recipient", "valueString": "Jane"},
                {"url": "address", "valueAddress": {"line": ["2 Elm"], "city": "Troy"}},
            ],
        }
        parameter = {
            "code": {"coding": [{"system": DETAIL, "code": "wound_depth"}]},
            "valueQuantity": {"value": 1.5, "unit": "cm", "system": "http://unitsofmeasure.org", "code": "cm"},
        }
        made = orders.create(
            request_of(
                extension=[shipping],
                parameter=[parameter, {"code": {"text": "own"}, "valueBoolean": True}],
                reasonCode=[{"coding": [{"system": ICD, "code": "L97.421"}], "text": "heel"}],
                insurance=[{"reference": "Coverage/cov1"}],
            )
        )
        assert made.status_code == 201, made.text
        row = portal.execute("SELECT * FROM product_requests WHERE request_number = 'R-9'").fetchone()
        assert row["clinical_details"] == {"diagnosis_codes": ["L97.421"], "wound_depth": 1.5}
        assert row["insurance_details"] == {"coverage_fhir_id": "cov1"}
        assert row["shipping_details"] == {"recipient_name": "Jane", "address": {"line": ["2 Elm"], "city": "Troy"}}
        tree = orders.tree(f"/DeviceRequest/{made.json()['id']}")
        assert tree["reasonCode"] == [{"coding": [{"system": ICD, "code": "L97.421"}], "text": "heel"}]
        assert len(tree["parameter"]) == 2
        portal.execute("""UPDATE product_requests SET clinical_details = clinical_details || '{"wound_depth": 2}'
            WHERE request_number = 'R-9'""")
        tree = orders.tree(f"/DeviceRequest/{made.json()['id']}")
        assert [one.get("valueQuantity", {}).get("value") for one in tree["parameter"]] == [2, None]

    @pytest.mark.parametrize("odd", ODD, ids=str)
    def test_odd_json_breaks_no_read_and_is_not_overwritten(self, orders: Any, portal: Any, odd: Any) -> None:
        columns = ("clinical_details", "insurance_details", "shipping_details")
        for column in columns:
            portal.execute(f"UPDATE product_requests SET {column} = %s", (json.dumps(odd),))
        tree = orders.tree("/DeviceRequest/req")
        assert not {"reasonCode", "parameter", "insurance"} & tree.keys()
        assert orders.matches("/DeviceRequest?insurance=Coverage/x") == []
        assert orders.update({**tree, "note": [{"text": "x"}]}).status_code == 200
        for column in columns:
            assert held(portal, column) == odd


class TestShipments:
    def test_an_order_that_is_shipped_is_a_delivery_too(self, orders: Any, portal: Any) -> None:
        portal.execute(SHIP.format("Shipped"))
        (name,) = orders.matches("/SupplyDelivery?order-number=O-1")
        tree = orders.tree(f"/{name}")
        assert tree["identifier"] == [
            {
                "type": {"coding": [{"system": f"{BASE}/CodeSystem/identifier-type", "code": "tracking-number"}]},
                "system": f"{BASE}/identifier/tracking-number/ups",
                "value": "1Z",
                "assigner": {"display": "UPS"},
            }
        ]
        assert tree["basedOn"] == [{"reference": "SupplyRequest/one"}, {"reference": "SupplyRequest/two"}]
        assert (tree["status"], tree["supplier"]) == ("in-progress", {"reference": "Organization/maker"})
        assert (tree["patient"], "destination" in tree) == ({"reference": "Patient/pat"}, False)
        assert tree["extension"][0]["valueReference"]["reference"] == "Task/ord"
        assert "occurrenceDateTime" in tree
        for query in (
            "tracking-number=1Z",
            f"identifier={BASE}/identifier/tracking-number/ups|1Z",
            "patient=pat&supplier=maker&status=in-progress",
            "order=ord&order:Task.identifier=O-1",
        ):
            assert orders.matches(f"/SupplyDelivery?{query}") == [name], query
        assert orders.matches("/Patient/pat/SupplyDelivery") == [name]
        portal.execute("UPDATE orders SET status = 'delivered'")
        assert orders.tree(f"/{name}")["status"] == "completed"
        # It was there before, for its tracking number.
        assert "status" not in orders.tree(f"/{name}/_history/1")
        assert orders.tree(f"/{name}/_history/2")["status"] == "in-progress"
        assert name in orders.matches("/Patient/pat/$everything")

    def test_a_delivery_to_a_clinic_is_for_the_patient_all_the_same(self, orders: Any, portal: Any) -> None:
        portal.execute("UPDATE product_requests SET facility_id = 7")
        (name,) = orders.matches("/SupplyDelivery")
        tree = orders.tree(f"/{name}")
        assert (tree["destination"], tree["patient"]) == (
            {"reference": "Location/clinic"},
            {"reference": "Patient/pat"},
        )
        assert orders.matches("/Patient/pat/SupplyDelivery") == [name]
        found = orders.tree("/Patient/pat/$everything")["entry"]
        assert {"SupplyDelivery", "SupplyRequest"} <= {one["resource"]["resourceType"] for one in found}

    def test_m_003_a_state_that_no_delivery_has_is_told_beside_nothing(self, orders: Any) -> None:
        (name,) = orders.matches("/SupplyDelivery?tracking-number=1Z")
        tree = orders.tree(f"/{name}")
        assert "status" not in tree
        assert tree["_status"]["extension"][0]["valueString"] == "pending"

    @pytest.mark.parametrize(
        ("changes", "element"),
        [
            ({"status": "completed"}, "SupplyDelivery.status"),
            ({"basedOn": [{"reference": "SupplyRequest/one"}]}, "SupplyDelivery.basedOn"),
            ({"patient": {"reference": "Patient/pat2"}}, "SupplyDelivery.patient"),
            ({"identifier": []}, "SupplyDelivery.identifier"),
        ],
    )
    def test_what_it_copies_is_changed_at_the_order(
        self, orders: Any, portal: Any, changes: dict[str, Any], element: str
    ) -> None:
        portal.execute(SHIP.format("shipped"))
        (name,) = orders.matches("/SupplyDelivery")
        tree = {key: item for key, item in {**orders.tree(f"/{name}"), **changes}.items() if item}
        answer = orders.update(tree)
        assert (answer.status_code, answer.json()["issue"][0]["expression"]) == (422, [element])

    def test_what_a_client_says_beside_it_stays(self, orders: Any, portal: Any) -> None:
        portal.execute(SHIP.format("shipped"))
        (name,) = orders.matches("/SupplyDelivery")
        answer = orders.update({**orders.tree(f"/{name}"), "receiver": [{"reference": "Practitioner/doc"}]})
        assert answer.status_code == 200, answer.text
        portal.execute("UPDATE orders SET status = 'delivered'")
        tree = orders.tree(f"/{name}")
        assert (tree["status"], tree["receiver"]) == ("completed", [{"reference": "Practitioner/doc"}])
        assert orders.matches("/SupplyDelivery?receiver=doc&status=completed") == [name]
        refused = orders.delete(f"/{name}")
        assert refused.status_code == 409, refused.text

    def test_deliveries_of_others_are_kept_as_they_are(self, orders: Any, portal: Any) -> None:
        tree = {"resourceType": "SupplyDelivery", "id": "mine", "status": "completed"}
        assert orders.update(tree).status_code == 201
        assert orders.tree("/SupplyDelivery/mine")["status"] == "completed"
        assert portal.execute("SELECT count(*) AS n FROM order_shipments").fetchone() == {"n": 1}


class TestNumbers:
    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("DeviceRequest?request-number=R-1", ["DeviceRequest/req"]),
            ("Task?order-number=O-1", ["Task/ord"]),
            (f"Task?order-number={BASE}/identifier/order-number|O-1", ["Task/ord"]),
            ("Task?order-number=R-1", []),
            ("Task?tracking-number=1Z", ["Task/ord"]),
            ("Task?tracking-number:missing=true", []),
            ("Task?due=2026-02-01", ["Task/ord"]),
            ("Task?due=lt2026-02-01", []),
            ("Task?due=ge2026-01&due=lt2026-03&_sort=due", ["Task/ord"]),
            ("SupplyRequest?order-number=O-1", ["SupplyRequest/one", "SupplyRequest/two"]),
            ("SupplyRequest?order-number=O-2", []),
        ],
    )
    def test_resources_are_found_by_numbers_and_dates_of_the_portal(
        self, orders: Any, query: str, expected: list[str]
    ) -> None:
        assert orders.matches(f"/{query}") == expected

    def test_so_are_those_of_others(self, orders: Any) -> None:
        tree = {
            "resourceType": "Task",
            "id": "call",
            "status": "ready",
            "intent": "plan",
            "restriction": {"period": {"end": "2026-05-01"}},
        }
        assert orders.update(tree).status_code == 201
        assert orders.matches("/Task?due=2026-05") == ["Task/call"]


class TestRoles:
    def test_a_role_says_how_to_reach_its_user(self, orders: Any, portal: Any) -> None:
        portal.execute("UPDATE users SET phone = '555 0100' WHERE id = 7")
        portal.execute("INSERT INTO user_organizations (user_id, organization_id) VALUES (7, 7)")
        portal.execute(
            "INSERT INTO roles (id, name, slug, permissions) VALUES (1, 'Nurse', 'nurse', '[\"secret.right\"]')"
        )
        portal.execute("INSERT INTO user_roles (user_id, role_id) VALUES (7, 1)")
        (name,) = orders.matches("/PractitionerRole?phone=555 0100&role=nurse".replace(" ", "%20"))
        tree = orders.tree(f"/{name}")
        assert tree["telecom"] == [
            {"system": "phone", "value": "555 0100", "use": "work"},
            {"system": "email", "value": "a@x", "use": "work"},
        ]
        assert (tree["practitioner"], tree["organization"]) == (
            {"reference": "Practitioner/doc"},
            {"reference": "Organization/org"},
        )
        assert "secret" not in orders.get(f"/{name}").text
        assert orders.matches("/PractitionerRole?email=a@x") == [name]
