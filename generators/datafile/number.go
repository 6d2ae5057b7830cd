package datafile

import "strconv"

// number returns the number that a text is. Words such as nan and inf are none.
func number(text string) (float64, bool) {
	switch c := text[0]; {
	case '0' <= c && c <= '9', c == '-', c == '+', c == '.':
	default:
		return 0, false
	}
	if len(text) > 1 && (text[1] == 'i' || text[1] == 'I' || text[1] == 'n' || text[1] == 'N') {
		return 0, false
	}
	v, err := strconv.ParseFloat(text, 64)
	return v, err == nil
}

// numeric reports whether a text is a number, and whether it is a whole one from 0 on as
// all before it.
func numeric(text string, wholeSoFar bool) (is, whole bool) {
	v, ok := number(text)
	return ok, ok && wholeSoFar && v >= 0 && v == float64(int64(v))
}
