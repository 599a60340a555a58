"""The data folder, and archives that are looked up there or fetched into it."""

import dataclasses
import hashlib
import os
import socket
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

KEYS = ("x_train", "y_train", "x_test", "y_test")
# Seconds without a single byte after which the network counts as absent.
PATIENCE = 30


def data_folder(folder=None):
    """Returns the folder in which data sets are looked for and stored.

    Args:
        folder: A folder that takes precedence over all others, or None.

    Returns:
        The `pathlib.Path` of the first that applies: `folder`; the environment
        variable `GANKIT_DATA`; `data` in the checkout, where the package runs
        from one; `~/.cache/gankit`. The folder need not exist.
    """
    folder = folder or os.environ.get("GANKIT_DATA")
    if folder:
        return Path(folder).expanduser()
    checkout = Path(__file__).resolve().parents[2]
    if (checkout / "pyproject.toml").is_file():
        return checkout / "data"
    return Path.home() / ".cache" / "gankit"


@dataclasses.dataclass(frozen=True)
class Archive:
    """An .npz file of labelled images that can be fetched.

    Args:
        file: Its name in the data folder.
        origin: Address of the folder that holds the downloads, ending in a slash.
        downloads: Names of the files to fetch.
        sha256: Checksum of the only download; None where its source gives none,
            and then the checksum of the first .npz file is recorded beside it.
        unpack: Makes a dictionary of the arrays from the downloaded files; None
            where the download is the .npz file.
        counts: Numbers of images in train and in test.
        image_shape: Shape of one image in the file.
        stand_in: What to use where there is no network.
    """

    file: str
    origin: str
    downloads: tuple[str, ...]
    sha256: str | None
    unpack: Callable[[list[Path]], dict[str, np.ndarray]] | None
    counts: tuple[int, int]
    image_shape: tuple[int, ...]
    stand_in: str

    def load(self, folder=None):
        """Returns the arrays by key, fetching the file first where it is missing."""
        path = data_folder(folder) / self.file
        if not path.exists():
            self._fetch(path)
        if self.sha256 is None:
            self._compare_with_record(path, path)
        return self._read(path)

    def _fetch(self, path):
        # The file gets its name only when it is whole and checked: what a cut
        # download leaves behind lies in a folder that nothing reads.
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(
                prefix=".download-", dir=path.parent
            ) as temporary:
                downloads = [
                    self._download(name, path.parent, temporary)
                    for name in self.downloads
                ]
                whole = self._verify(downloads, Path(temporary))
                if self.sha256 is None:
                    self._compare_with_record(whole, path)
                    record = Path(temporary) / "record"
                    record.write_text(f"{sha256_of(whole)}  {self.file}\n")
                    os.replace(record, _record_of(path))
                os.replace(whole, path)
        except ValueError:
            raise
        except Exception as error:  # Keras raises bare Exceptions.
            raise FileNotFoundError(
                f"{self.file} is not in {path.parent} and could not be fetched from "
                f"{self._address} ({error.__context__ or error}): put "
                f"{', '.join(self.downloads)} from there into that folder by hand, or "
                f"use {self.stand_in}, which needs no network."
            ) from error

    def _download(self, name, folder, temporary):
        """Returns a path of the file, which may lie in the data folder already."""
        import keras

        if (folder / name).exists():
            return folder / name
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
        """Returns the path of a checked .npz file made of the downloads."""
        names = ", ".join(self.downloads)
        advice = (
            f"try again, delete {names} from the data folder if it is there, or use "
            f"{self.stand_in}, which needs no network"
        )
        if self.sha256 is not None and sha256_of(downloads[0]) != self.sha256:
            raise ValueError(
                f"{self._address} must have the sha256 {self.sha256}, but what came "
                f"has {sha256_of(downloads[0])}, so it is cut or changed: {advice}."
            )
        if self.unpack is None:
            return downloads[0]
        try:
            arrays = self.unpack(downloads)
            self._check(arrays, names, advice)
        except (OSError, EOFError, ValueError, zlib.error) as error:
            raise ValueError(
                f"{names} from {self._address} cannot be unpacked "
                f"({type(error).__name__}), so what came is cut or changed: {advice}."
            ) from error
        np.savez(temporary / self.file, **arrays)
        return temporary / self.file

    def _compare_with_record(self, path, named):
        """Compares a file with the checksum recorded beside its final name."""
        record = _record_of(named)
        if not record.exists():
            return
        recorded, found = record.read_text().split()[:1], sha256_of(path)
        if recorded != [found]:
            raise ValueError(
                f"{self.file} has the sha256 {found}, but {record} records "
                f"{' '.join(recorded) or 'none'}: delete both files, and the next "
                "call fetches them again."
            )

    def _read(self, path):
        """Returns the arrays of a file, or refuses it."""
        advice = (
            "delete it, and the next call fetches it again; or put the right file "
            "there by hand"
        )
        damaged = (zipfile.BadZipFile, zlib.error)
        try:
            # Given a path, np.load leaves a damaged file open.
            with open(path, "rb") as file, np.load(file) as archive:
                arrays = {key: archive[key] for key in KEYS if key in archive.files}
        except (OSError, EOFError, TypeError, ValueError, *damaged) as error:
            raise ValueError(
                f"{path} must be a NumPy .npz file, but it is cut, damaged or of "
                f"another kind ({type(error).__name__}): {advice}."
            ) from error
        return self._check(arrays, path, advice)

    def _check(self, arrays, source, advice):
        """Returns the arrays with labels of shape `(n,)`, or refuses them."""
        missing = [key for key in KEYS if key not in arrays]
        if missing:
            raise ValueError(
                f"{source} must hold the arrays {', '.join(KEYS)}, but lacks "
                f"{', '.join(missing)}: {advice}."
            )
        checked = {}
        for part, count in zip(("train", "test"), self.counts, strict=True):
            images, labels = arrays[f"x_{part}"], arrays[f"y_{part}"].reshape(-1)
            right = images.dtype == np.uint8 and labels.shape == (count,)
            if not right or images.shape != (count, *self.image_shape):
                raise ValueError(
                    f"{source} must hold {count} labelled uint8 images of shape "
                    f"{self.image_shape} for {part}, but x_{part} is {images.dtype} "
                    f"of shape {images.shape} and y_{part} has {labels.size} labels: "
                    f"{advice}."
                )
            checked |= {f"x_{part}": images, f"y_{part}": labels}
        return checked


def _record_of(path):
    return path.with_name(path.name + ".sha256")


def sha256_of(path):
    """The checksum of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
