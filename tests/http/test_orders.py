"""The portal's products, requests, orders and lines as FHIR: reads, searches, writes, and how one follows another."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_server.persistence.connections import count_statements

PEOPLE = """
    INSERT INTO users (id, email, password, first_name, last_name)
        VALUES (7, 'a@x', 'b', 'Ann', 'Lee'), (8, 'c@x', 'd', 'Bo', 'Ng');
    INSERT INTO organizations (id, fhir_id, name) VALUES (7, 'org', 'Acme');
    INSERT INTO fhir_facilities (id, fhir_id, name) VALUES (7, 'clinic', 'Clinic');
    INSERT INTO manufacturers (id, fhir_id, name) VALUES (7, 'maker', 'Maker');
    INSERT INTO fhir_patients (fhir_id) VALUES ('pat'), ('pat2');
    INSERT INTO fhir_practitioners (fhir_id, user_id) VALUES ('doc', 7), ('nouser', NULL);
    INSERT INTO products (id, fhir_id, manufacturer_id, name, sku, hcpcs_code, unit_of_measure, base_price,
                          medicare_allowable)
        VALUES (7, 'graft', 7, 'Graft', 'G-1', 'Q4101', 'each', 12.50, 98.76);
"""
ORDERS = """
    INSERT INTO product_requests (id, fhir_id, request_number, user_id, organization_id, patient_fhir_id,
                                  status, submitted_at, notes)
        VALUES (7, 'req', 'R-1', 7, 7, 'pat', 'under review', '2026-01-02T03:04:05Z', 'left leg');
    INSERT INTO orders (id, fhir_id, order_number, product_request_id, manufacturer_id, total_amount,
                        expected_ship_date, tracking_number, shipping_carrier, created_at)
        VALUES (7, 'ord', 'O-1', 7, 7, 37.50, '2026-02-01', '1Z', 'UPS', '2026-01-03T00:00:00Z');
    INSERT INTO order_items (id, fhir_id, order_id, product_id, quantity, unit_price, total_price,
                             product_specifications)
        VALUES (7, 'one', 7, 7, 3, 12.50, 37.50, '{"size": "4x4 cm", "meshed": true}'),
            (8, 'two', 7, 7, 1, 0.00, 0.00, NULL);
"""
REQUEST_NUMBER = "https://fhir.wound-care-portal.example/identifier/request-number"
ORDER_NUMBER = "https://fhir.wound-care-portal.example/identifier/order-number"


@pytest.fixture
def orders(client: Any, portal: Any) -> Any:
    """A client of a server whose portal has one request with one order of two lines."""
    portal.execute(PEOPLE)
    portal.execute(ORDERS)
    return client


def etag(client: Any, path: str) -> str:
    return str(client.get(path).headers["etag"])


def without_meta(tree: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in tree.items() if name != "meta"}


def request_of(number: str = "R-9", **members: Any) -> dict[str, Any]:
    return {
        "resourceType": "DeviceRequest",
        "identifier": [{"system": REQUEST_NUMBER, "value": number}],
        "status": "active",
        "intent": "order",
        "codeCodeableConcept": {"text": "skin substitute"},
        "subject": {"reference": "Patient/pat"},
        "requester": {"reference": "Practitioner/doc"},
        **members,
    }


def order_of(request: str, number: str = "O-9", **members: Any) -> dict[str, Any]:
    return {
        "resourceType": "Task",
        "identifier": [{"system": ORDER_NUMBER, "value": number}],
        "status": "requested",
        "intent": "order",
        "code": {"coding": [{"system": "http://hl7.org/fhir/CodeSystem/task-code", "code": "fulfill"}]},
        "focus": {"reference": f"DeviceRequest/{request}"},
        "for": {"reference": "Patient/pat"},
        "owner": {"reference": "Organization/maker"},
        **members,
    }


class TestReading:
    def test_a_request_says_who_asks_for_whom(self, orders: Any) -> None:
        tree = orders.tree("/DeviceRequest/req")
        assert tree["identifier"][0]["value"] == "R-1"
        assert (tree["status"], tree["intent"], tree["priority"]) == ("active", "order", "routine")
        assert tree["_status"]["extension"][0]["valueString"] == "under review"
        assert tree["subject"] == {"reference": "Patient/pat"}
        assert tree["requester"] == {"reference": "Practitioner/doc"}
        assert tree["authoredOn"] == "2026-01-02T03:04:05Z"
        assert tree["codeCodeableConcept"]["coding"][0]["code"] == "Q4101"
        assert tree["extension"][0]["valueReference"] == {"reference": "Organization/org"}
        assert tree["note"] == [{"text": "left leg"}]

    def test_m_014_a_request_without_a_patient_says_so(self, orders: Any, portal: Any) -> None:
        portal.execute("UPDATE product_requests SET patient_fhir_id = NULL")
        assert orders.tree("/DeviceRequest/req")["subject"]["extension"][0]["valueCode"] == "unknown"
        assert "for" not in orders.tree("/Task/ord")
        assert orders.matches("/Patient/pat/DeviceRequest") == []

    def test_a_user_without_a_practitioner_is_a_logical_reference(self, orders: Any, portal: Any) -> None:
        portal.execute("UPDATE product_requests SET user_id = 8")
        requester = orders.tree("/DeviceRequest/req")["requester"]
        assert (set(requester), requester["identifier"]["value"]) == ({"identifier"}, "8")

    def test_an_order_is_a_fulfilment_with_money_to_the_cent(self, orders: Any) -> None:
        text = orders.get("/Task/ord").text
        assert '"valueMoney":{"value":37.50}' in text
        tree = orders.tree("/Task/ord")
        assert (tree["status"], tree["intent"], tree["code"]["coding"][0]["code"]) == ("requested", "order", "fulfill")
        assert tree["focus"] == {"reference": "DeviceRequest/req"}
        assert tree["for"] == {"reference": "Patient/pat"}
        assert tree["owner"] == {"reference": "Organization/maker"}
        assert tree["requester"] == {"reference": "Practitioner/doc"}
        assert tree["restriction"] == {"period": {"end": "2026-02-01"}}
        assert [one["valueString"] for one in tree["output"]] == ["1Z", "UPS"]
        assert "businessStatus" not in tree

    def test_a_line_says_what_how_many_and_from_whom(self, orders: Any) -> None:
        tree = orders.tree("/SupplyRequest/one")
        assert tree["identifier"][0]["value"] == "O-1#1"
        assert [one["code"] for one in tree["itemCodeableConcept"]["coding"]] == ["Q4101", "G-1"]
        assert tree["itemCodeableConcept"]["text"] == "Graft"
        assert tree["quantity"] == {"value": 3, "unit": "each"}
        assert tree["supplier"] == [{"reference": "Organization/maker"}]
        number = {"system": ORDER_NUMBER, "value": "O-1"}
        assert tree["extension"][0]["valueReference"] == {"reference": "Task/ord", "identifier": number}
        assert tree["deliverTo"] == {"reference": "Patient/pat"}
        assert {one["code"]["text"]: one for one in tree["parameter"]} == {
            "size": {"code": {"text": "size"}, "valueCodeableConcept": {"text": "4x4 cm"}},
            "meshed": {"code": {"text": "meshed"}, "valueBoolean": True},
        }
        assert orders.tree("/SupplyRequest/two")["identifier"][0]["value"] == "O-1#2"

    def test_a_product_never_shows_a_price(self, orders: Any) -> None:
        text = orders.get("/DeviceDefinition/graft").text
        assert "12.5" not in text
        assert "98.76" not in text
        tree = orders.tree("/DeviceDefinition/graft")
        assert tree["deviceName"] == [{"name": "Graft", "type": "user-friendly-name"}]
        assert tree["manufacturerReference"] == {"reference": "Organization/maker"}
        assert tree["type"]["coding"][0]["code"] == "Q4101"


class TestPortalWrites:
    def test_a_new_state_is_a_version_of_the_task_and_of_every_line(self, orders: Any, portal: Any) -> None:
        portal.execute("UPDATE orders SET status = 'Confirmed'")
        task = orders.tree("/Task/ord")
        assert (task["status"], task["businessStatus"]) == ("accepted", {"text": "Confirmed"})
        assert (orders.tree("/Task/ord/_history/1")["status"], etag(orders, "/Task/ord")) == ("requested", 'W/"2"')
        for line in ("one", "two"):
            assert orders.tree(f"/SupplyRequest/{line}")["status"] == "active"
            assert etag(orders, f"/SupplyRequest/{line}") == 'W/"2"'
        assert etag(orders, "/DeviceRequest/req") == 'W/"1"'
        portal.execute("UPDATE orders SET status = 'Shipped'")
        portal.execute("UPDATE orders SET status = 'Delivered'")
        assert orders.tree("/SupplyRequest/one")["status"] == "completed"

    @pytest.mark.parametrize("text", ["awaiting customs", "completedish", None, ""])
    def test_m_102_an_unlisted_state_is_never_a_good_one(self, orders: Any, portal: Any, text: str | None) -> None:
        portal.execute("SET portal.repair = 'on'")
        portal.execute("UPDATE orders SET status = %s", (text,))
        portal.execute("UPDATE product_requests SET status = %s", (text,))
        task = orders.tree("/Task/ord")
        assert task["status"] == "on-hold"
        assert task.get("businessStatus") == ({"text": text} if text else None)
        assert orders.tree("/SupplyRequest/one")["status"] == "unknown"
        assert orders.tree("/DeviceRequest/req")["status"] == "unknown"
        assert orders.matches("/Task?status=completed") == []

    def test_a_patient_who_turns_out_to_be_another_moves_the_order(self, orders: Any, portal: Any) -> None:
        portal.execute("UPDATE product_requests SET patient_fhir_id = 'pat2'")
        assert orders.matches("/Task?patient=pat2") == ["Task/ord"]
        assert orders.matches("/SupplyRequest?subject=Patient/pat2") == ["SupplyRequest/one", "SupplyRequest/two"]
        assert orders.matches("/Task?patient=pat") == []


class TestSearching:
    def test_m_101_a_state_finds_all_texts_that_mean_it(self, orders: Any, portal: Any) -> None:
        texts = ("processing", "In Production", "shipped", "in-transit", "BACKORDERED")
        for place, text in enumerate(texts):
            portal.execute(
                "INSERT INTO orders (id, fhir_id, order_number, product_request_id, manufacturer_id, status) "
                "VALUES (%s, %s, %s, 7, 7, %s)",
                (100 + place, f"o{place}", f"N-{place}", text),
            )
        assert orders.matches("/Task?status=in-progress") == [f"Task/o{place}" for place in range(len(texts))]
        assert orders.matches("/Task?status:not=in-progress") == ["Task/ord"]

    @pytest.mark.parametrize(
        "query",
        [
            "DeviceRequest?identifier=R-1",
            f"DeviceRequest?identifier={REQUEST_NUMBER}|R-1",
            "DeviceRequest?status=active&intent=order",
            "DeviceRequest?subject=Patient/pat",
            "DeviceRequest?requester=Practitioner/doc",
            "DeviceRequest?authored-on=2026-01-02",
            "DeviceRequest?organization=org&organization.name=acme",
            "DeviceRequest?requester:Practitioner._id=doc",
        ],
    )
    def test_a_request_is_found_by_what_it_says(self, orders: Any, query: str) -> None:
        assert orders.matches(f"/{query}") == ["DeviceRequest/req"]

    @pytest.mark.parametrize(
        "query",
        [
            "identifier=O-1",
            "focus=DeviceRequest/req",
            "focus:DeviceRequest.identifier=R-1",
            "owner=Organization/maker",
            "patient=pat&code=fulfill&intent=order&priority=routine",
            "authored-on=ge2026-01-03&requester=doc",
        ],
    )
    def test_an_order_is_found_by_what_it_says(self, orders: Any, query: str) -> None:
        assert orders.matches(f"/Task?{query}") == ["Task/ord"]

    def test_a_line_is_found_by_its_number(self, orders: Any) -> None:
        assert orders.matches("/SupplyRequest?identifier=O-1%232") == ["SupplyRequest/two"]
        assert len(orders.matches("/SupplyRequest?order.identifier=O-1&order:Task.focus=req")) == 2
        assert len(orders.matches("/SupplyRequest?supplier=maker&status=active&date=2026-01-03")) == 2

    def test_a_product_is_found_by_its_codes(self, orders: Any) -> None:
        for query in ("type=Q4101", "identifier=G-1", "manufacturer.name=mak"):
            assert orders.matches(f"/DeviceDefinition?{query}") == ["DeviceDefinition/graft"]

    def test_the_compartment_of_the_patient_has_requests_and_what_is_delivered_to_the_patient(
        self, orders: Any, portal: Any
    ) -> None:
        assert orders.matches("/Patient/pat/DeviceRequest") == ["DeviceRequest/req"]
        assert orders.matches("/Patient/pat/SupplyRequest") == ["SupplyRequest/one", "SupplyRequest/two"]
        portal.execute("UPDATE product_requests SET facility_id = 7")
        assert orders.matches("/Patient/pat/SupplyRequest") == []
        assert orders.tree("/SupplyRequest/one")["deliverTo"] == {"reference": "Location/clinic"}

    def test_the_graph_of_a_request_is_one_search(self, orders: Any) -> None:
        entries = orders.tree("/DeviceRequest?_id=req&_revinclude:iterate=Task:*&_revinclude:iterate=SupplyRequest:*")[
            "entry"
        ]
        found = {f"{one['resource']['resourceType']}/{one['resource']['id']}" for one in entries}
        assert {"DeviceRequest/req", "Task/ord", "SupplyRequest/one", "SupplyRequest/two"} <= found


class TestWriting:
    def test_m_100_what_comes_back_unchanged_changes_nothing_in_the_row(self, orders: Any, portal: Any) -> None:
        for text in ("accepted", "shipped", "In Transit"):
            portal.execute("UPDATE orders SET status = %s, priority = 'Rush'", (text,))
        for path, table in {
            "/DeviceRequest/req": "product_requests",
            "/Task/ord": "orders",
            "/SupplyRequest/one": "order_items",
            "/DeviceDefinition/graft": "products",
        }.items():
            columns = (
                f"to_jsonb(r) - '{{version_id,version_xid,updated_at,document_version}}'::text[] AS row FROM {table} r"
            )
            before = portal.execute(f"SELECT {columns} WHERE id = 7").fetchone()
            answer = orders.update(orders.tree(path))
            assert answer.status_code == 200, answer.text
            assert portal.execute(f"SELECT {columns} WHERE id = 7").fetchone() == before

    def test_m_015_a_state_that_the_text_still_means_keeps_the_text(self, orders: Any, portal: Any) -> None:
        tree = orders.tree("/DeviceRequest/req")
        del tree["_status"]
        assert orders.update({**tree, "note": [{"text": "right leg"}]}).status_code == 200
        row = portal.execute("SELECT status, notes FROM product_requests").fetchone()
        assert row == {"status": "under review", "notes": "right leg"}
        assert orders.update({**tree, "status": "revoked"}).status_code == 200
        assert portal.execute("SELECT status FROM product_requests").fetchone() == {"status": "cancelled"}

    def test_a_state_of_an_order_is_written_with_the_portals_word(self, orders: Any, portal: Any) -> None:
        tree = orders.tree("/Task/ord")
        assert orders.update({**tree, "status": "accepted"}).status_code == 200
        assert portal.execute("SELECT status FROM orders").fetchone() == {"status": "accepted"}
        answer = orders.update({**tree, "status": "in-progress", "businessStatus": {"text": "shipped"}})
        assert answer.status_code == 200, answer.text
        assert portal.execute("SELECT status FROM orders").fetchone() == {"status": "shipped"}
        assert orders.tree("/SupplyRequest/one")["status"] == "active"
        refused = orders.update({**tree, "status": "completed", "businessStatus": {"text": "shipped"}})
        assert refused.status_code == 422
        assert refused.json()["issue"][0]["expression"] == ["Task.businessStatus"]
        delivered = {**tree, "status": "completed", "businessStatus": {"text": "delivered"}}
        assert orders.update(delivered).status_code == 200
        assert portal.execute("SELECT status FROM orders").fetchone() == {"status": "delivered"}
        refused = orders.update({**tree, "status": "in-progress"})
        assert refused.status_code == 422
        assert refused.json()["issue"][0]["expression"] == ["Task.status"]
        assert orders.tree("/SupplyRequest/one")["status"] == "completed"
        portal.execute("UPDATE orders SET status = 'returned', status_reason = 'torn package'")
        assert orders.tree("/Task/ord")["businessStatus"] == {"text": "returned"}

    def test_a_request_and_its_order_may_come_from_fhir(self, orders: Any, portal: Any) -> None:
        made = orders.create(request_of(status="draft", intent="plan"))
        assert made.status_code == 201, made.text
        identity = made.json()["id"]
        row = portal.execute("SELECT * FROM product_requests WHERE fhir_id = %s", (identity,)).fetchone()
        assert (row["user_id"], row["patient_fhir_id"], row["status"]) == (7, "pat", "draft")
        assert orders.tree(f"/DeviceRequest/{identity}")["codeCodeableConcept"] == {"text": "skin substitute"}
        order = orders.create(order_of(identity))
        assert order.status_code == 201, order.text
        row = portal.execute("SELECT * FROM orders WHERE fhir_id = %s", (order.json()["id"],)).fetchone()
        assert (row["order_number"], row["status"], row["manufacturer_id"]) == ("O-9", "pending", 7)
        portal.execute("INSERT INTO order_items (id, order_id, product_id) VALUES (99, %s, 7)", (row["id"],))
        assert orders.matches("/SupplyRequest?identifier=O-9%231") != []

    def test_both_may_come_in_one_transaction(self, orders: Any, portal: Any) -> None:
        entries = [
            {
                "fullUrl": "urn:uuid:11111111-1111-4111-8111-111111111111",
                "resource": request_of(),
                "request": {"method": "POST", "url": "DeviceRequest"},
            },
            {
                "resource": {
                    **order_of("x"),
                    "focus": {"reference": "urn:uuid:11111111-1111-4111-8111-111111111111"},
                },
                "request": {"method": "POST", "url": "Task"},
            },
        ]
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        answer = orders.send_json("POST", "/", bundle)
        assert answer.status_code == 200, answer.text
        assert portal.execute("SELECT count(*) AS n FROM orders WHERE order_number = 'O-9'").fetchone() == {"n": 1}
        entries[1]["resource"]["owner"] = {"reference": "Organization/org"}
        entries[0]["resource"] = request_of("R-10")
        entries[1]["resource"]["identifier"] = [{"system": ORDER_NUMBER, "value": "O-10"}]
        refused = orders.send_json("POST", "/", bundle)
        assert refused.status_code == 422
        assert "Task.owner" in refused.text
        assert portal.execute("SELECT count(*) AS n FROM product_requests").fetchone() == {"n": 2}

    @pytest.mark.parametrize(
        ("changes", "element"),
        [
            ({"requester": {"reference": "Practitioner/nouser"}}, "DeviceRequest.requester"),
            ({"requester": {"reference": "Practitioner/nobody"}}, "DeviceRequest.requester"),
            ({"requester": {"reference": "Organization/org"}}, "DeviceRequest.requester"),
            ({"requester": None}, "DeviceRequest.requester"),
            ({"subject": {"reference": "Group/1"}}, "DeviceRequest.subject"),
            ({"intent": "plan"}, "DeviceRequest.intent"),
            ({"status": None}, "DeviceRequest.status"),
            ({"identifier": [{"system": REQUEST_NUMBER, "value": "9" * 51}]}, "DeviceRequest.identifier"),
        ],
    )
    def test_a_request_that_no_row_can_hold_is_refused_by_element(
        self, orders: Any, changes: dict[str, Any], element: str
    ) -> None:
        tree = {name: value for name, value in request_of(**changes).items() if value is not None}
        answer = orders.create(tree)
        assert answer.status_code == 422, answer.text
        assert answer.json()["issue"][0]["expression"] == [element]

    @pytest.mark.parametrize(
        ("changes", "element"),
        [
            ({"focus": {"reference": "DeviceRequest/none"}}, "Task.focus"),
            ({"focus": None}, "Task.focus"),
            ({"owner": {"reference": "Organization/org"}}, "Task.owner"),
            ({"owner": {"reference": "Practitioner/doc"}}, "Task.owner"),
            ({"for": {"reference": "Patient/pat2"}}, "Task.for"),
            ({"for": None}, "Task.for"),
            ({"intent": "plan"}, "Task.intent"),
        ],
    )
    def test_an_order_that_no_row_can_hold_is_refused_by_element(
        self, orders: Any, changes: dict[str, Any], element: str
    ) -> None:
        tree = {name: value for name, value in order_of("req", **changes).items() if value is not None}
        answer = orders.create(tree)
        assert answer.status_code == 422, answer.text
        assert answer.json()["issue"][0]["expression"] == [element]
        moved = {**orders.tree("/Task/ord"), **{name: value for name, value in changes.items() if value is not None}}
        for name in [name for name, value in changes.items() if value is None]:
            del moved[name]
        answer = orders.update(moved)
        assert answer.status_code == 422, answer.text
        assert answer.json()["issue"][0]["expression"] == [element]

    def test_requests_and_tasks_of_others_are_kept_as_they_are(self, orders: Any, portal: Any) -> None:
        foreign = {**request_of(), "identifier": [{"system": "urn:ehr", "value": "1"}], "intent": "proposal"}
        task = {"resourceType": "Task", "status": "ready", "intent": "plan", "code": {"text": "call the patient"}}
        for tree in (foreign, task):
            answer = orders.create(tree)
            assert answer.status_code == 201
            assert without_meta(orders.tree(f"/{tree['resourceType']}/{answer.json()['id']}")) == {
                **tree,
                "id": answer.json()["id"],
            }
        assert portal.execute("SELECT count(*) AS n FROM product_requests").fetchone() == {"n": 1}
        assert len(orders.matches("/Task")) == 2

    def test_a_number_that_another_record_has_is_a_conflict(self, orders: Any) -> None:
        answer = orders.create(request_of("R-1"))
        assert answer.status_code == 409
        assert answer.json()["issue"][0]["expression"] == ["DeviceRequest.identifier"]

    def test_what_a_line_shows_of_its_order_cannot_be_changed_there(self, orders: Any) -> None:
        tree = orders.tree("/SupplyRequest/one")
        for changes, element in (
            ({"status": "completed"}, "SupplyRequest.status"),
            ({"quantity": {"value": 4, "unit": "each"}}, "SupplyRequest.quantity"),
        ):
            answer = orders.update({**tree, **changes})
            assert (answer.status_code, answer.json()["issue"][0]["expression"]) == (422, [element])
        assert orders.update({**tree, "reasonCode": [{"text": "ulcer"}]}).status_code == 200
        assert orders.tree("/SupplyRequest/one")["reasonCode"] == [{"text": "ulcer"}]

    def test_a_product_is_corrected_and_its_lines_follow(self, orders: Any, portal: Any) -> None:
        tree = orders.tree("/DeviceDefinition/graft")
        answer = orders.update({**tree, "deviceName": [{"name": "Graft 2", "type": "user-friendly-name"}]})
        assert answer.status_code == 200, answer.text
        assert portal.execute("SELECT name, base_price::text FROM products").fetchone() == {
            "name": "Graft 2",
            "base_price": "12.50",
        }
        assert orders.tree("/SupplyRequest/one")["itemCodeableConcept"]["text"] == "Graft 2"
        answer = orders.update({name: value for name, value in tree.items() if name != "deviceName"})
        assert (answer.status_code, answer.json()["issue"][0]["expression"]) == (422, ["DeviceDefinition.deviceName"])

    def test_what_others_need_is_not_deleted(self, orders: Any) -> None:
        for path in ("/DeviceRequest/req", "/Task/ord", "/Organization/maker", "/Practitioner/doc", "/Patient/pat"):
            assert orders.delete(path).status_code == 409, path
        for path in ("/SupplyRequest/one", "/SupplyRequest/two", "/Task/ord", "/DeviceRequest/req"):
            assert orders.delete(path).status_code == 204, path
            assert orders.get(path).status_code == 410


class TestTheWholeGraph:
    """`*` follows every reference, whichever way it goes and in whatever column it stands."""

    def test_all_that_belongs_to_a_request_comes_on_one_page_of_one_statement(self, orders: Any) -> None:
        orders.create({"resourceType": "Basic", "code": {"text": "x"}, "subject": {"reference": "Task/ord"}, "id": "b"})
        around = {
            "_revinclude=*": ["Task"],
            # The order has a tracking number, so it is a delivery too.
            "_revinclude:iterate=*": ["Basic", "SupplyDelivery", "SupplyRequest", "SupplyRequest", "Task"],
            "_include:iterate=*&_revinclude:iterate=*": [
                "Basic", "DeviceDefinition", "Organization", "Organization", "Patient", "Practitioner",
                "SupplyDelivery", "SupplyRequest", "SupplyRequest", "Task",
            ],
        }  # fmt: skip
        for query, expected in around.items():
            path = f"/DeviceRequest?_id=req&{query}"
            orders.tree(path)
            with count_statements() as count:
                entries = orders.tree(path)["entry"]
            assert sorted(one["resource"]["resourceType"] for one in entries[1:]) == expected, query
            assert {one["search"]["mode"] for one in entries[1:]} == {"include"}
            assert len(count) == 1

    def test_what_the_portal_changes_is_followed_at_once(self, orders: Any, portal: Any) -> None:
        portal.execute("UPDATE product_requests SET patient_fhir_id = 'pat2' WHERE id = 7")
        (found,) = [
            one["resource"]
            for one in orders.tree("/DeviceRequest?_id=req&_include:iterate=*&_revinclude:iterate=*")["entry"]
            if one["resource"]["resourceType"] == "Patient"
        ]
        assert found["id"] == "pat2"
        assert orders.tree("/Patient?_id=pat&_revinclude=*")["total"] == 1
        assert len(orders.tree("/Patient?_id=pat2&_revinclude=*")["entry"]) > 1
