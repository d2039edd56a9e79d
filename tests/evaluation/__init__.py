"""Our own labelled evaluation set: texts as councils write them, and the scorer that measures us on them."""
