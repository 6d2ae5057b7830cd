package scenarios

import (
	"math/rand/v2"
	"testing"

	"servebench/scenarios/decode"
	"servebench/targets"
)

// TestSizesReadBack writes random sizes and reads the same ones.
func TestSizesReadBack(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		b := minSize + targets.Bytes(rng.Int64N(1<<40))
		if got, flaw := size(decode.Tag{}).Read(&decode.Node{Text: b.String()}); flaw != nil || got != b {
			t.Fatalf("size %d is written %q and read %d, %v", b, b, got, flaw)
		}
	}
}
