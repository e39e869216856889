"""English abbreviations after which a full stop does not end a sentence, in lower case, without the stop."""

TITLES = """
mr mrs ms mx messrs dr prof rev fr sr jr st hon pres gov sen rep reps sens amb gen lt col maj capt cmdr cpl
sgt pvt adm brig insp supt det cllr esq mme mlle msgr
"""
NAMES_OF_FIRMS_AND_PLACES = """
inc ltd co corp bros assn dept univ inst natl intl mt mts ft ave blvd rd hwy rte bldg apt
u.s u.k u.n e.u u.s.a u.s.s.r d.c n.y l.a p.o
"""
MONTHS_AND_DAYS = """
jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues wed thu thur thurs fri
"""
LEARNED = """
e.g i.e cf viz ca c al et ibid op vs v approx est b d r fl a.k.a n.b pp vol vols ed eds trans repr
fig figs eq eqs sec secs ch chap nos para art app approx ref refs
"""
MEASURES = """
km cm mm kg lb lbs oz hr hrs min mins sq ft mph a.m p.m a.d b.c b.c.e c.e
"""
DEGREES = """
ph.d m.d b.a m.a b.sc m.sc d.phil ll.b ll.d m.b.a
"""

ABBREVIATIONS: frozenset[str] = frozenset(
    (TITLES + NAMES_OF_FIRMS_AND_PLACES + MONTHS_AND_DAYS + LEARNED + MEASURES + DEGREES).split()
)
