"""Sliders over a trained generator: directions, classes and ways between latents."""

import base64
import html
import importlib.util
import io

import numpy as np
from keras import ops
from PIL import Image

from gankit.datasets import to_uint8
from gankit.photos.explore import directions
from gankit.photos.explore.latents import interpolate
from gankit.photos.explore.rendering import Renderer
from gankit.plotting import image_grid

# The way from the first latent to the second in so many steps, of which every fifth
# is on the strip.
STEPS = 40
STRIP = range(0, STEPS + 1, 5)
# About how many pixels of the screen an image and the strip are wide.
IMAGE_WIDTH, STRIP_WIDTH = 200, 600


def explore(model, train=None, *, class_names=None, count=6, seed=0):
    """Shows a trained generator under sliders, in a notebook.

    Each slider moves the latent along one of its `gankit.photos.explore.directions`, those that change
    the image most first. The latent itself lies on the way between those of two seeds,
    and with labels between two classes; the strip below is the whole way.

    Args:
        model: A `gankit.GAN` or `gankit.ConditionalGAN`.
        train: The uint8 images `(n, height, width, channels)` that it was trained on,
            of which the nearest is shown, by the distance of the pixels in [0, 1];
            `None` shows none.
        class_names: Names of the classes; `None` numbers them.
        count: Number of directions.
        seed: Seed of the first latent, the one of `model.sample(1, seed=seed)`.

    Returns:
        The `Explorer`, which a notebook shows; `None` without ipywidgets, where a
        sentence is printed.

    Raises:
        ValueError: If the model or `count` does not fit, the training images are not of
            the form of its images, or there are not as many names as classes.
    """
    if importlib.util.find_spec("ipywidgets") is None:
        print(
            "no sliders here, as ipywidgets is not installed: pip install ipywidgets, "
            "or draw gankit.traversal(model)"
        )
        return None
    return Explorer(model, train, class_names, count, seed)


class Explorer:
    """What `explore` shows: widgets, and what they make the generator draw.

    Arguments as in `explore`. The widgets may be set by code; the images follow.

    Attributes:
        directions: The `gankit.photos.explore.directions.Directions`.
        sliders: A slider for each, in standard deviations of the latent.
        seeds: The seeds of both ends of the way.
        classes: The classes of both ends; none without labels.
        share: Where on the way the image is, 0 to 1.
        kind: How latents are interpolated, `"spherical"` or `"linear"`.
        another: Button that takes the next seeds.
        reset: Button that brings all sliders back to 0.
        image: The image, uint8 `(height, width, channels)`.
        strip: The images of the way, uint8 `(9, height, width, channels)`.
        nearest: Index of the nearest training image; `None` without these.
    """

    def __init__(self, model, train, class_names, count, seed):
        self._render = Renderer(model, 1 + len(STRIP))
        names = _names(class_names, self._render.num_classes)
        self._training = None
        if train is not None:
            self._training = _TrainingImages(train, self._render.network.output_shape)
        self.nearest = None
        self.directions = directions.find(self._render, count)
        self._make_widgets(names, seed)
        self._draw()

    def _repr_mimebundle_(self, **options):
        return {
            **self._panel._repr_mimebundle_(**options),
            "text/plain": "sliders, where this notebook is run",
        }

    def _make_widgets(self, names, seed):
        import ipywidgets as widgets

        form = {
            "style": {"description_width": "120px"},
            "layout": widgets.Layout(width="350px"),
        }
        self.sliders = [
            widgets.FloatSlider(
                min=-3.0,
                max=3.0,
                step=0.1,
                readout_format="+.1f",
                description=f"direction {i} ({levels:.0f})",
                tooltip=f"one standard deviation changes {levels:.0f} grey levels",
                **form,
            )
            for i, levels in enumerate(self.directions.levels, start=1)
        ]
        self.share = widgets.FloatSlider(
            min=0.0, max=1.0, step=1 / STEPS, description="on the way", **form
        )
        # With labels the latent stays at first, and the class changes alone.
        seeds = {"from seed": seed, "to seed": seed + (0 if names else 1)}
        self.seeds = [
            widgets.BoundedIntText(value, 0, 2**31 - 1, description=end, **form)
            for end, value in seeds.items()
        ]
        options = [(name, label) for label, name in enumerate(names)]
        self.classes = [
            widgets.Dropdown(options=options, value=label, description=end, **form)
            for label, end in enumerate(("from class", "to class"))
            if names
        ]
        self.kind = widgets.Dropdown(
            options=("spherical", "linear"), description="latents", **form
        )
        self.another = widgets.Button(description="another", tooltip="the next seeds")
        self.reset = widgets.Button(description="reset", tooltip="all sliders to 0")
        # Beside the controls where there is room, and below them where there is not.
        self._pictures = widgets.HTML(layout=widgets.Layout(flex="1 1 200px"))
        self._way_pictures = widgets.HTML()

        values = *self.sliders, self.share, *self.seeds, *self.classes, self.kind
        for widget in values:
            widget.observe(lambda _: self._draw(), "value")
        self.another.on_click(lambda _: self._take_next_seeds())
        self.reset.on_click(lambda _: self._bring_back())
        self._drawing = True
        controls = [
            widgets.HTML("Directions (and the grey levels that each changes)"),
            *self.sliders,
            widgets.HTML("The way from one latent to another"),
            self.share,
            *self.seeds,
            *self.classes,
            self.kind,
            widgets.HBox([self.another, self.reset]),
        ]
        beside = widgets.HBox(
            [widgets.VBox(controls), self._pictures],
            layout=widgets.Layout(flex_flow="row wrap"),
        )
        self._panel = widgets.VBox([beside, self._way_pictures])

    def _take_next_seeds(self):
        self._set({seed: seed.value + 1 for seed in self.seeds})

    def _bring_back(self):
        self._set(dict.fromkeys((*self.sliders, self.share), 0.0))

    def _set(self, values):
        """Sets several widgets and draws once."""
        self._drawing = False
        for widget, value in values.items():
            widget.value = value
        self._drawing = True
        self._draw()

    def _draw(self):
        if not self._drawing:
            return
        latents, shares = self._way()
        for slider, step in zip(self.sliders, self.directions.steps, strict=True):
            latents = latents + slider.value * step
        drawn = [round(STEPS * self.share.value), *STRIP]
        shares = None if shares is None else shares[drawn]
        images = np.clip(self._render(latents[drawn], shares), -1.0, 1.0)
        images = to_uint8(images, (-1.0, 1.0))
        self.image, self.strip = images[0], images[1:]

        figures = [_figure(self.image, "the image", IMAGE_WIDTH)]
        if self._training is not None:
            self.nearest, caption = self._training.nearest(self.image)
            nearest = self._training.images[self.nearest]
            figures.append(_figure(nearest, caption, IMAGE_WIDTH))
        self._pictures.value = (
            f'<div style="display: flex; flex-wrap: wrap">{"".join(figures)}</div>'
        )
        strip = image_grid(self.strip, columns=len(STRIP))
        self._way_pictures.value = _figure(
            strip, f"the way {self._ends()}", STRIP_WIDTH
        )

    def _way(self):
        """Latents and shares of the classes at all steps, without the directions."""
        latents = [
            ops.convert_to_numpy(self._render.model.sample_latent(1, seed=seed.value))[
                0
            ]
            for seed in self.seeds
        ]
        latents = interpolate(*latents, STEPS + 1, kind=self.kind.value)
        if not self.classes:
            return latents, None
        ends = np.eye(self._render.num_classes)[[end.value for end in self.classes]]
        return latents, interpolate(*ends, STEPS + 1, kind="linear")

    def _ends(self):
        ends = [f"seed {seed.value}" for seed in self.seeds]
        if self.classes:
            classes = [f"class {end.label}" for end in self.classes]
            ends = [f"{one}, {two}" for one, two in zip(classes, ends, strict=True)]
        return f"from {ends[0]} to {ends[1]}"


class _TrainingImages:
    """Training images whose nearest is found while somebody waits."""

    def __init__(self, images, form):
        images = np.asarray(images)
        form = tuple(form[1:])
        if images.dtype != np.uint8 or images.shape[1:] != form or not len(images):
            raise ValueError(
                f"Expected training images uint8 (n, {', '.join(map(str, form))}) "
                f"like the model's, received {images.dtype} {images.shape}: pass those "
                "that it was trained on."
            )
        self.images = images
        self._pixels = images.reshape(len(images), -1).astype("float32") / 255
        self._squares = np.einsum("ij,ij->i", self._pixels, self._pixels)

    def nearest(self, image):
        """Index of the nearest image and a caption that tells its distance."""
        pixels = image.reshape(-1).astype("float32") / 255
        # The image's own square is the same for all.
        index = int(np.argmin(self._squares - self._pixels @ (2 * pixels)))
        distance = np.linalg.norm(self._pixels[index] - pixels)
        return index, (
            f"the nearest of {len(self.images):,} training images, at a distance of "
            f"{distance:.1f}"
        )


def _names(class_names, num_classes):
    if num_classes is None:
        return []
    names = range(num_classes) if class_names is None else class_names
    if len(names) != num_classes:
        raise ValueError(
            f"Expected {num_classes} names of classes, as many as the model has, "
            f"received {len(names)}: pass class_names of its data."
        )
    return [str(name) for name in names]


def _figure(image, caption, width):
    """An image as HTML, enlarged by a whole number, over its caption."""
    png = io.BytesIO()
    picture = Image.fromarray(image.squeeze())
    picture.save(png, "png", compress_level=1)
    source = base64.b64encode(png.getvalue()).decode()
    shown = picture.width * max(1, round(width / picture.width))
    caption = html.escape(caption)
    # Decoded before it is shown, or the picture would flicker under the slider.
    return (
        f'<figure style="margin: 8px; width: {shown}px; max-width: 100%">'
        f'<img alt="{caption}" src="data:image/png;base64,{source}" decoding="sync" '
        f'style="width: 100%; image-rendering: pixelated">'
        f'<figcaption style="font-size: 14px; line-height: 1.3">{caption}</figcaption>'
        "</figure>"
    )
