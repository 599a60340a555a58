"""Features of images: extractors, statistics, caches, resizing."""
