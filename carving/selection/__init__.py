"""Files that somebody else has pointed out: a list from another tool, or the folder another carver left."""
