"""HTTP transfers: whole, broken off, resumed, and refused."""

from __future__ import annotations

import contextlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from weights.file_server import FileServer
from weights.stand_ins import GOOD
from wisp.errors import OutputError, UsageError, WeightsError
from wisp.weights.transfer import FRUITLESS_ATTEMPTS, download


@pytest.fixture
def url(server: FileServer) -> str:
    server.content["/hero.pt"] = GOOD
    return f"{server.address}/hero.pt"


def test_whole_file_with_progress(server: FileServer, url: str, tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    download(url, tmp_path / "part", size=len(GOOD), progress=lambda done, total: seen.append((done, total)))
    assert (tmp_path / "part").read_bytes() == GOOD
    assert seen[-1] == (len(GOOD), len(GOOD))
    assert server.asked == [None]


def test_goes_on_where_an_earlier_run_stopped(server: FileServer, url: str, tmp_path: Path) -> None:
    (tmp_path / "part").write_bytes(GOOD[:123_456])
    download(url, tmp_path / "part", size=len(GOOD))
    assert (tmp_path / "part").read_bytes() == GOOD
    assert server.asked == ["bytes=123456-"]


def test_connection_that_keeps_breaking_still_ends_whole(server: FileServer, url: str, tmp_path: Path) -> None:
    server.break_after = 70_000
    download(url, tmp_path / "part", size=len(GOOD), pause=0.01)
    assert (tmp_path / "part").read_bytes() == GOOD
    assert server.asked == [None, "bytes=70000-", "bytes=140000-", "bytes=210000-", "bytes=280000-"]


def test_server_without_ranges_starts_again(server: FileServer, url: str, tmp_path: Path) -> None:
    server.ranges = False
    (tmp_path / "part").write_bytes(b"x" * 1000)
    download(url, tmp_path / "part", size=len(GOOD))
    assert (tmp_path / "part").read_bytes() == GOOD


def test_complete_partial_asks_nothing(server: FileServer, url: str, tmp_path: Path) -> None:
    (tmp_path / "part").write_bytes(GOOD)
    download(url, tmp_path / "part", size=len(GOOD))
    assert server.asked == []


def test_overlong_partial_is_thrown_away(server: FileServer, url: str, tmp_path: Path) -> None:
    (tmp_path / "part").write_bytes(GOOD + b"more")
    download(url, tmp_path / "part", size=len(GOOD), pause=0.01)
    assert (tmp_path / "part").read_bytes() == GOOD


def test_a_passing_trouble_is_waited_out(server: FileServer, url: str, tmp_path: Path) -> None:
    server.failures = [503, 429]
    download(url, tmp_path / "part", pause=0.01)
    assert (tmp_path / "part").read_bytes() == GOOD


def test_absent_file_fails_at_once(server: FileServer, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"404") as caught:
        download(f"{server.address}/absent.pt", tmp_path / "part", pause=60)
    assert "absent.pt" in str(caught.value)
    assert len(server.asked) == 1


def test_gives_up_and_keeps_what_came(server: FileServer, url: str, tmp_path: Path) -> None:
    server.break_after = 0
    (tmp_path / "part").write_bytes(GOOD[:500])
    with pytest.raises(WeightsError, match=r"500 bytes are here.*broke off") as caught:
        download(url, tmp_path / "part", pause=0.001)
    assert "goes on where it stopped" in str(caught.value)
    assert len(server.asked) == FRUITLESS_ATTEMPTS
    assert (tmp_path / "part").read_bytes() == GOOD[:500]


def test_each_wait_is_twice_the_one_before(
    server: FileServer, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr("wisp.weights.transfer.time.sleep", waits.append)
    server.close()
    with pytest.raises(WeightsError):
        download(url, tmp_path / "part")
    assert waits == [1, 2, 4]


def test_unreachable_server(server: FileServer, url: str, tmp_path: Path) -> None:
    server.close()
    with pytest.raises(WeightsError, match=r"could not be fetched whole.*refused"):
        download(url, tmp_path / "part", pause=0.001)


def test_another_size_is_refused_before_the_transfer(server: FileServer, url: str, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"300,000 bytes, but the published file has 300,001"):
        download(url, tmp_path / "part", size=len(GOOD) + 1)
    assert not (tmp_path / "part").exists()


def test_folder_that_is_not_there(url: str, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="Cannot write"):
        download(url, tmp_path / "absent" / "part", pause=60)


@pytest.mark.parametrize("address", ["file:///etc/hostname", "ftp://127.0.0.1/x", "hero.pt"])
def test_only_http(address: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not an http"):
        download(address, tmp_path / "part")
    assert not (tmp_path / "part").exists()


class _Stream(http.server.BaseHTTPRequestHandler):
    """Answers `/endless` without a length and without an end, `/odd/X` with the length X."""

    def do_GET(self) -> None:
        self.send_response(200)
        if self.path.startswith("/odd/"):
            self.send_header("Content-Length", self.path.removeprefix("/odd/"))
        self.end_headers()
        with contextlib.suppress(OSError):
            while self.path == "/endless":
                self.wfile.write(bytes(1 << 16))

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def stream() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Stream)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_an_endless_answer_stops_at_the_published_size(stream: str, tmp_path: Path) -> None:
    most = 0

    def progress(done: int, _: int | None) -> None:
        nonlocal most
        most = max(most, done)

    with pytest.raises(WeightsError, match="more than the 1,000,000 bytes"):
        download(f"{stream}/endless", tmp_path / "part", size=1_000_000, progress=progress)
    assert most <= 1_000_000 and not (tmp_path / "part").exists()


@pytest.mark.parametrize("length", ["-5", "1e3", "abc", "0x10"])
def test_a_length_that_is_no_number(stream: str, tmp_path: Path, length: str) -> None:
    with pytest.raises(WeightsError):
        download(f"{stream}/odd/{length}", tmp_path / "part", pause=0.001)


def test_a_server_that_trickles_is_given_up(stream: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wisp.weights.transfer.PATIENCE", 0.0)
    monkeypatch.setattr("wisp.weights.transfer.SLOWEST_BYTES_PER_SECOND", 10**12)
    with pytest.raises(WeightsError, match="given up"):
        download(f"{stream}/endless", tmp_path / "part")
