"""Line plots as SVG, drawn by hand: a few series over one axis that may be logarithmic."""

import dataclasses
import html
import math

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 80, 150, 48, 60
COLOURS = ("#1b6ca8", "#c2571a", "#2e7d32", "#6a4c93")
INK, PALE, PAPER = "#222222", "#dddddd", "#ffffff"


@dataclasses.dataclass
class Axis:
    """From values to pixels."""

    title: str
    low: float
    high: float
    logarithmic: bool = False

    def share(self, value):
        if self.logarithmic:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self):
        if self.logarithmic:
            first = math.ceil(math.log10(self.low) - 1e-9)
            return [10.0 ** n for n in range(first, math.floor(math.log10(self.high) + 1e-9) + 1)]
        step = nice((self.high - self.low) / 5)
        first = math.ceil(self.low / step)
        return [n * step for n in range(first, math.floor(self.high / step + 1e-9) + 1)]


def nice(step):
    """The next of 1, 2, 5 times a power of ten."""
    unit = 10.0 ** math.floor(math.log10(step))
    return next(factor * unit for factor in (1, 2, 5, 10) if factor * unit >= step - 1e-12)


def axis(title, values, logarithmic=False):
    """An axis that all values fit on; a linear one begins at 0."""
    if logarithmic:
        low, high = min(values), max(values)
        return Axis(title, low / 1.3, high * 1.3, True)
    high = max(values)
    return Axis(title, 0, nice(high / 5) * math.ceil(high / nice(high / 5)))


def label(value):
    return f"{value:,.0f}" if value >= 1 or value == 0 else f"{value:g}"


def text(x, y, words, anchor="middle", size=12, more=""):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}"{more}>'
            f"{html.escape(words)}</text>")


def frame(across, up):
    """Grid, ticks and axis titles."""
    parts = []
    for value in across.ticks():
        x = LEFT + across.share(value) * (WIDTH - LEFT - RIGHT)
        parts += [f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="{PALE}"/>',
                  text(x, HEIGHT - BOTTOM + 18, label(value))]
    for value in up.ticks():
        y = HEIGHT - BOTTOM - up.share(value) * (HEIGHT - TOP - BOTTOM)
        parts += [f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="{PALE}"/>',
                  text(LEFT - 8, y + 4, label(value), "end")]
    middle = (TOP + HEIGHT - BOTTOM) / 2
    parts += [text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 16, across.title),
              text(20, middle, up.title, more=f' transform="rotate(-90 20 {middle:.1f})"'),
              f'<path d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}" fill="none" '
              f'stroke="{INK}"/>']
    return parts


def svg(title, across, up, series):
    """`series` is {name: [(x, y)]}."""
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
             f'font-family="sans-serif" fill="{INK}"><title>{html.escape(title)}</title>',
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{PAPER}"/>',
             text(LEFT, 26, title, "start", 15), *frame(across, up)]
    for i, (name, points) in enumerate(series.items()):
        colour = COLOURS[i % len(COLOURS)]
        spots = [(LEFT + across.share(x) * (WIDTH - LEFT - RIGHT),
                  HEIGHT - BOTTOM - up.share(y) * (HEIGHT - TOP - BOTTOM)) for x, y in points]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in spots)
        parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in spots]
        parts += [f'<path d="M{WIDTH - RIGHT + 14} {TOP + 12 + 22 * i}h18" stroke="{colour}" '
                  'stroke-width="2"/>',
                  text(WIDTH - RIGHT + 38, TOP + 16 + 22 * i, name, "start")]
    return "\n".join(parts) + "\n</svg>\n"
