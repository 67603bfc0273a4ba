"""The peers: small servers on other people's libraries, each run in a throw-away environment of its own."""
