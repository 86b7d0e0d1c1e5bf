"""The documents tell the truth about files: nothing named is missing, no folder is left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "bench" / "README.md"]
)
FIRST = r"(?:fhir_server|business|migrations|tests|bench|docs)"
NAMED = re.compile(rf"`({FIRST}(?:/[\w.-]+)*/?)`")
LINKED = re.compile(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)")
SECTIONS = ("## Context", "## Options", "## Decision", "## Consequences", "## Proven by")


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_page_names_exists(page: str) -> None:
    text = (ROOT / page).read_text()
    named = {ROOT / name for name in NAMED.findall(text)}
    linked = {(ROOT / page).parent / name for name in LINKED.findall(text)}
    missing = sorted(str(path.relative_to(ROOT)) for path in named | linked if not path.exists())
    # Placeholders such as bench/results/FILE.json are written in capitals.
    assert [path for path in missing if not re.search(r"[A-Z]{4}", Path(path).stem)] == []


def packages() -> list[str]:
    found = {
        path.parent.relative_to(ROOT).as_posix()
        for top in ("fhir_server", "business", "migrations")
        for pattern in ("*.py", "*.sql", "*.html")
        for path in (ROOT / top).rglob(pattern)
    }
    return sorted(found - {"fhir_server"})


def test_the_architecture_names_every_folder_and_every_module_of_the_top_level() -> None:
    named = {name.rstrip("/") for name in NAMED.findall((ROOT / "docs" / "architecture.md").read_text())}
    modules = [path.relative_to(ROOT).as_posix() for path in (ROOT / "fhir_server").glob("*.py")]
    wanted = {*packages(), *modules} - {"fhir_server/__init__.py"}
    assert sorted(wanted - named) == []


def test_every_decision_has_all_its_parts_and_a_test_that_proves_it() -> None:
    decisions = sorted((ROOT / "docs" / "adr").glob("*.md"))
    assert [int(path.name[:4]) for path in decisions] == list(range(1, len(decisions) + 1))
    for path in decisions:
        text = path.read_text()
        places = [text.find(section) for section in SECTIONS]
        assert -1 not in places, path.name
        assert places == sorted(places), path.name
        assert re.search(r"`tests/", text[places[-1] :]), path.name


def test_every_command_is_in_the_readme() -> None:
    text = (ROOT / "README.md").read_text()
    commands = {path.stem.replace("_", "-") for path in (ROOT / "fhir_server" / "commands").glob("*.py")}
    missing = sorted(
        name for name in commands - {"--init--", "database", "definitions"} if f"`fhir-server {name}" not in text
    )
    assert missing == []
