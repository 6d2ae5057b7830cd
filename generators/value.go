package generators

import (
	"encoding/json"
	"strings"
)

// Plain is the value as text: of a JSON string what it stands for, of null nothing, of
// {"b64": "…"} the bytes, of all else what is written.
func (v Value) Plain() string {
	if !v.JSON || v.Text == "" {
		return v.Text
	}
	switch v.Text[0] {
	case 'n':
		return ""
	case '"':
		var text string
		if json.Unmarshal([]byte(v.Text), &text) == nil {
			return text
		}
	case '{':
		if bytes, ok := v.Bytes(); ok {
			return string(bytes)
		}
	}
	return v.Text
}

// Bytes are those that {"b64": "…"} stands for; ok is false of every other value.
func (v Value) Bytes() (bytes []byte, ok bool) {
	if !v.JSON || !strings.HasPrefix(v.Text, "{") || !strings.Contains(v.Text, `"b64"`) {
		return nil, false
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal([]byte(v.Text), &fields) != nil || len(fields) != 1 {
		return nil, false
	}
	return bytes, json.Unmarshal(fields["b64"], &bytes) == nil
}
