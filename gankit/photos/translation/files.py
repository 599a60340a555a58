"""Translates files: an image, a folder of images, a video."""

import dataclasses
import itertools
from pathlib import Path

import numpy as np
from PIL import Image

from gankit.backend.progress_bar import progress_bar
from gankit.datasets import image_files
from gankit.photos.translation import videos
from gankit.photos.translation.any_size import translate
from gankit.photos.translation.flicker import Flicker
from gankit.photos.translation.smoothing import ResidualSmoothing


@dataclasses.dataclass(frozen=True)
class Translation:
    """What `translate_file` wrote.

    Attributes:
        kind: `"image"`, `"folder"` or `"video"`.
        count: Number of images or frames.
        fps: Frames per second of a video.
        flicker: `Flicker` of the translated video.
        flicker_before: The same before smoothing.
        sound_left_out: Whether the input video had sound, which the output has not.
    """

    kind: str
    count: int
    fps: float | None = None
    flicker: float | None = None
    flicker_before: float | None = None
    sound_left_out: bool = False


def kind_of(source, target):
    """Checks the input and the output, and returns what they are.

    Args:
        source: An image, a folder of images or a video.
        target: Where the translation goes, of the same kind. It must not exist, or
            must be an empty folder.

    Returns:
        `"image"`, `"folder"` or `"video"`.

    Raises:
        FileNotFoundError: If there is no `source`.
        FileExistsError: If `target` exists.
        ValueError: If either has an unknown ending.
    """
    source, target = Path(source), Path(target)
    if not source.exists():
        raise FileNotFoundError(
            f"Expected an image, a folder or a video, but there is no {source}: check "
            f"the spelling (the working directory is {Path.cwd()})."
        )
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise FileExistsError(
            f"Expected an output that does not exist yet, received {target}: choose "
            "another name, or move it away."
        )
    if source.is_dir():
        return "folder"
    for kind, known, written in (
        ("image", image_files.SUFFIXES, image_files.SUFFIXES),
        ("video", videos.SUFFIXES, videos.WRITTEN),
    ):
        if source.suffix.lower() in known:
            if target.suffix.lower() not in written or target.is_dir():
                raise ValueError(
                    f"Expected the output of {kind} {source.name} to end in "
                    f"{', '.join(sorted(written))}, received {target}: choose one of "
                    "these endings."
                )
            return kind
    known = sorted(image_files.SUFFIXES | videos.SUFFIXES)
    raise ValueError(
        f"Expected an image, a folder or a video ({', '.join(known)}), received "
        f"{source}: convert it."
    )


def translate_file(
    model, source, target, direction, *, smoothing=0.0, batch_size=8, progress=False
):
    """Translates an image, a folder of images or a video by a trained model.

    Images are decoded as by `gankit.datasets.image_folder`, but neither scaled nor
    cropped. An animated GIF gives its first frame. A folder becomes a folder of PNG
    files with the same names. A video keeps its size, number of frames and frame rate,
    but loses its sound.

    Args:
        model: A `gankit.CycleGAN`.
        source: The file or folder.
        target: Where its translation goes; see `kind_of`.
        direction: `"ab"` or `"ba"`.
        smoothing: Share of `ResidualSmoothing`, only for videos.
        batch_size: Images or frames in a batch.
        progress: Whether to show a progress bar on stderr.

    Returns:
        The `Translation`.

    Raises:
        FileNotFoundError: If there is no `source`.
        FileExistsError: If `target` exists.
        ValueError: If a file cannot be read, or does not fit the network.
        ImportError: If a video needs imageio, which is not installed.
    """
    source, target = Path(source), Path(target)
    kind = kind_of(source, target)
    smooth = ResidualSmoothing(smoothing)
    if kind == "video":
        return _video(model, source, target, direction, smooth, batch_size, progress)
    if smoothing:
        raise ValueError(
            f"Expected a video to smooth, received the {kind} {source}: leave "
            "smoothing out."
        )
    files = image_files.list_images(source) if kind == "folder" else [source]
    base = source if kind == "folder" else None
    count = _images(model, files, base, target, direction, batch_size, progress)
    return Translation(kind, count)


def _images(model, files, base, target, direction, batch_size, progress):
    """Translates image files; consecutive files of one size share batches.

    `base` is the folder that contains them, or None for a single file.
    """
    channels = model.g_ab.input_shape[-1]
    outcomes, paths = [], set()

    def decode():
        for file in progress_bar(files, unit="image", disable=not progress):
            (image,) = image_files.decode_all([file], size=None, channels=channels)
            readable = not isinstance(image, ValueError)
            outcomes.append(None if readable else image)
            if readable:
                yield file, image

    for _, group in itertools.groupby(decode(), key=lambda pair: pair[1].shape):
        for part in _batches(group, batch_size):
            images = np.stack([image for _, image in part])
            # A single image gets a batch of one.
            size = batch_size if len(part) > 1 else 1
            translated = translate(model, images, direction, batch_size=size)
            for (file, _), image in zip(part, translated, strict=True):
                path = target
                if base is not None:
                    path = target / file.relative_to(base).with_suffix(".png")
                    if path in paths:  # a.jpg next to a.png
                        path = path.with_name(f"{file.name}.png")
                paths.add(path)
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(image[..., 0] if channels == 1 else image).save(path)
    image_files.left_in(outcomes, files, base or files[0].parent)
    return len(paths)


def _video(model, source, target, direction, smooth, batch_size, progress):
    before, after = Flicker(), Flicker()
    count = 0
    with (
        videos.read_video(source) as video,
        videos.write_video(target, video.fps) as write,
        progress_bar(total=video.count, unit="frame", disable=not progress) as bar,
    ):
        for part in _batches(video.frames, batch_size):
            frames = np.stack(part)
            translated = translate(model, frames, direction, batch_size=batch_size)
            for frame, output in zip(frames, translated, strict=True):
                before.update(frame, output)
                output = smooth(frame, output)
                after.update(frame, output)
                write(output)
            count += len(frames)
            bar.update(len(frames))
    return Translation(
        "video", count, video.fps, after.result(), before.result(), video.has_sound
    )


def _batches(items, size):
    items = iter(items)
    while part := list(itertools.islice(items, size)):
        yield part
