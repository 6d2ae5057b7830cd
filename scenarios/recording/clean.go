package recording

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"servebench/scenarios/secret"
)

// removed stands in the place of a secret.
const removed = "removed"

// found is a secret that stood in a request.
type found struct{ where, name, value string }

// reference is a variable of the environment that a secret comes from when it is sent
// again.
type reference struct {
	secretKey
	host     string
	value    string // of the first
	differs  bool   // other values were recorded, too
	variable string // its name, once it is known
	inFile   bool   // a field of the file of requests holds it
}

// mark stands for the i-th reference in the text of a request. No text of a header field
// or a URL holds its characters.
func mark(i int) string { return fmt.Sprintf("\x00%d\x00", i) }

// Where secrets stand.
const (
	inHeader    = "header field"
	inParameter = "URL parameter"
	inBody      = "body"
	inAnswer    = "answer"
	inURL       = "URL"
)

// cleaner takes secrets out of requests.
type cleaner struct {
	keep   []string        // names that stand for no secret, in lower case
	named  map[string]bool // whether a name says that its value is secret
	values map[string]bool // of secrets, to be found elsewhere too
	within *strings.Replacer
	found  []found // in the request that is cleaned

	references []*reference
	numbers    map[string]int // of the references, by host, place and name
}

func newCleaner(keep []string) *cleaner {
	c := &cleaner{named: map[string]bool{}, values: map[string]bool{}, numbers: map[string]int{}}
	for _, name := range keep {
		c.keep = append(c.keep, strings.ToLower(name))
	}
	return c
}

// Names of models' inputs, of tests and of protocols that sound like those of secrets.
var plainNames = []string{
	"idempotency-key", "tokens", "token_ids", "token_type_ids", "stop_token", "eos_token", "bos_token", "pad_token", "unk_token", "sep_token", "cls_token", "mask_token",
}

// refer returns what stands in the place of a secret; removed where there are too many.
func (c *cleaner) refer(host string, s found) string {
	key := host + " " + s.where + " " + s.name
	i, known := c.numbers[key]
	if !known {
		if i = len(c.references); i == mostReferences {
			return removed
		}
		c.numbers[key] = i
		c.references = append(c.references, &reference{secretKey: secretKey{s.where, s.name}, host: host, value: s.value})
	}
	r := c.references[i]
	r.differs = r.differs || r.value != s.value
	return mark(i)
}

// referencesOf are those to secrets of a host, by their marks.
func (c *cleaner) referencesOf(host string) map[string]*reference {
	all := map[string]*reference{}
	for i, r := range c.references {
		if r.host == host {
			all[mark(i)] = r
		}
	}
	return all
}

// mostReferences bounds those of all hosts.
const mostReferences = 10_000

// isSecret reports whether a name says that its value is secret.
func (c *cleaner) isSecret(name string) bool {
	is, known := c.named[name]
	if !known {
		low := strings.ToLower(name)
		is = secret.Named(name) && !slices.Contains(plainNames, low) && !slices.Contains(c.keep, low)
		if len(c.named) < 10_000 {
			c.named[name] = is
		}
	}
	return is
}

// token is what is a secret by its form: a JSON Web Token (RFC 7519), or what follows
// Bearer (RFC 6750).
var token = regexp.MustCompile(`eyJ[A-Za-z0-9_-]+\.eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*|Bearer [A-Za-z0-9._~+/-]{8,}=*`)

// spans are the secrets within a text by their form, or by their own names: parameters,
// and the users and passwords of URLs.
func (c *cleaner) spans(text string) []secret.Span {
	var all []secret.Span
	if strings.ContainsAny(text, "=@") {
		all = slices.DeleteFunc(secret.Find("", text), func(s secret.Span) bool {
			return slices.Contains(c.keep, strings.ToLower(s.Name)) || slices.Contains(plainNames, strings.ToLower(s.Name))
		})
	}
	if strings.Contains(text, "eyJ") || strings.Contains(text, "Bearer ") {
		for _, at := range token.FindAllStringIndex(text, -1) {
			at[0] += len(text[at[0]:at[1]]) - len(strings.TrimPrefix(text[at[0]:at[1]], "Bearer "))
			all = append(all, secret.Span{Name: "a token", From: at[0], To: at[1]})
		}
	}
	slices.SortFunc(all, func(a, b secret.Span) int { return a.From - b.From })
	return all
}

// note remembers a secret of the request that is cleaned.
func (c *cleaner) note(where, name, value string) {
	c.found = append(c.found, found{where, name, value})
}

// cut replaces the secrets within a text.
func (c *cleaner) cut(where, text string) string {
	var b strings.Builder
	end := 0
	for _, s := range c.spans(text) {
		if s.From < end || text[s.From:s.To] == removed || text[s.From] == 0 {
			continue
		}
		c.note(where, s.Name, text[s.From:s.To])
		b.WriteString(text[end:s.From] + removed)
		end = s.To
	}
	return b.String() + text[end:]
}

// schemes precede what is secret of an Authorization field (RFC 9110, 11.6.2).
var schemes = []string{"bearer", "basic", "token", "apikey", "api-key", "key"}

// awsScope is what a signature of AWS (Signature Version 4) is for: region, service.
var awsScope = regexp.MustCompile(`[a-z0-9-]+/[a-z0-9-]+/aws4_request`)

// head takes the secrets out of the URL and the header of a request, which is a new one. In
// the place of those that can be sent again is a reference.
func (c *cleaner) head(r *Request) {
	c.found = nil
	if r.userinfo {
		c.note(inURL, "user and password", "")
	}
	c.target(r)
	signed := false
	kept := r.Header[:0]
	for _, f := range r.Header {
		if !c.isSecret(f.Name) {
			kept = append(kept, Field{f.Name, c.cut(inHeader+" "+f.Name, f.Value)})
			continue
		}
		s, scheme := found{inHeader, f.Name, f.Value}, ""
		first, rest, _ := strings.Cut(f.Value, " ")
		if slices.Contains(schemes, strings.ToLower(first)) && rest != "" {
			scheme, s.value = first+" ", rest
		}
		c.found = append(c.found, s)
		aws := strings.HasPrefix(f.Value, "AWS4-")
		if signed = signed || aws; aws {
			r.signedFor = awsScope.FindString(f.Value)
		}
		// What belongs to one request or one visit cannot be used again.
		if !aws && !strings.Contains(f.Name, "Cookie") && !isSignature(f.Name) && first != "Digest" && first != "Negotiate" {
			kept = append(kept, Field{f.Name, scheme + c.refer(r.Host, s)})
		}
	}
	if r.Header = kept; signed {
		r.Header = slices.DeleteFunc(r.Header, func(f Field) bool { return f.Name == "X-Amz-Date" || f.Name == "X-Amz-Content-Sha256" })
	}
}

// isSignature reports whether a name is that of a signature, which holds for one request.
func isSignature(name string) bool {
	low := strings.ToLower(name)
	return low == "sig" || strings.HasPrefix(low, "x-amz-") || strings.Contains(low, "signature")
}

// target takes secrets out of path and query.
func (c *cleaner) target(r *Request) {
	path, query, hasQuery := strings.Cut(r.Target, "?")
	r.Target = c.cut(inURL, path)
	if !hasQuery {
		return
	}
	kept := c.pairs(inParameter, query, func(s found) string {
		if isSignature(s.name) {
			return ""
		}
		return c.refer(r.Host, s)
	})
	if kept != "" || query == "" { // a bare question mark stays
		r.Target += "?" + c.cut(inURL, kept)
	}
}

// pairs puts something else in the place of the secret values of a query or a form, and
// leaves out those for which that is "".
func (c *cleaner) pairs(where, text string, instead func(found) string) string {
	var pairs []string
	for pair := range strings.SplitSeq(text, "&") {
		key, value, _ := strings.Cut(pair, "=")
		s := found{where, key, value}
		if plain, err := url.QueryUnescape(key); err == nil {
			s.name = plain
		}
		if value != "" && value != removed && c.isSecret(s.name) && len(secret.Find("", "?"+pair)) > 0 {
			c.found = append(c.found, s)
			if value = instead(s); value == "" {
				continue
			}
			pair = key + "=" + value
		}
		pairs = append(pairs, pair)
	}
	return strings.Join(pairs, "&")
}

// learn remembers the values of secrets that are long enough to be found elsewhere.
func (c *cleaner) learn() {
	for _, s := range c.found {
		values := []string{s.value}
		least := 8
		if strings.Contains(s.name, "Cookie") {
			values, least = strings.Split(s.value, "; "), 16 // else it may be any word
			for i, pair := range values {
				_, values[i], _ = strings.Cut(pair, "=")
			}
		}
		for _, value := range values {
			if plain, err := url.QueryUnescape(value); err == nil && s.where == inParameter {
				values = append(values, plain)
			}
		}
		for _, value := range values {
			if len(value) >= least && len(c.values) < 10_000 {
				c.values[value] = true
			}
		}
	}
}

// prepare makes the values that were learnt be found from now on.
func (c *cleaner) prepare() {
	var pairs []string
	for value := range c.values {
		quoted, _ := json.Marshal(value) // a string, which cannot fail
		for _, form := range []string{value, url.QueryEscape(value), url.PathEscape(value), string(quoted[1 : len(quoted)-1])} {
			pairs = append(pairs, form, removed)
		}
	}
	if pairs != nil {
		c.within = strings.NewReplacer(pairs...)
	}
}

// elsewhere takes the secrets that were learnt out of any text.
func (c *cleaner) elsewhere(where, text string) string {
	if c.within == nil {
		return text
	}
	clean := c.within.Replace(text)
	if clean != text {
		c.note(where, "a secret that stood elsewhere", "")
	}
	return clean
}

// content takes the secrets out of a body, as its content type says how to read it.
func (c *cleaner) content(where string, body []byte, contentType string) []byte {
	media, params, _ := mime.ParseMediaType(contentType)
	first := bytes.TrimLeft(body, " \t\r\n")
	switch {
	case len(first) == 0 || !utf8.Valid(body) && !strings.HasPrefix(media, "multipart/"):
	case (first[0] == '{' || first[0] == '[') && jsontext.Value(body).IsValid(asWritten...):
		body = c.json(where, body)
	case media == "application/x-www-form-urlencoded":
		text := c.pairs(where, string(body), func(found) string { return removed })
		body = []byte(c.cut(where, text))
	case strings.HasPrefix(media, "multipart/"):
		body = c.multipart(where, body, params["boundary"])
	default:
		body = []byte(c.cut(where, string(body)))
	}
	if c.within == nil {
		return body
	}
	return []byte(c.elsewhere(where, string(body)))
}

// json replaces the values of keys whose names say that they are secret, and leaves the
// rest byte by byte as it is.
func (c *cleaner) json(where string, body []byte) []byte {
	d := jsontext.NewDecoder(bytes.NewBuffer(body), asWritten...)
	var clean []byte
	end := 0           // of what is in clean
	var names []string // of the secrets that the decoder is within, by depth; "": it is in none
	name := ""
	for {
		kind := d.PeekKind()
		depth, length := d.StackIndex(d.StackDepth())
		isKey := depth == '{' && length%2 == 0
		if kind != '"' && kind != '0' || isKey {
			token, err := d.ReadToken()
			switch {
			case err != nil: // the end
				return append(clean, body[end:]...)
			case isKey && kind == '"':
				if name = names[len(names)-1]; c.isSecret(token.String()) {
					name = token.String()
				}
			case kind == '{' || kind == '[':
				names = append(names, name)
			case kind == '}' || kind == ']':
				name = names[len(names)-1]
				names = names[:len(names)-1]
			}
			continue
		}
		raw, _ := d.ReadValue() // which was found valid
		to := int(d.InputOffset())
		var instead []byte
		if kind == '0' {
			if name != "" && string(raw) != "0" && secretNumber(name) {
				c.note(where, name, string(raw))
				instead = []byte("0")
			}
		} else {
			plain, _ := jsontext.AppendUnquote(nil, raw)
			text, cut := string(plain), removed
			switch {
			case name == "":
				cut = c.cut(where, text)
			case text != "" && text != removed:
				c.note(where, name, text)
			default:
				cut = text
			}
			if cut != text {
				instead = appendString(nil, cut)
			}
		}
		if instead != nil {
			clean = append(append(clean, body[end:to-len(raw)]...), instead...)
			end = to
		}
	}
}

// secretNumber reports whether also a number is secret under a name that sounds secret:
// those under most, such as input_tokens, are not.
func secretNumber(name string) bool {
	low := strings.ToLower(name)
	return slices.ContainsFunc([]string{"pass", "pwd", "pin", "otp", "secret"}, func(part string) bool { return strings.Contains(low, part) })
}

// multipart replaces the content of secret parts.
func (c *cleaner) multipart(where string, body []byte, boundary string) []byte {
	if boundary == "" {
		return body
	}
	parts := bytes.Split(body, []byte("--"+boundary))
	for i, part := range parts {
		head, content, isPart := bytes.Cut(part, []byte("\r\n\r\n"))
		if !isPart {
			continue
		}
		name := partName(string(head))
		if name == "" || !c.isSecret(name) {
			continue
		}
		content = bytes.TrimSuffix(content, []byte("\r\n"))
		parts[i] = slices.Concat(head, []byte("\r\n\r\n"+removed+"\r\n"))
		c.note(where, name, string(content))
	}
	return bytes.Join(parts, []byte("--"+boundary))
}

// partName is the name of the field that a part of a form is.
func partName(head string) string {
	for line := range strings.Lines(head) {
		field, value, _ := strings.Cut(line, ":")
		if strings.EqualFold(strings.TrimSpace(field), "Content-Disposition") {
			_, params, _ := mime.ParseMediaType(strings.TrimSpace(value))
			return params["name"]
		}
	}
	return ""
}
