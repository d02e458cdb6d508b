"""Damage to single values: what a typing error, a spreadsheet or a script does to a cell or a column."""

from __future__ import annotations

import re
from datetime import date, timedelta
from random import Random

from fuzz_damage import of_rows
from fuzz_files import ABSENT, Sheet, Unfit

_in = {"group": "values"}
_UNTOLD = "a value of the same kind and range: only the publisher could know it"


# ---- counts ------------------------------------------------------------------------------------------------


@of_rows("negative count", "refused", **_in)
def negative(sheet: Sheet, random: Random):
    sheet.change(sheet.choose(random, "count"), lambda t: f"-{t.lstrip('0') or 4}")


@of_rows("count with a decimal part", "refused", **_in)
def fraction(sheet: Sheet, random: Random):
    sheet.change(sheet.choose(random, "count"), lambda t: f"{t.replace(',', '')}.5")


@of_rows("count in words", "refused", **_in)
def words(sheet: Sheet, random: Random):
    word = random.choice(["twelve", "dozens", "une dizaine", "10-15", ">100", "~40", "12 killed", "0x10", "1_000"])
    sheet.change(sheet.choose(random, "count"), lambda t: word)


@of_rows("infinity for a number", "refused", **_in)
def infinity(sheet: Sheet, random: Random):
    word = random.choice(["inf", "-inf", "Infinity", "1e999", "-1E+400", "∞"])
    sheet.change(sheet.choose(random, "count", "degree"), lambda t: word)


@of_rows("a word for nothing in place of a number", "told", **_in)
def nothing(sheet: Sheet, random: Random):
    word = random.choice(["NaN", "NA", "null", "None", "n/a", "N/A", ".", "..", "?", "unknown", "-999", "nan"])
    sheet.change(sheet.choose(random, "count"), lambda t: word)


@of_rows("emptied cells of a count", "told", **_in)
def emptied(sheet: Sheet, random: Random):
    sheet.change(sheet.choose(random, "count"), lambda t: "")


@of_rows("a number of twelve digits", "told", **_in)
def huge(sheet: Sheet, random: Random):
    cells = sheet.choose(random, "count", having=lambda t: t not in ("0", "0.0"), one=True)
    row = cells[0][0]
    alike = [(row, j) for j in sheet.columns("count") if str(sheet.rows[row][j]) not in ("", "0", "-")]
    sheet.change(cells if random.random() < 0.5 else alike, lambda t: 10**12 + int(t.replace(",", "")) % 7)


@of_rows("a number of thirty digits", "refused", **_in)
def longest(sheet: Sheet, random: Random):
    digits = random.choice([19, 20, 30, 400, 6000])
    sheet.change(sheet.choose(random, "count", one=True), lambda t: "9" * digits)


@of_rows("marks of thousands", "told", **_in)
def thousands(sheet: Sheet, random: Random):
    mark = random.choice([",", " ", "\u00a0", "\u202f", "'", "."])
    cells = sheet.choose(random, "count", having=lambda t: t.isdigit() and int(t) >= 1000)
    sheet.change(cells, lambda t: f"{int(t):,}".replace(",", mark))


@of_rows("numbers as text with .0", "same", **_in)
def point_zero(sheet: Sheet, random: Random):
    sheet.change(sheet.choose(random, "count", having=str.isdigit), lambda t: f"{t}.0")


@of_rows("numbers as text", "same", kinds=("json", "xlsx"), **_in)
def as_text(sheet: Sheet, random: Random):
    sheet.change(sheet.choose(random, "count", "degree"), str)


@of_rows("an apostrophe before a number", "refused", **_in)
def apostrophe(sheet: Sheet, random: Random):
    sheet.change(sheet.choose(random, "count", "degree"), lambda t: f"'{t}")


@of_rows("digits of another script", "told", **_in)
def digits(sheet: Sheet, random: Random):
    zero = random.choice([0x0660, 0x06F0, 0x0966, 0xFF10])  # Arabic, Persian, Devanagari, full width
    table = {48 + i: zero + i for i in range(10)}
    sheet.change(sheet.choose(random, "count", "date", "year", "code"), lambda t: t.translate(table))


@of_rows("the letter O for a zero", "refused", **_in)
def letter(sheet: Sheet, random: Random):
    sheet.change(sheet.choose(random, "count", having=lambda t: "0" in t), lambda t: t.replace("0", "O"))


@of_rows("a digit changed", "silent", why=_UNTOLD, **_in)
def digit(sheet: Sheet, random: Random):
    ((i, j),) = sheet.choose(random, "count", "degree", having=lambda t: re.search(r"\d", t) is not None, one=True)
    text = str(sheet.rows[i][j])
    at = random.choice([k for k, c in enumerate(text) if c.isdigit()])
    sheet.put((i, j), text[:at] + random.choice("123456789".replace(text[at], "")) + text[at + 1 :])


# ---- what spreadsheets do ----------------------------------------------------------------------------------


@of_rows("a formula for a number", "refused", **_in)
def formula(sheet: Sheet, random: Random):
    text = random.choice(
        ["=SUM(A1:A9)", "=1+1", "+1+1", "@SUM(1,2)", '=HYPERLINK("http://example.org")', "=cmd|' /C'!A0"]
    )
    if sheet.kind == "xlsx":
        text = "'" + text  # as text; a real formula in a workbook is a kind of its own
    sheet.change(sheet.choose(random, "count", "degree"), lambda t: text)


@of_rows("a formula for a name", "silent", why="a name may begin with any sign; it is carried as text, and ms.export puts "
         "an apostrophe before it", kinds=("csv", "json"), **_in)  # fmt: skip
def formula_name(sheet: Sheet, random: Random):
    sheet.change(sheet.choose(random, "name", "place"), lambda t: f"=1+1+{t}")


@of_rows("a spreadsheet's error value", "refused", **_in)
def error_value(sheet: Sheet, random: Random):
    word = random.choice(["#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "Err:502"])
    sheet.change(sheet.choose(random, "count", "degree", "date"), lambda t: word)


@of_rows("####, a column that was too narrow", "refused", **_in)
def narrow(sheet: Sheet, random: Random):
    sheet.change(sheet.choose(random, "count", "date", "degree"), lambda t: "########")


@of_rows("numbers in powers of ten (1.2E+05)", "refused", **_in)
def powers(sheet: Sheet, random: Random):
    cells = sheet.choose(random, "count", having=lambda t: len(t) > 1 and t.isdigit())
    sheet.change(cells, lambda t: f"{float(t):.1E}")


@of_rows("ids in powers of ten (9.0E+06)", "told", publishers=("UCDP",), **_in)
def id_powers(sheet: Sheet, random: Random):
    sheet.change(sheet.choose(random, "id"), lambda t: f"{float(t):.2E}")


@of_rows("dates as a spreadsheet's serial numbers", "refused", **_in)
def serial(sheet: Sheet, random: Random):
    sheet.change(sheet.choose(random, "date"), lambda t: random.randint(30_000, 46_000))


# ---- dates -------------------------------------------------------------------------------------------------


@of_rows("a date in 2203", "refused", **_in)
def far_date(sheet: Sheet, random: Random):
    year = random.choice(["2203", "2030", "1203", "0001", "9999", "1945", "99999"])
    cells = sheet.choose(random, "date", "year", having=lambda t: re.search(r"(19|20)\d\d", t) is not None)
    sheet.change(cells, lambda t: re.sub(r"(19|20)\d\d", year, t, count=1))


@of_rows("a day that the calendar does not have", "refused", **_in)
def no_day(sheet: Sheet, random: Random):
    day = random.choice(
        ["2022-02-30", "2022-13-01", "2022-00-10", "0000-00-00", "2023-02-29", "2022-01-32", "2022-6-31"]
    )
    sheet.change(sheet.choose(random, "date"), lambda t: day)


@of_rows("dates as day/month/two digits of the year", "refused", **_in)
def short_year(sheet: Sheet, random: Random):
    text = random.choice(["26/05/16", "5/26/16", "26.05.16", "26-mai-16", "26-May-16", "16-05-26"])
    sheet.change(sheet.choose(random, "date"), lambda t: text)


@of_rows("dates with the day first (26/05/2016)", "told", **_in)
def day_first(sheet: Sheet, random: Random):
    mark = random.choice("/.-")
    cells = sheet.choose(random, "date", having=lambda t: re.match(r"\d{4}-\d\d-\d\d", t) is not None)
    sheet.change(cells, lambda t: mark.join(reversed(t[:10].split("-"))))


@of_rows("the end before the start", "refused", **_in)
def backwards(sheet: Sheet, random: Random):
    columns = sheet.columns("date")
    rows = [i for i, row in enumerate(sheet.rows) if all(row[j] not in ("", None, ABSENT) for j in columns)]
    if len(columns) < 2 or not rows:
        raise Unfit
    i, (start, end) = random.choice(rows), columns[-2:]
    sheet.put((i, end), re.sub(r"(19|20)\d\d", "1990", str(sheet.rows[i][start])))


@of_rows("a date moved within its range", "silent", why=_UNTOLD, **_in)
def moved_date(sheet: Sheet, random: Random):
    columns = [j for j in sheet.columns("date") if "end" not in str(sheet.header[j])]
    cells = [(i, j) for i, j in sheet.filled("date", having=lambda t: re.match(r"\d{4}-\d\d-\d\d", t)) if j in columns]
    if not cells:
        raise Unfit
    i, j = random.choice(cells)
    text = str(sheet.rows[i][j])
    day = date.fromisoformat(text[:10]) - timedelta(days=random.randint(1, 300))
    sheet.put((i, j), day.isoformat() + text[10:])


@of_rows("day and month exchanged within range", "silent", why=_UNTOLD, **_in)
def exchanged(sheet: Sheet, random: Random):
    pattern = re.compile(r"(\d{4}-)(0\d|1[0-2])(-)(0\d|1[0-2])|(0\d|1[0-2])(/)(0\d|1[0-2])(/\d{4})")
    cells = sheet.choose(random, "date", having=lambda t: pattern.match(t) is not None, one=True)
    sheet.change(cells, lambda t: pattern.sub(_swap, t, count=1))


def _swap(match: re.Match) -> str:
    year, month, dash, day, first, slash, second, rest = match.groups()
    return f"{year}{day}{dash}{month}" if year else f"{second}{slash}{first}{rest}"


@of_rows("a clock and a zone behind the date", "told", **_in)
def clock(sheet: Sheet, random: Random):
    more = random.choice(["T00:00:00", " 00:00:00", " 00:00:00.000", "T12:00:00Z", "T23:00:00+05:00", " 12:00 AM"])
    cells = sheet.choose(random, "date", having=lambda t: re.fullmatch(r"\d{4}-\d\d-\d\d", t) is not None)
    sheet.change(cells, lambda t: t + more)


# ---- places and codes --------------------------------------------------------------------------------------


@of_rows("latitude and longitude exchanged", "told", publishers=("UCDP", "ACLED"), **_in)
def crossed(sheet: Sheet, random: Random):
    y, x = sheet.columns("degree")[:2]
    rows = range(len(sheet.rows)) if random.random() < 0.5 else [random.randrange(len(sheet.rows))]
    for i in rows:
        north, east = sheet.rows[i][y], sheet.rows[i][x]
        sheet.put((i, y), east)
        sheet.put((i, x), north)


@of_rows("a degree sign lost or gained", "silent", why="a point that still lies in the country it names",
         publishers=("UCDP", "ACLED"), **_in)  # fmt: skip
def sign(sheet: Sheet, random: Random):
    cells = sheet.choose(random, "degree")
    sheet.change(cells, lambda t: t.removeprefix("-") if t.startswith("-") else f"-{t}")


@of_rows("coordinates out of range", "told", publishers=("UCDP", "ACLED"), **_in)
def off_the_map(sheet: Sheet, random: Random):
    value = random.choice(["91.5", "-181.25", "999", "14349", "1434900", "-9999", "360", "1e6"])
    sheet.change(sheet.choose(random, "degree"), lambda t: value)


@of_rows("decimal commas between quotes", "refused", kinds=("csv",), publishers=("UCDP", "ACLED"), **_in)
def decimal_comma(sheet: Sheet, random: Random):
    sheet.change(sheet.choose(random, "degree", having=lambda t: "." in t), lambda t: t.replace(".", ","))


@of_rows("decimal commas and semicolons", "same", kinds=("csv",), publishers=("UCDP", "ACLED"), **_in)
def french(sheet: Sheet, random: Random):
    sheet.change(sheet.filled("degree"), lambda t: t.replace(".", ","))
    sheet.separator = ";"


@of_rows("a code that is none", "told", **_in)
def no_code(sheet: Sheet, random: Random):
    word = random.choice(["0", "9", "99", "XX", "??", "mli", "MALI", "1.5", "-1", "A"])
    sheet.change(sheet.choose(random, "code"), lambda t: word)


@of_rows("another code that is one", "silent", why=_UNTOLD, **_in)
def other_code(sheet: Sheet, random: Random):
    ((i, j),) = sheet.choose(random, "code", one=True)
    others = sorted({str(row[j]) for row in sheet.rows if row[j] not in ("", None, ABSENT)} - {str(sheet.rows[i][j])})
    if not others:
        raise Unfit
    sheet.put((i, j), random.choice(others))


@of_rows("an id that is missing or none", "told", publishers=("UCDP", "ACLED"), **_in)
def no_id(sheet: Sheet, random: Random):
    word = random.choice(["", "ML I1", "12;13", "id", "#N/A", "nan"])
    sheet.change(sheet.choose(random, "id"), lambda t: word)


@of_rows("an id that another row has", "told", publishers=("UCDP", "ACLED"), placed=False, **_in)
def same_id(sheet: Sheet, random: Random):
    j = sheet.columns("id")[0]
    one, other = random.sample(range(len(sheet.rows)), 2)
    sheet.put((one, j), sheet.rows[other][j])


@of_rows("a misspelt place", "told", **_in)
def misspelt(sheet: Sheet, random: Random):
    cells = sheet.choose(random, "place", having=lambda t: len(t) > 3)
    sheet.change(cells, lambda t: t[0] + t[2] + t[1] + t[3:] + random.choice(["", "xx", " (?)"]))


# ---- signs that are not seen -------------------------------------------------------------------------------


@of_rows("spaces around and within", "same", **_in)
def spaces(sheet: Sheet, random: Random):
    mark = random.choice([" ", "\t", "\u00a0", "\u200b", "\u2009", "\ufeff", "  ", "\u3000"])
    cells = sheet.choose(random, "count", "date", "code", "place", "degree", "id")
    sheet.change(cells, lambda t: mark + t + mark)


@of_rows("a NUL in a value", "told", kinds=("csv", "json"), **_in)
def nul(sheet: Sheet, random: Random):
    cells = sheet.choose(random, "count", "date", "code", "name", "place", one=True)
    sheet.change(cells, lambda t: t[:1] + "\x00" + t[1:])


@of_rows("control signs in a value", "told", kinds=("csv", "json"), **_in)
def control(sheet: Sheet, random: Random):
    mark = random.choice(["\x07", "\x1b[31m", "\x1a", "\x7f", "\u202e", "\u2066"])
    sheet.change(
        sheet.choose(random, "count", "date", "code", "name", "place", one=True), lambda t: t[:1] + mark + t[1:]
    )


@of_rows("accents composed in another way", "told", **_in)
def decomposed(sheet: Sheet, random: Random):
    import unicodedata

    cells = sheet.choose(random, "place", having=lambda t: not t.isascii())
    sheet.change(cells, lambda t: unicodedata.normalize("NFD", t))


@of_rows("names in capitals", "told", **_in)
def capitals(sheet: Sheet, random: Random):
    sheet.change(sheet.choose(random, "place"), str.upper)
