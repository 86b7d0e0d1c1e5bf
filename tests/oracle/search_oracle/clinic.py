"""A server in this process over a database full of random resources, asked through `Server.answer` alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

import psycopg

from fhir_server.app import lane
from fhir_server.definitions import RESOURCE_TYPES
from fhir_server.errors import FhirError
from fhir_server.interactions.dispatch import Server
from fhir_server.interactions.request import FhirRequest, FhirResponse
from fhir_server.json_text import encode_json, parse_json
from fhir_server.mapping.registry import Registry
from fhir_server.persistence.tables import HISTORY, OPEN, PHI
from fhir_server.resources.minimum_necessary import business_registry
from fhir_server.resources.registry import DECLARED, OPEN_TYPES
from fhir_server.settings import Settings

from . import portal
from .evaluation import World
from .generation import Generator

BASE = "http://oracle.example/fhir"
SIZES: Mapping[str, int] = {
    "Organization": 16, "Practitioner": 14, "Location": 12, "PractitionerRole": 12, "Patient": 45, "Device": 6,
    "Observation": 90, "Encounter": 16, "Condition": 24, "Procedure": 18, "MedicationRequest": 20, "Coverage": 16,
    "DiagnosticReport": 18, "DeviceRequest": 22, "Task": 22, "DocumentReference": 22, "SupplyRequest": 10,
    "SupplyDelivery": 8, "Claim": 10, "ClaimResponse": 10, "CoverageEligibilityRequest": 8,
    "CoverageEligibilityResponse": 8, "QuestionnaireResponse": 12, "RiskAssessment": 14, "Provenance": 14, "Basic": 10,
    "Group": 10, "Invoice": 12, "ChargeItem": 14, "ValueSet": 14, "ActivityDefinition": 14,
    "ImmunizationRecommendation": 8,
    "MolecularSequence": 10, "Immunization": 10, "AuditEvent": 8, "Goal": 8, "Questionnaire": 8,
}  # fmt: skip


@dataclass(slots=True)
class Answer:
    """The status, the resource, and what was asked."""

    status: int
    tree: Any
    query: str = ""

    def ids(self, mode: str = "match") -> list[str]:
        """The ids of the entries of one mode in their order."""
        return [one["resource"]["id"] for one in self.tree.get("entry", ()) if one["search"]["mode"] == mode]

    def link(self, relation: str) -> str | None:
        """The address of a link."""
        return next((one["url"] for one in self.tree.get("link", ()) if one["relation"] == relation), None)


@dataclass(slots=True)
class Clinic:
    """The server, what it holds as the oracle knows it, and how many resources it refused."""

    conninfo: str
    random: Random
    world: World = field(default_factory=lambda: World(BASE, ()))
    refused: Counter[str] = field(default_factory=Counter)
    reasons: dict[str, str] = field(default_factory=dict)
    application: Any = None
    _server: Any = None

    def __post_init__(self) -> None:
        settings = {
            "DATABASE_URL": self.conninfo,
            "FHIR_SERVER_PUBLIC_BASE_URL": BASE,
            "FHIR_SERVER_LOG_LEVEL": "error",
        }
        loaded = Settings.load(settings)
        # The oracle knows what was stored. The server's logs grow with every search; they have tests of their own.
        stored = Registry(DECLARED, RESOURCE_TYPES, dict.fromkeys(OPEN_TYPES, OPEN), PHI, HISTORY)
        self._server = Server(loaded, loaded.database_url or "", stored, business_registry())
        self.application = lane(loaded, self._server)

    def ask(
        self, method: str, path: str, query: str = "", body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One interaction; errors that a client would be told become answers, all others go through."""
        request = FhirRequest(
            method,
            tuple(part for part in path.split("/") if part),
            query,
            dict(headers or {}),
            body,
            BASE,
            "application/x-www-form-urlencoded" if path.endswith("_search") else "application/fhir+json",
        )
        try:
            answer: FhirResponse = self._server.answer(request)
        except FhirError as error:
            return Answer(error.status, {"diagnostics": error.diagnostics}, query)
        except Exception as error:  # noqa: BLE001 - what a client would see as a 500 is a finding, not the end
            return Answer(500, {"diagnostics": f"{type(error).__name__}: {error}"}, query)
        return Answer(answer.status, parse_json(answer.body) if answer.body else None, query)

    def write(self, resources: Iterable[dict[str, Any]]) -> list[tuple[str, str]]:
        """PUTs each resource in a batch; gives those that were taken."""
        listed = list(resources)
        entries = [
            {"resource": one, "request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"}}
            for one in listed
        ]
        body = encode_json({"resourceType": "Bundle", "type": "batch", "entry": entries})
        answer = self.ask("POST", "", body=body)
        assert answer.status == 200, answer.tree
        taken = []
        for one, entry in zip(listed, answer.tree["entry"], strict=True):
            status = entry["response"]["status"][:3]
            assert status < "500", (one, entry)
            if status in ("200", "201"):
                taken.append((one["resourceType"], one["id"]))
            else:
                self.refused[one["resourceType"]] += 1
                issue = entry["response"].get("outcome", {}).get("issue", [{}])[0]
                self.reasons[one["resourceType"]] = f"{issue.get('diagnostics')} {issue.get('expression')}"
        return taken

    def fill(self) -> None:
        """Stores random resources of all types, some twice, and deletes a few; the portal writes in between."""
        ids = {kind: [f"{kind[:2].lower()}{number}" for number in range(size)] for kind, size in SIZES.items()}
        generator = Generator(self.random, BASE, ids)
        for kind, names in ids.items():
            self._write_kind(generator, kind, names)
        with psycopg.connect(self.conninfo, autocommit=True) as session:
            portal.insert_rows(session, self.random)
            portal.change_rows(session, self.random)
        for kind, names in ids.items():
            self._write_kind(generator, kind, self.random.sample(names, max(1, len(names) // 8)))
            self.ask("DELETE", f"{kind}/{self.random.choice(names)}")
        self.read_all()

    def _write_kind(self, generator: Generator, kind: str, names: list[str]) -> None:
        missing = names
        for _ in range(8):
            taken = self.write(generator.resource(kind, name) for name in missing)
            missing = [name for name in missing if (kind, name) not in taken]
            if not missing:
                return

    def change_as_portal(self) -> None:
        """The portal changes rows; what they say now is read again."""
        with psycopg.connect(self.conninfo, autocommit=True) as session:
            portal.change_rows(session, self.random)
        self.read_all(portal.TYPES)

    def read_all(self, kinds: Iterable[str] = SIZES) -> None:
        """Reads what is stored, one by one, so that no search decides what the oracle knows."""
        with psycopg.connect(self.conninfo) as session:
            known = portal.living(session)
        for kind in kinds:
            for logical_id in list(self.world.resources.get(kind, ())):
                self.world.remove(kind, logical_id)
            for logical_id in known.get(kind, ()):
                answer = self.ask("GET", f"{kind}/{logical_id}")
                assert answer.status == 200, (kind, logical_id, answer)
                self.world.put(answer.tree)
