package api

import (
	"fmt"
	"math/big"
	"strings"
)

// Quantity reads a number of the API: "250m", "1234567n", "64Mi", "2".
func Quantity(text string) (float64, error) {
	number := strings.TrimRight(text, "numkKMGTPEi")
	value, ok := new(big.Float).SetString(number)
	scale, known := map[string]float64{
		"": 1, "n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15,
		"Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40, "Pi": 1 << 50,
	}[text[len(number):]]
	if !ok || !known {
		return 0, fmt.Errorf("%q is no quantity", text)
	}
	product, _ := value.Mul(value, big.NewFloat(scale)).Float64()
	return product, nil
}
