"""Medians, ratios and the page that results are written into."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench.report import summary, table, with_ratios, write_into


def _round(scenario: str, rate: float, **more: Any) -> dict[str, Any]:
    measured = {"p50_ms": 1.0, "p99_ms": 2.0, "server_cpu_us": 100.0, "postgres_cpu_us": 50.0, "errors": 0}
    return {"scenario": scenario, "clients": 8, "unit": "requests", "aim": None, "per_second": rate, **measured, **more}


def test_a_row_is_the_median_of_its_rounds_with_the_lowest_and_the_highest_rate() -> None:
    row = summary([_round("read", 100), _round("read", 300, errors=2), _round("read", 110)])

    assert (row["per_second"], row["lowest"], row["highest"]) == (110, 100, 300)
    assert (row["errors"], row["rounds"]) == (2, 3)


def test_a_measure_that_no_round_has_stays_unknown() -> None:
    assert summary([_round("pgbench", 100, p99_ms=None)])["p99_ms"] is None


def test_ratios_are_to_the_yardstick_at_the_same_number_of_clients_and_to_the_aim() -> None:
    rows = [
        summary([_round("read", 50, aim=200)]),
        summary([_round("bound", 100)]),
        summary([_round("bound", 1, clients=1)]),
    ]

    read = with_ratios(rows, {"read": ["bound", "not measured"]})[0]

    assert read["ratios"] == {"bound": 0.5}
    assert read["of_aim"] == 0.25
    assert "0.50 of bound" in table([read])
    assert "0.25 of 200" in table([read])


def test_results_replace_what_stood_between_their_marks_and_nothing_else(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- http: written by bench.report -->old<!-- end of http -->\nafter\n")

    write_into(page, "http", "new")

    text = page.read_text()
    assert "old" not in text
    assert text.startswith("before\n<!-- http: written by bench.report -->")
    assert "\n\nnew\n\n<!-- end of http -->\nafter\n" in text
    with pytest.raises(ValueError, match="no place"):
        write_into(page, "triggers", "new")


def test_the_page_of_the_project_has_a_place_for_both_kinds_of_results(tmp_path: Path) -> None:
    copy = tmp_path / "performance.md"
    copy.write_text(Path(__file__).parents[3].joinpath("docs", "performance.md").read_text(encoding="utf-8"))

    write_into(copy, "http", "one")
    write_into(copy, "triggers", "two")

    assert "\none\n" in copy.read_text()
    assert "\ntwo\n" in copy.read_text()
