"""Servers on this machine, planted keys, and no real waiting."""

import pytest
from fetching_helpers import NAMES
from loopback import Server

import mali_stats as ms
from mali_stats.sources.clients import web


@pytest.fixture
def server():
    """A publisher."""
    made = Server()
    yield made
    made.stop()


@pytest.fixture
def other():
    """Another host."""
    made = Server()
    yield made
    made.stop()


@pytest.fixture
def waits(monkeypatch):
    """The seconds that would have been waited; answers are waited for a moment only."""
    seconds = []
    monkeypatch.setattr(web, "sleep", seconds.append)
    monkeypatch.setattr(web, "TIMEOUT", (2, 0.25))
    return seconds


@pytest.fixture
def keys(monkeypatch):
    """The planted keys in the environment."""
    for name, value in NAMES.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def cached(server, waits, keys, tmp_path):
    """``fetch`` from the server into a folder of the test."""

    def get(source, **more):
        return ms.fetch(source, **{"base_url": server.url, "cache": tmp_path / "cache"} | more)

    return get
