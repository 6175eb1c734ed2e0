"""Who restores fragments: processes of this machine or of a cluster, and what one worker does."""
