"""The pages, over real HTTP and in a real browser, before a desk that keeps everything in memory."""
