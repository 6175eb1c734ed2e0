"""Reader of the Expert Witness Format in its EnCase 1-7, FTK, linen and SMART varieties (`.E01`, `.S01`)."""
