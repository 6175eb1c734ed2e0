"""The main job: from evidence to fragments, restorations and reports."""
