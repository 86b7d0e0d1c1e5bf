"""Turns rounds into medians with spread, and those into a table in Markdown or a section of docs/performance.md.

`python -m bench.report bench/results/FILE.json [--into docs/performance.md]`
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

BEGIN, END = "<!-- results: written by bench.report -->", "<!-- end of results -->"
_MEASURES = ("per_second", "p50_ms", "p99_ms", "server_cpu_us", "postgres_cpu_us")


def summary(rounds: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One row of the results: for each measure the median and, for the rate, the lowest and the highest round."""
    said: dict[str, Any] = {name: rounds[0][name] for name in ("scenario", "clients", "unit", "aim")}
    for measure in _MEASURES:
        values = [one[measure] for one in rounds if one.get(measure) is not None]
        said[measure] = median(values) if values else None
    rates = [one["per_second"] for one in rounds]
    said |= {"lowest": min(rates), "highest": max(rates), "errors": sum(one["errors"] for one in rounds)}
    said["rounds"] = len(rounds)
    sample = next((one["sample"] for one in rounds if one.get("sample")), None)
    return said if sample is None else {**said, "sample": sample}


def with_ratios(rows: list[dict[str, Any]], yardsticks: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """The rows with their share of each yardstick at the same number of clients, and of the aim at 8 clients."""
    rates = {(row["scenario"], row["clients"]): row["per_second"] for row in rows}
    for row in rows:
        row["ratios"] = {
            name: row["per_second"] / rates[name, row["clients"]]
            for name in yardsticks.get(row["scenario"], ())
            if rates.get((name, row["clients"]))
        }
        row["of_aim"] = row["per_second"] / row["aim"] if row["aim"] and row["clients"] == 8 else None
    return rows


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows as a Markdown table."""
    lines = [
        "| scenario | clients | /s (lowest-highest) | p50 ms | p99 ms | CPU µs: server + PostgreSQL | of aim | ratios | errors |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        ratios = ", ".join(f"{share:.2f} of {name}" for name, share in row.get("ratios", {}).items())
        unit = "" if row["unit"] == "requests" else f" {row['unit']}"
        rate = f"{row['per_second']:,.0f}{unit} ({row['lowest']:,.0f}-{row['highest']:,.0f})"
        cpu = " + ".join("-" if row[name] is None else f"{row[name]:,.0f}" for name in _MEASURES[3:])
        aim = "" if row.get("of_aim") is None else f"{row['of_aim']:.2f} of {row['aim']:,.0f}"
        p99 = "-" if row["p99_ms"] is None else f"{row['p99_ms']:,.2f}"
        lines.append(
            f"| {row['scenario']} | {row['clients']} | {rate} | {row['p50_ms']:,.2f} | {p99} | {cpu} | {aim} | {ratios}"
            f" | {row['errors'] or ''} |"
        )
    return "\n".join(lines)


def markdown(result: Mapping[str, Any]) -> str:
    """A whole result file for people."""
    machine = result["machine"]
    size = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in result.get("size", {}).items())
    facts = [
        f"{result['date']}, commit {machine['commit']}, {machine['cores']} cores ({machine['cpu']}), {machine['memory']},"
        f" PostgreSQL {machine['postgresql']['server_version']}, Python {machine['python']},"
        f" load average before: {machine['load_before']:.1f}.",
    ]
    if size:
        facts.append(f"Data: {size}. {result['rounds']} rounds of {result['seconds']:g} s each.")
    if "memory_mb" in result:
        said = ", ".join(
            f"{name} {one['pss']:.0f} MB ({one['rss']:.0f} RSS)" for name, one in result["memory_mb"].items()
        )
        facts.append(f"Memory at the end, shared pages counted once: {said}.")
    return "\n".join([*facts, "", table(result["rows"])])


def write_into(page: Path, text: str) -> None:
    """Replaces what stands between the two marks of a page. Raises ValueError when it has none."""
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page} has no place for results")
    page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description="Print a result file as a table.")
    parser.add_argument("result", type=Path)
    parser.add_argument("--into", type=Path, help="a page with marks for results, such as docs/performance.md")
    arguments = parser.parse_args()
    text = markdown(json.loads(arguments.result.read_text(encoding="utf-8")))
    print(text)
    if arguments.into:
        write_into(arguments.into, text)


if __name__ == "__main__":
    main()
