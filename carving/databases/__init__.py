"""Databases that hold pictures: SQLite, read by its own structures, so that a picture in pieces is one again."""
