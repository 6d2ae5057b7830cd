"""Reads a folder of runs as TensorBoard does: its HTTP API, which its pages are made from."""
import json
import sys
import time
import urllib.parse
import urllib.request

from tensorboard import default, program

board = program.TensorBoard(plugins=default.get_plugins())
board.configure(argv=["tensorboard", "--logdir", sys.argv[1], "--host", "127.0.0.1", "--port", "0", "--load_fast", "false"])
address = board.launch()


def ask(path, body=None, **query):
    url = address.rstrip("/") + path + "?" + urllib.parse.urlencode(query)
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, {"Content-Type": "application/json"})) as answer:
        return json.load(answer)


for _ in range(300):  # the files are read beside
    runs, tags = ask("/data/runs"), ask("/data/plugin/scalars/tags")
    if len(runs) >= 4 and all(len(tags.get(r, {})) > 2 for r in runs):
        break
    time.sleep(0.1)

good, bad = "good/tensorboard/container/steady", "bad/tensorboard/container/steady"
assert good in runs and bad in runs, runs
scalars = {tag: [v for _, _, v in ask("/data/plugin/scalars/scalars", run=good, tag=tag)] for tag in tags[good]}
assert len(scalars["load/ok_per_second"]) == 30, scalars["load/ok_per_second"]
assert len(scalars["latency/p50_ms"]) == 30 and 2 < len(scalars["latency/p99_ms"]) < 30, scalars
p99, low, high = (scalars["figures/p99_ms" + end][0] for end in ("", ".low", ".high"))
assert low < p99 < high, (low, p99, high)
assert all(tag.startswith("figures/requests.") for tag in tags[bad]), tags[bad]

histograms = ask("/data/plugin/histograms/tags")
assert "latency/response_ms" in histograms[good] and bad not in histograms, histograms
steps = ask("/data/plugin/histograms/histograms", run=good, tag="latency/response_ms")
counted = sum(count for _, _, buckets in steps for _, _, count in buckets)
assert counted == scalars["figures/n"][0], (counted, scalars["figures/n"])

experiment = ask("/data/plugin/hparams/experiment", {"experimentName": ""})
names = [p["name"] for p in experiment["hparamInfos"]]
assert "target" in names and "rate_rps" in names, names
columns = [{"hparam": n} for n in names]
ask_groups = {"startIndex": 0, "sliceSize": 100, "allowedStatuses": ["STATUS_SUCCESS", "STATUS_FAILURE", "STATUS_RUNNING", "STATUS_UNKNOWN"], "colParams": columns}
groups = ask("/data/plugin/hparams/session_groups", ask_groups)["sessionGroups"]
rows = {(g["hparams"]["target"], g["hparams"]["validity"]): g for g in groups}
assert {("container", "VALID"), ("container", "INVALID")} <= set(rows), rows
metrics = {m["name"]["tag"]: m["value"] for m in rows["container", "VALID"]["metricValues"]}
assert abs(metrics["figures/p99_ms"] - p99) < 1e-6, metrics
assert not any(m["name"]["tag"] == "figures/p99_ms" for m in rows["container", "INVALID"].get("metricValues", [])), rows
assert rows["container", "INVALID"]["sessions"][0]["status"] == "STATUS_FAILURE", rows
print("all checks passed")
