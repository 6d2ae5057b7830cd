package export

import "strconv"

// wholeLimit is the first size from which float32 leaves out whole numbers.
const wholeLimit = 1 << 24

// appendNumber appends the shortest decimal that reads back as v, which must be
// finite. Whole numbers take a short cut.
func appendNumber(b []byte, v float32) []byte {
	if v > -wholeLimit && v < wholeLimit && float32(int32(v)) == v {
		return strconv.AppendInt(b, int64(v), 10)
	}
	return strconv.AppendFloat(b, float64(v), 'g', -1, 32)
}

// finite is false for NaN and both infinities.
func finite(v float32) bool { return v-v == 0 }
