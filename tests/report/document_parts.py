"""Parts of the report documents that tests make up."""

from __future__ import annotations

import math

from promptsearch.report.document import (
    CodeBlock,
    Figure,
    HardExample,
    Heading,
    LabelWords,
    MarkedBlock,
    Paragraph,
    PictureBlock,
    PromptSummary,
    Section,
    SeedRow,
    TableBlock,
    Variation,
)
from promptsearch.report.trigger_document import TriggerCourse, TriggerPoint, TriggerStart, TriggerSwap

MINILM, SMOLLM2 = "minilm-mlm", "smollm2-135m"
LABELS = ("negative", "positive")
ENGINES = ("manual", "mining", "words", "trigger")

BEST = "{text} All in all, it was {mask}."
MANUAL = "{text} It was {mask}."
TEMPLATES = (
    BEST,
    MANUAL,
    "{text} A {mask} film.",
    "{mask}: {text}",
    "Review: {text} Sentiment: {mask}",
    "{text} In short, {mask}.",
)
WORDS = (("terrible", "great"), ("bad", "good"), ("awful", "wonderful"), ("boring", "fun"))
PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 90" width="720" height="90" role="img">'
    "<style>text { font: 13px sans-serif; fill: #24292f; } .dot { fill: #0969da; }</style>"
    '<rect width="720" height="90" fill="#fff"/><circle class="dot" cx="300" cy="45" r="5"/>'
    '<text x="20" y="49">names</text></svg>\n'
)


def summary(i: int = 0) -> PromptSummary:
    """The prompt of the i-th finalist."""
    words = WORDS[i % len(WORDS)]
    return PromptSummary(
        plm=(MINILM, MINILM, SMOLLM2)[i % 3],
        engine=("words", "manual", "mining")[i % 3],
        template=TEMPLATES[i % len(TEMPLATES)],
        words=tuple(LabelWords(label=label, words=(word, f"{word}ly")) for label, word in zip(LABELS, words)),
        calibration=("batch", "none", "contextual")[i % 3],
    )


def figure(value: float, n: int = 872, *, unscored: float = 0.0) -> Figure:
    """A figure whose interval is 4 points to either side."""
    return Figure(
        n=n,
        value=value,
        low=round(value - 0.04, 4),
        high=round(value + 0.04, 4),
        log_likelihood=round(-0.1 - (1 - value), 4),
        unscored=unscored,
    )


def hardest() -> tuple[HardExample, ...]:
    """Two examples that the best prompt gets wrong."""
    return (
        HardExample(
            fields={"text": "you could not ask for a less likely crowd-pleaser, and it works."},
            gold="positive",
            predicted="negative",
            probability=0.031,
            words={"terrible": -1.2, "terriblely": -6.8, "great": -4.6, "greatly": -9.1},
        ),
        HardExample(
            fields={"text": "the film's best trick is that it makes you forget to leave."},
            gold="negative",
            predicted="positive",
            probability=0.12,
            words={"great": -2.0, "terrible": -3.9},
        ),
    )


def sensitivity() -> tuple[Variation, ...]:
    """Four changes of wording, and one that the PLM cannot read."""
    changes = (
        ("no full stop", "{text} All in all, it was {mask}", 0.86, 0.031),
        ("small letters", "{text} all in all, it was {mask}.", 0.85, 0.047),
        ("capitals", "{text} ALL IN ALL, IT WAS {mask}.", 0.77, 0.156),
        ("line break before", "{text}\nAll in all, it was {mask}.", 0.87, 0.0),
    )
    told = [
        Variation(change=change, template=template, figure=figure(value, 64), flips=flips)
        for change, template, value, flips in changes
    ]
    return (*told, Variation(change="slot first", template="{mask}: {text}", figure=None, flips=None))


def seeds() -> tuple[SeedRow, ...]:
    """Five draws of the few-shot split."""
    values = (0.841, 0.836, 0.852, 0.829, 0.847)
    return tuple(
        SeedRow(
            seed=seed,
            prompt=summary(seed),
            dev=figure(value + 0.02, 64),
            test=figure(value),
            manual=figure(0.79 + seed / 500),
        )
        for seed, value in enumerate(values)
    )


def sections() -> tuple[Section, ...]:
    """What two engines have to say, with every kind of block."""
    return (
        Section(
            title="Label words",
            blocks=(
                Paragraph(text="Searched for `{text} It was {mask}.` on `minilm-mlm`."),
                PictureBlock(file="label-words.svg", svg=PICTURE, alternative="Dev from step to step"),
                TableBlock(
                    titles=("step", "words", "dev accuracy"),
                    rows=(("names", "2", "81.2"), ("subset (chosen)", "4", "87.0")),
                ),
            ),
        ),
        Section(
            title="Mined templates",
            blocks=(
                Paragraph(text="12 templates from 1,000 sentences of `reviews.txt`."),
                Heading(text="Where they were found"),
                CodeBlock(text="{text} All in all, it was {mask}."),
                MarkedBlock(
                    sentences=(
                        (("A ", ""), ("witty", "name"), (" film, ", ""), ("all in all, it was", "between")),
                        (("great", "name"), (" fun", "")),
                    ),
                    places=("reviews.txt, line 12", "reviews.txt, line 80"),
                ),
            ),
        ),
    )


FREE = "{text} {trigger*3} {mask}"
_TOKENS = ("film", "it", "quite", "mood", "alot", "dialogue", "plot", "utterly", "atmosphere", "acting")


def trigger_point(i: int, loss: float, dev: float | None = None, template: str = FREE) -> TriggerPoint:
    """The i-th better trigger of a search: one token is exchanged each time."""
    words = [_TOKENS[(i + place) % len(_TOKENS)] for place in range(3)]
    swap = TriggerSwap(place=i % 3, old=f" {_TOKENS[i % 7]}", new=f" {words[i % 3]}")
    return TriggerPoint(
        template=template,
        ids=((100 + i, 200, 300),),
        text=(f" {' '.join(words)}",),
        loss=loss,
        train=min(1.0, 0.5 + i / 40),
        dev=None if dev is None else figure(dev, 32),
        step=2 * i,
        restart=0,
        start="words",
        evaluations=64 + 640 * i,
        seconds=0.5 + 2.4 * i,
        swaps=(swap,) if i else (),
    )


def course(plm: str = MINILM, n: int = 12, **more: object) -> TriggerCourse:
    """A search with n better triggers, each on dev but every third."""
    points = tuple(
        trigger_point(i, 0.7 * math.exp(-i / 9), None if i % 3 == 2 else 0.5 + 0.35 * (1 - math.exp(-i / 5)))
        for i in range(n)
    )
    given = {
        "plm": plm,
        "words": tuple(LabelWords(label=label, words=(word,)) for label, word in zip(LABELS, WORDS[0])),
        "points": points,
        "starts": (
            TriggerStart(template=FREE, start="words", steps=30, loss=0.21, reason="patience"),
            TriggerStart(template=FREE, start="random", steps=4, loss=None, reason="budget"),
        ),
        "evaluations": 9000,
        "seconds": 40.0,
        "reason": "budget",
        "notes": ("Words that name a class were left out: terrible, great.",),
        "settings": {"top_k": 256, "racing": True, "batch": None, "banned": ["film"], "fluency": 0.1},
    }
    return TriggerCourse.model_validate(given | more)
