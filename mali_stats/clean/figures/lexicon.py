"""The words around a number, by language: what it counts, what befell them, who says so. All from seeds/."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from mali_stats import catalog
from mali_stats.clean.figures.numerals import Numerals, branches_of, compiled, either

GOVERNING = ("pre", "post", "both", "toll")


class Words:
    """A set of seed patterns that is matched at once and tells which row a match came from."""

    def __init__(self, rows: Iterable[tuple[str, object]], **parts: str) -> None:
        """Take (pattern, what it stands for) and the parts that stand in braces in the patterns."""
        pairs = [(b, meaning) for pattern, meaning in rows for b in branches_of(compiled(pattern, **parts))]
        pairs.sort(key=lambda pair: -len(pair[0]))
        self._pairs = [(re.compile(branch), meaning) for branch, meaning in pairs]
        self._known: dict[str, object] = {}
        self.pattern = "|".join(branch for branch, _ in pairs) or "(?!)"
        # A sign (%, -strong, d') may touch the word beside it.
        regex = re.compile(rf"(?:(?<!\w)|(?=\W))(?:{self.pattern})(?:(?<=\W)|(?!\w))")
        self.match, self.finditer, self.search, self.findall = regex.match, regex.finditer, regex.search, regex.findall
        self._before = re.compile(rf"(?<!\w)(?:{self.pattern})\s*$")

    def meaning(self, text: str):
        """What the row stands for whose pattern is all of ``text``."""
        if text not in self._known:
            self._known[text] = next(meaning for pattern, meaning in self._pairs if pattern.fullmatch(text))
        return self._known[text]

    def before(self, text: str, at: int, window: int = 30) -> re.Match | None:
        """The match that ends right before ``at``."""
        return self._before.search(text[max(0, at - window) : at])


class Lexicon:
    """One language's words, compiled once."""

    # the sets of _SETS
    modifier: Words
    coordination: Words
    subset: Words
    whole: Words
    boundary: Words
    after: Words
    language: Words
    earlier: Words
    provisional: Words
    relative: Words
    negation: Words
    abbreviation: Words

    def __init__(self, lang: str) -> None:
        """Read the seeds of ``lang``."""
        table = catalog.seed("figure_words").fillna("")
        table = table[table["lang"] == lang]
        self._rows = {kind: part[["pattern", "means", "use"]].values.tolist() for kind, part in table.groupby("kind")}
        vague = catalog.seed("vague_words").query("lang == @lang").drop_duplicates("id")
        signs = either(p[1:] for p, _, _ in self._rows["unit"] if p.startswith("-"))
        signs = either(b.lstrip("-") for b in branches_of(signs))
        self.numerals = Numerals(self._rows["number"], vague[["id", "words"]].values.tolist(), signs)
        self.nouns = Words(
            (pattern, (kind, means, use))
            for kind in ("group", "unit", "indicator")
            for pattern, means, use in self._rows[kind]
            if kind != "indicator" or use in ("both", "noun")
        )
        self.indicators = Words((p, (means, use)) for p, means, use in self._rows["indicator"] if use in GOVERNING)
        self.percent = Words((p, means) for p, means, _ in self._rows["unit"] if means == "percent")
        for kind in _SETS:
            setattr(self, kind, Words((p, means) for p, means, _ in self._rows[kind]))
        denials = self._rows["denial"]
        self.denial, self.denial_ends = (Words((p, "") for p, _, u in denials if u == use) for use in ("", "ends"))
        self.joiner = Words((p, "") for p, _, use in self._rows["number"] if use == "joiner")
        self._gaps()
        self._changes()
        self._parties()
        self._masks()
        self._qualifiers(lang)

    def _gaps(self) -> None:
        """Compile what may stand between a governing word and its number."""
        of = {kind: Words((p, "") for p, _, _ in self._rows[kind]).pattern for kind in _GAPS}
        self.aux_before = re.compile(rf"(?<!\w)(?:{of['aux']})(?:\s+\w+ly|\s+\w+ment)?\s+$").search
        word = r"(?:{})(?:(?<=\W)|(?!\w))"
        self.is_passive_gap = re.compile(rf"[\s,()]*(?:{word.format(of['passive'])}\s*)*").fullmatch
        self.is_determiner_gap = re.compile(rf"[\s:]*(?:{word.format(of['determiner'])}\s*)*").fullmatch
        self.is_toll_gap = re.compile(rf"(?:[^,;]|,(?=[0-9])){{0,60}}?\s*(?:{of['toll gap']})\s*").fullmatch
        linked = rf"[\s,()]*(?:(?:{of['coordination']})(?!\w)[\s,(]*(?:(?:{of['determiner']})\s+)?)+|\s*,\s*"
        self.is_list_gap = re.compile(linked).fullmatch
        ends = rf"(?:\s+(?!(?:{of['boundary']})\b)[^\s,;.]+){{1,9}},?\s+(?:{of['coordination']})\s+"
        self.is_long_list_gap = re.compile(ends).fullmatch

    def _changes(self) -> None:
        """Compile the words of a rise or a fall, before and behind a number."""
        rows = self._rows["change"]
        self.change = Words((p, means) for p, means, use in rows if use == "pre")
        by, of = (Words((p, "") for p, _, use in rows if use == link).pattern for link in ("by", "of"))
        few = r"(?:\s+[^\s,;.]+){0,5}?"
        self.changed_by = re.compile(
            rf"(?<!\w)(?P<change>{self.change.pattern})(?!\w)(?:(?P<link>{few}\s+(?:{by})|\s+(?:{of}))|{few})\s*$"
        ).search
        to, self.change_from = (Words((p, "") for p, _, use in rows if use == link) for link in ("to", "from"))
        self.change_to = to
        self.changed_to = re.compile(
            rf"(?<!\w)(?:{self.change.pattern})(?!\w){few}\s+(?:{to.pattern})(?:\s+[^\s,;.]+){{0,2}}?\s*$"
        ).search
        self.change_after = Words((p, means) for p, means, use in rows if use == "post")

    def _parties(self) -> None:
        rows = self._rows["party"]
        self.parties = Words((p, means) for p, means, _ in rows)
        one = f"(?P<party>{self.parties.pattern})(?!\\w)"
        patterns = [(compiled(p.replace("{party}", "\1")), means) for p, means, _ in self._rows["attribution"]]
        self.attributions = [
            (re.compile(r"(?<!\w)(?:" + p.replace("\1", one) + r")(?!\w)").finditer, means) for p, means in patterns
        ]

    def _masks(self) -> None:
        """Compile what holds a number and is no figure."""
        words = either(compiled(p) for p, _, use in self._rows["number"] if use in ("digit", "teen", "ten", "long ten"))
        number = rf"[0-9]{{1,3}}(?:[ ,.'][0-9]{{3}})+|[0-9]+(?:[.,][0-9]+)?|(?:{words})(?:[-\s](?:{words}))*"
        self.masks = Words(((p, means) for p, means, _ in self._rows["not_a_figure"]), n=number)

    def _qualifiers(self, lang: str) -> None:
        """Split the rules' templates at their number: what stands before, between and behind."""
        rules = catalog.seed("figure_rules").fillna("").query("lang == @lang")
        self.rules = {row.id: row for row in rules.itertuples(index=False)}
        before, after, self.ranges = [], [], []
        for row in self.rules.values():
            for template in branches_of(row.pattern):
                head, _, tail = template.partition("{n}")
                between, _, _ = tail.partition("{m}")
                if "{m}" in template:
                    self.ranges.append((_tight(head), re.compile(_tight(between)).fullmatch, row.id))
                elif "{n}" in template and head:
                    before.append((head.strip(), row.id))
                elif "{n}" in template and tail:
                    after.append((tail.strip(), row.id))
        self.qualifier, self.qualifier_after = Words(before), Words(after)
        self.by_kind = {k: row.id for row in self.rules.values() for k, p in _BARE.items() if row.pattern == p}
        starts = {re.compile(rf"(?<!\w){head}$") for head, _, _ in self.ranges if head}
        self.range_start = {r.pattern.removeprefix(r"(?<!\w)").removesuffix("$"): r.search for r in starts}


_SETS = (
    "modifier", "coordination", "subset", "whole", "boundary", "after", "language", "earlier", "provisional",
    "relative", "negation", "abbreviation",
)  # fmt: skip
#: What a number without a qualifier is -> the pattern of its rule.
_BARE = {"plain": "{n}", "one": "{n}", "aine": "{aine}", "none": "{none}"}
_GAPS = ("aux", "passive", "determiner", "toll gap", "coordination", "boundary")


def _tight(part: str) -> str:
    """A template's part as an expression; around a dash or a sign blanks are free."""
    return re.sub(r"^-$", r"\\s?-\\s?", compiled(part))


@cache
def lexicon(lang: str) -> Lexicon:
    """The compiled words of one language."""
    return Lexicon(lang)


@cache
def languages() -> tuple[str, ...]:
    """The languages of the seeds."""
    return tuple(sorted(catalog.seed("figure_rules")["lang"].unique()))


@cache
def conventions() -> tuple[str, ...]:
    """The conventions for vague words, the default first."""
    return tuple(sorted(catalog.seed("vague_words")["convention"].unique(), reverse=True))


@cache
def vague(seed: str, convention: str) -> tuple[int, int | None, int]:
    """(low, best, high) of a vague word, widened to hold the convention's value."""
    table = catalog.seed("vague_words").query("id == @seed and convention == @convention").iloc[0]
    low, high = int(table["low"]), int(table["high"])
    best = None if isinstance(table["best"], float) else int(table["best"])
    return (low, None, high) if best is None else (min(low, best), best, max(high, best))


@cache
def enemies() -> dict[str, frozenset[str]]:
    """Who claims -> the groups whose dead are those of its enemy."""
    words = catalog.seed("figure_words").fillna("")
    rows = words[words["kind"] == "party"]
    return {m: frozenset(filter(None, u.split("; "))) for m, u in zip(rows["means"], rows["use"], strict=True)}


@cache
def counted_by_others() -> frozenset[str]:
    """The groups whose dead are as a rule counted by the other side alone."""
    words = catalog.seed("figure_words").fillna("")
    return frozenset(words.loc[(words["kind"] == "group") & (words["use"] != ""), "means"])
