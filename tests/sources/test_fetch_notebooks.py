"""Planted keys turn up in no notebook, page, cache or message when notebooks fetch, show what came, and fail."""

import base64
import json
import os
import subprocess
import sys
from urllib.parse import quote, quote_plus

import nbformat
import pytest
from fetching_helpers import NAMES
from loopback import Answer, page, ucdp_api
from making import ROOT, api, records

from mali_stats import synthetic
from mali_stats.sources.clients.secret import Secret, masked

pytestmark = pytest.mark.whole

TOKENS = {"access": "access-planted-66", "refresh": "refresh-planted-77"}
SOURCES = {
    "ucdp": "dict(version='25.1', via='api')", "acled": "{}", "hapi": "{}", "idmc": "{}", "dtm": "{}",
}  # fmt: skip
SHOWN = """\
path = ms.fetch("{source}", **{more})
print(path.read_text(encoding="utf-8"))
print(path.with_name(path.name + ".source.json").read_text(encoding="utf-8"))
path"""
FAILS = """\
%xmode Verbose
ms.fetch("{source}", refresh=True, **{more} | dict(base_url={url!r} + "/refused"))"""


def forms(value):
    """A value as it stands, in addresses, in JSON, in base64 (alone and as a password of HTTP) and in hexadecimal."""
    plain = [value, json.dumps(value)[1:-1], json.dumps(json.dumps(value))[3:-3]]
    plain += [quote(value, safe=""), quote(value), quote_plus(value), quote(quote(value, safe=""), safe="")]
    data = value.encode()
    # what stands before it moves the letters of base64, so its middle is looked for at each of three places
    for lead in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            plain.append(encode(b"\0" * lead + data).decode().rstrip("=")[4 if lead else 0 : -2 or None])
    return {*plain, *(p.lower() for p in plain[3:7]), data.hex()}


def found_in(*contents):
    """The planted values that bytes hold in any form."""
    return {
        f"{name}: {form}"
        for name, value in {**NAMES, **TOKENS}.items()
        for form in forms(value)
        if any(form.encode() in content for content in contents)
    }


def written(folder):
    """Every file's bytes and name."""
    return [part for p in folder.rglob("*") if p.is_file() for part in (p.read_bytes(), os.fsencode(p))]


def repeats(asked):
    """All that was sent, also in base64."""
    sent = [asked.headers, asked.query, asked.form]
    values = [v.removeprefix("Bearer ") for part in sent for v in part.values()]
    return {"sent": sent, "coded": [base64.b64encode(v.encode()).decode() for v in values]}


@pytest.fixture
def publishers(server):
    """Every publisher on this machine: each gives back all it was sent, with its figures or with a refusal."""
    good = ucdp_api(server, json.loads(api(records(3)))["Result"])
    made = json.loads(synthetic.acled_file(synthetic.two_records(30), "api").content)["data"][:4]
    bodies = {
        "/api/acled/read": {"status": 200, "count": 4, "data": made},
        "/gidd/conflicts/": {"count": 1, "next": None, "results": [
            {"iso3": "MLI", "year": 2020, "new_displacement": 7, "total_displacement": 9}]},
        "/displacement/admin1": json.loads(synthetic.dtm_v3(1).content),
    }  # fmt: skip
    for path, body in bodies.items():
        server.answers[path] = lambda asked, body=body: page(body | repeats(asked))
    server.answers["/gedevents/25.1"] = lambda asked: page(json.loads(good(asked).body) | repeats(asked))
    server.answers["/oauth/token"] = lambda asked: page(
        {"access_token": TOKENS["access"], "refresh_token": TOKENS["refresh"]}
    )
    server.answers["/refused/oauth/token"] = server.answers["/oauth/token"]
    for path in [*bodies, "/gedevents/25.1", "/affected-people/idps"]:
        server.answers[f"/refused{path}"] = lambda asked: Answer(json.dumps(repeats(asked)).encode(), 403)
    return server


def notebook(url, *, kept):
    """A notebook that fetches from all and shows it, and then fails; ``kept``: its errors belong to it."""
    cells = [nbformat.v4.new_markdown_cell("# What was fetched?"), nbformat.v4.new_code_cell("import mali_stats as ms")]
    for source, more in SOURCES.items():
        if source != "hapi":  # hapi's form of answers is of no use here: its key is seen in the refusal
            cells.append(nbformat.v4.new_code_cell(SHOWN.format(source=source, more=more)))
    for source, more in SOURCES.items():
        cell = nbformat.v4.new_code_cell(FAILS.format(source=source, more=more, url=url))
        cell["metadata"]["tags"] = ["raises-exception"] * kept
        cells.append(cell)
    return nbformat.v4.new_notebook(cells=cells)


def run(code, tmp_path, url):
    """Run the report's machinery as a process of its own, with the keys in its environment."""
    urls = {f"MALI_STATS_{source.upper()}_URL": url for source in SOURCES}
    env = {n: v for n, v in os.environ.items() if not n.startswith(("PYTHON", "MPL"))} | NAMES | urls
    env |= {"PYTHONPATH": str(ROOT), "MALI_STATS_CACHE": str(tmp_path / "kept"), "OMP_NUM_THREADS": "1"}
    env |= {"IPYTHONDIR": str(tmp_path / "ipython"), "JUPYTER_DATA_DIR": str(tmp_path / "jupyter")}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, timeout=300, check=False)


WRITE = "from mali_stats.report.running import write_notebooks; write_notebooks('notebooks')"
REPORT = "from mali_stats.cli import main; main(['report', '--notebooks', 'notebooks', '--out', 'site'])"


@pytest.mark.parametrize("kept", [True, False])
def test_notebooks_pages_caches_and_messages_hold_no_key(kept, publishers, tmp_path):
    (tmp_path / "notebooks").mkdir()
    file = tmp_path / "notebooks" / "01-fetched.ipynb"
    nbformat.write(notebook(publishers.url, kept=kept), file)
    ended = [run(code, tmp_path, publishers.url) for code in ((REPORT, WRITE) if kept else (REPORT,))]
    said = [part for one in ended for part in (one.stdout, one.stderr)]
    assert all((one.returncode == 0) == kept for one in ended), said
    if kept:
        sent = json.dumps([[a.headers, a.query, a.form] for a in publishers.asked])
        lost = [n for n, v in {**NAMES, **TOKENS}.items() if json.dumps(v)[1:-1] not in sent]
        assert lost == ["refresh"], "every key was on its way"
        shown = file.read_text(encoding="utf-8")
        errors = [o for c in json.loads(shown)["cells"] for o in c.get("outputs", ()) if o["output_type"] == "error"]
        assert len(errors) == len(SOURCES) and "***" in shown, "the tracebacks are there, and the stars"
        assert (tmp_path / "site" / "01-fetched.html").is_file()
    else:
        assert b"01-fetched.ipynb, code cell 6: PermissionError" in ended[0].stderr
    assert found_in(*written(tmp_path), *said) == set()


def test_the_search_would_find_them():
    """What is looked for is found in every form, also where base64 begins elsewhere."""
    for value in NAMES.values():
        for lead in ("", "user:", "a", "ab"):
            coded = base64.b64encode(f"{lead}{value}".encode())
            assert found_in(b"x" + coded + b"x")
        assert found_in(json.dumps({"k": value}).encode()) and found_in(quote(value, safe="").encode())


def test_masks_cover_base64():
    for value in NAMES.values():
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            for coded in (encode(value.encode()).decode(), encode(value.encode()).decode().rstrip("=")):
                assert masked(f"<{coded}>", [Secret("K", value)]).rstrip("=>") == "<***"
        for lead in ("user:", "a", "ab"):
            assert not found_in(
                masked(base64.b64encode(f"{lead}{value}".encode()).decode(), [Secret("K", value)]).encode()
            )
    assert masked("abcd 6162 YWI=", [Secret("K", "ab")]) == "***cd 6162 YWI=", "short codes may be parts of words"
