package api

import (
	"math"
	"testing"
)

func TestQuantity(t *testing.T) {
	for text, want := range map[string]float64{"0": 0, "2": 2, "250m": 0.25, "1500000n": 0.0015, "12u": 12e-6, "64Mi": 64 << 20, "3Ki": 3072, "1.5Gi": 1.5 * (1 << 30), "5M": 5e6} {
		if got, err := Quantity(text); err != nil || math.Abs(got-want) > 1e-12*max(1, want) {
			t.Errorf("Quantity(%q) = %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "m", "1x", "1mm", "one", "1 Mi"} {
		if got, err := Quantity(text); err == nil {
			t.Errorf("Quantity(%q) = %v, want an error", text, got)
		}
	}
}

func FuzzQuantity(f *testing.F) {
	for _, text := range []string{"250m", "64Mi", "", "Ki", "1e9", "0x1p-2", "-5"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if v, err := Quantity(text); err != nil && v != 0 {
			t.Errorf("Quantity(%q) = %v beside %v", text, v, err)
		}
	})
}
