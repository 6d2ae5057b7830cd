"""Drives the reference server with NVIDIA's own client over gRPC:
tritonclient_grpc.py URL.

The server serves a model "sum" of any width, whose probability of class 1 is
the sum of the features.
"""

import sys

import numpy as np
import tritonclient.grpc as triton

ROWS = np.array([[0.5, 0.25], [0.125, 0.0]], dtype=np.float32)


def features(rows=ROWS):
    tensor = triton.InferInput("features", rows.shape, "FP32")
    tensor.set_data_from_numpy(rows)
    return [tensor]


def check_metadata(client):
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("sum")
    assert client.is_model_ready("sum", "1")
    assert client.get_server_metadata().name == "servebench-reference"
    model = client.get_model_metadata("sum", as_json=True)
    assert model["versions"] == ["1"], model
    assert model["inputs"] == [{"name": "features", "datatype": "FP32", "shape": ["-1", "-1"]}], model
    assert [output["name"] for output in model["outputs"]][:2] == ["label", "probability"], model


def check_inference(client, **options):
    answer = client.infer("sum", features(), request_id="r-1", **options)
    assert answer.get_response().id == "r-1"
    assert answer.get_response().model_version == "1"
    np.testing.assert_array_equal(answer.as_numpy("label"), np.array([1, 0], dtype=np.int64))
    np.testing.assert_array_equal(answer.as_numpy("probability"), ROWS.sum(axis=1))


def check_text(client):
    answer = client.infer("sum", features(), outputs=[triton.InferRequestedOutput("class")])
    assert answer.as_numpy("class").tolist() == [b"1", b"0"], answer.as_numpy("class")


def check_large(client):
    rows = np.full((1_000, 800), 0.0625, dtype=np.float32)  # 3.2 MB
    answer = client.infer("sum", features(rows))
    np.testing.assert_array_equal(answer.as_numpy("probability"), np.full(len(rows), 0.125, dtype=np.float32))
    rows = np.zeros((1_000, 1_600), dtype=np.float32)
    check_refusal(lambda: client.infer("sum", features(rows)), "RESOURCE_EXHAUSTED", "larger than max")


def check_refusal(call, status, words):
    try:
        call()
    except triton.InferenceServerException as refused:
        assert refused.status() == "StatusCode." + status, refused.status()
        assert words in refused.message(), refused.message()
    else:
        raise AssertionError("not refused: " + words)


def check_repository(client):
    """Loads and unloads the model "changing", each load of which brings another version."""

    def versions():
        index = client.get_model_repository_index(as_json=True)["models"]
        return [model["version"] for model in index if model["name"] == "changing" and model["state"] == "READY"]

    (before,) = versions()
    client.load_model("changing")
    (after,) = versions()
    assert int(after) == int(before) + 1, (before, after)
    client.load_model("changing", config='{"traffic": {"%s": 1, "%d": 1}}' % (after, int(after) + 1))
    assert len(versions()) == 2, versions()
    check_refusal(lambda: client.load_model("changing", config="{"), "INVALID_ARGUMENT", "config: cut off")
    check_refusal(lambda: client.load_model("nope"), "NOT_FOUND", 'model "nope" is not in the repository')
    client.unload_model("changing")
    check_refusal(lambda: client.is_model_ready("changing"), "NOT_FOUND", 'unknown model "changing"')
    assert versions() == []
    client.load_model("changing")
    assert client.is_model_ready("changing")


def main():
    client = triton.InferenceServerClient(sys.argv[1].removeprefix("http://"))
    check_metadata(client)
    check_inference(client)
    check_inference(client, outputs=[triton.InferRequestedOutput(name) for name in ("label", "probability")])
    check_inference(client, model_version="1")
    check_inference(client, client_timeout=30)
    check_inference(client, headers={"anything": "goes"}, parameters={"anything": "goes"})
    check_inference(client, compression_algorithm="gzip")
    check_large(client)
    check_refusal(lambda: client.infer("nope", features()), "NOT_FOUND", 'unknown model "nope"')
    check_refusal(
        lambda: client.infer("sum", features(), outputs=[triton.InferRequestedOutput("odds")]),
        "INVALID_ARGUMENT",
        "odds",
    )
    check_repository(client)
    client.close()
    print("all checks passed")


main()
