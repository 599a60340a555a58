"""Films: of a training, its frames side by side, and of images that change."""

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from gankit.plotting.grids import image_grid


def save_film(path, folder, *, scale=2, seconds=8.0):
    """Joins the frames that `gankit.callbacks.SampleGrid` drew into a GIF.

    Every frame is captioned with its step; the last one stays for two seconds.

    Args:
        path: The GIF.
        folder: Folder of `step-000100.png` and so on.
        scale: Whole number by which the pixels are enlarged.
        seconds: Length of the film without the last frame's stay.
    """
    paths = sorted(Path(folder).glob("step-*.png"))
    frames = [_captioned(Image.open(p), p.stem, scale) for p in paths]
    each = max(40, int(1000 * seconds / len(frames)))
    frames[0].save(
        path,
        save_all=True,
        append_images=frames[1:],
        duration=[each] * (len(frames) - 1) + [2000],
        loop=0,
        optimize=True,
    )


def _captioned(picture, stem, scale):
    mode = "L" if picture.mode == "L" else "RGB"
    size = (picture.width * scale, picture.height * scale)
    bar = 28
    frame = Image.new(mode, (size[0], size[1] + bar), "white")
    frame.paste(picture.convert(mode).resize(size, Image.Resampling.NEAREST), (0, bar))
    ImageDraw.Draw(frame).text(
        (8, 4),
        f"step {int(stem.removeprefix('step-')):,}",
        fill="black",
        font=ImageFont.load_default(18),
    )
    return frame


def save_animation(file, frames, *, columns=None, scale=2, seconds=0.1):
    """Writes grids of images, one after the other and for ever, as a GIF.

    Args:
        file: Path, or a binary file that is open for writing.
        frames: List of uint8 arrays `(n, height, width, channels)`, a grid each.
        columns: Images in a row; `None` makes the grids as square as may be.
        scale: Whole number by which the pixels are enlarged.
        seconds: How long a frame stays.
    """
    grids = [Image.fromarray(image_grid(f, columns=columns)) for f in frames]
    size = (grids[0].width * scale, grids[0].height * scale)
    # Few levels, as a GIF takes room for every change of one.
    first, *others = (
        g.resize(size, Image.Resampling.NEAREST).quantize(16) for g in grids
    )
    first.save(
        file,
        format="GIF",
        save_all=True,
        append_images=others,
        duration=int(1000 * seconds),
        loop=0,
        optimize=True,
    )


def save_stages(path, folder, steps):
    """Puts frames that `gankit.callbacks.SampleGrid` drew side by side.

    Args:
        path: The PNG.
        folder: Folder of `step-000100.png` and so on.
        steps: The steps wanted, in rising order; for each the first frame that
            reached it is taken, once, and steps that none reached are left out.

    Returns:
        The steps of the frames that were taken; without any there is no picture.
    """
    paths = {
        int(frame.stem.removeprefix("step-")): frame
        for frame in sorted(Path(folder).glob("step-*.png"))
    }
    chosen = {next((s for s in paths if s >= step), None): None for step in steps}
    chosen.pop(None, None)
    if not chosen:
        return []
    frames = [_captioned(Image.open(paths[s]), paths[s].stem, 1) for s in chosen]
    gap = 8
    width = sum(frame.width for frame in frames) + gap * (len(frames) - 1)
    picture = Image.new(frames[0].mode, (width, frames[0].height), "white")
    left = 0
    for frame in frames:
        picture.paste(frame, (left, 0))
        left += frame.width + gap
    if picture.mode == "RGB":
        # A fifth of the room, as such a picture is kept in a repository.
        picture = picture.quantize(48, dither=Image.Dither.NONE)
    picture.save(path, optimize=True)
    return list(chosen)
