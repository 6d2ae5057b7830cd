package tfserving

import (
	"testing"

	"servebench/targets/protocol/protocoltest"
)

func TestConformance(t *testing.T) {
	protocoltest.Run(t, protocoltest.Subject{Kind: Kind(), Handler: Handler})
}
