"""Two linked records as one events table, each event with the numbers of one of them."""

from __future__ import annotations

import pandas as pd

from mali_stats.schema import EVENTS


def united(matches, sources: tuple[str, str], prefer: str) -> pd.DataFrame:
    """The union of a ``Matches`` of two sources: of each pair the row of ``prefer``, and every row in no pair."""
    first, second = sources
    tables = {first: matches.a, second: matches.b}
    ids = dict(zip(sources, ("id_a", "id_b"), strict=True))
    other = second if prefer == first else first
    partner = matches.pairs.set_index(ids[prefer])[ids[other]]
    kept = tables[prefer].assign(matched_id=tables[prefer]["event_id"].map(partner))
    kept["matched_source"] = kept["matched_id"].notna().map({True: other, False: None})
    alone = tables[other][~tables[other]["event_id"].isin(partner)].assign(matched_id=None, matched_source=None)
    columns = [c for c in tables[prefer] if c in tables[other]]
    columns = [c for c in EVENTS if c in columns] + [c for c in columns if c not in EVENTS]
    parts = []
    for source, rows in ((prefer, kept), (other, alone)):
        rows = rows[[*columns, "matched_source", "matched_id"]].assign(original_source=source)
        rows["unresolved"] = rows["event_id"].isin(matches.review[ids[source]]) & rows["matched_id"].isna()
        parts.append(rows.astype({c: "str" for c in ("matched_source", "matched_id", "original_source")}))
    table = _stacked(parts)
    table["event_id"] = table["original_source"] + ":" + table["event_id"]
    named = sorted(name for name, rows in tables.items() if len(rows) or name == prefer)
    table["source"] = pd.Series("+".join(named), index=table.index, dtype="str")
    last = ["original_source", "matched_source", "matched_id", "unresolved"]
    return table.sort_values(["date_start", "event_id"], ignore_index=True)[[*columns, *last]]


def _stacked(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Both parts under each other, with the first one's kinds of columns."""
    kinds = parts[0].dtypes
    together = pd.concat([part.astype(object) for part in parts], ignore_index=True)
    return together.astype({c: kind for c, kind in kinds.items()})
