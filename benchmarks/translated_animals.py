"""Measures the colours of translated animals, and the flicker of a translated film.

    python benchmarks/translated_animals.py

Both are of dtu/stripes, a saved model, on drawn animals that come with gankit. It
writes results/coats/ and results/flicker/: each a table.csv and a samples.png.
"""

import numpy as np
import record
from matplotlib.colors import rgb_to_hsv

import gankit
from gankit import datasets, plotting
from gankit.backend import device
from gankit.photos import translation
from gankit.plotting.grids import draw_rows

# Where a translation changes a picture by more grey levels, the animal is.
CHANGED = 40
# A film's frames, those that are shown, and the share of earlier ones in an average.
FRAMES = 48
SHOWN = slice(22, 25)
SHARE = 0.8


def coat(image, translated):
    """The pixels of the animal, `(n, 3)`."""
    change = np.abs(translated.astype("int") - image).mean(axis=-1)
    return image[change > CHANGED]


def colours(coats):
    """Brightness of coats, and hue in degrees of all their pixels."""
    brightness = [pixels.mean() for pixels in coats]
    hue = 360 * rgb_to_hsv(np.concatenate(coats) / 255)[:, 0]
    low, high = np.percentile(hue, (10, 90))
    return {
        "animals": len(coats),
        "brightness": np.mean(brightness),
        "deviation": np.std(brightness, ddof=1),
        "darkest": min(brightness),
        "brightest": max(brightness),
        "hue, 10 %": low,
        "hue, 90 %": high,
    }, hue


def coats(model):
    data = datasets.stripes()
    plain, striped = data.test_a, data.test_b
    made = model.translate(striped, "ba")
    found = {
        "real": zip(plain, model.translate(plain, "ab"), strict=True),
        "translated": zip(made, striped, strict=True),
    }
    picture = plotting.Picture(figsize=(7.5, 2.8), layout="constrained")
    axes, of_hues = picture.subplots(1, 2)
    rows = []
    for what, pairs in found.items():
        pixels = [each for pair in pairs if len(each := coat(*pair))]
        row, hue = colours(pixels)
        rows.append({"what": what, **row})
        levels = sorted(each.mean() for each in pixels)
        axes.plot(np.linspace(0, 100, len(levels)), levels, ".-", label=what)
        weights = np.full(len(hue), 100 / len(hue))
        of_hues.hist(hue, np.arange(0, 91, 3), weights=weights, alpha=0.6)
    axes.set(xlabel="share of the animals (%)", ylabel="brightness of the coat")
    of_hues.set(xlabel="hue (degrees; 0 red, 60 yellow)", ylabel="pixels (%)")
    picture.legend(loc="outside lower center", ncols=2, fontsize=10)
    folder = record.save_table("coats", rows)
    (folder / "samples.png").write_bytes(picture.png())


def flicker(model):
    film = datasets.walking_animal(FRAMES, positions=(0.1, 0.9))
    translated = model.translate(film, "ab")
    smooth = translation.ResidualSmoothing(SHARE)
    averaged = [translated[0].astype("float32")]
    for frame in translated[1:]:
        averaged.append(SHARE * averaged[-1] + (1 - SHARE) * frame)
    films = {
        "input": film,
        "translated": translated,
        "smoothed": np.stack(
            [smooth(*pair) for pair in zip(film, translated, strict=True)]
        ),
        "averaged": np.round(averaged).astype("uint8"),
    }
    folder = record.save_table(
        "flicker",
        [
            {"what": what, "frames": FRAMES, "flicker": translation.flicker(film, made)}
            for what, made in films.items()
        ],
    )
    shown = {what: made[SHOWN] for what, made in films.items()}
    picture, _ = draw_rows(shown)
    # Photographs in true colour would take five times as much.
    picture.quantize(32).save(folder / "samples.png", optimize=True)


if __name__ == "__main__":
    device.setup(precision="float32")
    translator = gankit.pretrained("dtu/stripes")
    coats(translator)
    flicker(translator)
