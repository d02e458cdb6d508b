"""The wheel in an empty environment: what a user has after `pip install`, away from the repository."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest
from making import ROOT, records, text, write

import mali_stats as ms

pytest.importorskip("hatchling", reason="hatchling, which builds the wheel, is not installed (extra `test`)")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    made = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert made.returncode == 0, made.stderr
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """An environment with the wheel in it; the libraries it needs are lent by ours, so that nothing is downloaded."""
    env = tmp_path_factory.mktemp("empty") / "env"
    venv.create(env, with_pip=False, symlinks=True)
    python = env / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--no-index", "--no-deps", str(wheel)]
    subprocess.run(pip, check=True, capture_output=True, timeout=60)
    site = next((env / "lib").glob("python3.*/site-packages"))
    # a .pth of a folder that a .pth names is not followed, so the checkout that ours is installed from stays out
    (site / "lent.pth").write_text(sysconfig.get_paths()["purelib"] + "\n", encoding="utf-8")
    return env / "bin"


@pytest.fixture
def run(installed, tmp_path):
    """Run a command of that environment in an empty folder, without our path."""
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")}
    env |= {"HOME": str(tmp_path), "MPLBACKEND": "Agg", "PYTHONWARNINGS": "error::ResourceWarning"}

    def run(command, *arguments):
        made = subprocess.run(
            [installed / command, *arguments], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60
        )
        assert made.returncode == 0, made.stderr
        return made.stdout

    return run


def test_the_wheel_holds_the_library_its_tables_and_its_types_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    shipped = [p.relative_to(ROOT).as_posix() for f in ("data", "seeds") for p in (ROOT / f).rglob("*") if p.is_file()]
    assert {f"mali_stats/shipped/{name}" for name in shipped} <= set(names)
    assert {"mali_stats/py.typed", "mali_stats/sources/cards.toml"} <= set(names)
    assert {name.split("/")[0].split("-")[0] for name in names} == {"mali_stats"}
    assert not [name for name in names if "/test" in name or name.endswith((".pyc", ".ipynb"))]
    licences = [name for name in names if "/licenses/" in name]
    assert {Path(name).name for name in licences} == {"LICENSE", "LICENSE-DATA.md"}


ASKED = """
import json, sys
from pathlib import Path
import mali_stats as ms
from mali_stats import catalog
loaded = {name: list(ms.load(name).shape) for name in ms.datasets()["name"]}
seeds = {p.relative_to(catalog.root() / "seeds").as_posix(): len(catalog.read_seed(p))
         for p in sorted((catalog.root() / "seeds").rglob("*.csv"))}
events, ledger = ms.read_events(sys.argv[1])
panel, _ = ms.region_month_panel(events)
files = [p.name for p in ms.export(panel, "panel.csv", source="ucdp_ged")]
print(json.dumps({"from": str(Path(ms.__file__).parent), "path": sys.path, "loaded": loaded, "seeds": seeds,
                  "events": len(events), "in": int(ledger.tidy()["rows"][0]), "panel": int(panel["events"].sum()),
                  "files": files, "plain": str(ms.brief("Gao"))}))
"""


def test_everything_shipped_works_away_from_the_repository(run, installed, tmp_path):
    made_up = write(tmp_path / "made_up.csv", text(records(8)))
    got = json.loads(run("python", "-c", ASKED, str(made_up)))
    assert Path(got["from"]).is_relative_to(installed.parent)
    assert not [folder for folder in got["path"] if folder and Path(folder) == ROOT]
    assert got["loaded"] == {name: list(ms.load(name).shape) for name in ms.datasets()["name"]}
    seeds = {p.relative_to(ROOT / "seeds").as_posix() for p in (ROOT / "seeds").rglob("*.csv")}
    assert set(got["seeds"]) == seeds and all(got["seeds"].values())
    assert (got["events"], got["in"], got["panel"]) == (8, 8, 8)
    assert got["files"] == ["panel.csv", "panel.txt"]
    assert got["plain"] == str(ms.brief("Gao"))


def test_the_command_line_is_there(run):
    assert run("mali-stats", "--version").strip() == f"mali-stats, version {ms.__version__}"
    assert "mali-stats brief" in run("mali-stats", "--help")
    assert run("mali-stats", "brief", "Mali") == f"{ms.brief()}\n"
