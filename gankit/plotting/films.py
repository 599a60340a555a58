"""Films of a training, stages next to each other, and animated image grids."""

import warnings
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont


def save_film(path, folder, *, scale=2):
    """Joins the frames of `gankit.callbacks.SampleGrid` into a WebP of 10 seconds.

    Every frame has a caption with its step. The last one is shown for two seconds. All
    colours are kept, as a GIF would not. Broken frames are left out with a warning;
    without any frame, no file is written.

    Args:
        path: The file, ending in .webp.
        folder: Folder with `step-000100.png` and so on.
        scale: Integer factor that enlarges the pixels.
    """
    frames = [_add_caption(*frame, scale) for frame in _frames(folder).items()]
    if not frames:
        return
    each = max(40, 8000 // len(frames))
    frames[0].save(
        path,
        save_all=True,
        append_images=frames[1:],
        duration=[each] * (len(frames) - 1) + [2000],
        loop=0,
        lossless=True,
    )


def _frames(folder):
    """The pictures of the frames that can be read, by step."""
    frames = {}
    for path in sorted(Path(folder).glob("step-*.png")):
        try:
            with Image.open(path) as picture:
                frames[int(path.stem.removeprefix("step-"))] = picture.copy()
        except OSError as error:
            warnings.warn(
                f"{path} is left out of the film, as it is no whole picture ({error}).",
                stacklevel=3,
            )
    return frames


def _add_caption(step, picture, scale):
    mode = "L" if picture.mode == "L" else "RGB"
    size = (picture.width * scale, picture.height * scale)
    bar = 28
    frame = Image.new(mode, (size[0], size[1] + bar), "white")
    frame.paste(picture.convert(mode).resize(size, Image.Resampling.NEAREST), (0, bar))
    ImageDraw.Draw(frame).text(
        (8, 4),
        f"step {step:,}",
        fill="black",
        font=ImageFont.load_default(18),
    )
    return frame


def save_stages(path, folder, steps):
    """Puts frames of `gankit.callbacks.SampleGrid` next to each other in one PNG.

    Args:
        path: The PNG.
        folder: Folder with `step-000100.png` and so on.
        steps: The requested steps in ascending order. For each, the first frame at or
            after that step is used, but no frame twice.

    Returns:
        The steps of the frames in the picture. If there are none, no file is written.
    """
    found = _frames(folder)
    chosen = {next((s for s in found if s >= step), None): None for step in steps}
    chosen.pop(None, None)
    if not chosen:
        return []
    frames = [_add_caption(step, found[step], 1) for step in chosen]
    gap = 8
    width = sum(frame.width for frame in frames) + gap * (len(frames) - 1)
    picture = Image.new(frames[0].mode, (width, frames[0].height), "white")
    left = 0
    for frame in frames:
        picture.paste(frame, (left, 0))
        left += frame.width + gap
    picture.save(path, optimize=True)
    return list(chosen)
