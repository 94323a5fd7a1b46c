"""What a row of the table says."""

import dataclasses


@dataclasses.dataclass
class Line:
    """One measure beside its bar. `limit` is what the bare engine or nginx did in the same run, or
    None where the bar is a number."""

    work: str
    unit: str
    measured: float
    bar: str
    met: bool
    limit: float | None = None
    ratio: float | None = None
    note: str = ""


def share(work, unit, measured, limit, at_least, note="", of="bare"):
    """Must be at least so much of a limit."""
    ratio = measured / limit if limit else 0
    return Line(work, unit, measured, f"≥ {at_least:g} × {of}", ratio >= at_least, limit, ratio,
                note)


def times(work, unit, measured, limit, at_most, note="", of="bare"):
    """Must be at most so many times a limit."""
    ratio = measured / limit if limit else float("inf")
    return Line(work, unit, measured, f"≤ {at_most:g} × {of}", ratio <= at_most, limit, ratio, note)


def at_most(work, unit, measured, bar, note=""):
    """Must not be more than a number."""
    return Line(work, unit, measured, f"≤ {bar:g} {unit}", measured <= bar, note=note)


def at_least(work, unit, measured, bar, note=""):
    """Must not be less than a number."""
    return Line(work, unit, measured, f"≥ {bar:g} {unit}", measured >= bar, note=note)


def number(value):
    """For people: three digits that matter, thousands apart."""
    if value is None:
        return ""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def text(lines):
    """The lines as a table for a terminal."""
    head = ("work", "measured", "limit", "ratio", "bar", "")
    rows = [head] + [
        (line.work, f"{number(line.measured)} {line.unit}",
         f"{number(line.limit)} {line.unit}" if line.limit is not None else "",
         f"{line.ratio:.2f}" if line.ratio is not None else "", line.bar,
         "met" if line.met else "NOT MET") for line in lines]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    table = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
             for row in rows]
    notes = [f"  {line.work}: {line.note}" for line in lines if line.note]
    return "\n".join(table + notes)
