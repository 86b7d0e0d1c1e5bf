"""Ten thousand hostile searches: each is refused, or finds a part of what it would find without the hostile criterion.

Never a 5xx, never more than two seconds, never everything by accident. Through the WSGI application, so that broken
encodings and odd headers take part. https://hl7.org/fhir/R4/search.html#errors
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import quote

import pytest
from search_oracle.clinic import Clinic
from search_oracle.published import parameters, resource_types
from werkzeug.test import run_wsgi_app

QUERIES, PARTS, LONGEST = 10_000, 4, 2.0
SHOWN = 15
TYPES = ("Patient", "Observation", "Organization", "Practitioner", "Condition", "Task", "DocumentReference", "ValueSet")
FRAGMENTS = (
    "'", "''", '"', "\\", "\\\\", "\\'", "';--", "' OR '1'='1", "') OR true--", "1; DROP TABLE fhir_patients",
    "/*", "*/",
    "$$", "$1", "%(p0)s", "%s", "%%", "%", "_", "*", ".*", "(a+)+$", "[", "]", "(", ")", "{}", "{0}", "{{7*7}}", "${x}",
    "\u0000", "\x01", "\x1b", "\r\n", "\t", "\ufeff", "\u202e", "\ud7ff", "\uffff", "\U0010ffff", "e\u0301" * 40,
    "İ", "ß",
    "ﷺ", "👩‍⚕️", "null", "NULL", "undefined", "NaN", "Infinity", "-Infinity", "true", "0", "-0", "-1", "1e400",
    "1e-400",
    "1e99999999999", "9" * 60, "0." + "0" * 200 + "1", "0x10", "1_000", "١٢", "2024-13-01", "2024-02-30", "0000-01-01",
    "9999-12-31T23:59:60Z", "2024-03-10T24:00:00Z", "2024-03-10T10", "99999-01-01", "-2024",
    "2024-03-10T10:00:00+99:99",
    "now()", "ge", "gege1", "sa", "ap1e400", "ne", "eq", "|", "||", "|||", "a|b|c|d", ",", ",,,,", "$", "$$$", "a$b$c",
    "\\|", "\\,", "\\x", "..", "../../etc/passwd", "Patient/", "/Patient", "Patient/../x", "http://", "//x", "#c1", "#",
    "urn:", "javascript:alert(1)", "<script>", "&amp;", "resolve()", "Patient?name=x", "file:///etc/passwd",
)  # fmt: skip
"""None of these is a value that resources of the clinic have."""
NAMES = ("", "foo", "_", "__", "name.", ".name", "subject.", "_has", "_has:", "_has:Patient", "_has:A:b:c",
    "constructor",
         "__class__", "name[]", "name[0]", "$where", "_id;", "NAME", "Name", "_ID", "_filter", "_query", "_list",
         "_text",
         "_content", "_sort:", "_elements:x", "id", "patient:Patient.", "subject:Patient", "subject:Nope.name",
         "code..x")  # fmt: skip
MODIFIERS = ("exact", "contains", "text", "missing", "of-type", "identifier", "in", "below", "above", "Patient",
    "bogus", "",
             "not-in", "EXACT", "exact:exact", "Patient.name", "iterate", "\x00", "'", "missing.x")  # fmt: skip
RESULT_NAMES = ("_count", "_sort", "_summary", "_elements", "_total", "_include", "_revinclude", "_contained",
    "_type", "page",
                "_containedType", "_format", "_pretty", "_include:iterate", "_revinclude:iterate", "_page",
                "_cursor")  # fmt: skip
RESULT_VALUES = ("-1", "0", "1", "1.5", "abc", "99999999999999999999", "", "banana", "true", "false", "count",
    "text", "data",
                 "none", "accurate", "estimate", "*", "Patient:*", "Observation:subject", "Observation:*",
                 "Nope:x", "name",
                 "-name,-name", ",", "-", "--_id", "_id,_lastUpdated,_id", "id,meta", "a b",
                 "Observation:subject:Patient",
                 "html", "xml", "application/fhir+json", "both", "subject.name", "-subject:Patient.name")  # fmt: skip
ACCEPTS = ("*/*", "application/fhir+json", "application/json;q=0", "text/html", "x", ";;;", "application/fhir+xml",
    "a/b" * 500,
           "application/fhir+json; fhirVersion=9.9", "application/fhir+json;fhirVersion=4.0", ",,,",
           "*/*;q=banana")  # fmt: skip
PREFERS = ("handling=strict", "handling=lenient", "handling=bogus", "handling=lenient, handling=strict",
    "return=minimal",
           "=", ";", "handling", "respond-async", "handling=\"lenient\"", "é")  # fmt: skip


@dataclass(slots=True)
class Hostile:
    """A raw query with the harmless search it was put on, and whether it is a filter that must leave something out."""

    path: str
    base: str
    query: str
    is_filter: bool
    is_result: bool = False


class Attacker:
    """Makes hostile searches."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.kinds: tuple[Callable[[str], tuple[str, bool]], ...] = (
            self.value, self.value, self.value, self.value, self.bytes, self.name, self.modifier, self.long, self.many,
            self.deep,
        )  # fmt: skip

    def query(self) -> Hostile:
        """One hostile search."""
        kind = self.random.choice(TYPES)
        base = self.random.choice(("", "", "_lastUpdated=ge2000", "_id:not=nobody"))
        if self.random.random() < 0.2:
            names = [self.random.choice(RESULT_NAMES) for _ in range(self.random.randint(1, 4))]
            hostile = "&".join(f"{name}={self.escape(self.random.choice(RESULT_VALUES))}" for name in names)
            path = self.random.choice((kind, kind, "", f"Patient/pa1/{kind}", "Patient/nobody/Observation"))
            return Hostile(path, base, _joined(base, hostile), is_filter=False, is_result=True)
        hostile, is_filter = self.random.choice(self.kinds)(kind)
        return Hostile(kind, base, _joined(base, hostile), is_filter)

    def text(self) -> str:
        """A few fragments one after the other."""
        return "".join(self.random.choice(FRAGMENTS) for _ in range(self.random.choice((1, 1, 2, 3))))

    def escape(self, text: str) -> str:
        """Percent encoded, mostly."""
        return quote(text, safe="" if self.random.random() < 0.7 else "/:|,$!*'();@\\\"<>[]{}")

    def code(self, kind: str) -> str:
        """A parameter of the type."""
        return self.random.choice(list(parameters(kind)))

    def value(self, kind: str) -> tuple[str, bool]:
        """A hostile value of a real parameter."""
        code = self.code(kind)
        values = ",".join(self.text() for _ in range(self.random.choice((1, 1, 2))))
        prefix = self.random.choice(("", "", "ge", "ap", "lt"))
        return f"{code}={self.escape(prefix + values)}", False if "ne" in values[:2] else self._leaves_out(kind, code)

    def _leaves_out(self, kind: str, code: str) -> bool:
        return parameters(kind)[code].kind in ("token", "string", "reference", "uri")

    def bytes(self, kind: str) -> tuple[str, bool]:
        """Raw bytes and broken percent encodings."""
        junk = "".join(
            self.random.choice(("%", "%4", "%zz", "%FF", "%C3", "%00", "%ED%A0%80", "+", "=", ";", "%25", "%F0%9F"))
            for _ in range(self.random.randint(1, 5))
        )
        return f"{self.random.choice((self.code(kind), ''))}{self.random.choice(('=', ''))}x{junk}", False

    def name(self, kind: str) -> tuple[str, bool]:
        """A hostile name."""
        name = self.random.choice(NAMES) + self.random.choice(("", self.text()))
        return f"{self.escape(name)}={self.escape(self.text())}", True

    def modifier(self, kind: str) -> tuple[str, bool]:
        """A real parameter with an odd modifier and value."""
        code = self.code(kind)
        written = f"{code}:{self.escape(self.random.choice(MODIFIERS))}={self.escape(self.text())}"
        return written, self._leaves_out(kind, code)

    def long(self, kind: str) -> tuple[str, bool]:
        """A value of ten thousand characters."""
        text = self.random.choice(("x", "é", "a,", "\\,", "1", "(", "e\u0301", "a|", "%", "Patient/", "2024-"))
        code = self.code(kind)
        return f"{code}={quote(text * (10_000 // len(text)))}", self._leaves_out(kind, code)

    def many(self, kind: str) -> tuple[str, bool]:
        """Many parameters or values."""
        code = self.code(kind)
        count = self.random.choice((50, 199, 300, 1500))
        if self.random.random() < 0.5:
            return "&".join(f"{code}=zz{number}" for number in range(count)), self._leaves_out(kind, code)
        return f"{code}=" + ",".join(f"zz{number}" for number in range(count)), self._leaves_out(kind, code)

    def deep(self, kind: str) -> tuple[str, bool]:
        """Chains and reverse chains of many steps, sound or not."""
        steps = self.random.choice((2, 3, 6, 40))
        if self.random.random() < 0.5:
            return ".".join(
                ["subject", *["subject:Patient.link", "patient", "part-of"] * steps][:steps]
            ) + ".name=zzz", True
        links = "".join(self.random.choice(("_has:Observation:patient:", "_has:Patient:link:")) for _ in range(steps))
        return f"{links}{self.random.choice(('code', 'name', '_id', 'x'))}=zzz", True


def _joined(*parts: str) -> str:
    return "&".join(part for part in parts if part)


@dataclass(slots=True)
class Answer:
    """The status, the ids of the matches, and whether something was said to be ignored."""

    status: int
    ids: frozenset[str]
    warned: bool
    seconds: float
    text: str


def ask(clinic: Clinic, path: str, query: str, headers: Mapping[str, str], posted: bool = False) -> Answer:
    """One search through WSGI; what it raises counts as a 500."""
    body = query.encode("utf-8", "surrogatepass") if posted else b""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST" if posted else "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": f"/fhir/{path}{'/_search' if posted else ''}".replace("//", "/"),
        "QUERY_STRING": "" if posted else query.encode("utf-8", "surrogatepass").decode("latin-1"),
        "SERVER_NAME": "oracle.example",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "oracle.example",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": "application/x-www-form-urlencoded" if posted else "",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **{f"HTTP_{name.upper()}": value.encode().decode("latin-1") for name, value in headers.items()},
    }
    started = time.monotonic()
    chunks, status, _ = run_wsgi_app(clinic.application, environ, buffered=True)
    text = b"".join(chunks)
    seconds = time.monotonic() - started
    code = int(status[:3])
    tree = json.loads(text) if code == 200 and text[:1] == b"{" else {}
    entries = tree.get("entry", ())
    return Answer(
        code,
        frozenset(
            f"{one['resource']['resourceType']}/{one['resource']['id']}"
            for one in entries
            if one["search"]["mode"] == "match"
        ),
        any(one["search"]["mode"] == "outcome" for one in entries),
        seconds,
        text[:300].decode("utf-8", "replace"),
    )


def fault(clinic: Clinic, hostile: Hostile, random: Random, known: dict[tuple[str, str], frozenset[str]]) -> str | None:
    headers = {}
    if random.random() < 0.15:
        headers["accept"] = random.choice(ACCEPTS)
    if random.random() < 0.5:
        headers["prefer"] = random.choice(PREFERS)
    posted = random.random() < 0.2 and hostile.path in TYPES
    query = hostile.query if hostile.is_result else f"{hostile.query}&_count=1000"
    answer = ask(clinic, hostile.path, query, headers, posted)
    described = f"{'POST' if posted else 'GET'} {hostile.path}?{hostile.query[:400]} {headers}\n  {answer.status}"
    if answer.status >= 500:
        return f"{described} {answer.text}"
    if answer.seconds > LONGEST:
        # A busy machine is slow once, a bad plan always.
        answer = ask(clinic, hostile.path, query, headers, posted)
        if answer.seconds > LONGEST:
            return f"{described} took {answer.seconds:.1f} s"
    if answer.status != 200 or hostile.path not in TYPES:
        return None
    # Which resources are searched at all: looking into others finds more by design, and alone as much as with the rest.
    searched = [one for one in hostile.query.split("&") if one.startswith("_contained")]
    key = (hostile.path, _joined(hostile.base, *searched))
    if key not in known:
        lenient = {"prefer": "handling=lenient"}
        known[key] = ask(clinic, hostile.path, _joined(key[1], "_count=1000"), lenient).ids
        assert searched or len(known[key]) > 5
    if answer.ids - known[key]:
        return f"{described} finds more than without the hostile part: {sorted(answer.ids - known[key])[:5]}"
    if hostile.is_filter and not answer.warned and answer.ids == known[key] and not _negates(hostile.query):
        return f"{described} finds everything and does not say that anything was ignored"
    return None


def _negates(query: str) -> bool:
    return ":missing" in query or ":not=" in query.replace("_id:not=nobody", "")


@pytest.mark.parametrize("part", range(PARTS))
def test_a_hostile_search_is_refused_or_finds_less(clinic: Clinic, oracle_seed: int, part: int) -> None:
    random = Random(f"hostile {oracle_seed}/{part}")
    attacker = Attacker(random)
    known: dict[tuple[str, str], frozenset[str]] = {}
    stored = {kind: len(found) for kind, found in clinic.world.resources.items()}
    found = [fault(clinic, attacker.query(), random, known) for _ in range(QUERIES // PARTS)]
    faults = [one for one in found if one is not None]
    assert not faults, f"{len(faults)} faults\n" + "\n".join(faults[:SHOWN])
    clinic.read_all()
    assert {kind: len(one) for kind, one in clinic.world.resources.items()} == stored


def test_every_type_refuses_an_unknown_parameter_when_strict(clinic: Clinic) -> None:
    """Sampled over all types: a misspelt filter never answers with everything."""
    for kind in sorted(resource_types()):
        if kind not in ("Binary", "Parameters"):
            answer = ask(clinic, kind, "no-such-parameter=1", {"prefer": "handling=strict"})
            assert answer.status in (400, 404), (kind, answer)
