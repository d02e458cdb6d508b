"""One sentence to its figures, in five steps.

Its numbers (``numerals``), the phrase of each (qualifier, number, noun), the word that governs it (killed, wounded,
...; ``governing``), who says it, and the interval its rule stands for (``intervals``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from mali_stats.clean.figures.governing import Draft, govern
from mali_stats.clean.figures.intervals import interval, outwards
from mali_stats.clean.figures.lexicon import Lexicon, vague
from mali_stats.clean.figures.numerals import Number

_BLANK = re.compile(r"\s*")
_WORD = re.compile(r"[^\W\d_]+(?:[-'][^\W\d_]+)*")
#: A one or a handful ("one resident said") is a figure only where something befell them.
HANDFUL = 10


class Sentence:
    """One sentence of one language, read step by step."""

    def __init__(self, lex: Lexicon, folded: str, start: int, end: int, text: str, places, words: str) -> None:
        self.lex, self.start, self.words = lex, start, words
        self.folded, self.text, self.places = folded[start:end], text, places

    def read(self) -> list[dict]:
        """Return its figures in order, each as the attributes of a ``Figure``."""
        drafts = self._drafts()
        if not drafts:
            return []
        drafts = govern(drafts, self.folded, self.lex)
        claims = list(self._claims()) if drafts else []
        self._deny(drafts)
        provisional = bool(drafts and self.lex.provisional.search(self.folded))
        return [f for d in drafts if (f := self._figure(d, claims, provisional))]

    # ---- numbers and their phrases --------------------------------------------------------------------------

    def _drafts(self) -> list[Draft]:
        lex, folded = self.lex, self.folded
        matches = list(lex.numerals.find(folded))
        if not matches:
            return []
        masked = [m.span() for m in lex.masks.finditer(folded)]
        matches = [m for m in matches if not any(a < m.end() and m.start() < b for a, b in masked)]
        percent = [bool(self._percent(m.end())) for m in matches]
        numbers = [n for m, p in zip(matches, percent, strict=True) if (n := lex.numerals.read(m, p))]
        qualifiers = {m.end(): m for m in lex.qualifier.finditer(folded)}
        drafts: list[Draft] = []
        numbers, i = self._joined(numbers), 0
        while i < len(numbers):
            if drafts and numbers[i].start < drafts[-1].end:  # "seven members of one family"
                i += 1
                continue
            pair = self._range(numbers[i], numbers[i + 1]) if i + 1 < len(numbers) else None
            drafts.append(self._phrase(pair or self._single(numbers[i], qualifiers)))
            drafts[-1].earlier = not pair and self._is_earlier(*numbers[i : i + 2])
            if i and not pair:
                self._is_level(drafts[-1], numbers[i - 1])
            i += 2 if pair else 1
        return drafts

    def _joined(self, numbers: list[Number]) -> list[Number]:
        """Make one of "twelve (12)" and of "1 million and 200 000"."""
        joined: list[Number] = []
        for number in numbers:
            last = joined[-1] if joined else None
            between = self.folded[last.end : number.start] if last else ""
            if last and {last.kind, number.kind} == {"plain"}:
                closed = self.folded[number.end : number.end + 1] == ")"
                if between.strip() == "(" and closed and last.value == number.value:
                    joined[-1] = Number(last.start, number.end + 1, "plain", last.value)
                    continue
                if number.value < last.scaled and self.lex.joiner.match(between.strip()) and len(between.split()) == 1:
                    joined[-1] = Number(last.start, number.end, "plain", last.value + number.value)
                    continue
            joined.append(number)
        return joined

    def _percent(self, at: int) -> re.Match | None:
        return self.lex.percent.match(self.folded, _BLANK.match(self.folded, at).end())

    def _single(self, number: Number, qualifiers: dict[int, re.Match]) -> Draft:
        lex, start = self.lex, number.start
        draft = Draft(start, number.end, number, None, number.seed or lex.by_kind[number.kind])
        if number.kind in ("none", "vague", "one"):
            return draft
        before = len(self.folded[:start].rstrip())
        if match := qualifiers.get(before) or qualifiers.get(start):
            draft.start, draft.rule = match.start(), lex.qualifier.meaning(match[0])
        return draft

    def _range(self, low: Number, high: Number) -> Draft | None:
        """The range of two numbers that a rule's words join, and that rise."""
        if not {low.kind, high.kind} <= {"plain", "aine"}:
            return None
        between = self.folded[low.end : high.start]
        if len(between) > 12 or self.lex.earlier.before(self.folded, low.start):
            return None
        if self._change(low.start) and high.value > 2 * low.value and not self._percent(high.end):
            return None  # "rose by 20,000 to 350,000"
        # "8 to 9 million": the word belongs to both.
        scaled = high.scaled if low.scaled == 1 and low.value < high.value / high.scaled else 1
        if not low.value * scaled < high.value:
            return None
        low = Number(low.start, low.end, "plain", low.value * scaled)
        for head, joins, rule in self.lex.ranges:
            if not joins(between):
                continue
            match = self.lex.range_start[head](self.folded[max(0, low.start - 25) : low.start]) if head else None
            if match or not head:
                start = low.start - (len(match[0]) if match else 0)
                return Draft(start, high.end, low, high, rule)
        return None

    def _is_earlier(self, number: Number, later: Number | None = None) -> bool:
        """Whether it is the first of "rose from 40 to 64"."""
        if later is None or not self.lex.earlier.before(self.folded, number.start):
            return False
        if match := self._change(number.start):  # "a baissé de 20 000 à 350 000" is no fall from 20 000  # noqa: SIM102
            if (self.lex.change.meaning(match["change"]) == "up") == (number.value > later.value):
                return False
        between = self.folded[number.end : later.start]
        words = between.split()  # "rose from 40 in May to 64" too
        return 0 < len(words) <= 4 and any(joins(f" {words[-1]} ") for _, joins, _ in self.lex.ranges)

    def _change(self, at: int) -> re.Match | None:
        """The rise or fall "by" the number at ``at``."""
        match = self.lex.changed_by(self.folded[max(0, at - 80) : at])
        return match if match and match["link"] else None

    def _is_level(self, draft: Draft, last: Number) -> None:
        """Note the level of "rose by 20,000 to 350,000", and the past one of "rose to 350,000 from 300,000"."""
        between = self.folded[last.end : draft.number.start].split()
        if not 0 < len(between) <= 5:
            return
        if self._change(last.start):
            draft.level = bool(self.lex.change_to.match(between[-1]))
        elif self.lex.changed_to(self.folded[max(0, last.start - 80) : last.start]):
            draft.level = draft.earlier = bool(self.lex.change_from.match(between[-1]))

    def _phrase(self, draft: Draft) -> Draft:
        """Walk from the number to its noun, over words that may stand between."""
        lex, folded = self.lex, self.folded
        at, hit = draft.end, False
        if percent := self._percent(draft.end):
            draft.unit, draft.end, draft.noun = "percent", percent.end(), True
        elif match := lex.qualifier_after.match(folded, _BLANK.match(folded, at).end()):
            self._qualify_after(draft, match)
            at = match.end()
        for _ in range(0 if percent else 7):
            at = _BLANK.match(folded, at).end()
            if noun := lex.nouns.match(folded, at):
                possessive = folded.startswith("'s", noun.end())
                if possessive or not self._take(draft, *lex.nouns.meaning(noun[0]), hit):
                    break
                at, hit, draft.noun, draft.end = noun.end(), True, True, noun.end()
                draft.whole = draft.whole or noun[0].startswith("-")  # a 30-strong patrol
            elif not hit and (word := lex.modifier.match(folded, at) or self._capital(at)):
                at = word.end()
            else:
                break
        draft.reach = draft.end if hit else at
        if match := lex.qualifier_after.match(folded, _BLANK.match(folded, draft.end).end()):
            self._qualify_after(draft, match)
        return draft

    def _qualify_after(self, draft: Draft, match: re.Match) -> None:
        if draft.high is None and draft.number.kind in ("plain", "aine"):
            draft.rule, draft.end = self.lex.qualifier_after.meaning(match[0]), match.end()

    def _take(self, draft: Draft, kind: str, means: str, use: str, hit: bool) -> bool:
        """Note what a noun says; False where it is no part of this number's phrase."""
        if kind == "indicator":
            if (hit and use != "noun") or draft.indicator:
                return False
            draft.indicator, draft.source = means, "noun"
        elif kind == "group":
            draft.group = draft.group or means
        draft.unit = means if kind == "unit" and means != "percent" else draft.unit or "people"
        return True

    def _capital(self, at: int) -> re.Match | None:
        """A word with a capital, which may name a people, a place or an army."""
        place = self.start + at
        place = self.places[place] if self.places else place
        word = _WORD.match(self.folded, at)
        return word if word and self.text[place].isupper() and not self._shouting else None

    @cached_property
    def _shouting(self) -> bool:
        """Whether capitals mean nothing here, as in a headline."""
        words = [m.start() + self.start for m in _WORD.finditer(self.folded)]
        capitals = sum(self.text[self.places[i] if self.places else i].isupper() for i in words)
        return len(words) > 3 and capitals > len(words) / 2

    # ---- who says so -------------------------------------------------------------------------------------

    def _claims(self) -> Iterator[tuple[int, int, str]]:
        """(start, end, party) of each attribution."""
        for find, means in self.lex.attributions:
            for match in find(self.folded):
                yield (*match.span(), means or self.lex.parties.meaning(match["party"]))

    def _deny(self, drafts: list[Draft]) -> None:
        """Mark what stands behind a denial in its part of the sentence."""
        for match in self.lex.denial.finditer(self.folded) if drafts else ():
            ends = (
                self.lex.denial_ends.search(self.folded, match.end()),
                self.lex.boundary.search(self.folded, match.end()),
            )
            end = min((m.start() for m in ends if m), default=len(self.folded))
            for draft in drafts:
                draft.denied = draft.denied or match.end() <= draft.start < end

    def _claimant(self, draft: Draft, claims: list[tuple[int, int, str]]) -> str | None:
        """Who says it: the nearest attribution in its part, before it first, else in an earlier part."""
        if not claims or draft.denied:
            return None
        cuts = [m.start() for m in self.lex.boundary.finditer(self.folded)]
        low = max((c for c in cuts if c <= draft.start), default=0)
        high = min((c for c in cuts if c > draft.start), default=len(self.folded))
        near = [c for c in claims if low <= c[0] < high]
        before = [c for c in near or claims if c[1] <= draft.start]
        behind = [c for c in near if c[0] >= draft.end]
        if before:
            return max(before, key=lambda c: c[1])[2]
        return min(behind, key=lambda c: c[0])[2] if behind else None

    # ---- the figure --------------------------------------------------------------------------------------

    def _figure(self, draft: Draft, claims, provisional: bool) -> dict | None:
        ends = self._ends(draft)
        if ends is None or self._idle(draft, ends):
            return None
        low, best, high = ends
        provisional = provisional and draft.unit != "percent"
        start, end = self.start + draft.start, self.start + draft.end
        if self.places:
            start, end = self.places[start], self.places[end - 1] + 1
            while end < len(self.text) and end not in self.places:
                end += 1
        qualifier = self.lex.rules[draft.rule].qualifier if draft.rule in self.lex.rules else ""
        qualifier = " ".join(filter(None, [*draft.roles(), qualifier])) or None
        return {
            "low": low, "best": best, "high": None if provisional else high, "unit": draft.unit or "people",
            "group": draft.group, "indicator": draft.indicator, "qualifier": qualifier, "rule": draft.rule,
            "claimed_by": self._claimant(draft, claims), "provisional": provisional,
            "span": (start, end), "text": self.text[start:end],
        }  # fmt: skip

    def _ends(self, draft: Draft):
        number, percent = draft.number, draft.unit == "percent"
        if number.kind == "vague":
            return vague(number.seed, self.words)
        if number.kind == "none":
            return 0, 0, 0
        values = [n.value for n in (number, draft.high) if n]
        if not percent and any(value % 1 for value in values):
            return None
        if draft.high:
            return outwards(values[0], None, values[1], percent)
        return interval(self.lex.rules[draft.rule].rule, values[0], percent)

    def _idle(self, draft: Draft, ends) -> bool:
        """Whether it is a one, a none or a handful to whom nothing is said to have happened."""
        if draft.indicator:
            return draft.number.kind == "one" and draft.source == "noun"  # "said a wounded soldier"
        if draft.unit == "percent":
            return False
        small = draft.number.kind == "vague" and ends[2] < HANDFUL
        return small or draft.number.kind == "none" or (draft.high is None and ends == (1, 1, 1))
