package format

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Command writes an argument vector so that it can be pasted into a
// POSIX shell.
func Command(args ...string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=:,@%+"
	quoted := make([]string, len(args))
	for i, arg := range args {
		quoted[i] = arg
		if arg == "" || strings.ContainsFunc(arg, func(r rune) bool { return !strings.ContainsRune(plain, r) }) {
			quoted[i] = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
		}
	}
	return strings.Join(quoted, " ")
}

// Plain makes one line of text from outside, such as a server's output: without
// control characters, those that turn the direction of writing, and what is no
// UTF-8.
func Plain(s string) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// Sentence makes a sentence of a clause; "" of none. It begins with a capital letter,
// unless its first word is a name like p99 or a path.
func Sentence(clause string) string {
	clause = strings.TrimSpace(clause)
	if first, _, _ := strings.Cut(clause, " "); first != "" && !strings.ContainsAny(first, "0123456789/._") {
		begin, size := utf8.DecodeRuneInString(clause)
		clause = string(unicode.ToUpper(begin)) + clause[size:]
	}
	if clause == "" || strings.HasSuffix(clause, ".") {
		return clause
	}
	return clause + "."
}
