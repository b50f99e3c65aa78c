"""Downloads: the real code against a server on this machine that does everything wrong."""

from __future__ import annotations

import inspect
import io
import shutil
import socket
import sys
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loopback import Server, running, sha256
from saprolite.data_commands import app
from saprolite.errors import InputError, SaproliteError, StoreError
from saprolite.sources import catalog, earthdata, resumable
from saprolite.sources.catalog import Edition, Product
from saprolite.sources.download import prepare_download

CONTENT = np.random.default_rng(1).bytes(1_000_003)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(resumable, "_PAUSES", (0.0,) * resumable.ATTEMPTS)
    monkeypatch.setattr(resumable, "_LONGEST_PAUSE", 0.0)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with running() as found:
        yield found


def edition(*files: dict[str, Any], **options: Any) -> Edition:
    """An edition of files at URLs."""
    get = {"via": "pooch", "files": files, "confidence": "R", **options}
    return Edition.model_validate({"get": get})


def get(content: Edition, folder: Path) -> list[Path]:
    """Fetch all files of an edition; what it costs must have been known before."""
    seen: list[tuple[str, int, int]] = []
    files = prepare_download(content, folder, None, "x/y").fetch(lambda *row: seen.append(row))
    assert all(0 <= done <= total for _, done, total in seen)
    return files


def whole_files(folder: Path) -> list[str]:
    """Files under their final names."""
    return (
        sorted(item.name for item in folder.iterdir() if item.is_file()) if folder.exists() else []
    )


@pytest.mark.parametrize("faults", [
    (), ("drop",), ("drop", "drop", "drop"), ("drop", "no_range"), ("drop", "shifted"),
    (500, 503, 429), ("drop", 500, "drop", 408, "shifted"),
], ids=str)  # fmt: skip
@pytest.mark.parametrize("hashed", [True, False])
@pytest.mark.parametrize("etag", ['"one"', None])
def test_whole_after_any_passing_fault(
    server: Server, tmp_path: Path, faults: tuple[str | int, ...], hashed: bool, etag: str | None
) -> None:
    url = server.serve("/a.nc", CONTENT, *faults, etag=etag)
    file = {"name": "a.nc", "url": url, "hash": sha256(CONTENT) if hashed else ""}
    assert get(edition(file), tmp_path / "out") == [tmp_path / "out/a.nc"]
    assert (tmp_path / "out/a.nc").read_bytes() == CONTENT
    assert [item.name for item in (tmp_path / "out").iterdir()] == ["a.nc"]
    asked = server.ranges("/a.nc")
    # What tells that it is the same file decides whether its first half is kept.
    kept = hashed or etag
    harmless = {"no_range", "shifted"} if not kept else {"no_range"}
    assert len(asked) == len([fault for fault in faults if fault not in harmless]) + 1
    if faults[:2] == ("drop", "drop"):
        assert asked[1] == (f"bytes={len(CONTENT) // 2}-" if kept else None)


@pytest.mark.parametrize(("fault", "message", "asked"), [
    (401, "answered 401", 1), (403, "accept the provider's terms", 1), (404, "answered 404", 1),
    (500, "answered 500; 6 attempts", 6), ("drop", "6 attempts", 6),
    ("page", "a web page in place of the file", 1),
])  # fmt: skip
def test_a_lasting_fault_is_one_clear_error(
    server: Server, tmp_path: Path, fault: str | int, message: str, asked: int
) -> None:
    url = server.serve("/a.nc", CONTENT, fault, always=True, etag=None)
    with pytest.raises(InputError, match=message) as caught:
        get(edition({"name": "a.nc", "url": url}), tmp_path)
    assert url in str(caught.value)
    assert whole_files(tmp_path) == []
    assert len(server.ranges("/a.nc")) == asked


def test_the_next_call_goes_on(server: Server, tmp_path: Path) -> None:
    url = server.serve("/a.nc", CONTENT, "drop", 404)
    content = edition({"name": "a.nc", "url": url})
    with pytest.raises(InputError, match="404"):
        get(content, tmp_path)
    half = len(CONTENT) // 2
    download = prepare_download(content, tmp_path, None, "x/y")
    assert download.known_bytes == len(CONTENT) - half
    download.fetch(lambda *_: None)
    assert server.ranges("/a.nc")[-1] == f"bytes={half}-"
    assert (tmp_path / "a.nc").read_bytes() == CONTENT


def test_a_file_that_changed_meanwhile_is_begun_again(server: Server, tmp_path: Path) -> None:
    server.serve("/a.nc", CONTENT, "drop", 404)
    url = f"{server.address}/a.nc"
    content = edition({"name": "a.nc", "url": url})
    with pytest.raises(InputError):
        get(content, tmp_path)
    other = CONTENT[::-1]
    server.serve("/a.nc", other, etag='"two"')
    get(content, tmp_path)
    assert (tmp_path / "a.nc").read_bytes() == other


def test_bytes_of_two_files_are_never_mixed(server: Server, tmp_path: Path) -> None:
    """Without an ETag the hash tells, and the file is fetched once more, from nothing."""
    other = CONTENT[::-1]
    server.serve("/a.nc", CONTENT, "drop", 404, etag=None)
    url = f"{server.address}/a.nc"
    content = edition({"name": "a.nc", "url": url, "hash": sha256(other)})
    with pytest.raises(InputError):
        get(content, tmp_path)
    server.serve("/a.nc", other, etag=None)
    get(content, tmp_path)
    assert (tmp_path / "a.nc").read_bytes() == other


def test_wrong_bytes_never_get_the_name(server: Server, tmp_path: Path) -> None:
    url = server.serve("/a.nc", CONTENT, "other", always=True)
    file = {"name": "a.nc", "url": url, "hash": sha256(CONTENT)}
    with pytest.raises(InputError, match="not the one that was published") as caught:
        get(edition(file), tmp_path)
    assert sha256(CONTENT) in str(caught.value)
    assert whole_files(tmp_path) == []
    server.serve("/a.nc", CONTENT)
    get(edition(file), tmp_path)  # nothing of the wrong bytes was kept
    assert (tmp_path / "a.nc").read_bytes() == CONTENT


def test_another_size_than_published(server: Server, tmp_path: Path) -> None:
    url = server.serve("/a.nc", CONTENT[:-1])
    with pytest.raises(InputError, match="1000002 bytes") as caught:
        get(edition({"name": "a.nc", "url": url, "bytes": len(CONTENT)}), tmp_path)
    assert "1000003 bytes" in str(caught.value)
    assert whole_files(tmp_path) == []


def test_a_server_without_a_length(server: Server, tmp_path: Path) -> None:
    url = server.serve("/a.nc", CONTENT, "unsized", always=True)
    with pytest.raises(InputError, match="does not say how long"):
        get(edition({"name": "a.nc", "url": url}), tmp_path)
    assert whole_files(tmp_path) == []
    get(edition({"name": "a.nc", "url": url, "hash": sha256(CONTENT)}), tmp_path)
    assert (tmp_path / "a.nc").read_bytes() == CONTENT


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    size=st.integers(0, 3000),
    faults=st.lists(st.sampled_from(["drop", "no_range", "shifted", 500, 503]), max_size=5),
    etag=st.sampled_from(['"one"', None]),
    hashed=st.booleans(),
)
def test_whole_or_not_at_all(
    server: Server, tmp_path: Path, size: int, faults: list[str | int], etag: str | None,
    hashed: bool,
) -> None:  # fmt: skip
    shutil.rmtree(tmp_path / "any", ignore_errors=True)
    content = CONTENT[:size]
    url = server.serve("/b", content, *faults, etag=etag)
    get(edition({"name": "b", "url": url, "hash": sha256(content) if hashed else ""}),
        tmp_path / "any")  # fmt: skip
    assert (tmp_path / "any/b").read_bytes() == content


def test_every_missing_file_is_named_before_any_is_fetched(server: Server, tmp_path: Path) -> None:
    server.serve("/bdod_0-5cm.tif", CONTENT)
    content = edition(
        {"name": "{variable}_{layer}cm.tif", "url": server.address + "/{variable}_{layer}cm.tif"},
        for_each={"variable": ["bdod", "clay"], "layer": ["0-5", "5-15"]},
    )
    with pytest.raises(InputError, match="1 problem") as caught:
        prepare_download(content, tmp_path, None, "x/y")
    named = "bdod_5-15cm.tif and 2 more files (clay_0-5cm.tif, clay_5-15cm.tif)"
    assert named in str(caught.value)
    assert not server.ranges("/bdod_0-5cm.tif")


def test_a_server_that_knows_no_head(server: Server, tmp_path: Path) -> None:
    url = server.serve("/a.nc", CONTENT, head=405)
    download = prepare_download(edition({"name": "a.nc", "url": url}), tmp_path, None, "x/y")
    assert (download.of_unknown_size, download.estimated_bytes) == (1, None)
    download.fetch(lambda *_: None)
    assert (tmp_path / "a.nc").read_bytes() == CONTENT


def test_files_of_the_user_are_left_alone(server: Server, tmp_path: Path) -> None:
    url = server.serve("/a.nc", CONTENT)
    mine = tmp_path / "a.nc"
    for bytes_, options, found in (
        (b"mine", {}, "4 bytes, and the published file has 1000003"),
        (CONTENT[::-1], {"hash": sha256(CONTENT)}, "other bytes than the published file"),
    ):
        mine.write_bytes(bytes_)
        with pytest.raises(InputError, match=found):
            prepare_download(edition({"name": "a.nc", "url": url, **options}), tmp_path, None, "x")
        assert mine.read_bytes() == bytes_
    mine.write_bytes(CONTENT)
    download = prepare_download(
        edition({"name": "a.nc", "url": url, "hash": sha256(CONTENT)}), tmp_path, None, "x"
    )
    assert not download.wanted
    assert download.fetch(lambda *_: None) == [mine]
    assert server.ranges("/a.nc") == []


def zipped(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(f"1991_2020/{name}.tif", content)
    return stream.getvalue()


def test_archives_are_unpacked(server: Server, tmp_path: Path) -> None:
    content = zipped(one=b"1" * 1000, two=b"2", three=b"3")
    url = server.serve("/k.zip", content)
    file = {"name": "k.zip", "url": url, "unzip": ["1991_2020/one.tif", "1991_2020/two.tif"]}
    files = get(edition(file), tmp_path)
    assert files == [tmp_path / "1991_2020/one.tif", tmp_path / "1991_2020/two.tif"]
    assert files[0].read_bytes() == b"1" * 1000
    files[0].write_bytes(b"1")  # as a kill may leave a member of other tools
    get(edition(file), tmp_path)
    assert files[0].read_bytes() == b"1" * 1000
    with pytest.raises(InputError, match="not in the archive"):
        get(edition({**file, "unzip": ["legend.txt"]}), tmp_path)
    server.serve("/n.zip", b"no archive")
    with pytest.raises(InputError, match=r"n\.zip"):
        get(edition({**file, "name": "n.zip", "url": url.replace("k.zip", "n.zip")}), tmp_path)


def test_a_full_disk(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = server.serve("/a.nc", CONTENT)
    download = prepare_download(edition({"name": "a.nc", "url": url}), tmp_path / "o", None, "x")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(9, 9, 999_999))
    with pytest.raises(StoreError, match="does not fit"):
        download.require_space()
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(9, 9, 1_000_003))
    download.require_space()

    def full(*_: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(resumable._Part, "open", full)
    with pytest.raises(StoreError, match="No space left"):
        download.fetch(lambda *_: None)


def test_one_at_a_time_in_a_folder(server: Server, tmp_path: Path) -> None:
    from filelock import FileLock

    url = server.serve("/a.nc", CONTENT)
    download = prepare_download(edition({"name": "a.nc", "url": url}), tmp_path, None, "x")
    (tmp_path / ".saprolite-get").mkdir()
    with FileLock(tmp_path / ".saprolite-get/lock"), pytest.raises(StoreError, match="in use"):
        download.fetch(lambda *_: None)


def test_one_failure_stops_the_others(server: Server, tmp_path: Path) -> None:
    names = [f"{number:02d}.nc" for number in range(40)]
    for name in names:
        server.serve(f"/{name}", CONTENT, *([404] if name == "01.nc" else []))
    content = edition(*({"name": name, "url": f"{server.address}/{name}"} for name in names))
    with pytest.raises(InputError, match=r"01\.nc"):
        get(content, tmp_path)
    assert len(whole_files(tmp_path)) < 39
    assert all((tmp_path / name).read_bytes() == CONTENT for name in whole_files(tmp_path))
    assert len(get(content, tmp_path)) == 40


# Earthdata ---------------------------------------------------------------------------------------


def granule(server: Server, name: str, content: bytes, **facts: Any) -> Any:
    """A granule of earthaccess itself, with a record in the form of the CMR."""
    import earthaccess

    url = server.serve(f"/data/{name}", content)
    record = {
        "meta": {"concept-id": f"G-{name}", "provider-id": "GES_DISC"},
        "umm": {
            "RelatedUrls": [
                {"URL": url, "Type": "GET DATA"},
                {"URL": f"{url}.html", "Type": "VIEW RELATED INFORMATION"},
                {"URL": f"s3://bucket/{name}", "Type": "GET DATA VIA DIRECT ACCESS"},
                {"URL": f"{url}.xml", "Type": "GET DATA"},
            ],
            "DataGranule": {"ArchiveAndDistributionInformation": [{"Name": name, **facts}]},
        },
    }
    with warnings.catch_warnings(action="ignore", category=FutureWarning):  # its own
        return earthaccess.DataGranule(record, cloud_hosted=True)


class Earthdata:
    """Stands in for the login and the search of earthaccess, with their own signatures."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        import earthaccess
        import requests

        self.granules: list[Any] = []
        self.questions: list[dict[str, Any]] = []
        self.logins: dict[str, Any] = {"environment": True}
        signatures = {
            name: inspect.signature(getattr(earthaccess, name))
            for name in ("login", "search_data", "get_requests_https_session")
        }

        class Auth:
            authenticated = True

        def login(*arguments: Any, **options: Any) -> Any:
            bound = signatures["login"].bind(*arguments, **options).arguments
            outcome = self.logins.get(bound["strategy"])
            if isinstance(outcome, Exception):
                raise outcome
            if outcome is None:
                raise earthaccess.exceptions.LoginStrategyUnavailable("none")
            return Auth()

        def search_data(*arguments: Any, **options: Any) -> Any:
            bound = signatures["search_data"].bind(*arguments, **options).arguments
            # The real query accepts these parameters, too.
            earthaccess.DataGranules().parameters(**bound["kwargs"])
            self.questions.append(bound["kwargs"])
            return self.granules

        monkeypatch.setattr(earthaccess, "login", login)
        monkeypatch.setattr(earthaccess, "search_data", search_data)
        monkeypatch.setattr(earthaccess, "get_requests_https_session", requests.Session)


@pytest.fixture
def nasa(monkeypatch: pytest.MonkeyPatch) -> Earthdata:
    return Earthdata(monkeypatch)


GLDAS = catalog.product("gldas_noah_monthly").editions["noah10-v21"]


def months(server: Server, *wanted: str) -> list[Any]:
    return [
        granule(server, f"GLDAS_NOAH10_M.A{month}.021.nc4", CONTENT + month.encode(),
                SizeInBytes=len(CONTENT) + 6)
        for month in wanted
    ]  # fmt: skip


YEAR_2001 = [f"2001{month:02d}" for month in range(1, 13)]


def test_earthdata(server: Server, nasa: Earthdata, tmp_path: Path) -> None:
    nasa.granules = months(server, "200012", *YEAR_2001, "200201")
    download = prepare_download(GLDAS, tmp_path, range(2001, 2002), "gldas_noah_monthly/noah10-v21")
    assert nasa.questions == [{
        "short_name": "GLDAS_NOAH10_M", "version": "2.1",
        "temporal": ("2001-01-01", "2001-12-31T23:59:59"),
    }]  # fmt: skip
    assert download.estimated_bytes == 12 * (len(CONTENT) + 6)
    server.files["/data/GLDAS_NOAH10_M.A200107.021.nc4"].faults.append("drop")
    files = download.fetch(lambda *_: None)
    assert [file.name for file in files] == [f"GLDAS_NOAH10_M.A{m}.021.nc4" for m in YEAR_2001]
    assert files[6].read_bytes() == CONTENT + b"200107"
    again = prepare_download(GLDAS, tmp_path, range(2001, 2002), "x")
    assert not again.wanted


def test_earthdata_names_every_month_without_a_file(
    server: Server, nasa: Earthdata, tmp_path: Path
) -> None:
    nasa.granules = months(server, *YEAR_2001[:10])
    with pytest.raises(InputError, match="no file of 200111, 200112"):
        prepare_download(GLDAS, tmp_path, range(2001, 2002), "x")
    nasa.granules = []
    with pytest.raises(InputError, match="no file at all"):
        prepare_download(GLDAS, tmp_path, None, "x")
    with pytest.raises(InputError, match="2000 to now"):
        prepare_download(GLDAS, tmp_path, range(1970, 2019), "x")


def test_earthdata_hashes_are_checked(server: Server, nasa: Earthdata, tmp_path: Path) -> None:
    for algorithm, name in (("SHA-256", "a"), ("MD5", "b"), ("Adler-32", "c")):
        import hashlib

        digest = {"SHA-256": hashlib.sha256, "MD5": hashlib.md5}.get(algorithm, hashlib.md5)
        checksum = {"Algorithm": algorithm, "Value": digest(CONTENT).hexdigest().upper()}
        nasa.granules = [
            granule(server, "x.tif", CONTENT, SizeInBytes=len(CONTENT), Checksum=checksum)
        ]
        content = GLDAS.model_copy(update={"file": r"x\.tif"})
        get_ = prepare_download(content, tmp_path / name, None, "x")
        assert bool(get_.wanted[0].hash) == (algorithm != "Adler-32")
        get_.fetch(lambda *_: None)
        if get_.wanted[0].hash:
            server.serve("/data/x.tif", CONTENT[::-1])
            with pytest.raises(InputError, match="not the one that was published"):
                prepare_download(content, tmp_path / f"{name}2", None, "x").fetch(lambda *_: None)


def test_login(server: Server, nasa: Earthdata) -> None:
    import earthaccess

    nasa.logins = {"netrc": True}
    earthdata.logged_in()
    for outcome, found in (
        (None, "no login in the environment or in ~/.netrc"),
        (earthaccess.exceptions.LoginAttemptFailure("bad password"), "bad password"),
        (OSError("name not resolved"), "cannot be reached"),
    ):
        nasa.logins = {"environment": outcome}
        with pytest.raises(InputError, match=found) as caught:
            earthdata.logged_in()
        assert "NASA GESDISC DATA ARCHIVE" in str(caught.value)
        assert "netrc" in str(caught.value)


def test_the_real_login_looks_in_its_own_places_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("EARTHDATA_TOKEN", "EARTHDATA_USERNAME", "EARTHDATA_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    monkeypatch.setattr(socket, "socket", forbidden)
    monkeypatch.setattr("builtins.input", forbidden)
    with pytest.raises(InputError, match="no login"):
        earthdata.logged_in()


# The commands ------------------------------------------------------------------------------------


def forbidden(*_: Any, **__: Any) -> Any:
    raise AssertionError("the network, or the terminal, was touched")


def run(*tokens: str) -> None:
    app(list(tokens), exit_on_error=False, result_action="return_value")


@pytest.fixture
def product(server: Server, monkeypatch: pytest.MonkeyPatch) -> str:
    url = server.serve("/a.nc", CONTENT)
    item = Product.model_validate({
        "title": "A product", "provider": "P", "licence": "L", "citation": "C",
        "editions": {
            "one": {"file": r"a\.nc", "get": {"via": "pooch", "confidence": "R",
                    "files": [{"name": "a.nc", "url": url}]}},
            "two": {"get": {"via": "manual", "page": "https://example.org", "confidence": "U",
                            "steps": ["click here", "name it b.nc"]}},
        },
    })  # fmt: skip
    monkeypatch.setitem(catalog.published(), "product", item)
    return "product/one"


def test_get_says_the_cost_and_asks(
    product: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = str(tmp_path / "out")
    with pytest.raises(InputError, match="add --yes"):
        run("get", product, "--out", out)
    text = capsys.readouterr().out
    assert "1 file to fetch into" in text
    assert "1.0 MB (1000003 bytes)" in text
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _: "n")
    run("get", product, "--out", out)
    assert "nothing fetched" in capsys.readouterr().out
    assert not Path(out).exists()
    run("get", product, "--out", out, "--yes")
    printed = capsys.readouterr()
    assert "1 file in" in printed.out
    assert "by their length only" in printed.out
    assert printed.err == ""  # no bar in a pipe
    assert (tmp_path / "out/a.nc").read_bytes() == CONTENT
    run("get", product, "--out", out)
    assert "1 files are there already" in capsys.readouterr().out


def test_get_says_where_to_click(product: str) -> None:
    with pytest.raises(InputError, match=r"1\. click here; 2\. name it b\.nc") as caught:
        run("get", "product/two")
    assert "https://example.org" in str(caught.value)
    with pytest.raises(InputError, match="2 editions"):
        run("get", "product")
    with pytest.raises(InputError, match="did you mean 'two'"):
        run("get", "product/tow")
    with pytest.raises(InputError, match="did you mean 'gsde'"):
        run("get", "gsd")
    with pytest.raises(InputError, match="not published by year"):
        run("get", product, "--years", "1970-2018")
    for text in ("70-80", "2018-1970", "all"):
        with pytest.raises(InputError, match="--years 1970-2018"):
            run("get", product, "--years", text)


def test_nothing_but_get_touches_the_network(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(socket, "socket", forbidden)
    monkeypatch.setattr(socket, "create_connection", forbidden)
    monkeypatch.setattr(socket, "getaddrinfo", forbidden)
    run("list")
    for name in catalog.published():
        run("show", name)
    (tmp_path / "GLDAS_NOAH10_M.A200101.021.nc4").write_bytes(b"")
    with pytest.raises(InputError):
        run("check", str(tmp_path))
    for name, item in catalog.published().items():
        for key, content in item.editions.items():
            if content.get.via in ("manual", "none"):
                with pytest.raises(InputError):
                    run("get", f"{name}/{key}")
    capsys.readouterr()
    # The guard itself: a real download does not get past it.
    file = {"name": "a", "url": "http://127.0.0.1:1/a"}
    with pytest.raises((AssertionError, SaproliteError)):
        prepare_download(edition(file), tmp_path, None, "x").fetch(lambda *_: None)


def test_the_package_needs_no_download_library(tmp_path: Path) -> None:
    import subprocess

    code = (
        "import sys\n"
        "for name in ('pooch', 'earthaccess', 'requests', 'openpyxl'): sys.modules[name] = None\n"
        "import saprolite, saprolite.cli\n"
        "from saprolite.data_commands import app\n"
        "from saprolite.errors import InputError\n"
        "app(['list'], result_action='return_value')\n"
        "try: app(['get', 'gldas_landmask'], result_action='return_value')\n"
        "except InputError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 'pip install "saprolite[data]"' in done.stdout


def test_an_interruption_ends_all_connections_and_the_next_call_goes_on(
    server: Server, tmp_path: Path
) -> None:
    names = [f"{number}.nc" for number in range(6)]
    for name in names:
        server.serve(f"/{name}", CONTENT)
    content = edition(*({"name": name, "url": f"{server.address}/{name}"} for name in names))

    def interrupt(_: str, done: int, __: int) -> None:
        if done >= 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare_download(content, tmp_path, None, "x").fetch(interrupt)
    assert len(whole_files(tmp_path)) < 6
    assert all((tmp_path / name).read_bytes() == CONTENT for name in whole_files(tmp_path))
    before = len(server.log)
    assert len(get(content, tmp_path)) == 6
    assert all((tmp_path / name).read_bytes() == CONTENT for name in names)
    resumed = [asked for _, _, asked in server.log[before:] if asked]
    assert all(asked.startswith("bytes=") for asked in resumed)
    assert not (tmp_path / ".saprolite-get").exists()


def test_a_killed_download_goes_on(server: Server, tmp_path: Path) -> None:
    """The process is killed in the middle of a file; the next one asks for the rest only."""
    import subprocess
    import textwrap

    server.serve("/a.nc", CONTENT)
    code = textwrap.dedent(f"""
        import os, signal
        from pathlib import Path
        from saprolite.sources.catalog import Edition
        from saprolite.sources.download import prepare_download
        file = {{"name": "a.nc", "url": "{server.address}/a.nc"}}
        edition = Edition.model_validate(
            {{"get": {{"via": "pooch", "files": [file], "confidence": "R"}}}})
        from saprolite.sources import resumable
        resumable._PIECE = 1 << 16
        came = []
        def report(stage, done, total):
            came.append(1)
            if len(came) == 5:
                os.kill(os.getpid(), signal.SIGKILL)
        prepare_download(edition, Path({str(tmp_path)!r}), None, "x").fetch(report)
    """)
    done = subprocess.run([sys.executable, "-c", code], check=False)
    assert done.returncode == -9
    assert whole_files(tmp_path) == []
    kept = (tmp_path / ".saprolite-get/a.nc.part").stat().st_size
    assert 0 < kept < len(CONTENT)
    get(edition({"name": "a.nc", "url": f"{server.address}/a.nc"}), tmp_path)
    assert server.ranges("/a.nc") == [None, f"bytes={kept}-"]
    assert (tmp_path / "a.nc").read_bytes() == CONTENT
