"""Reads and writes videos with imageio and imageio-ffmpeg."""

import contextlib
from pathlib import Path
from typing import NamedTuple

from gankit.files import atomic

SUFFIXES = {".mp4", ".mov", ".mkv", ".avi", ".m4v", ".webm"}
# The formats that support H.264 everywhere.
WRITTEN = {".mp4", ".mov", ".mkv"}


class Video(NamedTuple):
    """An open video.

    Attributes:
        frames: Iterator over uint8 arrays `(height, width, 3)`.
        count: Number of frames.
        fps: Frames per second.
        has_sound: Whether the file contains sound.
    """

    frames: object
    count: int
    fps: float
    has_sound: bool


@contextlib.contextmanager
def read_video(path):
    """Opens a video for a `with` block.

    Args:
        path: A file that ffmpeg can read.

    Yields:
        A `Video`. Its frames are read one at a time.

    Raises:
        ValueError: If the file cannot be read.
        ImportError: Without imageio and imageio-ffmpeg.
    """
    imageio = _imageio()
    reader = None
    # The error is suppressed, because it would keep the pipes to ffmpeg open.
    with contextlib.suppress(OSError, RuntimeError, ValueError, IndexError):
        # The reader requests the first frame from ffmpeg.
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
    """Writes a video of at least one frame in H.264, without sound, in a `with` block.

    The file appears once it is complete. H.264 halves the resolution of colour, which
    requires even sides. Frames with an odd side keep their size and get colour at full
    resolution, which some players cannot show.

    Args:
        path: The file, which ends in .mp4, .mov or .mkv.
        fps: Frames per second, rounded to two decimals.

    Yields:
        Function that takes the next frame, a uint8 array `(height, width, 3)`.

    Raises:
        ValueError: If the file name has another ending.
        ImportError: Without imageio and imageio-ffmpeg.
    """
    path = Path(path)
    if path.suffix.lower() not in WRITTEN:
        raise ValueError(
            f"Expected a video file ending in {', '.join(sorted(WRITTEN))}, received "
            f"{path.name}: choose one of these endings."
        )
    imageio = _imageio()
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic(path) as temporary, contextlib.ExitStack() as stack:
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
                    # Otherwise the frames would be scaled to multiples of 16.
                    macro_block_size=1,
                    pixelformat="yuv444p" if odd else "yuv420p",
                )
                stack.callback(writer.close)
            writer.append_data(frame)

        yield write


def _imageio():
    try:
        import imageio.v2 as imageio
        import imageio_ffmpeg  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "Expected imageio and imageio-ffmpeg for videos, received an environment "
            "without: install them with pip install imageio imageio-ffmpeg."
        ) from error
    return imageio
