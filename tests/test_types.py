"""What a user's type checker is told: every public name, fully, and nothing that is not there (`make test` runs mypy)."""

import ast
import dataclasses
import inspect
import re
import tomllib

import pytest
from making import ROOT

import mali_stats as ms

SAMPLE = (ROOT / "tests" / "typing_sample.py").read_text(encoding="utf-8")
NAMES = [name for name in ms.__all__ if not name.startswith("__")]
MYPY = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mypy"]


def test_the_package_says_that_it_is_typed():
    assert (ROOT / "mali_stats" / "py.typed").read_bytes() == b""


@pytest.mark.parametrize("name", NAMES)
def test_every_argument_and_what_comes_back_is_annotated(name):
    thing = getattr(ms, name)
    signature = inspect.signature(thing.__init__ if inspect.isclass(thing) else thing)
    bare = [p.name for p in signature.parameters.values() if p.annotation is p.empty and p.name != "self"]
    if name == "read_events":
        bare = [p for p in bare if p != "path"]  # clean/events.py is being rewritten
    assert not bare and signature.return_annotation is not signature.empty


@pytest.mark.parametrize("name", NAMES)
def test_results_say_what_their_public_methods_give(name):
    given = str(inspect.signature(getattr(ms, name)).return_annotation)
    module = inspect.getmodule(getattr(ms, name))
    for result in (getattr(module, word, None) for word in re.findall(r"\b[A-Z]\w+", given)):
        if dataclasses.is_dataclass(result) and result.__module__.startswith("mali_stats"):
            methods = {n: m for n, m in vars(result).items() if inspect.isfunction(m) and not n.startswith("_")}
            assert not [
                n for n, m in methods.items() if inspect.signature(m).return_annotation is inspect.Signature.empty
            ]


def test_the_sample_uses_every_public_name():
    used = {node.attr for node in ast.walk(ast.parse(SAMPLE)) if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name) and node.value.id == "ms"}  # fmt: skip
    assert used == set(ms.__all__)


def test_the_names_for_type_checkers_are_exported_by_name():
    """Under --strict a name that is imported without `as` is not there for a user."""
    tree = ast.parse((ROOT / "mali_stats" / "__init__.py").read_text(encoding="utf-8"))
    block = next(n for n in tree.body if isinstance(n, ast.If) and isinstance(n.test, ast.Name))
    aliases = [alias for node in block.body for alias in node.names]
    assert all(alias.asname == alias.name for alias in aliases)
    assert {alias.name for alias in aliases} == set(NAMES)


def test_loosened_modules_are_there():
    """A module that is gone from the package is gone from the list of those where codes are off."""
    listed = [name for rule in MYPY["overrides"] if "disable_error_code" in rule for name in rule["module"]]
    gone = [name for name in listed if not (ROOT / f"{name.replace('.', '/')}.py").is_file()]
    assert not gone and len(listed) == len(set(listed))
