"""Planted keys turn up in no file, log, message, traceback or repr, whatever a publisher does with them."""

import copy
import json
import logging
import os
import pickle
import sys
import traceback
import types
from urllib.parse import quote, quote_plus

import pytest
from fetching_helpers import NAMES
from loopback import Answer, page, ucdp_api
from making import api, records

import mali_stats as ms
from mali_stats import synthetic
from mali_stats.sources.clients.secret import Form, Key, Secret, find, masked
from mali_stats.sources.clients.web import Manners, Web

TOKENS = ["access-planted-66", "refresh-planted-77"]

#: a clone may lie in a folder of the library's name, too
PACKAGE = os.path.join(os.path.dirname(ms.__file__), "")


def forms(value):
    return {value, quote(value, safe=""), quote(value), quote_plus(value), json.dumps(value)[1:-1]}


def assert_nowhere(*texts):
    for value in [*NAMES.values(), *TOKENS]:
        for form in forms(value):
            assert not [text for text in texts if form in text], f"{form} is in the open"


def in_the_open(folder, caplog, capsys=None):
    """Everything that is left behind: files and their names, what was logged and printed."""
    files = [p for p in folder.rglob("*") if p.is_file()]
    texts = [p.read_bytes().decode("utf-8", "replace") for p in files] + [str(p) for p in files]
    texts += [record.getMessage() + repr(record.args) + str(record.msg) for record in caplog.records]
    return [*texts, caplog.text, *(capsys.readouterr() if capsys else ())]


def everything_about(error):
    """What a traceback shows, also one that shows the variables of our own frames, and what is chained to it."""
    shown = ["".join(traceback.format_exception(error)), repr(error), str(error), repr(error.args)]
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename.startswith(PACKAGE):
            shown += [repr(value) for value in frame.f_locals.values()]
    assert error.__cause__ is None and error.__context__ is None, "nothing is chained that may hold an address"
    return shown


def echo(asked):
    """A publisher that repeats all it was sent."""
    return json.dumps([asked.headers, asked.query, asked.form])


SOURCES = {
    "ucdp": ("/gedevents/25.1", {"version": "25.1", "via": "api"}), "acled": ("/api/acled/read", {}),
    "hapi": ("/affected-people/idps", {}), "idmc": ("/gidd/conflicts/", {}), "dtm": ("/displacement/admin1", {}),
}  # fmt: skip


@pytest.fixture
def log_in(server):
    def give(asked):
        return page({"access_token": TOKENS[0], "refresh_token": TOKENS[1]})

    server.answers["/oauth/token"] = give


@pytest.fixture
def logs(caplog):
    caplog.set_level(logging.DEBUG)
    return caplog


@pytest.mark.parametrize("status", [400, 401, 404, 503])
@pytest.mark.parametrize("source", SOURCES)
def test_refusals_that_repeat_the_key(source, status, server, cached, log_in, tmp_path, logs):
    path, more = SOURCES[source]
    server.answers[path] = lambda asked: Answer(echo(asked).encode(), status)
    with pytest.raises((OSError, RuntimeError)) as caught:
        cached(source, **more)
    assert_nowhere(*everything_about(caught.value), *in_the_open(tmp_path, logs))


@pytest.mark.parametrize(("source", "kind"), [
    *((source, kind) for source in SOURCES for kind in ("cut", "garbage", "elsewhere", "nobody", "list")),
    ("idmc", "stall"), ("dtm", "stall"),  # a key in the address, and one in a header
])  # fmt: skip
def test_faults_on_the_way(source, kind, server, other, cached, log_in, tmp_path, logs):
    path, more = SOURCES[source]
    answers = {
        "cut": lambda asked: Answer(echo(asked).encode(), cut=5),
        "stall": lambda asked: Answer(echo(asked).encode(), stall=5),
        "garbage": lambda asked: Answer(echo(asked)[1:].encode()),
        "list": lambda asked: Answer(echo(asked).encode()),
        "elsewhere": lambda asked: Answer(
            status=302, headers={"Location": f"http://{other.url[7:]}/x?{quote(echo(asked))}"}
        ),
    }
    if kind in answers:
        server.answers[path] = answers[kind]
    else:
        more = more | {"base_url": "http://127.0.0.1:9"}
    with pytest.raises((OSError, RuntimeError)) as caught:
        cached(source, **more)
    shown = everything_about(caught.value)
    assert_nowhere(*shown, *in_the_open(tmp_path, logs))
    sent = [json.dumps([a.headers, a.query]) for a in other.asked]
    assert_nowhere(*(text.replace(quote(text), "") for text in sent if source != "idmc"))


@pytest.mark.parametrize("ended", [KeyboardInterrupt, OSError("no certificates"), UnicodeError("x")])
@pytest.mark.parametrize("source", ["dtm", "idmc"])
def test_no_frame_of_a_traceback_holds_a_key_even_if_all_variables_are_shown(source, ended, cached, monkeypatch, logs):
    """Where a request is stopped or fails from deep inside, whose variables hold headers and addresses with the key."""

    def deep(self, method, url, headers=None, **more):
        assert NAMES["DTM_KEY"] in str(headers) or quote_plus(NAMES["IDMC_CLIENT_ID"]) in url
        raise ended

    monkeypatch.setattr("urllib3.connectionpool.HTTPConnectionPool.urlopen", deep)
    with pytest.raises((OSError, RuntimeError, KeyboardInterrupt)) as caught:
        cached(source, **SOURCES[source][1])
    error = caught.value
    assert error.__cause__ is None and error.__context__ is None
    frames = list(traceback.walk_tb(error.__traceback__))
    own = [f for f, _ in frames if "tests" not in f.f_code.co_filename]
    assert all("mali_stats" in f.f_code.co_filename or "contextlib" in f.f_code.co_filename for f in own)
    assert_nowhere(*(repr(value) for frame in own for value in frame.f_locals.values()), logs.text)


def test_what_is_kept_and_logged_holds_no_key(server, cached, log_in, tmp_path, logs, capsys):
    rows = json.loads(api(records(3)))["Result"]
    good = ucdp_api(server, rows)

    def repeating(content):
        return lambda asked: page(content | {"you": [asked.headers, asked.query], "text": f"{asked.query}"})

    server.answers["/gedevents/25.1"] = lambda asked: repeating(json.loads(good(asked).body))(asked)
    server.answers["/api/acled/read"] = repeating({"status": 200, "count": 4, "data": json.loads(
        synthetic.acled_file(synthetic.two_records(30), "api").content)["data"][:4]})  # fmt: skip
    link = f"{server.url}/gidd/conflicts/?limit=1&client_id={quote_plus(NAMES['IDMC_CLIENT_ID'])}"
    server.answers["/gidd/conflicts/"] = repeating({"count": 1, "next": link, "results": [
        {"iso3": "MLI", "year": 2020, "new_displacement": 7, "total_displacement": 9}]})  # fmt: skip
    server.answers["/displacement/admin1"] = repeating(json.loads(synthetic.dtm_v3(1).content))
    kept = [cached(source, progress=True, **SOURCES[source][1]) for source in ("ucdp", "acled", "idmc", "dtm")]
    assert all("***" in path.read_text() for path in kept), "it was there, and is masked"
    assert any("GET /gidd/conflicts/?***" in text for text in logs.messages), "urllib3 logs, without the query"
    assert_nowhere(*in_the_open(tmp_path, logs, capsys))
    assert len(ms.read_events(kept[0])[0]) == 3 and len(ms.read_displacement(kept[2])[0]) == 2, "still to be read"


def test_logs_of_others_are_left_alone_afterwards(server, cached, logs):
    before = list(logging.getLogger("urllib3.connectionpool").filters)
    server.answers["/displacement/admin1"] = [Answer(b"", 403)]
    with pytest.raises(PermissionError):
        cached("dtm")
    assert logging.getLogger("urllib3.connectionpool").filters == before


def test_a_log_in_that_is_answered_strangely_shows_no_token(server, cached, tmp_path, logs):
    for body in (b"access_token=" + TOKENS[0].encode(), json.dumps({"refresh_token": TOKENS[1]}).encode(), b"[]"):
        server.answers["/oauth/token"] = [Answer(body)]
        with pytest.raises(
            (RuntimeError, PermissionError), match="did not answer with JSON|ACLED gave no token"
        ) as caught:
            cached("acled")
        assert_nowhere(*everything_about(caught.value), *in_the_open(tmp_path, logs))


@pytest.mark.parametrize("token", ["first\nX-Other: second", "first\u00e9", ["first"], {"first": 1}, ""])
def test_a_token_that_no_header_can_hold_is_none(token, server, cached):
    server.answers["/oauth/token"] = [page({"access_token": token, "refresh_token": token})]
    with pytest.raises(PermissionError, match="ACLED gave no token") as caught:
        cached("acled")
    assert not [text for text in everything_about(caught.value) if "first" in text]
    assert server.paths() == ["/oauth/token"]


def test_passwords_of_a_netrc_stay_at_home(server, cached, tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("default login somebody password something\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    server.answers["/population/"] = [page({"maxPages": 1, "items": [{"year": 2020}]})]
    cached("unhcr")
    assert not [asked for asked in server.asked if "Authorization" in asked.headers]


@pytest.mark.parametrize("source", SOURCES)
def test_no_key_leaves_in_the_clear(source, keys, waits, tmp_path):
    with pytest.raises(ValueError, match=r"is not sent to http://publisher.example in the clear") as caught:
        ms.fetch(source, cache=tmp_path, base_url="http://publisher.example", **SOURCES[source][1])
    assert_nowhere(*everything_about(caught.value))


@pytest.mark.parametrize("source", SOURCES)
def test_a_missing_key_says_which_and_where_to_get_it(source, server, waits, tmp_path, monkeypatch):
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(
        PermissionError, match=r"Set the environment variable [A-Z_]+, or .* keyring set mali_stats"
    ) as caught:
        ms.fetch(source, cache=tmp_path, base_url=server.url, **SOURCES[source][1])
    assert "https://" in str(caught.value) and "By hand: " in str(caught.value) and server.asked == []


@pytest.mark.parametrize("value", ["with\nnewline", "with-\u00e9", "tab\there"])
def test_a_key_that_no_header_can_hold_is_refused_unseen(value, server, cached, monkeypatch):
    monkeypatch.setenv("DTM_KEY", value)
    with pytest.raises(PermissionError, match="DTM_KEY holds characters that") as caught:
        cached("dtm")
    assert not [text for text in everything_about(caught.value) if value in text or repr(value)[1:-1] in text]


def test_spaces_around_a_key_do_not_matter(server, cached, monkeypatch):
    monkeypatch.setenv("DTM_KEY", f" {NAMES['DTM_KEY']}\n")
    server.answers["/displacement/admin1"] = [page(json.loads(synthetic.dtm_v3(1).content))]
    cached("dtm")
    assert server.asked[0].headers["Ocp-Apim-Subscription-Key"] == NAMES["DTM_KEY"]


def test_the_keyring_is_asked_where_the_environment_has_none(monkeypatch):
    class KeyringError(Exception):
        pass

    def get_password(service, name):
        if name == "DTM_KEY":
            raise KeyringError("locked")
        return {"UCDP_ACCESS_TOKEN": "from the ring"}.get(name) if service == "mali_stats" else None

    ring = types.ModuleType("keyring")
    ring.get_password, ring.errors = get_password, types.SimpleNamespace(KeyringError=KeyringError)
    monkeypatch.setitem(sys.modules, "keyring", ring)
    for name in ("UCDP_ACCESS_TOKEN", "DTM_KEY"):
        monkeypatch.delenv(name, raising=False)
    assert find("UCDP_ACCESS_TOKEN", "A token", "").reveal() == "from the ring"
    with pytest.raises(PermissionError, match="there is none"):
        find("DTM_KEY", "A key", "")
    monkeypatch.setenv("UCDP_ACCESS_TOKEN", "of the environment")
    assert find("UCDP_ACCESS_TOKEN", "A token", "").reveal() == "of the environment"


def test_a_secret_shows_stars_and_is_not_written_down():
    secret = Secret("DTM_KEY", "made-up-88")
    things = [
        secret,
        Key(secret, header="X"),
        Form({"password": secret}),
        Web(Manners("A", "read_events", "none"), "https://a.example", "", Key(secret)),
    ]
    for thing in things:
        assert "made-up-88" not in f"{thing!r}{thing!s}{thing}{[thing]}{ {'k': thing} }"
    with pytest.raises(TypeError, match="DTM_KEY is a secret"):
        pickle.dumps(secret)
    with pytest.raises(TypeError, match="DTM_KEY is a secret"):
        copy.copy(secret)
    assert not hasattr(secret, "__dict__")


@pytest.mark.parametrize(("given", "asked"), [
    ("http://ucdp.example/api/x?page=2", "https://ucdp.example/api/x?page=2"),
    ("https://UCDP.example:443/api", "https://ucdp.example/api"), ("https://ucdp.example:8443/api", None),
    ("https://ucdp.example.org/api", None), ("https://ucdp.example@evil.example/api", None), ("//evil.example/", None),
    ("not an address", None), ("http://[::1", None), ("https://ucdp.example:99999999/api", None), (5, None),
])  # fmt: skip
def test_a_next_page_lies_on_the_publishers_own_host_and_is_asked_for_as_safely(given, asked):
    web = Web(Manners("UCDP", "read_events", "none"), "https://ucdp.example/api", "By hand.")
    if asked is None:
        with pytest.raises(RuntimeError, match=r"UCDP sends on to another host .* By hand\."):
            web.here(given)
    else:
        assert web.here(given) == asked


def test_masks_cover_every_way_of_writing():
    value = 'a/b+c d&"\u00e9'
    text = " ".join(
        [
            *forms(value),
            json.dumps(value, ensure_ascii=False),
            quote(value, safe="").lower().replace("%c3%a9", "%c3%a9"),
        ]
    )
    text += json.dumps({"next": f"https://x/?k={value}"}).replace("/", "\\/")
    assert "b+c" not in masked(text, [Secret("K", value)]) and "b%2" not in masked(text, [Secret("K", value)]).lower()
    assert masked("nothing of it", [Secret("K", value), Secret("L", "")]) == "nothing of it"
