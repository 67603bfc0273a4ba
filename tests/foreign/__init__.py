"""Clients and resource servers that nobody here wrote, as they come from the package index, against a real server."""
