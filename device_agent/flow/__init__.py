"""The shared mind: the RFC 8628 client as a state machine. No I/O, no clock, MicroPython-safe.

`sign_in.SignIn` gets tokens, `refresh.Refresh` keeps them fresh. Both are driven the same way: `next(now)` says what to
do (`steps.py`), the body does it and reports `received(status, answer, now)` or `lost(now)`. `now` is whole
milliseconds since anything, as long as it only counts forward; wall-clock time never enters. The bodies are
`device_agent/agent.py`, `firmware_sim` and the firmware on a board. The other half of the talk is `server/oauth`.
"""
