"""Which word governs which number: what befell whom in one sentence.

"killed 12 civilians and wounded 30" has two words that govern what stands behind them, "12 civilians were killed
and 30 wounded" two that govern what stands before. A word's direction is told by its row in the seeds (``use``),
and for words that go both ways by what stands beside it. Lists hand the word on.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from mali_stats.clean.figures.lexicon import Lexicon
from mali_stats.clean.figures.numerals import Number

#: What stands between a number and its parts: "12 people were killed: 9 soldiers and 3 civilians".
_OPENS = re.compile(r"(?:\s+\w+){0,3}\s*[,:(-]\s*(?:\w+\s+)?")
#: Words that may stand between a noun and "were killed".
REACH = 8


@dataclass
class Draft:
    """A number on its way to a figure; positions are in the sentence."""

    start: int
    end: int
    number: Number
    high: Number | None
    rule: str
    unit: str | None = None
    group: str | None = None
    indicator: str | None = None
    source: str = ""  # noun, before, behind: where the indicator came from
    noun: bool = False
    reach: int = 0  # where the walk to the noun ended
    part: bool = False
    whole: bool = False
    earlier: bool = False
    level: bool = False  # what it rose or fell to, or from
    denied: bool = False
    change: str = ""

    def roles(self) -> list[str]:
        """What comes before the qualifier proper."""
        flags = (
            ("denied", self.denied),
            ("earlier", self.earlier),
            ("including", self.part),
            (self.change, bool(self.change)),
        )
        return [name for name, flag in flags if flag]


@dataclass
class Word:
    """A word that governs numbers, behind it or before it."""

    start: int
    end: int
    means: str
    use: str
    passive: bool = False
    ahead: bool = False


def govern(drafts: list[Draft], text: str, lex: Lexicon) -> list[Draft]:
    """Give each draft its indicator, and leave out those that are no figures."""
    drafts = _partitives(drafts, text, lex)
    phrases = [(d.start, d.end) for d in drafts if d.source == "noun"]
    words = [
        Word(*m.span(), *lex.indicators.meaning(m[0]))
        for m in lex.indicators.finditer(text)
        if not any(a < m.end() and m.start() < b for a, b in phrases)
    ]
    _directions(words, drafts, text, lex)
    drafts = [d for i, d in enumerate(drafts) if d.noun or (i and _of_them(d, text, lex)) or _bare(d, words, text, lex)]
    _mark(drafts, text, lex)
    counted = [d for d in drafts if d.unit != "percent" and not d.whole and not d.change]
    words = [w for w in words if not any(d.start < w.end and w.start < d.end for d in counted)]
    _directions(words, counted, text, lex)
    for draft in counted:
        if not draft.indicator:
            _direct(draft, counted, words, text, lex)
        if draft.level and not draft.indicator:
            tolls = [w.means for w in words if w.use == "toll" and w.end <= draft.start]
            draft.indicator, draft.source = (tolls[-1], "before") if tolls else (None, "")
        elif draft.source == "noun" and _of_them(draft, text, lex):
            _fate(draft, counted, words, text, lex)
    _hand_on(counted, words, text, lex)
    _breakdowns(counted, text, lex)
    _parts(counted, text, lex)
    return drafts


def _partitives(drafts: list[Draft], text: str, lex: Lexicon) -> list[Draft]:
    """Of "12 of the 40 passengers" the first is of the second's kind, the second is governed by nothing."""
    for first, second in pairwise(drafts):
        share = first.unit == "percent" and second.noun
        if share and lex.whole.match(text[first.end : second.start].lstrip()):
            second.whole = True
        if first.noun or not second.noun or first.reach < second.start:
            continue
        if lex.whole.match(text[first.end : second.start].lstrip()):
            first.unit, first.group, first.noun = second.unit, second.group, True
            first.reach, second.whole = second.end, True
    return drafts


def _directions(words: list[Word], drafts: list[Draft], text: str, lex: Lexicon) -> None:
    """Tell which words look ahead."""
    starts = [d.start for d in drafts]
    for word in words:
        at = bisect_left(starts, word.end)
        gap = text[word.end : starts[at]] if at < len(starts) else "."
        next_to = ":" not in gap and bool(lex.is_determiner_gap(gap))
        word.passive = bool(lex.aux_before(text[max(0, word.start - 40) : word.start]))
        inverted = at == 0 and word.use != "toll"
        word.ahead = word.use in ("pre", "toll") or (next_to and (not word.passive or inverted) and word.use != "noun")
        if word.use == "post" and not (next_to and inverted):
            word.ahead = False


def _of_them(draft: Draft, text: str, lex: Lexicon) -> bool:
    return bool(lex.subset.match(text[draft.number.end :].lstrip()))


def _bare(draft: Draft, words: list[Word], text: str, lex: Lexicon) -> bool:
    """Whether a number without a noun is people all the same: "killed 12", "12 were killed"."""
    if draft.number.kind == "one" or text[draft.number.end - 1] in "mk":  # killed 5m away
        return False
    if draft.level:
        return bool(lex.nouns.search(text[: draft.start]))
    if draft.number.kind == "none":
        behind = [w for w in words if w.start >= draft.end and not w.ahead]
        return bool(behind) and len(text[draft.end : behind[0].start].split()) <= 5
    if (match := lex.changed_by(text[max(0, draft.start - 80) : draft.start])) and match["link"]:
        return bool(lex.nouns.search(text[: draft.start]))
    for word in words:
        gap = text[draft.reach : word.start]
        if not word.ahead and word.start >= draft.reach and "," not in gap and lex.is_passive_gap(gap):
            return True
        if word.ahead and word.end <= draft.start and _touches(word, draft, text, lex):
            rest = text[draft.end :].lstrip()
            return not rest or not rest[0].isalnum() or bool(lex.after.match(rest))
    return False


def _touches(word: Word, draft: Draft, text: str, lex: Lexicon) -> bool:
    gap = text[word.end : draft.start]
    return bool(lex.is_toll_gap(gap) if word.use == "toll" else lex.is_determiner_gap(gap))


def _mark(drafts: list[Draft], text: str, lex: Lexicon) -> None:
    """Mark changes, and parts of the figure before."""
    for i, draft in enumerate(drafts):
        before = text[max(0, draft.start - 80) : draft.start]
        match = lex.changed_by(before)
        if match and not draft.earlier and (match["link"] or draft.unit == "percent"):
            draft.change, draft.indicator = lex.change.meaning(match["change"]), "change"
        elif draft.unit == "percent" and (behind := _change_behind(draft, text, lex)):
            draft.change, draft.indicator = behind, "change"
        cued = lex.subset.before(text, draft.start) or _of_them(draft, text, lex)
        draft.part = bool(cued) and draft.unit != "percent"
        opens = lex.whole.before(text, draft.start)
        clause = bool(opens) and text[: draft.start - len(opens[0])].rstrip()[-1:] in ("", ",", ";")
        draft.whole = draft.whole or (clause and i + 1 < len(drafts))


def _change_behind(draft: Draft, text: str, lex: Lexicon) -> str:
    rest = text[draft.end : draft.end + 40].lstrip()
    match = lex.change_after.match(rest)
    return lex.change_after.meaning(match[0]) if match else ""


def _direct(draft: Draft, drafts: list[Draft], words: list[Word], text: str, lex: Lexicon) -> None:
    """Find the word that stands right beside the figure."""
    before = [w for w in words if w.ahead and w.end <= draft.start]
    behind = [w for w in words if not w.ahead and w.start >= draft.end]
    near = before[-1] if before and _touches(before[-1], draft, text, lex) else None
    if near and not _free(near.end, draft.start, drafts, draft):
        near = near if near.use == "toll" and not draft.noun else None
        for other in drafts if near and not draft.earlier else ():
            if near.end <= other.start < draft.start and other.indicator in (None, near.means):
                other.earlier = True  # "a toll of 21 dead was raised to 33"
    far = behind[0] if behind and _free(draft.end, behind[0].start, drafts, draft) else None
    gap = text[min(max(draft.end, draft.reach), far.start) : far.start] if far else ""
    if draft.number.kind != "none":
        far = None if lex.negation.search(gap) else far
        near = None if near and lex.negation.before(text, near.start) else near
    tight = bool(far) and bool(lex.is_passive_gap(gap))
    if tight and far.passive and not (near and lex.relative.match(gap.lstrip())):
        draft.indicator, draft.source = far.means, "behind"
    elif near:
        draft.indicator, draft.source = near.means, "before"
    elif far and (tight or _loose(gap, far, lex, draft)):
        draft.indicator, draft.source = far.means, "behind"


def _fate(draft: Draft, drafts: list[Draft], words: list[Word], text: str, lex: Lexicon) -> None:
    """Of "three of the wounded died" take what befell them, not what they were."""
    was, draft.indicator = draft.indicator, None
    _direct(draft, drafts, words, text, lex)
    if draft.source == "behind":
        draft.part = False
    else:
        draft.indicator, draft.source = was, "noun"


def _free(start: int, end: int, drafts: list[Draft], own: Draft) -> bool:
    return not any(start <= d.start < end for d in drafts if d is not own)


def _loose(gap: str, word: Word, lex: Lexicon, draft: Draft) -> bool:
    """Whether the word reaches the figure over a few others: "12 civilians on their way to market were killed"."""
    parts = gap.split(",")
    if len(parts) > 2:
        gap = parts[0] + " " + parts[-1]
    found = gap.split()
    if draft.number.kind == "none":
        return len(found) <= 5
    if not draft.noun or len(found) > (REACH if word.passive or word.use == "post" else 2):
        return False
    joined = any(lex.coordination.match(f) for f in found)
    return not joined and not lex.nouns.search(gap) and not lex.boundary.search(gap)


def _hand_on(drafts: list[Draft], words: list[Word], text: str, lex: Lexicon) -> None:
    """Lists share their word: forwards one that looks ahead, backwards one that looks behind."""

    def linked(first: Draft, second: Draft) -> bool:
        gap = text[max(first.end, min(first.reach, second.start)) : second.start]
        if any(first.end <= w.start and w.end <= second.start for w in words):
            return False
        restated = gap.strip() == "(" and first.unit != second.unit  # "1,500 households (8,200 people)"
        return bool(lex.is_list_gap(gap) or restated or (first.earlier and len(gap) < 30) or lex.is_long_list_gap(gap))

    for first, second in pairwise(drafts):
        if not second.indicator and first.source == "before" and linked(first, second):
            second.indicator, second.source = first.indicator, "before"
    for first, second in pairwise(drafts[::-1]):
        own = first.part and not first.noun  # "300 passengers, of whom 49 drowned"
        if not second.indicator and first.source == "behind" and not own and linked(second, first):
            second.indicator, second.source = first.indicator, "behind"


def _breakdowns(drafts: list[Draft], text: str, lex: Lexicon) -> None:
    """Mark what only spells out a number: of "12 people, 9 soldiers and 3 civilians," the last two are parts."""
    for i, whole in enumerate(drafts):
        total, at = Decimal(0), whole.end
        if whole.group or whole.high or whole.unit != "people":
            continue
        for j, draft in enumerate(drafts[i + 1 :], start=i + 1):
            gap = text[at : draft.start]
            opens = _OPENS.fullmatch(gap) if j == i + 1 else lex.is_list_gap(gap)
            if not opens or not draft.group or draft.high or draft.indicator not in (None, whole.indicator):
                break
            total, at = total + draft.number.value, draft.end
            if total == whole.number.value and j > i + 1:
                for part in drafts[i + 1 : j + 1]:
                    part.part = True
                break


def _parts(drafts: list[Draft], text: str, lex: Lexicon) -> None:
    """A part takes its whole's word; what is joined to a part by "and" is a part too."""
    for first, second in pairwise(drafts):
        gap = text[first.end : second.start]
        inherits = second.indicator is None or (second.source in ("before", "behind") and second.source == first.source)
        if first.part and inherits and "," not in gap and lex.is_list_gap(gap):
            second.part = True
        if second.part and second.indicator is None:
            second.indicator, second.source = first.indicator, "whole"
    whole = None
    for draft in drafts:
        if not draft.part:
            whole = draft
        elif whole and draft.indicator != whole.indicator:
            draft.part = False  # "300 passengers, of whom 49 drowned": 49 is a part of no other toll
