"""The notebooks as they are kept: run in order, silent, small, and laid out alike (STYLE of the project)."""

import ast
import json
import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
PATHS = sorted(FOLDER.glob("*.ipynb"))
#: Folders of a machine: of users, of temporary files, of drives.
ABSOLUTE = re.compile(r"(?<![\w./:])/(?:home|Users|root|tmp|var|work|opt|mnt|usr)/|\b[A-Z]:\\\\?\w")

pytestmark = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def text(source):
    return source if isinstance(source, str) else "".join(source)


def cells(path, kind=None):
    return [cell for cell in read(path)["cells"] if kind in (None, cell["cell_type"])]


def sources(path, kind):
    return [text(cell["source"]) for cell in cells(path, kind)]


def outputs(path):
    return [(cell, output) for cell in cells(path, "code") for output in cell["outputs"]]


def tags(cell):
    return cell["metadata"].get("tags", [])


def words(output):
    """Every text of an output; pictures are left out."""
    data = [text(value) for kind, value in output.get("data", {}).items() if not kind.startswith("image/")]
    return "\n".join([text(output.get("text", "")), *data, *output.get("traceback", []), output.get("evalue", "")])


def test_every_code_cell_was_run_in_order(path):
    counts = [cell["execution_count"] for cell in cells(path, "code")]
    assert counts == list(range(1, len(counts) + 1)), "write the outputs with `make notebooks`"


def test_the_kernel_is_python3(path):
    assert read(path)["metadata"]["kernelspec"]["name"] == "python3"


def test_nothing_of_machine_or_hour_is_kept(path):
    content = read(path)
    assert "version" not in content["metadata"].get("language_info", {})
    assert not [cell["id"] for cell in content["cells"] if "execution" in cell["metadata"]]


def test_nothing_was_written_to_stderr(path):
    assert [words(output) for _, output in outputs(path) if output.get("name") == "stderr"] == []


def test_an_error_is_shown_only_where_it_is_meant(path):
    shown = [(tags(cell), output["ename"]) for cell, output in outputs(path) if output["output_type"] == "error"]
    assert [name for tag, name in shown if "raises-exception" not in tag] == []


def test_no_cell_ends_with_a_semicolon(path):
    # nbval compares what a semicolon hides, and fails an unchanged cell: assign the result instead
    assert [source for source in sources(path, "code") if source.rstrip().endswith(";")] == []


def test_cells_hold_no_functions_or_classes(path):
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    trees = [ast.parse(re.sub(r"^[%!].*$", "", source, flags=re.M)) for source in sources(path, "code")]
    assert [node.name for tree in trees for node in tree.body if isinstance(node, kinds)] == []


def test_no_path_of_a_machine_is_named(path):
    everything = [
        *sources(path, "code"),
        *sources(path, "markdown"),
        *(words(out) for _, out in outputs(path)),
    ]
    assert [found[0] for found in map(ABSOLUTE.search, everything) if found] == []


def test_the_file_is_small(path):
    assert path.stat().st_size < 300_000


def test_there_are_15_to_30_cells(path):
    assert 15 <= len(cells(path)) <= 30


def test_the_title_is_a_question(path):
    first = cells(path)[0]
    title = text(first["source"]).strip().splitlines()[0]
    assert first["cell_type"] == "markdown"
    assert re.fullmatch(r"# .+\?", title)


def test_it_ends_with_limits_and_citations(path):
    headings = re.findall(r"^## +(.+)$", "\n".join(sources(path, "markdown")), flags=re.M)
    assert headings[-1] == "Limits"
    assert any("ms.cite(" in source for source in sources(path, "code"))


def test_one_cell_answers_the_question_for_the_front_page(path):
    answers = [text(cell["source"]) for cell in cells(path, "markdown") if "answer" in tags(cell)]
    assert len(answers) == 1


def test_a_figure_is_there_for_the_front_page(path):
    assert any("image/png" in output.get("data", {}) for _, output in outputs(path))
