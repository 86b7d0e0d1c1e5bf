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

_BEGIN, _END = "<!-- {}: written by bench.report -->", "<!-- end of {} -->"
_MEASURES = ("per_second", "p50_ms", "p99_ms", "server_cpu_us", "postgres_cpu_us", "client_cpu_us")


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
        "| scenario | clients | /s (range) | p50 ms | p99 ms | CPU µs server + database | of aim | ratios | errors |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        ratios = ", ".join(f"{share:.2f} of {name}" for name, share in row.get("ratios", {}).items())
        unit = "" if row["unit"] == "requests" else f" {row['unit']}"
        rate = f"{row['per_second']:,.0f}{unit} ({row['lowest']:,.0f}-{row['highest']:,.0f})"
        cpu = " + ".join("-" if row[name] is None else f"{row[name]:,.0f}" for name in _MEASURES[3:5])
        aim = "" if row.get("of_aim") is None else f"{row['of_aim']:.2f} of {row['aim']:,.0f}"
        p99 = "-" if row["p99_ms"] is None else f"{row['p99_ms']:,.2f}"
        lines.append(
            f"| {row['scenario']} | {row['clients']} | {rate} | {row['p50_ms']:,.2f} | {p99} | {cpu} | {aim} | {ratios}"
            f" | {row['errors'] or ''} |"
        )
    return "\n".join(lines)


def triggers_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """What triggers cost, as a Markdown table."""
    lines = [
        "| the portal's SQL | with triggers s | without s | ratio (range) | CPU ratio | WAL ratio | aim |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        if "given_up_after_s" in row:
            lines.append(f"| {row['operation']} | over {row['given_up_after_s']} | | | | | given up |")
            continue
        aim = "" if row["aim"] is None else f"≤ {row['aim']:g}" + ("" if row["ratio"] <= row["aim"] else " (missed)")
        cpu = "-" if row["cpu_ratio"] is None else f"{row['cpu_ratio']:.2f}"
        lines.append(
            f"| {row['operation']} | {row['traced_s']:.2f} | {row['bare_s']:.2f}"
            f" | {row['ratio']:.2f} ({row['lowest']:.2f}-{row['highest']:.2f})"
            f" | {cpu} | {row['wal_ratio']:.2f} | {aim} |"
        )
    return "\n".join(lines)


def markdown(result: Mapping[str, Any]) -> str:
    """A whole result file for people."""
    machine = result["machine"]
    size = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in result.get("size", {}).items())
    postgresql = machine["postgresql"]
    facts = [
        f"{result['date']}, commit {machine['commit']}, {machine['cores']} cores ({machine['cpu']}),",
        f"{machine['memory']} of memory, PostgreSQL {postgresql['server_version']} (shared_buffers",
        f"{postgresql['shared_buffers']}, fsync {postgresql['fsync']}), Python {machine['python']},",
        f"load average before: {machine['load_before']:.1f}.",
    ]
    if size:
        facts.append(f"Data: {size}.\n{result['rounds']} rounds of {result['seconds']:g} s each.")
    for name, one in result.get("memory_mb", {}).items():
        facts.append(f"Memory of {name} at the end: {one['pss']:.0f} MB, shared pages counted once.")
    shown = triggers_table(result["triggers"]) if "triggers" in result else table(result["rows"])
    return "\n".join([*facts, "", shown])


def write_into(page: Path, kind: str, text: str) -> None:
    """Replaces what stands between the two marks of a `kind` in a page. Raises ValueError when it has none."""
    begin, end = _BEGIN.format(kind), _END.format(kind)
    before, found, rest = page.read_text(encoding="utf-8").partition(begin)
    _, found_end, after = rest.partition(end)
    if not found or not found_end:
        raise ValueError(f"{page} has no place for results of kind {kind}")
    page.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description="Print a result file as a table.")
    parser.add_argument("result", type=Path)
    parser.add_argument("--into", type=Path, help="a page with marks for results, such as docs/performance.md")
    arguments = parser.parse_args()
    result = json.loads(arguments.result.read_text(encoding="utf-8"))
    text = markdown(result)
    print(text)
    if arguments.into:
        write_into(arguments.into, "triggers" if "triggers" in result else "http", text)


if __name__ == "__main__":
    main()
