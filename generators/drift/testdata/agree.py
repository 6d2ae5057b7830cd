"""Holds the statistics of package drift to those of river, SciPy and NumPy on the same data.

The argument is a file of JSON that the test writes: the data, and what the package says.
"""

import json
import sys

import numpy as np
from river.drift import ADWIN, PageHinkley
from scipy.stats import ks_2samp

with open(sys.argv[1], encoding="utf-8") as f:
    given = json.load(f)
faults = []


def hold(what, ours, theirs, tolerance):
    """Tolerance is relative to theirs."""
    if not abs(ours - theirs) <= tolerance * max(abs(theirs), 1e-300):
        faults.append(f"{what}: {ours!r}, want {theirs!r}")


def first_alarm(detector, outcomes):
    for i, wrong in enumerate(outcomes):
        detector.update(int(wrong))
        if detector.drift_detected:
            return i
    return -1


for k, s in enumerate(given["streams"]):
    for level, ours in s["adwin"].items():
        theirs = first_alarm(ADWIN(delta=float(level), clock=32, min_window_length=5, grace_period=127), s["outcomes"])
        if ours != theirs:
            faults.append(f"stream {k}: adwin at {level}: alarm at {ours}, want {theirs}")
    for threshold, ours in s["page_hinkley"].items():
        detector = PageHinkley(min_instances=128, delta=0.01, threshold=float(threshold), alpha=1, mode="up")
        if ours != (theirs := first_alarm(detector, s["outcomes"])):
            faults.append(f"stream {k}: Page-Hinkley above {threshold}: alarm at {ours}, want {theirs}")

for k, c in enumerate(given["columns"]):
    reference, window = (np.array(c[name], dtype=np.float64) for name in ("reference", "window"))
    n, m = len(window), len(reference)
    ks = ks_2samp(window, reference, method="asymp")
    hold(f"column {k}: distance", c["ks"], ks.statistic, 1e-12)
    hold(f"column {k}: p of the distance", c["ks_p"], ks.pvalue, 0.1)
    # PSI as its formula has it, over the deciles of the reference.
    edges = np.unique([np.sort(reference)[i * m // 10 - 1] for i in range(1, 10)])
    expected, actual = (np.bincount(np.searchsorted(edges, x), minlength=len(edges) + 1) / len(x) for x in (reference, window))
    psi = np.sum((actual - expected) * np.log(actual / expected))
    hold(f"column {k}: PSI", c["psi"], psi, 1e-9)
    # What PSI exceeds once in a thousand windows of the reference's distribution, which is known
    # as well as the reference tells: its posterior is Dirichlet's. In 400,000 windows the quantile
    # is within 1 %.
    rng = np.random.default_rng(k)
    probable = rng.dirichlet(expected * m, 400_000)
    windows = np.maximum(rng.multinomial(n, probable), 0.5) / n
    simulated = np.sum((windows - expected) * np.log(windows / expected), axis=1)
    hold(f"column {k}: threshold of PSI", c["psi_threshold"], np.quantile(simulated, 0.999), 0.03)

if len(given["streams"]) < 3 or len(given["columns"]) < 3:
    faults.append("too little to compare")
if faults:
    sys.exit("\n".join(faults))
print("all checks passed")
