"""The files that install and describe the project say the same thing."""

import csv
import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import mali_stats

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
#: Names that conda-forge spells otherwise: the same software without what only a desktop needs.
CONDA_NAMES = {"matplotlib": "matplotlib-base", "seaborn": "seaborn-base", "nbconvert": "nbconvert-core"}


def requirements(*extras):
    optional = PROJECT["optional-dependencies"]
    texts = [*PROJECT["dependencies"], *(text for extra in extras for text in optional[extra])]
    return {r.name: r.specifier for r in map(Requirement, texts)}


def constraint_lines():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]


def pins():
    return {canonical(name): version for name, version in (line.split("==") for line in constraint_lines())}


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def conda():
    return yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))


def by_conda():
    """What conda is asked for: name -> bounds."""
    listed = [entry for entry in conda()["dependencies"] if isinstance(entry, str)]
    return {r.name: r.specifier for r in map(Requirement, listed)}


def by_pip():
    """What pip is asked for after it, without the checkout: name -> bounds."""
    (listed,) = [entry["pip"] for entry in conda()["dependencies"] if not isinstance(entry, str)]
    assert listed[-1] == "-e ."
    return {r.name: r.specifier for r in map(Requirement, listed[:-1])}


def test_conda_has_the_packages_and_bounds_of_pyproject():
    expected = {CONDA_NAMES.get(n, n): s for n, s in requirements("notebooks", "test").items()}
    fixed = {"python": SpecifierSet(PROJECT["requires-python"]), "pip": SpecifierSet()}
    assert by_conda() | by_pip() == fixed | expected
    assert not by_conda().keys() & by_pip().keys()


def test_conda_uses_one_channel():
    assert conda()["channels"] == ["conda-forge"]


def test_conda_forge_has_every_name_that_it_is_asked_for():
    """The list says where each name was seen, since a misspelt one is noticed by users only."""
    with (ROOT / "tests" / "conda_forge_names.csv").open(encoding="utf-8", newline="") as file:
        known = {row["name"]: row for row in csv.DictReader(file)}
    assert by_conda().keys() <= known.keys()
    assert all(row["seen"] for row in known.values())
    newest = {name: row["version"] for name, row in known.items() if row["version"]}
    assert [n for n, bounds in by_conda().items() if n in newest and newest[n] not in bounds] == []
    assert [n for n, bounds in by_pip().items() if n in newest and newest[n] in bounds] == []


@pytest.mark.parametrize("line", constraint_lines())
def test_a_constraint_is_a_name_and_an_exact_version(line):
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*==[0-9][A-Za-z0-9.+]*", line)


def test_no_package_is_constrained_twice():
    assert len(pins()) == len(constraint_lines())


def test_constraints_pin_every_direct_dependency_within_its_bounds():
    asked = requirements(*PROJECT["optional-dependencies"])
    got = {name: pins().get(canonical(name), "") for name in asked}
    assert {n: v for n, v in got.items() if not v or v not in asked[n]} == {}


@pytest.mark.parametrize("name", ["constraints.txt", "environment.yml", "Makefile", ".ci/run", ".ci/setup"])
def test_no_file_of_the_setup_names_a_host(name):
    assert "://" not in (ROOT / name).read_text(encoding="utf-8")


def test_the_version_is_the_same_everywhere():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert citation["version"] == mali_stats.__version__ == PROJECT["version"]
    assert f"## [{PROJECT['version']}]" in changelog


def test_the_citation_file_has_what_the_format_requires():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["cff-version"] == "1.2.0"
    assert citation["license"] == PROJECT["license"]
    assert {"message", "title", "authors"} <= citation.keys()
    assert [a["name"] for a in citation["authors"]] == [a["name"] for a in PROJECT["authors"]]


@pytest.mark.parametrize("name", ["LICENSE", "LICENSE-DATA.md"])
def test_the_licences_are_there_for_the_wheel(name):
    assert name in PROJECT["license-files"]
    assert (ROOT / name).is_file()


def test_the_readme_activates_the_environment_that_conda_makes():
    name = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["name"]
    assert f"conda activate {name}" in (ROOT / "README.md").read_text(encoding="utf-8")
