"""Works out again every figure that "servebench cost -o json" gives, from the record of the run,
the certified rates, the table of prices and the traffic. It shares no code with servebench and
takes nothing from its answer but the options, the service times and the choice of places named.

usage: cost.py RUN.json SUMMARY.json PRICES.csv TRAFFIC ASKED COST.json
"""
import csv, json, math, os, re, statistics, sys

HOURS = 730
run_file, summary_file, prices_file, traffic, asked, cost_file = sys.argv[1:]
run, summary, cost = (json.load(open(f)) for f in (run_file, summary_file, cost_file))
options = cost["options"]
compared = 0


def same(what, got, want):
    global compared
    compared += 1
    if isinstance(want, list):
        if not isinstance(got, list) or len(got) != len(want):
            sys.exit(f"{what}: {got}, want {want}")
        for i, (g, w) in enumerate(zip(got, want)):
            same(f"{what}[{i}]", g, w)
    elif isinstance(want, float) or isinstance(want, int) and not isinstance(want, bool):
        if got is None or abs(got - want) > 1e-7 * max(abs(want), 1e-12):
            sys.exit(f"{what}: {got!r}, want {want!r}")
    elif got != want:
        sys.exit(f"{what}: {got!r}, want {want!r}")


# The traffic, in requests per second of each minute.
def curve():
    if os.path.exists(traffic):
        times = [float(line) for line in open(traffic)]
        length = (times[-1] - times[0]) * len(times) / (len(times) - 1)
        rates = [0] * int(length / 60 + 0.02)
        for t in times:
            i = int((t - times[0]) // 60)
            if i < len(rates):
                rates[i] += 1
        return [r / 60 for r in rates]
    name, rest = traffic.split(":")
    words = rest.split(",")
    number, per = words[0].split("/")
    mean = float(number) / {"s": 1, "min": 60, "h": 3600, "day": 86400}[per]
    p = {k: float(v.rstrip("x")) for k, v in (w.split("=") for w in words[1:])}
    day = 1440
    if name == "constant":
        return [mean] * day
    if name == "daily":
        peak = p.get("peak", 2)
        wave = [(1 + math.cos(2 * math.pi * (i - 840) / day)) / 2 for i in range(day)]
        if peak <= 2:
            return [mean * (2 - peak + 2 * (peak - 1) * w) for w in wave]
        low, high = 0.0, 1e6
        for _ in range(300):  # the exponent at which the mean is 1/peak of the highest
            middle = (low + high) / 2
            if sum(w**middle for w in wave) / day > 1 / peak:
                low = middle
            else:
                high = middle
        return [mean * peak * w**high for w in wave]
    if name == "business-hours":
        peak = p.get("peak", 3)
        rest = (168 - 40 * peak) / 128
        return [mean * (peak if m // day < 5 and 9 <= m % day // 60 < 17 else rest) for m in range(7 * day)]
    if name == "spiky":
        peak, minutes = p.get("peak", 10), int(p.get("minutes", 10))
        rest = (day - peak * minutes) / (day - minutes)
        return [mean * (peak if 720 <= m < 720 + minutes else rest) for m in range(day)]
    sys.exit("unknown traffic " + traffic)


rates = curve()
mean_rate = sum(rates) / len(rates)
requests = mean_rate * 3600 * HOURS
hours = []  # (minutes, mean, peak within it and the lag after it)
ahead = math.ceil(options["scale_lag_ms"] / 60000)
for start in range(0, len(rates), 60):
    end = min(start + 60, len(rates))
    seen = [rates[i % len(rates)] for i in range(start, min(end + ahead, start + len(rates)))]
    hours.append((end - start, sum(rates[start:end]) / (end - start), max(seen)))
same("traffic.mean", cost["traffic"]["mean_rps"], mean_rate)
same("traffic.peak", cost["traffic"]["peak_rps"], max(rates))
same("traffic.requests", cost["traffic"]["requests_month"], requests)
same("traffic.hours", [[h["hours"], h["mean_rps"], h["peak_rps"]] for h in cost["traffic"]["hours"]], [[m / 60, a, b] for m, a, b in hours])

# The prices, by ID: rows by ascending from.
table, order = {}, []
for row in csv.DictReader(open(prices_file)):
    p = {k: float(row[k] or 0) for k in ("from", "usd", "vcpu", "memory_gib")} | {k: row[k] for k in ("provider", "region", "service", "item", "unit", "accelerator")}
    p["id"] = "/".join(row[k] for k in ("provider", "region", "service", "item"))
    table.setdefault(p["id"], []).append(p)
    order.append(p)
for rows in table.values():
    rows.sort(key=lambda p: p["from"])


# What was measured, from the cells of the rounds that certify a rate.
def student(n):  # 97.5 % points
    return {3: 4.30265273, 4: 3.18244631, 5: 2.77644511}[n]


def measure(target):
    found = next(s for s in summary["capacity"] if s["target"] == target["name"])
    if not found["certified_rps"]:
        return None
    steps = [s for s in run["capacity"]["steps"] if s["target"] == target["name"] and s["kind"] == "certify"]
    rounds = [s["round"] for s in steps if s["attempt"] == steps[-1]["attempt"]]
    cells = [c for c in run["cells"] if c["target"] == target["name"] and c["round"] in rounds and not c["phase"].startswith("settle-") and not c.get("discarded")]
    total = lambda field: sum(c.get(field, 0) for c in cells)
    led = lambda field: sum(c["ledger"][field] for c in cells)
    m = {"rate": found["certified_rps"], "breaks": found["breaks_rps"] or 0, "cpus": target["cpus"], "gib": target["memory_bytes"] / 2**30,
         "asks": total("request_bytes") / led("sent"), "answers": total("answer_bytes") / led("ok"), "kind": target["name"].split("@")[0]}
    starts = sorted(d["stages"][-1]["at_ns"] for d in target["deployments"])
    m["cold"] = statistics.median(starts) / 1e9
    if m["kind"] == "lambda":
        meter = lambda c, name: next((x["value"] for x in c["usage"].get("meters", []) if x["name"] == name), 0)
        # Initialisations are billed with the first request, and priced by how often the traffic has them.
        warm = lambda c: meter(c, "billed compute") * (1 - min(1, meter(c, "init duration") / meter(c, "billed duration")))
        each = [warm(c) / meter(c, "invocations") for c in cells]
        value = sum(map(warm, cells)) / sum(meter(c, "invocations") for c in cells)
        m["gib"] = sum(meter(c, "billed compute") for c in cells) / (sum(meter(c, "billed duration") for c in cells) / 1000)
        mean, n = sum(each) / len(each), len(each)
        spread = math.sqrt(sum((e - mean) ** 2 for e in each) / (n - 1))
        half = student(n) * spread / math.sqrt(n) if n >= 3 else 0
        m["billed"] = (value, max(0, min(mean - half, value)), max(mean + half, value)) if half else (value, None, None)
        of = [c for c in run["cells"] if c["target"] == target["name"]]
        m["init"] = sum(meter(c, "init duration") for c in of) / 1000 / sum(meter(c, "environments ready") for c in of) * m["gib"]
    return m


slo = run["scenario"]["slo"]
limits = [(1 - q, slo[k] / 1e9) for k, q in (("p50_ns", 0.5), ("p90_ns", 0.9), ("p99_ns", 0.99), ("p999_ns", 0.999)) if slo.get(k)]
measured = {}
for target, m in zip(run["targets"], cost["measured"]):
    own = measured[target["name"]] = measure(target)
    if own is None:
        same(target["name"], m["certified_rps"], 0)
        continue
    own["service"] = m["service_ms"] / 1000
    for ours, theirs in (("rate", "certified_rps"), ("breaks", "breaks_rps"), ("cpus", "cpus"), ("gib", "memory_gib"), ("asks", "request_bytes"), ("answers", "answer_bytes")):
        same(f"measured {target['name']} {theirs}", m[theirs], own[ours])
    same("cold start", m["cold_start_ms"] / 1000, own["cold"])
    if "billed" in own:
        b = m["billed"]
        same("billed", [b["gb_seconds"][k] for k in ("value", "low", "high")], list(own["billed"]))
        same("init", b["init_gb_seconds"], own["init"])


# The bill of one target at one place.
class Bill:
    def __init__(self):
        self.parts, self.sum = [], 0

    def charge(self, name, rows, quantity, before=0):
        if not rows:
            return
        usd, used = 0, []
        for i, row in enumerate(rows):
            until = rows[i + 1]["from"] if i + 1 < len(rows) else math.inf
            inside = min(quantity, until - before) if before >= row["from"] else min(before + quantity, until) - row["from"]
            if inside > 0:
                usd += inside * row["usd"]
                used.append((row, inside))
        self.parts.append((name, quantity, usd, used))
        self.sum += usd


def per_month(unit):
    return {"hour": HOURS, "vCPU-hour": HOURS, "GB-hour": HOURS, "LCU-hour": HOURS, "second": HOURS * 3600, "vCPU-second": HOURS * 3600, "GiB-second": HOURS * 3600, "month": 1}[unit]


def timed(bill, name, rows, mean):
    if rows:
        bill.charge(name, rows, mean * per_month(rows[0]["unit"]))


def answer_bytes(m):
    return options["answer_bytes"] or m["answers"]


def egress(bill, base, m):
    bill.charge("egress", table.get(base + "/transfer/egress internet"), requests * answer_bytes(m) / 1e9)


def fargate(cpus, gib):
    for size, choices in ((0.25, [0.5, 1, 2]), (0.5, range(1, 5)), (1, range(2, 9)), (2, range(4, 17)), (4, range(8, 31)), (8, range(16, 61, 4)), (16, range(32, 121, 8))):
        fit = [c for c in choices if c >= gib]
        if cpus <= size and fit:
            return size, fit[0]
    return None


def cloud_run(cpus, gib):
    for size, least, most in ((1, 0.5, 4), (2, 0.5, 8), (4, 2, 16), (6, 4, 24), (8, 4, 32)):
        if cpus <= size and gib <= most:
            return size, max(least, math.ceil(gib * 4) / 4)
    return None


def container_app(cpus, gib):
    size = max(math.ceil(cpus * 4) / 4, math.ceil(gib / 2 * 4) / 4)
    return (size, 2 * size) if size <= 4 else None


def ceil(x):
    return math.ceil(x - 1e-9)


def needed(rate, usable):
    return 0 if rate == 0 else max(1, ceil(rate / usable))


def fleet(place, m, usable):
    provider, region, service, item = place.split("/", 3)
    base, bill = provider + "/" + region, Bill()
    get = lambda s, i: table.get(f"{base}/{s}/{i}", [])
    unit, cpu, memory, fee = [], [], [], []
    if service == "fargate":
        (vcpu, gib), per = fargate(m["cpus"], m["gib"]), 1
        cpu, memory = get(service, item + " vCPU"), get(service, item + " memory")
    elif service in ("gke", "cloud-run"):
        vcpu, gib = (math.ceil(m["cpus"] * 4) / 4, math.ceil(m["gib"] * 4) / 4) if service == "gke" else cloud_run(m["cpus"], m["gib"])
        per = 1
        word = "vCPU" if service == "gke" else "CPU"
        cpu, memory = get(service, f"{item} {word}"), get(service, f"{item} memory")
        fee = get(service, "cluster management fee") if service == "gke" else []
    else:
        unit = get("ec2" if service == "eks" else service, item)
        fee = get("eks", "control plane standard support") if service == "eks" else []
        vcpu, gib = unit[0]["vcpu"], unit[0]["memory_gib"]
        per = int(min(vcpu / m["cpus"], gib / m["gib"]) + 1e-9)
    units = [max(options["min_units"], needed(peak, usable * per) + options["redundancy"]) for _, _, peak in hours]
    peak = max(units)
    if unit and unit[0]["unit"] == "month":
        units = [peak] * len(units)
    mean = sum(n * h[0] for n, h in zip(units, hours)) / len(rates)
    timed(bill, "units", unit, mean)
    timed(bill, "CPU", cpu, mean * vcpu)
    timed(bill, "memory", memory, mean * gib)
    timed(bill, "fee", fee, 1)
    itself = service in ("sagemaker", "cloud-run")
    balanced = peak > 1 and options["load_balancer"] and not itself
    if balanced:
        timed(bill, "load balancer", get("elb", "application load balancer"), 1)
        lcu = mean_rate * max(1 / (25 * options["requests_per_connection"]), 3600 * (m["asks"] + answer_bytes(m)) / 1e9)
        timed(bill, "load balancer capacity", get("elb", "ALB LCU"), lcu)
    if service != "sagemaker":
        timed(bill, "public IPv4 addresses", get("vpc", "public IPv4 in use or idle"), mean + (2 if balanced else 0))
    egress(bill, base, m)
    return bill, units, mean, peak, 0


def coldness(there):
    cold, before = 0, there(hours[-1])
    for h in hours:
        n = there(h)
        cold += h[1] * h[0] * 60 * math.exp(-h[1] * options["eviction_ms"] / 1000) + max(0, n - before)
        before = n
    return min(1, cold / (mean_rate * len(rates) * 60))


def on_request(place, m, usable):
    provider, region, service, item = place.split("/", 3)
    base, bill = provider + "/" + region, Bill()
    rows = [p for p in order if p["id"].startswith(f"{base}/{service}/")]
    pick = lambda word: [p for p in rows if re.search(word, p["item"])]
    if service == "cloud-run":
        cpu, memory, request, hold = pick(r"^request-based CPU"), pick(r"^request-based memory"), pick(r"^requests"), math.ceil(m["service"] * 10 - 1e-9) / 10
        vcpu, gib = cloud_run(m["cpus"], m["gib"])
    else:
        cpu, memory, request, hold = pick(r"vCPU active"), pick(r"memory active"), pick(r"^requests"), 300
        vcpu, gib = container_app(m["cpus"], m["gib"])
    window = max(m["service"], hold)
    busy = []
    for _, mean, _ in hours:
        n = max(1, needed(mean, usable))
        busy.append(n * (1 - math.exp(-mean / n * window)))
    mean = sum(b * h[0] for b, h in zip(busy, hours)) / len(rates)
    there = lambda h: needed(h[2], usable)
    bill.charge("requests", request, requests)
    timed(bill, "CPU", cpu, mean * vcpu)
    timed(bill, "memory", memory, mean * gib)
    egress(bill, base, m)
    return bill, busy, mean, max(map(there, hours)), coldness(there)


def function(place, m, gb_seconds):
    provider, region, service, item = place.split("/", 3)
    base, bill = provider + "/" + region, Bill()
    took = m["billed"][0] / m["gib"]
    there = lambda h: ceil(h[2] * took)
    cold = coldness(there)
    compute = table[f"{base}/lambda/duration {item}"]
    bill.charge("requests", table[f"{base}/lambda/requests"], requests)
    bill.charge("compute", compute, requests * gb_seconds)
    bill.charge("cold starts", compute, requests * cold * m["init"], requests * gb_seconds)
    egress(bill, base, m)
    return bill, [h[1] * took for h in hours], mean_rate * took, max(map(there, hours)), cold


def price(place, m):
    """The bill, and the month's value, low and high."""
    service, item = place.split("/", 3)[2:]
    if service == "lambda":
        value = function(place, m, m["billed"][0])  # an end that was not measured is no cost
        return value, value[0].sum, *(g if g is None else function(place, m, g)[0].sum for g in m["billed"][1:])
    model = on_request if item in ("request-based", "consumption") else fleet
    free = 1 - options["headroom"]
    value = model(place, m, m["rate"] * free)
    low = model(place, m, (m["breaks"] if m["breaks"] > m["rate"] else math.inf) * free)
    known = m["breaks"] > m["rate"] or low[0].sum >= value[0].sum  # else nothing is known below
    return value, value[0].sum, low[0].sum if known else None, value[0].sum


def least(place, m):
    """What a month costs at the least, whatever is not known: without compute, or with the fewest units."""
    service, item = place.split("/", 3)[2:]
    if service == "lambda":
        return function(place, m, 0)[0].sum
    return (on_request if item in ("request-based", "consumption") else fleet)(place, m, math.inf)[0].sum


def cold_broken(m, share):
    return any(share > room + 1e-15 and m["cold"] > at for room, at in limits)


for e in cost["estimates"]:
    what, m, place = f"{e['target']} at {e['place']['id']}", measured[e["target"]], e["place"]["id"]
    if m is None:
        same(what + " unfit", e["unfit"]["kind"], "no capacity")
        continue
    (bill, units, mean, peak, cold), value, low, high = price(place, m)
    if e["unfit"]:
        reasons = {"cold starts": cold_broken(m, cold), "quota": peak > options["concurrency"]}
        if not reasons.get(e["unfit"]["kind"]):
            sys.exit(f"{what}: unfit for {e['unfit']}, which is not so")
        continue
    if cold_broken(m, cold):
        sys.exit(f"{what}: {cold} of the requests are cold, and it is priced")
    same(what + " month", [e["usd_month"][k] for k in ("value", "low", "high")], [value, low, high])
    same(what + " million", [e["usd_per_million"][k] for k in ("value", "low", "high")], [v if v is None else v / requests * 1e6 for v in (value, low, high)])
    same(what + " units", e["units"], units)
    same(what + " mean", e["mean_units"], mean)
    same(what + " peak", e["peak_units"], peak)
    spare = options["redundancy"] if e["place"]["kind"] == "fleet" else 0
    if spare == 0 and e["place"]["kind"] != "fleet" or peak > options["min_units"]:
        same(what + " needed", e["needed_units"], peak - spare)
    same(what + " cold", e["cold_share"], cold)
    same(what + " parts", [p["name"] for p in e["parts"]], [p[0] for p in bill.parts])
    for p, (name, quantity, usd, used) in zip(e["parts"], bill.parts):
        same(f"{what} {name}", [p["quantity"], p["usd_month"]], [quantity, usd])
        if quantity > 0:
            same(f"{what} {name} rows", [[r["usd"], r["quantity"]] for r in p["rows"]], [[row["usd"], inside] for row, inside in used])
    same(what + " sum", sum(p["usd_month"] for p in e["parts"]), e["usd_month"]["value"])
    old = {r["id"] for p in bill.parts for r, _ in p[3]}
    for r in e["remarks"]:
        if r["kind"] == "old price" and r["text"] not in old:
            sys.exit(f"{what}: an old price that is not used: {r['text']}")

# Those that can serve come first, by ascending cost.
months = [e["usd_month"]["value"] if not e["unfit"] else math.inf for e in cost["estimates"]]
if months != sorted(months):
    sys.exit("the estimates are not by ascending cost")


def sizes(place, m, asked):
    """The places of the same service in the same region that come into question."""
    service = place.split("/", 3)[:3]
    if asked != "usual":
        return [e["place"]["id"] for e in cost["estimates"] if not e["unfit"] and e["place"]["id"].split("/", 3)[:3] == service]
    found = []
    for p in order:
        if [p["provider"], p["region"], p["service"]] != service or not p["vcpu"] or not p["memory_gib"] or p["accelerator"]:
            continue
        burst = re.match(r"(ml\.)?t\d|Standard_B", p["item"]) or "shared" in p["item"]
        arm = re.match(r"(ml\.)?[a-z]+\d+g[a-z]*\.|CAX\d|Standard_[A-Z]+\d+[a-z]*p[a-z]*_", p["item"])
        if not burst and not arm and p["vcpu"] >= m["cpus"] and p["memory_gib"] >= m["gib"]:
            found.append(p["id"])
    return found


# Without places asked for, none of the same service in the same region is cheaper.
if asked == "usual":
    for e in cost["estimates"]:
        if e["unfit"]:
            continue
        m = measured[e["target"]]
        for other in sizes(e["place"]["id"], m, asked):
            if price(other, m)[1] < e["usd_month"]["value"] * (1 - 1e-9):
                sys.exit(f"{other} is cheaper than {e['place']['id']}")
print(compared)
