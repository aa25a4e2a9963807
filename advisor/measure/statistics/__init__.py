"""The statistics of measuring: numbers in, numbers out; no clock, no files, no randomness but from a given seed."""
