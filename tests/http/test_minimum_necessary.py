"""What manufacturers and sales representatives see: their orders, and nothing about anybody's health.

https://hl7.org/fhir/R4/secpriv-module.html and docs/adr/0019-minimum-necessary.md
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from fhir_server.auth.business_tokens import digest_of, entry, read_entries, write_entries
from tests.http.business import CALLERS, ORDER_NUMBER, TOKENS, as_caller, documents, fill, token_file


@pytest.fixture(scope="module")
def two(
    postgres: str, migrated_template: str, open_server: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    """A server over the portal of two makers: `local`, one client for each caller, `tokens`, and `session`."""
    name = f"{migrated_template}_minimum"
    tokens = token_file(tmp_path_factory.mktemp("tokens"))
    with psycopg.connect(postgres, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{migrated_template}"')
        database = make_conninfo(postgres, dbname=name)
        try:
            with ExitStack() as stack:
                session = stack.enter_context(psycopg.connect(database, autocommit=True))
                fill(session)
                local = stack.enter_context(open_server(database, FHIR_SERVER_BUSINESS_TOKENS=str(tokens)))
                documents(local)
                clients = {who: stack.enter_context(as_caller(type(local), local.base, who)) for who in CALLERS}
                yield SimpleNamespace(local=local, tokens=tokens, session=session, **clients)
        finally:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def ids(client: Any, search: str) -> list[str]:
    return [one.partition("/")[2] for one in client.matches(search)]


class TestWhatIsShown:
    def test_an_order_is_shown_without_notes_and_says_that_it_is_not_whole(self, two: Any) -> None:
        tree = two.maker.tree("/Task/ord1")
        assert tree["identifier"] == [
            {
                "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "PLAC"}]},
                "system": ORDER_NUMBER,
                "value": "O-1",
            }
        ]
        assert (tree["status"], tree["businessStatus"], tree["authoredOn"]) == (
            "in-progress",
            {"text": "shipped"},
            "2026-01-04T00:00:00Z",
        )
        assert tree["focus"] == {"reference": "DeviceRequest/req1"}
        assert tree["owner"] == {"reference": "Organization/maker1"}
        assert [one["valueString"] for one in tree["output"]] == ["1Z998", "UPS"]
        assert "note" not in tree
        assert "contained" not in tree
        assert [one["code"] for one in tree["meta"]["security"]] == ["REDACTED", "PSEUDED"]
        assert [one["text"] for one in two.local.tree("/Task/ord1")["note"]] == ["Kanari later note"]

    def test_a_line_is_shown_without_its_specifications(self, two: Any) -> None:
        tree = two.maker.tree("/SupplyRequest/line1")
        assert [one["code"] for one in tree["itemCodeableConcept"]["coding"]] == ["Q4101", "FG-1"]
        assert str(tree["quantity"]["value"]) == "3"
        assert "parameter" not in tree
        assert tree["deliverTo"] == {"reference": "Location/clinic1"}

    def test_products_clinics_and_clinicians_are_shown_without_details(self, two: Any) -> None:
        product = two.maker.tree("/DeviceDefinition/prod1")
        assert (product["deviceName"][0]["name"], "note" in product) == ("First Graft", False)
        clinic = two.maker.tree("/Organization/org1")
        assert (clinic["name"], clinic["address"], "telecom" in clinic, "identifier" in clinic) == (
            "First Clinic",
            [{"city": "Boston", "state": "MA", "postalCode": "02101", "country": "US"}],
            False,
            False,
        )
        doctor = two.maker.tree("/Practitioner/doc1")
        assert (doctor["name"], "telecom" in doctor) == ([{"family": "Doc", "given": ["Dora"]}], False)
        place = two.maker.tree("/Location/clinic1")
        assert (place["name"], "address" in place, [one["code"] for one in place["meta"]["security"]]) == (
            "First House",
            False,
            ["REDACTED"],
        )

    def test_where_a_patient_lives_is_no_location(self, two: Any) -> None:
        assert two.local.get("/Location/home1").status_code == 200
        assert two.rep.get("/Location/home1").status_code == 404
        assert ids(two.rep, "/Location") == ["clinic1"]

    def test_a_state_that_nobody_has_listed_is_not_repeated(self, two: Any) -> None:
        assert two.local.tree("/Task/ord4")["businessStatus"] == {"text": "waits for Kanari"}
        tree = two.maker.tree("/Task/ord4")
        assert (tree["status"], "businessStatus" in tree) == ("on-hold", False)

    def test_what_a_mandatory_element_lacks_is_masked_if_it_is_withheld(self, two: Any) -> None:
        # A request that has no patient says so; it is not withheld.
        two.session.execute(
            "INSERT INTO product_requests (fhir_id, request_number, user_id, organization_id)"
            " VALUES ('nobody', 'R-9', 31, 41)"
        )
        subject = two.rep.tree("/DeviceRequest/nobody")["subject"]
        assert subject["extension"][0]["valueCode"] == "unknown"
        two.session.execute("DELETE FROM product_requests WHERE fhir_id = 'nobody'")


class TestRows:
    def test_a_manufacturer_sees_its_own_orders_only(self, two: Any) -> None:
        minted = ids(two.local, "/Task?identifier=O-5")
        assert ids(two.maker, "/Task") == sorted(["ord1", "ord4", *minted])
        assert ids(two.rival, "/Task") == ["ord2", "ord3"]
        assert ids(two.maker, "/SupplyRequest") == ["line1", "line4"]
        assert ids(two.rival, "/SupplyRequest") == ["line2", "line3"]
        assert ids(two.maker, "/DeviceRequest") == ["req1", "req3"]
        assert ids(two.rival, "/DeviceRequest") == ["req1", "req2"]
        assert ids(two.maker, "/DeviceDefinition") == ["prod1"]
        assert ids(two.maker, "/Organization") == ["maker1", "org1"]
        assert ids(two.rival, "/Organization") == ["maker2", "org1", "org2"]

    def test_a_representative_sees_what_its_organizations_ordered(self, two: Any) -> None:
        assert ids(two.rep, "/Task?_summary=true") == sorted(
            ["ord1", "ord3", "ord4", *ids(two.local, "/Task?identifier=O-5")]
        )
        assert ids(two.colleague, "/Task") == ["ord2"]
        assert ids(two.colleague, "/DeviceRequest") == ["req2"]
        assert ids(two.colleague, "/Organization") == ["maker1", "maker2", "org2"]
        assert ids(two.colleague, "/Practitioner") == ["doc2", "rep2"]

    @pytest.mark.parametrize("path", ["/Task/ord2", "/Task/ord3", "/SupplyRequest/line3", "/DeviceRequest/req2",
                                      "/DeviceDefinition/prod2", "/Organization/org2", "/Practitioner/doc2"],
    )  # fmt: skip
    def test_what_belongs_to_others_is_as_if_it_were_not_there(self, two: Any, path: str) -> None:
        assert two.local.get(path).status_code == 200
        nothing = path.rpartition("/")[0] + "/never-was"
        for tail in ("", "/_history", "/_history/1"):
            hidden, absent = two.maker.get(path + tail), two.maker.get(nothing + tail)
            assert (hidden.status_code, hidden.content) == (absent.status_code, absent.content) == (404, absent.content)

    def test_the_lines_and_orders_of_another_maker_hang_on_no_shared_request(self, two: Any) -> None:
        found = two.maker.tree(
            "/DeviceRequest?_id=req1&_revinclude:iterate=Task:focus&_revinclude:iterate=SupplyRequest:order"
        )["entry"]
        assert {one["resource"]["id"] for one in found} == {"req1", "ord1", "line1"}
        assert ids(two.maker, "/DeviceRequest?_has:Task:focus:identifier=O-3") == []
        assert ids(two.maker, "/SupplyRequest?order.identifier=O-3") == []
        assert ids(two.rival, "/SupplyRequest?order.identifier=O-3") == ["line3"]

    def test_an_order_that_moves_to_another_maker_leaves_with_its_past(self, two: Any) -> None:
        two.session.execute(
            "INSERT INTO orders (id, fhir_id, order_number, product_request_id, manufacturer_id)"
            " VALUES (99, 'moves', 'O-99', 81, 61);"
            "INSERT INTO order_items (fhir_id, order_id, product_id) VALUES ('moving', 99, 71)"
        )
        assert two.maker.get("/Task/moves").status_code == two.maker.get("/SupplyRequest/moving").status_code == 200
        two.session.execute("UPDATE orders SET manufacturer_id = 62 WHERE id = 99")
        for path in ("/Task/moves", "/Task/moves/_history", "/Task/moves/_history/1", "/SupplyRequest/moving/_history"):
            assert two.maker.get(path).status_code == 404
        assert two.rival.history("/Task/moves") == [("PUT", 'W/"2"')]
        assert two.rival.get("/Task/moves/_history/1").status_code == 404
        assert [etag for _, etag in two.rival.history("/SupplyRequest/moving")] == ['W/"2"']
        two.session.execute("DELETE FROM orders WHERE id = 99")

    def test_an_organization_that_gets_another_representative_changes_sides_at_once(self, two: Any) -> None:
        two.session.execute("UPDATE organizations SET sales_rep_id = 32 WHERE id = 41")
        assert ids(two.rep, "/Task") == []
        assert "ord1" in ids(two.colleague, "/Task")
        two.session.execute("UPDATE organizations SET sales_rep_id = 30 WHERE id = 41")
        assert "ord1" in ids(two.rep, "/Task")

    def test_a_caller_whose_organization_is_gone_sees_nothing(self, two: Any) -> None:
        two.session.execute("UPDATE manufacturers SET deleted_at = now() WHERE id = 62")
        assert two.rival.tree("/?_lastUpdated=gt1900")["total"] == 0
        two.session.execute("UPDATE manufacturers SET deleted_at = NULL WHERE id = 62")
        assert ids(two.rival, "/Task") == ["ord2", "ord3"]

    def test_deleted_orders_are_gone_and_those_that_the_portal_removed_never_were(self, two: Any) -> None:
        assert two.maker.get("/Task/ord6").status_code == 410
        assert two.maker.get("/Task/ord7").status_code == 404
        assert two.maker.history("/Task/ord6") == [("DELETE", 'W/"3"'), ("PUT", 'W/"2"'), ("POST", 'W/"1"')]


class TestPatients:
    def test_a_patient_is_one_id_for_one_caller_and_another_for_another(self, two: Any) -> None:
        said = {
            who: {
                client.tree("/Task/ord1")["for"]["reference"],
                client.tree("/DeviceRequest/req1")["subject"]["reference"],
                client.tree("/Task/ord1/_history/1")["for"]["reference"],
            }
            for who, client in (("maker", two.maker), ("rep", two.rep))
        }
        assert all(len(found) == 1 for found in said.values())
        assert len(said["maker"] | said["rep"]) == 2
        assert two.rival.tree("/Task/ord3")["for"]["reference"] not in said["maker"] | said["rep"]
        assert two.maker.tree("/DeviceRequest/req3")["subject"]["reference"] not in said["maker"]

    def test_a_caller_searches_by_the_id_that_it_knows(self, two: Any) -> None:
        mine = two.maker.tree("/Task/ord1")["for"]["reference"]
        assert ids(two.maker, f"/Task?patient={mine}") == ["ord1"]
        assert ids(two.maker, f"/DeviceRequest?subject={mine}&_revinclude=Task:focus") == ["req1"]
        assert ids(two.rep, f"/Task?patient={mine}") == []
        assert ids(two.maker, "/Task?patient=Patient/kanaripat1") == []
        assert ids(two.local, f"/Task?patient={mine}") == []

    def test_the_patient_itself_is_not_there(self, two: Any) -> None:
        mine = two.maker.tree("/Task/ord1")["for"]["reference"]
        for path in (
            f"/{mine}",
            f"/{mine}/_history",
            f"/{mine}/$everything",
            f"/{mine}/Task",
            "/Patient",
            "/Observation",
        ):
            assert two.maker.get(path).status_code == 404
        assert two.local.get(f"/{mine}").status_code == 404

    def test_the_id_stays_the_same_with_another_token_of_the_same_name(self, two: Any) -> None:
        before = two.maker.tree("/Task/ord1")["for"]
        entries = read_entries(two.tokens)
        write_entries(
            two.tokens, {**entries, digest_of("another-token-of-the-maker"): entry("maker", *CALLERS["maker"])}
        )
        with as_caller(type(two.local), two.local.base, "maker") as again:
            again.headers["Authorization"] = "Bearer another-token-of-the-maker"
            assert again.tree("/Task/ord1")["for"] == before
        write_entries(two.tokens, entries)


class TestRights:
    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [
            ("POST", "/Task", 403), ("PUT", "/Task/ord1", 403), ("PUT", "/Task?identifier=O-1", 403),
            ("DELETE", "/Task/ord1", 403), ("DELETE", "/Task?identifier=O-1", 403), ("POST", "/Task/$meta", 403),
            ("GET", "/Task/ord1/$meta", 403), ("POST", "/Task/ord1/$meta-add", 403), ("POST", "/Task/$validate", 403),
            ("GET", "/$meta", 403), ("POST", "/Patient", 404), ("GET", "/Patient/kanaripat1/$everything", 404),
            ("GET", "/Observation/$lastn", 404), ("POST", "/ValueSet/$expand", 404), ("POST", "/Task/$nothing", 404),
        ],
    )  # fmt: skip
    def test_reading_is_all_that_they_may(self, two: Any, method: str, path: str, status: int) -> None:
        tree = {"resourceType": "Task", "id": "ord1", "status": "requested", "intent": "order"}
        answer = two.maker.send_json(method, path, tree) if method != "GET" else two.maker.get(path)
        assert (answer.status_code, answer.json()["resourceType"]) == (status, "OperationOutcome")

    def test_a_patch_and_a_transaction_are_refused(self, two: Any) -> None:
        assert two.maker.patch_json("/Task/ord1", [{"op": "remove", "path": "/priority"}]).status_code == 403
        bundle = {
            "resourceType": "Bundle",
            "type": "transaction",
            "entry": [{"request": {"method": "GET", "url": "Task"}}],
        }
        assert two.maker.send_json("POST", "/", bundle).status_code == 403

    def test_a_batch_is_as_good_as_its_entries(self, two: Any) -> None:
        urls = ["Task/ord1", "Task/ord2", "Patient/kanaripat1", "Task?identifier=O-1"]
        requests = [{"request": {"method": "GET", "url": url}} for url in urls]
        requests.append({"request": {"method": "DELETE", "url": "Task/ord1"}})
        answer = two.maker.send_json("POST", "/", {"resourceType": "Bundle", "type": "batch", "entry": requests})
        assert [one["response"]["status"][:3] for one in answer.json()["entry"]] == ["200", "404", "404", "200", "403"]

    def test_plans_are_not_explained(self, database: str, serve: Any, tmp_path: Path) -> None:
        file = token_file(tmp_path)
        with serve(database, FHIR_SERVER_BUSINESS_TOKENS=str(file), FHIR_SERVER_EXPLAIN="on") as local:
            assert local.get("/Task?_explain=true").status_code == 200
            with as_caller(type(local), local.base, "maker") as maker:
                assert maker.get("/Task?_explain=true").status_code == 403

    def test_pages_go_on_for_their_owner_only(self, two: Any) -> None:
        first = two.maker.tree("/Task?_count=1&_total=accurate")
        assert first["total"] == 3
        seen, links = [first["entry"][0]["resource"]["id"]], first["link"]
        path = next(one["url"] for one in links if one["relation"] == "next").removeprefix(two.local.base)
        assert two.rep.get(path).status_code in (400, 404)
        assert two.local.get(path).status_code in (400, 404)
        while path:
            page = two.maker.tree(path)
            seen += [one["resource"]["id"] for one in page["entry"]]
            path = next((one["url"] for one in page["link"] if one["relation"] == "next"), "")
            path = path.removeprefix(two.local.base)
        assert sorted(seen) == ids(two.maker, "/Task")

    def test_the_capability_statement_tells_what_they_can_use(self, two: Any) -> None:
        statement = two.maker.tree("/metadata")
        rest = statement["rest"][0]
        types = [one["type"] for one in rest["resource"]]
        assert types == ["Basic", "DeviceDefinition", "DeviceRequest", "Location", "Organization", "Practitioner",
                         "PractitionerRole", "SupplyDelivery", "SupplyRequest", "Task"]  # fmt: skip
        for one in rest["resource"]:
            assert {code["code"] for code in one["interaction"]} == {
                "read", "vread", "history-instance", "history-type", "search-type",
            }  # fmt: skip
            assert "operation" not in one
            for parameter in one["searchParam"]:
                answer = two.maker.get(f"/{one['type']}?{parameter['name']}:missing=false")
                assert answer.status_code in (200, 400), answer.text
            for include in one.get("searchInclude", ()):
                assert two.maker.get(f"/{one['type']}?_include={include}").status_code == 200
            for include in one.get("searchRevInclude", ()):
                assert two.maker.get(f"/{one['type']}?_revinclude={include}").status_code == 200
        task = rest["resource"][types.index("Task")]
        assert {"identifier", "status", "owner", "patient"} <= {one["name"] for one in task["searchParam"]}
        assert not {"_text", "_content", "period"} & {one["name"] for one in task["searchParam"]}
        assert len(two.local.tree("/metadata")["rest"][0]["resource"]) == 146


class TestTokens:
    @pytest.mark.parametrize(
        "sent", ["Bearer unknown-token-of-somebody", "Bearer", "BEARER x", "bearer a b", "Bearer ä"]
    )
    def test_a_token_that_nobody_has_is_refused(self, two: Any, sent: str) -> None:
        answer = two.local.get("/Task", headers={"Authorization": sent.encode()})
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer ")
        assert answer.json()["issue"][0]["code"] == "login"

    def test_without_a_token_it_is_the_local_caller(self, two: Any) -> None:
        assert two.local.get("/Patient/kanaripat1").status_code == 200

    def test_tokens_come_and_go_with_the_file(self, two: Any) -> None:
        entries = read_entries(two.tokens)
        write_entries(two.tokens, {})
        assert two.maker.get("/Task").status_code == 401
        two.tokens.write_text("{ this is no JSON")
        assert two.maker.get("/Task").status_code == 401
        two.tokens.unlink()
        assert two.maker.get("/Task").status_code == 401
        write_entries(two.tokens, entries)
        assert two.maker.get("/Task").status_code == 200

    def test_a_server_without_a_file_knows_no_token(self, client: Any) -> None:
        answer = client.get("/metadata", headers={"Authorization": f"Bearer {TOKENS['maker']}"})
        assert answer.status_code == 401


class TestBelow:
    def test_every_request_leaves_its_row_in_the_audit(self, two: Any) -> None:
        before = two.session.execute("SELECT coalesce(max(id), 0) FROM fhir_audit_logs").fetchone()[0]
        for path in ("/Task/ord1", "/Task/ord2", "/Task?_count=1", "/Task/ord1/_history", "/Task/ord1/_history/1",
                     "/Task?_summary=count", "/Patient/kanaripat1", "/Task/$meta"):  # fmt: skip
            two.maker.get(path)
        rows = two.session.execute(
            "SELECT caller, operation, resource_type, outcome, entities FROM fhir_audit_logs WHERE id > %s ORDER BY id",
            (before,),
        ).fetchall()
        assert {row[0] for row in rows} == {"business/maker"}
        assert [row[1:4] for row in rows] == [
            ("read", "Task", "success"),
            ("read", "Task", "failure"),
            ("search", "Task", "success"),
            ("history", "Task", "success"),
            ("vread", "Task", "success"),
            ("search", "Task", "success"),
            ("read", "Resource", "failure"),
            ("meta", "Task", "failure"),
        ]
        assert rows[0][4][0].startswith("Task/ord1/_history/")

    def test_without_the_role_nobody_is_served(self, two: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        from fhir_server.persistence import restricted

        assert two.maker.get("/Task").status_code == 200
        monkeypatch.setattr(restricted, "ROLE", "fhir_no_such_role")
        answer = two.maker.get("/Task")
        assert (answer.status_code, answer.json()["issue"][0]["code"]) == (503, "transient")
        assert two.maker.get("/Task/ord1").status_code == 503
        assert two.local.get("/Task").status_code == 200

    def test_one_read_is_one_statement_beside_becoming_the_caller(self, two: Any) -> None:
        from fhir_server.persistence.connections import count_statements

        two.maker.get("/Task/ord1")
        with count_statements() as count:
            two.maker.get("/Task/ord1")
        assert len(count) == 1

    def test_the_file_is_for_its_owner(self, two: Any) -> None:
        assert two.tokens.stat().st_mode & 0o077 == 0
        assert all(token not in two.tokens.read_text() for token in TOKENS.values())
        assert len(json.loads(two.tokens.read_text())) == 4
