package userfile

import (
	"regexp"
	"testing"
	"time"
)

// goWords are those of Go's libraries that no user is to read.
var goWords = regexp.MustCompile(`json:|Go struct|Go value|unmarshal|invalid character|unexpected end|parsing time|cannot parse`)

func TestJSONFaultsInTheUsersWords(t *testing.T) {
	for text, want := range map[string]string{
		"":                                "cut off after 0 bytes",
		"{":                               "cut off after 1 bytes",
		`{"list": [1, 2`:                  "cut off after 14 bytes",
		`{"name": "x`:                     "cut off after 11 bytes",
		"hello":                           "not JSON at byte 1: 'h' does not belong there",
		"{} x":                            "not JSON at byte 4: 'x' does not belong there",
		"{'a': 1}":                        `not JSON at byte 2: '\'' does not belong there`,
		"\xff\xfe":                        `not JSON at byte 1: 'ÿ' does not belong there`,
		"[]":                              "byte 1: the whole is a list, want an object",
		`"x"`:                             "byte 3: the whole is a text, want an object",
		`{"name": 5}`:                     "byte 10: name is the number, want a text",
		`{"count": "x"}`:                  "byte 13: count is a text, want a whole number that is not so large",
		`{"count": 1.5}`:                  "byte 13: count is the number 1.5, want a whole number that is not so large",
		`{"count": 99999999999999999999}`: "byte 30: count is the number 99999999999999999999, want a whole number that is not so large",
		`{"list": {}}`:                    "byte 10: list is an object, want a list",
		`{"inner": {"on": "yes"}}`:        "byte 22: inner.on is a text, want true or false",
		`{"at": "yesterday"}`:             "yesterday is no time, want one such as 2006-01-02T15:04:05Z07:00",
	} {
		var value struct {
			Name  string    `json:"name"`
			Count int       `json:"count"`
			List  []int     `json:"list"`
			At    time.Time `json:"at"`
			Inner struct {
				On bool `json:"on"`
			} `json:"inner"`
		}
		err := JSON([]byte(text), &value)
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
		if err != nil && goWords.MatchString(err.Error()) {
			t.Errorf("%s: %v is in the words of Go", text, err)
		}
	}
	if err := JSON([]byte(`{"name": "x"}`), new(struct{ Name string })); err != nil {
		t.Error(err)
	}
}
