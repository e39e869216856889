"""Label words without a single labelled example: expanded from the labels' names, denoised on plain texts."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from promptsearch.artefact import EvaluationRecord
from promptsearch.engines.base import Budget, Candidate, candidate_log_probs
from promptsearch.engines.manual import library_for
from promptsearch.engines.words import WordsEngine
from promptsearch.plms.base import PLM, AnswerScoring
from promptsearch.prompt import Prompt
from promptsearch.scoring import Evaluation, evaluate
from promptsearch.study.artefacts import CONFIG_FILE, PROMPT_FILE, clear, new_folder, write_json
from promptsearch.study.config import DiscoverConfig
from promptsearch.study.documents import evaluation_record, prompt_document
from promptsearch.study.evaluating import majority_of_test
from promptsearch.study.loading import load_search_plm
from promptsearch.study.observer import Observer
from promptsearch.study.record import config_record
from promptsearch.study.texts import task_and_texts
from promptsearch.tasks.task import Example, Task, gold
from promptsearch.template import Template


@dataclass(frozen=True)
class Step:
    """A verbalizer on the way from the labels' names to the chosen words.

    Attributes:
        test: figures on labelled test examples, on which nothing was chosen; None where there are none.
    """

    candidate: Candidate
    test: Evaluation | None

    @property
    def name(self) -> str:
        """Name of the step or method."""
        return str(self.candidate.provenance["method"])


@dataclass(frozen=True)
class WordsFound:
    """The outcome of a search without labels.

    Attributes:
        steps: the chain in its order, then methods beside it.
        chosen: the prompt's: the end of the chain, or the method that was asked for alone.
        n_texts: unlabelled texts that were read.
    """

    task: Task
    plm: str
    template: Template
    steps: tuple[Step, ...]
    chosen: Step
    prompt: Prompt
    n_texts: int
    majority: Evaluation | None
    seconds: float
    folder: Path


def run(config: DiscoverConfig, observer: Observer) -> WordsFound:
    """Find label words for one template on one PLM without labelled examples.

    The last refinement asked for is the result: nothing is selected, since nothing can be measured.

    Raises:
        PromptSearchError: whatever the task, texts, PLM or options make impossible.
    """
    start = time.monotonic()
    observer.stage("Reading the data")
    task, texts = task_and_texts(config)
    for notice in task.notices:
        observer.notice(notice)
    WordsEngine(config.label_words).check(task)
    [reference] = config.plms or ("minilm-mlm",)
    observer.stage(f"Loading {reference}")
    plm = load_search_plm(config, reference, observer)
    plm.watch(observer.advance)
    template = _template(config, task, plm)
    folder = new_folder(task.name, Path(config.out) if config.out is not None else None)
    observer.stage(f"{reference}: {len(texts)} texts")
    try:
        candidates = _candidates(config, task, plm, template, texts)
    except BaseException:
        if config.out is None:
            with suppress(OSError):
                folder.rmdir()
        raise
    observer.stage(f"{reference}: scoring {len(task.test)} test examples, once")
    steps = tuple(Step(each, _on_test(config, plm, each, task.test)) for each in candidates)
    majority = majority_of_test(task) if task.test else None
    last, scoring = _chosen(config, steps), AnswerScoring(config.normalisation)
    evaluations: list[EvaluationRecord] = []
    if last.test is not None and majority is not None:
        evaluations = [evaluation_record("test", task.metric, last.test, steps[0].test, majority)]
    calibration = last.candidate.calibration
    if calibration is None:
        raise ValueError("the engine `words` calibrates what it finds")
    document = prompt_document(task, plm, last.candidate, calibration, scoring, config.seed, evaluations)
    prompt = Prompt(document, config.device, config.offline, config.trust_remote_code, _plm=plm)
    found = WordsFound(
        task,
        plm.identity.reference,
        template,
        steps,
        last,
        prompt,
        len(texts),
        majority,
        time.monotonic() - start,
        folder,
    )
    _write(found, config)
    return found


def _write(found: WordsFound, config: DiscoverConfig) -> None:
    from promptsearch.report import without_labels

    clear(found.folder)
    write_json(found.folder / CONFIG_FILE, config_record(config, found.task))
    without_labels.write(found.folder / "report.md", found)
    # Last, so that its presence tells that the run is complete.
    found.prompt.save(found.folder / PROMPT_FILE)


def _chosen(config: DiscoverConfig, steps: Sequence[Step]) -> Step:
    """Nothing can be measured, so it is the end of the chain, else what was asked for in its place."""
    chain = [step for step in steps if "step" in step.candidate.provenance]
    beside = [step for step in steps if "step" not in step.candidate.provenance]
    return chain[-1] if "expanded" in config.label_words.methods or not beside else beside[-1]


def _template(config: DiscoverConfig, task: Task, plm: PLM) -> Template:
    """The user's template, else the manual baseline's."""
    if not config.templates:
        return library_for(task, plm.identity.family)[0].template
    template = Template.parse(config.templates[0])
    template.check_fields(task.fields)
    if not plm.identity.reads_right:
        template.check_left_to_right(plm.identity.reference)
    return template


def _candidates(
    config: DiscoverConfig, task: Task, plm: PLM, template: Template, texts: Sequence[Example]
) -> list[Candidate]:
    """Methods that need no label, the chain first."""
    unlabelled = replace(task, splits={"train": tuple(texts)}, _fingerprints={})
    engine = WordsEngine(config.label_words, [template], scoring=AnswerScoring(config.normalisation))
    found = list(engine.search(unlabelled, plm, Budget(), config.seed))
    return sorted(found, key=lambda candidate: "step" not in candidate.provenance)


def _on_test(
    config: DiscoverConfig, plm: PLM, candidate: Candidate, test: Sequence[Example]
) -> Evaluation | None:
    if not test:
        return None
    log_probs = candidate_log_probs(plm, candidate, AnswerScoring(config.normalisation), test)
    return evaluate(log_probs, gold(test))
