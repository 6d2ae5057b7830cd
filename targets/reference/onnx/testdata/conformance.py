"""Runs onnxruntime for the tests of this package.

    conformance.py predict FOLDER  write what the folder's models answer to their rows
    conformance.py random FOLDER   write models of random graphs, rows and answers

Beside NAME.onnx are NAME.rows.csv and NAME.predictions.csv: one row per line, values separated
by commas, nan for a missing one; the probabilities of all classes, or what a regression says.
models.py makes the models that are committed.
"""

import glob
import os
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
options.log_severity_level = 3


def write(path, values):
    np.savetxt(path, values, fmt="%.9g", delimiter=",")


def answers(model, rows):
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    outputs = [o.name for o in session.get_outputs() if o.type in ("tensor(float)", "seq(map(int64,tensor(float)))", "seq(map(string,tensor(float)))")]
    (answer,) = session.run(outputs, {session.get_inputs()[0].name: rows})
    if isinstance(answer, list):  # of ZipMap
        answer = np.array([[m[k] for k in sorted(m)] for m in answer])
    answer = answer.reshape(len(rows), -1)
    if answer.shape[1] == 1 and onnx.load(model).graph.node[-1].op_type == "Sigmoid":  # of the second class
        answer = np.hstack([1 - answer, answer])
    return answer


def predict(folder):
    for model in glob.glob(os.path.join(folder, "*.onnx")):
        path = model.removesuffix(".onnx")
        write(path + ".predictions.csv", answers(model, np.loadtxt(path + ".rows.csv", delimiter=",", dtype=np.float32, ndmin=2)))


def trees(rng, features, scores, targets, signs):
    """The attributes of random trees, whose leaves add to scores of that list."""
    modes = rng.choice(["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"], size=rng.integers(1, 3))
    lists = {k: [] for k in ("treeids", "nodeids", "featureids", "truenodeids", "falsenodeids", "missing_value_tracks_true", "modes", "values")}
    leaves = {k: [] for k in ("treeids", "nodeids", "ids", "weights")}
    for tree in range(rng.integers(1, 6)):
        count = 2 * rng.integers(0, 6) + 1  # nodes; node i < count // 2 has the children 2i+1 and 2i+2
        order = [0] + list(1 + rng.permutation(count - 1))
        for node in order:
            split = node < count // 2
            lists["treeids"].append(tree)
            lists["nodeids"].append(node)
            lists["featureids"].append(int(rng.integers(features)) if split else 0)
            lists["truenodeids"].append(2 * node + 1 if split else 0)
            lists["falsenodeids"].append(2 * node + 2 if split else 0)
            lists["missing_value_tracks_true"].append(int(rng.integers(2)) if split else 0)
            lists["modes"].append(str(rng.choice(modes)) if split else "LEAF")
            lists["values"].append(float(rng.integers(-2, 3)) if split else 0.0)
            for score in scores if not split else []:
                leaves["treeids"].append(tree)
                leaves["nodeids"].append(node)
                leaves["ids"].append(score)
                leaves["weights"].append(float(abs(rng.normal()) if signs == "positive" else rng.normal()))
    attributes = {"nodes_" + k: [int(x) if k not in ("modes", "values") else x for x in v] for k, v in lists.items()}
    attributes.update({targets + "_" + k: [int(x) if k != "weights" else x for x in v] for k, v in leaves.items()})
    return attributes


def ensemble(rng, i, features):
    kind = ["two", "one", "positive", "many", "value", "average"][i % 6]
    bases = int(rng.integers(2))
    if kind in ("value", "average"):
        targets = 1
        extra = {"n_targets": targets, "post_transform": "NONE", "aggregate_function": "AVERAGE" if kind == "average" else "SUM"}
        nodes = [helper.make_node("TreeEnsembleRegressor", ["x"], ["y"], domain="ai.onnx.ml", name="trees",
                                  **trees(rng, features, [0], "target", "any"), **extra, **({"base_values": [0.75]} if bases else {}))]
        return nodes, [("y", targets)], []
    classes = 3 if kind == "many" else 2
    scores = {"two": [0, 1], "one": [0], "positive": [0], "many": [0, 1, 2]}[kind]
    extra = {"post_transform": str(rng.choice({"two": ["SOFTMAX", "LOGISTIC"], "many": ["SOFTMAX"]}.get(kind, ["LOGISTIC"]))), "classlabels_int64s": list(range(classes))}
    base = {} if not bases or kind == "two" else {"base_values": [0.25 * k for k in range(classes)] if kind == "many" else [0.125]}
    nodes = [helper.make_node("TreeEnsembleClassifier", ["x"], ["label", "y"], domain="ai.onnx.ml", name="trees",
                              **trees(rng, features, scores, "class", kind if kind == "positive" else "any"), **extra, **base)]
    return nodes, [("y", classes)], ["label"]


def perceptron(rng, i, features):
    initializers, nodes, at, width = [], [], "x", features

    def constant(name, value):
        initializers.append(onnx.numpy_helper.from_array(np.asarray(value, dtype=np.float32), name))
        return name

    def node(operator, inputs, **attributes):
        nonlocal at
        nodes.append(helper.make_node(operator, inputs, [f"v{len(nodes)}"], name=f"n{len(nodes)}", **attributes))
        at = f"v{len(nodes) - 1}"

    if i % 3 == 0:
        nodes.append(helper.make_node("Scaler", ["x"], ["scaled"], domain="ai.onnx.ml", offset=[0.5] * features, scale=[float(s) for s in rng.normal(size=features)]))
        at = "scaled"
    outputs = int([1, 3, 1][i % 3])
    sizes = [int(n) for n in rng.integers(1, 9, size=rng.integers(1, 3))] + [outputs]
    for layer, size in enumerate(sizes):
        weights, bias = rng.normal(size=(width, size)), rng.normal(size=[(size,), (1, size), (1,)][rng.integers(3)])
        if rng.integers(2):
            node("MatMul", [at, constant(f"w{layer}", weights)])
            node("Add", [at, constant(f"b{layer}", bias)] if rng.integers(2) else [constant(f"b{layer}", bias), at])
        else:
            node("Gemm", [at, constant(f"w{layer}", weights.T), constant(f"b{layer}", bias)], transB=1, alpha=0.5, beta=2.0)
        width = size
        if layer < len(sizes) - 1:
            before = at
            node(str(rng.choice(["Relu", "Tanh", "Sigmoid"])), [at])
            if rng.integers(2):
                node("Concat", [before, at], axis=1)
                width *= 2
            if rng.integers(2):
                node("Sub", [constant(f"c{layer}", 1), at])
                node("Mul", [at, constant(f"m{layer}", 0.5)])
                node("Div", [at, constant(f"d{layer}", 3)])
    if i % 3 == 1:
        node("Softmax", [at])
    if i % 3 == 2:
        node("Sigmoid", [at])
    return nodes, [(at, outputs)], initializers


def random(folder):
    rng = np.random.default_rng(7)
    for i in range(120):
        features = int(rng.integers(1, 5))
        rows = rng.integers(-2, 3, size=(30, features)).astype(np.float32)
        labels, initializers = [], []
        if i % 2:
            nodes, outputs, initializers = perceptron(rng, i // 2, features)
        else:
            nodes, outputs, labels = ensemble(rng, i // 2, features)
            rows[rng.random(rows.shape) < 0.2] = np.nan
        info = [helper.make_tensor_value_info(n, TensorProto.INT64, [None]) for n in labels]
        info += [helper.make_tensor_value_info(n, TensorProto.FLOAT, [None, w]) for n, w in outputs]
        graph = helper.make_graph(nodes, "random", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, features])], info, initializers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)])
        model.ir_version = 8
        onnx.checker.check_model(model)
        name = os.path.join(folder, f"{i:03}")
        onnx.save(model, name + ".onnx")
        write(name + ".rows.csv", rows)
        write(name + ".predictions.csv", answers(name + ".onnx", rows))


if __name__ == "__main__":
    {"predict": predict, "random": random}[sys.argv[1]](*sys.argv[2:])
    print("all checks passed")
