"""The `chat` worker: keeps one model in memory and answers conversations as a stream."""
