"""Works out again what "servebench advise -o json" gives: break-evens, what changes the first
place, and what its cost depends on. The model of a cost is that of cost.py, which checks the costs
themselves first; nothing is shared with servebench.

usage: advice.py RUN.json SUMMARY.json PRICES.csv TRAFFIC ASKED COST.json ADVICE.json
"""
import copy, json, math, os, sys

advice = json.load(open(sys.argv.pop()))
model = {"__name__": "cost", "print": lambda *_: None}
source = os.path.join(os.path.dirname(__file__), "cost.py")
exec(compile(open(source).read(), source, "exec"), model)
asked, same, options, table = model["asked"], model["same"], model["options"], model["table"]
base = {k: copy.deepcopy(model[k]) for k in ("rates", "options", "table", "measured", "limits")}


def setting(rates=None, scale=1.0, prices=None, measured=None, limits=None, **changed):
    """Sets the inputs of the model; what is not named is as it was asked."""
    r = [v * scale for v in (rates or base["rates"])]
    model["rates"], model["mean_rate"] = r, sum(r) / len(r)
    model["requests"] = model["mean_rate"] * 3600 * model["HOURS"]
    options.clear()
    options.update(base["options"], **changed)
    ahead, hours = math.ceil(options["scale_lag_ms"] / 60000), []
    for start in range(0, len(r), 60):
        end = min(start + 60, len(r))
        hours.append((end - start, sum(r[start:end]) / (end - start), max(r[i % len(r)] for i in range(start, min(end + ahead, start + len(r))))))
    model["hours"] = hours
    table.clear()
    table.update(prices or base["table"])
    model["order"] = [p for rows in table.values() for p in rows]
    model["limits"] = limits or base["limits"]
    model["measured"] = measured or base["measured"]


def month(choice):
    """The cost, infinite where the place cannot serve."""
    m = model["measured"][choice["target"]]
    if not m["rate"]:
        return math.inf
    (_, _, _, peak, cold), value, _, _ = model["price"](choice["place"], m)
    is_function = "/lambda/" in choice["place"]
    if model["cold_broken"](m, cold) or peak > (options["concurrency"] if is_function else 1e6):
        return math.inf
    return value


def check(ok, what):
    if not ok:
        sys.exit(what)
    model["compared"] += 1


mean = sum(base["rates"]) / len(base["rates"])
estimates = advice["costs"]["estimates"]
choice = lambda e: {"run": e["run"], "target": e["target"], "place": e["place"]["id"]}
ranked = [e for e in estimates if not e["unfit"]]
if not ranked:
    check(advice["first"] is None and not advice["flips"] and not advice["tornado"], "advice where no place can serve")
    print(model["compared"])
    sys.exit()
first = choice(ranked[0])
check(advice["first"] == first, f"first {advice['first']}, want {first}")

# Undecided: another place may be cheaper within the intervals; of one target they move together.
# Where the lower end was not measured, a cost is no lower than that of no compute, or of the fewest units.
def least(e):
    low = e["usd_month"]["low"]
    return low if low is not None else model["least"](e["place"]["id"], base["measured"][e["target"]])


undecided, low = [], ranked[0]["usd_month"]
for e in ranked[1:]:
    usd = e["usd_month"]
    if e["target"] == first["target"] and e["run"] == first["run"]:
        may = least(e) < least(ranked[0]) or (usd["value"] - least(e) < low["value"] - least(ranked[0]) if usd["high"] is None else usd["high"] < low["high"])
    else:
        may = low["high"] is None or least(e) < low["high"]
    if may or usd["value"] == low["value"]:
        undecided.append(choice(e))
check((advice["undecided"] or []) == undecided, f"undecided {advice['undecided']}, want {undecided}")

# On both sides of a break-even the order is the reverse.
for b in advice["break_evens"]:
    sides = (b["from_rps"] / mean * (1 - 1e-9), b["usd_month_below"]), (b["to_rps"] / mean * (1 + 1e-9), b["usd_month_above"])
    costs = []
    for scale, told in sides:
        setting(scale=scale)
        both = [month(b["below"]), month(b["above"])]
        same(f"break-even {b}", told, [0 if math.isinf(v) else v for v in both])
        costs.append(both)
    check(costs[0][0] <= costs[0][1] and costs[1][1] <= costs[1][0], f"{b}: costs {costs}")

# Between break-evens the order of a pair stays: each change on a grid is one that was told.
pairs = {}
for b in advice["break_evens"]:
    key = tuple(sorted((b["below"]["target"] + " " + b["below"]["place"], b["above"]["target"] + " " + b["above"]["place"])))
    pairs.setdefault(key, []).append(b)
for told in pairs.values():
    told.sort(key=lambda b: b["from_rps"])
    for a, b in zip(told, told[1:]):
        check(a["above"] == b["below"], f"{a} and {b} do not follow each other")
    for scale in [10 ** (i / 8) for i in range(-23, 24)]:
        rate = scale * mean
        if any(b["from_rps"] / 1.5 < rate < b["to_rps"] * 1.5 for b in told):
            continue
        after = [b for b in told if b["to_rps"] <= rate]
        better, worse = (after[-1]["above"], after[-1]["below"]) if after else (told[0]["below"], told[0]["above"])
        setting(scale=scale)
        check(month(better) <= month(worse), f"at {rate}/s {worse} is cheaper than {better}")


def sharpened(rates, factor):
    def once(r, f):
        m = sum(r) / len(r)
        r = [max(0, m + f * (v - m)) for v in r]
        now = sum(r) / len(r)
        return [v * m / now for v in r]

    while factor > 2:
        rates, factor = once(rates, 2), factor / 2
    return once(rates, factor)


ratio = lambda rates: max(rates) / (sum(rates) / len(rates))


def with_peak(want):
    """The traffic whose peak is so many times its mean, or as near to it as it gets."""
    low, high = 0.0, 1e4
    for _ in range(50):
        middle = (low + high) / 2
        if ratio(sharpened(base["rates"], middle)) < want * (1 - 1e-12):
            low = middle
        else:
            high = middle
    return sharpened(base["rates"], high)


def priced(place, factor, names):
    """The table with the prices of some positions of the bill of a place multiplied."""
    e = next(e for e in estimates if e["place"]["id"] == place)
    ids = {"/".join(r[k] for k in ("provider", "region", "service", "item")) for p in e["parts"] if p["name"] in names for r in p["rows"]}
    return {i: [dict(p, usd=p["usd"] * (factor if i in ids else 1)) for p in rows] for i, rows in base["table"].items()}


OWN = ("units", "CPU", "memory", "fee", "requests", "compute", "cold starts")
seen = {m["target"]: sorted((p["rate"], -p["p99_ms"]) for p in m["seen"]) for m in advice["costs"]["measured"]}
for s in model["summary"]["capacity"]:
    steps = sorted((p["rate"], -p["p99_ms"]) for p in s["steps"] if p["p99_ms"])
    ours = seen[s["target"]]
    check(len(steps) == len(ours) and all(a == b and abs(x / y - 1) < 1e-3 for (a, x), (b, y) in zip(steps, ours)), f"the steps of {s['target']}: {ours}, want {steps}")


def under(limit):
    """What was measured under another limit of the p99, by the steps of the search."""
    now = next(at for room, at in base["limits"] if abs(room - 0.01) < 1e-9)
    measured = copy.deepcopy(base["measured"])
    for target, m in measured.items():
        held = breaks = 0
        for rate, p99 in seen[target]:
            if -p99 / 1000 > limit + 1e-9:
                breaks = rate
                break
            held = rate
        held = min(held, m["rate"]) if limit < now or len(base["limits"]) > 1 else max(held, m["rate"])
        if not held or breaks > held:
            m["breaks"] = breaks
        m["rate"] = held
    return measured, [(room, limit if abs(room - 0.01) < 1e-9 else at) for room, at in base["limits"]]


def put(kind, value, of=None):
    if kind == "traffic":
        setting(scale=value / mean)
    elif kind == "redundancy":
        setting(redundancy=round(value))
    elif kind == "headroom":
        setting(headroom=value)
    elif kind == "peak to mean":
        setting(rates=with_peak(value))
    elif kind == "price":
        setting(prices=priced((of or first)["place"], value, OWN))
    elif kind == "egress price":
        setting(prices=priced(first["place"], value, ("egress",)))
    elif kind == "p99 limit":
        measured, limits = under(value)
        setting(measured=measured, limits=limits)
    elif kind in ("capacity", "billed compute"):
        measured = copy.deepcopy(base["measured"])
        m = measured[first["target"]]
        if kind == "capacity":
            m["rate"] = value
        else:
            m["billed"] = (value, value, value)
        setting(measured=measured)
    else:
        sys.exit("unknown input " + kind)


# Just before the value of a flip the first place is at most as dear as the one that comes first
# just beyond it.
for f in advice["flips"]:
    for turn, outward in ((f["below"], -1), (f["above"], 1)):
        if not turn or not turn["flips"]:
            continue
        at, kind = turn["at"], f["input"]
        step = {"redundancy": 1.0, "p99 limit": 1e-9}.get(kind, max(abs(at), 1e-6) * 1e-6)
        beyond = at if kind == "redundancy" or kind == "p99 limit" and outward > 0 else at + outward * step
        within = at - outward * step if kind != "p99 limit" or outward > 0 else at
        put(kind, beyond, f["of"])
        then = turn["first"]
        if kind == "price" and then:
            for size in model["sizes"](first["place"], model["measured"][first["target"]], asked):
                check(month(then) <= month(dict(first, place=size)) * (1 + 1e-9), f"{f}: beyond, {size} is cheaper than {then}")
        if then is None:
            check(all(math.isinf(month(choice(e))) for e in ranked), f"{f}: a place can serve")
        else:
            check(month(then) <= month(first), f"{f}: beyond, {first} costs {month(first)} and {then} {month(then)}")
            check(abs(month(then) / turn["usd_month"] - 1) < 1e-4, f"{f}: {month(then)}")
            put(kind, within, f["of"])
            check(month(first) <= month(then) * (1 + 1e-9), f"{f}: within, {first} costs {month(first)} and {then} {month(then)}")

# The first place at both ends of each bar, and what is cheaper then.
for b in advice["tornado"]:
    for end in (b["low"], b["high"]):
        put(b["input"], end["value"])
        usd = month(first)
        check(math.isinf(usd) == (end["unfit"] is not None), f"{b}: costs {usd}")
        if not math.isinf(usd):
            check(abs(end["usd_month"] / usd - 1) < 1e-6, f"tornado {b['input']} at {end['value']}: {end['usd_month']}, want {usd}")
        if end["first"]:
            check(month(end["first"]) <= usd, f"{b}: {end['first']} is no cheaper")
swing = []
for b in advice["tornado"]:
    usd = [ranked[0]["usd_month"]["value"]] + [end["usd_month"] for end in (b["low"], b["high"]) if not end["unfit"]]
    swing.append(max(usd) - min(usd))
check(swing == sorted(swing, reverse=True), "the tornado's bars are not by their length")
print(model["compared"])
