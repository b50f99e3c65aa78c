"""A plan as the command line prints it."""

from __future__ import annotations

from saprolite.engine.plan import Plan, Seconds


def plan_text(plan: Plan) -> str:
    """The plan in lines of text, sizes and times in units that suit them."""
    first, last = plan.years[0], plan.years[-1]
    blocks = f"{plan.blocks} ({_count(plan.bands, 'band')} of latitude rows a year)"
    kept = "stored in inputs.zarr" if plan.stores_forcing else "read from its files, not stored"
    memory = plan.memory
    limit = "unknown" if plan.memory_limit is None else size_text(plan.memory_limit)
    lines = [
        plan.title,
        f"  grid      {plan.grid}; {plan.cells} land cells, {plan.layers} layers",
        f"  years     {first} to {last}: {len(plan.years)}",
        f"  blocks    {blocks} on {_count(plan.workers, 'worker')}",
        f"  reads     {_count(plan.files, 'file')} of forcing, {size_text(plan.source_bytes)};"
        f" {size_text(plan.forcing_bytes)} as float32 on land, {kept}",
        f"  writes    {size_text(plan.written_bytes)},"
        f" about {size_text(plan.stored_bytes)} on the disk (estimated)",
        *(
            f"    {array.name:38s} {size_text(array.bytes):>8s}, about"
            f" {size_text(array.stored_bytes)}"
            for array in plan.arrays
        ),
        f"  memory    {size_text(memory.peak)} at the peak: {size_text(memory.process)} process,"
        f" {size_text(memory.shared)} shared, {size_text(memory.worker)} each worker;"
        f" trends {size_text(memory.reduction)}",
        f"            {limit} {plan.memory_limit_from}",
    ]
    if plan.disk_free is not None:
        lines.append(f"  disk      {size_text(plan.disk_free)} free")
    if plan.seconds is not None:
        lines.append(f"  time      about {_times(plan.seconds)}")
    lines.append("  not counted: libraries and files in memory, and the figures and tables at the")
    lines.append("            end (up to 0.6 GB more, some 10 to 30 s)")
    return "\n".join(lines)


def size_text(size: float) -> str:
    """Bytes in a unit that suits them.

    >>> size_text(950), size_text(1.234e6), size_text(5.15e9)
    ('950 B', '1.2 MB', '5.2 GB')
    """
    for unit, factor in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size:.0f} B"


def time_text(seconds: float) -> str:
    """Seconds in a unit that suits them.

    >>> time_text(0.2), time_text(42.0), time_text(600.0), time_text(10_000.0)
    ('0.2 s', '42 s', '10 min', '2.8 h')
    """
    if seconds < 10.0:
        return f"{seconds:.1f} s"
    if seconds < 120.0:
        return f"{seconds:.0f} s"
    return f"{seconds / 60.0:.0f} min" if seconds < 7200.0 else f"{seconds / 3600.0:.1f} h"


def _times(seconds: Seconds) -> str:
    stages = ", ".join(f"{name} {time_text(value)}" for name, value in seconds._asdict().items())
    return f"{time_text(seconds.total)}: {stages} (a short calibration on this machine, scaled)"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
