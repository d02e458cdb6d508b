"""Dask DataFrames of published columns: ``read_events(dask_dataframe)``, the same events and ledger as from a file.

Rules about single rows work partition by partition. Rows whose id stands in several are brought together by a shuffle
on the id, and events that may be one by a shuffle on country and day; every partition gives its part of the account.
"""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from mali_stats.clean import event_steps as steps
from mali_stats.clean import publications
from mali_stats.clean.places import Gazetteer
from mali_stats.clean.publications import Form, Part
from mali_stats.ledger import Ledger
from mali_stats.sources import files

if TYPE_CHECKING:
    import dask.dataframe as dd

NAME = "the Dask DataFrame"
_Pair = tuple[pd.DataFrame, steps.Account]


def read_dask(table: dd.DataFrame, code: str | None, own: Gazetteer | None) -> tuple[dd.DataFrame, Ledger]:
    """The events of published columns, still to be computed, and their ledger, computed in two passes.

    The first pass reads the ids alone: rows are only moved for those that stand in several rows.
    """
    import dask
    import dask.dataframe as dd

    form = publications.form_of(files.Table(NAME, [str(c) for c in table.columns], "dask", -1))
    if form.publisher is None:
        raise ValueError(
            f"read_events: {NAME} is an events table already. Save it as parquet and give it to region_month_panel as "
            "dask.dataframe.read_parquet reads it; read_events takes the publisher's columns."
        )
    each, meta = dask.delayed(_call, pure=False), _empty(form)
    own = dask.delayed(own)
    parts = table[list(form.columns)].to_delayed()
    cleaned = [each(_cleaned, raw, form, number, own) for number, raw in enumerate(parts)]
    accounts, pieces = [pair[1] for pair in cleaned], [pair[0] for pair in cleaned]

    repeated = _repeated(table, form)
    if len(repeated):
        some = dask.delayed(repeated)
        several = _shuffled([each(_with_ids, piece, some, True) for piece in pieces], meta, ["event_id"], len(parts))
        settled = [each(_settled, rows, form.publisher) for rows in several]
        accounts += [pair[1] for pair in settled]
        pieces = [each(_with_ids, piece, some, False) for piece in pieces] + [pair[0] for pair in settled]
    chosen = [each(_chosen, piece, code) for piece in pieces]
    keyed = _shuffled([pair[0] for pair in chosen], meta, ["country", "date_start"], len(parts))
    flagged = [each(_flagged, rows, form.publisher) for rows in keyed]
    accounts += [pair[1] for pair in (*chosen, *flagged)]

    account = sum(dask.compute(*accounts), steps.Account())
    steps.refuse_absent(code, account)
    events = dd.from_delayed([pair[0] for pair in flagged], meta=meta, verify_meta=False)
    return events, steps.closed(account, form.publisher)


def _call(step, *given):
    return step(*given)


def _shuffled(parts: list, meta: pd.DataFrame, keys: list[str], number: int) -> list:
    """Parts of a table such that rows with the same keys stand in the same one."""
    import dask.dataframe as dd

    return dd.from_delayed(parts, meta=meta, verify_meta=False).shuffle(keys, npartitions=number).to_delayed()


def _repeated(table: dd.DataFrame, form: Form) -> np.ndarray:
    """The hashes of ids that stand in several rows (8 bytes an event come here; a shared hash does no harm)."""
    import dask

    column = next(p for p, ours in form.columns.items() if ours == steps.id_column(form.publisher))
    hashes = dask.delayed(_hashes, pure=False)
    parts = [hashes(raw, form, column, number) for number, raw in enumerate(table[[column]].to_delayed())]
    values, times = np.unique(np.concatenate(dask.compute(*parts)), return_counts=True)
    return values[times > 1]


# ---- on a worker -------------------------------------------------------------------------------------------


def _hashes(raw: pd.DataFrame, form: Form, column: str, number: int) -> np.ndarray:
    ids = as_text(raw, {column: form.columns[column]}, form, number).iloc[:, 0]
    return steps.hashed(steps.ids_of(ids, form.publisher).dropna())


def _cleaned(raw: pd.DataFrame, form: Form, number: int, own: Gazetteer | None) -> _Pair:
    account = steps.Account()
    rows = publications.without_tags(form, as_text(raw, form.columns, form, number))
    return steps.cleaned(Part(form, rows, _where(number)), own, account), account


def _with_ids(events: pd.DataFrame, some: np.ndarray, wanted: bool) -> pd.DataFrame:
    """The rows whose id's hash is among some, or is not."""
    return events[np.isin(steps.hashed(events["event_id"]), some) == wanted]


def _settled(events: pd.DataFrame, publisher: ModuleType) -> _Pair:
    account = steps.Account()
    return steps.one_row_each(events.reset_index(drop=True), publisher, f"A part of {NAME}", account), account


def _chosen(events: pd.DataFrame, code: str | None) -> _Pair:
    account = steps.Account()
    return steps.with_families(steps.of_country(events, code, account), account), account


def _flagged(events: pd.DataFrame, publisher: ModuleType) -> _Pair:
    account = steps.Account()
    return steps.flagged(events.reset_index(drop=True), publisher, account), account


def _empty(form: Form) -> pd.DataFrame:
    """The events table without a row."""
    none = pd.DataFrame({ours: pd.Series(dtype="str") for ours in form.columns.values()})
    account = steps.Account()
    events = steps.with_families(steps.cleaned(Part(form, none), None, account), account)
    return steps.flagged(events, form.published()[0], account)


# ---- columns as text ---------------------------------------------------------------------------------------


def as_text(raw: pd.DataFrame, columns: dict[str, str], form: Form, number: int) -> pd.DataFrame:
    """The columns of a partition (published -> ours) as the text a CSV would hold, numbered from 0.

    Text stays as it is; whole numbers, numbers, truth values and days become the text that parquet's would. Numbers
    where the publisher has words, and times of a zone, are refused: what was lost on the way nobody could tell.
    """
    out = {ours: _column(raw[column], column, ours, form, number) for column, ours in columns.items()}
    return pd.DataFrame(out).set_axis(range(len(raw)))


def _column(values: pd.Series, column: str, ours: str, form: Form, number: int) -> pd.Series:
    try:
        array = pa.Table.from_pandas(values.to_frame("only"), preserve_index=False).column(0)
        if pa.types.is_dictionary(array.type):
            array = array.cast(array.type.value_type)
        if _is_text(array.type):
            array = array.cast(pa.string())
            return files.as_text(pc.if_else(pc.is_in(array, pa.array(files.NULLS)), None, array))
        if ours in form.published()[0].TEXTS and array.null_count < len(array):
            raise pa.ArrowInvalid(f"the publisher has words here, and {array.type} may have lost some of them")
        return files.as_text(array)
    except pa.ArrowException as error:
        raise ValueError(
            f"{_where(number)}, column {column} ({values.dtype}): {str(error)[:160]}. Read it as text: "
            f"dask.dataframe.read_csv(..., dtype=str), or dtype={{{column!r}: str}} for this column alone."
        ) from error


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)


def _where(number: int) -> str:
    return f"partition {number} of {NAME} (partitions and rows counted from 0)"
