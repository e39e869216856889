"""Mining templates for a task: which text, which pairs, what was found and why not more."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from promptsearch.corpus import Corpus
from promptsearch.engines.mining.config import MiningConfig
from promptsearch.engines.mining.counts import Counts
from promptsearch.engines.mining.facts import FactCounter
from promptsearch.engines.mining.frames import FrameCounter
from promptsearch.engines.mining.framing import Frame, top_frames
from promptsearch.engines.mining.mined import Mined, top
from promptsearch.engines.mining.pairs import Fact, Pairs, no_pairs
from promptsearch.engines.mining.running import Counter, Progress, count
from promptsearch.engines.mining.salient import salient_words
from promptsearch.knowledge.lexicon import Lexicon
from promptsearch.showing import count as count_of
from promptsearch.tasks.facts import facts_of, other_relations
from promptsearch.tasks.samples import corpora_folder
from promptsearch.tasks.task import Task
from promptsearch.verbalizer import Verbalizer

FACTS_TEXT = ("facts.txt",)
PROSE = ("reviews.txt", "news.txt")


@dataclass(frozen=True)
class Mining:
    """What mining a text for a task came to.

    Attributes:
        templates: best first, before any PLM has seen them.
        sources: what was mined.
        sentences, characters, undecodable: how much was read, and bytes of it that are no text.
        matched: sentences with a pair (or a label word) near enough to count.
        pairs: pairs of the task, or label words.
        met: of those, how many were met.
        missed: pairs that the support of each wording may lack; 0 where counts are exact.
        seconds: time it took; that of an earlier run is not in it.
        before: sentences that an earlier run had read.
        notices: what a user must know.
    """

    templates: tuple[Mined, ...] | tuple[Frame, ...]
    sources: tuple[str, ...]
    sentences: int
    characters: int
    undecodable: int
    matched: int
    pairs: int
    met: int
    missed: int
    seconds: float
    notices: tuple[str, ...] = ()
    before: int = 0

    def record(self) -> dict[str, Any]:
        """As JSON."""
        plain = {
            name: value
            for name, value in vars(self).items()
            if name not in ("templates", "sources", "notices", "seconds", "before")
        }
        return {
            **plain,
            "seconds": round(self.seconds, 2),
            "sources": list(self.sources),
            "notices": list(self.notices),
            "templates": [template.record() for template in self.templates],
        }


def mine(
    task: Task, config: MiningConfig, names: Sequence[Verbalizer] = (), progress: Progress | None = None
) -> Mining:
    """Templates for a task, from text.

    Only train is looked at: for facts its pairs, for classification what its texts speak of.

    Args:
        names: label words besides those of the lexicon, for classification.

    Raises:
        DataError, OptionError: the corpus cannot be read, or there is nothing to mine with.
        RunningError: workers die, or the cluster cannot be used.
    """
    corpus = corpus_of(task, config)
    if task.kind == "fact":
        return mine_facts(task, corpus, config, progress)
    return mine_frames(task, corpus, config, names, progress)


def corpus_of(task: Task, config: MiningConfig) -> Corpus:
    """The text that a config names; without one the bundled text and the task's own."""
    bundled = corpora_folder() / "mining"
    names = FACTS_TEXT if task.kind == "fact" else PROSE
    places = config.corpora or tuple(bundled / name for name in names)
    corpus = Corpus.of(places, column=config.column, sentences=config.sentences)
    if task.kind == "fact" or not config.own_texts:
        return corpus
    texts = [value for example in task.train for value in example.values.values() if value.strip()]
    own = Corpus.of_texts(texts, f"train texts of {task.name}", sentences=config.sentences)
    return replace(corpus, sources=(*corpus.sources, *own.sources), texts=own.texts)


def mine_facts(task: Task, corpus: Corpus, config: MiningConfig, progress: Progress | None = None) -> Mining:
    """Templates for a relation, from sentences that hold both sides of its pairs.

    The source's other relations, and names of this one that do not belong together, tell how specific a
    template is.
    """
    words = config.words
    relations = [("", facts_of(task)), *other_relations(task).items()]
    pairs = Pairs.of([(name, [Fact.of(t) for t in triples]) for name, triples in relations], words)
    own = pairs.relations[""]
    if not own:
        raise no_pairs(pairs.notices, task.source.location or task.name)
    start = time.monotonic()
    counter = FactCounter.of(pairs.relations.values(), words, config.between)
    counts = _counted(_with_parser(counter, config), corpus, config, progress)
    found = _supported(
        lambda least: top(
            counts,
            0,
            words,
            fields=(task.fields[0], "object"),
            sources=[source.name for source in corpus.sources],
            window=config.window,
            least=least,
            examples=config.examples,
            others=tuple(range(1, len(relations))),
        ),
        config,
    )
    met = len({pair for group, pair in counts.together if group == 0})
    notices = (*pairs.notices, *_told(counts), *_why_none(counts, counter, own, found, met, config))
    return _mining(found, corpus, counts, len(own), met, start, notices)


def mine_frames(
    task: Task,
    corpus: Corpus,
    config: MiningConfig,
    names: Sequence[Verbalizer] = (),
    progress: Progress | None = None,
) -> Mining:
    """Frames for a classification task, from sentences with a label word.

    Those that hold what the task's inputs speak of count once for each such thing, see `FrameCounter`.
    """
    start = time.monotonic()
    label_words = label_words_of(task, names)
    texts = [" ".join(example.values.values()) for example in task.train]
    salient = salient_words(texts, label_words, config.words)
    by_name = dict(zip(task.labels, label_words))
    counter = FrameCounter.of(by_name, salient, config.words)
    counts = _counted(counter, corpus, config, progress)
    found = top_frames(
        counts,
        counter,
        fields=task.fields,
        sources=[source.name for source in corpus.sources],
        least=1,
        balance=config.balance,
        share_of_labels=config.share_of_labels,
        examples=config.examples,
    )
    met = len({y for _, (_, y) in counts.together})
    notices = list(_told(counts))
    if not met:
        notices.append("No sentence holds a label word.")
    elif not found:
        notices.append(f"Met {count_of(met, 'label word')}, but no frame holds for every label.")
    return _mining(found, corpus, counts, len(counter.answers), met, start, notices)


def label_words_of(task: Task, names: Sequence[Verbalizer]) -> list[list[str]]:
    """Words of each label: those given, its name's and the lexicon's."""
    lexicon = Lexicon.for_labels(task.label_names)
    found = []
    for i, name in enumerate(task.label_names):
        given = [answer.text for verbalizer in names for answer in verbalizer.answers[i]]
        seeds = lexicon.seeds_of(name)
        found.append(list(dict.fromkeys([*given, *seeds, *(r.word for r in lexicon.expand(seeds))])))
    return found


def _supported(mined: Callable[[int], list[Mined]], config: MiningConfig) -> list[Mined]:
    """Templates of enough support; by default those of one pair fill up what a PLM can read."""
    if config.least is not None:
        return mined(config.least)
    found = mined(2)
    short = config.read - sum(template.prefix is not None for template in found)
    if short > 0:
        known = {str(template.cloze) for template in found}
        once = [template for template in mined(1) if template.support == 1]
        found += [template for template in once if str(template.cloze) not in known][: 2 * short]
    return found


def _with_parser(counter: FactCounter, config: MiningConfig) -> Counter:
    """The counter, or one that also parses where that is asked for."""
    if "dependency" not in config.miners:
        return counter
    from promptsearch.engines.mining.dependency import DependencyCounter, SpacyParser

    parser = SpacyParser(config.parser)
    parser.check()
    return DependencyCounter(counter, parser, middles="middle" in config.miners)


def _counted(counter: Counter, corpus: Corpus, config: MiningConfig, progress: Progress | None) -> Counts:
    return count(
        counter,
        corpus,
        workers=config.workers,
        most=config.most,
        checkpoint=config.checkpoint or "automatic",
        scheduler=config.scheduler,
        progress=progress,
    )


def _mining(
    found: Sequence[Any],
    corpus: Corpus,
    counts: Counts,
    pairs: int,
    met: int,
    start: float,
    notices: Sequence[str],
) -> Mining:
    return Mining(
        tuple(found),
        tuple(source.name for source in corpus.sources),
        counts.sentences,
        counts.characters,
        counts.undecodable,
        counts.matched,
        pairs,
        met,
        counts.missed,
        time.monotonic() - start,
        tuple(notices),
        counts.before,
    )


def _told(counts: Counts) -> list[str]:
    """What went wrong with the text itself."""
    notices = list(counts.troubles)
    if counts.undecodable:
        notices.append(f"Not UTF-8 text, and replaced: {count_of(counts.undecodable, 'byte')}.")
    if counts.missed:
        notices.append(
            "Counts were pruned to fit memory: supports are lower bounds. Each wording may lack "
            f"{count_of(counts.missed, 'pair')}, and wordings of so few may be gone."
        )
    return notices


def _why_none(
    counts: Counts,
    counter: FactCounter,
    facts: Sequence[Fact],
    found: Sequence[Mined],
    met: int,
    config: MiningConfig,
) -> list[str]:
    """Why nothing was found, as near as can be told."""
    if found:
        return []
    if not counts.sentences:
        return ["The corpus holds no sentence."]
    if not met:
        subjects = sum(_occurs(fact.subject_names, counts, counter) for fact in facts)
        objects = {fact.object for fact in facts if _occurs(fact.object_names, counts, counter)}
        every = len({fact.object for fact in facts})
        return [
            f"No sentence holds both sides of a pair: of {count_of(len(facts), 'subject')} {subjects:,} "
            f"occur{'s' * (subjects == 1)} in the text, of {count_of(every, 'object')} {len(objects):,}."
        ]
    if not any(key.group == 0 for key in counts.seen):
        near = count_of(config.between, "word")
        return [
            f"Met both sides of {count_of(met, 'pair')} in one sentence, never with at most {near} between."
        ]
    return [
        f"Met {count_of(met, 'pair')}, but no words that stand with {config.least or 1} of them say anything "
        "of the relation by themselves."
    ]


def _occurs(names: Sequence[str], counts: Counts, counter: FactCounter) -> bool:
    """Whether one of the names was met."""
    keys = (counter.words.key(name) for name in names)
    return any(number in counts.names for key in keys for _, _, number in counter.finder.find(key))
