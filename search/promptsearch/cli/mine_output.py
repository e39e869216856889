"""What `promptsearch mine` shows: templates, how often they were found, and how a PLM answers with them."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from promptsearch.cli import discover_output, screen
from promptsearch.cli.tables import files_line, template_text
from promptsearch.showing import count, printable

if TYPE_CHECKING:
    from promptsearch.cli.mine_options import MineOptions
    from promptsearch.engines.mining.framing import Frame
    from promptsearch.engines.mining.mined import Mined, Sighting
    from promptsearch.engines.mining.mining import Mining
    from promptsearch.scoring import Evaluation
    from promptsearch.study.ensembles import Ensemble
    from promptsearch.study.mining_only import MinedOnly
    from promptsearch.study.result import Discovery

_WITH_EXAMPLES = 5  # templates whose sentences are shown
_EXAMPLES = 2
_AROUND = 60  # characters of a sentence before and behind what is marked
_ROWS = 12  # templates of a PLM


def show_mined(found: MinedOnly, told: Sequence[str], most: int, json: bool) -> None:
    """What was mined, where no PLM has ranked it."""
    from promptsearch.report.mined_only import more_in_file, share, share_name, wording

    if json:
        screen.print_json(_mined_record(found, told, most))
        return
    console, templates = screen.stdout(), found.mining.templates
    _show_line(console, found.mining, found.task.kind)
    if templates:
        table = _table(share_name(found))
        for template in templates[:most]:
            table.add_row(_one_line(wording(template)), f"{template.support:,}", f"{share(template):.2f}")
        console.print(table)
        if len(templates) > most:
            console.print(Text(more_in_file(len(templates) - most), style="dim"))
        console.print()
        for template in templates[:_WITH_EXAMPLES]:
            _show_examples(console, template, wording(template))
    else:
        _show_nothing(console, found.mining)
    console.print(Text(printable(f"{found.seconds:.0f} s. {files_line(found.folder)}")))


def show_searched(found: Discovery, told: Sequence[str], options: MineOptions) -> None:
    """What was mined, as the PLMs ranked it, then what `discover` shows."""
    from promptsearch.report.mined_remarks import by_hand

    remarks = _remarks(found, options.min_support is None)
    if options.json:
        screen.print_json(_searched_record(found, [*told, *remarks]))
        return
    console, mining = screen.stdout(), found.mining
    if mining is not None:
        _show_line(console, mining, found.task.kind)
        if mining.templates:
            _show_ranked(console, found)
        else:
            _show_nothing(console, mining)
    elif not found.interrupted:
        console.print(Text("No template was mined; hand-written ones alone were tried."))
    for ensemble in found.ensembles:
        _show_ensemble(console, ensemble, found.task.metric)
    for remark in (*remarks, by_hand(found)):
        if remark:
            console.print(Text(remark))
    console.print()
    discover_output.show(found)
    _show_better(console, found)


def _remarks(found: Discovery, default_support: bool) -> list[str]:
    """What must be known beside the figures."""
    from promptsearch.report.mined_remarks import lowered, too_few

    by_itself = lowered(found.mining, found.task.kind) if default_support and found.mining else None
    return [remark for remark in (by_itself, too_few(found)) if remark]


def _show_better(console: Console, found: Discovery) -> None:
    """How to use the ensemble, where it is what does best."""
    from promptsearch.report.mined_remarks import against_best, better_ensemble

    ensemble = better_ensemble(found)
    if ensemble is not None:
        file = shlex.quote(str(found.folder / ensemble.file))
        text = (
            f"Or the ensemble of {len(ensemble.members)} mined templates, which is better on dev "
            f'({against_best(found, ensemble)}): promptsearch predict {file} "…"'
        )
        console.print(Text(printable(text), style="dim"))


def _show_line(console: Console, mining: Mining, kind: str) -> None:
    """What was read, how fast, and what of it was met."""
    from promptsearch.report.mined_remarks import met

    own = mining.sentences - mining.before
    rate = f" ({own / mining.seconds:,.0f}/s)" if own and mining.seconds >= 0.05 else ""
    before = f", {mining.before:,} of them in an earlier run," if mining.before else ""
    console.print(
        Text(
            f"Mined {count(mining.sentences, 'sentence')}{before} in {mining.seconds:.1f} s{rate}: "
            f"{met(mining, kind)} met, "
            f"{count(len(mining.templates), 'template')} found."
        )
    )


def _show_nothing(console: Console, mining: Mining) -> None:
    """That nothing was found, and the nearest reason."""
    why = mining.notices[-1:] or ("No words stand with enough pairs; give more text, or --min-support 1.",)
    console.print(Text(printable(f"Nothing was found. {why[0]}")))
    if mining.notices:
        console.print("Give more text, or text that speaks of the task (--corpus, which may be repeated).")


def _table(share: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("template", overflow="fold", ratio=1)
    table.add_column("support", justify="right", no_wrap=True)
    table.add_column(share, justify="right", no_wrap=True)
    return table


def _show_ranked(console: Console, found: Discovery) -> None:
    from promptsearch.report.mined_only import share
    from promptsearch.report.mined_remarks import compared
    from promptsearch.report.mined_rows import mined_rows
    from promptsearch.report.rows import figure, percent

    metric, rows = found.task.metric, mined_rows(found)
    several = len({row.trial.plm for row in rows}) > 1
    for plm in dict.fromkeys(row.trial.plm for row in rows):
        of_plm = [row for row in rows if row.trial.plm == plm][:_ROWS]
        if several:
            console.print(Text(printable(plm), style="cyan"))
        table = _table("specificity" if found.task.kind == "fact" else "balance")
        table.add_column("train %", justify="right", no_wrap=True)
        table.add_column(f"dev {metric} %", justify="right", no_wrap=True)
        for row in of_plm:
            cells = (
                f"{row.mined.support:,}",
                f"{share(row.mined):.2f}",
                percent(row.trial.train.value(metric)),
            )
            dev = figure(row.trial.dev, metric, with_n=False)
            table.add_row(_one_line(row.template, bold=row.chosen), *cells, dev)
        console.print(table)
    told = compared(found, rows) if rows else "None of them can be read by the PLM."
    console.print(Text(told, style="dim"))


def _show_ensemble(console: Console, ensemble: Ensemble, metric: str) -> None:
    from promptsearch.report.rows import figure

    text = (
        f"The {len(ensemble.members)} best of {ensemble.plms[0]} together, weights learned on train: "
        f"dev {figure(ensemble.dev, metric)}"
    )
    if ensemble.test is not None:
        text += f", test {figure(ensemble.test, metric)}"
    console.print(Text(printable(f"{text} ({ensemble.file}).")))


def _one_line(template: str, bold: bool = False) -> Text:
    text = template_text(template.replace("\n", "⏎"))
    if bold:
        text.stylize("bold")
    return text


def _show_examples(console: Console, template: Mined | Frame, wording: str) -> None:
    shown: list[RenderableType] = [_one_line(wording)]
    for sighting in template.sightings[:_EXAMPLES]:
        shown.append(Padding(marked(sighting), (0, 0, 0, 2)))
    console.print(Group(*shown))
    console.print()


def marked(sighting: Sighting) -> Text:
    """The sentence, or what of it stands near, with the two sides and the words of the template in colour."""
    sentence = sighting.sentence
    marks = ((sighting.words, "bold yellow"), (sighting.x, "cyan"), (sighting.y, "bold magenta"))
    # A frame without a salient word has an empty side, which stands nowhere.
    spans = [(span, style) for span, style in marks if span[0] < span[1]]
    start = max(0, min(span[0] for span, _ in spans) - _AROUND)
    stop = min(len(sentence), max(span[1] for span, _ in spans) + _AROUND)
    text = Text("…" if start else "", end="")
    borders = sorted({start, stop, *(end for span, _ in spans for end in span)})
    for left, right in pairwise(borders):
        inside = [style for span, style in spans if span[0] <= left and right <= span[1]]
        text.append(printable(sentence[left:right]), style=inside[-1] if inside else "")
    return text.append("…" if stop < len(sentence) else "")


def _mined_record(found: MinedOnly, told: Sequence[str], most: int) -> dict[str, Any]:
    record = found.mining.record()
    return {
        "folder": str(found.folder),
        "task": found.task.name,
        "stand_in_for": found.task.stand_in_for,
        "seconds": round(found.seconds, 2),
        "notices": [*told, *found.notices],
        "mining": {**record, "found": len(record["templates"]), "templates": record["templates"][:most]},
    }


def _searched_record(found: Discovery, told: Sequence[str]) -> dict[str, Any]:
    from promptsearch.report.mined_rows import mined_rows

    metric = found.task.metric
    record = discover_output.record(found)
    mining = found.mining.record() if found.mining is not None else None
    if mining is not None:
        mining |= {"found": len(mining.pop("templates"))}
    return {
        **record,
        "notices": [*told, *record["notices"]],
        "mining": mining,
        "mined": [row.trial.record(metric) for row in mined_rows(found)],
        "ensembles": [_ensemble_record(ensemble, metric) for ensemble in found.ensembles],
    }


def _ensemble_record(ensemble: Ensemble, metric: str) -> dict[str, Any]:
    def figures(evaluation: Evaluation | None) -> dict[str, Any] | None:
        return None if evaluation is None else discover_output.figures(evaluation, metric)

    return {
        "plm": ensemble.plms[0],
        "members": [
            {"template": str(trial.candidate.template), "weight": round(weight, 6)}
            for trial, weight in zip(ensemble.members, ensemble.weights)
        ],
        "dev": figures(ensemble.dev),
        "test": figures(ensemble.test),
        "file": ensemble.file,
    }
