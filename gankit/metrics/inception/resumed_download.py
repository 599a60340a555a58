"""Downloads one large file, and resumes an interrupted download."""

import hashlib
import http.client
import os
import urllib.error
import urllib.request

from gankit.backend.progress_bar import progress_bar
from gankit.datasets.downloads import PATIENCE, sha256_of

BLOCK = 1 << 18


def fetch(address, path, *, sha256, size):
    """Downloads a file, or the rest of it.

    The partial file has a hidden name next to `path` and survives an interruption. It
    is renamed to `path` once it is complete and its checksum is correct.

    Args:
        address: The address of the file.
        path: `pathlib.Path` of the downloaded file.
        sha256: Its checksum.
        size: Its length in bytes.

    Raises:
        ConnectionError: If there is no network or the connection was lost. The same
            call resumes the download.
        ValueError: If the server has another file.
    """
    # The name depends on the address, so one download never resumes another.
    origin = hashlib.sha256(address.encode()).hexdigest()[:8]
    partial = path.with_name(f".partial-{origin}-{path.name}")
    path.parent.mkdir(parents=True, exist_ok=True)
    received = partial.stat().st_size if partial.exists() else 0
    if received > size:
        received = 0
    if received < size:
        try:
            _receive(address, partial, received, size)
        except (OSError, http.client.HTTPException) as error:
            received = partial.stat().st_size if partial.exists() else 0
            raise ConnectionError(
                f"Received {received:,} of {size:,} bytes of {address} before the "
                f"connection failed ({getattr(error, 'reason', error)}): make the same "
                "call again, which resumes from there."
            ) from error
    found = sha256_of(partial)
    if found != sha256:
        partial.unlink()
        raise ValueError(
            f"Expected {address} to have the sha256 {sha256}, received {found}: the "
            "file was changed, so try again, or download it by hand."
        )
    os.replace(partial, path)


def _receive(address, partial, received, size):
    """Appends the missing bytes to the partial file, or writes it from the start."""
    request = urllib.request.Request(address)
    if received:
        request.add_header("Range", f"bytes={received}-")
    with _open(request, partial) as response:
        resumes = response.status == http.client.PARTIAL_CONTENT
        if not resumes:  # The server does not support ranges.
            received = 0
        length = response.headers.get("Content-Length")
        if length is not None and received + int(length) != size:
            # A login page in place of the file does not invalidate the partial file.
            if resumes:
                partial.unlink()
            raise ValueError(_another_file(address))
        with (
            open(partial, "ab" if resumes else "wb") as file,
            progress_bar(
                desc=address.rsplit("/", 1)[1],
                initial=received,
                total=size,
                unit="B",
                unit_scale=True,
            ) as bar,
        ):
            while received < size and (
                block := response.read(min(BLOCK, size - received))
            ):
                file.write(block)
                received += len(block)
                bar.update(len(block))
    if received < size:
        raise ConnectionError("the connection was lost")


def _open(request, partial):
    try:
        return urllib.request.urlopen(request, timeout=PATIENCE)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code != http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise
        partial.unlink(missing_ok=True)
        raise ValueError(_another_file(request.full_url)) from error


def _another_file(address):
    return (
        f"Expected a file of another length at {address}, received one that this "
        "version of gankit does not know: download the right one by hand."
    )
