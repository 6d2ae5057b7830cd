package targets

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"
)

// Bytes is a size in bytes.
type Bytes int64

// The binary units of a size.
const (
	Byte Bytes = 1
	KiB        = 1024 * Byte
	MiB        = 1024 * KiB
	GiB        = 1024 * MiB
	TiB        = 1024 * GiB
)

// unit is one suffix that a size may carry.
type unit struct {
	suffix string
	size   Bytes
}

// binaryUnits are those that String writes, largest first.
func binaryUnits() []unit {
	return []unit{{"TiB", TiB}, {"GiB", GiB}, {"MiB", MiB}, {"KiB", KiB}, {"B", Byte}}
}

// decimalUnits are those that ParseBytes reads besides, powers of 1000.
func decimalUnits() []unit {
	return []unit{{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"KB", 1e3}}
}

// String writes the size exactly, in the largest binary unit that takes at
// most one decimal: "512MiB", "1.5GiB", "1000B". ParseBytes reads it back to
// the same value.
func (b Bytes) String() string {
	for _, u := range binaryUnits() {
		if b.fits(u.size) {
			tenths := b % u.size / (u.size / 2) * 5
			if tenths == 0 {
				return fmt.Sprintf("%d%s", b/u.size, u.suffix)
			}
			return fmt.Sprintf("%d.%d%s", b/u.size, tenths, u.suffix)
		}
	}
	return fmt.Sprintf("%dB", int64(b))
}

// fits reports whether the size is at least one unit and a whole number of its
// halves, the only fractions of a binary unit that one decimal writes exactly.
func (b Bytes) fits(size Bytes) bool {
	return size > 1 && b >= size && b%(size/2) == 0
}

// ParseBytes reads a size of at least 0: a number, which may have decimals,
// and a unit: B, KiB, MiB, GiB, TiB (powers of 1024) or kB, MB, GB, TB (powers
// of 1000). The unit may be missing only after a plain 0.
func ParseBytes(s string) (Bytes, error) {
	text := strings.TrimSpace(s)
	if text == "0" {
		return 0, nil
	}
	for _, u := range append(binaryUnits()[:4:4], append(decimalUnits(), unit{"B", Byte})...) {
		if number, ok := strings.CutSuffix(text, u.suffix); ok {
			return scale(s, strings.TrimSpace(number), u.size)
		}
	}
	return 0, fmt.Errorf("size %q has no unit: want a number and one of B, KiB, MiB, GiB, TiB, such as 512MiB", s)
}

// ErrTooLarge says of a size that Bytes cannot hold it.
var ErrTooLarge = errors.New("is larger than")

// scale multiplies the number by the unit. s is the whole text, for the error.
func scale(s, number string, size Bytes) (Bytes, error) {
	if number == "" || len(number) > 32 || strings.Trim(number, "0123456789.") != "" {
		return 0, fmt.Errorf("size %q is not a number and a unit, such as 512MiB", s)
	}
	value, ok := new(big.Rat).SetString(number)
	if !ok {
		return 0, fmt.Errorf("size %q is not a number and a unit, such as 512MiB", s)
	}
	value.Mul(value, new(big.Rat).SetInt64(int64(size)))
	if !value.IsInt() {
		return 0, fmt.Errorf("size %q is not a whole number of bytes", s)
	}
	if !value.Num().IsInt64() {
		return 0, fmt.Errorf("size %q %w, %s, the largest possible", s, ErrTooLarge, Bytes(math.MaxInt64))
	}
	return Bytes(value.Num().Int64()), nil
}
