"""The page for a TV's browser: served on the loopback by this process, state pushed, nothing from anywhere else.

`screen.py` is the display, `page.py` what is on the page, `door.py` the HTTP server; `style.css` and `script.js` are
sent as they are. Nothing in here is loaded unless the kiosk was asked for.
"""
