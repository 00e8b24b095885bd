"""Lines of styled cells: pens, wrapping, columns, rows."""
