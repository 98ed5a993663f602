"""What :mod:`arcgrad.library` stands on: schemas, operations of a program's own, and where they are found by name."""
