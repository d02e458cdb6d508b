"""Names of regions and districts to P-codes, and points against outlines; all knowledge is in seed tables."""

from __future__ import annotations

import difflib
import re
import unicodedata
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from mali_stats import catalog
from mali_stats.distinct import by_day, different

KM_PER_DEGREE = 111.195  # of a great circle, on a sphere of radius 6,371 km
#: Coarse outlines are off by up to some 10 km, so only what lies farther than this is called a disagreement.
TOLERANCE_KM = 25.0


@dataclass(frozen=True)
class Gazetteer:
    """The seed tables of one country (columns as in ``seeds/README.md``); the first frame is the country's own."""

    country: str
    regions: pd.DataFrame
    districts: pd.DataFrame
    frames: pd.DataFrame
    spellings: pd.DataFrame
    outlines: pd.DataFrame
    census: pd.DataFrame

    @cached_property
    def earlier_until(self) -> pd.Series:
        """The last day on which each district belonged to its earlier region."""
        return pd.to_datetime(self.districts["earlier_until"])

    @cached_property
    def parent(self) -> dict[str, str]:
        """District -> its region in the country's own frame."""
        return dict(zip(self.districts["admin2"], self.districts["admin1"], strict=True))

    @cached_property
    def belonging(self) -> list[tuple[str, str, str, pd.Timestamp]]:
        """Each district, its region, its earlier region, and the last day on which it belonged to that."""
        rows = self.districts
        return list(zip(rows["admin2"], rows["admin1"], rows["earlier_admin1"], self.earlier_until, strict=True))

    @cached_property
    def belts(self) -> dict[tuple[str, str], dict[float, str]]:
        """Frame and district -> the latitude (degrees) from which on northwards it lies in each of its regions."""
        found: dict[tuple[str, str], dict[float, str]] = {}
        for frame, admin2, region, start in self.frames[["frame", "admin2", "region", "latitude_from"]].itertuples(
            index=False
        ):
            found.setdefault((frame, admin2), {})[float(start) if isinstance(start, str) else -90.0] = region
        return found

    @property
    def own_frame(self) -> str:
        """The frame whose codes the events table carries."""
        return str(self.regions["frame"].iloc[0])

    def names(self, frame: str) -> dict[str, str]:
        """Region code -> name in a frame."""
        rows = self.regions[self.regions["frame"] == frame]
        return dict(zip(rows["region"], rows["region_name"], strict=True))


_REQUIRED = {"regions": ["frame", "region", "region_name"], "districts": ["admin2", "admin2_name", "admin1"]}
_OPTIONAL = {
    "frames": ["frame", "admin2", "region", "latitude_from"],
    "spellings": ["kind", "as_published", "means"],
    "outlines": ["region", "ring", "point", "longitude", "latitude"],
    "census": ["month", "frame", "region", "parent", "de_jure", "households"],
}


def gazetteer(country: str, folder: Path | None = None) -> Gazetteer | None:
    """The seed tables of a country (ISO3 code), or None where there are none; ``folder`` gives one's own."""
    if folder is not None:
        return _gazetteer(country, folder)  # read anew: its owner may be editing it
    return _shipped(country) if re.fullmatch("[A-Z]{3}", country) else None


def shipped() -> list[Path]:
    """The folders of the countries that have seed tables."""
    return sorted(p for p in (catalog.root() / "seeds" / "places").iterdir() if p.is_dir())


@cache
def _shipped(country: str) -> Gazetteer | None:
    folder = catalog.root() / "seeds" / "places" / country
    return _gazetteer(country, folder) if folder.is_dir() else None


def _gazetteer(country: str, folder: Path) -> Gazetteer:
    tables = {name: _table(folder, name, columns) for name, columns in {**_REQUIRED, **_OPTIONAL}.items()}
    districts = tables["districts"]
    for column in ("earlier_admin1", "earlier_until"):
        if column not in districts:
            districts[column] = np.nan
    _hold_together(folder.name, tables)
    return Gazetteer(country, **tables)


#: Columns that hold numbers, and columns that hold dates.
_NUMBERS = {"frames": ["latitude_from"], "outlines": ["longitude", "latitude"], "census": ["de_jure", "households"]}


def _hold_together(folder: str, tables: dict[str, pd.DataFrame]) -> None:
    """Every code named in one table is known to the one it refers to, and numbers and dates are such."""
    regions, districts = tables["regions"], tables["districts"]
    own = set(regions.loc[regions["frame"] == regions["frame"].iloc[0], "region"])
    pairs = set(zip(regions["frame"], regions["region"], strict=True))
    frames, spellings = tables["frames"], tables["spellings"]
    meant = spellings[spellings["kind"] != "suffix"]
    codes = {"admin1": own, "admin2": set(districts["admin2"])}
    lost = {
        "districts.csv, admin1": set(districts["admin1"]) - own,
        "frames.csv, admin2": set(frames["admin2"]) - codes["admin2"],
        "frames.csv, region": set(zip(frames["frame"], frames["region"], strict=True)) - pairs,
        "outlines.csv, region": set(tables["outlines"]["region"]) - own,
        "spellings.csv, means": {
            m for k, m in zip(meant["kind"], meant["means"], strict=True) if m not in codes.get(k, ())
        },
    }
    for where, names in lost.items():
        if names:
            shown = ", ".join(sorted(map(str, names))[:5])
            raise ValueError(
                f"{folder}/{where}: {shown} is not known to the table it refers to (regions or districts)."
            )
    for name, columns in _NUMBERS.items():
        for column in columns:
            wrong = tables[name][column][pd.to_numeric(tables[name][column], errors="coerce").isna()].dropna()
            if len(wrong):
                raise ValueError(
                    f"{folder}/{name}.csv, row {wrong.index[0] + 2}, {column}: got {wrong.iloc[0]!r}, not a number."
                )
    until = districts["earlier_until"]
    wrong = until[pd.to_datetime(until, format="%Y-%m-%d", errors="coerce").isna()].dropna()
    if len(wrong):
        raise ValueError(
            f"{folder}/districts.csv, row {wrong.index[0] + 2}, earlier_until: got {wrong.iloc[0]!r}, not YYYY-MM-DD."
        )


def _table(folder: Path, name: str, columns: list[str]) -> pd.DataFrame:
    if name in _OPTIONAL and not (folder / f"{name}.csv").is_file():
        return pd.DataFrame({c: pd.Series(dtype="str") for c in columns})
    table = catalog.read_seed(folder / f"{name}.csv")
    missing = [c for c in columns if c not in table]
    if missing or table.empty:
        what = f"lacks {', '.join(missing)}" if missing else "has no row"
        raise ValueError(f"{folder.name}/{name}.csv {what}; it needs {', '.join(columns)}.")
    return table


# ---- names -------------------------------------------------------------------------------------------------


def tidy_text(text: str) -> str:
    r"""``text`` without zero-width characters and doubled or odd spaces.

    Examples
    --------
    >>> tidy_text("Janjaweed  -\u200b Civilians ")
    'Janjaweed - Civilians'
    """
    return " ".join(re.sub(r"[\u200b-\u200f\u2060\ufeff]", "", text).split())


def key(name: str, suffixes: tuple[str, ...] = ()) -> str:
    """A name without accents, case, punctuation and suffixes, for comparison only.

    Examples
    --------
    >>> key("Ménaka cercle", ("cercle",)), key("GOURMA RHAROUS"), key("Gourma-Rharous cercle", ("cercle",))
    ('menaka', 'gourmarharous', 'gourmarharous')
    """
    plain = unicodedata.normalize("NFKD", name.casefold())
    words = re.findall(r"\w+", "".join(c for c in plain if not unicodedata.combining(c)))
    bare = {key(suffix) for suffix in suffixes}
    while len(words) > 1 and words[-1] in bare:
        words.pop()
    return "".join(words)


class Names:
    """Look names of one level up: ``admin1`` or ``admin2`` of a gazetteer."""

    def __init__(self, places: Gazetteer, level: str) -> None:
        spellings = places.spellings
        self.suffixes = tuple(spellings.loc[spellings["kind"] == "suffix", "as_published"])
        if level == "admin1":
            known = places.names(places.own_frame)
        else:
            known = dict(zip(places.districts["admin2"], places.districts["admin2_name"], strict=True))
        self.known: dict = known  # also asked for None
        self.codes: dict[str, list[str]] = {}
        for code, name in known.items():
            self.codes.setdefault(key(name), []).append(code)
        rows = spellings[spellings["kind"] == level]
        self.mended = {key(n): c for n, c in zip(rows["as_published"], rows["means"], strict=True)}

    def find(self, name: object, among: set[str] | None = None) -> str | None:
        """The code of a name; a name that several places bear needs ``among`` to tell which."""
        if not isinstance(name, str):
            return None
        wanted = key(name, self.suffixes)
        codes = self.codes.get(wanted) or ([self.mended[wanted]] if wanted in self.mended else [])
        if len(codes) > 1 and among:
            codes = [c for c in codes if c in among]
        return codes[0] if len(codes) == 1 else None

    def nearest(self, name: str) -> str:
        """The known name that is spelt most alike, as a hint; empty when none is."""
        by_key = {key(n): n for n in self.known.values()}
        close = difflib.get_close_matches(key(name, self.suffixes), by_key, n=1, cutoff=0.6)
        return by_key[close[0]] if close else ""


def allowed_regions(places: Gazetteer, region: str, day: pd.Timestamp) -> set[str]:
    """The regions of today that the name of ``region`` covered on ``day`` (Gao held Ménaka until 2016)."""
    return {region, *(places.parent[district] for district in districts_then(places, region, day))}


def districts_then(places: Gazetteer, region: str, day: pd.Timestamp) -> list[str]:
    """The districts that the name of ``region`` covered on ``day``: its own, and those it has lost since."""
    return [
        district for district, now, earlier, until in places.belonging
        if now == region or (earlier == region and until > day)
    ]  # fmt: skip


def era(places: Gazetteer, days: pd.Series) -> np.ndarray:
    """For each day, how many changes of regions lay behind it."""
    changes = np.sort(places.earlier_until.dropna().unique()).astype("datetime64[D]")
    return by_day(days, lambda each: np.searchsorted(changes, each, side="right"))


def looked_up(cases: pd.DataFrame, known: Gazetteer) -> pd.DataFrame:
    """The cases with codes and names for each pair of published names, and what is odd about these.

    The district decides the region; the region's own name (``region``) counts only where no district is named.
    """
    level1, level2 = Names(known, "admin1"), Names(known, "admin2")
    out = []
    for name1, name2 in zip(cases["admin1_name"], cases["admin2_name"], strict=True):
        region = level1.find(name1)
        among = {d for d, r in known.parent.items() if r == region}
        district = level2.find(name2, among)
        admin1 = known.parent[district] if district else region
        out.append({
            "admin1": admin1, "admin1_name": level1.known.get(admin1, name1), "region": region,
            "admin2": district, "admin2_name": level2.known.get(district, name2),
            "remark1": _remark("admin1", name1, region, level1),
            "remark2": _remark("admin2", name2, district, level2),
        })  # fmt: skip
    return cases.assign(**pd.DataFrame(out, index=cases.index, dtype=object))


def _remark(level: str, name: object, code: str | None, names: Names) -> str:
    """What is odd about a name: it is unknown, or known only by the table of spellings."""
    if not isinstance(name, str):
        return ""
    published = name.replace(";", ",")
    if code is not None:
        mended = key(name, names.suffixes) not in names.codes
        return f"spelling-{level}:{published} is {names.known[code]}" if mended else ""
    hint = names.nearest(name)
    return f"unknown-{level}:{published}" + (f" (nearest: {hint})" if hint else "")


def disagreeing(rows: pd.DataFrame, cases: pd.DataFrame, which: np.ndarray, known: Gazetteer) -> list:
    """Rows whose region, district and point do not go together; ``which`` of the cases each row is (-1: none).

    A region's name covers what it covered on the first day of the event.
    """
    at = np.flatnonzero(which >= 0)
    mine = rows[["date_start", "latitude", "longitude", "geo_precision"]].iloc[at]
    case = which[at]
    first, which = different([case, era(known, mine["date_start"])])
    disagree, allowed = np.zeros(len(first), dtype=bool), []
    names = (cases[c].to_numpy(object)[case[first]] for c in ("region", "admin1"))
    for i, (region, admin1, day) in enumerate(zip(*names, mine["date_start"].iloc[first], strict=True)):
        covered = allowed_regions(known, region, pd.Timestamp(day)) if isinstance(region, str) else None
        disagree[i] = covered is not None and admin1 not in covered
        allowed.append(frozenset((covered or set()) | ({admin1} if isinstance(admin1, str) else set())))
    odd = {"region-cercle-disagree": disagree[which]} | _far_points(mine, allowed, which, known)
    found = []
    for issue, mask in odd.items():
        everywhere = np.zeros(len(rows), dtype=bool)
        everywhere[at] = mask
        found.append((everywhere, issue))
    return found


def _far_points(mine: pd.DataFrame, allowed: list[frozenset], which: np.ndarray, known: Gazetteer) -> dict:
    """Points farther than TOLERANCE_KM outside the country, or outside the regions that the row names."""
    if known.outlines.empty:
        return {}
    x, y = mine["longitude"].to_numpy(float), mine["latitude"].to_numpy(float)
    usable = (np.abs(x) <= 180) & (np.abs(y) <= 90) & (mine["geo_precision"] != "abroad").to_numpy()
    outside, disagree = np.zeros((2, len(mine)), dtype=bool)
    outside[usable] = km_outside(known, x[usable], y[usable], None) > TOLERANCE_KM
    sets = {regions: i for i, regions in enumerate(dict.fromkeys(allowed))}
    named = np.where(usable & ~outside, np.array([sets[regions] for regions in allowed], dtype=int)[which], -1)
    for regions, i in sets.items():
        if regions and len(here := np.flatnonzero(named == i)):
            disagree[here] = km_outside(known, x[here], y[here], set(regions)) > TOLERANCE_KM
    return {"outside-country": outside, "admin-coordinates-disagree": disagree}


# ---- points ------------------------------------------------------------------------------------------------


def km_outside(places: Gazetteer, longitude: np.ndarray, latitude: np.ndarray, regions: set[str] | None) -> np.ndarray:
    """How far each point lies outside the outlines of ``regions`` (None: all), in km; 0 inside.

    Distances are planar around each point (equirectangular), exact to under 1 % within 200 km.
    """
    outlines = places.outlines
    if regions is not None:
        outlines = outlines[outlines["region"].isin(regions)]
    spots, which = np.unique(longitude + 1j * latitude, return_inverse=True)  # many events share a town
    away = np.full(len(spots), np.inf)
    for _, ring in outlines.groupby(["region", "ring"], sort=False):
        x, y = ring["longitude"].to_numpy(float), ring["latitude"].to_numpy(float)
        away = np.minimum(away, _ring_km(x, y, spots.real, spots.imag))
    return away[which]


def _ring_km(x: np.ndarray, y: np.ndarray, longitude: np.ndarray, latitude: np.ndarray) -> np.ndarray:
    scale = np.cos(np.radians(latitude))[:, None]
    ax, ay = (x[None, :] - longitude[:, None]) * scale, y[None, :] - latitude[:, None]
    bx, by = np.roll(ax, -1, axis=1), np.roll(ay, -1, axis=1)
    dx, dy = bx - ax, by - ay
    length = np.where((dx == 0) & (dy == 0), 1.0, dx**2 + dy**2)
    along = np.clip(-(ax * dx + ay * dy) / length, 0, 1)
    km = KM_PER_DEGREE * np.sqrt(((ax + along * dx) ** 2 + (ay + along * dy) ** 2).min(axis=1))
    crosses = (ay > 0) != (by > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        right = ax - ay * dx / dy > 0
    inside = (crosses & right).sum(axis=1) % 2 == 1
    return np.where(inside, 0.0, km)
