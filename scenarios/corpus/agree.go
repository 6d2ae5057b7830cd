package corpus

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"servebench/generators"
)

// Tolerance is how far a number may be from the one wanted where Config.Tolerance states
// nothing else: float32 arithmetic in another order, and its decimal form, stay below it.
// Of numbers beyond 1 it is a fraction of the one wanted. Two whole numbers have to be
// equal then.
const Tolerance = 1e-6

// comparison decides whether an answer is the one wanted, for every protocol: labels
// are equal; numbers are within the tolerance; text is equal byte by byte or, where a
// tolerance is stated, a number within it; JSON values have the same structure, and
// numbers within the tolerance; tensors are compared by their names, element by element,
// whatever the datatypes of their numbers.
type comparison struct {
	classes   []string // that labels index; none are known
	tolerance float64  // in the unit of the numbers; 0: Tolerance
}

// agrees reports whether an answer is the one wanted, which is not None.
func (c comparison) agrees(want, got generators.Answer) bool {
	switch {
	case want.Kind == generators.Class && got.Kind == generators.Class:
		return want.Label == got.Label && c.probabilitiesAgree(want.Probabilities, got.Probabilities)
	case want.Kind == generators.Tensors && got.Kind == generators.Tensors:
		return c.tensorsAgree(want.Tensors, got.Tensors)
	case want.Kind == generators.Class:
		label, ok := c.labelIn(got)
		return ok && label == want.Label
	case got.Kind == generators.Class:
		label, ok := c.labelIn(want)
		return ok && label == got.Label
	}
	a, textA := jsonOf(want)
	b, textB := jsonOf(got)
	switch {
	case textA && textB:
		return a == b || c.tolerance > 0 && c.textNumbersAgree(a, b)
	case got.Kind == generators.Tensors && !textA:
		return c.listsAgree(a, got.Tensors)
	}
	return c.valuesAgree(a, b)
}

// textNumbersAgree compares two texts as the numbers that they are.
func (c comparison) textNumbersAgree(want, got any) bool {
	x, ok := number(want)
	y, also := number(got)
	return ok && also && c.numbersAgree(x.value, y.value)
}

// listsAgree compares tensors with lists of their elements, by name where there are
// several. How the lists are nested does not matter.
func (c comparison) listsAgree(want any, got []generators.Tensor) bool {
	named, ok := want.(map[string]any)
	if !ok {
		return len(got) == 1 && slices.EqualFunc(flat(want), flat(elements(got[0])), c.valuesAgree)
	}
	for name, list := range named {
		i := slices.IndexFunc(got, func(t generators.Tensor) bool { return t.Name == name })
		if i < 0 || !slices.EqualFunc(flat(list), flat(elements(got[i])), c.valuesAgree) {
			return false
		}
	}
	return len(named) > 0
}

// flat are the elements of lists within lists.
func flat(v any) []any {
	list, ok := v.([]any)
	if !ok {
		return []any{v}
	}
	var all []any
	for _, part := range list {
		all = append(all, flat(part)...)
	}
	return all
}

func (c comparison) numbersAgree(want, got float64) bool {
	if want == got || math.IsNaN(want) && math.IsNaN(got) {
		return true
	}
	if c.tolerance > 0 {
		return math.Abs(want-got) <= c.tolerance
	}
	return math.Abs(want-got) <= Tolerance*max(1, math.Abs(want))
}

// quantity is a number, and the whole number that it is written as.
type quantity struct {
	value           float64
	exact           uint64 // in two's complement where it is negative
	whole, negative bool
}

func signed(n int64) quantity { return quantity{float64(n), uint64(n), true, n < 0} }

func unsigned(n uint64) quantity { return quantity{float64(n), n, true, false} }

func (c comparison) quantitiesAgree(want, got quantity) bool {
	if want.whole && got.whole && c.tolerance == 0 {
		return want.exact == got.exact && want.negative == got.negative
	}
	return c.numbersAgree(want.value, got.value)
}

// probabilitiesAgree compares them where both answers hold some.
func (c comparison) probabilitiesAgree(want, got []float32) bool {
	return want == nil || got == nil || slices.EqualFunc(want, got, func(a, b float32) bool {
		return c.numbersAgree(float64(a), float64(b))
	})
}

// tensorsAgree looks for every tensor wanted; others may be there. A single one
// without a name stands for whatever single one there is.
func (c comparison) tensorsAgree(want, got []generators.Tensor) bool {
	for _, w := range want {
		i := slices.IndexFunc(got, func(t generators.Tensor) bool { return t.Name == w.Name })
		if i < 0 && len(want) == 1 && len(got) == 1 && (w.Name == "" || got[0].Name == "") {
			i = 0
		}
		if i < 0 || !c.tensorAgrees(w, got[i]) {
			return false
		}
	}
	return true
}

func (c comparison) tensorAgrees(want, got generators.Tensor) bool {
	text := want.Datatype == generators.BYTES
	if !slices.Equal(proper(want.Shape), proper(got.Shape)) || text != (got.Datatype == generators.BYTES) {
		return false
	}
	if want.Datatype == got.Datatype && bytes.Equal(want.Data, got.Data) {
		return true
	}
	if text {
		return false
	}
	for i := range want.Len() {
		if !c.quantitiesAgree(quantityAt(want, i), quantityAt(got, i)) {
			return false
		}
	}
	return true
}

func quantityAt(t generators.Tensor, i int) quantity {
	switch {
	case t.Datatype == generators.UINT64:
		return unsigned(uint64(t.Int(i)))
	case t.Datatype.IsInteger():
		return signed(t.Int(i))
	}
	return quantity{value: t.Number(i)}
}

// proper leaves out dimensions of one element: [3] and [3,1] hold the same.
func proper(shape []int64) []int64 {
	return slices.DeleteFunc(slices.Clone(shape), func(d int64) bool { return d == 1 })
}

// labelIn returns the label that an answer of another kind stands for: a class's name, or
// its number as text, in JSON, or as a tensor of one element.
func (c comparison) labelIn(a generators.Answer) (label int, ok bool) {
	value, isText := jsonOf(a)
	if !isText {
		var list []any
		if list, ok = value.([]any); ok && len(list) == 1 {
			value = list[0]
		}
	}
	switch v := value.(type) {
	case string:
		if i := slices.Index(c.classes, v); i >= 0 {
			return i, true
		}
		switch {
		case strings.EqualFold(v, "true"):
			return 1, true
		case strings.EqualFold(v, "false"):
			return 0, true
		}
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	}
	q, ok := number(value)
	if !ok || q.value != math.Trunc(q.value) || q.value < 0 || q.value > math.MaxInt32 {
		return 0, false
	}
	return int(q.value), true
}

// jsonOf returns what an answer that is no Class holds as encoding/json has it. isText says
// that it is text, of which nothing is known but its bytes.
func jsonOf(a generators.Answer) (value any, isText bool) {
	switch {
	case a.Kind == generators.Tensors && len(a.Tensors) == 1:
		return elements(a.Tensors[0]), false
	case a.Kind == generators.Tensors:
		named := map[string]any{}
		for _, t := range a.Tensors {
			named[t.Name] = elements(t)
		}
		return named, false
	case a.Value.JSON:
		if v, err := parseJSON(a.Value.Text); err == nil {
			return v, false
		}
	}
	return a.Value.Text, true
}

func parseJSON(text string) (v any, err error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	return v, nil
}

// elements returns the elements of a tensor as lists within lists; a single element as
// itself.
func elements(t generators.Tensor) any {
	var flat []any
	switch t.Datatype {
	case generators.BYTES:
		for _, e := range t.Elements() {
			flat = append(flat, string(e))
		}
	case generators.BOOL:
		for i := range t.Len() {
			flat = append(flat, t.Int(i) != 0)
		}
	default:
		for i := range t.Len() {
			switch {
			case t.Datatype == generators.UINT64:
				flat = append(flat, uint64(t.Int(i)))
			case t.Datatype.IsInteger():
				flat = append(flat, t.Int(i))
			default:
				flat = append(flat, t.Number(i))
			}
		}
	}
	if len(t.Shape) == 0 && len(flat) == 1 {
		return flat[0]
	}
	for i := len(t.Shape) - 1; i > 0; i-- {
		size := int(t.Shape[i])
		if size == 0 {
			return []any{}
		}
		var nested []any
		for part := range slices.Chunk(flat, size) {
			nested = append(nested, part)
		}
		flat = nested
	}
	return flat
}

// valuesAgree compares two JSON values. A text that is a number, as the cells of a CSV
// file are, equals the number; a list of one value equals the value.
func (c comparison) valuesAgree(want, got any) bool {
	if x, ok := number(want); ok {
		y, ok := number(single(got))
		return ok && c.quantitiesAgree(x, y)
	}
	switch w := want.(type) {
	case []any:
		g, ok := got.([]any)
		if !ok && len(w) == 1 {
			return c.valuesAgree(w[0], got)
		}
		return ok && slices.EqualFunc(w, g, c.valuesAgree)
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok || len(g) != len(w) {
			return false
		}
		for name, value := range w {
			if other, there := g[name]; !there || !c.valuesAgree(value, other) {
				return false
			}
		}
		return true
	case string:
		switch g := single(got).(type) {
		case bool:
			return strconv.FormatBool(g) == strings.ToLower(w)
		case string:
			return g == w
		}
		return false
	}
	return want == single(got)
}

func single(v any) any {
	if list, ok := v.([]any); ok && len(list) == 1 {
		return single(list[0])
	}
	return v
}

func number(v any) (quantity, bool) {
	var text string
	switch v := v.(type) {
	case float64:
		return quantity{value: v}, true
	case int64:
		return signed(v), true
	case uint64:
		return unsigned(v), true
	case json.Number:
		text = v.String()
	case string:
		text = v
	default:
		return quantity{}, false
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return signed(n), true
	}
	if n, err := strconv.ParseUint(text, 10, 64); err == nil {
		return unsigned(n), true
	}
	f, err := strconv.ParseFloat(text, 64)
	return quantity{value: f}, err == nil
}

// maxDescribed bounds how much of an answer is shown, in bytes.
const maxDescribed = 200

// describe writes an answer as a clause: "class 1 with probability 0.75".
func (c comparison) describe(a generators.Answer) string {
	switch a.Kind {
	case generators.Class:
		switch {
		case len(a.Probabilities) == 2:
			return fmt.Sprintf("class %d with probability %v", a.Label, a.Probabilities[1])
		case a.Probabilities != nil:
			return shorten(fmt.Sprintf("class %d of probabilities %v", a.Label, a.Probabilities))
		}
		return fmt.Sprintf("class %d", a.Label)
	case generators.Tensors:
		value, _ := jsonOf(a)
		text, err := json.Marshal(value)
		if err != nil { // JSON has no NaN
			text = fmt.Append(nil, value)
		}
		return shorten(string(text))
	}
	if a.Value.JSON {
		return shorten(a.Value.Text)
	}
	return shorten(strconv.Quote(a.Value.Text))
}

func shorten(text string) string {
	if len(text) <= maxDescribed {
		return text
	}
	return strings.ToValidUTF8(text[:maxDescribed], "") + "…"
}
