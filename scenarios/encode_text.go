package scenarios

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// writeText returns a text for the YAML encoder: as it is where every YAML
// reader takes it for that text, in quotes otherwise. The encoder's own choice
// leaves out quotes that texts such as 1e3 need.
func writeText(s string) any {
	if isPlain(s) {
		return s
	}
	return quotedText(s)
}

// isPlain reports whether a text reads as prose, a name or a path.
func isPlain(s string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	const inside = letters + "0123456789 ._/=+,;()-"
	words := []string{"null", "true", "false", "yes", "no", "on", "off", "y", "n"}
	return s != "" && strings.ContainsAny(s[:1], letters+"/") &&
		strings.Trim(s, inside) == "" && !strings.HasSuffix(s, " ") &&
		!slices.Contains(words, strings.ToLower(s))
}

// quotedText is a text that the YAML encoder puts in quotes.
type quotedText string

// MarshalYAML writes a string of JSON, which YAML reads as the same text.
func (t quotedText) MarshalYAML() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(string(t))
	return bytes.TrimSpace(b.Bytes()), err
}
