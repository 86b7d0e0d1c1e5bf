"""The path of a request below the FHIR base, as segments.

https://hl7.org/fhir/R4/http.html#general
"""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from fhir_server.errors import InvalidRequest, NotFound

# Everything that FHIR puts into a path: types, ids, version ids, _history, _search, $operation, metadata, "*".
_PLAIN: Final = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9\-._$*]+)+", re.ASCII)
_MOST_SEGMENTS: Final = 12


def path_segments(below: str) -> tuple[str, ...]:
    """The segments of a percent-decoded path below the base (`""`, `"/"`, `"/Patient/1"`).

    Raises NotFound for what no FHIR path can be, InvalidRequest for bytes that are no text. The text of the path is
    never repeated in the error.
    """
    if below in ("", "/"):
        return ()
    if _PLAIN.fullmatch(below):
        segments = tuple(below[1:].split("/"))
        if len(segments) <= _MOST_SEGMENTS:
            return segments
        raise NotFound("The path has more parts than any FHIR path.")
    raise _why_not(below)


def _why_not(below: str) -> NotFound | InvalidRequest:
    if any(character < " " or character == "\x7f" for character in below):
        return InvalidRequest("The path holds a control character.")
    if "//" in below:
        return NotFound("The path has an empty part: it holds // where one / belongs.")
    if below.endswith("/"):
        return NotFound("A FHIR path does not end with /.")
    if any(part in (".", "..") for part in below.split("/")):
        return NotFound("The path has a part . or .. in it.")
    return NotFound("The path is not a FHIR path: ids and type names are letters, digits, - and . only.")


def refuse_hidden_slash(environ: dict[str, Any]) -> None:
    """Raises NotFound when a path segment holds an encoded / or is not UTF-8 text, where the server tells the raw path.

    WSGI hands over a path that is decoded already, in which `a%2Fb` and `a/b` look the same. Some servers (Werkzeug,
    gunicorn) add the raw form. Where it is missing (Granian), `%2F` counts as `/`; no id or type can hold either.
    """
    raw: str | None = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    if raw is None or "%" not in raw:
        return
    path = raw.partition("?")[0]
    if "%2f" in path.lower():
        raise NotFound("The path is not a FHIR path: a part holds an encoded /.")
    try:
        unquote_to_bytes(path).decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidRequest("The path is not UTF-8 text.") from None
