"""Reads and writes videos with imageio and the ffmpeg of its wheel."""

import contextlib
import os
from pathlib import Path
from typing import NamedTuple

SUFFIXES = {".mp4", ".mov", ".mkv", ".avi", ".m4v", ".webm"}
# Those that H.264 goes into everywhere.
WRITTEN = {".mp4", ".mov", ".mkv"}


class Video(NamedTuple):
    """A video that is being read.

    Attributes:
        frames: Iterator over uint8 arrays `(height, width, 3)`.
        count: How many frames there are.
        fps: Frames in a second.
        has_sound: Whether the file holds sound too.
    """

    frames: object
    count: int
    fps: float
    has_sound: bool


@contextlib.contextmanager
def read_video(path):
    """Opens a video, for a `with` block.

    Args:
        path: A file that ffmpeg can read.

    Yields:
        A `Video`, whose frames are read one by one.

    Raises:
        ValueError: If the file cannot be read.
        ImportError: Without imageio and imageio-ffmpeg.
    """
    imageio = _imageio()
    reader = None
    # The error is dropped, as it would keep the pipes to ffmpeg open.
    with contextlib.suppress(OSError, RuntimeError, ValueError, IndexError):
        # The reader asks ffmpeg for the first frame.
        reader = imageio.get_reader(path, format="FFMPEG")
        count = reader.count_frames()
    if reader is None:
        raise ValueError(
            f"Expected a video that ffmpeg can read, received {path}: replace the file "
            "or convert it."
        )
    with reader:
        about = reader.get_meta_data()
        yield Video(iter(reader), count, about["fps"], bool(about.get("audio_codec")))


@contextlib.contextmanager
def write_video(path, fps):
    """Writes a video in H.264, without sound, for a `with` block.

    The file appears when it is whole. Frames with an odd side are kept at their size
    by giving up the halved resolution of colour, which not every player can show.

    Args:
        path: The file, which ends in .mp4, .mov or .mkv.
        fps: Frames in a second; ffmpeg is given two decimals.

    Yields:
        Function that takes the next frame, a uint8 array `(height, width, 3)`.

    Raises:
        ValueError: If the name ends otherwise.
        ImportError: Without imageio and imageio-ffmpeg.
    """
    path = Path(path)
    if path.suffix.lower() not in WRITTEN:
        raise ValueError(
            f"Expected a video to be written as {', '.join(sorted(WRITTEN))}, received "
            f"{path.name}: choose one of these endings."
        )
    imageio = _imageio()
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".partial-{path.name}")
    writer = None

    def write(frame):
        nonlocal writer
        if writer is None:
            odd = any(side % 2 for side in frame.shape[:2])
            writer = imageio.get_writer(
                temporary,
                format="FFMPEG",
                fps=fps,
                codec="libx264",
                quality=8,
                # Else the frames would be scaled to multiples of 16.
                macro_block_size=1,
                pixelformat="yuv444p" if odd else "yuv420p",
            )
        writer.append_data(frame)

    try:
        yield write
    except BaseException:
        if writer is not None:
            writer.close()
            temporary.unlink(missing_ok=True)
        raise
    if writer is not None:
        writer.close()
        os.replace(temporary, path)


def _imageio():
    try:
        import imageio.v2 as imageio
        import imageio_ffmpeg  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "Expected imageio and imageio-ffmpeg, which videos need, received an "
            "environment without: install them with pip install imageio imageio-ffmpeg."
        ) from error
    return imageio
