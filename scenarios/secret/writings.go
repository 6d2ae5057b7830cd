package secret

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// writings are the ways in which software writes a value: as it is, escaped once or
// twice (JSON in JSON, HTML of a URL), every character escaped, in Base64 amid other
// text, in hexadecimal.
func writings(value string) []string {
	all := escaped(value)
	for _, once := range slices.Clone(all) {
		all = append(all, escaped(once)...)
	}
	all = append(all,
		strings.TrimSpace(value), strings.ReplaceAll(value, "$", "$$"), latin1(value),
		everyRune(value, `\u%04x`), everyRune(value, "&#%d;"), everyRune(value, "&#x%x;"), everyByte(value, "%%%02x"), everyByte(value, "%%%02X"),
		hex.EncodeToString([]byte(value)), strings.ToUpper(hex.EncodeToString([]byte(value))),
	)
	for before := range 3 {
		all = append(all, inBase64(base64.RawStdEncoding, value, before), inBase64(base64.RawURLEncoding, value, before))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// entities writes HTML as Python does, and most template languages.
var entities = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#x27;")

// escaped are a value and its usual escapes, those of a JSON string with and without
// those of HTML in it.
func escaped(value string) []string {
	quoted := strconv.Quote(value)
	ascii := strconv.QuoteToASCII(value)
	text, _ := json.Marshal(value) // a string, which cannot fail
	all := []string{
		value, quoted[1 : len(quoted)-1], ascii[1 : len(ascii)-1], string(text[1 : len(text)-1]),
		html.EscapeString(value), entities.Replace(value), url.QueryEscape(value), url.PathEscape(value),
	}
	query := url.QueryEscape(value)
	return append(all,
		strings.ReplaceAll(all[1], "/", `\/`),                      // as PHP writes JSON
		strings.NewReplacer("%2F", "/", "+", "%20").Replace(query), // Python's quote
		percents.ReplaceAllStringFunc(query, strings.ToLower))
}

var percents = regexp.MustCompile(`%[0-9A-F]{2}`)

// latin1 is what a value in UTF-8 becomes that is taken for Latin-1 and written in UTF-8.
func latin1(value string) string {
	var b strings.Builder
	for _, c := range []byte(value) {
		b.WriteRune(rune(c))
	}
	return b.String()
}

func everyRune(value, format string) string {
	var b strings.Builder
	for _, r := range value {
		fmt.Fprintf(&b, format, r)
	}
	return b.String()
}

func everyByte(value, format string) string {
	var b strings.Builder
	for _, c := range []byte(value) {
		fmt.Fprintf(&b, format, c)
	}
	return b.String()
}

// inBase64 is what the value is in the Base64 of a longer text, in which so many bytes
// (modulo 3) precede it: less the characters that hold bits of its neighbours, too.
func inBase64(encoding *base64.Encoding, value string, before int) string {
	text := encoding.EncodeToString(append(make([]byte, before), value...))
	return text[(before*8+5)/6 : (before+len(value))*8/6]
}
