package service_test

import (
	"path/filepath"
	"testing"

	"servebench/targets/targettest/python"
)

// TestBoto3 invokes functions by AWS's client for Python, whose parser of answers and
// streams is not that of the SDK for Go.
func TestBoto3(t *testing.T) {
	python.Environment(t, "serving")
	deeds, reader, site := serve(t, config("deeds")), serve(t, config("reader")), serve(t, config("url"))
	python.Run(t, filepath.Join("testdata", "boto3_lambda.py"), deeds.url, reader.url, site.url)
}
