"""The report of a training around a prompt: Markdown for people, JSON for machines."""

from __future__ import annotations

from collections.abc import Sequence

from promptsearch.engines.soft.config import GCE_POWER
from promptsearch.engines.soft.nearest import CAUTION, Neighbour
from promptsearch.paths import atomic_write
from promptsearch.report.marks import code, escape, table
from promptsearch.report.rows import figure, percent
from promptsearch.report.tuning_record import record
from promptsearch.report.words import short_words
from promptsearch.scoring import Difference
from promptsearch.showing import printable
from promptsearch.study.artefacts import TUNING_FILE, write_json
from promptsearch.tuning.outcome import MANUAL, TUNED, UNTUNED, Compared, Trained, Tuning

_ROLES = {
    TUNED: "the tuned prompt",
    UNTUNED: "the same template without tuning",
    MANUAL: "the manual prompt",
}
_ENDINGS = {
    "steps": "all steps were done",
    "patience": "dev got no better any more",
    "stopped": "the time was over",
}
_LOSSES = {"ce": "cross-entropy", "gce": f"generalised cross-entropy (q = {GCE_POWER:g})"}
_PARTS = {"soft": "soft tokens", "prefix": "prefix", "lm": "PLM"}
_LOOKS = 40  # rows of the table of looks
_TOKENS = 40  # rows of that of soft tokens


def write(found: Tuning) -> None:
    """Write the report beside the prompt file, as data first.

    Raises:
        StorageError: a file cannot be written.
    """
    write_json(found.folder / TUNING_FILE, record(found))
    atomic_write(found.folder / "report.md", printable(markdown(found)))


# In words ------------------------------------------------------------------------------------------


def role_of(row: Compared, found: Tuning) -> str:
    """What a prompt is called."""
    if row.role == TUNED and found.trained is None:
        return "the prompt"
    if row.role == UNTUNED and not any(other.role == MANUAL for other in found.rows):
        return f"{_ROLES[MANUAL]} ({_ROLES[UNTUNED]})"
    return _ROLES[row.role]


def outcome(found: Tuning) -> str:
    """The outcome in one sentence."""
    metric, tuned = found.task.metric, found.tuned.test
    low, high = tuned.interval(metric)
    sentence = (
        f"{percent(tuned.value(metric))} % {metric} on {tuned.n:,} test examples "
        f"(95 % interval {percent(low)} to {percent(high)})"
    )
    rest = [f"{percent(row.test.value(metric))} % for {role_of(row, found)}" for row in found.rows[1:]]
    rest.append(f"{percent(found.majority_test.value(metric))} % for the majority class")
    return f"{sentence}, against {_listed(rest)}."


def verdicts(found: Tuning) -> list[str]:
    """Whether the tuned prompt can be told apart from each beside it."""
    told = []
    for row in found.rows[1:]:
        if (gap := row.to_tuned) is not None:
            apart = "cannot be told apart" if gap.low <= 0 <= gap.high else "can be told apart"
            own = _capital(role_of(found.tuned, found))
            told.append(f"{own} {apart} from {role_of(row, found)}: {gap_text(gap)}.")
    return told


def gap_text(gap: Difference) -> str:
    """A paired difference on test in points."""
    return (
        f"{100 * gap.value:+.1f} points, 95 % interval {100 * gap.low:+.1f} to {100 * gap.high:+.1f}, "
        f"p = {gap.p_value:.3g}"
    )


def cost_lines(found: Tuning) -> list[str]:
    """What the training took, and what the prompt needs to store."""
    lines = [f"Stored numbers beside the PLM and the words: {found.numbers:,}."]
    trained = found.trained
    if trained is not None:
        steps = sum(course.step for course in trained.courses)
        lines.append(
            f"Trained: {trained.parameters:,} numbers in {steps:,} steps over {len(trained.courses)} "
            f"{'start' if len(trained.courses) == 1 else 'starts'}"
            + (f" and {trained.again:,} more on train and dev together" if trained.again else "")
            + f", {trained.seconds:.0f} s of training; "
            f"{_ENDINGS[trained.ending]}."
        )
        if trained.peak_bytes is not None:
            place = "GPU memory" if found.device == "cuda" else "memory of the process"
            lines.append(f"Peak {place}: {trained.peak_bytes / 1e6:,.0f} MB.")
    lines.append(f"All together: {found.seconds:.0f} s on {found.device} in {found.dtype}.")
    if found.shortened:
        lines.append(f"{found.shortened:,} test texts were shortened to fit the PLM.")
    return lines


# Markdown ------------------------------------------------------------------------------------------


def markdown(found: Tuning) -> str:
    """The report as text."""
    task = found.task
    parts = [
        f"# {escape(found.config.title)} for {code(task.stand_in_for or task.name)}",
        escape(outcome(found)),
        *(escape(verdict) for verdict in verdicts(found)),
        *(f"> {escape(notice)}" for notice in found.notices),
        "## Figures",
        _figures(found),
        _rule(found.trained),
        "## Cost",
        "\n".join(f"- {escape(line)}" for line in cost_lines(found)),
        *_teachers(found),
        *_training(found.trained),
        *_nearest(found),
        "## How it was made",
        _method(found),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _rule(trained: Trained | None) -> str:
    """What dev and test were used for."""
    if trained is None:
        return ""
    if not trained.again:
        return "The log-likelihood on dev chose the state that was kept; test was scored once."
    return (
        f"The log-likelihood on dev chose the state, whose figures on dev these are; then it was trained for "
        f"{trained.again} steps on train and dev together. Test was scored once."
    )


def _figures(found: Tuning) -> str:
    metric = found.task.metric
    titles = ["", "template", "label words", f"dev {metric} %", f"test {metric} %", "tuned is better by"]
    rows = [
        [
            role_of(row, found),
            str(row.template),
            short_words(row.words),
            figure(row.dev, metric),
            figure(row.test, metric),
            "–" if row.to_tuned is None else gap_text(row.to_tuned),
        ]
        for row in found.rows
    ]
    majority = ["the majority class", "–", "–", figure(found.majority_dev, metric)]
    rows.append([*majority, figure(found.majority_test, metric), "–"])
    return table([escape(title) for title in titles], rows)


def _teachers(found: Tuning) -> list[str]:
    if not found.teachers:
        return []
    rows = [
        (str(each.template), f"{each.weight:.2f}", f"{each.correct} of {each.n}") for each in found.teachers
    ]
    told = (
        f"The PLM was tuned under each of these templates; together they labelled {found.unlabelled:,} "
        f"texts, on which the prompt was trained (temperature {found.config.temperature:g}, "
        f"{found.config.generations} further generations)."
    )
    return ["## Teachers", escape(told), table(("template", "weight", "dev right"), rows)]


def _training(trained: Trained | None) -> list[str]:
    if trained is None:
        return []
    looks = [look for course in trained.courses for look in course.looks]
    chosen = " (chosen)" if trained.again else " (kept)"
    titles = ("start", "step", "train loss", "dev log-likelihood", "dev accuracy %", "seconds")
    rows = [
        (
            str(look.restart + 1),
            f"{look.step}{chosen if look == trained.best else ''}",
            "–" if look.loss is None else f"{look.loss:.4f}",
            f"{look.log_likelihood:.4f}",
            f"{percent(look.accuracy)} [{percent(look.interval.low)}, {percent(look.interval.high)}]",
            f"{look.seconds:.1f}",
        )
        for look in looks
    ]
    kept = [row for row, look in zip(rows, looks) if look == trained.best]
    shown = rows if len(rows) <= _LOOKS else [*rows[:: -(-len(rows) // _LOOKS)], *kept]
    more = f"\n\nAll {len(rows)} looks are in {code(TUNING_FILE)}." if len(shown) < len(rows) else ""
    return ["## Training", table(titles, shown) + more]


def _nearest(found: Tuning) -> list[str]:
    if not found.nearest:
        return []
    named = list(zip(_token_names(found), found.nearest))
    rows = [(name, _neighbours(of_token)) for name, of_token in named[:_TOKENS]]
    more = f"\n\nThose of all {len(named)} are in {code(TUNING_FILE)}." if len(named) > len(rows) else ""
    return ["## Nearest words", escape(CAUTION), table(("soft token", "nearest words (cosine)"), rows) + more]


def _token_names(found: Tuning) -> list[str]:
    """Numbers of the soft tokens, from 1; behind the label where each label has its own."""
    asked, n = found.prompt.document.decomposition, len(found.nearest)
    if asked is None or asked.shared:
        return [str(i) for i in range(1, n + 1)]
    labels = found.prompt.label_names
    each = n // len(labels)
    return [f"{label}: {i}" for label in labels for i in range(1, each + 1)]


def _neighbours(of_token: Sequence[Neighbour]) -> str:
    return ", ".join(f"{each.text} ({each.cosine:.2f})" for each in of_token)


def _method(found: Tuning) -> str:
    task, config, plm = found.task, found.config, found.prompt.document.plm
    lines = [
        f"- PLM: {code(plm.reference)}, {plm.family}, weights {code((plm.weights_sha256 or '')[:16])}.",
        f"- Data: {escape(task.source.kind)} {code(task.source.location or '-')}; "
        f"{len(task.train):,} train, {len(task.dev):,} dev, {len(task.test):,} test; fingerprint "
        f"{code(task.fingerprint[:16])}; seed {config.seed}.",
    ]
    if config.trains_soft or config.trains_prefix:
        lines.append(f"- Prompt: {config.method}, parameterised by {config.parameterisation}.")
    if (asked := found.prompt.document.decomposition) is not None:
        whose = "shared between labels" if asked.shared else "of each label's own"
        lines.append(
            f"- The task is asked label by label: {code('{label}')} is each label's first word, "
            f"answered with {code(asked.yes)} or {code(asked.no)}"
            + (f"; soft tokens {whose}." if config.trains else ".")
        )
    if config.trains_lm:
        lines.append(f"- PLM trained: {config.lm}.")
    if found.trained is not None:
        rates = " and ".join(f"{rate:g} ({_PARTS[part]})" for part, rate in found.trained.rates.items())
        lines.append(f"- Loss: {_LOSSES[config.whole_training.loss]}; peak learning rate {rates}.")
    if found.exported is not None:
        lines.append(f"- In peft's format: {code(str(found.exported))}.")
    if config.command:
        lines.append(f"- Command: {code(config.command)}")
    return "\n".join(lines)


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
