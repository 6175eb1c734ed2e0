"""Flips in front of the scan: in marker segments, Exif data and the thumbnail."""
