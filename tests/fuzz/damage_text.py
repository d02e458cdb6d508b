"""Damage to the text of a file: cuts, encodings, line ends, separators, quotation marks, JSON's own ways to break."""

from __future__ import annotations

import json
import re
from random import Random

from fuzz_damage import of_bytes, of_rows
from fuzz_files import Sheet, Unfit

_cut = {"group": "cuts"}
_text = {"group": "text and encodings"}
_json = {"group": "JSON", "kinds": ("json",)}


# ---- cuts --------------------------------------------------------------------------------------------------


@of_rows("cut within a row", "refused", kinds=("csv",), placed=False, **_cut)
def cut_in_row(sheet: Sheet, random: Random):
    lines, before = sheet.lines(), len(sheet.table()) - len(sheet.rows)
    i = random.randrange(before, len(lines))
    last = len(sheet.line(sheet.table()[i][-1:]))
    return b"".join(lines[:i]) + lines[i][: random.randrange(1, len(lines[i]) - last)]


@of_rows("cut within the header", "told", kinds=("csv",), placed=False, **_cut)
def cut_in_header(sheet: Sheet, random: Random):
    header = sheet.lines()[0]
    return header[: random.randrange(1, len(header) - 1)]


@of_rows("cut at a line's end", "silent", why="what is left is a shorter file of whole rows", kinds=("csv",), placed=False,
         **_cut)  # fmt: skip
def cut_at_line_end(sheet: Sheet, random: Random):
    lines, before = sheet.lines(), len(sheet.table()) - len(sheet.rows)
    return b"".join(lines[: random.randrange(before + 1, len(lines))])


@of_rows("cut within the last field of a row", "silent", why="the row has all its fields; a shorter number or name is one "
         "too", kinds=("csv",), placed=False, **_cut)  # fmt: skip
def cut_in_last_field(sheet: Sheet, random: Random):
    lines, before = sheet.lines(), len(sheet.table()) - len(sheet.rows)
    i = random.randrange(before, len(lines))
    last = len(sheet.line(sheet.table()[i][-1:]))
    return b"".join(lines[:i]) + lines[i][: len(lines[i]) - random.randint(1, last)]


@of_rows("the start of the file lost", "refused", kinds=("csv",), placed=False, **_cut)
def start_lost(sheet: Sheet, random: Random):
    data = sheet.dump()
    needed = data.index(b"\n", len(data) // 3)
    return data[random.randrange(needed // 2, needed) :]


@of_bytes("JSON cut short", "refused", kinds=("json",), **_cut)
def cut_json(data: bytes, random: Random) -> bytes:
    return data[: random.randrange(1, len(data.rstrip()) - 1)]


@of_bytes("a workbook cut short", "refused", kinds=("xlsx",), pack=False, **_cut)
def cut_book(data: bytes, random: Random) -> bytes:
    return data[: random.randrange(4, len(data) - 30)]


@of_bytes("a hole in the middle", "silent", kinds=("csv", "json"), why="one that begins and ends within one field, or in one "
          "column of two rows, leaves a shorter name or a row fewer", **_cut)  # fmt: skip
def hole(data: bytes, random: Random) -> bytes:
    text = data.decode("utf-8-sig")
    start = random.randrange(len(text) // 10, len(text) - 40)
    lost = random.choice([23, 257, len(text) // 3])
    return (text[:start] + text[start + lost :]).encode()


@of_bytes("an error page behind the rows", "refused", kinds=("csv", "json"), **_cut)
def error_behind(data: bytes, random: Random) -> bytes:
    page = b"<html><body><h1>504 Gateway Time-out</h1></body></html>\n"
    return data[: random.randrange(len(data) // 2, len(data))].rpartition(b"\n")[0] + b"\n" + page


@of_bytes("zeros from some byte on", "refused", kinds=("csv", "json"), **_cut)
def zeros(data: bytes, random: Random) -> bytes:
    at = random.randrange(1, len(data) - 2)
    return data[:at] + b"\x00" * (len(data) - at)


# ---- encodings ---------------------------------------------------------------------------------------------


@of_bytes("a byte order mark", "same", kinds=("csv", "json"), **_text)
def bom(data: bytes, random: Random) -> bytes:
    return b"\xef\xbb\xbf" + data.removeprefix(b"\xef\xbb\xbf")


@of_bytes("several byte order marks", "told", kinds=("csv", "json"), **_text)
def boms(data: bytes, random: Random) -> bytes:
    return b"\xef\xbb\xbf" * random.randint(2, 3) + data.removeprefix(b"\xef\xbb\xbf")


@of_bytes("UTF-16 with its mark", "same", kinds=("csv", "json"), **_text)
def utf16(data: bytes, random: Random) -> bytes:
    return data.decode("utf-8-sig").encode("utf-16")


@of_bytes("UTF-16 without its mark", "refused", kinds=("csv", "json"), **_text)
def utf16_bare(data: bytes, random: Random) -> bytes:
    return data.decode("utf-8-sig").encode(random.choice(["utf-16-le", "utf-16-be"]))


@of_bytes("UTF-16 that lost a byte", "refused", kinds=("csv", "json"), **_text)
def utf16_odd(data: bytes, random: Random) -> bytes:
    wide = data.decode("utf-8-sig").encode("utf-16")
    at = random.randrange(2, len(wide) - 1)
    return wide[:at] + wide[at + 1 :]


@of_bytes("UTF-32", "told", kinds=("csv", "json"), **_text)
def utf32(data: bytes, random: Random) -> bytes:
    return data.decode("utf-8-sig").encode(random.choice(["utf-32", "utf-32-le", "utf-32-be"]))


@of_bytes("an encoding of old Windows or DOS", "told", kinds=("csv", "json"), **_text)
def windows(data: bytes, random: Random) -> bytes:
    return data.decode("utf-8-sig").encode(random.choice(["cp1252", "latin-1", "cp850", "mac-roman"]), "replace")


@of_bytes("accents read in a wrong encoding and saved again", "told", kinds=("csv", "json"), **_text)
def mojibake(data: bytes, random: Random) -> bytes:
    text = data.decode("utf-8-sig")
    if text.isascii():
        raise Unfit
    return text.encode().decode(random.choice(["latin-1", "cp850", "mac-roman"])).encode()


@of_bytes("accents replaced by U+FFFD or a question mark", "told", kinds=("csv", "json"), **_text)
def replaced(data: bytes, random: Random) -> bytes:
    text = data.decode("utf-8-sig")
    if text.isascii():
        raise Unfit
    return re.sub(r"[^\x00-\x7f]", random.choice(["\ufffd", "?"]), text).encode()


@of_bytes("a byte that is not UTF-8", "told", kinds=("csv", "json"), **_text)
def not_utf8(data: bytes, random: Random) -> bytes:
    at = random.randrange(3, len(data))
    return data[:at] + bytes([random.choice([0x80, 0xC3, 0xE9, 0xFF, 0xFE, 0xED])]) + data[at:]


@of_bytes("a byte exchanged for another", "silent", kinds=("csv", "json"), why="one letter or digit for another leaves a "
          "valid value", **_text)  # fmt: skip
def byte(data: bytes, random: Random) -> bytes:
    at = random.randrange(3, len(data))
    return data[:at] + bytes([random.randrange(256)]) + data[at + 1 :]


# ---- lines, separators, quotation marks --------------------------------------------------------------------


@of_rows("line ends of Windows", "same", kinds=("csv",), placed=False, **_text)
def crlf(sheet: Sheet, random: Random):
    sheet.newline = "\r\n"


@of_rows("line ends of old Macs", "told", kinds=("csv",), placed=False, **_text)
def carriage_returns(sheet: Sheet, random: Random):
    sheet.newline = "\r"


@of_rows("line ends of all sorts", "told", kinds=("csv",), placed=False, **_text)
def mixed_ends(sheet: Sheet, random: Random):
    return b"".join(line[:-1] + random.choice([b"\n", b"\r\n", b"\r"]) for line in sheet.lines())


@of_rows("no line end at the end", "same", kinds=("csv",), placed=False, **_text)
def no_end(sheet: Sheet, random: Random):
    return sheet.dump()[:-1]


@of_rows("another separator", "same", kinds=("csv",), placed=False, **_text)
def separator(sheet: Sheet, random: Random):
    sheet.separator = random.choice([";", "\t", "|"])


@of_rows("a separator that nobody uses", "refused", kinds=("csv",), placed=False, **_text)
def odd_separator(sheet: Sheet, random: Random):
    sheet.separator = random.choice([":", "^", "~", "\x1f", "\u00a6"])


@of_rows("Excel's line that names the separator", "same", kinds=("csv",), placed=False, **_text)
def sep_line(sheet: Sheet, random: Random):
    sheet.separator = random.choice([",", ";", "\t"])
    return f"sep={sheet.separator}\n".encode() + sheet.dump().removeprefix(b"\xef\xbb\xbf")


@of_rows("two separators in one file", "refused", kinds=("csv",), placed=False, **_text)
def two_separators(sheet: Sheet, random: Random):
    lines = sheet.lines()
    at = random.randrange(1, len(lines))
    sheet.separator = random.choice([";", "\t"])
    return b"".join([*lines[:at], *sheet.lines()[at:]])


@of_rows("every quotation mark lost", "told", kinds=("csv",), placed=False, **_text)
def unquoted(sheet: Sheet, random: Random):
    return sheet.dump().replace(b'"', b"")


@of_rows("one quotation mark lost", "told", kinds=("csv",), placed=False, **_text)
def one_quote_lost(sheet: Sheet, random: Random):
    data = sheet.dump()
    at = [m.start() for m in re.finditer(b'"', data)]
    if not at:
        raise Unfit
    i = random.choice(at)
    return data[:i] + data[i + 1 :]


@of_rows("a quotation mark before a field", "told", kinds=("csv",), placed=False, **_text)
def stray_quote(sheet: Sheet, random: Random):
    data = sheet.dump()
    at = random.choice([m.end() for m in re.finditer(rb"[,\n]", data)])
    return data[:at] + b'"' + data[at:]


@of_rows("a quotation mark within a field", "silent", why="within a name it is a sign like others", kinds=("csv",),
         placed=False, **_text)  # fmt: skip
def quote_within(sheet: Sheet, random: Random):
    data = sheet.dump()
    at = random.choice([m.start() + 1 for m in re.finditer(rb"\w\w", data)])
    return data[:at] + b'"' + data[at:]


@of_rows(
    "a quotation mark that swallows a row", "told", kinds=("csv",), publishers=("UCDP", "ACLED"), placed=False, **_text
)
def swallowed(sheet: Sheet, random: Random):
    """An opening mark where the next row has a quoted text: that one ends it, and two rows have the fields of one."""
    columns = [j for j in sheet.columns("unread") if j > max(sheet.columns("id"))]
    i, j = random.randrange(len(sheet.rows) - 1), random.choice(columns)
    for k in columns:
        for row in range(len(sheet.rows)):
            sheet.put((row, k), 'a "made-up" text' if k == j else "text")
    lines, first = sheet.lines(), len(sheet.table()) - len(sheet.rows)
    before = sheet.line([*sheet.rows[i][:j], "x"])[:-2]
    after = sheet.line(["x", *sheet.rows[i][j + 1 :]])[1:]
    return b"".join([*lines[: first + i], before, b'"made-up', after, *lines[first + i + 1 :]])


@of_rows("single quotation marks", "told", kinds=("csv",), placed=False, **_text)
def single_quotes(sheet: Sheet, random: Random):
    return sheet.dump().replace(b'"', b"'")


@of_rows("typographic quotation marks", "told", kinds=("csv",), placed=False, **_text)
def curly_quotes(sheet: Sheet, random: Random):
    data = sheet.dump().decode("utf-8-sig")
    return re.sub(r'"([^"]*)"', "\u201c\\1\u201d", data).encode()


@of_rows("a field of millions of letters", "told", kinds=("csv", "json"), placed=False, **_text)
def huge_field(sheet: Sheet, random: Random):
    columns = [j for j in range(len(sheet.header))]
    i, j = random.randrange(len(sheet.rows)), random.choice([*columns, *sheet.columns("unread") * 9])
    size = random.choice([200_000, 3_000_000, 40_000_000] if sheet.kind == "csv" else [200_000, 3_000_000])
    unit = random.choice(["x", "a, ", 'say "no"\n'])
    sheet.put((i, j), unit * (size // len(unit)))


# ---- JSON --------------------------------------------------------------------------------------------------


@of_rows("a key twice in a record", "told", placed=False, **_json)
def key_twice(sheet: Sheet, random: Random):
    (i, j) = random.choice(sheet.filled("count", "date", "code"))
    record = json.dumps(sheet.records()[i], ensure_ascii=False)
    more = json.dumps({sheet.header[j]: random.choice([sheet.rows[i - 1][j], 77])}, ensure_ascii=False)
    data = sheet.dump().decode().replace(record, f"{record[:-1]}, {more[1:]}", 1)
    return data.encode()


@of_rows("a key missing in some records", "told", **_json)
def key_missing(sheet: Sheet, random: Random):
    from fuzz_files import ABSENT

    sheet.change(sheet.choose(random, "count", "date", "code"), lambda t: ABSENT)


@of_rows("an object or list for a value", "refused", **_json)
def nested(sheet: Sheet, random: Random):
    value = random.choice([{"value": 5}, [5], [], {}, True])
    sheet.change(sheet.choose(random, "count", "date", "code", "degree"), lambda t: value)


@of_rows("an object or list for a name", "told", placed=False, **_json)
def nested_name(sheet: Sheet, random: Random):
    value = random.choice([{"name": "Group A"}, ["Group A", "Group B"]])
    sheet.change(sheet.choose(random, "name", "place"), lambda t: value)


@of_rows("NaN and Infinity, which JSON does not have", "told", **_json)
def not_a_number(sheet: Sheet, random: Random):
    value = random.choice([float("nan"), float("inf"), float("-inf")])
    sheet.change(sheet.choose(random, "count", "degree"), lambda t: value)


@of_bytes("JSON with a comma too many or a remark", "refused", **_json)
def not_quite_json(data: bytes, random: Random) -> bytes:
    return random.choice([data.rstrip()[:-1] + b",]", data + b" // end", data.replace(b":", b"=", 1), data.replace(b'"', b"'"),
                          data + data, data[:-1] + b",}" if data.endswith(b"}") else data + b"]"])  # fmt: skip


@of_rows("a record a line", "refused", placed=False, **_json)
def json_lines(sheet: Sheet, random: Random):
    return b"\n".join(json.dumps(record).encode() for record in sheet.records())


@of_rows("something else among the records", "told", placed=False, **_json)
def foreign_record(sheet: Sheet, random: Random):
    content = json.loads(sheet.file.data)
    records = content if isinstance(content, list) else content[sheet.under]
    records.insert(random.randrange(len(records) + 1), random.choice([None, 7, "x", [], {}, {"message": "rate limit"}]))
    return json.dumps(content).encode()


@of_bytes("thousands of brackets", "refused", **_json)
def deep(data: bytes, random: Random) -> bytes:
    depth = random.choice([1_000, 20_000, 200_000])
    return random.choice([b"[" * depth, b"[" * depth + b"]" * depth, b'{"a":' * depth + b"1" + b"}" * depth])


@of_rows("an answer that says it has more records", "told", placed=False, publishers=("UCDP", "UNHCR"), **_json)
def more_pages(sheet: Sheet, random: Random):
    key, value = ("TotalCount", len(sheet.rows) + 5) if "TotalCount" in sheet.page else ("maxPages", 3)
    sheet.page = sheet.page | {key: value}


@of_bytes("an error in place of an answer", "refused", **_json)
def error_answer(data: bytes, random: Random) -> bytes:
    return random.choice([b'{"error": "Unauthorized"}', b'{"message": "Too many requests", "status": 429}', b"null", b"{}",
                          b"[]", b'"ok"', b"42", b'{"Result": []}', b'{"Result": null}', b'{"data": {}}', b"[[]]",
                          b'{"type": "FeatureCollection", "features": [7]}'])  # fmt: skip
