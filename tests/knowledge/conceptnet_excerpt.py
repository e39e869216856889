"""An excerpt in the form of ConceptNet's published dump, and ways to write such files."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

# relation, start, end, weight
ENGLISH = [
    ("Synonym", "sport/n", "athletics/n/wn/act", 2.0),
    ("Synonym", "game/n", "sport", 1.0),
    ("Synonym", "sport/v", "frolic/v", 0.5),
    ("SimilarTo", "sporting/a", "sport", 1.0),
    ("FormOf", "sports/n", "sport/n", 1.0),
    ("FormOf", "sport", "spor", 1.0),
    ("IsA", "football/n/wn/act", "sport/n/wn/act", 2.0),
    ("IsA", "football", "sport", 9.0),
    ("IsA", "ice_hockey", "sport", 4.0),
    ("IsA", "sport", "activity", 6.0),
    ("DerivedFrom", "sporty", "sport/n", 1.0),
    ("DerivedFrom", "sport", "disport/v", 1.0),
    ("HasContext", "inning/n", "sport", 1.0),
    ("HasContext", "sport", "slang", 1.0),
    ("PartOf", "half_time", "sport", 1.0),
    ("PartOf", "sport", "culture", 1.0),
    ("RelatedTo", "sport", "ball", 3.0),
    ("RelatedTo", "team/n", "sport/n", 5.0),
    ("RelatedTo", "sport", "game", 1.0),
    ("RelatedTo", "sport/n", "sport/v", 1.0),
    ("RelatedTo", "sport", "zoo", 0.9),
    ("RelatedTo", "arena", "sport", 1.0),
    ("RelatedTo", "sport", "bet", 1.0),
    ("Antonym", "sport", "work", 8.0),
    ("DistinctFrom", "sport", "politics", 8.0),
    ("UsedFor", "sport", "have_fun", 4.0),
    ("UsedFor", "stadium", "sport", 4.0),
    ("IsA", "goalkeeper", "football", 1.0),
    ("Synonym", "football", "soccer", 2.0),
    ("RelatedTo", "ball", "round", 3.0),
    ("RelatedTo", "ball", "sport", 1.0),
    ("IsA", "team", "group", 2.0),
    ("RelatedTo", "activity", "act", 2.0),
    ("Synonym", "café", "coffeehouse/n", 1.0),
    ("dbpedia/genre", "jazz_band", "jazz", 0.5),
    ("SimilarTo", "good/a", "fine/a/wn", 2.0),
    ("Antonym", "good", "bad", 4.0),
    ("Synonym", "fine", "great", 1.0),
]
GERMAN = [
    ("Synonym", "sport", "leibesübungen", 1.0),
    ("IsA", "fußball", "sport", 2.0),
    ("RelatedTo", "sport", "verein/n", 1.0),
]


def dump_line(relation: str, start: str, end: str, weight: float) -> str:
    """One line of the dump, its nodes given whole (`/c/en/sport`)."""
    about = {"dataset": "/d/test", "license": "cc:by/4.0", "surfaceText": "[[ä]] → [[b]]", "weight": weight}
    uri = f"/a/[/r/{relation}/,{start}/,{end}/]"
    return "\t".join([uri, f"/r/{relation}", start, end, json.dumps(about, ensure_ascii=False)]) + "\n"


def _of(language: str, facts: list[tuple[str, str, str, float]]) -> list[bytes]:
    return [
        dump_line(relation, f"/c/{language}/{start}", f"/c/{language}/{end}", weight).encode()
        for relation, start, end, weight in facts
    ]


FOREIGN = [
    dump_line("Synonym", "/c/en/sport", "/c/fr/sport/n", 3.0).encode(),
    dump_line("Synonym", "/c/ja/スポーツ/n", "/c/en/sport", 3.0).encode(),
    dump_line("RelatedTo", "/c/fr/sport", "/c/fr/jeu", 1.0).encode(),
    dump_line("ExternalURL", "/c/en/sport", "http://dbpedia.org/resource/Sport", 1.0).encode(),
]
MALFORMED = [
    b"no tabs at all\n",
    b"/a/x\t/r/IsA\t/c/en/chess\n",
    b"/a/x\t/r/IsA\t/c/en/chess\t/c/en/sport\tnot json\n",
    b'/a/x\t/r/IsA\t/c/en/chess\t/c/en/sport\t{"dataset": "/d/x"}\n',
    b'/a/x\t/r/IsA\t/c/en/chess\t/c/en/sport\t{"weight": NaN}\n',
    b'/a/x\t/r/IsA\t/c/en/chess\t/c/en/sport\t{"weight": -1.0}\n',
    b'/a/x\t/r/IsA\t/c/en/chess\t/c/en/sport\t{"weight": true}\n',
    b'/a/x\t/r/IsA\t/c/en/\t/c/en/sport\t{"weight": 1.0}\n',
    b'/a/x\tIsA\t/c/en/chess\t/c/en/sport\t{"weight": 1.0}\n',
    b"chess\tIsA\tsport\theavy\n",
]
UNDECODABLE = [
    dump_line("Synonym", "/c/en/caf?", "/c/en/bistro", 1.0).encode().replace(b"?", b"\xe9"),
    dump_line("RelatedTo", "/c/en/bistro", "/c/en/bar", 1.0).encode().replace("ä".encode(), b"\xe4"),
]
# 38 + 3 + 4 lines that are well, 10 that are not from line 46 on, a blank one, 2 in another encoding.
LINES = [*_of("en", ENGLISH), *_of("de", GERMAN), *FOREIGN, *MALFORMED, b"\n", *UNDECODABLE]


def written(folder: Path, lines: list[bytes] = LINES, name: str = "excerpt.csv.gz") -> Path:
    """The lines as a file, gzipped where the name says so."""
    path = folder / name
    content = b"".join(lines)
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return path
