"""The house: one way in, one way out; a docstring on every door; nothing heavy at the threshold."""

import ast
import base64
import inspect
import json
import re
import subprocess
import sys

import pytest
from making import ROOT

import mali_stats as ms

STAGES = [
    (
        "asked",
        "texts",
        "distinct",
        "schema",
        "ledger",
        "allot",
        "writing",
        "catalog",
        "captions",
        "origins",
        "exporting",
        "synthetic",
    ),
    ("sources",),
    ("clean",),
    ("panel",),
    ("models",),
    ("plots",),
    ("build", "report"),
    ("cli", "__main__"),
]
RANK = {name: i for i, names in enumerate(STAGES) for name in names}
MODULES = sorted(p for p in (ROOT / "mali_stats").rglob("*.py") if "shipped" not in p.parts)


def _stage(path) -> str:
    return path.relative_to(ROOT / "mali_stats").parts[0].removesuffix(".py")


def _imports(path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "mali_stats":
            parts = node.module.split(".")[1:2]
            found |= set(parts) if parts else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {a.name.split(".")[1] for a in node.names if a.name.startswith("mali_stats.")}
    return found & set(RANK)


@pytest.mark.parametrize("path", [p for p in MODULES if _stage(p) != "__init__"], ids=lambda p: p.stem)
def test_a_module_imports_only_from_stages_to_its_left(path):
    own = RANK[_stage(path)]
    wrong = {name for name in _imports(path) if RANK[name] > own}
    assert not wrong, f"{path.name} imports from the right: {wrong}"


def test_plots_and_models_do_not_know_each_other():
    for path in (ROOT / "mali_stats" / "plots").rglob("*.py"):
        assert "models" not in _imports(path)


def test_import_is_light():
    code = "import sys, mali_stats; print([m for m in ('statsmodels', 'seaborn', 'matplotlib', 'scipy', 'requests') if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert out.stdout.strip() == "[]"


@pytest.mark.parametrize("name", [n for n in ms.__all__ if not n.startswith("__")])
def test_public_docstrings_say_what_a_user_needs(name):
    text = inspect.getdoc(getattr(ms, name))
    assert text and text.splitlines()[0].endswith(".")
    assert ">>>" in text, f"{name} has no example"
    if inspect.signature(getattr(ms, name)).parameters:
        assert "Parameters" in text or name in ("datasets",), f"{name} does not list its parameters"


def test_every_public_name_is_imported_for_type_checkers():
    tree = ast.parse((ROOT / "mali_stats" / "__init__.py").read_text(encoding="utf-8"))
    names = {a.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for a in node.names}
    assert set(ms.__all__) - {"__version__"} <= names


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(AttributeError, match="mali_stats has no 'read_event'; it has read_events"):
        ms.read_event  # noqa: B018
    assert "read_events" in dir(ms)


README = ROOT / "README.md"


def test_readme_tables_name_what_there_is():
    text = README.read_text(encoding="utf-8")
    for notebook in (ROOT / "notebooks").glob("*.ipynb"):
        assert notebook.name in text
    for name in ms.datasets()["name"]:
        assert f"`{name}`" in text
    for name in set(ms.__all__) - {"__version__"}:
        assert re.search(rf"\b{name}\b", text), f"README does not name {name}"
    for target in ("make report", "make test"):
        assert target in text


def test_folders_of_the_readme_exist():
    text = README.read_text(encoding="utf-8")
    for folder in re.findall(r"^    (\w+)/", text, flags=re.MULTILINE):
        assert (ROOT / folder).is_dir(), folder


def test_the_readme_shows_the_figure_of_its_notebook():
    kept = json.loads((ROOT / "notebooks" / "02-is-it-getting-worse.ipynb").read_text(encoding="utf-8"))
    cell = next(c for c in kept["cells"] if "main-figure" in c["metadata"].get("tags", []))
    picture = next(o["data"]["image/png"] for o in cell["outputs"] if "image/png" in o.get("data", {}))
    shown = ROOT / "notebooks" / "figures" / "02-is-it-getting-worse.png"
    assert str(shown.relative_to(ROOT)) in README.read_text(encoding="utf-8")
    assert shown.read_bytes() == base64.b64decode(picture)
