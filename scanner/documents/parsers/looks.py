"""How text looks, as far as a reader does not see it: hidden, in the colour of the page, of no size."""

from __future__ import annotations

from dataclasses import dataclass

BY = "\t"
"""Stands between the reason why text is not seen and who did it, as long as both go together."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a style says of its text; ``None`` where it says nothing and its parent or surroundings do."""

    hidden: bool | None = None
    white: bool | None = None
    tiny: bool | None = None
    ground: bool | None = None
    blacked: bool | None = None
    """Whether the text has the colour of a ground that was put behind it: a bar of black."""

    def over(self, outer: Look) -> Look:
        """Give this look where it says something, ``outer`` where it does not."""
        return Look(
            outer.hidden if self.hidden is None else self.hidden,
            outer.white if self.white is None else self.white,
            outer.tiny if self.tiny is None else self.tiny,
            outer.ground if self.ground is None else self.ground,
            outer.blacked if self.blacked is None else self.blacked,
        )

    @property
    def says_nothing(self) -> bool:
        """Whether no text is concealed by it."""
        return not (self.hidden or self.white or self.tiny or self.blacked)

    def reason(self, *, grounded: bool) -> str:
        """Why a reader does not see text that looks so; ``grounded`` where the ground is coloured."""
        if self.hidden:
            return "hidden text"
        if self.tiny:
            return "tiny text"
        if self.blacked and not self.white:
            return "blacked-out text"
        return "white text" if self.white and not (self.ground or grounded) else ""


NOTHING = Look()
"""The look of a style that says nothing."""


def parted(reason: str) -> tuple[str, str]:
    r"""A reason without who did it, and the words for its place, which name them.

    >>> parted("tracked deletion\tAnn Carr"), parted("hidden text")
    (('tracked deletion', 'tracked deletion by Ann Carr'), ('hidden text', 'hidden text'))
    """
    reason, _, by = reason.partition(BY)
    return reason, f"{reason} by {by}" if by else reason
