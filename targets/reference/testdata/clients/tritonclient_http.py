"""Drives the reference server with NVIDIA's own client over HTTP:
tritonclient_http.py URL.

The server serves a model "sum" of any width, whose probability of class 1 is
the sum of the features.
"""

import sys

import numpy as np
import tritonclient.http as triton

ROWS = np.array([[0.5, 0.25], [0.125, 0.0]], dtype=np.float32)


def features(binary):
    tensor = triton.InferInput("features", ROWS.shape, "FP32")
    tensor.set_data_from_numpy(ROWS, binary_data=binary)
    return [tensor]


def check_metadata(client):
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("sum")
    assert client.is_model_ready("sum", "1")
    assert not client.is_model_ready("nope")
    assert client.get_server_metadata()["name"] == "servebench-reference"
    model = client.get_model_metadata("sum")
    assert model["versions"] == ["1"], model
    assert model["inputs"] == [{"name": "features", "datatype": "FP32", "shape": [-1, -1]}], model


def check_inference(client, binary=False, **options):
    answer = client.infer("sum", features(binary), request_id="r-1", **options)
    assert answer.get_response()["id"] == "r-1"
    assert answer.get_response()["model_version"] == "1"
    np.testing.assert_array_equal(answer.as_numpy("label"), np.array([1, 0], dtype=np.int64))
    np.testing.assert_array_equal(answer.as_numpy("probability"), ROWS.sum(axis=1))


def check_refusal(call, status, words):
    try:
        call()
    except triton.InferenceServerException as refused:
        assert refused.status() == status, refused.status()
        assert words in refused.message(), refused.message()
    else:
        raise AssertionError("not refused: " + words)


def check_repository(client):
    """Loads and unloads the model "changing", each load of which brings another version."""

    def versions():
        return [model["version"] for model in client.get_model_repository_index() if model["name"] == "changing" and model["state"] == "READY"]

    (before,) = versions()
    client.load_model("changing")
    (after,) = versions()
    assert int(after) == int(before) + 1, (before, after)
    assert client.infer("changing", features(False)).get_response()["model_version"] == after
    client.load_model("changing", config='{"traffic": {"%s": 1, "%d": 1}}' % (after, int(after) + 1))
    assert len(versions()) == 2, versions()
    check_refusal(lambda: client.load_model("changing", config="{"), "400", "config: cut off")
    check_refusal(lambda: client.load_model("nope"), "404", 'model "nope" is not in the repository')
    client.unload_model("changing")
    assert not client.is_model_ready("changing")
    assert versions() == []
    client.load_model("changing")
    assert client.is_model_ready("changing")


def main():
    client = triton.InferenceServerClient(sys.argv[1].removeprefix("http://"), network_timeout=30)
    check_metadata(client)
    outputs = [
        triton.InferRequestedOutput("label", binary_data=False),
        triton.InferRequestedOutput("probability", binary_data=True),
    ]
    check_inference(client)
    check_inference(client, outputs=outputs)
    check_inference(client, model_version="1")
    check_inference(client, request_compression_algorithm="gzip")
    check_inference(client, response_compression_algorithm="gzip")
    check_inference(client, parameters={"anything": "goes"})
    check_inference(client, binary=True)
    check_inference(client, binary=True, outputs=outputs)
    check_inference(client, binary=True, request_compression_algorithm="gzip")
    assert list(client.infer("sum", features(True)).as_numpy("class")) == [b"1", b"0"]
    check_refusal(lambda: client.infer("nope", features(False)), "404", 'unknown model "nope"')
    check_refusal(lambda: client.infer("sum", features(False), outputs=[triton.InferRequestedOutput("odds", binary_data=False)]), "400", "outputs[0].name")
    check_repository(client)
    client.close()
    print("all checks passed")


main()
