"""`promptsearch bench mined`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from promptsearch.cli import options, screen
from promptsearch.cli.command_line import command_line
from promptsearch.cli.options import value
from promptsearch.cli.shared_options import deliver

if TYPE_CHECKING:
    from promptsearch.study.observer import Observer


def command(
    task: Annotated[
        str, value("--task", "-t", metavar="NAME", help="Facts, or a task of classification.", default=True)
    ] = "facts",
    manual: Annotated[
        Path | None,
        value(
            "--manual",
            metavar="FILE",
            help="Manual templates, one JSON object a line: relation, and template with [X] and [Y].",
        ),
    ] = None,
    corpus: options.Corpus = None,
    shots: Annotated[
        str,
        value("--shots", metavar="N", help="For classification: examples a class, or all.", default=True),
    ] = "200",
    plm: options.Measured = None,
    max_facts: Annotated[
        int | None,
        value("--max-facts", metavar="N", min=10, help="At most so many dev and test facts a relation."),
    ] = None,
    read: Annotated[
        int | None, value("--read", metavar="N", min=1, help="Mined templates that a PLM reads.")
    ] = None,
    seed: options.Seed = 0,
    out: options.Tables = None,
    offline: options.Offline = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Compare mined templates with hand-written ones.

    Facts: templates are mined with the train pairs, ranked on train, chosen on dev and scored on test once,
    relation by relation, alone and as an ensemble. Classification: the best mined template on dev against
    the best of ten hand-written ones.
    """
    from promptsearch.bench.machine import Machine, load_now
    from promptsearch.bench.render import machine_note

    machine = Machine.now()
    with screen.watching(quiet or json) as observer:
        if _is_facts(task):
            head, sections, records = _facts(
                task, manual, corpus, plm, (max_facts, read, seed), offline, observer
            )
        else:
            head, sections, records = _frames(task, corpus, plm, shots, seed, offline, observer)
    note = machine_note(machine, load_now())
    page = f"{head}\n```sh\n{command_line()}\n```\n\n```text\n{note}\n```\n\n{sections}"
    deliver(page, records, json, out)


def _is_facts(task: str) -> bool:
    from promptsearch.tasks import sample_relations
    from promptsearch.tasks.catalogue import known_task

    known = known_task(task)
    return known.kind == "fact" if known is not None else bool(sample_relations(task))


def _facts(
    task: str,
    manual: Path | None,
    corpus: list[str] | None,
    plm: list[str] | None,
    numbers: tuple[int | None, int | None, int],
    offline: bool,
    observer: Observer,
) -> tuple[str, str, Any]:
    from promptsearch.bench import mined
    from promptsearch.engines.mining import MiningConfig
    from promptsearch.study.config import DEFAULT_PLMS, DiscoverConfig
    from promptsearch.study.discover import load_search_plm

    templates = mined.manual_templates(manual) if manual is not None else mined.library_templates(task)
    config = DiscoverConfig(offline=offline)
    plms = [load_search_plm(config, name, observer) for name in plm or DEFAULT_PLMS]
    max_facts, read, seed = numbers
    mining = mined.with_places(MiningConfig(read=read or MiningConfig.read), corpus or ())
    found, left_out = mined.measure(task, templates, plms, mining, seed, observer, max_facts)
    told = "".join(f"- Left out: {reason}\n" for reason in left_out)
    sections = "\n".join(mined.markdown(name, results) for name, results in found.items())
    records = {name: [mined.record(r) for r in results] for name, results in found.items()}
    return _FACTS, f"{told}\n{sections}", records


def _frames(
    task: str,
    corpus: list[str] | None,
    plm: list[str] | None,
    shots: str,
    seed: int,
    offline: bool,
    observer: Observer,
) -> tuple[str, str, Any]:
    from promptsearch.bench import mined_frames
    from promptsearch.engines.mining import MiningConfig
    from promptsearch.study.config import DEFAULT_PLMS, DiscoverConfig

    config = DiscoverConfig(
        task=task,
        plms=plm or DEFAULT_PLMS,
        shots=options.parse_shots(shots),
        seed=seed,
        mining=MiningConfig(corpora=tuple(corpus or ())),
        offline=offline,
    )
    found = mined_frames.measure(config, observer)
    sections = "\n".join(mined_frames.markdown(result) for result in found)
    return _CLASSES, sections, [mined_frames.record(result) for result in found]


_FACTS = """# Mined templates

Precision at 1 on test facts, in percent: the share of subjects whose object gets the highest probability
among all objects of the relation (of all splits). *Manual* is the template written by hand; on a PLM that
reads from left to right it is cut off behind the answer. *Most support* is the mined template that ranks
first by support and specificity alone, before any PLM has read it; *mined* is the one that answers best on
150 train facts and dev together, by the mean of precision at 1 over facts and over objects; *ensemble* is up
to ten mined templates with weights fitted on those train facts. Train pairs alone are mined with. A relation
without a test split has its validation split as test and dev drawn from train.
"""

_CLASSES = """# Mined frames

Dev figures of frames mined for classification beside the library's first ten templates. Each template stands
with the label words and the calibration that do best for it on train.
"""
