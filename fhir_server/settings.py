"""Environment variables and command-line flags become one frozen, checked `Settings`; see docs/configuration.md.

The fields of `Settings` are the table: each says its type, default, how its text is read and what it means. Parsing,
the messages for people, the command-line flags and the documentation page all come from those fields.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Self

from fhir_server.definitions.canonical import DEFAULT
from fhir_server.setting_kinds import (
    BASE_PATH,
    CANONICAL_URL,
    DATABASE,
    DIRECTORY,
    FILE,
    HOST,
    HOST_NAMES,
    HTTPS_URL,
    NETWORKS,
    PUBLIC_URL,
    SWITCH,
    TIME_ZONE,
    Kind,
    Network,
    one_of,
    whole_number,
)

PREFIX = "FHIR_SERVER_"


class SettingsError(Exception):
    """Settings that cannot be used; `problems` holds one sentence each that says what to write instead."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def _default_data_dir() -> Path:
    home = os.environ.get("XDG_DATA_HOME", "")
    # The XDG specification says that a relative path there is to be ignored.
    root = Path(home) if home.startswith("/") else Path("~/.local/share").expanduser()
    return root / "fhir-server"


def _setting(
    default: Any, kind: Kind, meaning: str, *, variable: str = "", shown: str = "", factory: Any = None
) -> Any:
    about = {"kind": kind, "meaning": meaning, "variable": variable, "shown": shown}
    if factory is not None:
        return field(default_factory=factory, metadata=about)
    return field(default=default, metadata=about)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set. Make one with `Settings.load`; the constructor trusts its arguments."""

    host: str = _setting(
        "127.0.0.1", HOST, "Address to listen on. Only this machine for now: the server has no sign-in yet."
    )
    port: int = _setting(8080, whole_number(1, 65535), "Port to listen on.")
    base_path: str = _setting("/fhir", BASE_PATH, "Path below which FHIR is served.")
    public_base_url: str | None = _setting(
        None,
        PUBLIC_URL,
        "The FHIR base URL that clients use, when a proxy stands in front. Location, fullUrl and links begin with it.",
        shown="http://host:port/base_path",
    )
    canonical_base: str = _setting(
        DEFAULT,
        CANONICAL_URL,
        "What the urls of this server's own extensions, codes, identifiers and other definitions begin with. Choose it"
        " before the first start: a database stays with the base it was first used with.",
    )
    allowed_hosts: tuple[str, ...] = _setting(
        (),
        HOST_NAMES,
        "Further host names that a request may be addressed to. Loopback names and the public one are always allowed;"
        " others are refused, so that a web page cannot reach the server by a name of its own (DNS rebinding).",
    )
    trusted_proxies: tuple[Network, ...] = _setting(
        (), NETWORKS, "Proxies whose X-Forwarded-For, -Host and -Proto are believed. From all others they are ignored."
    )
    data_dir: Path = _setting(
        None,
        DIRECTORY,
        "Where the embedded PostgreSQL keeps its data.",
        factory=_default_data_dir,
        shown="$XDG_DATA_HOME/fhir-server, else ~/.local/share/fhir-server",
    )
    database_url: str | None = _setting(
        None,
        DATABASE,
        "The PostgreSQL server (15 or newer) to use. Without it an embedded PostgreSQL is started.",
        variable="DATABASE_URL",
        shown="embedded PostgreSQL in the data directory",
    )
    workers: int = _setting(2, whole_number(1, 64), "Worker processes.")
    threads: int = _setting(4, whole_number(1, 64), "Threads in each worker, each with its own database connection.")
    max_resource_bytes: int = _setting(
        5_000_000, whole_number(1_000, 1_000_000_000), "Largest request body, also after decompression."
    )
    max_bundle_bytes: int = _setting(
        50_000_000, whole_number(1_000, 1_000_000_000), "Largest body of a batch, transaction or stored Bundle."
    )
    max_bundle_entries: int = _setting(10_000, whole_number(1, 1_000_000), "Most entries in one batch or transaction.")
    max_url_bytes: int = _setting(8_192, whole_number(256, 65_000), "Longest path and query together.")
    default_page_size: int = _setting(50, whole_number(1, 10_000), "Matches on a page when _count is not given.")
    max_page_size: int = _setting(1_000, whole_number(1, 10_000), "Most matches on a page, whatever _count says.")
    statement_timeout_ms: int = _setting(
        30_000, whole_number(10, 3_600_000), "A database statement is stopped after so many milliseconds."
    )
    search_cost_budget: int = _setting(
        5_000_000,
        whole_number(0, 1_000_000_000_000),
        "Searches that the database's planner expects to cost more are refused; 0 allows any. About 1,500,000 are a"
        " second of one core.",
    )
    explain: bool = _setting(
        False,
        SWITCH,
        "Whether a search with _explain=true tells its SQL and plan to any caller. For development: not on a public"
        " server.",
    )
    clinic_time_zone: str = _setting("UTC", TIME_ZONE, "Zone of times that are written without one.")
    second_opinion: bool = _setting(
        True, SWITCH, "Whether single writes are also validated with the fhir.resources models."
    )
    payer_url: str | None = _setting(
        None,
        HTTPS_URL,
        "The address that is asked whether a patient is insured (docs/payer.md). Without it nobody is asked.",
        shown="off",
    )
    payer_token_file: Path | None = _setting(
        None, FILE, "A file with the bearer token for the payer; read each time.", shown="no token"
    )
    payer_ca_file: Path | None = _setting(
        None,
        FILE,
        "A file with the certificates (PEM) that the payer's certificate must lead to, instead of the system's.",
        shown="those of the system",
    )
    payer_timeout_ms: int = _setting(10_000, whole_number(100, 60_000), "How long the payer may take for an attempt.")
    payer_attempts: int = _setting(3, whole_number(1, 5), "How often the payer is asked before it is given up.")
    compress_above_bytes: int = _setting(
        4_096, whole_number(0, 1_000_000_000), "Answers of this size are sent gzipped to clients that take it."
    )
    request_ids: str = _setting(
        "adopt",
        one_of("adopt", "assign"),
        "adopt: the client's X-Request-Id is used; assign: the server makes its own and returns the client's as"
        " X-Correlation-Id.",
    )
    business_tokens: Path | None = _setting(
        None,
        FILE,
        "The file of bearer tokens of manufacturers and sales representatives, who see orders and no PHI. `fhir-server"
        " business-token` writes it.",
        shown="none",
    )
    log_level: str = _setting("info", one_of("debug", "info", "warning", "error"), "How much is logged. Never PHI.")

    @classmethod
    def load(cls, environ: Mapping[str, str], flags: Mapping[str, str | None] | None = None) -> Self:
        """Settings from environment variables, overridden by `flags` (field name → text, None = not given).

        Raises `SettingsError` that lists every problem at once.
        """
        problems: list[str] = []
        values: dict[str, Any] = {}
        for option in OPTIONS:
            source, text = option.variable, environ.get(option.variable)
            flag = (flags or {}).get(option.name)
            if flag is not None:
                source, text = option.flag, flag
            if text is None or not text.strip():
                continue
            try:
                values[option.name] = option.kind.read(text.strip())
            except ValueError:
                problems.append(_unreadable(option, source, text))
        if not problems:
            settings = cls(**values)
            problems = _contradictions(settings)
            if not problems:
                return settings
        raise SettingsError(problems)

    @property
    def base_url(self) -> str:
        """The FHIR base URL that goes into Location, fullUrl and links; no slash at the end."""
        if self.public_base_url is not None:
            return self.public_base_url
        return f"http://{self.address}{self.base_path}"

    @property
    def address(self) -> str:
        """`host:port`, an IPv6 host in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Option:
    """One row of the table of settings."""

    name: str
    variable: str
    flag: str
    kind: Kind
    default: str
    meaning: str


def _option(declared: Field[Any]) -> Option:
    about = declared.metadata
    default = about["shown"] or _shown(declared.default)
    return Option(
        name=declared.name,
        variable=about["variable"] or PREFIX + declared.name.upper(),
        flag="--" + declared.name.replace("_", "-"),
        kind=about["kind"],
        default=default,
        meaning=about["meaning"],
    )


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return "none" if value == () else str(value)


OPTIONS: tuple[Option, ...] = tuple(_option(declared) for declared in fields(Settings))


def _unreadable(option: Option, source: str, text: str) -> str:
    if text.startswith("tcp://"):
        return (
            f"{source} was set by Kubernetes for a service with this name, not by you. Set enableServiceLinks: false in"
            f" the pod, or give {option.flag}."
        )
    # A database URL holds a password, so its text is not repeated.
    said = "" if option.name == "database_url" else f' is "{text[:80]}" and'
    return f"{source}{said} must be {option.kind.expected}. ({option.meaning.split('. ')[0].rstrip('.')}.)"


def is_loopback(host: str) -> bool:
    """Whether `host` (a name or an address) can only be reached from this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _contradictions(settings: Settings) -> list[str]:
    problems = []
    if not is_loopback(settings.host):
        problems.append(
            f'The host is "{settings.host}", which other machines can reach. The server has no sign-in yet, so it only'
            " listens on this machine: use 127.0.0.1, ::1 or localhost, and for access from elsewhere an SSH tunnel or"
            " a proxy on this machine that authenticates."
        )
    if settings.default_page_size > settings.max_page_size:
        problems.append("FHIR_SERVER_DEFAULT_PAGE_SIZE must not be larger than FHIR_SERVER_MAX_PAGE_SIZE.")
    if settings.max_resource_bytes > settings.max_bundle_bytes:
        problems.append("FHIR_SERVER_MAX_RESOURCE_BYTES must not be larger than FHIR_SERVER_MAX_BUNDLE_BYTES.")
    return problems


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """One sentence for each variable with our prefix that is no setting; probably a typing mistake.

    Not an error: Kubernetes sets FHIR_SERVER_SERVICE_HOST and its like for a service called fhir-server.
    """
    known = [option.variable for option in OPTIONS]
    found = []
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name in known or re.match(PREFIX + r"(SERVICE|PORT)_", name):
            continue
        near = get_close_matches(name, known, n=1)
        found.append(f"{name} is not a setting and is ignored." + (f" Did you mean {near[0]}?" if near else ""))
    return found


def documentation() -> str:
    """The text of docs/configuration.md."""
    rows = []
    for option in OPTIONS:
        meaning, expected = option.meaning.replace("|", "\\|"), option.kind.expected.replace("|", "\\|")
        rows.append(f"| `{option.variable}` | `{option.flag}` | {option.default} | {meaning} Must be {expected}. |")
    return "\n".join(
        [
            "# Configuration",
            "",
            "<!-- Written by `python -m fhir_server.settings`; change fhir_server/settings.py instead. -->",
            "",
            "Settings are environment variables. Each is also a flag of `fhir-server`, which then wins.",
            f"With none set, the server listens on {Settings().base_url} with a PostgreSQL of its own.",
            "`fhir-server doctor` tells whether the settings and the machine are all right.",
            "",
            "| variable | flag | default | meaning |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


if __name__ == "__main__":
    Path(__file__).parents[1].joinpath("docs", "configuration.md").write_text(documentation(), encoding="utf-8")
