"""Reported figures: sentences checked by hand, formats that parse back, sums that may and may not be made."""

import csv
import json
import re
from dataclasses import fields, replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from making import ROOT

import mali_stats as ms
from mali_stats import catalog
from mali_stats.clean.figures.figures import Figure
from mali_stats.clean.figures.intervals import RULES, interval, rounding_unit
from mali_stats.clean.figures.lexicon import conventions, languages, lexicon
from mali_stats.clean.figures.numerals import fold

SHOWN = ("low", "best", "high", "unit", "group", "indicator", "qualifier", "claimed_by")
SENTENCES = list(
    csv.DictReader((Path(__file__).parent / "figure_sentences.csv").read_text(encoding="utf-8").splitlines())
)


ORACLE = json.loads((ROOT / "tests" / "oracles" / "news_arithmetic.json").read_text(encoding="utf-8"))["expected"]


def shown(figures):
    return [tuple("" if getattr(f, name) is None else str(getattr(f, name)) for name in SHOWN) for f in figures]


def one(text, **options):
    (figure,) = ms.parse_figure(text, **options)
    return figure


def ends(text, **options):
    figure = one(text, **options)
    return figure.low, figure.best, figure.high


# ---- sentences of our own, each checked by hand --------------------------------------------------------------


@pytest.mark.parametrize("row", SENTENCES, ids=lambda row: row["text"][:60])
@pytest.mark.parametrize("auto", [True, False])
def test_sentence(row, auto):
    wanted = [tuple(figure.strip().split("|")) for figure in row["figures"].split(" ; ")] if row["figures"] else []
    wanted = [tuple(part.strip() for part in figure) for figure in wanted]
    assert shown(ms.parse_figure(row["text"], "auto" if auto else row["lang"])) == wanted


def test_there_are_enough_sentences():
    french = sum(row["lang"] == "fr" for row in SENTENCES)
    assert len({row["text"] for row in SENTENCES}) == len(SENTENCES) >= 150 and french >= 60


def test_a_text_is_read_like_its_sentences():
    rows = [r for r in SENTENCES if r["text"].endswith(".") and not r["text"][0].isdigit()]
    text = "\n\n".join(r["text"] for r in rows)
    found = ms.parse_figure(text)
    assert shown(found) == [f for r in rows for f in shown(ms.parse_figure(r["text"]))]
    assert all(text[slice(*f.span)] == f.text for f in found)


@pytest.mark.parametrize("text", ["Douze personnes ont été tuées.", "Twelve people were killed."])
def test_each_sentence_is_read_in_its_own_language(text):
    mixed = f"The report of the commission was read in full. {text} La lecture du rapport de la commission a suivi."
    assert [f.best for f in ms.parse_figure(mixed)] == [12]


# ---- numbers and words ---------------------------------------------------------------------------------------

GROUPED = {
    "none": "",
    "comma": ",",
    "point": ".",
    "blank": " ",
    "no-break": "\u00a0",
    "narrow": "\u202f",
    "thin": "\u2009",
}
GROUPED |= {"apostrophe": "'", "curly": "’"}
FRAMES = {
    "en": "The report says that {} people were killed in the town.",
    "fr": "Le rapport dit que {} personnes ont été tuées.",
}


@settings(max_examples=150, deadline=None)
@given(st.integers(2, 999_999_999), st.sampled_from(sorted(GROUPED)), st.sampled_from(sorted(FRAMES)))
@example(1234, "blank", "fr")
@example(375_539, "narrow", "fr")
@example(2023, "none", "en")
def test_whole_numbers_parse_back_in_every_style(n, style, lang):
    text = FRAMES[lang].format(f"{n:,}".replace(",", GROUPED[style]))
    figure = one(text, lang=lang)
    assert (figure.low, figure.best, figure.high) == (n, n, n)
    assert (figure.unit, figure.indicator) == ("people", "killed")
    assert text[slice(*figure.span)] == figure.text


@settings(max_examples=100, deadline=None)
@given(st.integers(2, 9_999), st.sampled_from([".", ","]), st.sampled_from(["million", "billion"]))
def test_tenths_of_a_million(tenths, mark, word):
    whole, part = divmod(tenths, 10)
    scale = {"million": 10**5, "billion": 10**8}[word]
    assert one(f"About the town, {whole}{mark}{part} {word} people need help.", lang="en").best == tenths * scale


EN = ["", *["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]]  # fmt: skip
EN_TENS = ["", "", *["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]]
FR = ["", *["un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze", "douze", "treize", "quatorze", "quinze", "seize", "dix-sept", "dix-huit", "dix-neuf"]]  # fmt: skip
FR_TENS = [
    "",
    "",
    *["vingt", "trente", "quarante", "cinquante", "soixante", "soixante", "quatre-vingt", "quatre-vingt"],
]


def english(n, joint="-", link=" and "):
    if n < 20:
        return EN[n]
    if n < 100:
        return EN_TENS[n // 10] + (joint + EN[n % 10] if n % 10 else "")
    if n < 1000:
        rest = english(n % 100, joint, link)
        return f"{EN[n // 100]} hundred" + (link + rest if rest else "")
    return f"{english(n // 1000, joint, link)} thousand" + (f" {english(n % 1000, joint, link)}" if n % 1000 else "")


def french(n, joint="-"):
    if n < 20:
        return FR[n]
    if n < 100:
        tens, rest = (n // 10, n % 10) if n // 10 not in (7, 9) else (n // 10, 10 + n % 10)
        if n == 80:
            return "quatre-vingts"
        joined = f"{joint}et{joint}" if rest in (1, 11) and tens < 8 else joint
        return FR_TENS[tens] + (joined + FR[rest] if rest else "")
    if n < 1000:
        head = "cent" if n < 200 else f"{FR[n // 100]} cent"
        return f"{head} {french(n % 100, joint)}" if n % 100 else head + ("s" if n >= 200 else "")
    head = "mille" if n < 2000 else f"{french(n // 1000, joint)} mille"
    return f"{head} {french(n % 1000, joint)}" if n % 1000 else head


@pytest.mark.parametrize("joint", ["-", " "])
def test_number_words_of_both_languages_to_a_hundred_and_on(joint):
    for n in [*range(2, 131), 199, 200, 201, 280, 371, 999, 1000, 1001, 2300, 21_000, 99_999]:
        text = f"The report says that {english(n, joint)} people were killed."
        assert ends(text, lang="en") == (n, n, n), text
        text = f"Le rapport dit que {french(n, joint)} personnes ont été tuées."
        assert ends(text, lang="fr") == (n, n, n), text


@settings(max_examples=100, deadline=None)
@given(st.integers(2, 999_999))
def test_number_words_parse_back(n):
    assert ends(f"The report says that {english(n)} people were killed.", lang="en") == (n, n, n)
    assert ends(f"Le rapport dit que {french(n)} personnes ont été tuées.", lang="fr") == (n, n, n)


AINES = {"dizaine": (5, 10, 15), "douzaine": (10, 12, 14), "quinzaine": (13, 15, 17), "vingtaine": (15, 20, 25)}
AINES |= {"trentaine": (25, 30, 35), "quarantaine": (35, 40, 45), "cinquantaine": (45, 50, 55)}
AINES |= {"soixantaine": (54, 60, 66), "centaine": (50, 100, 150)}


@pytest.mark.parametrize("word", AINES)
def test_aine_words(word):
    figure = one(f"Une {word} de personnes ont été tuées.")
    assert (figure.low, figure.best, figure.high) == AINES[word] and figure.rule == "aine-fr"


@pytest.mark.parametrize(
    "words,ucdp,acled",
    [
        ("several", (3, 3, 9), (3, None, 9)),
        ("dozens of", (20, 24, 99), (12, 12, 99)),
        ("tens of", (20, 24, 99), (10, 10, 99)),
        ("scores of", (40, 40, 99), (40, None, 99)),
        ("hundreds of", (101, 101, 999), (100, 100, 999)),
        ("thousands of", (1001, 1001, 9999), (2000, None, 9999)),
        ("several thousand", (3000, 3000, 9999), (3000, 3000, 9999)),
        ("plusieurs", (3, 3, 9), (3, None, 9)),
        ("des dizaines de", (20, 24, 99), (10, 10, 99)),
        ("des centaines de", (101, 101, 999), (100, 100, 999)),
        ("plusieurs milliers de", (3000, 3000, 9999), (3000, 3000, 9999)),
    ],
)
def test_vague_words_hold_the_value_of_their_convention(words, ucdp, acled):
    text = (
        f"{words} people were killed"
        if words.isascii() and words[-2:] != "de" and words != "plusieurs"
        else f"{words} personnes ont été tuées"
    )
    assert ends(text) == ucdp
    assert ends(text, words="acled") == acled


def test_a_provisional_number_has_no_upper_end():
    figure = one("Selon un premier bilan, 12 civils ont été tués.")
    assert (figure.low, figure.best, figure.high, figure.provisional) == (12, 12, None, True)
    assert one("12 civils ont été tués.").provisional is False


@pytest.mark.parametrize("mark", ["\u00a0", "\u202f", " "])
def test_french_blanks_before_signs(mark):
    assert ends(f"Les besoins ont augmenté de 17{mark}%.") == (17, 17, 17)


def test_three_digits_behind_a_mark_are_thousands_unless_a_million_or_a_percent_sign_follows():
    assert one("They counted 8.800 people.").best == 8800
    assert one("They counted 8.800 million people.").best == 8_800_000
    assert one("They are 12.345 % of the people.").best == 12.345
    assert ms.parse_figure("They counted 8.5 people.") == []


def test_accents_split_into_letter_and_mark_are_read_and_keep_their_places():
    text = "Déjà, une quinzaine de réfugiés ont été blessés à Gao."
    split = "".join(c if c.isascii() else {"é": "e\u0301", "à": "a\u0300"}.get(c, c) for c in text)
    figure = one(split)
    assert (figure.best, figure.indicator) == (15, "refugees")
    assert split[slice(*figure.span)] == figure.text and figure.text.endswith("s")


# ---- robustness ----------------------------------------------------------------------------------------------

PIECES = [
    "killed",
    "12",
    "et",
    "and",
    "civils",
    "3 000",
    "%",
    "million",
    "une",
    "dozen",
    "d'",
    "of the",
    "(",
    ",",
    ".",
    "\n\n",
    "no",
    "Army said",
    "selon l'ONU",
    "-",
    "quatre-vingt",
    "entre",
    "à",
    "9" * 20,
    "²",
    "٣",
    "İ",
    "a\u0301",
]


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(
        st.text(),
        st.lists(st.sampled_from(PIECES), max_size=25).map(" ".join),
        st.lists(st.sampled_from(PIECES)).map("".join),
    ),
    st.sampled_from(["auto", "en", "fr"]),
)
@example("", "auto")
@example("9" * 5000 + " people were killed", "en")
def test_no_text_breaks_it(text, lang):
    last = 0
    for figure in ms.parse_figure(text, lang):
        start, end = figure.span
        assert last <= start < end and text[start:end] == figure.text
        last = start
        known = [x for x in (figure.low, figure.best, figure.high) if x is not None]
        assert known == sorted(known)
        assert figure.unit in ("people", "households", "percent")


@pytest.mark.parametrize(
    "args,error,words",
    [
        ((12,), TypeError, "text is of type int; give a str"),
        ((None,), TypeError, "NoneType"),
        (("12 dead", "de"), ValueError, "lang='de' is not known; use one of auto, en, fr"),
        (("12 dead", "en", "hrw"), ValueError, "words='hrw' is not known; use one of ucdp, acled"),
    ],
)
def test_parse_figure_errors(args, error, words):
    with pytest.raises(error, match=re.escape(words)):
        ms.parse_figure(*args)


# ---- intervals -----------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.integers(1, 10**9), st.sampled_from(sorted(RULES)), st.booleans())
def test_an_interval_holds_its_best(n, rule, percent):
    low, best, high = interval(rule, Decimal(n), percent)
    known = [x for x in (low, best, high) if x is not None]
    assert known == sorted(known) and known[0] >= 0


@pytest.mark.parametrize(
    "n,unit", [(17, 1), (50, 10), (30_000, 10_000), (8.8e6, 100_000), (0, 1), (8.8, 0.1), (100, 100)]
)
def test_rounding_unit(n, unit):
    assert float(rounding_unit(n)) == unit


# ---- sums ----------------------------------------------------------------------------------------------------


def made(best=5, **changes):
    return replace(Figure(best, best, best, "people", "civilians", "killed", text=str(best)), **changes)


def test_the_week_of_the_oracle():
    figures = ms.parse_figure("The two attacks killed 49 civilians and 15 soldiers, and around 50 assailants died.")
    civilians, soldiers, assailants = figures
    assert (civilians.best, soldiers.best) == (ORACLE["sep7"]["civ"], ORACLE["sep7"]["mil"])
    total = ms.sum_figures([civilians, soldiers], across=("group",))
    assert (total.low, total.best, total.high) == (ORACLE["sep7"]["total"],) * 3
    assert total.group == "civilians + soldiers" and total.rule == "sum" and total.span is None
    assert (assailants.low, assailants.high) == (45, 55)
    with pytest.raises(ValueError, match="never joins a sum"):
        ms.sum_figures(figures, across="group")


def test_an_enemy_claim_never_joins_a_sum():
    claim = one("The army said it killed 50 fighters.")
    assert (claim.claimed_by, claim.group) == ("army", "attackers")
    with pytest.raises(ValueError, match=r"army claims of its enemy \(attackers\).*line of its own"):
        ms.sum_figures([claim, replace(claim, best=3)])
    own = one("The army said it lost 12 soldiers.")
    assert ms.sum_figures([own, own]).best == 24


@pytest.mark.parametrize(
    "figures,options,words",
    [
        ([made(), made(indicator="injured")], {}, "indicator differs ('killed', 'injured'); sum each on its own"),
        ([made(), made(indicator="killed or missing")], {}, "indicator differs"),
        ([made(), made(unit="households")], {}, "unit differs"),
        ([made(), made(claimed_by="UN")], {}, "claimed_by differs (unknown, 'UN')"),
        ([made(), made(group="soldiers")], {}, 'say across="group"'),
        ([made()], {"across": "indicator"}, "It never may differ"),
        ([made()], {"across": "rule"}, "across='rule' is not accepted; accepted: group"),
        ([made(), made(qualifier="including")], {}, "a part of another figure"),
        ([made(), made(qualifier="earlier")], {}, "level that the text says is past"),
        ([made(unit="percent", indicator="change")], {}, "share or a change"),
        ([made(indicator="change")], {}, "share or a change"),
        ([], {}, "there are no figures"),
    ],
)
def test_sums_that_are_refused(figures, options, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        ms.sum_figures(figures, **options)


def test_a_sum_takes_figures_only():
    with pytest.raises(TypeError, match="got int; give figures"):
        ms.sum_figures([12])
    assert ms.sum_figures(made()).best == 5


def test_a_number_printed_twice_counts_once_when_asked():
    figures = ms.parse_figure("26 troops were killed. In the north, 26 soldiers were killed. 2 soldiers were killed.")
    assert ms.sum_figures(figures).best == 54
    assert ms.sum_figures(figures, dedupe=True).best == 28


numbers = st.one_of(st.none(), st.integers(0, 10**6))
some = st.builds(
    lambda low, more, high: made(low=low, best=None if more is None else low + more, high=high),
    st.integers(0, 10**6),
    numbers,
    numbers,
)


@settings(deadline=None)
@given(st.lists(some, min_size=1, max_size=6), st.randoms())
def test_sums_keep_what_is_unknown_and_ignore_the_order(figures, random):
    total = ms.sum_figures(figures)
    for end in ("low", "best", "high"):
        values = [getattr(f, end) for f in figures]
        assert getattr(total, end) == (None if None in values else sum(values))
    mixed = list(figures)
    random.shuffle(mixed)
    again = ms.sum_figures(mixed)
    assert all(getattr(again, f.name) == getattr(total, f.name) for f in fields(total) if f.name != "text")


# ---- the base of a change ------------------------------------------------------------------------------------


def test_implied_base_of_the_oracle():
    low, best, high = ms.implied_base(8.8e6, 17)
    assert (low / 1e6, high / 1e6) == pytest.approx(ORACLE["base_interval"], abs=1e-9)
    assert best / 1e6 == pytest.approx(ORACLE["base_8p8M_up17pct"], abs=1e-9)


def test_implied_base_units_can_be_given():
    exact = ms.implied_base(8.8e6, 17, value_unit=1e-9, percent_unit=1e-9)
    assert exact[0] == pytest.approx(exact[2]) == pytest.approx(8.8e6 / 1.17)
    low, best, high = ms.implied_base(375_539, -9)
    assert low < 412_387 < high and low < best < high


@settings(deadline=None)
@given(st.integers(1, 10**9), st.integers(-89, 500))
def test_implied_base_is_ordered_and_comes_back(value, percent):
    low, best, high = ms.implied_base(value, percent)
    assert low <= best <= high
    assert best * (1 + percent / 100) == pytest.approx(value)


@pytest.mark.parametrize(
    "args,options,error,words",
    [
        (("8.8", 17), {}, TypeError, "value is of type str; give a number"),
        ((8.8e6, True), {}, TypeError, "percent is of type bool"),
        ((-1, 17), {}, ValueError, "value=-1 is not accepted; accepted: 0 or more"),
        ((float("nan"), 17), {}, ValueError, "value=nan"),
        ((8.8e6, -100), {}, ValueError, "may be a fall of 100 per cent"),
        ((8.8e6, 17), {"value_unit": 0}, ValueError, "value_unit=0 is not accepted; accepted: more than 0"),
    ],
)
def test_implied_base_errors(args, options, error, words):
    with pytest.raises(error, match=re.escape(words)):
        ms.implied_base(*args, **options)


# ---- seeds ---------------------------------------------------------------------------------------------------


def test_seeds_of_the_figures_are_sound():
    rules, words = catalog.seed("figure_rules"), catalog.seed("figure_words")
    vague = catalog.seed("vague_words")
    assert rules["id"].is_unique and not set(rules["id"]) & set(vague["id"])
    assert set(rules["rule"]) <= {*RULES, "between", "none", "vague"}
    assert not vague.duplicated(["id", "convention"]).any() and vague["source"].notna().all()
    assert (vague["low"].astype(int) < vague["high"].astype(int)).all()
    assert languages() == ("en", "fr") and conventions() == ("ucdp", "acled")
    for pattern in words["pattern"]:
        re.compile(fold(pattern)[0].replace("{n}", "x").replace("{party}", "x"))
    both = words.groupby("lang")["kind"].agg(set)
    assert both["en"] == both["fr"]


def test_every_rule_parses_its_own_example():
    for row in catalog.seed("figure_rules").itertuples(index=False):
        found = ms.parse_figure(row.example + (" were killed" if row.lang == "en" else " tués"), row.lang)
        assert found, row.id
        if row.rule != "vague":
            assert found[0].rule == row.id, row.id
        assert lexicon(row.lang).rules[row.id].rule == row.rule


@pytest.mark.parametrize("text", [" " * 100_000, "(12) " * 2000, "1 " * 5000, "1," * 5000, "one-" * 2500])
def test_hostile_texts_return(text):
    assert ms.parse_figure(text) == []


@pytest.mark.parametrize(
    "figures,words",
    [
        ([made(indicator="displaced"), made(6, indicator="displaced")], "two dates"),
        ([made(group=None), made()], "may be the total"),
        ([made(), made(group="women")], "may overlap"),
        ([made(qualifier="denied")], "denies"),
    ],
)
def test_double_counts_are_refused(figures, words):
    with pytest.raises(ValueError, match=words):
        ms.sum_figures(figures, across="group")


def test_a_claimed_and_an_unclaimed_number_are_one():
    total = ms.sum_figures([made(), made(claimed_by="UN")], dedupe=True)
    assert (total.best, total.claimed_by) == (5, "UN")
