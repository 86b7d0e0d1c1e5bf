"""Settings are read, checked and documented from one table."""

from __future__ import annotations

from pathlib import Path

import pytest

from fhir_server.settings import OPTIONS, Settings, SettingsError, documentation, unknown_variables

ROOT = Path(__file__).parents[2]


def problems(environ: dict[str, str], flags: dict[str, str | None] | None = None) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        Settings.load(environ, flags)
    return caught.value.problems


def test_everything_has_a_default() -> None:
    settings = Settings.load({})
    assert settings.base_url == "http://127.0.0.1:8080/fhir"
    assert settings.database_url is None
    assert (settings.workers, settings.threads, settings.default_page_size) == (2, 4, 50)


def test_environment_variables_are_read_with_their_types() -> None:
    settings = Settings.load(
        {
            "FHIR_SERVER_PORT": " 9000 ",
            "FHIR_SERVER_BASE_PATH": "/api/r4/",
            "FHIR_SERVER_TRUSTED_PROXIES": "10.0.0.0/8, ::1",
            "FHIR_SERVER_SECOND_OPINION": "Off",
            "FHIR_SERVER_DATA_DIR": "~/fhir",
            "DATABASE_URL": "postgresql://me@db/portal",
            "FHIR_SERVER_CLINIC_TIME_ZONE": "America/New_York",
        }
    )
    assert settings.port == 9000
    assert settings.base_path == "/api/r4"
    assert [str(network) for network in settings.trusted_proxies] == ["10.0.0.0/8", "::1/128"]
    assert settings.second_opinion is False
    assert settings.data_dir == Path.home() / "fhir"
    assert settings.database_url == "postgresql://me@db/portal"


def test_a_flag_wins_over_the_environment() -> None:
    assert Settings.load({"FHIR_SERVER_PORT": "9000"}, {"port": "9001", "host": None}).port == 9001


def test_an_empty_variable_counts_as_not_set() -> None:
    assert Settings.load({"FHIR_SERVER_PORT": "", "DATABASE_URL": " "}).port == 8080


def test_the_data_directory_follows_the_xdg_variable_when_it_is_absolute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/srv/data")
    assert Settings.load({}).data_dir == Path("/srv/data/fhir-server")
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    assert Settings.load({}).data_dir == Path.home() / ".local/share/fhir-server"


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("FHIR_SERVER_PORT", "0"),
        ("FHIR_SERVER_PORT", "70000"),
        ("FHIR_SERVER_PORT", "8e3"),
        ("FHIR_SERVER_PORT", "٨٠"),
        ("FHIR_SERVER_HOST", "not a host"),
        ("FHIR_SERVER_BASE_PATH", "/"),
        ("FHIR_SERVER_BASE_PATH", "fhir"),
        ("FHIR_SERVER_BASE_PATH", "/a/../b"),
        ("FHIR_SERVER_BASE_PATH", "/a//b"),
        ("FHIR_SERVER_PUBLIC_BASE_URL", "ftp://example.org"),
        ("FHIR_SERVER_PUBLIC_BASE_URL", "https://user:secret@example.org"),
        ("FHIR_SERVER_TRUSTED_PROXIES", "10.0.0.0/99"),
        ("FHIR_SERVER_ALLOWED_HOSTS", "a/b"),
        ("FHIR_SERVER_CLINIC_TIME_ZONE", "Mars/Olympus"),
        ("FHIR_SERVER_CLINIC_TIME_ZONE", "../../etc/passwd"),
        ("FHIR_SERVER_SECOND_OPINION", "maybe"),
        ("FHIR_SERVER_LOG_LEVEL", "loud"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_with_what_it_must_be(variable: str, text: str) -> None:
    (problem,) = problems({variable: text})
    assert variable in problem
    assert "must be" in problem


def test_all_problems_are_told_at_once() -> None:
    assert len(problems({"FHIR_SERVER_PORT": "x", "FHIR_SERVER_WORKERS": "y"})) == 2


def test_a_problem_with_a_flag_names_the_flag() -> None:
    (problem,) = problems({}, {"port": "x"})
    assert problem.startswith("--port ")


def test_the_password_in_a_database_url_is_not_repeated() -> None:
    (problem,) = problems({"DATABASE_URL": "mysql://me:hunter2@db/portal"})
    assert "hunter2" not in problem


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "fhir.example.org", "127.0.0.1.example.org"])
def test_the_server_refuses_to_listen_beyond_this_machine(host: str) -> None:
    (problem,) = problems({"FHIR_SERVER_HOST": host})
    assert "no sign-in yet" in problem


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_the_server_listens_on_loopback_addresses(host: str) -> None:
    assert Settings.load({"FHIR_SERVER_HOST": host}).host == host


def test_settings_that_contradict_each_other_are_refused() -> None:
    (problem,) = problems({"FHIR_SERVER_DEFAULT_PAGE_SIZE": "2000"})
    assert "MAX_PAGE_SIZE" in problem


def test_a_port_that_kubernetes_set_is_explained() -> None:
    (problem,) = problems({"FHIR_SERVER_PORT": "tcp://10.0.0.1:8080"})
    assert "enableServiceLinks" in problem


def test_a_misspelt_variable_is_noticed_with_the_nearest_name() -> None:
    (warning,) = unknown_variables({"FHIR_SERVER_PROT": "1", "FHIR_SERVER_SERVICE_HOST": "10.0.0.1", "PATH": "/"})
    assert warning.endswith("Did you mean FHIR_SERVER_PORT?")


def test_the_base_url_puts_brackets_around_an_ipv6_host() -> None:
    assert Settings.load({"FHIR_SERVER_HOST": "::1"}).base_url == "http://[::1]:8080/fhir"


def test_a_public_base_url_is_the_base_url() -> None:
    assert Settings.load({"FHIR_SERVER_PUBLIC_BASE_URL": "https://x.example/r4/"}).base_url == "https://x.example/r4"


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Settings.load({}).port = 1  # type: ignore[misc]


def test_each_default_is_one_that_its_own_reader_accepts() -> None:
    settings = Settings.load({})
    for option in OPTIONS:
        value = getattr(settings, option.name)
        if isinstance(value, (str, bool, int)):
            text = {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)
            assert option.kind.read(text) == value


def test_the_documentation_is_up_to_date() -> None:
    assert (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8") == documentation(), (
        "run: python -m fhir_server.settings"
    )
