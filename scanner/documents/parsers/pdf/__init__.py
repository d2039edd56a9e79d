"""PDF: pages, what is drawn over them, the object layer, tables by where their words stand."""
