"""The reports of a run: JSON, HTML, DFXML, CASE, and the custody report of a file."""
