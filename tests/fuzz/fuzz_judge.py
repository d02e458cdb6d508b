"""Read a damaged file and say what came of it."""

from __future__ import annotations

import re
import signal
import warnings
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from random import Random

import pandas as pd
from damage_packing import zipped
from fuzz_damage import DAMAGES, Damage, Damaged, Unfit
from fuzz_files import File, clean_files

import mali_stats as ms
from mali_stats.clean import large

OUTCOMES = ("refused", "same", "shown", "undetectable", "FAULT")
SECONDS, MEGABYTES = 10, 500
#: what may come of a file by what is expected of its damage
_ALLOWED = {
    "same": {"same"},
    "refused": {"refused", "same"},
    "told": {"refused", "same", "shown"},
    "silent": {"refused", "same", "shown", "undetectable"},
}
#: the errors that a caller has to know: ValueError with its kin, and what the file system says in Python's own words
_CLEAR = (ValueError, FileNotFoundError, IsADirectoryError, PermissionError)
#: a place in a file, or what is wrong with all of it
_PLACE = re.compile(
    r"\b(row|line|column|byte|char|sheet|record)s? ['\"(]?\w|missing|lacks|is empty|holds|cut short|damaged|without a table|"
    r"web page|is binary|There is no file|is a folder|no layout|not a list of records|more than|event ids|stands? twice|"
    r"may both be|may not be read|is a link"
)


@dataclass(frozen=True)
class Verdict:
    """What came of one damaged file; ``detail`` is the message, or what is wrong."""

    damage: str
    file: File
    outcome: str
    detail: str = ""


class TooSlow(BaseException):
    """The reader took longer than it may; other work on the machine does not count."""


def judge(damage: Damage, file: File, seed: object, folder: Path) -> Verdict | None:
    """Damage one file as ``seed`` says, read it, and judge what came of it; None where the damage does not fit."""
    random = Random(str(seed))
    try:
        damaged = damage.do(file, random, folder)
    except Unfit:
        return None
    if damaged.data == file.data:
        return None
    path = damaged.path or _written(file, damaged.data, damage.pack, random, folder)
    undamaged(file, folder.parent)
    before = _listing(folder)
    found = _read(file, path)
    verdict = _judged(damage, file, path, damaged, found, folder.parent)
    if verdict.outcome != "FAULT" and _in_chunks(damage, file) and random.random() < 0.3:
        verdict = _also_in_chunks(verdict, path, found)
    if verdict.outcome != "FAULT" and file.reader == "events" and file.kind == "csv" and random.random() < 0.3:
        verdict = _also_as_large(verdict, file, path, found)
    if verdict.outcome != "FAULT" and _listing(folder) != before:
        return replace(verdict, outcome="FAULT", detail="reading changed the folder")
    return verdict


def _written(file: File, data: bytes, pack: bool, random: Random, folder: Path) -> Path:
    """The bytes as a file: plain, or at times packed as publishers do."""
    import gzip

    how = random.choice(["plain"] * 6 + ["gz", "zip"]) if pack and file.kind != "xlsx" else "plain"
    path = folder / {"plain": file.name, "gz": f"{file.name}.gz", "zip": f"{Path(file.name).stem}.zip"}[how]
    path.write_bytes(
        {"plain": lambda: data, "gz": lambda: gzip.compress(data, 1), "zip": lambda: zipped({file.name: data})}[how]()
    )
    return path


def _listing(folder: Path) -> list[str]:
    return sorted(str(p) for root in (folder, folder.parent) for p in root.iterdir())


# ---- reading -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """What a reader gave: a table with its ledger, or an error; and what it cost."""

    table: pd.DataFrame | None = None
    ledger: object = None
    error: BaseException | None = None
    megabytes: float = 0.0


def _read(file: File, path: Path) -> Found:
    start = _memory("VmRSS") if _reset_peak() else 0.0
    try:
        with warnings.catch_warnings(), _within(SECONDS):
            warnings.simplefilter("error")
            table, ledger = file.read(path)
        found = Found(table, ledger)
    except (Exception, TooSlow) as error:
        found = Found(error=error)
    return replace(found, megabytes=_memory("VmHWM") - start if start else 0.0)


class _within:
    """Stop after so many seconds of computing; or of waiting, where it waits for something that never comes."""

    def __init__(self, seconds: float) -> None:
        self.timers = {
            signal.SIGPROF: (signal.ITIMER_PROF, seconds),
            signal.SIGALRM: (signal.ITIMER_REAL, 12 * seconds),
        }

    def __enter__(self):
        def stop(*_):
            raise TooSlow(f"still reading after {SECONDS} s")

        self.old = {number: signal.signal(number, stop) for number in self.timers}
        for timer, seconds in self.timers.values():
            signal.setitimer(timer, seconds)

    def __exit__(self, *_):
        for number, (timer, _) in self.timers.items():
            signal.setitimer(timer, 0)
            signal.signal(number, self.old[number])


def _reset_peak() -> bool:
    """Start counting the most memory anew; False where the system does not count it."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
        return True
    except OSError:
        return False


def _memory(name: str) -> float:
    """A line of /proc/self/status, in MB."""
    try:
        text = Path("/proc/self/status").read_text()
    except OSError:
        return 0.0
    found = re.search(rf"{name}:\s+(\d+) kB", text)
    return int(found[1]) / 1024 if found else 0.0


@cache
def undamaged(file: File, folder: Path) -> Found:
    """What the reader gives for the file as it was."""
    path = folder / f"clean_{abs(hash(file.layout))}"
    path.mkdir(exist_ok=True)
    (path / file.name).write_bytes(file.data)
    found = _read(file, path / file.name)
    assert found.error is None, found.error
    return found


# ---- judging -----------------------------------------------------------------------------------------------


def _judged(damage: Damage, file: File, path: Path, damaged: Damaged, found: Found, folder: Path) -> Verdict:
    given = Verdict(damage.name, file, "FAULT")
    if found.megabytes > MEGABYTES:
        return replace(given, detail=f"reading took {found.megabytes:.0f} MB")
    if found.error is not None:
        wrong = _unclear(found.error, file, path, damaged.rows)
        outcome = "refused" if not wrong else "FAULT"
        detail = f"{wrong}{type(found.error).__name__}: {found.error}"
    else:
        outcome, detail = _compared(file, folder, found)
    if outcome not in _ALLOWED[damage.expect] and outcome != "FAULT":
        return replace(given, detail=f"{outcome}, which is not expected: {detail}")
    return replace(given, outcome=outcome, detail=detail)


def _in_chunks(damage: Damage, file: File) -> bool:
    """Whether the file can be read a few rows at a time too (which a bomb may be: it is read as it unpacks)."""
    return file.reader == "events" and file.kind == "csv" and damage.group != "bombs"


def _also_in_chunks(verdict: Verdict, path: Path, found: Found) -> Verdict:
    """The same file in chunks: refused where the whole is, and else the same rows and deaths go in."""
    wrong = ""
    try:
        with warnings.catch_warnings(), _within(SECONDS):
            warnings.simplefilter("error")
            lines = pd.concat([ledger.tidy() for _, ledger in ms.read_events(path, chunks=9)])
    except (Exception, TooSlow) as error:
        wrong = _unclear(error, verdict.file, path, frozenset())
        wrong = wrong and f"in chunks: {wrong}{type(error).__name__}: {error}"
    else:
        sums = [t.loc[t["kind"] == "in", ["rows", "best"]].sum().tolist() for t in (lines, _tidy(found))]
        if found.error is not None:
            wrong = f"not refused in chunks, but as a whole: {found.error}"
        elif sums[0] != sums[1]:
            wrong = f"other rows or deaths in chunks {sums[0]} than as a whole {sums[1]}"
    return replace(verdict, outcome="FAULT", detail=wrong) if wrong else verdict


def _also_as_large(verdict: Verdict, file: File, path: Path, found: Found) -> Verdict:
    """The same file read as large ones are: the same table, ledger and words of refusal."""
    limit, large.LARGE = large.LARGE, 0
    try:
        again = _read(file, path)
    finally:
        large.LARGE = limit
    wrong = ""
    if str(again.error) != str(found.error):
        wrong = f"read as a large file: {again.error}; else: {found.error}"
    elif found.error is None and not again.table.equals(found.table):
        wrong = f"read as a large file: {_difference(again.table, found.table)}"
    elif found.error is None and repr(again.ledger) != repr(found.ledger):
        wrong = f"read as a large file the ledger is another: {again.ledger!r}"
    return replace(verdict, outcome="FAULT", detail=wrong) if wrong else verdict


def _tidy(found: Found) -> pd.DataFrame:
    return found.ledger.tidy() if found.ledger is not None else pd.DataFrame({"kind": [], "rows": [], "best": []})


def _unclear(error: BaseException, file: File, path: Path, rows: frozenset[int]) -> str:
    """What is wrong with an error; empty where it is clear."""
    text = str(error)
    if not isinstance(error, _CLEAR):
        return "not a clear error: "
    if isinstance(error, UnicodeError):
        return "a library's own words: "
    names = (path.name, file.name, path.name.removesuffix(".gz"), "export.csv", "part.csv", "slipped.csv", "a.csv.gz")
    if not any(name in text or repr(name)[1:-1] in text for name in names):
        return "does not name the file: "
    if not _PLACE.search(text):
        return "does not name a place: "
    told = {int(n) for n in re.findall(r"\b(?:row|line) (\d+)", text)}
    if rows and told and not told & rows:
        return f"names rows {sorted(told)[:5]}, but {sorted(rows)[:5]} were touched: "
    return ""


def _compared(file: File, folder: Path, found: Found) -> tuple[str, str]:
    clean = undamaged(file, folder)
    try:
        _sound(found)
    except (AssertionError, ValueError) as error:
        return "FAULT", f"the result is not sound: {error}"
    new = _news(found.ledger, clean.ledger)
    if found.table.equals(clean.table):
        return "same", "; ".join(new)
    if new:
        return "shown", "; ".join(new)
    return "undetectable", _difference(found.table, clean.table)


def _sound(found: Found) -> None:
    """The table is one of ours, and the ledger adds up to it."""
    ms.check(found.table)
    lines = found.ledger.check().tidy()
    kept = lines[lines["kind"] == "kept"].iloc[0]
    assert kept["rows"] == len(found.table), "the ledger keeps other rows than the table has"
    people = found.table
    if "unit" in people:
        people = people[people["unit"] == "people"]
    best = people["deaths_best" if "deaths_best" in people else "best"].sum()
    assert kept["best"] == best, "the ledger keeps another sum than the table has"


def _news(ledger, clean) -> list[str]:
    """What the ledger of the damaged file says beyond that of the clean one."""
    of = [_counted(one.tidy()) for one in (ledger, clean)]
    more = [f"{reason}: {n} rows" for reason, n in of[0].items() if n > of[1].get(reason, 0)]
    bare = {re.sub(r"\d[\d,]*", "#", note) for note in clean.notes}
    return more + [note for note in ledger.notes if re.sub(r"\d[\d,]*", "#", note) not in bare]


def _counted(lines: pd.DataFrame) -> dict[str, int]:
    lines = lines[lines["kind"].isin(["dropped", "flagged", "moved"])]
    return lines.groupby("reason")["rows"].sum().to_dict()


def _difference(table: pd.DataFrame, clean: pd.DataFrame) -> str:
    if len(table) != len(clean):
        return f"{len(table)} rows instead of {len(clean)}"
    columns = [c for c in clean if not table[c].equals(clean[c])]
    first = columns[0]
    i = next((i for i in range(len(clean)) if str(table[first].iloc[i]) != str(clean[first].iloc[i])), 0)
    return f"{', '.join(columns[:6])} differ: {table[first].iloc[i]!r:.60} instead of {clean[first].iloc[i]!r:.60}"


def fitting(damage: Damage) -> list[File]:
    """The files that a damage can be done to."""
    return [file for file in clean_files() if damage.fits(file)]


__all__ = ["DAMAGES", "OUTCOMES", "Verdict", "fitting", "judge"]
