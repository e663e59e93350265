"""Tables and charts of what was measured."""

import os
import platform
import shutil
import subprocess
from html import escape

from measure import ROOT, median, ratio

COLOURS = {"floor": "#8a8f98", "koa": "#c9a227", "peer": "#4a7fb5"}


def version(*command):
    if not shutil.which(command[0]):
        return "not there"
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    return ((done.stdout or done.stderr).strip().splitlines() or ["unknown"])[0]


def machine():
    with open("/proc/cpuinfo") as file:
        model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), platform.machine())
    load = os.getloadavg()[0]
    lines = [
        f"{os.cpu_count()} cores ({model}), {platform.system()} {platform.release()}; one minute's load at the start: {load:.1f}.",
        f"Commit {version('git', 'rev-parse', '--short', 'HEAD')}; {version('rustc', '--version')}; node {version('node', '--version')}; "
        f"{version('wrk', '-v').split(' Copyright')[0]}.",
    ]
    return "\n".join(lines)


def table(head, rows):
    """A table whose first column is text and whose others are numbers."""
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def compared(runs, base):
    """A row for each program: medians, the spread of its rates, and its ratios to the base programs:
    of the rate, and in brackets of the processor time."""
    head = ["program", "requests/s", "lowest to highest", "p50 ms", "p99 ms", "µs of processor a request"]
    rows = []
    for name, samples in runs.items():
        rates = [sample.rate for sample in samples]
        row = [name, f"{median(samples, 'rate'):,.0f}", f"{min(rates):,.0f} to {max(rates):,.0f}", f"{median(samples, 'p50'):.2f}"]
        row += [f"{median(samples, 'p99'):.2f}", f"{median(samples, 'cpu_us'):.1f}"]
        for other in base:
            row.append(f"{ratio(samples, runs[other]):.2f} ({ratio(samples, runs[other], 'cpu_us'):.2f})")
        rows.append(row)
    return table(head + [f"/ {other}" for other in base], rows)


def bars(path, title, values):
    """A chart of one bar for each of the values by name."""
    width, left, height = 720, 190, 26
    most = max(values.values())
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{50 + height * len(values)}" font-family="sans-serif" font-size="13">',
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<text x="10" y="24" font-weight="bold">{escape(title)}</text>',
    ]
    for number, (name, value) in enumerate(values.items()):
        y, length = 40 + number * height, (width - left - 90) * value / most
        lines += [
            f'<text x="{left - 8}" y="{y + 15}" text-anchor="end">{escape(name)}</text>',
            f'<rect x="{left}" y="{y + 2}" width="{length:.1f}" height="{height - 8}" fill="{COLOURS.get(name, "#2e8b57")}"/>',
            f'<text x="{left + length + 6:.1f}" y="{y + 15}">{value:,.0f}</text>',
        ]
    with open(path, "w") as file:
        file.write("\n".join(lines + ["</svg>\n"]))
