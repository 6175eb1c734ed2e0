"""Records of the report and what every room of this floor needs: output, progress, redaction, versions."""
