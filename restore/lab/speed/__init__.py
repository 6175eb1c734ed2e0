"""The tool's speeds beside those of others."""
