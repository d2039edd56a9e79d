"""Pictures of pages made ready for recognition: even light, straight lines, letters of a readable size.

Tesseract turns pages that lie on their side by itself, but reads nothing of one that is photographed in
uneven light, and little of one that lies five degrees askew.
"""

from __future__ import annotations

from itertools import pairwise

from PIL import Image, ImageFilter, ImageMath, ImageOps

# Paper whose brightness differs by less than this (of 255) over the page is lit evenly.
_UNEVEN = 60
# Width and height that a page is looked at with for its light and its slant, in pixels.
_LIGHT_SIZE, _SLANT_SIZE = 150, 700
# Pixels that are divided at once: each takes some twenty bytes then.
_STRIP = 1_000_000
# Paper after evening out; ink is what is this much darker than the paper around it.
_PAPER, _INK = 245, 70
# Slants that are looked for, in degrees; less than the least harms nobody, and turning costs sharpness.
_MOST_SLANT, _LEAST_SLANT = 15, 0.5
# How much clearer lines must stand out after turning.
_CLEARER = 1.1
# A page (A4) has this many pixels at about 200 dots per inch; one with fewer is drawn larger, but not by more
# than this: what was not taken cannot be seen.
_PAGE_PIXELS, _LARGEST = 3_800_000, 2.0
# Faxes have dots twice as high as wide.
_TALL_DOTS = 1.5


def straightened(image: Image.Image) -> Image.Image:
    """A picture in shades of grey, ready for recognition."""
    page = _with_square_dots(image.convert("L"), image.info.get("dpi"))
    paper = _paper(page)
    slant = _slant(page, paper)
    dark, light = paper.getextrema()
    if light - dark >= _UNEVEN:  # type: ignore[operator]
        page = _evened(page, paper)
    if slant:
        page = page.rotate(slant, resample=Image.Resampling.BICUBIC, expand=True, fillcolor=_PAPER)
    larger = min(_LARGEST, (_PAGE_PIXELS / max(1, page.width * page.height)) ** 0.5)
    if larger > 1.05:
        size = round(page.width * larger), round(page.height * larger)
        page = page.resize(size, Image.Resampling.BICUBIC)
    return page


def _with_square_dots(page: Image.Image, dots: object) -> Image.Image:
    """A page whose dots an inch, across and down, are not the same stretched to what was seen."""
    if not isinstance(dots, tuple) or len(dots) != 2:
        return page
    across, down = map(float, dots)
    if not (across > 0 and down > 0 and 1 / 3 < across / down < 3):
        return page
    if across / down > _TALL_DOTS:
        return page.resize((page.width, round(page.height * across / down)), Image.Resampling.BICUBIC)
    return page


def _paper(page: Image.Image) -> Image.Image:
    """The brightness of the paper all over a page, small: letters are narrower than what is looked at."""
    small = page.reduce(max(1, min(page.size) // _LIGHT_SIZE))
    for _ in range(2):
        small = small.filter(ImageFilter.MaxFilter(5))
    return small.filter(ImageFilter.GaussianBlur(3))


def _evened(page: Image.Image, paper: Image.Image) -> Image.Image:
    """The page as if it were lit evenly: each pixel as a share of the paper's brightness at its place."""
    whole = Image.new("L", page.size)
    rows = max(1, _STRIP // page.width)
    for top in range(0, page.height, rows):
        bottom = min(page.height, top + rows)
        box = 0, top, page.width, bottom
        scale = paper.height / page.height
        lit = paper.resize(
            (page.width, bottom - top),
            Image.Resampling.BILINEAR,
            box=(0, top * scale, paper.width, bottom * scale),
        )
        strip = ImageMath.lambda_eval(
            lambda of: of["convert"](of["min"](of["page"] * _PAPER / of["max"](of["lit"], 16), 255), "L"),
            page=page.crop(box),
            lit=lit,
        )
        whole.paste(strip, box)
    return whole


def _slant(page: Image.Image, paper: Image.Image) -> float:
    """How many degrees to turn a page so that its lines are level (or upright), 0 where that is nothing."""
    small = page.reduce(max(1, max(page.size) // _SLANT_SIZE))
    ink = ImageOps.invert(_evened(small, paper)).point([255 * (shade > _INK) for shade in range(256)])

    def clear(angle: float) -> int:
        turned = ink.rotate(angle, resample=Image.Resampling.NEAREST, fillcolor=0)
        level = turned.resize((1, turned.height), Image.Resampling.BOX).tobytes()
        upright = turned.resize((turned.width, 1), Image.Resampling.BOX).tobytes()
        return max(_steps(level), _steps(upright))

    whole = max(range(-_MOST_SLANT, _MOST_SLANT + 1), key=lambda angle: (clear(angle), -abs(angle)))
    best = max((whole + step / 4 for step in range(-3, 4)), key=lambda angle: (clear(angle), -abs(angle)))
    if abs(best) < _LEAST_SLANT or clear(best) < _CLEARER * clear(0):
        return 0.0
    return best


def _steps(profile: bytes) -> int:
    """How much a profile goes up and down: lines and the space between them, where they are level."""
    return sum((one - other) ** 2 for one, other in pairwise(profile))
