"""A tiny WordNet, written in the format of the real one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LICENCE = "  1 This is written for a test,  \n  2 and as indented as the licence of the real files.  \n"
FILES = {"n": "noun", "v": "verb", "a": "adj", "r": "adv"}


@dataclass(frozen=True)
class Entry:
    """A synset by a name of the test's own; links are `symbol name`, `symbol name source target`."""

    name: str
    pos: str
    words: str
    links: tuple[str, ...] = ()
    gloss: str = "a gloss"


TINY = (
    Entry(
        "sport",
        "n",
        "sport athletics",
        ("@ diversion", "~ contact", "-c kick", "+ athletic 02 01"),
        "an active diversion requiring physical exertion and competition",
    ),
    Entry("contact", "n", "contact_sport", ("@ sport", "~ football"), "a game of players who touch"),
    Entry("football", "n", "football football_game", ("@ contact", "~ soccer"), "a ball game of two teams"),
    Entry("soccer", "n", "soccer association_football", ("@ football",), "eleven players kick a ball"),
    Entry("diversion", "n", "diversion recreation", ("~ sport",), "an activity that diverts or amuses"),
    Entry("mutant", "n", "mutation mutant sport", (), "an organism altered in its chromosomes"),
    Entry("realty", "n", "real_estate realty", (), "property of houses and land"),
    Entry("estate", "n", "estate demesne", (), "extensive landed property"),
    Entry("goose", "n", "goose", (), "a web-footed bird"),
    Entry("city", "n", "city", ("~i paris", "~ capital"), "a large town"),
    Entry("paris", "n", "Paris", ("@i city",), "on the Seine"),
    Entry("capital", "n", "capital", ("@ city",), "seat of government"),
    Entry("goodness", "n", "goodness", ("+ good 01 01",), "being good"),
    Entry("kick", "v", "kick", (";c sport",), "strike with the foot"),
    Entry("boast", "v", "sport boast", (), "wear in an ostentatious manner"),
    Entry(
        "good",
        "a",
        "good",
        ("! bad 01 01", "& superb", "& tops", "+ goodness 01 01"),
        "having desirable qualities",
    ),
    Entry("bad", "a", "bad", ("! good 01 01",), "having undesirable qualities"),
    Entry("superb", "s", "superb bad", ("& good",), "surpassingly good"),
    Entry("tops", "s", "first-class tops(p)", ("& good",), "of the highest quality"),
    Entry("athletic", "a", "athletic", ("+ sport 01 02",), "of athletics"),
    Entry("well", "r", "well", (), "in a good manner"),
)
EXCEPTIONS = {"n": "geese goose\n", "a": "better good\n"}


def write_wordnet(
    folder: Path,
    entries: Sequence[Entry] = TINY,
    exceptions: Mapping[str, str] = EXCEPTIONS,
    tagged: Mapping[str, int] = {"sport": 1},
) -> Path:
    """Write data and index files; senses of a word are in the order of the entries."""
    folder.mkdir(parents=True, exist_ok=True)
    offsets = _offsets(entries)
    for pos, part in FILES.items():
        here = [entry for entry in entries if _file(entry) == pos]
        data = "".join(_data_line(entry, entries, offsets) for entry in here)
        (folder / f"data.{part}").write_text(LICENCE + data, newline="\n")
        lemmas = sorted({_lemma(word) for entry in here for word in entry.words.split()})
        index = "".join(_index_line(lemma, pos, here, offsets, tagged) for lemma in lemmas)
        (folder / f"index.{part}").write_text(LICENCE + index, newline="\n")
        if pos in exceptions:
            (folder / f"{part}.exc").write_text(exceptions[pos], newline="\n")
    return folder


def _file(entry: Entry) -> str:
    return "a" if entry.pos == "s" else entry.pos


def _lemma(word: str) -> str:
    return word.lower().partition("(")[0]


def _offsets(entries: Sequence[Entry]) -> dict[str, int]:
    """Eight digits each, so a line is as long whatever they are."""
    offsets = dict.fromkeys((entry.name for entry in entries), 0)
    for pos in FILES:
        place = len(LICENCE)
        for entry in entries:
            if _file(entry) == pos:
                offsets[entry.name] = place
                place += len(_data_line(entry, entries, offsets))
    return offsets


def _data_line(entry: Entry, entries: Sequence[Entry], offsets: Mapping[str, int]) -> str:
    kinds = {other.name: _file(other) for other in entries}
    words = entry.words.split()
    links = []
    for link in entry.links:
        symbol, name, *ends = link.split()
        links.append(f"{symbol} {offsets[name]:08d} {kinds[name]} {''.join(ends) or '0000'}")
    frames = " 01 + 02 00" if entry.pos == "v" else ""
    fields = [f"{offsets[entry.name]:08d} 04 {entry.pos} {len(words):02x}", *(f"{word} 0" for word in words)]
    return " ".join([*fields, f"{len(links):03d}", *links]) + f"{frames} | {entry.gloss}  \n"


def _index_line(
    lemma: str, pos: str, entries: Sequence[Entry], offsets: Mapping[str, int], tagged: Mapping[str, int]
) -> str:
    having = [entry for entry in entries if lemma in map(_lemma, entry.words.split())]
    symbols = list(dict.fromkeys(link.split()[0] for entry in having for link in entry.links))
    places = [f"{offsets[entry.name]:08d}" for entry in having]
    head = [lemma, pos, str(len(having)), str(len(symbols)), *symbols]
    return " ".join([*head, str(len(having)), str(tagged.get(lemma, 0)), *places]) + "  \n"
