"""The declarations of the resource types, one file per type."""
