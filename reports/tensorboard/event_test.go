package tensorboard

import "testing"

// The vector is TensorBoard's own (record_writer_test.py).
func TestMaskedCRC(t *testing.T) {
	if got := maskedCRC([]byte("\x1a\x11CRC test, one two")); got != 0x5794d08a {
		t.Errorf("%#x, want 0x5794d08a", got)
	}
}
