"""A download of one large file that goes on where it was cut."""

import hashlib
import http.client
import os
import urllib.error
import urllib.request

from tqdm import tqdm

from gankit.datasets.downloads import PATIENCE, sha256_of

BLOCK = 1 << 18


def fetch(address, path, *, sha256, size):
    """Fetches a file, or the rest of it.

    What came lies under a hidden name beside `path`, and gets its name only when it
    is whole and has the checksum.

    Args:
        address: Where the file is.
        path: `pathlib.Path` to store it at.
        sha256: Its checksum.
        size: Its length in bytes.

    Raises:
        ConnectionError: If the network is absent or was cut; the same call goes on.
        ValueError: If the server has another file.
    """
    # Named after the address, so that another file's beginning is not gone on with.
    origin = hashlib.sha256(address.encode()).hexdigest()[:8]
    partial = path.with_name(f".partial-{origin}-{path.name}")
    path.parent.mkdir(parents=True, exist_ok=True)
    came = partial.stat().st_size if partial.exists() else 0
    if came > size:
        came = 0
    if came < size:
        try:
            _receive(address, partial, came, size)
        except (OSError, http.client.HTTPException) as error:
            came = partial.stat().st_size if partial.exists() else 0
            raise ConnectionError(
                f"{came:,} of {size:,} bytes of {address} are here, as it could not "
                f"be fetched further ({getattr(error, 'reason', error)}): the same "
                "call goes on from there."
            ) from error
    found = sha256_of(partial)
    if found != sha256:
        partial.unlink()
        raise ValueError(
            f"Expected the sha256 {sha256} of {address}, received {found}: the file "
            "was changed on its way or there, so try again, or fetch it by hand."
        )
    os.replace(partial, path)


def _receive(address, partial, came, size):
    """Appends to the partial file what it lacks, or writes it anew."""
    request = urllib.request.Request(address)
    if came:
        request.add_header("Range", f"bytes={came}-")
    with _open(request, partial) as response:
        goes_on = response.status == http.client.PARTIAL_CONTENT
        if not goes_on:  # The server knows no ranges.
            came = 0
        length = response.headers.get("Content-Length")
        if length is not None and came + int(length) != size:
            # A page that stands in for the network's does not make what came void.
            if goes_on:
                partial.unlink()
            raise ValueError(_another_file(address))
        with (
            open(partial, "ab" if goes_on else "wb") as file,
            tqdm(
                desc=address.rsplit("/", 1)[1],
                initial=came,
                total=size,
                unit="B",
                unit_scale=True,
            ) as bar,
        ):
            while came < size and (block := response.read(min(BLOCK, size - came))):
                file.write(block)
                came += len(block)
                bar.update(len(block))
    if came < size:
        raise ConnectionError("the connection was cut")


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
        f"Expected a file of another length at {address}, so what is there is not the "
        "file that this version of gankit knows: fetch that one by hand."
    )
