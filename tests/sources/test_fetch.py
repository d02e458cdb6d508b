"""Each publisher as it behaves: pages cut to a limit without a word, totals that lie, tokens that expire, and more."""

import csv
import gzip
import io
import json
import socket
import zipfile
from datetime import UTC, date, datetime

import pandas as pd
import pytest
from fetching_helpers import NAMES, note, walking
from loopback import Answer, acled_api, file, offsets, page, ucdp_api, unhcr_api
from making import api, records, text

import mali_stats as ms
from mali_stats import synthetic
from mali_stats.sources import fetching, limits
from mali_stats.sources.clients import acled, idmc, ucdp

WAR = synthetic.two_records(150, seed=3)


def zipped(folder, rows, name="GEDEvent_v25_1.csv"):
    with zipfile.ZipFile(folder / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, text(rows))
    return (folder / "x.zip").read_bytes()


# ---- UCDP --------------------------------------------------------------------------------------------------


def test_a_release_is_downloaded_read_and_then_taken_from_the_cache(server, cached, tmp_path):
    server.answers["/ged/ged251-csv.zip"] = file(zipped(tmp_path, records(6)))
    path = cached("ucdp", version="25.1")
    assert path.name == "ged251-csv.zip" and path.parent.name == "ucdp"
    events, _ = ms.read_events(path)
    assert len(events) == 6 and set(events["source_version"]) == {"25.1"}
    assert note(path)["version"] == "25.1" and note(path)["url"].endswith("/ged/ged251-csv.zip")
    assert note(path)["licence"] == "CC BY 4.0" and note(path)["complete"] is True
    assert cached("ucdp", version="25.1") == path
    assert server.paths() == ["/ged/ged251-csv.zip"], "asked once"
    assert cached("ucdp", version="25.1", refresh=True) == path and len(server.asked) == 2


def test_candidate_events_are_a_csv_by_month(server, cached):
    server.answers["/candidateged/GEDEvent_v26_0_8.csv"] = file(text(records(3)).encode())
    server.answers["/candidateged/GEDEvent_v26_01_26_03.csv"] = file(text(records(2)).encode())
    assert set(ms.read_events(cached("ucdp", version="26.0.8"))[0]["source_version"]) == {"26.0.8"}
    assert set(ms.read_events(cached("ucdp", version="26.01.26.03"))[0]["source_version"]) == {"26.01.26.03"}


def test_the_newest_release_is_that_of_this_year_or_of_the_last(server, cached, tmp_path):
    year = datetime.now(UTC).year % 100
    before = f"/ged/ged{year - 1}1-csv.zip"
    server.answers[before] = file(zipped(tmp_path, records(4)))
    assert cached("ucdp").name == before.rsplit("/", 1)[-1]
    assert server.paths() == [f"/ged/ged{year}1-csv.zip", before]
    server.answers[f"/ged/ged{year}1-csv.zip"] = file(zipped(tmp_path, records(5)))
    assert cached("ucdp", refresh=False).name == before.rsplit("/", 1)[-1], "what is there will do"
    assert cached("ucdp").name == f"ged{year}1-csv.zip"


def test_a_release_that_is_not_there_is_told_and_nothing_is_kept(server, cached, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"HTTP 404.*There is no such version; https://ucdp.uu.se/downloads/"):
        cached("ucdp", version="77.1")
    assert not [p for p in (tmp_path / "cache").rglob("*.zip*") if ".lock" not in p.name]


@pytest.mark.parametrize("cap", [1000, 7])
def test_the_api_is_followed_whatever_its_pages_are_cut_to(server, cached, cap):
    made = synthetic.ucdp_file(WAR, "api")
    rows = json.loads(made.content)["Result"]
    server.answers["/gedevents/25.1"] = ucdp_api(server, rows, cap)
    path = cached("ucdp", version="25.1", country="MLI", start="2012", end="2023-08")
    assert path.name == "gedevents_25.1_MLI_from-2012-01-01_to-2023-08-31.json"
    first = server.asked[0]
    assert first.query == {"pagesize": "1000", "Country": "432", "StartDate": "2012-01-01", "EndDate": "2023-08-31"}
    assert {asked.headers["x-ucdp-access-token"] for asked in server.asked} == {NAMES["UCDP_ACCESS_TOKEN"]}
    assert len(server.asked) == -(-len(rows) // cap)
    events, ledger = ms.read_events(path)
    assert len(events) == made.truth["rows"] and events["deaths_best"].sum() == made.truth["best"]
    assert set(events["source_version"]) == {"25.1"} and not [n for n in ledger.notes if "counts" in n]
    assert note(path)["rows"] == note(path)["publisher_counts"] == note(path)["distinct"] == len(rows)


@pytest.mark.parametrize(("total", "says"), [(9, "counts 9 records; its 2 pages held 6"), (5, "counts 5 records")])
def test_a_total_that_lies_is_an_error_with_the_numbers_unless_partial_is_accepted(
    total, says, server, cached, tmp_path
):
    server.answers["/gedevents/25.1"] = ucdp_api(server, json.loads(api(records(6)))["Result"], cap=4, total=total)
    with pytest.raises(RuntimeError, match=f"UCDP {says}"):
        cached("ucdp", version="25.1", via="api")
    assert not list((tmp_path / "cache").rglob("*.json")), "nothing was kept"
    path = cached("ucdp", version="25.1", via="api", accept_partial=True)
    assert (note(path)["publisher_counts"], note(path)["rows"], note(path)["complete"]) == (total, 6, False)
    _, ledger = ms.read_events(path)
    assert any("counts 9 records in all, 6 are here" in n for n in ledger.notes) == (total == 9)
    before = len(server.asked)
    assert cached("ucdp", version="25.1", via="api", accept_partial=True) == path and len(server.asked) == before
    for refresh in (None, False):
        with pytest.raises(RuntimeError, match=f"UCDP {says}"):  # not taken from the cache for a whole one
            cached("ucdp", version="25.1", via="api", refresh=refresh)


def test_a_record_on_two_pages_is_told_even_where_the_total_fits(server, cached):
    rows = json.loads(api(records(6)))["Result"]
    server.answers["/gedevents/25.1"] = ucdp_api(server, [*rows[:5], rows[0]], cap=3)
    with pytest.raises(RuntimeError, match=r"counts 6 records; its 2 pages held 6, 5 of them distinct"):
        cached("ucdp", version="25.1", via="api")


def test_http_400_is_a_request_to_slow_down(server, cached, waits):
    rows = json.loads(api(records(3)))["Result"]
    good = ucdp_api(server, rows)
    left = [Answer(b"Bad Request", 400), Answer(b"", 429, {"Retry-After": "7"}), Answer(b"", 503)]
    server.answers["/gedevents/25.1"] = lambda asked: left.pop(0) if left else good(asked)
    cached("ucdp", version="25.1", via="api")
    assert waits[:3] == [3.0, 7.0, 12.0], "doubled each time, or as long as it asks for"


def test_http_400_without_end_says_what_it_may_mean(server, cached, waits):
    server.answers["/gedevents/25.1"] = [Answer(b"Bad Request", 400)]
    with pytest.raises(
        ConnectionError, match=r"HTTP 400, 5 times.*at most 5,000 are allowed a day.*a version or filter"
    ):
        cached("ucdp", version="25.1", via="api")
    assert len(server.asked) == 5 and waits == [3.0, 6.0, 12.0, 24.0]


def test_the_token_is_never_sent_to_another_host(server, other, cached):
    content = json.loads(api(records(3))) | {"NextPageUrl": f"{other.url}/gedevents/25.1?page=1"}
    server.answers["/gedevents/25.1"] = [page(content)]
    with pytest.raises(RuntimeError, match="sends on to another host"):
        cached("ucdp", version="25.1", via="api")
    server.answers["/gedevents/25.1"] = [Answer(status=302, headers={"Location": f"{other.url}/take"})]
    with pytest.raises(RuntimeError, match="sends on to another host"):
        cached("ucdp", version="25.1", via="api")
    assert other.asked == []


@pytest.mark.parametrize("total", [None, "many", "\u00b2", "9" * 5000])
def test_records_that_are_not_counted_are_not_taken_for_all(total, server, cached, tmp_path):
    server.answers["/gedevents/25.1"] = [page({"TotalCount": total, "Result": [{"id": 1}], "NextPageUrl": ""})]
    with pytest.raises(RuntimeError, match=r"UCDP does not count its records .* By hand: "):
        cached("ucdp", version="25.1", country="MLI")
    assert not list((tmp_path / "cache" / "ucdp").glob("ged*"))


@pytest.mark.parametrize("place", ["http://[::1", "http://127.0.0.1:99999999/x", "file:///etc/hostname", "ftp://a/b"])
def test_a_redirect_to_what_is_no_address_is_refused(place, server, cached):
    for path, more in (("/ged/ged251-csv.zip", {}), ("/gedevents/25.1", {"country": "MLI"})):
        server.answers[path] = [Answer(status=302, headers={"Location": place})]
        with pytest.raises((RuntimeError, ConnectionError), match=r"(another host|could not be reached) .* By hand: "):
            cached("ucdp", version="25.1", **more)


@pytest.mark.parametrize("headers", [{"Location": "\u00e9"}, {"Location": "/x", "Retry-After": "\u00b2"}])
def test_headers_that_cannot_be_read_are_a_publisher_out_of_reach(headers, server, cached, waits):
    server.answers["/gedevents/25.1"] = [Answer(status=302 if headers["Location"] != "/x" else 503, headers=headers)]
    with pytest.raises(ConnectionError, match=r"could not be reached .* By hand: "):
        cached("ucdp", version="25.1", country="MLI")


def test_pages_that_go_in_a_circle_end(server, cached):
    content = json.loads(api(records(3)))
    server.answers["/gedevents/25.1"] = [page(content | {"NextPageUrl": f"{server.url}/gedevents/25.1?page=1"})]
    with pytest.raises(RuntimeError, match="go in a circle"):
        cached("ucdp", version="25.1", via="api")
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("status", "means"), [(401, "is not accepted, or has expired"), (403, "may not be used for this")]
)
def test_a_refused_token_says_whose_it_is_and_how_to_do_without(status, means, server, cached):
    server.answers["/gedevents/25.1"] = [Answer(b"API token required", status)]
    with pytest.raises(PermissionError, match=rf"UCDP_ACCESS_TOKEN {means}.*needs none \(via='download'\)") as caught:
        cached("ucdp", version="25.1", via="api")
    assert "It says: API token required." in str(caught.value) and len(server.asked) == 1


def test_changed_columns_are_kept_and_told_by_the_reader(server, cached):
    rows = [
        {("date_begin" if k == "date_start" else k): v for k, v in row.items()}
        for row in json.loads(api(records(3)))["Result"]
    ]
    server.answers["/gedevents/25.1"] = ucdp_api(server, rows)
    path = cached("ucdp", version="25.1", via="api")
    with pytest.raises(ValueError, match="missing date_start"):
        ms.read_events(path)


def test_an_envelope_without_its_list_is_told(server, cached):
    server.answers["/gedevents/25.1"] = [page({"TotalCount": 3, "Events": []})]
    with pytest.raises(RuntimeError, match=r"without its list of records 'Result' \(there is: TotalCount, Events\)"):
        cached("ucdp", version="25.1", via="api")


def test_downloads_go_where_they_are_sent(server, other, cached, tmp_path):
    other.answers["/store/a"] = file(zipped(tmp_path, records(2)))
    server.answers["/ged/ged241-csv.zip"] = [Answer(status=302, headers={"Location": f"{other.url}/store/a"})]
    assert len(ms.read_events(cached("ucdp", version="24.1"))[0]) == 2


# ---- ACLED -------------------------------------------------------------------------------------------------


def acled_rows(n=None):
    return json.loads(synthetic.acled_file(WAR, "api").content)["data"][:n]


@pytest.fixture
def tokens(server):
    """ACLED's log-in: each token is a new one, and the newest alone is accepted."""
    given = []

    def give(asked):
        wanted = asked.form.get("grant_type")
        fits = asked.form == {"username": NAMES["ACLED_USERNAME"], "password": NAMES["ACLED_PASSWORD"],
                              "grant_type": "password", "client_id": "acled"}  # fmt: skip
        fits |= wanted == "refresh_token" and asked.form.get("refresh_token") == "refresh-planted-77"
        if not fits:
            return page({"error": "invalid_grant", "error_description": str(asked.form)}, status=400)
        given.append(f"access-planted-{len(given)}")
        return page({"token_type": "Bearer", "expires_in": 86400, "access_token": given[-1],
                     "refresh_token": "refresh-planted-77"})  # fmt: skip

    server.answers["/oauth/token"] = give
    return given


@pytest.mark.parametrize(("cap", "count"), [(5000, None), (40, None), (40, "rows"), (1000, "rows")])
def test_acled_by_pages_until_a_short_one_or_its_count(cap, count, server, cached, tokens):
    rows = acled_rows()
    server.answers["/api/acled/read"] = acled_api(rows, lambda: tokens[-1], cap, len(rows) if count else None)
    path = cached("acled", start="2012-01-01", end="2023-12-31")
    asked = server.asked[1].query
    assert asked == {"_format": "json", "country": "Mali", "limit": "5000", "with_total": "true", "page": "1",
                     "event_date": "2012-01-01|2023-12-31", "event_date_where": "BETWEEN"}  # fmt: skip
    events, _ = ms.read_events(path)
    assert len(events) == len(rows) and set(events["source"]) == {"acled"}
    assert note(path)["rows"] == note(path)["distinct"] == len(rows) and note(path)["complete"] is True
    assert note(path)["publisher_counts"] == (len(rows) if count else None)
    assert len(tokens) == 1, "one log-in"


def test_a_short_page_after_full_ones_ends_acled(server, cached, tokens, monkeypatch):
    monkeypatch.setattr(acled, "PAGE", 30)
    server.answers["/api/acled/read"] = acled_api(acled_rows(75), lambda: tokens[-1])
    assert note(cached("acled"))["pages"] == 3
    assert [a.query["page"] for a in server.asked[1:]] == ["1", "2", "3"]


def test_a_short_count_of_acled_is_an_error(server, cached, tokens):
    server.answers["/api/acled/read"] = acled_api(acled_rows(20), lambda: tokens[-1], count=25)
    with pytest.raises(RuntimeError, match="ACLED counts 25 records; its 1 pages held 20"):
        cached("acled")


def test_an_expired_token_is_renewed_once(server, cached, tokens):
    good = acled_api(acled_rows(9), lambda: "access-planted-1")
    server.answers["/api/acled/read"] = good
    assert note(cached("acled"))["rows"] == 9
    assert tokens == ["access-planted-0", "access-planted-1"]
    tokens.clear()
    server.answers["/api/acled/read"] = acled_api(acled_rows(9), lambda: "of nobody")
    with pytest.raises(PermissionError, match=r"HTTP 401.*expired and could not be renewed"):
        cached("acled")
    assert len(tokens) == 2, "one log-in and one renewal"


def test_a_refused_log_in_shows_neither_name_nor_password(server, cached, tokens, monkeypatch):
    monkeypatch.setenv("ACLED_PASSWORD", "wrong-but-planted-5")
    with pytest.raises(RuntimeError, match=r"ACLED refuses \(HTTP 400\)") as caught:
        cached("acled")
    assert "wrong-but-planted-5" not in str(caught.value) and NAMES["ACLED_USERNAME"] not in str(caught.value)
    assert "***" in str(caught.value), "it was in the answer"


@pytest.mark.parametrize("answer", [
    page({"message": "Access denied"}, status=403), page({"status": 403, "success": False, "message": "Access denied"}),
])  # fmt: skip
def test_an_account_without_the_api_is_told_the_way_out(answer, server, cached, tokens):
    server.answers["/api/acled/read"] = [answer]
    with pytest.raises(
        PermissionError, match=r"level of access does not include the API.*Access denied.*Data Export Tool"
    ):
        cached("acled")


def test_an_empty_answer_of_acled_is_explained(server, cached, tokens, tmp_path):
    server.answers["/api/acled/read"] = acled_api([], lambda: tokens[-1], count=0)
    with pytest.raises(
        RuntimeError, match=r"without an event for country='Malli', 2023-01-01\|2023-12-31.*spells otherwise"
    ):
        cached("acled", country="Malli", start="2023", end="2023")
    assert not list((tmp_path / "cache").rglob("*.json"))


def test_a_server_that_ignores_the_number_of_the_page_does_not_go_on_for_ever(server, cached, tokens):
    server.answers["/api/acled/read"] = [page({"status": 200, "count": None, "data": acled_rows(5)})]
    with pytest.raises(RuntimeError, match="gives the same page again"):
        cached("acled")


# ---- displacement ------------------------------------------------------------------------------------------


def made_json(name, seed=1):
    """A made-up CSV file of the agencies as the records that an API would give."""
    made = synthetic.DISPLACEMENT[name](seed)
    rows = [row for row in csv.DictReader(io.StringIO(made.content)) if not any(v[:1] == "#" for v in row.values())]
    whole = {"population", "year", "new_displacement", "total_displacement", "reporting_round"}
    return [{k: int(v) if k in whole else v or None for k, v in row.items()} for row in rows], made


@pytest.mark.parametrize("cap", [1000, 2])
def test_unhcr_from_and_in_the_country(cap, server, cached):
    items = json.loads(synthetic.unhcr_api(1).content)["items"]
    there = [
        row | {"coo_iso": "NER", "coo": "NGR", "coa_iso": "MLI", "coa": "MLI", "coa_name": "Mali"} for row in items[:2]
    ]
    server.answers["/population/"] = unhcr_api({"coo": items, "coa": [*there, items[3]]}, cap)
    path = cached("unhcr", start="2012", end="2023")
    assert path.name == "unhcr_population_MLI_from-2012-01-01_to-2023-12-31.json"
    assert server.asked[0].query == {"coo": "MLI", "coa_all": "true", "cf_type": "ISO", "yearFrom": "2012", "yearTo": "2023",
                                     "limit": "1000", "page": "1"}  # fmt: skip
    figures, ledger = ms.read_displacement(path)
    assert set(figures["country"]) == {"MLI", "NER"} and not ledger.notes
    assert note(path)["rows"] == 7 and note(path)["pages"] == len(server.asked)


def test_pages_of_unhcr_that_are_missing_or_not_counted(server, cached):
    items = json.loads(synthetic.unhcr_api(1).content)["items"]
    server.answers["/population/"] = unhcr_api({"coo": items, "coa": items}, 2, pages=5)
    with pytest.raises(RuntimeError, match="UNHCR counts 5 pages and page 3 is empty"):
        cached("unhcr")
    server.answers["/population/"] = [page({"page": 1, "items": items})]
    with pytest.raises(RuntimeError, match="UNHCR does not count its pages"):
        cached("unhcr")


def test_a_full_page_of_unhcr_is_looked_behind_whatever_it_counts(server, cached, monkeypatch):
    monkeypatch.setattr("mali_stats.sources.clients.unhcr.PAGE", 2)
    items = json.loads(synthetic.unhcr_api(1).content)["items"]
    server.answers["/population/"] = unhcr_api({"coo": items, "coa": items[:1]}, 2, pages=1)
    assert note(cached("unhcr"))["rows"] == 5


HAPI = {"idps": "hapi_idps", "refugees-persons-of-concern": "hapi_refugees", "returnees": "hapi_returnees",
        "humanitarian-needs": "hapi_needs", "food-security": "hapi_food"}  # fmt: skip


@pytest.mark.parametrize("dataset", HAPI)
def test_hapi_by_offsets_cut_without_a_word(dataset, server, cached):
    rows, made = made_json(HAPI[dataset])
    theme = "food-security-nutrition-poverty" if dataset == "food-security" else "affected-people"
    server.answers[f"/{theme}/{dataset}"] = offsets("data", rows, cap=4)
    path = cached("hapi", dataset=dataset, start="2024-01-01")
    place = "origin_location_code" if "re" in dataset[:2] else "location_code"
    assert server.asked[0].query == {place: "MLI", "output_format": "json", "start_date": "2024-01-01", "limit": "10000",
                                     "offset": "0"}  # fmt: skip
    assert {a.headers["X-Hdx-Hapi-App-Identifier".upper()] for a in server.asked} == {NAMES["HAPI_APP_IDENTIFIER"]}
    (path.parent / "made.csv").write_text(made.content)
    pd.testing.assert_frame_equal(ms.read_displacement(path)[0], ms.read_displacement(path.parent / "made.csv")[0])
    assert note(path)["rows"] == len(rows)


@pytest.mark.parametrize("cap", [100, 4])
def test_gidd_against_its_count(cap, server, cached):
    rows, made = made_json("gidd")
    link = f"{server.url}/gidd/conflicts/?client_id={NAMES['IDMC_CLIENT_ID']}&limit=4&offset=4"
    more = {"count": len(rows), "next": link, "previous": None}
    server.answers["/gidd/conflicts/"] = offsets("results", rows, cap, **more)
    path = cached("idmc", start="2014", end="2019")
    assert {k: v for k, v in server.asked[0].query.items() if k != "client_id"} == {
        "iso3__iexact": "MLI", "start_year": "2014", "end_year": "2019", "limit": "1000", "offset": "0",
    }  # fmt: skip
    assert {a.query["client_id"] for a in server.asked} == {NAMES["IDMC_CLIENT_ID"]}
    assert NAMES["IDMC_CLIENT_ID"] not in path.read_text() and "client_id=***" in path.read_text()
    (path.parent / "made.csv").write_text(made.content)
    pd.testing.assert_frame_equal(ms.read_displacement(path)[0], ms.read_displacement(path.parent / "made.csv")[0])


@pytest.mark.parametrize(("dataset", "path"), [("idu", "/idus/last-180-days/"), ("idu-all", "/idus/all/")])
def test_idu_lies_in_a_store_that_gets_no_key(dataset, path, server, other, cached):
    made = synthetic.idu(1)
    other.answers["/dump/idus.json"] = [Answer(made.content.encode())]
    server.answers[path] = [
        Answer(status=302, headers={"Location": f"{other.url}/dump/idus.json?Signature=planted-99"})
    ]
    kept = cached("idmc", dataset=dataset)
    assert server.asked[0].query == {"client_id": NAMES["IDMC_CLIENT_ID"]}
    assert other.asked[0].query == {"Signature": "planted-99"}
    figures, _ = ms.read_displacement(kept)
    assert figures.query("unit == 'people'")["best"].sum() == made.truth["people"]
    assert kept.read_text() == made.content, "as it came"
    assert "planted-99" not in (kept.parent / f"{kept.name}.source.json").read_text()


def test_a_redirect_inside_the_house_keeps_the_key_once(server, cached):
    rows, _ = made_json("gidd")
    server.answers["/gidd/conflicts/"] = lambda asked: Answer(
        status=301,
        headers={"Location": f"/new/?client_id={asked.query['client_id']}&limit=1000&offset={asked.query['offset']}"},
    )
    server.answers["/new/"] = offsets("results", rows, 100, count=len(rows))
    assert note(cached("idmc"))["rows"] == len(rows)
    assert server.asked[1].query["client_id"] == NAMES["IDMC_CLIENT_ID"]


def test_dtm_in_one_answer(server, cached):
    made = synthetic.dtm_v3(1)
    server.answers["/displacement/admin1"] = [page(json.loads(made.content))]
    path = cached("dtm", start="2023-01-01", end="2023-12-31")
    assert server.asked[0].query == {
        "Admin0Pcode": "MLI",
        "FromReportingDate": "2023-01-01",
        "ToReportingDate": "2023-12-31",
    }
    assert server.asked[0].headers["Ocp-Apim-Subscription-Key".title()] == NAMES["DTM_KEY"]
    assert "python-requests" not in server.asked[0].headers["User-Agent"]
    assert ms.read_displacement(path)[0]["best"].sum() == made.truth["latest"]
    server.answers["/displacement/admin1"] = [
        page({"isSuccess": False, "result": None, "errorMessages": ["No such country"]})
    ]
    with pytest.raises(RuntimeError, match="IOM DTM refuses: No such country"):
        cached("dtm")
    server.answers["/displacement/admin1"] = [page({"isSuccess": True, "result": []})]
    with pytest.raises(RuntimeError, match="IOM DTM answered without a single record"):
        cached("dtm")


@pytest.mark.parametrize(("source", "path", "words"), [
    ("dtm", "/displacement/admin1", "The key in DTM_KEY is not accepted. Subscribe at"),
    ("idmc", "/gidd/conflicts/", "IDMC_CLIENT_ID is not registered. IDMC gives one on request"),
    ("hapi", "/affected-people/idps", "does not accept HAPI_APP_IDENTIFIER"),
])  # fmt: skip
def test_refused_keys_of_the_agencies(source, path, words, server, cached):
    server.answers[path] = [Answer(b"Access denied", 403)]
    with pytest.raises(PermissionError, match=words):
        cached(source)


# ---- what all have in common -------------------------------------------------------------------------------


@pytest.mark.parametrize("source", fetching.CLIENTS)
def test_without_a_network_each_says_what_to_do_by_hand(source, tmp_path, keys, waits):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with pytest.raises(ConnectionError) as caught:
            ms.fetch(source, cache=tmp_path, base_url=f"http://127.0.0.1:{nobody.getsockname()[1]}")
    said = str(caught.value)
    assert "could not be reached (no connection, 3 times). By hand: " in said and "https://" in said
    reader = "read_events" if source in ("ucdp", "acled") else "read_displacement"
    assert f"{tmp_path}/{source}" in said and f"ms.{reader}(" in said
    assert not [p for p in tmp_path.rglob("*") if p.is_file() and not p.name.endswith(".lock")]


def test_what_was_put_there_by_hand_is_taken_and_named_offline(tmp_path, keys, waits):
    target = tmp_path / "unhcr" / "unhcr_population_MLI.json"
    target.parent.mkdir()
    target.write_text(synthetic.unhcr_population(1).content)
    assert ms.fetch("unhcr", cache=tmp_path, refresh=False) == target
    assert len(ms.read_displacement(target)[0]) == 174, "a CSV under another name"
    with pytest.raises(
        ConnectionError, match=r"The file placed by hand is still there, whole: .*unhcr_population_MLI.json"
    ):
        ms.fetch("unhcr", cache=tmp_path, base_url="http://127.0.0.1:9")


def test_an_earlier_copy_is_named_with_its_day_and_left_as_it_is(server, cached):
    items = json.loads(synthetic.unhcr_api(1).content)["items"]
    server.answers["/population/"] = unhcr_api({"coo": items, "coa": items[3:]}, 100)
    path = cached("unhcr")
    before = path.read_bytes(), note(path)
    server.answers["/population/"] = [Answer(b"down", 503)]
    with pytest.raises(
        ConnectionError, match=rf"HTTP 503, 5 times.*fetched on {datetime.now(UTC).year}-\d\d-\d\d is still there"
    ):
        cached("unhcr")
    assert (path.read_bytes(), note(path)) == before
    assert cached("unhcr", refresh=False) == path


def test_what_changes_is_fetched_anew_each_time(server, cached):
    items = json.loads(synthetic.unhcr_api(1).content)["items"]
    server.answers["/population/"] = unhcr_api({"coo": items, "coa": []}, 100)
    assert note(cached("unhcr"))["rows"] == 4
    server.answers["/population/"] = unhcr_api({"coo": items[:3], "coa": []}, 100)
    assert note(cached("unhcr"))["rows"] == 3


@pytest.mark.parametrize(("arguments", "words"), [
    ({"source": "acled", "country": "M" * 5000}, "'M+' has 5,000 characters; give an ISO3 code such as 'MLI'"),
    ({"source": "unhcr", "country": "x" * 81}, "has 81 characters"),
    ({"source": "acled", "country": "Mali\0"}, "holds characters that cannot be printed"),
    ({"source": "acled", "country": ["MLI"]}, "country is of type list; give an ISO3 code"),
    ({"source": "unhcr", "country": 466}, "country is of type int"), ({"source": ["ucdp"]}, "source is of type list; give one of ucdp"),
    ({"source": "ucdp", "version": ["25.1"]}, "version is of type list; give it as text, such as '25.1'"),
    ({"source": "ucdp", "version": 25.1}, "version is of type float; give it as text"),
    ({"source": "hapi", "dataset": ["idps"]}, "dataset is of type list; give one of idps"),
    ({"source": "ucdp", "via": {"api"}}, "via is of type set; give 'download' or 'api'"),
    ({"source": "unhcr", "base_url": ["https://a.example"]}, "base_url is of type list"),
    ({"source": "unhcr", "base_url": "http://[::1"}, "must be like https://api.unhcr.org"),
    ({"source": "unhcr", "cache": ["here"]}, "cache is of type list; give the path of a folder"),
    ({"source": "unhcr", "cache": "a\0b"}, "is no path"),
])  # fmt: skip
def test_kinds_of_arguments_are_told_before_anybody_is_asked(arguments, words, tmp_path, keys):
    with pytest.raises((TypeError, ValueError), match=words) as caught:
        ms.fetch(**{"base_url": "http://127.0.0.1:9", "cache": tmp_path} | arguments)
    assert str(caught.value).startswith("fetch: ") and len(str(caught.value)) < 300
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("arguments", "words"), [
    ({"source": "gdelt"}, "source='gdelt' is not known; use one of ucdp, acled, unhcr, hapi, idmc, dtm"),
    ({"source": "unhcr", "dataset": "flows"}, "unhcr has no dataset 'flows'; use one of population, solutions"),
    ({"source": "hapi", "dataset": "conflict-events"}, "monthly sums of ACLED whose event types overlap"),
    ({"source": "acled", "version": "25.1"}, "version='25.1' cannot be kept to: acled does not take it"),
    ({"source": "dtm", "via": "api"}, "via='api' cannot be kept to"),
    ({"source": "ucdp", "via": "ftp"}, "via='ftp' is not known"),
    ({"source": "ucdp", "version": "25"}, "version='25' is none of UCDP's; they are like '25.1'"),
    ({"source": "ucdp", "version": "25.1", "via": "download", "country": "MLI"}, "a download holds every country"),
    ({"source": "ucdp", "country": "MLI"}, "the API is asked for one version; name it"),
    ({"source": "ucdp", "country": "Mali", "version": "25.1"}, "country='Mali' is not known; give an ISO3 code"),
    ({"source": "unhcr", "country": " "}, "country=' ' is empty; give an ISO3 code such as 'MLI', or leave it out"),
    ({"source": "ucdp", "version": "\uff12\uff15.1"}, "is none of UCDP's"),
    ({"source": "acled", "country": "XYZ"}, "country='XYZ' is not known"),
    ({"source": "acled", "start": "last year"}, "start='last year' is no day; write it such as '2023'"),
    ({"source": "acled", "end": "2023-02-30"}, "end='2023-02-30' is no day"),
    ({"source": "acled", "start": "2024", "end": "2023"}, "end='2023' lies before start='2024'"),
    ({"source": "unhcr", "start": "2023-02"}, "start=2023-02-01 cuts a year"),
    ({"source": "idmc", "dataset": "idu", "country": "MLI"}, "reports of all countries as one file"),
    ({"source": "unhcr", "base_url": "ftp://a.example"}, "base_url .* must be like https://api.unhcr.org"),
    ({"source": "unhcr", "base_url": "https://me:pass@a.example"}, "without a name, password or query"),
])  # fmt: skip
def test_arguments_that_do_not_fit_are_refused_before_anybody_is_asked(arguments, words, tmp_path, keys):
    with pytest.raises(ValueError, match=words):
        ms.fetch(**arguments, cache=tmp_path)
    assert not list(tmp_path.iterdir())


def test_days_of_other_kinds(server, cached, tokens):
    server.answers["/api/acled/read"] = acled_api(acled_rows(5), lambda: tokens[-1])
    days = {"start": pd.Timestamp("2023-08-07 12:00"), "end": date(2023, 9, 14)}
    assert cached("acled", **days).name == "acled_MLI_from-2023-08-07_to-2023-09-14.json"
    assert cached("acled", country="Côte d'Ivoire", start=2023).name == "acled_C-te-d-Ivoire_from-2023-01-01.json"
    with pytest.raises(TypeError, match="start is of type float; give a day"):
        cached("acled", start=2023.5)


@pytest.mark.parametrize("answer", [
    Answer(b"<!DOCTYPE html><html>Log in to the hotel's network</html>"), Answer(b""), Answer(b'{"Result": [{"id": 1}'),
    Answer(b"\xff\xfe{}"),
])  # fmt: skip
def test_what_is_no_json_is_told_with_the_way_out(answer, server, cached):
    server.answers["/gedevents/25.1"] = [answer]
    with pytest.raises(RuntimeError, match=r"UCDP did not answer with JSON but with .*By hand: download"):
        cached("ucdp", version="25.1", via="api")


@pytest.mark.parametrize("answer", [page({"Result": []}, cut=5), page({"Result": []}, stall=5)])
def test_answers_cut_or_stalled_on_the_way_are_asked_for_again(answer, server, cached, waits):
    good = ucdp_api(server, json.loads(api(records(3)))["Result"])
    left = [answer, answer]
    server.answers["/gedevents/25.1"] = lambda asked: left.pop(0) if left else good(asked)
    assert note(cached("ucdp", version="25.1", via="api"))["rows"] == 3
    assert len(server.asked) == 3


def test_a_publisher_that_asks_for_an_hour_is_told(server, cached, waits):
    server.answers["/population/"] = [Answer(b"", 429, {"Retry-After": "3600"})]
    with pytest.raises(ConnectionError, match=r"HTTP 429, and it asks to wait 3,600 seconds"):
        cached("unhcr")
    assert waits == []


def test_text_that_is_compressed_on_the_way(server, cached):
    body = gzip.compress(json.dumps({"isSuccess": True, "result": [{"numPresentIdpInd": 1}]}).encode())
    server.answers["/displacement/admin1"] = [Answer(body, headers={"Content-Encoding": "gzip"})]
    assert note(cached("dtm"))["rows"] == 1


def test_the_addresses_are_the_publishers_own():
    today = date(2026, 10, 8)
    wanted = {source: walking(source) for source in fetching.CLIENTS}
    urls = {source: client.plans(wanted[source], today)[0].url for source, client in fetching.CLIENTS.items()}
    assert urls == {
        "ucdp": "https://ucdp.uu.se/downloads/ged/ged261-csv.zip", "acled": "https://acleddata.com/api/acled/read",
        "unhcr": "https://api.unhcr.org/population/v1/population/",
        "hapi": "https://hapi.humdata.org/api/v2/affected-people/idps",
        "idmc": "https://helix-tools-api.idmcdb.org/external-api/gidd/conflicts/",
        "dtm": "https://dtmapi.iom.int/v3/displacement/admin1",
    }  # fmt: skip
    assert ucdp.plans(walking("ucdp", version="26.0.8"), today)[0].url.endswith("/candidateged/GEDEvent_v26_0_8.csv")
    assert (
        ucdp.plans(walking("ucdp", version="25.1", via="api"), today)[0].url
        == "https://ucdpapi.pcr.uu.se/api/gedevents/25.1"
    )
    assert idmc.plans(walking("idmc", "idu"), today)[0].url.endswith("/external-api/idus/last-180-days/")


# ---- too much ----------------------------------------------------------------------------------------------


@pytest.fixture
def small(monkeypatch):
    """Limits that a test can reach."""
    monkeypatch.setattr(limits, "MAX_BYTES", 200_000)
    monkeypatch.setattr(limits, "MAX_ANSWER", 100_000)


def packed(content: bytes, **more) -> Answer:
    return Answer(gzip.compress(content), headers={"Content-Encoding": "gzip"}, **more)


@pytest.mark.parametrize("status", [200, 401, 404])
def test_an_answer_that_unpacks_to_more_than_memory_is_stopped(status, server, cached, small, tmp_path):
    bomb = packed(b'{"maxPages": 1, "items": [' + bytes(50 << 20), status=status)
    assert len(bomb.body) < 100_000 < 50 << 20, "small on the way"
    server.answers["/population/"] = [bomb]
    with pytest.raises(ValueError, match=r"answer of UNHCR holds more than 100,000 bytes once unpacked.* By hand: "):
        cached("unhcr")
    assert len(server.asked) == 1 and not list((tmp_path / "cache").rglob("*.json"))


def test_an_answer_that_is_packed_is_read(server, cached):
    rows = [{"year": 2020 + i % 5, "coo_iso": "MLI", "n": i} for i in range(5)]
    server.answers["/population/"] = [packed(json.dumps({"maxPages": 1, "items": rows}).encode())]
    assert note(cached("unhcr"))["rows"] == 10
    server.answers["/population/"] = [Answer(b"no gzip", headers={"Content-Encoding": "gzip"})]
    with pytest.raises(ConnectionError, match=r"the answer broke off, 3 times"):
        cached("unhcr")


@pytest.mark.parametrize("size", [199_999, 200_001])
def test_a_download_is_taken_up_to_a_limit(size, server, cached, small, tmp_path):
    body = b"id\n" + b"1" * (size - 3)
    server.answers["/candidateged/GEDEvent_v26_0_8.csv"] = file(body)
    if size < 200_000:
        assert cached("ucdp", version="26.0.8").read_bytes() == body
        return
    with pytest.raises(ValueError, match=r"GEDEvent_v26_0_8\.csv holds more than 200,000 bytes"):
        cached("ucdp", version="26.0.8")
    assert {p.suffix for p in (tmp_path / "cache" / "ucdp").iterdir()} == {".lock"}, "no part to go on with"


def test_a_zip_whose_content_is_too_large_is_not_kept(server, cached, small, tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("GEDEvent_v25_1.csv", bytes(50 << 20))
    server.answers["/ged/ged251-csv.zip"] = file((tmp_path / "x.zip").read_bytes())
    with pytest.raises(ValueError, match=r"ged251-csv\.zip holds more than 200,000 bytes once unpacked"):
        cached("ucdp", version="25.1")
    assert {p.suffix for p in (tmp_path / "cache" / "ucdp").iterdir()} == {".lock"}
