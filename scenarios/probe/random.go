package probe

import (
	"encoding/json"
	"math"
	"math/rand/v2"

	"servebench/generators"
)

// source makes random values.
type source struct{ *rand.Rand }

func newSource(seed uint64) source { return source{rand.New(rand.NewPCG(seed, 0))} }

// example fills tensors: numbers with a normal distribution, whole numbers below 10,
// booleans, short texts.
func (s source) example(inputs []generators.Tensor) []generators.Tensor {
	all := make([]generators.Tensor, len(inputs))
	for i, t := range inputs {
		for range t.Len() {
			t.Data = s.element(t.Data, t.Datatype)
		}
		all[i] = t
	}
	return all
}

func (s source) element(dst []byte, d generators.Datatype) []byte {
	switch d {
	case generators.BYTES:
		text := s.text()
		return generators.AppendBytes(dst, text)
	case generators.FP16, generators.BF16, generators.FP32, generators.FP64:
		dst, _ = generators.AppendFloat(dst, d, float64(s.number()))
		return dst
	case generators.BOOL:
		return append(dst, byte(s.IntN(2)))
	}
	element := make([]byte, d.Size())
	element[0] = byte(s.IntN(10))
	return append(dst, element...)
}

// number is one of a normal distribution, to four digits.
func (s source) number() float32 {
	return float32(math.Round(s.NormFloat64()*1e4) / 1e4)
}

func (s source) text() string {
	words := []string{"alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel"}
	return words[s.IntN(len(words))]
}

// line is an example as a line of JSON: the elements of each tensor as a list.
func line(tensors []generators.Tensor) ([]byte, error) {
	fields := map[string]any{}
	for _, t := range tensors {
		switch list := []any{}; {
		case t.Datatype == generators.BYTES:
			for _, e := range t.Elements() {
				list = append(list, string(e))
			}
			fields[t.Name] = list
		default:
			for i := range t.Len() {
				switch {
				case t.Datatype == generators.BOOL:
					list = append(list, t.Int(i) != 0)
				case t.Datatype.IsInteger():
					list = append(list, t.Int(i))
				case t.Datatype != generators.FP64:
					list = append(list, float32(t.Number(i)))
				default:
					list = append(list, t.Number(i))
				}
			}
			fields[t.Name] = list
		}
	}
	return json.Marshal(fields)
}
