"""Data sets of faces from photographs: found, aligned and sorted.

`gankit dataset prepare` calls `prepare_faces`.
"""

from gankit.photos.faces.folder import PreparedFaces, prepare_faces, stages

__all__ = ["PreparedFaces", "prepare_faces", "stages"]
