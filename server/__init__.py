"""The authorization server: the law, the counter, the cellar, the mint, the bell, the post room.

Here lives everything an operator runs. What a person sees is in `web_verify`; what runs on the device is in
`device_agent`. `app.py` is the only file that knows every room.
"""
