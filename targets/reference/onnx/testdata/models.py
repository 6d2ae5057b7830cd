"""Makes the models of this folder, with rows and onnxruntime's answers to them.

    models.py FOLDER

Needs Python 3.11 and, beside what conformance.py needs, scikit-learn==1.9.1,
skl2onnx==1.20.0, onnxmltools==1.16.0, xgboost-cpu==3.2.0 and lightgbm==4.7.0, with
protobuf==6.33.6.
"""

import os
import sys

import lightgbm
import numpy as np
import onnx
import onnxmltools
import xgboost
from conformance import answers, write
from onnx import TensorProto, helper, numpy_helper
from onnxmltools.convert.common.data_types import FloatTensorType
from skl2onnx import to_onnx
from sklearn.ensemble import (GradientBoostingClassifier, GradientBoostingRegressor, HistGradientBoostingClassifier,
                              RandomForestClassifier)
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer, StandardScaler

rng = np.random.default_rng(1)
full = rng.normal(size=(400, 4)).astype(np.float32)
gaps = full.copy()
gaps[rng.random(gaps.shape) < 0.1] = np.nan
value = full[:, 0] * full[:, 1] + full[:, 2]
two, three = (value > 0).astype(int), np.digitize(value, [-0.7, 0.7])
names = np.array(["high", "low", "middle"])[three]
small = {"n_estimators": 6, "max_depth": 3, "random_state": 1}
flat = {"zipmap": False}


def sklearn(model, values, target, **options):
    return to_onnx(model.fit(values, target), values[:1], options=options or None)


def boosted(convert, model, target, **options):
    return convert(model.fit(gaps, target), initial_types=[("x", FloatTensorType([None, 4]))], **options)


def perceptron(sizes, last):
    """A network as PyTorch exports it: Gemm with transB, Relu, and a Sigmoid or Softmax."""
    draw = np.random.default_rng(1)
    nodes, constants, at = [], [], "features"
    for i, (inputs, outputs) in enumerate(zip(sizes, sizes[1:])):
        for name, shape in (f"{i}.weight", (outputs, inputs)), (f"{i}.bias", (outputs,)):
            constants.append(numpy_helper.from_array((draw.normal(size=shape) / np.sqrt(inputs)).astype(np.float32), name))
        operator = "Relu" if i < len(sizes) - 2 else last
        nodes.append(helper.make_node("Gemm", [at, f"{i}.weight", f"{i}.bias"], [f"gemm{i}"], name=f"/{i}/Gemm", transB=1))
        at = "probability" if operator == last else f"hidden{i}"
        nodes.append(helper.make_node(operator, [f"gemm{i}"], [at], name=f"/{i}/{operator}"))
    graph = helper.make_graph(nodes, "perceptron", [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["batch", sizes[0]])],
                              [helper.make_tensor_value_info("probability", TensorProto.FLOAT, ["batch", sizes[-1]])], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


wide = rng.normal(size=(400, 20)).astype(np.float32)
xgb, lgb = onnxmltools.convert_xgboost, onnxmltools.convert_lightgbm
quiet = {"verbose": -1, "min_child_samples": 5}
models = {
    "forest": (full, sklearn(RandomForestClassifier(**small), full, names)),
    "forest-two": (gaps, sklearn(RandomForestClassifier(**small), gaps, two, **flat)),
    "boosting": (full, sklearn(GradientBoostingClassifier(**small), full, two, **flat)),
    "boosting-three": (full, sklearn(GradientBoostingClassifier(**small), full, three)),
    "boosting-values": (full, sklearn(GradientBoostingRegressor(**small), full, value)),
    "histogram": (gaps, sklearn(HistGradientBoostingClassifier(max_iter=6, max_depth=3), gaps, two)),
    "xgboost": (gaps, boosted(xgb, xgboost.XGBClassifier(**small), two)),
    "xgboost-three": (gaps, boosted(xgb, xgboost.XGBClassifier(**small), three)),
    "xgboost-values": (gaps, boosted(xgb, xgboost.XGBRegressor(**small), value)),
    "lightgbm": (gaps, boosted(lgb, lightgbm.LGBMClassifier(**small, **quiet), two, target_opset=15)),
    "lightgbm-three": (gaps, boosted(lgb, lightgbm.LGBMClassifier(**small, **quiet), three, target_opset=15)),
    "lightgbm-values": (gaps, boosted(lgb, lightgbm.LGBMRegressor(**small, **quiet), value, target_opset=15)),
    "mlp-sklearn": (full, sklearn(make_pipeline(StandardScaler(), MLPClassifier((8,), random_state=1)), full, two)),
    "mlp-sklearn-three": (full, sklearn(make_pipeline(Normalizer(), MLPClassifier((8, 4), "tanh", random_state=1)), full, three, **flat)),
    "mlp-sklearn-values": (full, sklearn(MLPRegressor(hidden_layer_sizes=(8,), random_state=1), full, value)),
    "mlp": (wide, perceptron((20, 64, 32, 1), "Sigmoid")),
    "mlp-three": (wide, perceptron((20, 16, 3), "Softmax")),
}
for name, (rows, model) in models.items():
    path = os.path.join(sys.argv[1], name)
    onnx.save(model, path + ".onnx")
    write(path + ".rows.csv", rows[:40])
    write(path + ".predictions.csv", answers(path + ".onnx", rows[:40]))
