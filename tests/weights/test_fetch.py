"""`get`: what it accepts, what it refuses, and what it leaves behind."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

import pytest
from weights.file_server import FileServer
from weights.stand_ins import GOOD, OTHER, UNLISTED
from wisp.errors import CancelledError, InputError, OutputError, UsageError, WeightsError
from wisp.weights import inventory
from wisp.weights.fetch import get
from wisp.weights.options import RunOptions

pytestmark = pytest.mark.usefixtures("small_registry")


@pytest.fixture
def mirror(server: FileServer) -> FileServer:
    server.content["/weights/hero%2B.pt"] = GOOD
    server.content["/weights/fresh.pt"] = UNLISTED
    return server


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_from_the_studios_server_into_the_home(mirror: FileServer, home: Path) -> None:
    said: list[str] = []
    seen: list[tuple[str, int, int | None]] = []

    def progress(name: str, done: int, total: int | None) -> None:
        assert said  # the licence came first
        seen.append((name, done, total))

    (fetched,) = get("hero", from_url=f"{mirror.address}/weights/", progress=progress, say=said.append)
    assert fetched.how == "fetched"
    assert fetched.file.trust == "verified"
    assert fetched.file.path == home / "hero+.pt"
    assert fetched.file.path.read_bytes() == GOOD
    assert seen[-1] == ("hero+.pt", len(GOOD), len(GOOD))
    assert "CC-BY-NC-SA-4.0" in said[0] and "NON-COMMERCIAL" in said[0]
    assert names(home) == ["hero+.pt"]


def test_second_get_transfers_nothing(mirror: FileServer) -> None:
    url = f"{mirror.address}/weights"
    get("hero", from_url=url)
    (again,) = get("hero", from_url=url)
    assert again.how == "present"
    assert len(mirror.asked) == 1


def test_broken_transfer_is_continued_by_the_next_call(mirror: FileServer, home: Path) -> None:
    home.mkdir(parents=True)
    (home / ".hero+.pt.part").write_bytes(GOOD[:200_000])
    get("hero", from_url=f"{mirror.address}/weights")
    assert mirror.asked == ["bytes=200000-"]
    assert (home / "hero+.pt").read_bytes() == GOOD


def test_wrong_content_of_the_right_size_is_deleted(mirror: FileServer, home: Path) -> None:
    mirror.content["/weights/hero%2B.pt"] = OTHER
    with pytest.raises(WeightsError, match=r"hero\+\.pt is not the published file and was deleted: its SHA-256"):
        get("hero", from_url=f"{mirror.address}/weights")
    assert names(home) == []


def test_partial_of_another_file_heals_on_the_second_call(mirror: FileServer, home: Path) -> None:
    home.mkdir(parents=True)
    (home / ".hero+.pt.part").write_bytes(OTHER[:200_000])
    with pytest.raises(WeightsError, match="Run the command again"):
        get("hero", from_url=f"{mirror.address}/weights")
    get("hero", from_url=f"{mirror.address}/weights")
    assert (home / "hero+.pt").read_bytes() == GOOD


def test_a_wrong_file_in_place_is_replaced_only_by_a_good_one(mirror: FileServer, home: Path) -> None:
    home.mkdir(parents=True)
    (home / "hero+.pt").write_bytes(OTHER)
    with pytest.raises(WeightsError, match="404"):
        get("hero", from_url=f"{mirror.address}/nothing")
    assert (home / "hero+.pt").read_bytes() == OTHER
    get("hero", from_url=f"{mirror.address}/weights")
    assert (home / "hero+.pt").read_bytes() == GOOD


def test_a_wrong_file_that_would_hide_the_fetched_one_is_named(
    mirror: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hero+.pt").write_bytes(OTHER)
    monkeypatch.setenv("WISP_WEIGHTS", str(tmp_path))
    with pytest.raises(WeightsError, match="would be found before"):
        get("hero", from_url=f"{mirror.address}/weights")
    assert mirror.asked == []


def test_unlisted_hash_is_accepted_and_called_so(mirror: FileServer) -> None:
    (fetched,) = get("fresh", from_url=f"{mirror.address}/weights")
    assert fetched.file.trust == "unlisted"
    assert fetched.file.stamp == f"unlisted:{fetched.file.sha256}"


def test_own_weights_are_taken_on_request_and_called_so(tmp_path: Path) -> None:
    (tmp_path / "mine.pt").write_bytes(OTHER[:1000])
    (copied,) = get("hero", from_file=tmp_path / "mine.pt", options=RunOptions(allow_unverified=True))
    assert copied.file.stamp.startswith("unverified:")
    assert copied.file.path.read_bytes() == OTHER[:1000]


def test_offline_refuses_the_network_but_not_a_local_file(
    mirror: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WISP_OFFLINE", "1")
    for url in (None, f"{mirror.address}/weights"):
        with pytest.raises(WeightsError, match="WISP_OFFLINE is set"):
            get("hero", from_url=url)
    assert mirror.asked == []
    (tmp_path / "copy.pt").write_bytes(GOOD)
    (copied,) = get("hero", from_file=tmp_path / "copy.pt")
    assert (copied.how, copied.file.trust) == ("copied", "verified")


def test_air_gapped_folder(mirror: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stick = tmp_path / "stick"
    get("both", to=stick, from_url=f"{mirror.address}/weights")
    assert names(stick) == ["fresh.pt", "hero+.pt"]

    monkeypatch.setenv("WISP_OFFLINE", "1")
    monkeypatch.setenv("WISP_WEIGHTS", str(stick))
    assert [report.state for report in inventory.verify(stick)] == ["good", "unlisted"]
    assert inventory.where("both").complete
    copies = get("both", to=tmp_path / "farm", from_file=stick)
    assert [copy.how for copy in copies] == ["copied", "copied"]
    assert [report.state for report in inventory.verify(tmp_path / "farm")] == ["good", "unlisted"]


def test_wrong_local_file_leaves_nothing(tmp_path: Path, home: Path) -> None:
    (tmp_path / "short.pt").write_bytes(GOOD[:-1])
    with pytest.raises(WeightsError, match=r"short\.pt is not the published hero\+\.pt: it has 299,999 bytes"):
        get("hero", from_file=tmp_path / "short.pt")
    assert names(home) == []


def test_copy_onto_itself(home: Path) -> None:
    home.mkdir(parents=True)
    (home / "hero+.pt").write_bytes(GOOD)
    (copied,) = get("hero", from_file=home)
    assert copied.file.trust == "verified"
    assert (home / "hero+.pt").read_bytes() == GOOD


def test_absent_local_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.pt does not exist"):
        get("hero", from_file=tmp_path / "absent.pt")


def test_one_file_for_two_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "one.pt").write_bytes(GOOD)
    with pytest.raises(UsageError, match="needs 2 files"):
        get("both", from_file=tmp_path / "one.pt")


def test_one_of_several_files_is_taken_by_its_name(tmp_path: Path, home: Path) -> None:
    (tmp_path / "fresh.pt").write_bytes(UNLISTED)
    (copied,) = get("both", from_file=tmp_path / "fresh.pt")
    assert (copied.how, copied.file.path, copied.file.trust) == ("copied", home / "fresh.pt", "unlisted")
    assert names(home) == ["fresh.pt"]


@pytest.mark.parametrize("model_id", ["hero", "fresh"])
def test_commercial_policy_refuses_before_any_transfer(model_id: str, mirror: FileServer) -> None:
    with pytest.raises(WeightsError, match=r"Allowed instead: .*both") as caught:
        get(model_id, from_url=f"{mirror.address}/weights", options=RunOptions(commercial=True))
    assert caught.value.exit_code == 4
    assert mirror.asked == []


def test_without_a_home_a_folder_must_be_named(mirror: FileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wisp.weights.search.user_folder", lambda: None)
    with pytest.raises(WeightsError, match="Name a folder with --to DIR"):
        get("hero", from_url=f"{mirror.address}/weights")
    assert get("plain") == ()  # nothing to keep


def test_a_model_without_weights_has_nothing_to_get(home: Path) -> None:
    assert get("plain") == ()
    assert not home.exists()


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs POSIX permissions")
def test_folder_that_cannot_be_made(mirror: FileServer, tmp_path: Path) -> None:
    closed = Path("/dev/fd") if os.geteuid() == 0 else tmp_path / "closed"  # root may write anywhere but there
    if os.geteuid() != 0:
        closed.mkdir(mode=0o500)
    with pytest.raises(OutputError, match=str(closed)):
        get("hero", to=closed / "weights", from_url=f"{mirror.address}/weights")


def test_folder_that_is_a_file(mirror: FileServer, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="Cannot make the folder"):
        get("hero", to=tmp_path / "file", from_url=f"{mirror.address}/weights")


def test_missing_hub_package_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(UsageError, match=r"pip install 'wisp-roto\[hub\]'"):
        get("hero")


@pytest.fixture
def hub(server: FileServer, monkeypatch: pytest.MonkeyPatch) -> FileServer:
    """The real client, talking to this machine."""
    pytest.importorskip("huggingface_hub")
    from huggingface_hub import constants

    template = constants.HUGGINGFACE_CO_URL_TEMPLATE.removeprefix(constants.ENDPOINT)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", server.address + template)
    monkeypatch.setattr(constants, "ENDPOINT", server.address)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    server.content[f"/studio/hero/resolve/{'0' * 40}/checkpoints/hero%2B.pt"] = GOOD
    return server


def test_from_the_hub_at_the_pinned_revision(hub: FileServer, home: Path) -> None:
    (fetched,) = get("hero")
    assert (fetched.how, fetched.file.trust) == ("fetched", "verified")
    assert names(home) == ["hero+.pt"]


def test_the_hub_tells_its_progress_and_stops_when_asked(hub: FileServer, home: Path) -> None:
    seen: list[tuple[str, int, int | None]] = []
    get("hero", progress=lambda *told: seen.append(told))
    assert seen[-1] == ("hero+.pt", len(GOOD), len(GOOD))
    (home / "hero+.pt").unlink()

    def stop(*_: object) -> None:
        raise CancelledError("enough")

    with pytest.raises(CancelledError):
        get("hero", progress=stop)
    assert not (home / "hero+.pt").exists()


def test_the_hub_is_not_trusted(hub: FileServer, home: Path) -> None:
    hub.content = dict.fromkeys(hub.content, OTHER)
    with pytest.raises(WeightsError, match="not the published file"):
        get("hero")
    assert not (home / "hero+.pt").exists()


def test_hub_that_lacks_the_file(hub: FileServer) -> None:
    hub.content.clear()
    with pytest.raises(WeightsError, match="could not be fetched from the hub repository studio/hero") as caught:
        get("hero")
    assert len(str(caught.value)) < 500


def test_a_hub_that_cannot_be_reached_is_said_at_once_and_once(
    hub: FileServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from huggingface_hub.utils import logging as hub_log

    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)
    hub_log.set_verbosity_warning()
    hub.close()
    with pytest.raises(WeightsError, match="wisp models get hero --to DIR"):
        get("hero")
    assert waits == [] and capsys.readouterr() == ("", "")
    assert hub_log.get_verbosity() == logging.ERROR, "its attempts are not told one by one"
