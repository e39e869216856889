"""The strategies side by side, as Markdown and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from promptsearch.bench.accuracy import Margin
from promptsearch.bench.machine import Machine
from promptsearch.bench.strategies import Measured
from promptsearch.report.marks import code, escape, table

_TITLES = (
    "strategy",
    "test accuracy % (s.d.)",
    "over the same template without tuning, points",
    "dev accuracy %",
    "steps",
    "training s",
    "all s",
    "memory MB",
    "trained numbers",
    "stored numbers",
)


def page(found: Sequence[Measured], seeds: int, machine: Machine, command: str) -> str:
    """A section for each PLM and number of examples."""
    groups: dict[tuple[str, str], list[Measured]] = {}
    for each in found:
        groups.setdefault((each.setting.plm, each.setting.shots), []).append(each)
    parts = [
        "# Strategies of training around a prompt",
        f"Means over {seeds} draws of train and dev; the test split is the same for all. The interval is "
        "that of a paired bootstrap over test examples. Every training had a process of its own; memory is "
        "the most that it had resident (or took on the GPU).",
        *(_section(*key, rows) for key, rows in groups.items()),
        f"{machine.date}, {escape(machine.processor)}, {machine.cores} cores, load {machine.load}; "
        + ", ".join(f"{name} {version}" for name, version in machine.versions.items()),
        f"Command: {code(command)}",
    ]
    return "\n\n".join(parts) + "\n"


def record(found: Sequence[Measured], machine: Machine) -> dict[str, Any]:
    """All of that for machines."""
    return {
        "machine": machine.record(),
        "measured": [
            {
                **asdict(each.setting),
                "why": each.why or None,
                "accuracy": each.accuracy if each.records else None,
                "spread": each.spread if each.records else None,
                "margin": None if not each.records or each.margin is None else asdict(each.margin),
                "runs": list(each.records),
            }
            for each in found
        ],
    }


def _section(plm: str, shots: str, rows: Sequence[Measured]) -> str:
    done = next((each.records[0] for each in rows if each.records), None)
    on = ""
    if done is not None:
        name = (
            done["task"] if not done["stand_in_for"] else f"{done['task']} in place of {done['stand_in_for']}"
        )
        on = f"{name}, {done['splits']['test']:,} test examples, majority class "
        on += f"{100 * done['majority']['test']:.1f} %. In {done['dtype']} on {done['device']}."
    lines = [f"## {plm}, {shots} examples a class", escape(on), table(_TITLES, [_row(row) for row in rows])]
    lines += [f"- {escape(row.setting.strategy)}: {escape(row.why)}" for row in rows if row.why]
    return "\n\n".join(line for line in lines if line)


def _row(each: Measured) -> tuple[str, ...]:
    if not each.records:
        return (each.setting.strategy, *("–" for _ in _TITLES[1:]))
    trained = each.mean("training", "seconds") is not None
    return (
        each.setting.strategy,
        f"{100 * each.accuracy:.1f} ({100 * each.spread:.1f})",
        _margin(each.margin),
        _percent(each, "dev"),
        f"{_steps(each):.0f}" if trained else "0",
        _number(each.mean("training", "seconds")) if trained else "0",
        _number(each.mean("seconds")),
        _number(_megabytes(each.mean("training", "peak_bytes"))),
        _number(each.mean("training", "parameters")) if trained else "0",
        _number(each.mean("numbers")),
    )


def _margin(margin: Margin | None) -> str:
    if margin is None:
        return "–"
    return f"{100 * margin.value:+.1f} ({100 * margin.low:+.1f} to {100 * margin.high:+.1f})"


def _percent(each: Measured, split: str) -> str:
    values = [run["prompts"][0][split] for run in each.records]
    if any(value is None for value in values):
        return "–"
    return f"{100 * sum(value['value'] for value in values) / len(values):.1f}"


def _steps(each: Measured) -> float:
    """Mean over seeds of the steps of all starts."""
    totals = [sum(looks[-1]["step"] for looks in run["training"]["starts"] if looks) for run in each.records]
    return sum(totals) / len(totals)


def _megabytes(value: float | None) -> float | None:
    return None if value is None else value / 1e6


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"
