"""Mining word for word as it is defined, with no thought of speed; tests compare with it."""

from __future__ import annotations

import re
import unicodedata

# Thai to Burmese, Khmer, kana, Chinese characters: scripts without spaces.
UNSPACED = (
    (0x0E00, 0x0EFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x3040, 0x30FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
)


def spans(text):
    """(start, end) of each word, one character after the other."""
    found = []
    open_to = ""  # what the last word can still take in: "letters" and marks, "marks", or nothing
    for i, character in enumerate(text):
        unspaced = any(low <= ord(character) <= high for low, high in UNSPACED)
        letter = (character.isalnum() or character == "_") and not unspaced
        mark = unicodedata.category(character).startswith("M")
        if character.isspace():
            open_to = ""
        elif (letter and open_to == "letters") or (mark and open_to):
            found[-1] = (found[-1][0], i + 1)
        else:
            found.append((i, i + 1))
            open_to = "letters" if letter else "marks" if unspaced else ""
    return found


def fold(word, case, accents):
    if case:
        word = word.casefold()
    if accents:
        word = "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c)) or word
    if case:
        word = word.casefold()
    return unicodedata.normalize("NFC", word)


def words(text, case=True, accents=True):
    text = unicodedata.normalize("NFC", text)
    return tuple(fold(text[start:end], case, accents) for start, end in spans(text))


def names_in(found, names):
    """(start, end, name) of the names among the words `found`: the longest wins, then the first."""
    everywhere = [
        (start, start + len(name), name)
        for name in names
        for start in range(len(found))
        if found[start : start + len(name)] == name
    ]
    chosen = []
    while everywhere:
        best = min(everywhere, key=lambda at: (at[0] - at[1], at[0]))
        chosen.append(best)
        everywhere = [at for at in everywhere if at[1] <= best[0] or best[1] <= at[0]]
    return sorted(chosen)


def count(relations, segments, between, case=True, accents=True):
    """What is seen, which names are met, what is together, and the number of sentences that match.

    Args:
        relations: a list of facts for each relation.
        segments: (source, segment) -> (line, sentence).
    """
    facts = [
        (
            relation,
            [words(name, case, accents) for name in fact.subject_names if any(map(str.isalnum, name))],
            [words(name, case, accents) for name in fact.object_names if any(map(str.isalnum, name))],
        )
        for relation, of_relation in enumerate(relations)
        for fact in of_relation
    ]
    whom = {names[0]: names[0] for _, *sides in facts for names in sides}
    for _, subjects, objects in facts:
        for names in (objects, subjects):
            for name in filter(None, names):
                whom.setdefault(name, names[0])
    seen, met, together, matched = {}, set(), set(), 0
    for at, sentences in segments.items():
        for number, (line, sentence) in enumerate(sentences):
            sentence = unicodedata.normalize("NFC", sentence)
            chosen = names_in(words(sentence, case, accents), list(whom))
            met |= {name for _, _, name in chosen}
            matches = False
            for x in chosen:
                for y in chosen:
                    pair = whom[x[2]], whom[y[2]]
                    if pair[0] == pair[1]:
                        continue
                    near = max(y[0] - x[1], x[0] - y[1]) <= between
                    for relation in range(len(relations)):
                        of_relation = [sides for r, *sides in facts if r == relation]
                        held = any(x[2] in s and y[2] in o for s, o in of_relation)
                        apart = any(x[2] in s for s, _ in of_relation) and any(
                            y[2] in o for _, o in of_relation
                        )
                        if held:
                            together.add((relation, pair))
                        if near and (held or apart):
                            matches |= held
                            key, place = _sighting(sentence, x, y, relation, held)
                            place = (*at, number, line, *place)
                            places = seen.setdefault(key, {})
                            places[pair] = min(places.get(pair, place), place)
            matched += matches
    return seen, met, together, matched


def _sighting(sentence, x, y, relation, held):
    at = spans(sentence)
    x_span, y_span = ((at[start][0], at[end - 1][1]) for start, end, _ in (x, y))
    first, second = sorted((x_span, y_span))
    middle = re.sub(r"\s+", " ", sentence[first[1] : second[0]])
    key = (relation if held else -1 - relation, int(y_span < x_span), middle)
    return key, (sentence, x_span, y_span)
