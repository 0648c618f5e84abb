"""`wisp view`: the prompt editor as a window of its own."""
