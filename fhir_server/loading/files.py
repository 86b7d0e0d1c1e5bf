"""Files and folders become documents, one JSON text each, without ever holding more than one of them.

https://hl7.org/fhir/R4/nd-json.html
"""

from __future__ import annotations

import gzip
import re
import tarfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

_ENDINGS: Final = (".json", ".json.gz", ".ndjson", ".ndjson.gz", ".tar", ".tar.gz", ".tgz")
_TARS: Final = (".tar", ".tar.gz", ".tgz")
_BOM: Final = b"\xef\xbb\xbf"
_PEEK_BYTES: Final = 65_536
_RESOURCE_TYPE: Final = re.compile(rb'"resourceType"\s*:\s*"([A-Za-z]+)"')

# What Synthea writes beside the patients, and names that ask to be first: 00-organizations.json. The first group of a
# UUID has eight digits, so a file named after one is none of them.
_FIRST_OF_ALL: Final = re.compile(r"(\d{1,4}[-_ .])?(hospital|practitioner)Information|\d{1,4}[-_ .]", re.IGNORECASE)

# Whoever is referred to comes first; a Bundle brings its own patients, so it counts as one.
_RANKS: Final = {
    **dict.fromkeys(
        ("Organization", "Location", "Practitioner", "PractitionerRole", "HealthcareService", "Endpoint", "Medication",
         "Substance", "DeviceDefinition"),
        0,
    ),
    **dict.fromkeys(("Patient", "Bundle"), 1),
    **dict.fromkeys(("Encounter", "Device", "Coverage", "RelatedPerson", "Condition", "Specimen"), 2),
}  # fmt: skip
_LAST_RANK: Final = 3


class Unreadable(Exception):
    """A file that cannot be read to its end; the message is for people."""


@dataclass(frozen=True, slots=True)
class Document:
    """One JSON text: where it is from, its place there ("line 7", or "" for a whole file), how far the file is read."""

    origin: str
    place: str
    text: bytes
    position: int


@dataclass(frozen=True, slots=True)
class Phase:
    """Files that may be loaded at the same time, or one after the other."""

    files: Sequence[Path]
    in_order: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be loaded, and the files of folders that hold no resources."""

    phases: Sequence[Phase]
    skipped: Sequence[Path]


def plan(paths: Iterable[Path]) -> Plan:
    """The files below `paths`, in phases: what others refer to comes before them.

    A file in a folder that does not look like FHIR is skipped; one that was named is not. Raises Unreadable for a path
    that does not exist and for a named file of an unknown kind.
    """
    ranked: dict[int, list[Path]] = {}
    skipped: list[Path] = []
    for path, named in _found(paths):
        kind = peek(path)
        if kind is None and not named:
            skipped.append(path)
        else:
            rank = -1 if _FIRST_OF_ALL.match(path.name) else _RANKS.get(kind or "", _LAST_RANK)
            ranked.setdefault(rank, []).append(path)
    phases = [
        Phase(sorted(ranked[rank], key=lambda path: (path.name.lower(), path)), in_order=rank < 0)
        for rank in sorted(ranked)
    ]
    return Plan(tuple(phases), tuple(skipped))


def _found(paths: Iterable[Path]) -> Iterator[tuple[Path, bool]]:
    seen: set[Path] = set()
    for path in paths:
        if path.is_dir():
            inside = (one for one in sorted(path.rglob("*")) if one.name.lower().endswith(_ENDINGS) and one.is_file())
            candidates = [(one, False) for one in inside]
        elif not path.exists():
            raise Unreadable(f"{path} does not exist.")
        elif not path.name.lower().endswith(_ENDINGS):
            raise Unreadable(f"{path} is of no known kind; known are {', '.join(_ENDINGS)} and folders of these.")
        else:
            candidates = [(path, True)]
        for one, named in candidates:
            resolved = one.resolve()
            if resolved not in seen:
                seen.add(resolved)
                yield one, named


def peek(path: Path) -> str | None:
    """The first resource type that the beginning of a file names; "" for an archive, None when it names none."""
    if path.name.lower().endswith(_TARS):
        return ""
    try:
        with path.open("rb") as raw:
            start = _unpacked(path.name, raw).read(_PEEK_BYTES)
    except (OSError, EOFError, zlib.error):
        # Reading it in earnest tells what is wrong.
        return ""
    found = _RESOURCE_TYPE.search(start)
    return found[1].decode() if found else None


def documents(path: Path) -> Iterator[Document]:
    """The documents of one file in their order. Raises Unreadable when the file is broken or cut off."""
    try:
        with path.open("rb") as raw:
            if path.name.lower().endswith(_TARS):
                yield from _archived(path.name, raw)
            else:
                yield from _contained(path.name, path.name, raw, raw)
    except (OSError, EOFError, zlib.error, tarfile.TarError) as error:
        raise Unreadable(f"cannot be read: {str(error) or type(error).__name__}") from error


def _archived(name: str, raw: IO[bytes]) -> Iterator[Document]:
    with tarfile.open(fileobj=raw, mode="r|*") as archive:
        for member in archive:
            inner = archive.extractfile(member) if member.isfile() else None
            if inner is not None and member.name.lower().endswith(_ENDINGS) and not _is_apple_double(member.name):
                yield from _contained(f"{name}:{member.name}", member.name, inner, raw)


def _is_apple_double(name: str) -> bool:
    """macOS puts `._name` with file attributes beside every file of an archive."""
    return name.rpartition("/")[2].startswith("._")


def _contained(origin: str, name: str, packed: IO[bytes], raw: IO[bytes]) -> Iterator[Document]:
    unpacked = _unpacked(name, packed)
    if ".ndjson" in name.lower():
        for number, line in enumerate(unpacked, start=1):
            text = line.removeprefix(_BOM) if number == 1 else line
            if text.strip():
                yield Document(origin, f"line {number}", text.strip(), raw.tell())
    else:
        yield Document(origin, "", unpacked.read().removeprefix(_BOM), raw.tell())


def _unpacked(name: str, packed: IO[bytes]) -> IO[bytes]:
    return gzip.GzipFile(fileobj=packed) if name.lower().endswith(".gz") else packed  # type: ignore[return-value]
