"""Drives the reference server with KServe's own client over gRPC: kserve_grpc.py URL.

The server serves a model "sum" of any width, whose probability of class 1 is
the sum of the features.
"""

import asyncio
import sys

import grpc
import numpy as np
from kserve import InferenceGRPCClient, InferInput, InferRequest

ROWS = np.array([[0.5, 0.25], [0.125, 0.0]], dtype=np.float32)


def request(model, binary):
    features = InferInput("features", list(ROWS.shape), "FP32")
    features.set_data_from_numpy(ROWS, binary_data=binary)
    return InferRequest(model, [features], request_id="r-1")


async def check_inference(client, binary):
    answer = await client.infer(request("sum", binary))
    assert answer.id == "r-1", answer.id
    outputs = {output.name: output.as_numpy() for output in answer.outputs}
    np.testing.assert_array_equal(outputs["label"], np.array([1, 0], dtype=np.int64))
    np.testing.assert_array_equal(outputs["probability"], ROWS.sum(axis=1))


async def main():
    client = InferenceGRPCClient(sys.argv[1].removeprefix("http://"), retries=0, timeout=30)
    assert await client.is_server_live()
    assert await client.is_server_ready()
    assert await client.is_model_ready("sum")
    await check_inference(client, binary=False)
    await check_inference(client, binary=True)
    try:
        await client.infer(request("nope", binary=False))
    except grpc.RpcError as refused:
        assert refused.code() == grpc.StatusCode.NOT_FOUND, refused
    else:
        raise AssertionError("an unknown model is not refused")
    await client.close()
    print("all checks passed")


asyncio.run(main())
