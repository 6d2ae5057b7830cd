package v2_test

import (
	"testing"

	"servebench/targets/protocol/protocoltest"
	"servebench/targets/protocol/v2"
)

func TestConformance(t *testing.T) {
	protocoltest.Run(t, protocoltest.Subject{Kind: v2.Kind(), Handler: v2.Handler})
}
