"""The engine: the process that holds torch and works for a host over its stdin and stdout."""
