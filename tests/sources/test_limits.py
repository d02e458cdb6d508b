"""What is packed small and unpacks large is stopped on the way, and says so."""

import gzip
import io
import struct
import tracemalloc
import zipfile
import zlib

import pytest

from mali_stats.sources import limits

LARGE = bytes(40 << 20)
BOMB = gzip.compress(LARGE, mtime=0)


def zipped(**members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def open_zip(data):
    return zipfile.ZipFile(io.BytesIO(data))


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", bytes(range(256)) * 4000])
def test_what_is_within_the_limit_comes_out_as_it_went_in(content):
    size = len(content)
    assert limits.bounded_gunzip("x.gz", gzip.compress(content, mtime=0), size) == content
    with open_zip(zipped(x=content)) as archive:
        assert limits.bounded_unzip("x.zip", archive, "x", size) == content


def test_several_members_and_zeros_after_them_are_one_file():
    members = [gzip.compress(bytes([65 + i]) * 70_000, compresslevel=0) for i in range(5)]
    packed = members[0] + bytes(3) + b"".join(members[1:]) + bytes(512)
    assert limits.bounded_gunzip("x.gz", packed) == gzip.decompress(packed)


@pytest.mark.parametrize(("damaged", "kind"), [
    (BOMB[:-1], EOFError), (BOMB[:5], EOFError), (BOMB + b"rubbish", zlib.error), (b"\x1f\x8b\x09" + bytes(20), zlib.error),
    (BOMB[:-8] + b"\x01" * 8, zlib.error),
])  # fmt: skip
def test_what_is_cut_or_damaged_is_told(damaged, kind):
    with pytest.raises(kind):
        limits.bounded_gunzip("x.gz", damaged)


@pytest.mark.parametrize("limit", [1 << 20, len(LARGE) - 1])
def test_a_byte_more_than_the_limit_is_too_large(limit):
    with pytest.raises(limits.TooLarge, match=r"x\.gz holds more than .* once unpacked, which is not taken"):
        limits.bounded_gunzip("x.gz", BOMB, limit)
    with open_zip(zipped(x=LARGE)) as archive, pytest.raises(ValueError, match=r"x\.zip holds more than"):
        limits.bounded_unzip("x.zip", archive, "x", limit)


def test_what_lies_beyond_the_limit_is_never_made():
    large = gzip.compress(bytes(400 << 20), compresslevel=9)
    tracemalloc.start()
    with pytest.raises(limits.TooLarge):
        limits.bounded_gunzip("x.gz", large, 1 << 20)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200 << 20, "a piece of 64 KB unpacks to 64 MB at most"


def test_a_zip_that_says_less_than_it_holds_gives_no_more_than_it_says():
    """The directory of the zip claims ten bytes: within the limit, so that only reading on could fill the memory."""
    data = bytearray(zipped(x=LARGE))
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 10)
    with open_zip(bytes(data)) as archive, pytest.raises(zipfile.BadZipFile):
        limits.bounded_unzip("x.zip", archive, "x", 1 << 20)


def test_members_count_together():
    with open_zip(zipped(a=bytes(600), b=bytes(600))) as archive:
        limits.refuse_large("x.xlsx", archive.infolist(), 1200)
        with pytest.raises(limits.TooLarge, match=r"x\.xlsx holds more than 1,199 bytes"):
            limits.refuse_large("x.xlsx", archive.infolist(), 1199)


def test_the_limit_is_looked_up_when_it_is_needed(monkeypatch):
    monkeypatch.setattr(limits, "MAX_BYTES", 100)
    with pytest.raises(limits.TooLarge, match="more than 100 bytes"):
        limits.bounded_gunzip("x.gz", BOMB)
