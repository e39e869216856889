"""Which senses of a word are meant, judged by the words that stand around it.

Extended Lesk: a sense is likely when the context has words of its gloss, its synonyms, and the glosses and
words of its neighbours (Lesk 1986, "Automatic sense disambiguation using machine readable dictionaries";
Banerjee and Pedersen 2002, "An adapted Lesk algorithm for word sense disambiguation using WordNet").
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from promptsearch.knowledge.wordnet.reader import Reader, Synset

# Hypernyms, hyponyms, instances, topic members and topics, similar adjectives, derived forms, antonyms:
# what a word is the opposite of is spoken of in the same places.
_NEIGHBOURS = frozenset(("@", "@i", "~", "~i", "-c", ";c", "&", "+", "!"))
_MOST_NEIGHBOURS = 200
# Words that tell nothing about a sense, WordNet's own turns of phrase among them.
_STOP_WORDS = """
    about above after again all also although and another any are because been before being below between
    both but can could did does done during each either especially etc few for from further given had has
    have having her here him his how however into its itself just kind less like made make many may might
    more most much must neither nor not now off one only onto other others our out over own part particular
    per rather relating same several she should some someone something such than that the their them then
    there these they thing this those through too two under until upon use used usually very was way well
    were what when where which while who whom whose why will with within without would yet you your act
    person people state quality certain characterized having involving consisting
"""
_STOP = frozenset(_STOP_WORDS.split())
_CONTEXT = 2.0  # how much the context counts beside the order of the senses
_RARE = 0.5  # what a sense that the tagged texts never have counts beside others
_SLIGHT = 0.1  # a cosine below this is chance, and is not blown up to 1
_NEAR = 0.9
_MOST_SENSES = 3


@dataclass(frozen=True)
class Sense:
    """A sense of a word that was chosen.

    Attributes:
        weight: its score as a share of the best sense's.
    """

    synset: Synset
    weight: float = 1.0


def choose_senses(reader: Reader, word: str, context: Sequence[str] = ()) -> tuple[Sense, ...]:
    """Senses of a word, the likeliest first; none where the word is unknown.

    The score of the sense at place r (from 0) of its part of speech is

        (1 / (1 + r) + 2 cos(s, c) / max(cos, 0.1)) × (1/2 where it is never seen in the tagged texts)

    where s and c are the content words of the sense's neighbourhood and of the context, in base forms,
    weighted by log(1 + count) idf, idf = log(N / number of the N senses that have the word), so that what
    all senses share counts nothing. Parts of speech go by how many of their senses are tagged in texts; a
    further one starts at the place after it. Kept are the best and those within a tenth of it, at most
    three: without a context, the first sense alone.
    """
    candidates = _candidates(reader, word)
    if not candidates:
        return ()
    synsets = [candidate.synset for candidate in candidates]
    relevant = _relevance(reader, word, synsets, context)
    top = max(*relevant, _SLIGHT)
    scores = [c.prior * (1 / (1 + c.place) + _CONTEXT * r / top) for c, r in zip(candidates, relevant)]
    ranked = sorted(range(len(candidates)), key=lambda i: -scores[i])
    best = scores[ranked[0]]
    kept = [i for i in ranked if scores[i] >= _NEAR * best][:_MOST_SENSES]
    return tuple(Sense(synsets[i], scores[i] / best) for i in kept)


@dataclass(frozen=True)
class _Candidate:
    """A sense, its place in the order of frequency, and how far it counts."""

    synset: Synset
    place: int
    prior: float


def _candidates(reader: Reader, word: str) -> list[_Candidate]:
    """All senses, each once. Where none of a word's is tagged, all count alike."""
    entries = reader.lookup(word)
    rare = _RARE if any(entry.tagged for entry in entries) else 1.0
    found: dict[Synset, _Candidate] = {}
    for later, entry in enumerate(entries):
        for place, offset in enumerate(entry.offsets):
            synset = reader.synset(entry.pos, offset)
            prior = 1.0 if place < entry.tagged else rare
            found.setdefault(synset, _Candidate(synset, place + later, prior))
    return list(found.values())


def _relevance(reader: Reader, word: str, senses: Sequence[Synset], context: Sequence[str]) -> list[float]:
    """Cosine of each sense's neighbourhood with the context: as many as senses, in [0, 1]."""
    own = {reader.lemma(part) for part in _tokens(word)}
    around = _content_words(reader, context, own)
    if len(senses) < 2 or not around:
        return [0.0] * len(senses)
    signatures = [_content_words(reader, _neighbourhood(reader, sense), own) for sense in senses]
    having = Counter(term for signature in signatures for term in signature)
    idf = {term: math.log(len(senses) / n) for term, n in having.items()}
    query = _weighted(around, idf)
    return [_cosine(_weighted(signature, idf), query) for signature in signatures]


def _neighbourhood(reader: Reader, sense: Synset) -> Iterable[str]:
    """Gloss and words of a sense and of the synsets around it."""
    around = [pointer for pointer in sense.pointers if pointer.symbol in _NEIGHBOURS][:_MOST_NEIGHBOURS]
    for synset in (sense, *(reader.synset(pointer.pos, pointer.offset) for pointer in around)):
        yield synset.gloss
        yield from synset.words


def _content_words(reader: Reader, texts: Iterable[str], without: Collection[str]) -> Counter[str]:
    counts = Counter(token for text in texts for token in _tokens(text))
    merged: Counter[str] = Counter()
    for token, n in counts.items():
        if token not in _STOP and (lemma := reader.lemma(token)) not in without:
            merged[lemma] += n
    return merged


def _tokens(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]{3,}", text.lower())


def _weighted(counts: Mapping[str, int], idf: Mapping[str, float]) -> dict[str, float]:
    return {term: math.log1p(n) * idf[term] for term, n in counts.items() if idf.get(term)}


def _cosine(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    shared = sum(value * other[term] for term, value in one.items() if term in other)
    lengths = math.sqrt(sum(v * v for v in one.values()) * sum(v * v for v in other.values()))
    return shared / lengths if shared else 0.0
