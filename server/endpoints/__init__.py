"""The counter: one file per HTTP endpoint. Parse, ask the law, answer. Never a rule of its own.

The rules are in `server/oauth`; which URL leads to which endpoint is in `server/routes.py`.
"""
