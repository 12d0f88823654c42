"""The files of a project as they are written: found, read, typed, each value with its place."""
