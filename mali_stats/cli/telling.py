"""A finding in words, English or French, and as JSON; the texts are in ``seeds/check_words.csv``."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import asdict

from mali_stats import catalog
from mali_stats.cli.finding import ISSUE, LEFT_OUT, Finding, Item
from mali_stats.cli.reading import EVENTS, SAVED
from mali_stats.report.wording import Words
from mali_stats.sources import acled, ucdp

#: How many countries are named.
NAMED = 5
#: What is advised -> the command that goes with it.
STEPS = {
    "next_all": "mali-stats clean {file} ... --out cleaned.csv",
    "next_look": "mali-stats clean {file} --out cleaned.csv",
    "next_kept": "mali-stats clean {file} --out cleaned.csv",
    "next_clean": "mali-stats clean {file} --out cleaned.csv",
    "next_panel": "mali-stats panel {file} --out panel.csv",
    "next_again": "mali-stats check {file}",
    "next_option": "mali-stats check {file}",
    "next_known": "mali-stats fetch --help",
}


class Teller:
    """Tell what a file is in one language.

    Parameters
    ----------
    lang : {"en", "fr"}
    width : int
        columns of the terminal.
    """

    def __init__(self, lang: str, width: int = 100) -> None:
        self.words, self.width = Words(lang, "check_words"), width

    def told(self, name: str, found: Finding, file: str) -> str:
        """Say it all: a verdict, what the file is, what is odd, what was left out, and what to do next.

        ``name`` is what the file is called, ``file`` how commands name it (with its options).
        """
        odd = [item for item in found.items if item.matters]
        known, left = ([i for i in found.items if not i.matters and i.about == about] for about in (ISSUE, LEFT_OUT))
        parts = [
            ("head_what", self._what(found)),
            ("head_odd", [*found.lacking, *self._items(odd, found)]),
            ("head_known", self._items(known, found)),
            ("head_out", self._items(left, found)),
            ("head_notes", found.notes),
            ("head_next", [line for step in steps(found) for line in self._step(step, file)]),
        ]
        return self._page(self._verdict(name, found), parts)

    def unread(self, name: str, error: str, step: str, file: str) -> str:
        """Say why a file cannot be read, and what to do."""
        parts = [("head_why", error.splitlines()), ("head_next", self._step(step, file))]
        return self._page(self.words("verdict_unread", file=name), parts)

    # ---- the page ------------------------------------------------------------------------------------------

    def _page(self, first: str, parts: list[tuple[str, list[str]]]) -> str:
        lines = [first]
        for head, texts in parts:
            if texts:
                lines += ["", self.words(head), *(line for text in texts for line in self._folded(text))]
        return "\n".join(lines)

    def _folded(self, text: str) -> list[str]:
        """Fold a line to the width, under its own margin; a command stays whole, to be copied."""
        bare = text.lstrip(" ")
        margin = "  " + text[: len(text) - len(bare)]
        if bare.startswith("mali-stats "):
            return [margin + bare]
        return textwrap.wrap(
            bare, self.width, initial_indent=margin, subsequent_indent=margin, break_long_words=False,
            break_on_hyphens=False,
        )  # fmt: skip

    def _verdict(self, name: str, found: Finding) -> str:
        if not found.rows or found.lacking:
            return self.words("verdict_incomplete" if found.rows else "verdict_empty", file=name)
        odd, all_ = found.odd_rows + found.odd_left_out, self._counted(found.rows + found.odd_left_out, found)
        key = "verdict_odd" if found.matters else "verdict_well"
        return self.words(key, file=name, odd=self.words.number(odd), all=all_)

    def _step(self, step: str, file: str) -> list[str]:
        return [self.words(step), *(["  " + STEPS[step].format(file=file)] if step in STEPS else [])]

    # ---- what it is ----------------------------------------------------------------------------------------

    def _what(self, found: Finding) -> list[str]:
        known = set(catalog.seed("check_words")["key"])
        keys = {source: f"publisher_{source}" for source in found.sources}
        publishers = [self.words(key) if key in known else source for source, key in keys.items()]
        lines = [self.words("what_publisher", publisher=", ".join(publishers))] if publishers else []
        lines += [self.words("what_layout", layout="; ".join(found.layouts)), *self._release(found)]
        lines += [self.words(f"what_{_unit(found)}", n=self.words.number(found.rows))]
        if found.first_day and found.last_day:
            lines += [self.words("what_days", days=self._span(found.first_day, found.last_day)), self._countries(found)]
            lines += self._sums(found)
        terms = self.words("terms_acled") if acled.SOURCE in found.sources else "; ".join(found.licences)
        return [*lines, *([self.words("what_terms", terms=terms)] if terms else [])]

    def _release(self, found: Finding) -> list[str]:
        if found.sources == [acled.SOURCE] and found.releases:
            return [self.words("what_changed", days=self._span(found.releases[0][:10], found.releases[-1][:10]))]
        if found.releases:
            return [self.words("what_releases", releases=", ".join(found.releases))]
        return [self.words("what_no_release")] if found.sources == [ucdp.SOURCE] else []

    def _countries(self, found: Finding) -> str:
        names = catalog.seed("countries").drop_duplicates("iso3").set_index("iso3")["name"]
        countries = [names.get(code, code) for code in found.countries]
        many = len(countries) > NAMED
        return self.words("what_countries", countries=len(countries) if many else ", ".join(countries))

    def _sums(self, found: Finding) -> list[str]:
        if found.deaths is not None:
            key = "what_deaths_one" if found.deaths["low"] is None else "what_deaths"
            return [self.words(key, deaths=self._three(**found.deaths))]
        return [
            self.words(
                "what_indicator", indicator=line["indicator"], measure=line["measure"],
                days=self._span(line["first_day"], line["last_day"]), figures=self._counted(line["figures"], found),
            )
            for line in found.indicators or []
        ]  # fmt: skip

    def _three(self, low: int | None, best: int | None, high: int | None) -> str:
        """Write the best count with low and high, where the source gives them."""
        sums = {"low": low, "best": best, "high": high}
        texts = {name: self.words.number(float("nan") if n is None else n) for name, n in sums.items()}
        return texts["best"] if low is None else self.words("deaths", **texts)

    def _span(self, first: str, last: str) -> str:
        return first if first == last else self.words("span", first=first, last=last)

    def _counted(self, n: int, found: Finding) -> str:
        return self.words.counted(n, _unit(found))

    # ---- what is odd ---------------------------------------------------------------------------------------

    def _items(self, items: Iterable[Item], found: Finding) -> list[str]:
        lines = []
        for item in items:
            values = {"kind": item.kind, "examples": ", ".join(item.examples)}
            values |= {"n": self.words.number(item.rows), "all": self._counted(item.rows, found)}
            if found.deaths is not None:
                values["deaths"] = self._three(item.low, item.best, item.high)
            key = "item_out" if item.about == LEFT_OUT else f"item_{found.what}"
            lines += [self.words(key, **values), "  " + item.words.get(self.words.lang, self.words("unexplained"))]
        return lines


def _unit(found: Finding) -> str:
    return "events" if found.what == EVENTS else "figures"


def steps(found: Finding) -> list[str]:
    """What to advise on a file that was read."""
    if not found.rows:
        return ["next_again"]
    untold = found.sources == [ucdp.SOURCE] and not found.releases and SAVED not in found.layouts
    wanted = {
        "next_all": bool(found.lacking),
        "next_look": found.odd_rows > 0 and not found.odd_left_out,
        "next_kept": found.odd_rows > 0 and found.odd_left_out > 0,
        "next_clean": not found.odd_rows and not found.lacking,
        "next_panel": found.what == EVENTS and not found.lacking,
        "next_release": untold,
    }
    return [step for step, holds in wanted.items() if holds]


def plain(name: str, found: Finding, teller: Teller, file: str) -> dict:
    """Give a finding as JSON has it, with the words of one language."""
    values = asdict(found)
    items = values.pop("items")
    for item in items:
        item["words"] = item["words"].get(teller.words.lang)
    kinds = {"issues": ISSUE, "left_out": LEFT_OUT}
    told = {
        key: [{k: v for k, v in i.items() if k != "about"} for i in items if i["about"] == about]
        for key, about in kinds.items()
    }
    commands = [STEPS.get(step, "").format(file=file) or None for step in steps(found)]
    todo = [{"words": teller.words(s), "command": c} for s, c in zip(steps(found), commands, strict=True)]
    return {"file": name, "look": found.matters, **values, **told, "next": todo}
