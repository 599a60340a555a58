"""Sliders for a trained generator: directions, classes and interpolation."""

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

# Steps of the interpolation between two latents, of which the strip shows every fifth.
STEPS = 40
STRIP = range(0, STEPS + 1, 5)
# Approximate widths of the image and the strip on the screen, in pixels.
IMAGE_WIDTH, STRIP_WIDTH = 200, 600


def explore(model, train=None, *, class_names=None, count=6, seed=0):
    """Shows the images of a trained generator with sliders, in a notebook.

    Each slider moves the latent along one of the `gankit.photos.explore.directions`;
    the first one changes the image most. Another slider interpolates between the
    latents of two seeds, and with labels between two classes. The strip below shows
    the whole interpolation.

    Args:
        model: A `gankit.GAN` or `gankit.ConditionalGAN`.
        train: Its training images, uint8 `(n, height, width, channels)`, of which the
            nearest is shown, by the distance of the pixels in [0, 1]; `None` shows
            none.
        class_names: Names of the classes; `None` numbers them.
        count: Number of directions.
        seed: Seed of the first latent, as in `model.sample(1, seed=seed)`.

    Returns:
        The `Explorer`, which a notebook shows. Without ipywidgets, a message is
        printed and the result is `None`.

    Raises:
        ValueError: If the model or `count` is invalid, or the training images or class
            names do not fit the model.
    """
    if importlib.util.find_spec("ipywidgets") is None:
        print(
            "Sliders need ipywidgets, which is not installed: pip install ipywidgets, "
            "or draw gankit.traversal(model)."
        )
        return None
    return Explorer(model, train, class_names, count, seed)


class Explorer:
    """The widgets of `explore`, and the images that they draw.

    Code can set the widgets too; the images follow.

    Args:
        model, train, class_names, count, seed: As in `explore`.

    Attributes:
        directions: The `gankit.photos.explore.directions.Directions`.
        sliders: A slider for each direction, in standard deviations of the latent.
        seeds: The seeds of both ends of the interpolation.
        classes: The classes of both ends; empty without labels.
        position: Position of the image between the ends, 0 to 1.
        kind: Kind of interpolation, `"spherical"` or `"linear"`.
        another: Button that increases the seeds by 1.
        reset: Button that sets all sliders to 0.
        image: The image, uint8 `(height, width, channels)`.
        strip: Images of the interpolation, uint8 `(9, height, width, channels)`.
        nearest: Index of the nearest training image; `None` without these.

    Raises:
        ImportError: If ipywidgets is not installed.
        ValueError: As in `explore`.
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
            "text/plain": "sliders, which appear when this notebook runs",
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
        self.position = widgets.FloatSlider(
            min=0.0, max=1.0, step=1 / STEPS, description="position", **form
        )
        # With labels both seeds are equal at first, so that only the class changes.
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
        # Next to the controls if there is room, otherwise below them.
        self._pictures = widgets.HTML(layout=widgets.Layout(flex="1 1 200px"))
        self._strip_picture = widgets.HTML()

        inputs = *self.sliders, self.position, *self.seeds, *self.classes, self.kind
        for widget in inputs:
            widget.observe(lambda _: self._draw(), "value")
        self.another.on_click(lambda _: self._next_seeds())
        self.reset.on_click(lambda _: self._reset_sliders())
        self._redraw_on_change = True
        controls = [
            widgets.HTML("Directions (and the change of each in grey levels)"),
            *self.sliders,
            widgets.HTML("Interpolation between two latents"),
            self.position,
            *self.seeds,
            *self.classes,
            self.kind,
            widgets.HBox([self.another, self.reset]),
        ]
        upper = widgets.HBox(
            [widgets.VBox(controls), self._pictures],
            layout=widgets.Layout(flex_flow="row wrap"),
        )
        self._panel = widgets.VBox([upper, self._strip_picture])

    def _next_seeds(self):
        self._set({seed: seed.value + 1 for seed in self.seeds})

    def _reset_sliders(self):
        self._set(dict.fromkeys((*self.sliders, self.position), 0.0))

    def _set(self, values):
        """Sets several widgets and draws once."""
        self._redraw_on_change = False
        for widget, value in values.items():
            widget.value = value
        self._redraw_on_change = True
        self._draw()

    def _draw(self):
        if not self._redraw_on_change:
            return
        latents, shares = self._interpolation()
        for slider, step in zip(self.sliders, self.directions.steps, strict=True):
            latents = latents + slider.value * step
        steps = [round(STEPS * self.position.value), *STRIP]
        shares = None if shares is None else shares[steps]
        images = np.clip(self._render(latents[steps], shares), -1.0, 1.0)
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
        self._strip_picture.value = _figure(
            strip, f"interpolation {self._ends()}", STRIP_WIDTH
        )

    def _interpolation(self):
        """Latents and class shares at all steps, before the sliders move them."""
        sample = self._render.model.sample_latent
        latents = [sample(1, seed=seed.value)[0] for seed in self.seeds]
        latents = interpolate(
            *map(ops.convert_to_numpy, latents), STEPS + 1, kind=self.kind.value
        )
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
    """Training images, prepared to find the nearest one quickly."""

    def __init__(self, images, form):
        images = np.asarray(images)
        form = tuple(form[1:])
        if images.dtype != np.uint8 or images.shape[1:] != form or not len(images):
            raise ValueError(
                f"Expected training images uint8 (n, {', '.join(map(str, form))}) "
                f"like the model's, received {images.dtype} {images.shape}: pass its "
                "training images."
            )
        self.images = images
        self._pixels = images.reshape(len(images), -1).astype("float32") / 255
        self._squares = np.einsum("ij,ij->i", self._pixels, self._pixels)

    def nearest(self, image):
        """Index of the nearest image, and a caption with its distance."""
        pixels = image.reshape(-1).astype("float32") / 255
        # The image's own square is a constant.
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
            f"Expected {num_classes} names of classes, as the model has "
            f"{num_classes}, received {len(names)}: pass class_names of its data."
        )
    return [str(name) for name in names]


def _figure(image, caption, width):
    """An image as HTML, enlarged by an integer factor, above its caption."""
    png = io.BytesIO()
    picture = Image.fromarray(image.squeeze())
    picture.save(png, "png", compress_level=1)
    source = base64.b64encode(png.getvalue()).decode()
    pixels = picture.width * max(1, round(width / picture.width))
    caption = html.escape(caption)
    # Synchronous decoding keeps the picture from flickering as a slider moves.
    return (
        f'<figure style="margin: 8px; width: {pixels}px; max-width: 100%">'
        f'<img alt="{caption}" src="data:image/png;base64,{source}" decoding="sync" '
        f'style="width: 100%; image-rendering: pixelated">'
        f'<figcaption style="font-size: 14px; line-height: 1.3">{caption}</figcaption>'
        "</figure>"
    )
