package ubjson_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"servebench/targets/reference/trees/ubjson"
)

func TestToJSON(t *testing.T) {
	for data, want := range map[string]string{
		"Z":                                    `null`,
		"NNT":                                  `true`,
		"[TFZ]":                                `[true,false,null]`,
		"[i\xffU\xffI\xff\xfe]":                `[-1,255,-2]`,
		"l\x80\x00\x00\x00":                    `-2147483648`,
		"L\x7f\xff\xff\xff\xff\xff\xff\xff":    `9223372036854775807`,
		"d\x3d\xcc\xcc\xcd":                    `0.1`,
		"D\x3f\xb9\x99\x99\x99\x99\x99\x9a":    `0.1`,
		"[d\x7f\xc0\x00\x00d\xff\x80\x00\x00]": `[null,null]`,
		"C\"":                                  `"\""`,
		"Si\x02\xc3\xa4":                       `"ä"`,
		"{}":                                   `{}`,
		"[]":                                   `[]`,
		"{i\x01aT}":                            `{"a":true}`,
		"{U\x01ai\x01NI\x00\x01bZ}":            `{"a":1,"b":null}`,
		"[#i\x02TT":                            `[true,true]`,
		"[$U#i\x03\x00\x01\x02":                `[0,1,2]`,
		"[$l#L\x00\x00\x00\x00\x00\x00\x00\x01\xff\xff\xff\xff": `[-1]`,
		"[$[#i\x02]$U#i\x01\x07":                                `[[],[7]]`,
		"{#i\x02i\x01aTi\x01bF":                                 `{"a":true,"b":false}`,
		"{$i#i\x02i\x01a\x05i\x01b\x06":                         `{"a":5,"b":6}`,
		"{$S#i\x01i\x01ai\x02no":                                `{"a":"no"}`,
	} {
		got, err := ubjson.ToJSON([]byte(data))
		if err != nil || string(got) != want {
			t.Errorf("%q: %s, %v; want %s", data, got, err, want)
		}
	}
}

func TestFaults(t *testing.T) {
	deep := strings.Repeat("[", 200)
	for data, want := range map[string]string{
		"":                                      "byte 0: it goes on for 1 bytes, and 0 are left",
		"{i\x01a":                               "byte 4: it goes on for 1 bytes",
		"x":                                     `byte 0: 'x' begins no value`,
		"[T":                                    "byte 2: it goes on",
		"TT":                                    "byte 1: 1 bytes follow the value",
		"Si\x05ab":                              "byte 3: it goes on for 5 bytes, and 2 are left",
		"Si\xffab":                              "it goes on for -1 bytes",
		"SSi":                                   `'S' begins no whole number`,
		"Si\x01\xff":                            "is not UTF-8",
		"[$T#L\x7f\xff\xff\xff\xff\xff\xff\xff": "all values of a container are 'T'",
		"[$U#L\x7f\xff\xff\xff\xff\xff\xff\xff": "a container holds 9223372036854775807 values, and 0 bytes are left",
		"[#L\x7f\xff\xff\xff\xff\xff\xff\xff":   "a container holds 9223372036854775807 values",
		"[#i\xff":                               "a container holds -1 values",
		"[$U]":                                  "the type of its values and not their number",
		"{i\x01a}":                              "'}' begins no value",
		"[$]#i\x01x":                            "']' begins no value",
		deep:                                    "nested more than 100 deep",
		"[$[#i\x01[$[#i\x01x":                   "byte 12: 'x' begins no value",
	} {
		if _, err := ubjson.ToJSON([]byte(data)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: error %v, want %s", data, err, want)
		}
	}
}

func TestIs(t *testing.T) {
	for data, want := range map[string]bool{"{L\x00": true, "{i\x01a": true, `{"a":1}`: false, "{learner": false, "{\n": false, "{}": false, "[": false, "{": false} {
		if ubjson.Is([]byte(data)) != want {
			t.Errorf("%q: %v", data, !want)
		}
	}
}

// FuzzToJSON holds what is read to being JSON, and to bounds: a short file must not take
// much memory, whatever it says that it holds.
func FuzzToJSON(f *testing.F) {
	models, err := filepath.Glob(filepath.Join("..", "testdata", "kinds", "*", "*.ubj"))
	if err != nil || len(models) == 0 {
		f.Fatalf("no models: %v", err)
	}
	for _, model := range models[:6] {
		data, err := os.ReadFile(model)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("[$[#i\x02]$U#i\x01\x07"))
	f.Add([]byte("{$S#i\x01i\x01ai\x02no"))
	f.Fuzz(func(t *testing.T, data []byte) {
		text, err := ubjson.ToJSON(data)
		if len(text) > 8*len(data)+32 {
			t.Fatalf("%d bytes became %d", len(data), len(text))
		}
		if err == nil && !json.Valid(text) {
			t.Fatalf("%q became %q", data, text)
		}
	})
}
