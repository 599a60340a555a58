"""Classifiers of a data set: networks, training, the scores they give."""
