"""A portal of two manufacturers and two sales representatives, where whatever is PHI holds a canary.

A canary is a text that stands nowhere else: `kanari…` in any case, or one of the dates and numbers in `ODD_CANARIES`.
"""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

from fhir_server.auth.business_tokens import digest_of, entry, write_entries

TOKENS: Final = {
    "maker": "token-of-the-first-maker-0001",
    "rival": "token-of-the-second-maker-002",
    "rep": "token-of-the-first-rep-000003",
    "colleague": "token-of-the-second-rep-00004",
}
CALLERS: Final = {
    "maker": ("manufacturer", "maker1"),
    "rival": ("manufacturer", "maker2"),
    "rep": ("sales-representative", "rep1"),
    "colleague": ("sales-representative", "rep2"),
}
CANARY: Final = "kanari"
ODD_CANARIES: Final = ("1931-07-19", "1932-08-20", "8813417", "8813418", "77218-4", "kanarii")
"""Birth dates, phone numbers, and a code: what cannot be any text."""

PORTAL: Final = Path(__file__).with_name("business.sql").read_text(encoding="utf-8")
CHANGES: Final = (
    "UPDATE orders SET notes = 'Kanari later note', tracking_number = '1Z998' WHERE id = 91",
    "UPDATE product_requests SET patient_fhir_id = 'Kanari pat/2' WHERE id = 83",
    "UPDATE orders SET deleted_at = now() WHERE id = 96",
    "DELETE FROM orders WHERE id = 97",
)
"""What the portal does later, each in a transaction of its own."""

ORDER_NUMBER: Final = "https://fhir.wound-care-portal.example/identifier/order-number"
KANARI_EXTENSION: Final = [{"url": "http://kanari.example/x", "valueString": "Kanari extension"}]


def fill(session: Any) -> None:
    """The portal's rows and what became of them."""
    for statement in (PORTAL, *CHANGES):
        session.execute(statement)


def documents(client: Any) -> None:
    """What FHIR clients say of the portal's rows and beside them."""

    def put(tree: dict[str, Any]) -> None:
        answer = client.update(tree)
        assert answer.status_code in (200, 201), answer.text

    for path in (
        "Task/ord1",
        "DeviceRequest/req1",
        "SupplyRequest/line1",
        "Organization/org1",
        "Practitioner/doc1",
        "Location/clinic1",
        "DeviceDefinition/prod1",
    ):
        tree = json.loads(client.get(f"/{path}").content)
        tree["extension"] = [*tree.get("extension", []), *KANARI_EXTENSION]
        tree["contained"] = [{"resourceType": "Basic", "id": "k", "code": {"text": "Kanari contained"}}]
        tree["extension"].append({"url": "http://kanari.example/y", "valueReference": {"reference": "#k"}})
        put(tree)
    for tree in (
        {"resourceType": "Patient", "id": "kanaripat3", "name": [{"family": "Kanarithird"}], "birthDate": "1931-07-19"},
        {
            "resourceType": "Condition",
            "id": "kanaricond",
            "subject": {"reference": "Patient/kanaripat1"},
            "code": {"text": "Kanari condition"},
        },
        {"resourceType": "Organization", "id": "kanariorg", "name": "Kanari Org", "extension": KANARI_EXTENSION},
        {
            "resourceType": "Task",
            "id": "kanaritask",
            "status": "requested",
            "intent": "order",
            "description": "Kanari task",
            "for": {"reference": "Patient/kanaripat1"},
            "focus": {"reference": "DeviceRequest/req1"},
            "owner": {"reference": "Organization/maker1"},
        },
        {
            "resourceType": "SupplyRequest",
            "id": "kanarisupply",
            "itemCodeableConcept": {"text": "Kanari item"},
            "quantity": {"value": 1},
            "supplier": [{"reference": "Organization/maker1"}],
        },
        {
            "resourceType": "List",
            "id": "kanarilist",
            "status": "current",
            "mode": "working",
            "title": "Kanari list",
            "entry": [{"item": {"reference": "Task/ord1"}}],
        },
        {
            "resourceType": "Device",
            "id": "kanaridevice",
            "patient": {"reference": "Patient/kanaripat1"},
            "note": [{"text": "Kanari device"}],
        },
        {
            "resourceType": "ValueSet",
            "id": "kanarivs",
            "status": "active",
            "url": "http://kanari.example/vs",
            "title": "Kanari set",
        },
        {
            "resourceType": "Provenance",
            "id": "kanariprov",
            "recorded": "2026-01-01T00:00:00Z",
            "target": [{"reference": "Task/ord1"}],
            "agent": [{"who": {"display": "Kanari agent"}}],
        },
    ):
        put(tree)
    client.request("DELETE", "/Condition/kanaricond")


def token_file(folder: Path) -> Path:
    """The file with all four callers."""
    path = folder / "tokens.json"
    write_entries(path, {digest_of(TOKENS[name]): entry(name, *CALLERS[name]) for name in CALLERS})
    return path


def as_caller(fhir: type, base: str, name: str) -> AbstractContextManager[Any]:
    """A client that sends the token of a caller."""
    client = fhir(base)
    client.headers["Authorization"] = f"Bearer {TOKENS[name]}"
    made: AbstractContextManager[Any] = client
    return made
