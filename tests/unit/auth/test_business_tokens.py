"""The file of bearer tokens of callers with business rights only."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fhir_server.auth.business_tokens import (
    BadTokenFile,
    BusinessTokens,
    digest_of,
    entry,
    new_token,
    principals,
    read_entries,
    write_entries,
)
from fhir_server.auth.principal import Principals
from fhir_server.cli import main
from fhir_server.errors import Unauthorized
from fhir_server.interactions.request import Principal, Scope

MAKER = {"name": "acme", "kind": "manufacturer", "organization": "m-1"}
REP = {"name": "rita", "kind": "sales-representative", "practitioner": "p-1"}
DIGEST = "0" * 64


def test_a_token_is_known_by_its_digest(tmp_path: Path) -> None:
    token = new_token()
    write_entries(tmp_path / "tokens", {digest_of(token): MAKER, DIGEST: REP})
    tokens = BusinessTokens(tmp_path / "tokens")
    assert tokens.principal(token) == Principal(None, "business/acme", Scope("manufacturer", "m-1"))
    assert token not in (tmp_path / "tokens").read_text()
    for other in ("", DIGEST, token[:-1], token + "x", digest_of(token), "a b", "ä" * 30):
        assert tokens.principal(other) is None


def test_without_a_file_nobody_is_known(tmp_path: Path) -> None:
    assert BusinessTokens(None).principal(new_token()) is None
    assert BusinessTokens(tmp_path / "nothing").principal(new_token()) is None


@pytest.mark.parametrize(
    "held",
    [
        [],
        {"x": MAKER},
        {DIGEST.upper().replace("0", "A"): MAKER},
        {DIGEST: []},
        {DIGEST: {**MAKER, "kind": "admin"}},
        {DIGEST: {**MAKER, "name": ""}},
        {DIGEST: {**MAKER, "name": "a\nb"}},
        {DIGEST: {**MAKER, "organization": "m/1"}},
        {DIGEST: {**MAKER, "practitioner": "p-1"}},
        {DIGEST: {**MAKER, "other": 1}},
        {DIGEST: {"name": "acme", "kind": "manufacturer"}},
        {DIGEST: MAKER, "1" * 64: {**MAKER, "organization": "m-2"}},
    ],
)
def test_a_file_with_a_fault_lets_nobody_in(held: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path, token = tmp_path / "tokens", new_token()
    good = {digest_of(token): {**REP, "name": "good"}}
    path.write_text(json.dumps({**held, **good} if isinstance(held, dict) else held))
    with pytest.raises(BadTokenFile):
        read_entries(path)
    assert BusinessTokens(path).principal(token) is None
    assert "is not used" in caplog.text


def test_several_tokens_may_have_one_name() -> None:
    assert len(set(principals({DIGEST: MAKER, "1" * 64: MAKER}).values())) == 1


def test_an_entry_is_checked_when_it_is_made() -> None:
    assert entry("rita", "sales-representative", "p-1") == REP
    for wrong in (("", "manufacturer", "m"), ("a", "admin", "m"), ("a", "manufacturer", "m m")):
        with pytest.raises(BadTokenFile):
            entry(*wrong)


@pytest.mark.parametrize("header", ["Bearer x", "bearer  x", "Bearer", "BEARER " + "x" * 40])
def test_a_bearer_token_that_nobody_has_is_refused(header: str) -> None:
    with pytest.raises(Unauthorized) as caught:
        Principals(BusinessTokens(None)).of({"HTTP_AUTHORIZATION": header})
    assert caught.value.headers["WWW-Authenticate"].startswith("Bearer ")


@pytest.mark.parametrize("environ", [{}, {"HTTP_AUTHORIZATION": ""}, {"HTTP_AUTHORIZATION": "Basic eDp5"}])
def test_without_a_bearer_token_it_is_the_local_caller(environ: dict[str, str]) -> None:
    assert Principals(BusinessTokens(None)).of(environ) == Principal()


def test_the_command_makes_and_revokes_tokens(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "folder" / "tokens"
    setting = ["--business-tokens", str(path)]
    assert main(["business-token", "acme", "--manufacturer", "m-1", *setting]) == 0
    token = capsys.readouterr().out.strip()
    assert BusinessTokens(path).principal(token) == Principal(None, "business/acme", Scope("manufacturer", "m-1"))
    assert path.stat().st_mode & 0o077 == 0
    assert main(["business-token", "acme", "--manufacturer", "m-2", *setting]) == 1
    assert main(["business-token", "rita", "--sales-representative", "p-1", *setting]) == 0
    assert main(["business-token", "acme", "--revoke", *setting]) == 0
    assert BusinessTokens(path).principal(token) is None
    assert [said["name"] for said in read_entries(path).values()] == ["rita"]
    assert main(["business-token", "acme", "--manufacturer", "m-1"]) == 2
