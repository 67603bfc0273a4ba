"""The law: what OAuth 2.0 and RFC 8628 demand, as pure functions and frozen values.

Standard library only. Never HTTP, SQL, JWT, MQTT, threads or a clock: `now` is an argument, in whole milliseconds since
the epoch. What the law needs remembered is promised by `store.py` and kept by `server/storage`.
"""
