package credentials

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// received is a request as a server gets it.
type received struct {
	method, target, host string // target as it stands in the request line
	header               http.Header
	body                 string
}

// verify computes the signature of a request anew, as AWS documents it ("Create a signed
// AWS API request"), and compares it with the one that the request carries. It shares no
// code with the signer.
func (r received) verify(secretKey string) error {
	fields, ok := strings.CutPrefix(r.header.Get("Authorization"), "AWS4-HMAC-SHA256 ")
	if !ok {
		return fmt.Errorf("no signature: Authorization: %q", r.header.Get("Authorization"))
	}
	part := map[string]string{}
	for pair := range strings.SplitSeq(fields, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		part[name] = value
	}
	_, scope, _ := strings.Cut(part["Credential"], "/")
	names := strings.Split(part["SignedHeaders"], ";")
	date := r.header.Get("X-Amz-Date")
	service := strings.Split(scope, "/")[2]
	switch {
	case !slices.IsSorted(names) || !slices.Contains(names, "host"):
		return fmt.Errorf("signed header fields %v", names)
	case !strings.HasPrefix(scope, date[:8]+"/"):
		return fmt.Errorf("scope %s on %s", scope, date)
	}
	for name := range r.header { // "include all x-amz- headers"
		if name = strings.ToLower(name); strings.HasPrefix(name, "x-amz-") && !slices.Contains(names, name) {
			return fmt.Errorf("%s is not signed", name)
		}
	}
	path, query, _ := strings.Cut(r.target, "?")
	if service != "s3" {
		path = encode(path, true)
	}
	hash := hexHash(r.body)
	if given := r.header.Get("X-Amz-Content-Sha256"); given != "" {
		if given != hash && given != "UNSIGNED-PAYLOAD" {
			return fmt.Errorf("hash of the body %s, want %s", given, hash)
		}
		hash = given
	}
	canonical := r.method + "\n" + path + "\n" + canonicalQuery(query) + "\n"
	for _, name := range names {
		value := strings.Join(r.header.Values(name), ",")
		if name == "host" {
			value = r.host
		}
		canonical += name + ":" + strings.Join(strings.Fields(value), " ") + "\n"
	}
	canonical += "\n" + part["SignedHeaders"] + "\n" + hash
	key := []byte("AWS4" + secretKey)
	for step := range strings.SplitSeq(scope, "/") {
		key = mac(key, step)
	}
	want := hex.EncodeToString(mac(key, "AWS4-HMAC-SHA256\n"+date+"\n"+scope+"\n"+hexHash(canonical)))
	if part["Signature"] != want {
		return fmt.Errorf("signature %s, want %s, of\n%s", part["Signature"], want, canonical)
	}
	return nil
}

func canonicalQuery(query string) string {
	if query == "" {
		return ""
	}
	var pairs []string
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		pairs = append(pairs, encode(plain(name), false)+"="+encode(plain(value), false))
	}
	slices.Sort(pairs)
	return strings.Join(pairs, "&")
}

func plain(escaped string) string {
	text, err := url.QueryUnescape(escaped)
	if err != nil {
		return escaped
	}
	return text
}

// encode is AWS's UriEncode.
func encode(text string, path bool) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		switch {
		case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9', strings.IndexByte("-_.~", c) >= 0, path && c == '/':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

func hexHash(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) }

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// TestVerify holds the verification to signatures that AWS published (the test suite of
// Signature Version 4).
func TestVerify(t *testing.T) {
	const secretKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
	for _, c := range []struct {
		name, method, target, signed, signature string
		header                                  map[string]string
	}{
		{"get-vanilla", "GET", "/", "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31", nil},
		{"get-vanilla-query-order-key-case", "GET", "/?Param2=value2&Param1=value1", "host;x-amz-date", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500", nil},
		{"post-vanilla", "POST", "/", "host;x-amz-date", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b", nil},
		{"post-header-key-sort", "POST", "/", "host;my-header1;x-amz-date", "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c", map[string]string{"My-Header1": "value1"}},
	} {
		r := received{method: c.method, target: c.target, host: "example.amazonaws.com", header: http.Header{}}
		for name, value := range c.header {
			r.header.Set(name, value)
		}
		r.header.Set("X-Amz-Date", "20150830T123600Z")
		r.header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders="+c.signed+", Signature="+c.signature)
		if err := r.verify(secretKey); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if r.method = "PUT"; r.verify(secretKey) == nil {
			t.Errorf("%s: a changed request passes", c.name)
		}
	}
}
