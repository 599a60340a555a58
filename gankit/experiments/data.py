"""Data sets of the experiments, for each size of a run."""

import functools

import numpy as np

from gankit import datasets

# Steps of 128 in a pass over MNIST's 55,000 training digits, rounded up.
MNIST_EPOCH = 430
# Pictures of each of two kinds that are held out for scores.
HELD_OUT = 200
# The same of the 204 pictures of one cat.
CATS_HELD_OUT = 44


def is_used(size, folder, file):
    """Whether a run uses a data set itself; says so where something stands in for it.

    Args:
        size: `"full"` always uses it, `"class"` where it is there. `"smoke"` does not.
        folder: The data folder. If it is named, nothing stands in for what is missing.
        file: A file or folder of the data set.

    Returns:
        Whether it is used.
    """
    if folder is not None or size == "full":
        return True
    place = datasets.data_folder()
    used = size == "class" and (place / file).exists()
    if not used:
        stand_in(f"{file} in {place}", "--data FOLDER or --size full")
    return used


@functools.cache
def stand_in(what, options):
    """Says, once in a process, that other images stand in for those of a data set."""
    print(
        f"gankit: images that come with gankit stand in for {what}; {options} takes "
        "the data themselves."
    )


def mnist(size, folder):
    """MNIST; scikit-learn's digits for quick runs or where MNIST is missing.

    Args:
        size: `"smoke"`, `"class"` or `"full"`. Full runs take the data set itself,
            smoke runs what stands in for it, class runs the data set if it is there.
        folder: The data folder. If it is named, every run takes the data set itself;
            `None` looks where `gankit.datasets` does.

    Returns:
        `gankit.datasets.ImageData`.
    """
    if is_used(size, folder, "mnist.npz"):
        return datasets.mnist(folder)
    return datasets.digits(size=28)


def cifar10(size, folder):
    """CIFAR-10; drawn shapes for quick runs or where CIFAR-10 is missing.

    Args:
        size, folder: As in `mnist`.

    Returns:
        `gankit.datasets.ImageData`.
    """
    if is_used(size, folder, "cifar10.npz"):
        return datasets.cifar10(folder)
    return datasets.shapes()


def fruit(size, folder):
    """Apples and oranges, 64 x 64, as one set of two classes; drawn animals for tests.

    The last 200 photographs of each kind in apple2orange are held out.

    Args:
        size, folder: As in `mnist`.

    Returns:
        `gankit.datasets.ImageData`, whose test images are those held out.
    """
    if is_used(size, folder, "apple2orange/trainA"):
        data = datasets.unpaired_folders("apple2orange", size=64, folder=folder)
        return _as_classes(data, HELD_OUT)
    return _drawn_fruit()


def _drawn_fruit():
    return _as_classes(datasets.stripes(count=120, size=64), 40)


def church(size, folder):
    """LSUN's churches from the data folder, 64 x 64; drawn animals for tests.

    The last 400 of them are held out.

    Args:
        size, folder: As in `mnist`.

    Returns:
        `gankit.datasets.ImageData`, whose test images are those held out.

    Raises:
        FileNotFoundError: For full runs or a named folder, if there is no folder
            `church_outdoor` in it.
    """
    if not is_used(size, folder, "church_outdoor"):
        return _drawn_fruit()
    place = datasets.data_folder(folder) / "church_outdoor"
    images = datasets.image_folder(place, size=64).train.images
    return datasets.ImageData(
        datasets.Split(images[: -2 * HELD_OUT]),
        test=datasets.Split(images[-2 * HELD_OUT :]),
        name="church_outdoor",
    )


def _as_classes(data, held_out):
    """Turns two unpaired domains into one data set of two classes."""
    domains = (data.train_a, data.train_b)

    def split(*parts):
        labels = np.repeat([0, 1], [len(part) for part in parts])
        # Shuffled, as scores use the first images, which must be of both kinds.
        order = np.random.default_rng(0).permutation(len(labels))
        return datasets.Split(np.concatenate(parts)[order], labels[order])

    return datasets.ImageData(
        split(*(domain[:-held_out] for domain in domains)),
        test=split(*(domain[-held_out:] for domain in domains)),
        class_names=data.domain_names,
        name=data.name,
    )


def cats(size, folder):
    """All 204 pictures of one cat, 64 x 64; drawn animals for quick runs.

    Args:
        size, folder: As in `mnist`.

    Returns:
        `gankit.datasets.ImageData` without test images.
    """
    pictures, name = _cats(size, folder)
    return datasets.ImageData(datasets.Split(pictures), name=name)


def cats_held_out(size, folder):
    """The same pictures, 44 of which, chosen at random, are held out.

    Args:
        size, folder: As in `mnist`.

    Returns:
        `gankit.datasets.ImageData`, whose test images are those held out.
    """
    pictures, name = _cats(size, folder)
    pictures = pictures[np.random.default_rng(0).permutation(len(pictures))]
    return datasets.ImageData(
        datasets.Split(pictures[:-CATS_HELD_OUT]),
        test=datasets.Split(pictures[-CATS_HELD_OUT:]),
        name=f"{name}-held-out",
    )


def _cats(size, folder):
    if is_used(size, folder, "grumpycat/trainB"):
        data = datasets.unpaired_folders("grumpycat", size=64, folder=folder)
        return data.train_b, data.name
    return drawn_cats(), "stripes-64"


def drawn_cats():
    """88 drawn animals, uint8 `(88, 64, 64, 3)`, in place of pictures of a cat.

    Returns:
        The array.
    """
    return datasets.stripes(count=2 * CATS_HELD_OUT, size=64).train_b


def stripes(size, folder):
    """Drawn animals, plain and striped, 64 x 64; fewer and smaller for tests.

    Args:
        size: `"smoke"` draws 40 of 32 x 32 for each domain, any other size 300.
        folder: The data folder, which is not used.

    Returns:
        `gankit.datasets.UnpairedImageData`.
    """
    if size == "smoke":
        return datasets.stripes(count=40, size=32)
    return datasets.stripes(count=300, size=64)


def unpaired(name, side, *, in_class=False):
    """Returns a function that loads photographs of two domains, or drawn animals.

    Args:
        name: Folder in the data folder, with trainA and trainB.
        side: Height and width in pixels.
        in_class: Whether runs of class size use the photographs too if they are there
            and no folder is named.

    Returns:
        Function `(size, folder) -> gankit.datasets.UnpairedImageData`.
    """

    def load(size, folder):
        allowed = size if in_class or size == "full" else "smoke"
        if is_used(allowed, folder, f"{name}/trainA"):
            return datasets.unpaired_folders(name, size=side, folder=folder)
        return stripes(size, folder)

    return load


def is_drawn(images):
    """Whether a data set consists of drawn animals.

    Args:
        images: `gankit.datasets.ImageData` or `UnpairedImageData`.

    Returns:
        A bool.
    """
    return images.name.startswith("stripes")
