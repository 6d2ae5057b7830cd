package decode

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// Fault is one thing wrong with a file or a setting.
type Fault struct {
	File         string
	Line, Column int // from 1, in characters; 0 when it was found elsewhere than in the text
	// Setting is the setting at fault, as the user gave it: "--set rounds=0".
	Setting string
	Field   string // "load[1].rate"; "" for the file as a whole
	Problem string // "-5 is not above 0"
	Want    string // what would be right: "a rate per second, such as 200"; "" when that is obvious
}

// Error formats the fault on one line:
//
//	scenario.yaml:12:9: load[1].rate: -5 is not above 0; want a rate per second, such as 200
func (f Fault) Error() string {
	var b strings.Builder
	switch {
	case f.Setting != "":
		b.WriteString(f.Setting + ": ")
	case f.Line > 0:
		fmt.Fprintf(&b, "%s:%d:%d: ", f.File, f.Line, f.Column)
	}
	switch {
	case strings.ContainsFunc(f.Field, unicode.IsControl):
		b.WriteString(strconv.Quote(f.Field) + ": ")
	case f.Field != "":
		b.WriteString(f.Field + ": ")
	}
	b.WriteString(f.Problem)
	if f.Want != "" {
		b.WriteString("; want " + f.Want)
	}
	return b.String()
}

// Faults is everything wrong with a file, in the order of its lines, then in that of
// the settings.
type Faults []Fault

// Error formats one fault per line.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, fault := range f {
		lines[i] = fault.Error()
	}
	return strings.Join(lines, "\n")
}

// Flaw is what is wrong with a value, whose place is known to whoever reads it.
type Flaw struct {
	Problem string
	Want    string // "": what the kind of value wants in general
}

// OneOf lists names in a message: "one of a, b".
func OneOf(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	return "one of " + strings.Join(names, ", ")
}

// Suggest returns a hint at the name that was probably meant, after a space and in
// brackets: ` (did you mean "smoke"?)`; "" when none is near.
func Suggest(text string, names []string) string {
	best, nearest := "", 3 // a third of the name, and at most two slips
	for _, name := range names {
		if d := distance(text, name); d < nearest && 3*d <= max(len(name), 3) {
			best, nearest = name, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %q?)", best)
}

// distance counts the characters to insert, delete, replace or swap with their
// neighbour to get from a to b (optimal string alignment).
func distance(a, b string) int {
	from, to := []rune(a), []rune(b)
	rows := make([][]int, len(from)+1)
	for i := range rows {
		rows[i] = make([]int, len(to)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(from); i++ {
		for j := 1; j <= len(to); j++ {
			replace := rows[i-1][j-1]
			if from[i-1] != to[j-1] {
				replace++
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, replace)
			if i > 1 && j > 1 && from[i-1] == to[j-2] && from[i-2] == to[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(from)][len(to)]
}
