"""The fuzzers, one module each, imported only when one is run."""
