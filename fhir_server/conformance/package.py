"""The FHIR package of our own definitions, as other tools load it: the same bytes for the same definitions.

https://hl7.org/fhir/packages.html and https://confluence.hl7.org/display/FHIR/NPM+Package+Specification
"""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Iterable, Sequence
from typing import Any, Final

from fhir_server.conformance.names import GUIDE, PACKAGE
from fhir_server.definitions import canonical_base
from fhir_server.json_text import encode_json

Tree = dict[str, Any]
FOLDER: Final = "package"
INDEXED: Final = ("id", "url", "version", "kind", "type", "supplements", "content", "derivation")
"""The elements that the index repeats, where a resource has them as texts."""


def package(definitions: Sequence[Tree]) -> bytes:
    """The bytes of package.tgz; the definitions must have ids that are unique within their type."""
    files = {f"{one['resourceType']}-{one['id']}.json": one for one in definitions}
    content = {
        "package.json": _json(_manifest(definitions)),
        ".index.json": _json(_index(files)),
        **{name: encode_json(tree) for name, tree in sorted(files.items())},
    }
    return _archive(content.items())


def _manifest(definitions: Sequence[Tree]) -> Tree:
    guide = next(one for one in definitions if (one["resourceType"], one["id"]) == ("ImplementationGuide", GUIDE))
    return {
        "name": PACKAGE,
        "version": guide["version"],
        "tools-version": 3,
        "type": "fhir.ig",
        "date": str(guide["date"]).replace("-", "") + "000000",
        "canonical": canonical_base(),
        "url": guide["url"],
        "title": guide["title"],
        "description": guide["description"],
        "fhirVersions": guide["fhirVersion"],
        "dependencies": {"hl7.fhir.r4.core": "4.0.1"},
        "author": guide["publisher"],
        "directories": {"lib": FOLDER},
    }


def _index(files: dict[str, Tree]) -> Tree:
    listed = []
    for name, tree in sorted(files.items()):
        said = {key: tree[key] for key in INDEXED if isinstance(tree.get(key), str)}
        listed.append({"filename": name, "resourceType": tree["resourceType"], **said})
    return {"index-version": 1, "files": listed}


def _json(tree: Tree) -> bytes:
    return json.dumps(tree, indent=2, ensure_ascii=False).encode()


def _archive(content: Iterable[tuple[str, bytes]]) -> bytes:
    packed = io.BytesIO()
    # Neither the time nor the user of this machine may be in it.
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, body in content:
            member = tarfile.TarInfo(f"{FOLDER}/{name}")
            member.size, member.mode, member.mtime = len(body), 0o644, 0
            archive.addfile(member, io.BytesIO(body))
    zipped = io.BytesIO()
    with gzip.GzipFile(filename="", fileobj=zipped, mode="wb", mtime=0) as stream:
        stream.write(packed.getvalue())
    return zipped.getvalue()
