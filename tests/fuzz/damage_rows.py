"""Damage to rows and columns: lost, doubled, shifted, renamed, exchanged, added."""

from __future__ import annotations

import csv
from random import Random

from fuzz_damage import of_rows
from fuzz_files import Sheet, Unfit

from mali_stats.sources import acled, dtm, hapi, idmc, layouts, ucdp, unhcr

_in = {"group": "rows and columns"}
_GONE = "a file with fewer records is a file too; nothing in it counts them"


# ---- rows --------------------------------------------------------------------------------------------------


@of_rows("every row doubled", "told", placed=False, **_in)
def doubled(sheet: Sheet, random: Random):
    sheet.rows = [row for row in sheet.rows for _ in range(2)]


@of_rows("one row doubled", "told", placed=False, **_in)
def one_doubled(sheet: Sheet, random: Random):
    row = random.choice(sheet.rows)
    sheet.rows.insert(random.randrange(len(sheet.rows) + 1), row)


@of_rows("a row again with another count", "told", placed=False, **_in)
def contradicted(sheet: Sheet, random: Random):
    ((i, j),) = sheet.choose(random, "count", one=True)
    row = list(sheet.rows[i])
    row[j] = int(str(row[j]).replace(",", "")) + random.randint(1, 50)
    sheet.rows.append(row)


@of_rows("rows in another order", "same", placed=False, **_in)
def shuffled(sheet: Sheet, random: Random):
    random.shuffle(sheet.rows)


@of_rows("rows lost", "silent", why=_GONE, placed=False, **_in)
def lost(sheet: Sheet, random: Random):
    for _ in range(random.randint(1, max(1, len(sheet.rows) // 2))):
        sheet.rows.pop(random.randrange(len(sheet.rows)))


@of_rows("all rows lost", "told", placed=False, **_in)
def header_only(sheet: Sheet, random: Random):
    sheet.rows = []


@of_rows("blank lines between the rows", "same", kinds=("csv",), placed=False, **_in)
def blank_lines(sheet: Sheet, random: Random):
    lines = sheet.lines()
    for _ in range(random.randint(1, 5)):
        lines.insert(random.randrange(len(lines) + 1), random.choice([b"\n", b"  \n", b"\r\n"]))
    return b"".join(lines)


@of_rows("rows of separators alone", "told", kinds=("csv", "xlsx"), placed=False, **_in)
def separators(sheet: Sheet, random: Random):
    width = len(sheet.rows[0])
    for _ in range(random.randint(1, 4)):
        sheet.rows.insert(random.randrange(len(sheet.rows) + 1), [""] * width)


@of_rows("the header again between the rows", "refused", placed=False, **_in)
def header_again(sheet: Sheet, random: Random):
    again = [*sheet.header, *[""] * (len(sheet.rows[0]) - len(sheet.header))]
    sheet.rows.insert(random.randrange(1, len(sheet.rows) + 1), again)


@of_rows("the row of tags between the rows", "refused", placed=False, **_in)
def tags_within(sheet: Sheet, random: Random):
    tags = ["#x+" + str(name).lower() for name in sheet.header] + [""] * (len(sheet.rows[0]) - len(sheet.header))
    sheet.rows.insert(random.randrange(1, len(sheet.rows) + 1), tags)


@of_rows("a row of HXL tags", "same", kinds=("csv", "json", "xlsx"), placed=False, **_in)
def tagged(sheet: Sheet, random: Random):
    if sheet.tags is not None:
        raise Unfit
    sheet.tags = ["#x+" + str(name).casefold() for name in sheet.header] + [""] * (
        len(sheet.rows[0]) - len(sheet.header)
    )


@of_rows("a line of totals at the end", "told", placed=False, **_in)
def totals(sheet: Sheet, random: Random):
    counts = sheet.columns("count")
    row = ["" for _ in sheet.rows[0]]
    row[random.choice([0, *sheet.columns("place", "name")])] = random.choice(["Total", "TOTAL GENERAL", "Ensemble"])
    for j in counts:
        row[j] = sum(int(float(str(r[j]).replace(",", ""))) for r in sheet.rows if str(r[j]).replace(",", "").isdigit())
    sheet.rows.append(row)


@of_rows("a line of notes at the end", "refused", placed=False, **_in)
def footer(sheet: Sheet, random: Random):
    text = random.choice(["Source: the publisher, 2024", "* provisional", "Export limited to 28 rows", "(continued)"])
    row = [text, *["" for _ in sheet.rows[0][1:]]]
    if sheet.kind == "csv" and random.random() < 0.5:
        return sheet.dump() + text.encode() + b"\n"
    sheet.rows.append(row)


@of_rows("lines of notes above the header", "told", kinds=("csv", "xlsx"), placed=False, **_in)
def preamble(sheet: Sheet, random: Random):
    notes = [["Downloaded on 3 May 2024"], ["Filter:", "Mali"], [], ["Made by", "a", "made-up", "desk"]]
    chosen = notes[: random.randint(1, 4)]
    if sheet.kind == "csv":
        return b"".join(sheet.line(note) for note in chosen) + sheet.dump()
    sheet.header, sheet.rows = chosen[0], [*chosen[1:], sheet.header, *sheet.rows]


@of_rows("marks of a merge that was not finished", "refused", kinds=("csv",), placed=False, **_in)
def conflict(sheet: Sheet, random: Random):
    lines, at = sheet.lines(), random.randrange(1, len(sheet.rows) + 1)
    return b"".join(
        [*lines[:at], b"<<<<<<< HEAD\n", lines[at], b"=======\n", lines[at], b">>>>>>> theirs\n", *lines[at + 1 :]]
    )


@of_rows("a field too many in a row", "refused", kinds=("csv",), placed=False, **_in)
def one_more(sheet: Sheet, random: Random):
    _insert(sheet, random, "an unquoted separator")


@of_rows("a field too few in a row", "refused", kinds=("csv",), placed=False, **_in)
def one_less(sheet: Sheet, random: Random):
    i = random.randrange(len(sheet.rows))
    j = random.randrange(len(sheet.rows[i]))
    sheet.rows[i] = [*sheet.rows[i][:j], *sheet.rows[i][j + 1 :]]


@of_rows("a field too many in every row", "told", kinds=("csv",), placed=False, **_in)
def all_more(sheet: Sheet, random: Random):
    sheet.rows = [[*row, random.choice(["x", "7", " -"])] for row in sheet.rows]


@of_rows("an empty field at the end of every row", "same", kinds=("csv",), placed=False, **_in)
def trailing(sheet: Sheet, random: Random):
    if len(sheet.rows[0]) > len(sheet.header):
        raise Unfit
    sheet.rows = [[*row, ""] for row in sheet.rows]
    if sheet.tags is not None:
        sheet.tags = [*sheet.tags, ""]


@of_rows("a row shifted by a column", "told", kinds=("csv", "xlsx"), placed=False, **_in)
def shifted(sheet: Sheet, random: Random):
    i = random.randrange(len(sheet.rows))
    row = sheet.rows[i]
    sheet.rows[i] = ["", *row[:-1]] if random.random() < 0.5 else [*row[1:], ""]


def _insert(sheet: Sheet, random: Random, text: str) -> None:
    i = random.randrange(len(sheet.rows))
    j = random.randrange(len(sheet.rows[i]))
    sheet.rows[i] = [*sheet.rows[i][:j], text, *sheet.rows[i][j:]]


# ---- columns -----------------------------------------------------------------------------------------------


def _needed(sheet: Sheet) -> set[str]:
    """The published names of the columns that a file of this layout cannot do without."""
    names = {
        "UCDP": ucdp.REQUIRED, "ACLED": acled.REQUIRED, "UNHCR": unhcr.REQUIRED,
        "IDMC": idmc.IDU if sheet.file.layout.startswith("idu") else idmc.GIDD,
        "DTM": dtm.V3 if "v3" in sheet.file.layout else dtm.SHEET,
        "HAPI": {"population": ("population", "population_in_phase"), "country": ("location_code", "origin_location_code"),
                 "start": hapi.KINDS["idps"][0]["start"], "end": hapi.KINDS["idps"][0]["end"]},
    }[sheet.file.publisher]  # fmt: skip
    wanted = {layouts.bare(name) for many in names.values() for name in many}
    if sheet.file.layout.startswith("dtm_sheet"):
        wanted -= {layouts.bare("Admin1 Name")}
    return {name for name in sheet.header if layouts.bare(name) in wanted}


def _column(sheet: Sheet, random: Random, needed: bool) -> int:
    names = _needed(sheet)
    found = [j for j, name in enumerate(sheet.header) if (name in names) == needed]
    if not found:
        raise Unfit
    return random.choice(found)


def _read_column(sheet: Sheet, random: Random, sheets: bool = False) -> int:
    """A column that can be done without, but is read."""
    names = {
        "UCDP": ucdp.OPTIONAL, "ACLED": acled.OPTIONAL, "UNHCR": unhcr.FIGURES, "IDMC": idmc.IDU_OPTIONAL,
        "DTM": {**dtm.V3_OPTIONAL, **dtm.SHEET_OPTIONAL},
        "HAPI": {**hapi.KINDS["idps"][1], **hapi.KINDS["needs"][1], **hapi.KINDS["people"][1]},
    }[sheet.file.publisher]  # fmt: skip
    if sheet.file.layout.startswith("dtm_sheet") != sheets:
        raise Unfit
    wanted = {layouts.bare(name) for many in names.values() for name in many}
    needed = _needed(sheet)
    found = [j for j, name in enumerate(sheet.header) if layouts.bare(name) in wanted and name not in needed]
    if not found:
        raise Unfit
    return random.choice(found)


def _without(sheet: Sheet, j: int) -> None:
    cut = lambda row: [*row[:j], *row[j + 1 :]]  # noqa: E731
    sheet.header, sheet.rows = cut(sheet.header), [cut(row) for row in sheet.rows]
    sheet.tags = None if sheet.tags is None else cut(sheet.tags)


@of_rows("columns in another order", "same", placed=False, **_in)
def reordered(sheet: Sheet, random: Random):
    if len(sheet.rows[0]) > len(sheet.header):
        sheet.rows = [row[: len(sheet.header)] for row in sheet.rows]
    order = random.sample(range(len(sheet.header)), len(sheet.header))
    sheet.header, sheet.rows = [sheet.header[j] for j in order], [[row[j] for j in order] for row in sheet.rows]
    sheet.tags = None if sheet.tags is None else [sheet.tags[j] for j in order]


@of_rows("a further column", "same", placed=False, **_in)
def added(sheet: Sheet, random: Random):
    j = random.randrange(len(sheet.header) + 1)
    add = lambda row, cell: [*row[:j], cell, *row[j:]]  # noqa: E731
    name = random.choice(["remarks", "Unnamed: 0", "population_best", "x y", "été"])
    sheet.header, sheet.rows = add(sheet.header, name), [add(row, f"n{i}") for i, row in enumerate(sheet.rows)]
    sheet.tags = None if sheet.tags is None else add(sheet.tags, "")


@of_rows("a needed column lost", "refused", placed=False, **_in)
def column_lost(sheet: Sheet, random: Random):
    _without(sheet, _column(sheet, random, needed=True))


@of_rows("a needed column renamed", "refused", placed=False, **_in)
def renamed(sheet: Sheet, random: Random):
    j = _column(sheet, random, needed=True)
    sheet.header = [*sheet.header[:j], f"{sheet.header[j]} (new)", *sheet.header[j + 1 :]]


@of_rows("a column lost that is read where it is there", "told", placed=False, **_in)
def optional_lost(sheet: Sheet, random: Random):
    _without(sheet, _read_column(sheet, random))


@of_rows("a column renamed that is read where it is there", "told", placed=False, **_in)
def optional_renamed(sheet: Sheet, random: Random):
    j = _read_column(sheet, random)
    sheet.header = [*sheet.header[:j], f"{sheet.header[j]} (new)", *sheet.header[j + 1 :]]


@of_rows("a column lost or renamed in a sheet of a mission", "silent", publishers=("DTM",), kinds=("csv", "xlsx"), why="no two "
         "of these sheets have the same columns: none of those that can be done without is expected", placed=False, **_in)  # fmt: skip
def sheet_column_lost(sheet: Sheet, random: Random):
    j = _read_column(sheet, random, sheets=True)
    if random.random() < 0.5:
        _without(sheet, j)
    else:
        sheet.header = [*sheet.header[:j], f"{sheet.header[j]} (new)", *sheet.header[j + 1 :]]


@of_rows("headers in other letter case or with spaces", "same", placed=False, **_in)
def header_case(sheet: Sheet, random: Random):
    change = random.choice([str.upper, str.title, lambda t: f" {t} ", lambda t: f"{t}  ", lambda t: f"\u00a0{t}"])
    sheet.header = [change(str(name)) for name in sheet.header]


@of_rows("the header lost", "refused", kinds=("csv", "xlsx"), placed=False, **_in)
def header_lost(sheet: Sheet, random: Random):
    rows = sheet.table()[1:]
    if sheet.kind == "csv":
        return b"".join(sheet.line(row) for row in rows)
    sheet.header, sheet.tags, sheet.rows = rows[0], None, rows[1:]


@of_rows("a header that stands twice", "told", kinds=("csv", "xlsx"), placed=False, **_in)
def header_twice(sheet: Sheet, random: Random):
    source, at = _column(sheet, random, needed=True), random.randrange(len(sheet.header) + 1)
    add = lambda row, cell: [*row[:at], cell, *row[at:]]  # noqa: E731
    name = sheet.header[source]
    values = [row[source] for row in sheet.rows]
    other = random.sample(values, len(values)) if random.random() < 0.7 else values
    sheet.header, sheet.rows = add(sheet.header, name), [add(r, v) for r, v in zip(sheet.rows, other, strict=True)]
    sheet.tags = None if sheet.tags is None else add(sheet.tags, "")


@of_rows("two headers exchanged", "silent", why="columns of the same kind, such as origin and asylum or side a and side b, "
         "hold values that fit either header", placed=False, **_in)  # fmt: skip
def exchanged(sheet: Sheet, random: Random):
    one, other = random.sample(range(len(sheet.header)), 2)
    names = list(sheet.header)
    names[one], names[other] = names[other], names[one]
    sheet.header = names


@of_rows("two headers of different kinds exchanged", "told", placed=False, **_in)
def exchanged_kinds(sheet: Sheet, random: Random):
    counts, others = sheet.columns("count"), sheet.columns("date", "year")
    if not counts or not others:
        raise Unfit
    one, other = random.choice(counts), random.choice(others)
    names = list(sheet.header)
    names[one], names[other] = names[other], names[one]
    sheet.header = names


@of_rows("ten thousand columns", "told", kinds=("csv",), placed=False, **_in)
def very_wide(sheet: Sheet, random: Random):
    more = 10_000 if len(sheet.rows) < 10 else 2_000
    sheet.header = [*sheet.header, *(f"column {i}" for i in range(more))]
    extra = [""] * more
    sheet.rows = [[*row[: len(sheet.header) - more], *extra] for row in sheet.rows]
    sheet.tags = None if sheet.tags is None else [*sheet.tags, *extra]


# ---- Excel, as it happened to a file of a neighbouring country -----------------------------------------------


@of_rows("opened in a spreadsheet that splits at semicolons, and saved", "refused", kinds=("csv",), placed=False, **_in)
def split_at_semicolons(sheet: Sheet, random: Random):
    """Every line of the text is one cell up to its first semicolon; quotes are doubled; each line may stand twice."""
    lines = sheet.dump().decode("utf-8-sig").splitlines()
    again = 2 if random.random() < 0.7 else 1
    sheet.separator = random.choice([",", ";", "\t"])
    sheet.newline = "\r\n"
    cells = [line.split(";") for line in lines for _ in range(again)]
    width = max(map(len, cells)) if random.random() < 0.5 else 0
    return b"".join(sheet.line([*row, *[""] * (width - len(row))]) for row in cells)


@of_rows("every line of the text doubled", "told", kinds=("csv",), placed=False, **_in)
def lines_doubled(sheet: Sheet, random: Random):
    lines = sheet.dump().splitlines(keepends=True)
    return b"".join(line for line in lines for _ in range(2))


@of_rows("the whole row in quotes", "refused", kinds=("csv",), placed=False, **_in)
def quoted_rows(sheet: Sheet, random: Random):
    lines = [b'"' + line.rstrip(b"\n").replace(b'"', b'""') + b'"\n' for line in sheet.lines()]
    first = 0 if random.random() < 0.5 else 1
    return b"".join([*sheet.lines()[:first], *lines[first:]])


@of_rows("every field in quotes", "same", kinds=("csv",), placed=False, **_in)
def all_quoted(sheet: Sheet, random: Random):
    sheet.quoting = csv.QUOTE_ALL
