"""One suite for every adapter of `server/oauth/store.py`: each promise, with races."""
