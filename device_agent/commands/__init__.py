"""What a person can tell the agent to do: one file per command, each with `run(settings, words) -> exit code`.

The table is `device_agent/__main__.py`; a command is imported only when it is the one.
"""
