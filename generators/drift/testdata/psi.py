"""Writes psi.json: what Evidently 0.7.23 says of columns, and their counts in its bins.

    python -m venv venv; venv/bin/pip install evidently==0.7.23 pandas==2.3.3
    venv/bin/python psi.py
"""

import json
import os

import numpy as np
import pandas as pd
from evidently.legacy.calculations.stattests import psi_stat_test
from evidently.legacy.calculations.stattests.utils import get_binned_data
from evidently.legacy.core import ColumnType

rng = np.random.default_rng(1)
columns = []
for kind, draw in (
    (ColumnType.Categorical, lambda n, by: rng.choice(5, n, p=np.array([30 + by, 30, 20, 15 - by, 5]) / 100)),
    (ColumnType.Numerical, lambda n, by: rng.uniform(size=n) ** (1 + by / 20)),
):
    for by in (0, 5, 10):
        reference, window = pd.Series(draw(2000, 0)), pd.Series(draw(500, by))
        psi = psi_stat_test.func(reference, window, kind, 0.1)[0]
        expected, actual = get_binned_data(reference, window, kind, 30)
        counts = [[round(share * len(values)) for share in shares] for shares, values in ((expected, reference), (actual, window))]
        assert min(map(min, counts)) > 0  # it takes other values for empty bins
        columns.append({"kind": kind.value, "expected": counts[0], "actual": counts[1], "psi": psi})

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "psi.json"), "w", encoding="utf-8") as f:
    f.write("[\n" + ",\n".join(json.dumps(c) for c in columns) + "\n]\n")
