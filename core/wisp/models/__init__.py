"""Models by their registry id: built from checked weight files, and kept while they are needed."""
