package v2

import (
	"math"
	"strconv"
	"unicode/utf8"
)

func appendInt(dst []byte, n int) []byte { return strconv.AppendInt(dst, int64(n), 10) }

// appendFloat appends the shortest decimal that reads back as the same
// float32. f must be finite.
func appendFloat(dst []byte, f float32) []byte {
	x := float64(f)
	if n := int64(x); float64(n) == x && -1<<24 < n && n < 1<<24 && n != 0 {
		return strconv.AppendInt(dst, n, 10)
	}
	format := byte('f')
	if abs := math.Abs(x); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(dst, x, format, -1, 32)
}

// appendString appends text as a JSON string. Bytes that are not UTF-8 become
// U+FFFD.
func appendString(dst, text []byte) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
			i++
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			i++
		case c < utf8.RuneSelf:
			dst = append(dst, c)
			i++
		default:
			r, size := utf8.DecodeRune(text[i:])
			dst = utf8.AppendRune(dst, r) // RuneError is U+FFFD
			i += size
		}
	}
	return append(dst, '"')
}
