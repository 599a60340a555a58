"""The layers inside a network, also those inside wrappers and nested models."""


def all_layers(layer, *, recursive=True):
    """Lists the layers that a layer or model holds, however deep.

    `keras.Model.layers` leaves out what a wrapper such as `SpectralNormalization`
    holds. Keras lists these too, but only in a private method, so gankit calls it
    here and nowhere else.

    Args:
        layer: A Keras layer or model.
        recursive: Whether layers inside of layers are listed as well.

    Returns:
        A list of layers, each once.
    """
    return list(layer._flatten_layers(include_self=False, recursive=recursive))
