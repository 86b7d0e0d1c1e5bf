"""The canonical base is settled once in a process (https://hl7.org/fhir/R4/references.html#canonical)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fhir_server.app import build_server
from fhir_server.definitions.canonical import DEFAULT, VARIABLE, CanonicalBase, based
from fhir_server.settings import Settings, SettingsError


def test_it_is_the_variables_without_a_slash_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, " https://x.example/ ")
    assert CanonicalBase().get() == "https://x.example"
    monkeypatch.setenv(VARIABLE, "")
    assert CanonicalBase().get() == DEFAULT
    assert Settings.load({}).canonical_base == DEFAULT
    assert Settings.load({VARIABLE: "https://x.example/"}).canonical_base == "https://x.example"


def test_once_it_is_in_use_it_cannot_become_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "https://x.example")
    base = CanonicalBase()
    base.settle("https://y.example")
    assert base.get() == "https://y.example"
    base.settle("https://y.example")
    with pytest.raises(ValueError, match=r"The canonical base is https://y\.example already"):
        base.settle("https://z.example")


def test_in_texts_the_default_stands_for_it() -> None:
    assert based(f"a {DEFAULT}/b") == f"a {DEFAULT}/b"


def test_a_server_does_not_start_with_another_base_than_its_declarations_have() -> None:
    with pytest.raises(SettingsError, match="canonical base"):
        build_server(replace(Settings.load({}), canonical_base="https://x.example"))
