"""``parse_figure``: the figures in a newspaper's sentences, each with what it counts and who says so.

A number is a figure only where people, households or a per cent sign stand with it, or a word such as "killed"
does: what is not known to be one is left out. How a sentence is read stands in ``sentence``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mali_stats.asked import single
from mali_stats.clean.figures.lexicon import conventions, languages, lexicon
from mali_stats.clean.figures.numerals import fold
from mali_stats.clean.figures.sentence import Sentence

#: No sentence has more characters; a list without full stops is read in pieces of this length.
LONGEST = 2000
_END = re.compile(r"[.!?…]+[\"')»”\]]*\s+|\n\s*\n\s*|\n(?=\s*[-•*·]\s)")


@dataclass(frozen=True)
class Figure:
    """A number as a text reports it.

    Attributes
    ----------
    low, best, high : int, float or None
        the interval that the words stand for; None is unknown. Floats only in per cent.
    unit : str
        ``people``, ``households`` or ``percent``.
    group : str or None
        who: civilians, soldiers, peacekeepers, attackers, children, ...
    indicator : str or None
        what befell them: killed, injured, missing, displaced, in need, ...; ``change`` for a rise or a fall.
    qualifier : str or None
        at least, more than, around, ...; ``including`` first for a part of the figure before it, ``up`` or
        ``down`` first for a change, ``earlier`` for a level that the text says is past, ``denied`` for a
        number that a party disputes.
    rule : str
        the id in ``seeds/figure_rules.csv`` or ``seeds/vague_words.csv``; ``sum`` for a sum.
    claimed_by : str or None
        the party the sentence attributes the number to.
    provisional : bool
        whether the sentence calls it provisional; the high end is then unknown.
    span : tuple of int or None
        where it stands in the text; None for a sum.
    text : str
        the characters it came from.
    """

    low: int | float | None
    best: int | float | None
    high: int | float | None
    unit: str
    group: str | None = None
    indicator: str | None = None
    qualifier: str | None = None
    rule: str = "exact"
    claimed_by: str | None = None
    provisional: bool = False
    span: tuple[int, int] | None = None
    text: str = ""

    @property
    def is_part(self) -> bool:
        """Whether it is a part of another figure ("12 dead, including 3 children")."""
        return (self.qualifier or "").startswith("including")


def parse_figure(text: str, lang: str = "auto", words: str = "ucdp") -> list[Figure]:
    """Read the figures in English or French prose.

    Parameters
    ----------
    text : str
        a phrase, a sentence or a whole article.
    lang : {"auto", "en", "fr"}
        the language; by default told sentence by sentence.
    words : {"ucdp", "acled"}
        whose value is the best one for "several", "dozens", "hundreds" (``seeds/vague_words.csv``).

    Returns
    -------
    list of Figure
        in the order of the text. Dates, hours, ages, distances, money, vehicles and the like are no figures.

    Raises
    ------
    TypeError
        when ``text`` is not a str.
    ValueError
        for an unknown language or convention.

    Notes
    -----
    With u the unit of rounding (50: 10; 30,000: 10,000; at least 1): at least n is [n, unknown]; more than n
    [n + 1, n + u - 1]; around n and the French -aine words n +- max(u/2, 10 %); nearly n [n - u/2, n - 1]; up to n
    [0, n] and fewer than n [0, n - 1], both with an unknown best, as between n and m has. A provisional number has
    an unknown high. The intervals are what the words allow, no confidence intervals.

    Examples
    --------
    >>> import mali_stats as ms
    >>> for f in ms.parse_figure("At least 49 civilians and 15 soldiers were killed and dozens wounded."):
    ...     print(f.low, f.best, f.high, f.group, f.indicator, f.rule)
    49 49 None civilians killed at-least
    15 15 15 soldiers killed exact
    20 24 99 None injured dozens
    >>> ms.parse_figure("Plus de 30\u202f000 habitants ont fui, selon l'ONU.")[0].claimed_by
    'UN'
    >>> ms.parse_figure("On 7 September 2023 the convoy drove 90 kilometers.")
    []
    """
    single("parse_figure", lang=lang, words=words)
    if not isinstance(text, str):
        raise TypeError(
            f"parse_figure: text is of type {type(text).__name__}; give a str, one article or sentence at a time."
        )
    for name, got, known in (("lang", lang, ("auto", *languages())), ("words", words, conventions())):
        if got not in known:
            raise ValueError(f"parse_figure: {name}={got!r} is not known; use one of {', '.join(known)}.")
    folded, places = fold(text)
    whole = None if lang == "auto" else lang
    found, of_text = [], None
    for start, end in _sentences(folded, text, places):
        spoken = whole or _language(folded[start:end])
        if not spoken:
            of_text = of_text or _language(folded) or languages()[0]
            spoken = of_text
        sentence = Sentence(lexicon(spoken), folded, start, end, text, places, words)
        found += [Figure(**parts) for parts in sentence.read()]
    return found


def _sentences(folded: str, text: str, places: list[int] | None) -> Iterator[tuple[int, int]]:
    """Where each sentence starts and ends. A point before a small letter or behind an abbreviation ends none."""
    abbreviations = [lexicon(lang).abbreviation for lang in languages()]
    start = 0
    for match in _END.finditer(folded):
        at = match.end()
        if match[0][0] == "." and (at < len(folded) and text[places[at] if places else at].islower()):
            continue
        if match[0][0] == "." and any(a.before(folded, match.start(), 12) for a in abbreviations):
            continue
        yield from _pieces(folded, start, at)
        start = at
    yield from _pieces(folded, start, len(folded))


def _pieces(folded: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A sentence, cut at blanks where it is so long that it can be none."""
    while end - start > LONGEST:
        cut = max(folded.rfind(mark, start, start + LONGEST) for mark in ("\n", ", ", " "))
        cut = cut + 1 if cut > start else start + LONGEST
        yield start, cut
        start = cut
    yield start, end


def _language(folded: str) -> str | None:
    """The language whose small words a text has most of, else whose words for people; None where it has neither."""
    for kind in ("language", "nouns"):
        hits = {lang: len(getattr(lexicon(lang), kind).findall(folded)) for lang in languages()}
        most = max(hits, key=hits.__getitem__)
        if list(hits.values()).count(hits[most]) == 1:
            return most
    return None
