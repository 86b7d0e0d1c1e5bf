"""What a connector to a payer is asked and what it gives back (https://hl7.org/fhir/R4/coverageeligibilityrequest.html)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Question:
    """Whose insurance with whom. `key` is the same for the same question of a day, so that a payer answers it once."""

    key: str
    payer_name: str | None = None
    payer_id: str | None = None
    member_id: str | None = None
    group_number: str | None = None
    family: str | None = None
    given: tuple[str, ...] = ()
    birth_date: str | None = None
    service_date: date | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What the payer said: a text of eligibility_checks.eligibility_status and what it is based on; times are aware."""

    status: str
    coverage_active: bool | None = None
    expires_at: datetime | None = None
    details: Mapping[str, Any] | None = None
    trace: str | None = None


class PayerFailure(Exception):
    """There is no answer. `status` is the text for the check: "timeout" or "error"; the message holds no PHI."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class PayerConnector(Protocol):
    """Something that can be asked about eligibility."""

    @property
    def source(self) -> str:
        """What eligibility_checks.source says of its answers."""

    def ask(self, question: Question) -> Reply:
        """The payer's answer. Raises PayerFailure. Never called inside a transaction."""
