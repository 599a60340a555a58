"""The data folder, and archives that are loaded from it or downloaded into it."""

import dataclasses
import hashlib
import os
import shutil
import socket
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from gankit.files import atomic, open_npz

KEYS = ("x_train", "y_train", "x_test", "y_test")
# Seconds without a single byte after which the connection counts as lost.
PATIENCE = 30


def data_folder(folder=None):
    """Returns the folder that contains the data sets.

    Args:
        folder: A folder that takes precedence over all others, or None.

    Returns:
        The `pathlib.Path` of the first that applies: `folder`; the environment
        variable `GANKIT_DATA`; `data` in the checkout, if the package runs from one;
        `~/.cache/gankit`. The last two need not exist.

    Raises:
        FileNotFoundError: If `folder`, or else that of `GANKIT_DATA`, is not there.
    """
    source = "" if folder else " in GANKIT_DATA"
    if folder := folder or os.environ.get("GANKIT_DATA"):
        if not Path(folder).expanduser().is_dir():
            raise FileNotFoundError(
                f"Expected an existing folder of data sets, received {folder}{source}: "
                "check the spelling, or create it first."
            )
        return Path(folder).expanduser()
    checkout = Path(__file__).resolve().parents[2]
    if (checkout / "pyproject.toml").is_file():
        return checkout / "data"
    return Path.home() / ".cache" / "gankit"


@dataclasses.dataclass(frozen=True)
class Archive:
    """An .npz file of labelled images that can be downloaded.

    Args:
        file: Its name in the data folder.
        origin: Address of the folder with the downloads, ending in a slash.
        downloads: Names of the files to download.
        counts: Numbers of images in train and test.
        image_shape: Shape of one image in the file.
        stand_in: The data set to use without a network.
        sha256: Checksum of the only download. None if its source publishes none; the
            checksum of the first .npz file is then recorded next to it.
        unpack: Function from the downloaded files to a dict of arrays. None if the
            download is the .npz file.
    """

    file: str
    origin: str
    downloads: tuple[str, ...]
    counts: tuple[int, int]
    image_shape: tuple[int, ...]
    stand_in: str
    sha256: str | None = None
    unpack: Callable[[list[Path]], dict[str, np.ndarray]] | None = None

    def load(self, folder=None):
        """Returns the arrays by key, and first downloads a file that is missing here.

        What `keras.datasets` has downloaded is copied, if its checksum is right.
        """
        path = data_folder(folder) / self.file
        if not path.exists():
            self._download(path)
        advice = (
            "delete it, and the next call downloads it again; or put the right file "
            "there by hand"
        )
        with open_npz(path, advice) as archive:
            arrays = {key: archive[key] for key in KEYS if key in archive}
        arrays = self._check(arrays, path, advice)
        self._compare(path, path)
        return arrays

    def _download(self, path):
        # The file gets its name only once it is complete and checked. An interrupted
        # download leaves a folder behind that nothing reads.
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(
                prefix=".download-", dir=path.parent
            ) as temporary:
                downloads = [
                    self._get_file(name, path.parent, temporary)
                    for name in self.downloads
                ]
                complete = self._verify(downloads, Path(temporary))
                if self.unpack is not None:
                    self._compare(complete, path)
                    with atomic(_record_of(path)) as record:
                        record.write_text(
                            f"{sha256_of(complete)}  {self.file}\n", encoding="utf-8"
                        )
                os.replace(complete, path)
        except ValueError:
            raise
        except Exception as error:  # Keras raises bare Exceptions.
            raise FileNotFoundError(
                f"Expected to find {self.file} in {path.parent} or download it from "
                f"{self._address}, received {error.__context__ or error}: put "
                f"{', '.join(self.downloads)} from there into that folder by hand, or "
                f"use {self.stand_in}, which needs no network."
            ) from error

    def _get_file(self, name, folder, temporary):
        """Returns the path of a download, which may already be in the data folder."""
        import keras

        if (folder / name).exists():
            return folder / name
        home = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
        copy = home / "datasets" / name
        if copy.is_file() and sha256_of(copy) == self.sha256:
            return Path(shutil.copy(copy, temporary))
        patience = socket.getdefaulttimeout()
        socket.setdefaulttimeout(PATIENCE)
        try:
            address = self.origin + name
            return Path(keras.utils.get_file(name, address, cache_dir=temporary))
        finally:
            socket.setdefaulttimeout(patience)

    @property
    def _address(self):
        return self.origin + ("" if len(self.downloads) > 1 else self.downloads[0])

    def _verify(self, downloads, temporary):
        """Returns the path of a checked .npz file created from the downloads."""
        names = ", ".join(self.downloads)
        advice = (
            f"try again, delete {names} from the data folder if it is there, or use "
            f"{self.stand_in}, which needs no network"
        )
        if self.sha256 is not None and sha256_of(downloads[0]) != self.sha256:
            raise ValueError(
                f"Expected {self._address} to have the sha256 {self.sha256}, received "
                f"{sha256_of(downloads[0])}, so it is truncated or changed: {advice}."
            )
        if self.unpack is None:
            return downloads[0]
        try:
            arrays = self.unpack(downloads)
            self._check(arrays, names, advice)
        except (OSError, EOFError, ValueError, zlib.error) as error:
            raise ValueError(
                f"Expected to unpack {names} from {self._address}, received a "
                f"{type(error).__name__}, so it is truncated or changed: {advice}."
            ) from error
        np.savez(temporary / self.file, **arrays)
        return temporary / self.file

    def _compare(self, path, named):
        """Compares a file with its checksum, or the one next to its final name."""
        record, recorded = _record_of(named), self.sha256
        if self.unpack is not None:
            if not record.exists():
                return
            recorded = record.read_text(encoding="utf-8").strip()[:64]
        found = sha256_of(path)
        if recorded != found:
            raise ValueError(
                f"Expected {self.file} to have the sha256 {recorded or 'none'} (see "
                f"{record}, if it exists), received {found}: delete both files, and "
                "the next call downloads them again."
            )

    def _check(self, arrays, source, advice):
        """Returns the arrays with labels of shape `(n,)`, or refuses them."""
        missing = [key for key in KEYS if key not in arrays]
        if missing:
            raise ValueError(
                f"Expected {source} to hold {', '.join(KEYS)}, received a file that "
                f"lacks {', '.join(missing)}: {advice}."
            )
        checked = {}
        for part, count in zip(("train", "test"), self.counts, strict=True):
            images, labels = arrays[f"x_{part}"], arrays[f"y_{part}"].reshape(-1)
            right = images.dtype == np.uint8 and labels.shape == (count,)
            if not right or images.shape != (count, *self.image_shape):
                raise ValueError(
                    f"Expected {source} to hold {count} labelled uint8 images of shape "
                    f"{self.image_shape} for {part}, received {images.dtype} of shape "
                    f"{images.shape} in x_{part} and {labels.size} labels in y_{part}: "
                    f"{advice}."
                )
            checked |= {f"x_{part}": images, f"y_{part}": labels}
        return checked


def _record_of(path):
    return path.with_name(path.name + ".sha256")


def sha256_of(path):
    """Returns the SHA-256 of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
