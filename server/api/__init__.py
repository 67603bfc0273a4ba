"""What a token buys: protected resources, one table, reached over HTTP and over MQTT alike."""
