"""Safe copies: what a reader of a file sees, written into a new file that never held anything else.

Nothing is removed from the original's bytes; the copy is made from the visible text, or from pixels.
"""
