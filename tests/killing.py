"""Kill fetch, make data, make notebooks and make report at random moments and look at what is left.

    python tests/killing.py                      the full counts of `make kills`, into benchmarks/results/kills.csv
    python tests/killing.py --only fetch --tries 20

Each job runs in a process forked from one that has everything imported, and gets SIGKILL: at a moment drawn from
the whole of its duration, from its last tenth, or right before or after one of its steps on the disk (fsync, replace,
rename, unlink), each of them in turn. What must hold is in ``Job.look``; a job that does not hold counts as broken.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import os
import pickle
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STEPS = ("fsync", "replace", "rename", "unlink")
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
COLUMNS = ["job", "killed_at", "tries", "killed", "old_whole", "new_whole", "mixed_and_refused", "broken", "run_again", "again_failed"]  # fmt: skip

# ---- the process that forks --------------------------------------------------------------------------------


def serve() -> None:
    """Take orders, a line of JSON each; fork, kill when it is time, and say how it ended."""
    import mali_stats.build
    import mali_stats.report.__main__
    import mali_stats.sources.fetching  # noqa: F401

    print("ready", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        start = time.monotonic()
        child = os.fork()
        if not child:
            _work(order)
        status = _watched(child, start, order.get("after"))
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        print(json.dumps({"killed": killed, "status": status, "seconds": time.monotonic() - start}), flush=True)


def _watched(child: int, start: float, after: float | None) -> int:
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status
        if after is not None and time.monotonic() - start >= after:
            os.kill(child, signal.SIGKILL)
            return os.waitpid(child, 0)[1]
        time.sleep(0.0005)


def _work(order: dict) -> None:
    """Do the job in the forked process, which ends here."""
    out = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(out, 1)
    os.dup2(out, 2)
    steps = _deadly(*(order.get("step") or (-1, "never")))
    try:
        code = JOBS[order["job"]](**order["arguments"]) or 0
        Path(f"{order['log']}.steps").write_text(str(steps[0]))
    except BaseException as error:
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
        code = 1
    os._exit(code)


def _deadly(number: int, moment: str) -> list[int]:
    """Let the process kill itself right before or after its ``number``-th step on the disk; counts them."""
    count = [0]

    def wrapped(real):
        def step(*arguments, **options):
            here = count[0] == number
            count[0] += 1
            if here and moment == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            try:
                return real(*arguments, **options)
            finally:
                if here:
                    os.kill(os.getpid(), signal.SIGKILL)

        return step

    for name in STEPS:
        setattr(os, name, wrapped(getattr(os, name)))
    return count


def _fetch(url: str, cache: str) -> None:
    from mali_stats.sources.fetching import fetch

    fetch("ucdp", version="26.0.8", refresh=True, base_url=url, cache=cache)


def _data(raw: str, out: str) -> int:
    from mali_stats.build import main

    return main([raw, "--out", out])


def _tables(raw: str, kept: str) -> None:
    """Make the tables of a raw file and keep them, so that only their writing is left to be done."""
    from mali_stats import build
    from mali_stats.clean.events import read_events

    events, _ = read_events(Path(raw), country="MLI")
    Path(kept).write_bytes(pickle.dumps({name: make(events) for name, (*_, make) in build.FROM_EVENTS.items()}))


def _at_hand(raw: str, out: str, kept: str) -> int:
    from mali_stats import build

    tables = pickle.loads(Path(kept).read_bytes())
    for name, table in tables.items():
        build.FROM_EVENTS[name] = (*build.FROM_EVENTS[name][:3], lambda events, table=table: table)
    return build.main([raw, "--out", out])


def _report(*arguments: str) -> int:
    from mali_stats.report.__main__ import main

    return main(list(arguments))


JOBS = {
    "fetch": _fetch, "make data": _data, "tables": _tables, "make data, tables at hand": _at_hand,
    "make notebooks": lambda folder: _report("notebooks", "--notebooks", folder),
    "make report": lambda folder, out: _report("site", "--notebooks", folder, "--out", out),
}  # fmt: skip


class Server:
    """The process that forks, seen from here."""

    def __init__(self, folder: Path):
        self.log = folder / "job.log"
        threads = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ARROW_NUM_THREADS")}
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        self.process = subprocess.Popen(
            [sys.executable, __file__, "--serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
            env=os.environ | threads | {"MPLBACKEND": "agg", "PYTHONPATH": path},
        )  # fmt: skip
        assert self.process.stdout.readline() == "ready\n"

    def run(self, job: str, arguments: dict, after: float | None = None, step: tuple | None = None) -> dict:
        """Run a job; kill it after some seconds, or at a step on the disk."""
        order = {"job": job, "arguments": arguments, "log": str(self.log), "after": after, "step": step}
        steps = Path(f"{self.log}.steps")
        steps.unlink(missing_ok=True)
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        ended = json.loads(self.process.stdout.readline())
        counted = steps.read_text() if steps.is_file() else ""  # empty where it was killed as it wrote this
        return ended | {"steps": int(counted) if counted else None}

    def stop(self) -> None:
        """Let it end."""
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()


# ---- what is looked at -------------------------------------------------------------------------------------


def digests(folder: Path, hidden: bool = False) -> dict[str, str]:
    """The files of a folder by their relative names, as hashes; hidden ones are no data and are left out."""
    found = {p.relative_to(folder): p for p in folder.rglob("*") if p.is_file()}
    return {
        str(name): hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in found.items()
        if hidden or not any(part.startswith(".") for part in name.parts)
    }


@dataclass
class Trial:
    """One job: a folder that holds the old, what is done to it, and what it looks like when old and when new."""

    job: str
    arguments: dict
    place: Path
    old: Path
    new: dict[str, str]

    def reset(self) -> None:
        """Put the old back; the folder around it goes too, with all that a killed job left beside it."""
        shutil.rmtree(self.place.parent, ignore_errors=True)
        shutil.copytree(self.old, self.place)

    def state(self) -> str:
        """Old, new, mixed (every file whole), or broken."""
        now, before = digests(self.place), digests(self.old)
        if now in (before, self.new):
            return "new_whole" if now == self.new else "old_whole"
        known = {(name, code) for table in (before, self.new) for name, code in table.items()}
        whole = set(now.items()) <= known and set(now) >= set(before) & set(self.new)
        return "mixed" if whole else "broken"

    def look(self) -> str:
        """What is left; see the module."""
        return self.state()


class Fetched(Trial):
    """The cache: file and note together, and what ``fetch`` gives without asking anybody."""

    def state(self) -> str:
        """Whether the file is one of the two, and whole."""
        from mali_stats.sources.clients import cache

        file = self.place / "ucdp" / "GEDEvent_v26_0_8.csv"
        code = hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else None
        note = cache.kept(file)
        if note is None or note.get("sha256") != code:
            return "broken"
        own = str(file.relative_to(self.place))
        return {digests(self.old)[own]: "old_whole", self.new[own]: "new_whole"}.get(code, "broken")

    def look(self) -> str:
        """As ``state``; and offline, ``fetch`` takes what is there."""
        from mali_stats.sources.fetching import fetch

        path = fetch("ucdp", version="26.0.8", refresh=False, base_url="http://127.0.0.1:9", cache=self.place)
        code = hashlib.sha256(path.read_bytes()).hexdigest()
        return self.state() if code in {*digests(self.old).values(), *self.new.values()} else "broken"


class Built(Trial):
    """data/: of a mixed set no table is given that is not the one described."""

    def look(self) -> str:
        """As ``state``, for the tables as ``ms.load`` gives them."""
        state, described = self.state(), json.loads((self.place / "datapackage.json").read_text())["resources"]
        given = {r["name"]: _given(self.place.parent, r["name"]) for r in described}
        right = {r["name"]: r["hash"] for r in described}
        if state != "mixed":
            return state if given == right else "broken"
        refused = [name for name, code in given.items() if code is None]
        fits = all(code in (None, right[name]) for name, code in given.items())
        return "mixed_and_refused" if refused and fits else "broken"


def _given(root: Path, name: str) -> str | None:
    """The hash of the file that ``ms.load`` reads, or None where it refuses to."""
    from mali_stats import catalog

    real, catalog.root = catalog.root, lambda: root
    try:
        content = catalog._checked(catalog._resource(name))
    except ValueError:
        return None
    finally:
        catalog.root = real
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class Notebooks(Trial):
    """A folder of notebooks: each whole for itself is enough, as each is a page of its own."""

    def look(self) -> str:
        """As ``state``; some old and some new are what a stopped writing may leave, and show in ``git status``."""
        return {"mixed": "mixed_and_refused"}.get(self.state(), self.state())


# ---- the jobs ----------------------------------------------------------------------------------------------


def notebook(title: str, *code: str) -> dict:
    """A small notebook that has all the report wants."""
    import nbformat

    picture = f"from base64 import b64decode\nfrom IPython.display import Image\nImage(b64decode({PNG!r}))"
    cells = [nbformat.v4.new_markdown_cell(f"# {title}?", id="title")]
    cells += [nbformat.v4.new_code_cell(text, id=f"cell-{n}") for n, text in enumerate((*code, picture))]
    cells.append(nbformat.v4.new_markdown_cell("It is **42**.", id="answer", metadata={"tags": ["answer"]}))
    return nbformat.v4.new_notebook(cells=cells)


def small_notebooks(folder: Path) -> None:
    """Two made-up notebooks."""
    import nbformat

    folder.mkdir(parents=True)
    for n in (1, 2):
        nbformat.write(notebook(f"How many {n}", "print(6 * 7)"), folder / f"0{n}-how-many.ipynb")


def fetching(folder: Path, server: Server) -> Fetched:
    """A file of some megabytes on this machine, an old and a new one."""
    import loopback

    old, new = (b"id,best\n" + random.Random(seed).randbytes(1_500_000).hex().encode() for seed in (1, 2))
    publisher = loopback.Server()
    place, path = folder / "here" / "cache", "/candidateged/GEDEvent_v26_0_8.csv"
    arguments = {"url": publisher.url, "cache": str(place)}
    for tag, body, kept in (("old", old, folder / "old"), ("new", new, None)):
        publisher.answers[path] = loopback.file(body, tag=f'"{tag}"')
        assert server.run("fetch", arguments)["status"] == 0, server.log.read_text()
        if kept:
            shutil.copytree(place, kept)
    return Fetched("fetch", arguments, place, folder / "old", digests(place))


def building(folder: Path, server: Server, raw: Path | None = None, at_hand: bool = False) -> Built:
    """The tables of a made-up war, and those of another one (or of a raw file).

    ``at_hand`` leaves out what takes longest and touches no file, the making of the tables.
    """
    from mali_stats import synthetic

    place, files = folder / "here" / "data", []
    for seed in (1, 2):
        made = synthetic.ucdp_file(synthetic.two_records(40, seed=seed))
        files.append(folder / f"{seed}" / made.name)
        files[-1].parent.mkdir()
        files[-1].write_text(made.content)
    job, more = "make data", [{}, {}]
    if at_hand:
        job, more = "make data, tables at hand", [{"kept": str(folder / f"{n}.pickle")} for n in (1, 2)]
        for file, kept in zip((files[0], raw or files[1]), more, strict=True):
            assert server.run("tables", {"raw": str(file)} | kept)["status"] == 0, server.log.read_text()
    first = {"raw": str(files[0]), "out": str(folder / "old")} | more[0]
    arguments = {"raw": str(raw or files[1]), "out": str(place)} | more[1]
    assert server.run(job, first)["status"] == 0, server.log.read_text()
    shutil.copytree(folder / "old", place)
    assert server.run(job, arguments)["status"] == 0, server.log.read_text()
    return Built(job, arguments, place, folder / "old", digests(place))


def writing_notebooks(folder: Path, server: Server, given: list[Path]) -> Notebooks:
    """Notebooks whose kept outputs say something else than a run of them."""
    place = folder / "here" / "notebooks"
    _copied(given, folder / "old")
    for path in (folder / "old").glob("*.ipynb"):
        content = json.loads(path.read_text(encoding="utf-8"))
        for cell in content["cells"]:
            cell.pop("outputs", None) or cell.pop("execution_count", None)
            if cell["cell_type"] == "code":
                cell |= {"outputs": [], "execution_count": None}
        path.write_text(json.dumps(content), encoding="utf-8")
    shutil.copytree(folder / "old", place)
    assert server.run("make notebooks", {"folder": str(place)})["status"] == 0, server.log.read_text()
    return Notebooks("make notebooks", {"folder": str(place)}, place, folder / "old", digests(place))


def making_site(folder: Path, server: Server, given: list[Path]) -> Trial:
    """A site, and that of notebooks whose title was changed since."""
    notebooks, place = folder / "notebooks", folder / "here" / "report"
    _copied(given, notebooks)
    arguments = {"folder": str(notebooks), "out": str(place)}
    assert server.run("make report", arguments)["status"] == 0, server.log.read_text()
    shutil.copytree(place, folder / "old")
    for path in notebooks.glob("*.ipynb"):
        path.write_text(path.read_text(encoding="utf-8").replace("# ", "# After all: ", 1), encoding="utf-8")
    assert server.run("make report", arguments)["status"] == 0, server.log.read_text()
    return Trial("make report", arguments, place, folder / "old", digests(place))


def _copied(given: list[Path], folder: Path) -> None:
    """Notebooks and the tables beside them."""
    if not given:
        return small_notebooks(folder)
    folder.mkdir(parents=True)
    for path in [*given, *given[0].parent.glob("*.csv")]:
        shutil.copy(path, folder)
    return None


# ---- killing -----------------------------------------------------------------------------------------------


def steps_of(server: Server, trial: Trial) -> list[tuple[int, str]]:
    """Every step on the disk, before and after, of a job that is let to its end."""
    trial.reset()
    number = server.run(trial.job, trial.arguments, step=(-1, "never"))["steps"]
    return [(n, moment) for n in range(number) for moment in ("before", "after")]


def moments(server: Server, trial: Trial, how: str, tries: int, dice: random.Random) -> list[dict]:
    """When to kill: a number of times in the whole duration, in its last tenth, or at each step."""
    if how == "each step on the disk":
        steps = steps_of(server, trial)
        return [{"step": step} for step in (steps if tries >= len(steps) else dice.sample(steps, tries))]
    seconds = []
    for _ in range(3):
        trial.reset()
        seconds.append(server.run(trial.job, trial.arguments)["seconds"])
    whole = sorted(seconds)[1]
    first = 0.9 * whole if how == "its last tenth" else 0.0
    return [{"after": dice.uniform(first, whole)} for _ in range(3 * tries)]  # some end before they are killed


def killed(server: Server, trial: Trial, how: str, tries: int, dice: random.Random, say, again: int = 1) -> dict:
    """Kill a job a number of times, look each time, and let every ``again``-th run to its end afterwards."""
    counts = dict.fromkeys(COLUMNS, 0) | {"job": trial.job, "killed_at": how}
    for number, moment in enumerate(moments(server, trial, how, tries, dice), 1):
        trial.reset()
        ended = server.run(trial.job, trial.arguments, **moment)
        outcome = trial.look()
        counts["tries"] += 1
        counts["killed"] += ended["killed"]
        counts["mixed_and_refused" if outcome == "mixed" else outcome] += 1
        if number % again == 0:
            second = server.run(trial.job, trial.arguments)
            counts["run_again"] += 1
            counts["again_failed"] += bool(second["status"]) or trial.look() != "new_whole"
        say(f"  {trial.job}, {how}: {number}, {outcome} at {moment}, {ended['seconds']:.2f} s")
        if counts["killed"] == tries:
            break
    return counts


def table(wanted: list[tuple], seed: int, say=print) -> list[dict]:
    """Rows of the table: what makes the trial, {how: tries}, and how often it is run again, each."""
    rows, dice = [], random.Random(seed)
    for make, ways, again in wanted:
        with tempfile.TemporaryDirectory() as name:
            server = Server(Path(name))
            try:
                trial = make(Path(name), server)
                for how, tries in ways.items():
                    rows.append(killed(server, trial, how, tries, dice, say, again))
                    say(rows[-1])
            finally:
                server.stop()
    return rows


def main() -> None:
    """The full counts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--only", choices=["fetch", "data", "writing", "notebooks", "report"], action="append")
    parser.add_argument("--tries", type=int, help="in place of 100 and 10")
    parser.add_argument("--raw", type=Path, help="a raw file for make data, else made-up events")
    parser.add_argument("--notebook", type=Path, action="append", default=[], help="in place of two made-up ones")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results" / "kills.csv")
    given = parser.parse_args()
    if given.serve:
        return serve()
    many, few = given.tries or 100, given.tries or 10
    often = {"its whole duration": many, "its last tenth": many, "each step on the disk": 1000}
    seldom = {"its whole duration": few, "each step on the disk": few}
    jobs = {
        "fetch": (fetching, often, 1),
        "data": (lambda *a: building(*a, raw=given.raw), {"its whole duration": many}, 10),
        "writing": (lambda *a: building(*a, raw=given.raw, at_hand=True), often, 5),
        "notebooks": (lambda *a: writing_notebooks(*a, given.notebook), seldom, 1),
        "report": (lambda *a: making_site(*a, given.notebook), seldom, 1),
    }
    rows = table([jobs[name] for name in given.only or jobs], given.seed)
    with open(given.out, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return None


if __name__ == "__main__":
    sys.exit(main())
