"""The shared wire: packets, topics and envelope (pure, MicroPython-safe), and the caller over paho."""
