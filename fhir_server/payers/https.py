"""A payer behind an HTTPS endpoint that takes and gives JSON; see docs/payer.md for the two messages.

Nothing of a request decides where the question goes: only the configured address is asked, redirects are not followed,
no proxy of the environment is used, and the certificate must be good. A question may be sent several times under the
same Idempotency-Key.
"""

from __future__ import annotations

import http.client
import json
import logging
import random
import ssl
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fhir_server.errors import FhirError
from fhir_server.json_text import parse_json
from fhir_server.payers.connector import PayerConnector, PayerFailure, Question, Reply
from fhir_server.settings import Settings

log = logging.getLogger(__name__)

LARGEST_ANSWER = 1_000_000
_TRY_AGAIN = frozenset({429, 502, 503, 504})
_LONGEST_STATUS = 50


@dataclass(frozen=True, slots=True)
class HttpsPayer:
    """Asks one HTTPS address; safe to share between threads.

    `timeout` is for each attempt, in seconds; `pause` is the first wait between two, which doubles.
    """

    url: str
    token_file: Path | None = None
    ca_file: Path | None = None
    timeout: float = 10.0
    attempts: int = 3
    pause: float = 0.2
    sleep: Callable[[float], None] = time.sleep

    source = "payer"

    def ask(self, question: Question) -> Reply:
        """The payer's answer. Raises PayerFailure after the last attempt, or at once where another would be no use."""
        body = json.dumps(_message(question)).encode()
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Content-Length": str(len(body)),
            "Idempotency-Key": question.key,
            "Connection": "close",
            **self._authorization(),
        }
        failure = PayerFailure("error", "nothing was asked")
        for attempt in range(self.attempts):
            if attempt:
                # Random waits keep the clients of a payer that stumbled from coming back all at once.
                self.sleep(self.pause * 2 ** (attempt - 1) * random.uniform(0.5, 1.5))  # noqa: S311 - no secret
            try:
                return self._once(body, headers)
            except ssl.SSLCertVerificationError:
                raise PayerFailure("error", "the payer's certificate is not good") from None
            except TimeoutError:
                failure = PayerFailure("timeout", "the payer did not answer in time")
            except (OSError, http.client.HTTPException) as error:
                failure = PayerFailure("error", f"the payer cannot be reached ({type(error).__name__})")
            except _Later as later:
                failure = PayerFailure("error", f"the payer answered {later.status}")
        log.warning("asking the payer failed: %s", failure)
        raise failure

    def _authorization(self) -> dict[str, str]:
        if self.token_file is None:
            return {}
        try:
            # Read each time: tokens are replaced while the server runs.
            token = self.token_file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            raise PayerFailure("error", "the file with the payer's token cannot be read") from None
        if not token or any(not 0x21 <= ord(one) <= 0x7E for one in token):
            raise PayerFailure("error", "the file with the payer's token does not hold one")
        return {"Authorization": f"Bearer {token}"}

    def _once(self, body: bytes, headers: dict[str, str]) -> Reply:
        parts = urlsplit(self.url)
        context = ssl.create_default_context(cafile=None if self.ca_file is None else str(self.ca_file))
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        end = time.monotonic() + self.timeout
        connection = http.client.HTTPSConnection(
            parts.hostname or "", parts.port or 443, timeout=self.timeout, context=context
        )
        try:
            path = parts.path or "/"
            connection.request("POST", f"{path}?{parts.query}" if parts.query else path, body, headers)
            # The connection lets go of its socket once the payer says that it will close it.
            socket = connection.sock
            with closing(connection.getresponse()) as answer:
                if answer.status in _TRY_AGAIN:
                    raise _Later(answer.status)
                if answer.status != 200:
                    raise PayerFailure("error", f"the payer answered {answer.status}")
                return _reply(_read(socket, answer, end))
        finally:
            connection.close()


class _Later(Exception):
    def __init__(self, status: int) -> None:
        self.status = status


def _read(socket: Any, answer: http.client.HTTPResponse, end: float) -> bytes:
    """The body, up to the largest that is taken, before the time is over even if it trickles."""
    found = bytearray()
    while True:
        left = end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        socket.settimeout(left)
        part = answer.read1(65_536)
        if not part:
            return bytes(found)
        found += part
        if len(found) > LARGEST_ANSWER:
            raise PayerFailure("error", "the payer's answer is too large")


def _message(question: Question) -> dict[str, Any]:
    return {
        "payer": {"name": question.payer_name, "id": question.payer_id},
        "member": {
            "id": question.member_id,
            "group": question.group_number,
            "family": question.family,
            "given": list(question.given),
            "birthDate": question.birth_date,
        },
        "serviceDate": None if question.service_date is None else question.service_date.isoformat(),
    }


def _reply(body: bytes) -> Reply:
    try:
        said = parse_json(body)
    except FhirError:
        said = None
    status = said.get("status") if isinstance(said, dict) else None
    if not isinstance(said, dict) or not isinstance(status, str) or not 0 < len(status) <= _LONGEST_STATUS:
        raise PayerFailure("error", "the payer's answer cannot be read")
    active, details, trace = said.get("coverageActive"), said.get("details"), said.get("trace")
    if not isinstance(active, bool | None) or not isinstance(details, dict | None) or not isinstance(trace, str | None):
        raise PayerFailure("error", "the payer's answer cannot be read")
    return Reply(status, active, _time(said.get("expiresAt")), details, trace)


def _time(said: Any) -> datetime | None:
    if said is None:
        return None
    try:
        found = datetime.fromisoformat(said)
    except (TypeError, ValueError):
        found = None
    if found is None or found.tzinfo is None:
        raise PayerFailure("error", "the payer's answer has a time that cannot be read")
    return found


def payer_of(settings: Settings) -> PayerConnector | None:
    """The connector that is set; None when none is."""
    if settings.payer_url is None:
        return None
    return HttpsPayer(
        settings.payer_url,
        settings.payer_token_file,
        settings.payer_ca_file,
        settings.payer_timeout_ms / 1000,
        settings.payer_attempts,
    )
