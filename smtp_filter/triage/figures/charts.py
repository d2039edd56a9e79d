"""Charts as inline SVG, made on the server, without script or style; a table beside each says the same.

Bars and lines take their colours from the style sheet (``chart-1`` ...), so that they suit light, dark and
print; each kind has a pattern or a mark of its own, too: colour is never the only difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

WIDTH, HEIGHT = 640, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 10, 26, 30


@dataclass(frozen=True, slots=True)
class Series:
    """One kind of figure over the labels; ``None`` is a gap."""

    name: str
    values: Sequence[float | None]


def bars(title: str, labels: Sequence[str], series: Sequence[Series]) -> Markup:
    """Groups of bars, one group for each label."""
    top, step = _scale(series)
    parts = [_frame(title, labels, series, top, step, marks=False)]
    room = (WIDTH - _LEFT - _RIGHT) / max(1, len(labels))
    wide = max(2.0, min(26.0, room * 0.8 / max(1, len(series))))
    for index, one in enumerate(series):
        for place, value in enumerate(one.values):
            if not value:
                continue
            tall = value / top * (HEIGHT - _TOP - _BOTTOM)
            x = _LEFT + room * (place + 0.5) - wide * len(series) / 2 + wide * index
            parts.append(
                Markup(
                    '<rect class="chart-{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>'
                ).format(index + 1, x, HEIGHT - _BOTTOM - tall, wide - 1, tall)
            )
    return _svg(title, series, parts)


def lines(title: str, labels: Sequence[str], series: Sequence[Series]) -> Markup:
    """Lines with a mark at each figure."""
    top, step = _scale(series)
    parts = [_frame(title, labels, series, top, step, marks=True)]
    room = (WIDTH - _LEFT - _RIGHT) / max(1, len(labels))
    for index, one in enumerate(series):
        run: list[tuple[float, float]] = []
        stretches = [run]
        for place, value in enumerate(one.values):
            if value is None:
                run = []
                stretches.append(run)
                continue
            run.append(
                (_LEFT + room * (place + 0.5), HEIGHT - _BOTTOM - value / top * (HEIGHT - _TOP - _BOTTOM))
            )
        for points in stretches:
            if len(points) > 1:
                drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
                parts.append(Markup('<polyline class="line-{}" points="{}"/>').format(index + 1, drawn))
            parts += [_mark(index, x, y) for x, y in points]
    return _svg(title, series, parts)


def _svg(title: str, series: Sequence[Series], parts: Sequence[Markup]) -> Markup:
    label = f"{title}. The figures are in the table that follows."
    return Markup(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}" preserveAspectRatio="xMinYMin">'
        "{}</svg>"
    ).format(WIDTH, HEIGHT, label, Markup("").join(parts))


def _frame(
    title: str, labels: Sequence[str], series: Sequence[Series], top: float, step: float, *, marks: bool
) -> Markup:
    parts = []
    value = 0.0
    while value <= top + step / 100:
        y = HEIGHT - _BOTTOM - value / top * (HEIGHT - _TOP - _BOTTOM)
        parts.append(
            Markup(
                '<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>'
                '<text class="axis end" x="{}" y="{:.1f}">{}</text>'
            ).format(
                _LEFT, WIDTH - _RIGHT, y, y, _LEFT - 6, y + 4, f"{value:,.0f}" if step >= 1 else f"{value:g}"
            )
        )
        value += step
    room = (WIDTH - _LEFT - _RIGHT) / max(1, len(labels))
    every = max(1, -(-len(labels) * 48 // (WIDTH - _LEFT - _RIGHT)))
    for place, label in enumerate(labels):
        if place % every == 0:
            parts.append(
                Markup('<text class="axis middle" x="{:.1f}" y="{}">{}</text>').format(
                    _LEFT + room * (place + 0.5), HEIGHT - 10, label
                )
            )
    x = float(_LEFT)
    for index, one in enumerate(series):
        box = (
            _mark(index, x + 6, 9)
            if marks
            else Markup('<rect class="chart-{}" x="{:.1f}" y="3" width="12" height="12"/>').format(
                index + 1, x
            )
        )
        parts.append(box + Markup('<text class="axis" x="{:.1f}" y="14">{}</text>').format(x + 18, one.name))
        x += 34 + 7.2 * len(one.name)
    return Markup("").join(parts)


def _mark(index: int, x: float, y: float) -> Markup:
    if index % 2:
        return Markup('<rect class="chart-{}" x="{:.1f}" y="{:.1f}" width="8" height="8"/>').format(
            index + 1, x - 4, y - 4
        )
    return Markup('<circle class="chart-{}" cx="{:.1f}" cy="{:.1f}" r="4"/>').format(index + 1, x, y)


def _scale(series: Sequence[Series]) -> tuple[float, float]:
    """The highest grid line and the step between two: 1, 2 or 5 times a power of ten."""
    most = max((value for one in series for value in one.values if value), default=1.0)
    step = 1.0
    while most / step > 5:
        step *= 2.5 if str(step).startswith("2") else 2
    return max(step, step * -(-most // step)), step
