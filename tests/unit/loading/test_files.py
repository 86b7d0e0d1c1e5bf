"""The order in which files are loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from fhir_server.loading.files import Unreadable, documents, plan


def write(folder: Path, name: str, resource_type: str) -> Path:
    path = folder / name
    path.write_text(f'{{"resourceType": "{resource_type}"}}\n')
    return path


def test_setup_files_come_first_and_in_order_then_what_others_refer_to(tmp_path: Path) -> None:
    write(tmp_path, "Observation.ndjson", "Observation")
    write(tmp_path, "Patient.ndjson", "Patient")
    write(tmp_path, "Organization.ndjson", "Organization")
    write(tmp_path, "00-practitionerInformation.json", "Bundle")
    write(tmp_path, "00-hospitalInformation.json", "Bundle")
    write(tmp_path, "practitionerInformation16.json", "Bundle")
    phases = plan([tmp_path]).phases
    assert [[path.name for path in phase.files] for phase in phases] == [
        ["00-hospitalInformation.json", "00-practitionerInformation.json", "practitionerInformation16.json"],
        ["Organization.ndjson"],
        ["Patient.ndjson"],
        ["Observation.ndjson"],
    ]
    assert [phase.in_order for phase in phases] == [True, False, False, False]


def test_a_name_that_is_a_uuid_asks_for_no_place(tmp_path: Path) -> None:
    write(tmp_path, "12345678-7a95-ef02-16ef-aa1b4344deed.json", "Bundle")
    assert [phase.in_order for phase in plan([tmp_path]).phases] == [False]


def test_a_file_named_twice_is_loaded_once(tmp_path: Path) -> None:
    path = write(tmp_path, "Patient.json", "Patient")
    assert [len(phase.files) for phase in plan([path, tmp_path, path]).phases] == [1]


def test_a_folder_may_hold_other_files_but_a_named_file_must_be_of_a_known_kind(tmp_path: Path) -> None:
    log = tmp_path / "log.ndjson"
    log.write_text('{"event": "started"}\n')
    (tmp_path / "notes.txt").write_text("hello")
    assert plan([tmp_path]).skipped == (log,)
    assert plan([log]).skipped == ()
    with pytest.raises(Unreadable, match="no known kind"):
        plan([tmp_path / "notes.txt"])


def test_lines_are_counted_with_the_empty_ones(tmp_path: Path) -> None:
    path = tmp_path / "x.ndjson"
    path.write_bytes(b'{"a":1}\n\n{"b":2}\r\n')
    assert [(one.place, one.text) for one in documents(path)] == [("line 1", b'{"a":1}'), ("line 3", b'{"b":2}')]
