"""The bell: sign-ins in progress held in memory, and news of decisions to whoever waits, here or on another server."""
