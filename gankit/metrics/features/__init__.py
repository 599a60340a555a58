"""Features of images: extractors, moments, statistics, resizing and files."""
