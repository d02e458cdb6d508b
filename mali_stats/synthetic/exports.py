"""The two made-up records as files, in each of the publishers' layouts."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from mali_stats.synthetic.made import Made
from mali_stats.synthetic.pair import TwoRecords

UCDP_COLUMNS = [
    "id", "relid", "year", "active_year", "code_status", "type_of_violence", "conflict_dset_id",
    "conflict_new_id", "conflict_name", "dyad_dset_id", "dyad_new_id", "dyad_name", "side_a_dset_id",
    "side_a_new_id", "side_a", "side_b_dset_id", "side_b_new_id", "side_b", "number_of_sources", "source_article",
    "source_office", "source_date", "source_headline", "source_original", "where_prec", "where_coordinates",
    "where_description", "adm_1", "adm_2", "latitude", "longitude", "geom_wkt", "priogrid_gid", "country",
    "country_id", "region", "event_clarity", "date_prec", "date_start", "date_end", "deaths_a", "deaths_b",
    "deaths_civilians", "deaths_unknown", "best", "high", "low", "gwnoa", "gwnob",
]  # fmt: skip
ACLED_COLUMNS = [
    "event_id_cnty", "event_date", "year", "time_precision", "disorder_type", "event_type", "sub_event_type",
    "actor1", "assoc_actor_1", "inter1", "actor2", "assoc_actor_2", "inter2", "interaction", "civilian_targeting",
    "iso", "region", "country", "admin1", "admin2", "admin3", "location", "latitude", "longitude",
    "geo_precision", "source", "source_scale", "notes", "fatalities", "tags", "timestamp",
]  # fmt: skip
ACLED_OLD = [
    "data_id", "iso", "event_id_cnty", "event_id_no_cnty", "event_date", "year", "time_precision", "event_type",
    "sub_event_type", "actor1", "assoc_actor_1", "inter1", "actor2", "assoc_actor_2", "inter2", "interaction",
    "region", "country", "admin1", "admin2", "admin3", "location", "latitude", "longitude", "geo_precision",
    "source", "source_scale", "notes", "fatalities", "timestamp", "iso3",
]  # fmt: skip
ACLED_UPPER = [c.upper() for c in ACLED_OLD if c not in ("data_id", "iso3")]
UCDP_LAYOUTS = ("bulk", "web", "hdx", "api")
ACLED_LAYOUTS = ("current", "before 2023", "upper case", "hdx", "api")

_UCDP_NAMES = np.array(["Government of {}", "Group A", "Group B", "Militia C", "Civilians"], dtype=object)
_ACLED_NAMES = np.array(
    ["Military Forces of {} (2012-)", "Group A", "Group B", "Militia C ({})", "Civilians ({})"], dtype=object
)
_TYPES = ["state-based", "non-state", "one-sided"]
#: ACLED's inter codes of our families, and its words for them
_INTER = np.array([1, 2, 2, 3, 7])
_WORDS = {1: "State forces", 2: "Rebel group", 3: "Political militia", 6: "Protesters", 7: "Civilians"}
_ACLED_TAGS = {"event_id_cnty": "#event+code", "event_date": "#date+occurred", "event_type": "#event+type",
               "country": "#country+name", "admin1": "#adm1+name", "latitude": "#geo+lat", "longitude": "#geo+lon",
               "fatalities": "#affected+killed"}  # fmt: skip
_UCDP_TAGS = {"id": "#event+code", "date_start": "#date+start", "best": "#affected+killed", "iso3": "#country+code"}


def ucdp_file(made: TwoRecords, layout: str = "bulk") -> Made:
    """UCDP's records as bulk file (49 columns), web export, HDX copy or API page; ``truth`` has the sums.

    Raises
    ------
    ValueError
        for a layout not in ``UCDP_LAYOUTS``.
    """
    table = _ucdp(made)
    truth = {"rows": len(table), **{c: int(table[c].sum()) for c in ("low", "best", "high")}}
    if layout == "bulk":
        return Made("GEDEvent_v24_1.csv", _text(table[UCDP_COLUMNS]), truth)
    if layout == "web":
        table = table[UCDP_COLUMNS[:-2]].assign(active_year="True")
        for c in ("date_start", "date_end"):
            table[c] = pd.to_datetime(table[c]).dt.strftime("%m/%d/%Y 00:00:00")
        table = table.rename(columns={c: f"{c}_est" for c in ("low", "best", "high")}).assign(end="")
        # 48 fields in every row, 47 in the header
        return Made("gedevents-2025-01-31.csv", _text(table).replace(",end\n", "\n", 1), truth)
    if layout == "hdx":
        return Made("conflict_data.csv", _text(table[[*UCDP_COLUMNS, "iso3"]], _UCDP_TAGS), truth)
    if layout == "api":
        records = json.loads(table[UCDP_COLUMNS].to_json(orient="records"))
        page = {
            "TotalCount": len(records),
            "TotalPages": 1,
            "PreviousPageUrl": "",
            "NextPageUrl": "",
            "Result": records,
        }
        return Made("gedevents.json", json.dumps(page), truth)
    raise ValueError(f"ucdp_file: layout={layout!r} is not known; use one of {', '.join(UCDP_LAYOUTS)}.")


def acled_file(made: TwoRecords, layout: str = "current", others: int = 4, monadic: bool = False) -> Made:
    """ACLED's records in one of its layouts; ``truth`` has rows, fatalities and how many ``others`` there are.

    ``others`` are demonstrations and strategic developments without dead, which UCDP has no name for. ``monadic``
    gives every event once for each of its actors, as an actor-based export does.

    Raises
    ------
    ValueError
        for a layout not in ``ACLED_LAYOUTS``.
    """
    if layout not in ACLED_LAYOUTS:
        raise ValueError(f"acled_file: layout={layout!r} is not known; use one of {', '.join(ACLED_LAYOUTS)}.")
    table = pd.concat([_acled(made), _others(made, others)], ignore_index=True)
    truth = {"rows": len(table), "best": int(table["fatalities"].sum()), "others": others}
    if monadic:
        swapped = {f"{name}{i}": f"{name}{3 - i}" for name in ("actor", "assoc_actor_", "inter") for i in (1, 2)}
        table = pd.concat([table, table[table["actor2"] != ""].rename(columns=swapped)]).sort_values("event_id_cnty")
    old = layout in ("before 2023", "upper case")
    if old:
        table["event_date"] = pd.to_datetime(table["event_date"]).dt.strftime("%d %B %Y")
    else:
        _in_words(table)
    if layout == "api":
        return Made("acled_page_1.json", _page(table[ACLED_COLUMNS]), truth)
    if layout == "upper case":
        return Made("ACLED.csv", _text(table.rename(columns=str.upper)[ACLED_UPPER]), truth)
    tags = _ACLED_TAGS if layout == "hdx" else None
    mark = "\ufeff" if layout == "current" else ""  # a byte order mark stands before the first header
    return Made("2012-01-01-2023-12-31-Mali.csv", mark + _text(table[ACLED_OLD if old else ACLED_COLUMNS], tags), truth)


def _text(table: pd.DataFrame, tags: dict[str, str] | None = None) -> str:
    body = table.to_csv(index=False, lineterminator="\n")
    if not tags:
        return body
    header, rest = body.split("\n", 1)
    return "\n".join([header, ",".join(tags.get(c, "") for c in table.columns), rest])


def _names(made: TwoRecords, source: str, side: str, patterns: np.ndarray) -> np.ndarray:
    rows = made.rows[source]
    every = np.array([[p.format(name) for p in patterns] for name in made.states["name"]], dtype=object)
    return every[rows["country"], rows[side]]


def _ucdp(made: TwoRecords) -> pd.DataFrame:
    rows, ids = made.rows["ucdp_ged"], made.event_ids("ucdp_ged")
    state = made.states.iloc[rows["country"]].reset_index(drop=True)
    one, other = (_names(made, "ucdp_ged", side, _UCDP_NAMES) for side in ("side_a", "side_b"))
    table = pd.DataFrame("", index=rows.index, columns=[*UCDP_COLUMNS, "iso3"])
    codes = {t: i + 1 for i, t in enumerate(_TYPES)}
    given = {
        "id": ids, "relid": _reports(rows, state), "year": rows["date_start"].dt.year, "active_year": "TRUE",
        "code_status": "Clear", "type_of_violence": rows["type_of_violence"].map(codes),
        "dyad_new_id": 100 + 10 * rows["side_a"] + rows["side_b"], "dyad_name": one + " - " + other,
        "side_a_new_id": 900 + rows["side_a"], "side_a": one, "side_b_new_id": 900 + rows["side_b"], "side_b": other,
        "number_of_sources": 1, "source_office": "Made-up News",
        "source_article": 'A "made-up" article,\nover two lines',
        "where_prec": rows["where_prec"], "where_description": "a made-up place", "event_clarity": 1,
        "adm_1": rows["adm_1"].where(rows["adm_1"] == "", rows["adm_1"] + " region"),
        "adm_2": rows["adm_2"].where(rows["adm_2"] == "", rows["adm_2"] + " cercle"),
        "latitude": rows["latitude"], "longitude": rows["longitude"],
        "country": state["name"], "country_id": state["gw"], "region": "Made up",
        "date_prec": rows["date_prec"], "iso3": state["iso3"],
        "date_start": rows["date_start"].dt.strftime("%Y-%m-%d"), "date_end": rows["date_end"].dt.strftime("%Y-%m-%d"),
        "deaths_a": 0, "deaths_b": np.where(rows["side_b"] == 4, 0, rows["best"]),
        "deaths_civilians": np.where(rows["side_b"] == 4, rows["best"], 0), "deaths_unknown": 0,
        "best": rows["best"], "high": rows["high"], "low": rows["low"],
    }  # fmt: skip
    return table.assign(**given)


def _reports(rows: pd.DataFrame, state: pd.DataFrame) -> pd.Series:
    """The report's id; the parts of a split report bear one id with .1 and .2 behind it."""
    stem = state["iso3"] + "-2024-1-1-" + rows["truth_id"].astype(str)
    whole = stem + "-" + rows["number"].astype(str)
    return whole.where(rows["part"] == 0, stem + "." + rows["part"].astype(str))


def _acled(made: TwoRecords) -> pd.DataFrame:
    rows = made.rows["acled"]
    state = made.states.iloc[rows["country"]].reset_index(drop=True)
    inter = [_INTER[rows["side_a"]], _INTER[rows["side_b"]]]
    one_sided = rows["type_of_violence"] == "one-sided"
    remote = ~one_sided & (rows["number"] % 5 == 0)
    event = np.where(one_sided, "Violence against civilians", np.where(remote, "Explosions/Remote violence", "Battles"))
    sub = np.where(one_sided, "Attack", np.where(remote, "Air/drone strike", "Armed clash"))
    given = {
        "event_id_cnty": made.event_ids("acled"), "event_date": rows["date_start"].dt.strftime("%Y-%m-%d"),
        "year": rows["date_start"].dt.year, "time_precision": rows["date_prec"], "disorder_type": "Political violence",
        "event_type": event, "sub_event_type": sub, "actor1": _names(made, "acled", "side_a", _ACLED_NAMES),
        "assoc_actor_1": np.where(rows["number"] % 4 == 0, "Group D; Village guards", ""), "inter1": inter[0],
        "actor2": _names(made, "acled", "side_b", _ACLED_NAMES), "inter2": inter[1],
        "interaction": 10 * np.minimum(*inter) + np.maximum(*inter),
        "civilian_targeting": np.where(one_sided, "Civilian targeting", ""), "admin1": rows["adm_1"],
        "admin2": rows["adm_2"], "location": "a made-up place", "latitude": rows["latitude"],
        "longitude": rows["longitude"], "geo_precision": rows["where_prec"], "fatalities": rows["best"],
        "source": np.where(rows["number"] % 3 == 0, "Made-up News; Radio Made-up", "Made-up News"),
    }  # fmt: skip
    return _finished(pd.DataFrame(given), state, rows["number"])


def _others(made: TwoRecords, n: int) -> pd.DataFrame:
    """Events that only ACLED collects: protests by protesters alone, and strategic developments."""
    state = made.states.iloc[np.zeros(n, dtype=int)].reset_index(drop=True)
    number = pd.Series(9_000_000 + np.arange(n))
    protest = np.arange(n) % 2 == 0
    given = {
        "event_id_cnty": state["iso3"] + number.astype(str),
        "event_date": "2020-07-31", "year": 2020, "time_precision": 1,
        "disorder_type": np.where(protest, "Demonstrations", "Strategic developments"),
        "event_type": np.where(protest, "Protests", "Strategic developments"),
        "sub_event_type": np.where(protest, "Peaceful protest", "Looting/property destruction"),
        "actor1": np.where(protest, f"Protesters ({state['name'][0] if n else ''})", "Group A"), "assoc_actor_1": "",
        "inter1": np.where(protest, 6, 2), "actor2": "", "inter2": 0, "interaction": np.where(protest, 60, 20),
        "civilian_targeting": "", "admin1": "", "admin2": "", "location": "a made-up place", "latitude": 12.625,
        "longitude": -7.975, "geo_precision": 1, "fatalities": 0, "source": "Made-up News",
    }  # fmt: skip
    table = _finished(pd.DataFrame(given), state, number)
    return table.assign(tags=np.where(protest, "crowd size=about 500", ""))


def _finished(table: pd.DataFrame, state: pd.DataFrame, number: pd.Series) -> pd.DataFrame:
    """Add what is the same in every row, and the columns that the layouts before 2023 had."""
    return table.assign(
        assoc_actor_2="", iso=state["iso_numeric"].astype(int), region="Made up", country=state["name"], admin3="",
        source_scale="National", notes='A "made-up" note,\nover two lines.', tags="", timestamp=1_700_000_000 + number,
        data_id=number, event_id_no_cnty=number, iso3=state["iso3"],
    )  # fmt: skip


def _in_words(table: pd.DataFrame) -> None:
    """The kinds of actors in words, as ACLED gives them now; nobody is an empty cell."""
    words = table[["inter1", "inter2"]].apply(lambda column: column.map(_WORDS).fillna(""))
    first = table[["inter1", "inter2"]].replace(0, 9).min(axis=1).map(_WORDS)
    alone = (table["inter1"] == 0) | (table["inter2"] == 0)
    second = table[["inter1", "inter2"]].max(axis=1).map(_WORDS)
    table["interaction"] = np.where(alone, first + " only", first + "-" + second)
    table[["inter1", "inter2"]] = words


def _page(table: pd.DataFrame) -> str:
    """One page of the API: most numbers are texts, what is missing is an empty text."""
    numbers = {"year", "iso", "fatalities", "timestamp"}
    table = table.astype({c: str for c in table if c not in numbers})
    records = json.loads(table.to_json(orient="records"))
    page = {"status": 200, "success": True, "last_update": 1, "count": None, "messages": [], "data": records,
            "filename": "", "data_query_restrictions": []}  # fmt: skip
    return json.dumps(page)
