"""The pages on which a person approves a device. They import nothing of ours: they ask the server through `desk.py`."""
