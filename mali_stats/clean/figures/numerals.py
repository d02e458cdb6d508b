"""Numbers in a text, in digits and in words: where they stand and what they are worth.

The words are in ``seeds/figure_words.csv`` (kind ``number``, whose ``use`` is their part in the grammar) and
``seeds/vague_words.csv``. Everything is matched on folded text: lower case, no accents, plain dashes and blanks.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

#: What looks like a number but is longer than any count of people is left alone.
DIGITS = 15
#: Of a long run of blanks a few are read.
_RUN = re.compile(r"(?<! ) {8}( +)")
_PLAIN = {
    **dict.fromkeys("‐‑‒–−", "-"),
    **dict.fromkeys("‘’ʼ´`", "'"),
    **dict.fromkeys("\u00a0\u202f\u2009\u2007\u2008\u200a\u2002\u2003\t", " "),
    "\r": "\n",
}


class _Fold(dict):
    """Each character to the one it is matched as; made when first met."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        bases = [c for c in unicodedata.normalize("NFD", char.lower()) if not unicodedata.combining(c)]
        self[code] = _PLAIN.get(char) or (bases[0] if len(bases) == 1 else char)
        return self[code]


_FOLD = _Fold()


def fold(text: str) -> tuple[str, list[int] | None]:
    """Return ``text`` as it is matched, and where each of its characters stood (None: where it stands).

    Examples
    --------
    >>> fold("Tués : 375\u202f539")
    ('tues : 375 539', None)
    """
    folded = text.translate(_FOLD)
    dropped = {i for m in _RUN.finditer(folded) for i in range(*m.span(1))}
    if not dropped and not any(map(unicodedata.combining, folded)):
        return folded, None
    kept = [i for i, c in enumerate(folded) if i not in dropped and not unicodedata.combining(c)]
    return "".join(folded[i] for i in kept), [*kept, len(text)]


def compiled(pattern: str, **parts: str) -> str:
    """Turn a seed's pattern into a regular expression on folded text: a blank is any run of blanks, ``{n}`` a part."""
    for name in parts:
        pattern = pattern.replace("{" + name + "}", "\0" + name + "\0")
    pattern = re.sub(r"\[[^\]]*\]|(?<!\\) ", lambda m: r"\s+" if m[0] == " " else m[0], fold(pattern)[0])
    for name, part in parts.items():
        pattern = pattern.replace("\0" + name + "\0", f"(?:{part})")
    return pattern


def either(patterns) -> str:
    """One alternation of many patterns, those of the longest words first."""
    branches = [b for p in patterns for b in branches_of(p)]
    return "|".join(sorted(dict.fromkeys(branches), key=len, reverse=True))


def branches_of(pattern: str) -> list[str]:
    """The alternatives of a pattern at its top level."""
    parts, depth, start = [], 0, 0
    for match in re.finditer(r"\\.|\[[^\]]*\]|[()|]", pattern):
        depth += {"(": 1, ")": -1}.get(match[0], 0)
        if match[0] == "|" and depth == 0:
            parts.append(pattern[start : match.start()])
            start = match.end()
    return [*parts, pattern[start:]]


@dataclass(frozen=True)
class Number:
    """A number in folded text: ``value`` for a plain one, ``seed`` where it is a vague word, ``kind`` says which."""

    start: int
    end: int
    kind: str  # plain, one (the article), aine, none, vague
    value: Decimal = Decimal(0)
    scaled: Decimal = Decimal(1)  # the word million, thousand ... behind digits
    seed: str = ""


class Numerals:
    """The numbers of one language."""

    def __init__(self, words, vague, hyphened: str) -> None:
        """Build the grammar from seed rows: ``words`` (pattern, means, use), ``vague`` (id, pattern)."""
        self.words = [(compiled(p), Decimal(means or 0), use) for p, means, use in words]
        self.vague = [(seed, compiled(p)) for seed, p in vague]
        self._vague = [(seed, re.compile(p)) for seed, p in self.vague]
        values = sorted(((b, v) for p, v, _ in self.words for b in branches_of(p)), key=lambda x: -len(x[0]))
        self._values = [(re.compile(p + r"(?!\w)"), value) for p, value in values]
        self._scale = re.compile(rf"\s+({self._of('scale', 'bare hundred', 'bare thousand', 'thousand')})(?!\w)")
        self._dozen = re.compile(rf"[-\s]+({self._of('dozen', 'aine')})$")
        self._half = re.compile(rf"(?:{self._of('half')})$")
        self._suffix = re.compile(rf"(?<=[0-9])(?:{self._of('suffix')})$")
        self.pattern = self._grammar()
        # A number is no part of a word, of a longer number or of a code; a hyphen joins it to few words only.
        before = r"(?<![\w$€£°+#])(?<![0-9][.,'/:])(?<![a-z]-)(?<![\s(]-)(?<!^-)"
        after = rf"(?!\w|[.,/:][0-9]|-(?!{hyphened})[a-z])(?!\s*[°])"
        none = rf"(?P<none>{self._of('none')})(?:(?<=')|(?!\w))"
        self.find = re.compile(f"{before}(?:{none}|(?:{self.pattern}){after})").finditer

    def _of(self, *uses: str) -> str:
        return either(p for p, _, use in self.words if use in uses) or "(?!)"

    def _grammar(self) -> str:
        """One regular expression whose groups say which kind of number it is."""
        gap = r"(?:\s+|-)"
        link = rf"(?:{gap}(?:{self._of('joiner')}))?{gap}"
        bond = rf"(?:{gap}(?:{self._of('ten joiner')}))?{gap}"
        digit, teen, ten, tall = (self._of(use) for use in ("digit", "teen", "ten", "long ten"))
        small = rf"(?:(?:{tall}){bond}(?:{teen}|{digit})|(?:{ten}){bond}(?:{digit})|{tall}|{ten}|{teen}|{digit})(?!\w)"
        count = rf"(?:{small}|(?:{self._of('article')})(?!\w))"
        hundreds = (
            rf"(?:(?:{count}{gap}(?:{self._of('hundred')})|(?:{count}{gap})?(?:{self._of('bare hundred')}))(?!\w)"
        )
        hundreds += rf"(?:{link}{small})?|{small})"
        halves = rf"(?:{gap}(?:{self._of('half')})(?!\w))?"
        many = rf"(?:{self._of('article')}|{hundreds}){halves}{gap}(?:{self._of('thousand', 'scale')})(?!\w)"
        bare = rf"(?:{hundreds}{gap})?(?:{self._of('bare thousand')})(?!\w)"
        large = rf"(?:{many}|{bare})(?:(?:,\s+|{link})(?:{many}|{bare}))*(?:{link}{hundreds})?{halves}"
        word = rf"(?:{large}|{hundreds}|{self._of('zero')})"
        figure = r"[0-9]{1,3}(?:[ ,.'][0-9]{3})+(?![0-9])(?:[.,][0-9]+)?|[0-9]+(?:[.,][0-9]+)?"
        scale = rf"(?:\s+(?:{self._of('thousand', 'bare thousand', 'scale')})(?!\w){halves}|(?:{self._of('suffix')})(?!\w))?"  # noqa: E501
        dozens = rf"(?:(?:{count}|[0-9]+){gap})(?:{{}})(?!\w)"
        return (
            f"(?P<aine>{dozens.format(self._of('aine'))})"
            f"|(?P<dozen>{dozens.format(self._of('dozen'))})"
            f"|(?P<vague>{either(p for _, p in self.vague)})"
            rf"|(?P<figure>(?:{figure}){scale})"
            f"|(?P<word>{word})"
            f"|(?P<one>{self._of('one')})"
        )

    def read(self, match: re.Match, percent: bool) -> Number | None:
        """The number of a match of ``find``; None for digits that are no number."""
        kind, text, span = match.lastgroup, match[0], match.span()
        if kind == "none":
            return Number(*span, "none")
        if kind == "vague":
            return Number(*span, "vague", seed=next(seed for seed, p in self._vague if p.fullmatch(text)))
        if kind == "figure":
            value, scaled = self._figure(text, percent)
            return None if value is None else Number(*span, "plain", value, scaled)
        if kind == "one":
            return Number(*span, "one", Decimal(1))
        if kind == "word":
            return Number(*span, "plain", self._word(text))
        return Number(*span, "aine" if kind == "aine" else "plain", self._dozens(text))

    def _value(self, text: str, at: int) -> tuple[Decimal, int] | None:
        return next(((v, m.end()) for p, v in self._values if (m := p.match(text, at))), None)

    def _figure(self, text: str, percent: bool) -> tuple[Decimal | None, Decimal]:
        scale = self._scale.search(text)
        digits, scaled, half = text, Decimal(1), Decimal(0)
        if scale:
            digits, scaled = text[: scale.start()], self._value(text, scale.start(1))[0]
            half = Decimal("0.5") if self._half.search(text, scale.end()) else half
        elif suffix := self._suffix.search(text):
            digits, scaled = text[: suffix.start()], self._value(text, suffix.start())[0]
        value = decimal(digits, fractions=percent or scaled > 1000)
        return (None if value is None else (value + half) * scaled), scaled

    def _dozens(self, text: str) -> Decimal:
        unit = self._dozen.search(text)
        before = text[: unit.start()].strip()
        count = Decimal(before) if before.isdigit() else self._word(before)
        return count * self._value(text, unit.start(1))[0]

    def _word(self, text: str) -> Decimal:
        total, current, last, at = Decimal(0), Decimal(0), Decimal(1), 0
        while at < len(text):
            found = self._value(text, at) if text[at].isalpha() else None
            if found is None:
                at += 1
                continue
            value, at = found
            if value >= 1000:
                total, current, last = total + (current or 1) * value, Decimal(0), value
            elif 0 < value < 1 and total and not current:  # un million et demi
                current = value * last
            elif value == 100:
                current = (current or Decimal(1)) * 100
            else:
                current += value
        return total + current


def decimal(digits: str, fractions: bool) -> Decimal | None:
    """Digits with any separators as a number; None when it has too many of them.

    Three digits after a point, a comma, a blank or an apostrophe are thousands, unless ``fractions``: then one
    point or comma is the decimal one.

    Examples
    --------
    >>> decimal("375 539", False), decimal("8,8", True), decimal("1.234", False), decimal("1.234", True)
    (Decimal('375539'), Decimal('8.8'), Decimal('1234'), Decimal('1.234'))
    """
    digits = re.sub(r"[\s']", "", digits)
    if sum(c.isdigit() for c in digits) > DIGITS:
        return None
    if fractions and (match := re.fullmatch(r"([0-9]+)[.,]([0-9]+)", digits)):
        return Decimal(f"{match[1]}.{match[2]}")
    if re.fullmatch(r"[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,3}(?:\.[0-9]{3})+", digits):
        return Decimal(re.sub(r"[.,]", "", digits))
    if match := re.fullmatch(r"([0-9]+(?:,[0-9]{3})*)\.([0-9]+)|([0-9]+(?:\.[0-9]{3})*),([0-9]+)", digits):
        whole, part = match[1] or match[3], match[2] or match[4]
        return Decimal(f"{re.sub('[.,]', '', whole)}.{part}")
    return None
