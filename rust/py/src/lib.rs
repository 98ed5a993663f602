//! Python extension module `arcgrad._core`.
