"""Data sets of faces out of photographs: found, aligned, sorted, with reasons.

`prepare_faces` is what `gankit dataset prepare` calls.
"""

from gankit.photos.faces.folder import PreparedFaces, prepare_faces

__all__ = ["PreparedFaces", "prepare_faces"]
