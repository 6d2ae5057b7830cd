package trees

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// numbers is a list of numbers. XGBoost types a number by its looks and rejects
// 1 where it wants 1E0.
type numbers []float32

// MarshalJSON implements json.Marshaler.
func (n numbers) MarshalJSON() ([]byte, error) {
	data := []byte{'['}
	for i, v := range n {
		if i > 0 {
			data = append(data, ',')
		}
		start := len(data)
		data = strconv.AppendFloat(data, float64(v), 'g', -1, 32)
		if !bytes.ContainsAny(data[start:], ".e") {
			data = append(data, "E0"...)
		}
	}
	return append(data, ']'), nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (n *numbers) UnmarshalJSON(data []byte) error {
	*n = (*n)[:0]
	return items(data, func(item string) error {
		if item == "null" { // a bare NaN or Infinity
			item = "NaN"
		}
		v, err := strconv.ParseFloat(item, 32)
		if err != nil {
			return fmt.Errorf("%.20q is not a number", item)
		}
		*n = append(*n, float32(v))
		return nil
	})
}

// indices is a list of whole numbers.
type indices []int32

// UnmarshalJSON implements json.Unmarshaler.
func (n *indices) UnmarshalJSON(data []byte) error {
	*n = (*n)[:0]
	return items(data, func(item string) error {
		v, err := strconv.ParseInt(item, 10, 32)
		if err != nil {
			return fmt.Errorf("%.20q is not a whole number", item)
		}
		*n = append(*n, int32(v))
		return nil
	})
}

// bits is a list of booleans: true and false in files before version 2, 1 and 0
// since then.
type bits []bool

// MarshalJSON implements json.Marshaler.
func (b bits) MarshalJSON() ([]byte, error) {
	data := []byte{'['}
	for i, set := range b {
		if i > 0 {
			data = append(data, ',')
		}
		digit := byte('0')
		if set {
			digit = '1'
		}
		data = append(data, digit)
	}
	return append(data, ']'), nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (b *bits) UnmarshalJSON(data []byte) error {
	*b = (*b)[:0]
	return items(data, func(item string) error {
		switch item {
		case "1", "true":
			*b = append(*b, true)
		case "0", "false":
			*b = append(*b, false)
		default:
			return fmt.Errorf("%.20q is none of 0, 1, true and false", item)
		}
		return nil
	})
}

// items calls each with every item of a JSON list of numbers and booleans. It is
// several times as fast as encoding/json, and a server reads its model before
// it is ready.
func items(data []byte, each func(item string) error) error {
	list := string(bytes.TrimSpace(data))
	if len(list) < 2 || list[0] != '[' {
		return fmt.Errorf("%.20q is not a list", list)
	}
	list = strings.TrimSpace(list[1 : len(list)-1])
	for more := len(list) > 0; more; {
		var item string
		item, list, more = strings.Cut(list, ",")
		if err := each(strings.TrimSpace(item)); err != nil {
			return err
		}
	}
	return nil
}
