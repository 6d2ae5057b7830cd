"""Holds a report to the data that was sent: check.py REPORT N [DATA LABEL].

No request of N failed, every answer is the expected one, and as many are the
label of the CSV file DATA as are in its column "prediction".
"""

import csv
import json
import sys

report, sent, *data = sys.argv[1:]
sent = int(sent)
with open(report) as file:
    target = json.load(file)["targets"][0]
assert target["scheduled"] == target["ok"] == sent and target["failed"] == 0, target
agreement = target["agreement"]
assert agreement["k"] == agreement["n"] == sent, agreement
if data:
    with open(data[0]) as file:
        right = sum(row[data[1]] == row["prediction"] for row in csv.DictReader(file))
    accuracy = target["accuracy"]
    assert 0 < right < sent and (accuracy["k"], accuracy["n"]) == (right, sent), (right, accuracy)
