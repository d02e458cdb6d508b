"""Clean small files in the publishers' own layouts, to be damaged. Every row is made up by the library's makers."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from random import Random

import mali_stats as ms
from mali_stats import synthetic

READERS: dict[str, Callable] = {"events": ms.read_events, "displacement": ms.read_displacement}
#: layouts that a publisher also gives as a workbook, or that people keep as one
_BOOKS = ("ucdp bulk", "acled current", "unhcr_population", "gidd", "dtm_sheet", "hapi_idps")
_PUBLISHERS = {"unhcr": "UNHCR", "gidd": "IDMC", "idu": "IDMC", "dtm": "DTM", "hapi": "HAPI"}
#: places with accents, so that a wrong encoding has something to spoil (a region's name and its code go together)
_ACCENTS = {
    "DTM": {"Kayes": "Ségou", "KaYes": "SéGou", "KAYES": "SÉGOU", "MLI0101": "MLI0401", "MLI0103": "MLI0403",
            "MLI001001": "MLI004001", "Mopti": "Ségou", "MOPTI": "SÉGOU", "ML05": "ML04"},
    "HAPI": {"Mopti": "Ségou", "ML05": "ML04"},
    "UNHCR": {"Burkina Faso": "Côte d'Ivoire", "BFA": "CIV", "BKF": "ICO"},
}  # fmt: skip


@dataclass(frozen=True)
class File:
    """A file as a publisher gives it: whose, in which layout, its name, bytes and kind, and which reader reads it."""

    publisher: str
    layout: str
    name: str
    data: bytes
    kind: str
    reader: str

    @property
    def read(self) -> Callable:
        return READERS[self.reader]


@cache
def clean_files() -> tuple[File, ...]:
    """All layouts of the six publishers: csv, json and xlsx."""
    plain = [*_events(), *_displacement()]
    books = [_book(file) for file in plain if file.layout in _BOOKS]
    return (*plain, *books)


def _events() -> list[File]:
    made = synthetic.two_records(28, seed=5)
    makers = {
        "UCDP": (partial(synthetic.ucdp_file, made), synthetic.UCDP_LAYOUTS),
        "ACLED": (partial(synthetic.acled_file, made), synthetic.ACLED_LAYOUTS),
    }
    files = []
    for publisher, (maker, layouts) in makers.items():
        for layout in layouts:
            file = maker(layout)
            kind = "json" if file.name.endswith("json") else "csv"
            name = f"{publisher.lower()} {layout}"
            files.append(File(publisher, name, file.name, file.content.encode(), kind, "events"))
    return files


def _displacement() -> list[File]:
    files = []
    for layout, maker in synthetic.DISPLACEMENT.items():
        made, publisher = maker(3), _PUBLISHERS[layout.split("_")[0]]
        content = made.content
        for old, new in _ACCENTS.get(publisher, {}).items():
            content = content.replace(old, new)
        kind = "json" if made.name.endswith("json") else "csv"
        files.append(File(publisher, layout, made.name, content.encode(), kind, "displacement"))
    return files


def _book(file: File) -> File:
    sheet = Sheet(file)
    sheet.kind = "xlsx"
    sheet.rows = [[_number(cell) for cell in row] for row in sheet.rows]
    name = file.name.rsplit(".", 1)[0] + ".xlsx"
    return File(file.publisher, f"{file.layout}, workbook", name, sheet.dump(), "xlsx", file.reader)


def _number(cell: str):
    """What a spreadsheet makes of a cell: a number where it can."""
    try:
        return float(cell) if "." in cell else int(cell)
    except ValueError:
        return cell


# ---- a file as rows ------------------------------------------------------------------------------------------


class Unfit(Exception):
    """This damage cannot be done to this file."""


ABSENT = object()  # a key that a JSON record does not have

#: what a column holds -> the names under which publishers give it
ROLES = {
    "count": [
        *[
            "best",
            "low",
            "high",
            "best_est",
            "low_est",
            "high_est",
            "deaths_a",
            "deaths_b",
            "deaths_civilians",
            "deaths_unknown",
            "fatalities",
            "refugees",
            "asylum_seekers",
            "idps",
            "refugee_like",
            "resettlement",
            "returned_refugees",
            "new_displacement",
            "total_displacement",
            "figure",
            "numpresentidpind",
            "population",
            "population_in_phase",
        ],
        "total no# of idps ind#",
        "total no# of idps hh#",
    ],
    "date": [
        "date_start",
        "date_end",
        "event_date",
        "displacement_start_date",
        "displacement_end_date",
        "reportingdate",
        "date",
        "reference_period_start",
        "reference_period_end",
    ],
    "year": ["year"],  # only UNHCR and the GIDD are dated by it
    "degree": ["latitude", "longitude"],
    "code": [
        "type_of_violence",
        "where_prec",
        "date_prec",
        "time_precision",
        "geo_precision",
        "coo_iso",
        "coa_iso",
        "iso3",
        "admin0pcode",
        "location_code",
        "origin_location_code",
        "asylum_location_code",
        "population_group",
    ],
    "id": ["id", "event_id_cnty"],
    "place": ["adm_1", "adm_2", "admin1", "admin2", "admin1name", "admin1_name", "provider_admin1_name", "region"],
    "name": ["side_a", "side_b", "dyad_name", "actor1", "actor2", "event_type"],
    "unread": "source_article notes coo_name coa_name country_name centroid where_description Site".casefold().split(),
}


class Sheet:
    """A file as a header, a row of tags and rows of cells; ``hits`` are the rows that a damage has touched."""

    def __init__(self, file: File) -> None:
        self.file, self.kind, self.hits = file, file.kind, set()
        self.separator, self.newline, self.quoting = ",", "\n", csv.QUOTE_MINIMAL
        table = {"csv": self._from_csv, "json": self._from_json, "xlsx": self._from_xlsx}[file.kind]()
        self.header = table[0]
        tagged = len(table) > 1 and {str(c)[:1] for c in table[1] if c not in ("", None, ABSENT)} == {"#"}
        self.tags = table[1] if tagged else None
        self.rows = table[2:] if tagged else table[1:]

    def _from_csv(self) -> list[list]:
        text = self.file.data.decode("utf-8-sig")
        self.mark = self.file.data[:3] == b"\xef\xbb\xbf"
        return list(csv.reader(io.StringIO(text, newline="")))

    def _from_json(self) -> list[list]:
        self.page = json.loads(self.file.data)
        records = self.page
        if isinstance(self.page, dict):
            self.under = next(k for k in ("Result", "data", "items", "result") if k in self.page)
            records = self.page[self.under]
        header = list(dict.fromkeys(key for record in records for key in record))
        return [header, *([record.get(key, ABSENT) for key in header] for record in records)]

    def _from_xlsx(self) -> list[list]:
        import openpyxl

        sheet = openpyxl.load_workbook(io.BytesIO(self.file.data)).worksheets[0]
        return [list(row) for row in sheet.iter_rows(values_only=True)]

    # ---- what to damage ----

    def columns(self, *roles: str) -> list[int]:
        """The columns that hold something of these kinds."""
        roles = tuple(r for r in roles if r != "year" or self.file.publisher in ("UNHCR", "IDMC"))
        names = {name for role in roles for name in ROLES[role]}
        found = [i for i, name in enumerate(self.header) if str(name).strip().casefold() in names]
        if self.file.publisher == "IDMC" and "year" in roles and self.file.layout.startswith("idu"):
            found = [i for i in found if self.header[i] != "year"]
        return found

    def filled(self, *roles: str, having: Callable = bool) -> list[tuple[int, int]]:
        """The cells of these kinds that are filled, and whose text ``having`` holds of."""
        cells = [(i, j) for j in self.columns(*roles) for i, row in enumerate(self.rows) if _told(row[j])]
        return [(i, j) for i, j in cells if having(str(self.rows[i][j]))]

    def choose(self, random: Random, *roles: str, having: Callable = bool, one: bool = False) -> list[tuple[int, int]]:
        """One filled cell, a few of its column, or all of its column."""
        cells = self.filled(*roles, having=having)
        if not cells:
            raise Unfit
        first = random.choice(cells)
        column = [cell for cell in cells if cell[1] == first[1]]
        how = 0 if one else random.randrange(4)
        return [first] if how < 2 else random.sample(column, min(3, len(column))) if how == 2 else column

    def put(self, cell: tuple[int, int], value) -> None:
        """Write into a cell, and remember its row."""
        i, j = cell
        self.rows[i] = [*self.rows[i][:j], value, *self.rows[i][j + 1 :]]
        self.hits.add(i)

    def change(self, cells: list[tuple[int, int]], new: Callable[[str], object]) -> None:
        """Write ``new`` of the old text into each of the cells."""
        for i, j in cells:
            self.put((i, j), new(str(self.rows[i][j])))

    def places(self) -> set[int]:
        """The touched rows as a spreadsheet counts them (records of JSON are counted from 1)."""
        before = (self.kind != "json") + (self.tags is not None)
        return {hit + before + 1 for hit in self.hits}

    # ---- back to bytes ----

    def table(self) -> list[list]:
        """The header, the tags and the rows."""
        return [self.header, *([self.tags] if self.tags is not None else []), *self.rows]

    def lines(self) -> list[bytes]:
        """Every record of the table as a CSV holds it."""
        return [self.line(row) for row in self.table()]

    def line(self, row: list) -> bytes:
        """One record as a CSV holds it."""
        out = io.StringIO(newline="")
        given = ["" if cell is None or cell is ABSENT else cell for cell in row]
        csv.writer(out, delimiter=self.separator, lineterminator=self.newline, quoting=self.quoting).writerow(given)
        return out.getvalue().encode("utf-8", "surrogatepass")

    def dump(self) -> bytes:
        """The whole file, in its own kind."""
        if self.kind == "csv":
            return b"\xef\xbb\xbf" * self.mark + b"".join(self.lines())
        return self._json() if self.kind == "json" else self._xlsx()

    def records(self) -> list[dict]:
        """The rows as JSON objects."""
        pairs = [zip(self.header, row, strict=False) for row in ([self.tags] if self.tags else []) + self.rows]
        return [{k: v for k, v in pair if v is not ABSENT} for pair in pairs]

    def _json(self) -> bytes:
        page = self.page | {self.under: self.records()} if isinstance(self.page, dict) else self.records()
        return json.dumps(page, ensure_ascii=False).encode("utf-8", "surrogatepass")

    def _xlsx(self) -> bytes:
        import openpyxl

        book = openpyxl.Workbook(write_only=True)
        page = book.create_sheet("Data")
        for row in self.table():
            page.append([None if cell == "" else cell for cell in row])
        out = io.BytesIO()
        book.save(out)
        return out.getvalue()


def _told(cell) -> bool:
    return cell is not ABSENT and cell is not None and str(cell) not in ("", "-")
