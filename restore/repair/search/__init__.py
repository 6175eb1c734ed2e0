"""The search for flips in a scan: hypotheses, what they are measured against, and which are believed."""
