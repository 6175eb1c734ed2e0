"""Methods against each other on damage whose truth is known."""
