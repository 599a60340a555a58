"""The layers of a network, including those in wrappers and nested models."""


def all_layers(layer, *, recursive=True):
    """Lists the layers inside a layer or model, each once, if `recursive` at any depth.

    `keras.Model.layers` omits the layer inside a wrapper such as
    `SpectralNormalization`. Keras lists it only in a private method, which gankit
    calls here and nowhere else.
    """
    return list(layer._flatten_layers(include_self=False, recursive=recursive))
