package sagemaker

import (
	"net/http"
	"testing"

	"servebench/targets/protocol"
	"servebench/targets/protocol/mlflow"
	"servebench/targets/protocol/protocoltest"
)

// both serves the runtime's contract, and beside it that of a container, which MLflow's
// server keeps.
func both(s protocol.Service) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", mlflow.Handler(s))
	mux.Handle(Patterns()[0], Handler(s))
	return mux
}

func TestConformance(t *testing.T) {
	protocoltest.Run(t, protocoltest.Subject{Kind: Kind(), Handler: both})
}

func TestConformanceOfContainer(t *testing.T) {
	protocoltest.Run(t, protocoltest.Subject{Kind: ContainerKind(), Handler: both})
}
