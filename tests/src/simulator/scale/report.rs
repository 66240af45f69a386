//! The report of what was measured: `docs/scale.md` and its plot.
