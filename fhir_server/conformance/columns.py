"""What becomes of every column of the portal's tables: its elements, or why it is in none.

https://hl7.org/fhir/R4/mappings.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Table

from fhir_server.conformance.walking import Place, all_columns, places
from fhir_server.definitions import CHOICE, canonical_base
from fhir_server.mapping.branches import array, extension, object_, required
from fhir_server.mapping.concepts import coded, source_status
from fhir_server.mapping.projections import derived, many, until_documented
from fhir_server.mapping.resource import Resource
from fhir_server.persistence.tables import HISTORY, METADATA, OPEN

FILE = Path(__file__).parent / "data" / "columns.json"
READ_WRITE, READ, COPIED, INTERNAL = "read, write", "read", "copied", "internal"
CLINICAL, EVERYBODY, NOBODY = "PHI store", "open store", "nobody"
_MADE_OF_OTHERS = (array, derived, extension, many, object_, required, until_documented)
"""Words that say what other words in them say; the columns are those of these."""


class Unexplained(Exception):
    """A column is in no element, and the data file does not say why; `args[0]` says what to add."""


@dataclass(frozen=True, slots=True)
class Line:
    """One column. `elements` are FHIRPaths, `seen_by` a store, `note` where it is copied from or why it is internal."""

    table: str
    column: str
    elements: tuple[str, ...]
    direction: str
    seen_by: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Notes:
    """What only people know: `every` for columns that many tables have, `tables` for tables that are no resources,
    `columns` for columns in no element, `copied` for those that triggers fill.
    """

    every: dict[str, dict[str, str]]
    tables: dict[str, str]
    columns: dict[str, str]
    copied: dict[str, str]


@cache
def notes() -> Notes:
    """The data file of this version."""
    content: dict[str, Any] = msgspec.json.decode(FILE.read_bytes())
    return Notes(content["every"], content["tables"], content["columns"], content["copied"])


def portal_tables() -> tuple[Table, ...]:
    """The tables that are the portal's, or hold what belongs to its records; in alphabetical order."""
    held = set(HISTORY.values())
    found = (table for table in METADATA.tables.values() if table.schema is None and table not in held)
    return tuple(sorted(found, key=lambda table: table.name))


def lines(declared: Sequence[Resource], said: Notes) -> Iterator[Line]:
    """A line for every column of every table. Raises Unexplained."""
    mapped = _mapped(declared)
    for table in portal_tables():
        of_table = [one for one in declared if one.table is table]
        is_shown = bool(of_table) or any(name == table.name for name, _ in mapped)
        seen_by = _seen_by(declared, table)
        for column in table.c:
            key = (table.name, column.name)
            yield _line(key, mapped.get(key, {}), of_table, said, is_shown, seen_by)


def _line(
    key: tuple[str, str], found: dict[str, bool], of_table: list[Resource], said: Notes, is_shown: bool, seen_by: str
) -> Line:
    table, column = key
    name = f"{table}.{column}"
    copied = said.copied.get(name, "")
    if found:
        heard = any(found.values())
        direction = READ_WRITE if heard else COPIED if copied else READ
        return Line(table, column, tuple(found), direction, seen_by, f"copied from {copied}" if copied else "")
    if name in said.columns:
        return Line(table, column, (), INTERNAL, NOBODY, said.columns[name])
    if copied:
        return Line(table, column, (), INTERNAL, NOBODY, f"copied from {copied}")
    if not is_shown and table in said.tables:
        return Line(table, column, (), INTERNAL, NOBODY, said.tables[table])
    common = said.every.get(column)
    if common is None:
        raise Unexplained(
            f"{name} is in no element: map it, or say why not in fhir_server/conformance/data/{FILE.name}"
            " under columns (see CONTRIBUTING.md)"
        )
    elements = common.get("element")
    if elements and of_table:
        kinds = tuple(dict.fromkeys(f"{one.resource_type}.{elements}" for one in of_table))
        return Line(table, column, kinds, READ, seen_by, common["note"])
    return Line(table, column, (), INTERNAL, NOBODY, common["note"])


def document(declared: Sequence[Resource]) -> str:
    """The text of docs/mapping.md. Raises Unexplained."""
    shown: dict[str, list[Line]] = {}
    for line in lines(declared, notes()):
        shown.setdefault(line.table, []).append(line)
    kinds = {name: [one.resource_type for one in declared if one.table.name == name] for name in shown}
    parts = [_INTRODUCTION]
    for table, listed in shown.items():
        title = f"{table}: {', '.join(kinds[table])}" if kinds[table] else table
        parts.append(f"## {title}\n")
        parts.append("| column | FHIR element | direction | seen by | note |\n|---|---|---|---|---|")
        parts.append("\n".join(_row(line) for line in listed) + "\n")
    return "\n".join(parts)


def _row(line: Line) -> str:
    elements = "<br>".join(f"`{one}`" for one in line.elements)
    cells = (f"{line.table}.{line.column}", elements, line.direction, line.seen_by, line.note)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


_INTRODUCTION = f"""# The portal's columns in FHIR

<!-- Written by `fhir-server mapping-docs` from the declarations and fhir_server/conformance/data/columns.json. -->

Every column of every table of the portal: which element shows it, and whether a client may write it there.

* The elements are FHIRPaths. `EXT/` stands for the canonical base and `/StructureDefinition/`, `ID/` for the base and
  `/identifier/`.
* *{READ_WRITE}*: what a client writes in the element is stored in the column, where the column can hold it; the rest
  is kept in the document beside the row.
* *{READ}*: shown, and a client's write cannot change it. *{COPIED}*: shown; a trigger copies it from another table.
* *{INTERNAL}*: in no element.
* *{CLINICAL}*: in resources that only those see who may see protected health information. *{EVERYBODY}*: in resources
  that others may see too.
"""


def _seen_by(declared: Sequence[Resource], table: Table) -> str:
    for one in declared:
        if one.table is table or any(child.table is table for child in one.children):
            return EVERYBODY if one.store is OPEN else CLINICAL
    return NOBODY


def _mapped(declared: Sequence[Resource]) -> dict[tuple[str, str], dict[str, bool]]:
    """(table, column) → FHIRPath → whether a write sets the column through it."""
    found: dict[tuple[str, str], dict[str, bool]] = {}
    for resource in declared:
        for place in places(resource):
            for table, column, heard in _columns(resource, place):
                # Of a column that tells whether there is a document nothing is said.
                if column not in ("document_version", "fhir_id"):
                    paths = found.setdefault((table, column), {})
                    for path in _fhirpaths(place):
                        paths[path] = heard or paths.get(path, False)
    return found


def _columns(resource: Resource, place: Place) -> Iterator[tuple[str, str, bool]]:
    word, home = place.word, place.table if place.table is not None else resource.table
    if isinstance(word, many):
        yield resource.table.name, word.projection.name, True
    if isinstance(word, _MADE_OF_OTHERS):
        return
    for name in word.columns:
        yield home.name, name, place.is_heard
    for column in all_columns(word):
        if column.name not in word.columns:
            yield column.table.name, column.name, False


def _fhirpaths(place: Place) -> Iterator[str]:
    word, stem = place.word, place.path.replace(CHOICE, "")
    if place.inside:
        before, *between, after = stem.split(".extension", len(place.inside))
        said = "".join(f".extension('{_short(one)}')" for one in place.inside)
        yield f"{before}{said}{''.join(between)}{_plain(after)}"
        return
    url, system = getattr(word, "url", None), getattr(word, "system", None)
    if isinstance(word, source_status):
        yield f"{stem}('{_short(word.status.source_url)}').value"
    elif stem.endswith(".extension") and isinstance(url, str):
        yield f"{stem}('{_short(url)}').value"
    elif stem.endswith((".identifier", ".telecom")) and isinstance(system, str):
        yield f"{stem}.where(system='{_short(system)}').value"
    else:
        yield stem
        if isinstance(word, coded) and word.is_text_beside:
            yield f"{stem}.extension('{_short(word.source_url)}').value"


def _plain(after: str) -> str:
    """The rest of a path in an extension, without the type in the name of its value."""
    names = ["value" if name.startswith("value") and name[5:6].isupper() else name for name in after.split(".")]
    return ".".join(names)


def _short(url: str) -> str:
    """A url with EXT or ID for the beginning of ours."""
    for kind, short in (("StructureDefinition", "EXT"), ("identifier", "ID")):
        url = url.replace(f"{canonical_base()}/{kind}/", f"{short}/")
    return url
