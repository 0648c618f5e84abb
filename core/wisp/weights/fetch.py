"""Fetching weights: the only place in Wisp that goes to the network, and only when asked to.

What arrives is checked against the registry before it gets its name; a hub's own cache is not trusted, since
`huggingface_hub` does not check the content of what it has stored.
"""

from __future__ import annotations

import io
import logging
import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from ..atomic import replacing, sweep
from ..errors import CancelledError, InputError, OutputError, UsageError, WeightsError
from . import search
from .hashes import LocalFile, differences, judge, sha256_of
from .licences import require_allowed, terms
from .options import RunOptions
from .registry import ModelEntry, WeightFile, entry
from .transfer import Progress, download

log = logging.getLogger(__name__)

#: Called with a file's name, the bytes that are here and the size of the whole, None while unknown.
FetchProgress = Callable[[str, int, int | None], None]


@dataclass(frozen=True)
class FetchedFile:
    """What `get` did for one file."""

    file: LocalFile
    how: Literal["present", "fetched", "copied"]


def get(
    model_id: str,
    *,
    to: Path | None = None,
    from_file: Path | None = None,
    from_url: str | None = None,
    options: RunOptions | None = None,
    progress: FetchProgress | None = None,
    say: Callable[[str], None] = log.info,
) -> tuple[FetchedFile, ...]:
    """Put the model's files into `to` (else the user's own folder), checked and whole; good ones stay as they are.

    They come from `from_file` (a folder that holds them, or one file, and then only that one is put there), from
    `from_url` (a folder of the studio's own server), else from where they are published. `say` gets the licence before
    anything is transferred. A broken transfer is kept beside the destination and continued by the next call.
    Raises UsageError, WeightsError (offline, unreachable, wrong content, not allowed), InputError, OutputError.
    """
    options = options or RunOptions()
    model = entry(model_id)
    require_allowed(model, options)
    say(terms(model))
    if not model.files:
        return ()
    folder = to or search.user_folder()
    if folder is None:
        raise WeightsError("There is no home folder to keep weights in.", hint="Name a folder with --to DIR.")
    places = (folder,) if to else search.folders(options.weights)
    if from_file and not from_file.exists():
        raise InputError(f"{from_file} does not exist.", hint="Check the path.", path=from_file)
    fetched = []
    for file in _meant(model, from_file):
        if from_file:
            result = FetchedFile(_copy(file, _source(file, from_file), folder, options), "copied")
        elif present := _present(file, places, folder, options):
            result = FetchedFile(present, "present")
        else:
            result = FetchedFile(_fetch(file, folder, from_url, options, progress, _without_network(model)), "fetched")
        fetched.append(result)
    return tuple(fetched)


def _without_network(model: ModelEntry) -> str:
    """What helps a machine that never has a network."""
    return (
        f"Without a network: 'wisp models get {model.id} --to DIR' on a machine that has one, copy DIR, "
        "and set WISP_WEIGHTS to it."
    )


def offline() -> bool:
    """Whether `WISP_OFFLINE` forbids the network."""
    return os.environ.get("WISP_OFFLINE", "").strip().lower() not in ("", "0", "false", "no")


def _present(file: WeightFile, places: Sequence[Path], folder: Path, options: RunOptions) -> LocalFile | None:
    """The file where it is found first; None where it is missing, or wrong in `folder` and thus to be replaced."""
    path = search.find(file, places)
    if path is None:
        return None
    try:
        return judge(file, path, sha256_of(path), allow_unverified=options.allow_unverified)
    except WeightsError as error:
        if path.parent != folder:
            raise WeightsError(
                f"{error.message} It would be found before one in {folder}.",
                hint="Delete it, or take its folder off --weights and WISP_WEIGHTS.",
                path=path,
            ) from error
        log.warning("%s It will be replaced.", error.message)
        return None


def _meant(model: ModelEntry, given: Path | None) -> tuple[WeightFile, ...]:
    """The files of the model that are asked for: all, or the one that `given` is."""
    files = tuple(model.files.values())
    if given is None or given.is_dir() or len(files) == 1:
        return files
    named = tuple(file for file in files if file.name == given.name)
    if not named:
        names = ", ".join(file.name for file in files)
        raise UsageError(
            f"{model.id} needs {len(files)} files, but {given} is one file and has the name of none of them.",
            hint=f"Give the folder they are in, or a file called {names}.",
        )
    return named


def _source(file: WeightFile, given: Path) -> Path:
    if given.is_dir():
        # A copy of a hub repository keeps the files where they are published.
        published = given / (file.path or file.name)
        given = given / file.name
        given = published if published.is_file() and not given.exists() else given
    if not given.is_file() or not os.access(given, os.R_OK):
        raise InputError(f"There is no file {given} that can be read.", path=given)
    return given


def _copy(file: WeightFile, source: Path, folder: Path, options: RunOptions) -> LocalFile:
    destination = folder / file.name
    if destination.exists() and destination.samefile(source):
        return judge(file, destination, sha256_of(destination), allow_unverified=options.allow_unverified)
    with replacing(destination) as temporary:
        shutil.copyfile(source, temporary)
        # The copy is hashed, not the source: what counts is what arrived on this disk.
        sha256 = sha256_of(temporary)
        trust = judge(file, source, sha256, allow_unverified=options.allow_unverified).trust
    return LocalFile(destination, sha256, trust)


def _fetch(
    file: WeightFile,
    folder: Path,
    from_url: str | None,
    options: RunOptions,
    progress: FetchProgress | None,
    without_network: str,
) -> LocalFile:
    """From the network, whole and checked, or not at all."""
    if offline():
        raise WeightsError(
            f"{file.name} was not fetched: WISP_OFFLINE is set.",
            hint="Unset it, or give a local copy with --from FILE.",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"Cannot make the folder {folder}: {error.strerror}.", hint="Choose another with --to.", path=folder
        ) from error
    url = f"{from_url.rstrip('/')}/{quote(file.name)}" if from_url else file.url

    def report(done: int, total: int | None) -> None:
        if progress:
            progress(file.name, done, total)

    if url is None:
        staging = folder / f".{file.name}.hub"
        fetched = _accept(file, _from_hub(file, staging, report, without_network), folder, options)
        shutil.rmtree(staging, ignore_errors=True)
        return fetched
    partial = folder / f".{file.name}.part"
    sweep(folder)
    download(
        url,
        partial,
        size=None if options.allow_unverified else file.size,
        progress=report,
        without_network=without_network,
    )
    return _accept(file, partial, folder, options)


def _from_hub(file: WeightFile, staging: Path, report: Progress, without_network: str) -> Path:
    """The file from its hub repository at the pinned revision, in `staging`, where a broken transfer is resumed.
    `without_network`: what helps where there is none, for the hint."""
    if file.repo is None or file.path is None:
        where = f"only for people, at {file.page}" if file.page else "nowhere"
        raise WeightsError(f"{file.name} is published {where}.", hint="Give a local copy with --from FILE.")
    try:
        from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url
        from huggingface_hub.errors import HfHubHTTPError
        from huggingface_hub.utils import logging as hub_log
    except ModuleNotFoundError as error:
        raise UsageError(
            f"Fetching {file.name} needs the Python package 'huggingface_hub', which is not installed.",
            hint="Install it: pip install 'wisp-roto[hub]'. Or fetch the file yourself and give it with --from FILE.",
        ) from error
    hub_log.disable_propagation()  # it prints by itself, too
    if not log.isEnabledFor(logging.DEBUG):
        hub_log.set_verbosity_error()  # not each of its attempts
    try:
        # The client tries for half a minute to reach a hub that cannot be; what a hub answers is left to it.
        with suppress(HfHubHTTPError):
            get_hf_file_metadata(hf_hub_url(file.repo, file.path, revision=file.revision))
        return Path(
            hf_hub_download(
                file.repo, file.path, revision=file.revision, local_dir=staging, tqdm_class=_reporting(report, file)
            )
        )
    except CancelledError:
        raise
    except Exception as error:  # the client raises whatever its HTTP library does; all of it means: not fetched
        first_line = (str(error) or type(error).__name__).splitlines()[0].rstrip(".")
        raise WeightsError(
            f"{file.name} could not be fetched from the hub repository {file.repo}: {first_line}.",
            hint=f"Check the network and fetch it again; it goes on where it stopped. {without_network}",
        ) from error


def _reporting(report: Progress, file: WeightFile) -> type:
    """A progress bar, as the hub's client wants one, that draws nothing and passes on what it is told."""
    from tqdm import tqdm

    class Bar(tqdm):  # type: ignore[misc]  # tqdm has no types
        def __init__(self, *args: Any, **options: Any) -> None:
            options.pop("name", None)  # the client's own bars have one
            super().__init__(*args, **{**options, "disable": False, "file": io.StringIO(), "mininterval": 3600.0})

        def update(self, n: float | None = 1) -> bool | None:
            drawn: bool | None = super().update(n)
            report(int(self.n), int(self.total) if self.total else file.size)
            return drawn

    return Bar


def _accept(file: WeightFile, arrived: Path, folder: Path, options: RunOptions) -> LocalFile:
    """Give what was fetched its name if it is right; delete it if not, so that the next call starts afresh."""
    sha256 = sha256_of(arrived)
    try:
        trust = judge(file, arrived, sha256, allow_unverified=options.allow_unverified).trust
    except WeightsError as error:
        why = differences(file, arrived, sha256)
        arrived.unlink()
        raise WeightsError(
            f"What was fetched as {file.name} is not the published file and was deleted: {why}.",
            hint="Run the command again; if it repeats, a proxy changes the file or the publisher replaced it.",
        ) from error
    destination = folder / file.name
    try:
        arrived.replace(destination)
    except OSError as error:
        raise OutputError(f"Cannot write {destination}: {error.strerror}.", path=destination) from error
    return LocalFile(destination, sha256, trust)
