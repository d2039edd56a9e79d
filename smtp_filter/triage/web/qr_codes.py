"""QR codes as pictures in the page: drawn here, so that the secret in one reaches nobody else."""

from __future__ import annotations

import segno
from markupsafe import Markup


def qr_code(text: str) -> Markup:
    """The code as inline SVG: dark on light in every colour scheme, with the margin that readers need."""
    made = segno.make(text, error="m", micro=False)
    # The colours are attributes: the policy refuses styles.
    return Markup(  # noqa: S704 - shapes of ours; the text is in none of the markup
        made.svg_inline(border=4, dark="#000", light="#fff", omitsize=True, svgclass="qr", lineclass=None)
    )
