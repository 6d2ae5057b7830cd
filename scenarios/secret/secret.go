// Package secret keeps the secret values of a run out of everything that is written
// down. A Keeper is told them while a scenario is read; whoever writes text hands it
// through the Keeper's Redact. It stands beside package scenarios, which finds the
// values, and package trial, which writes.
package secret

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// leastFound is how many characters a secret needs to be replaced wherever it stands. A
// shorter one would be found inside of ordinary words; it is replaced beside its name
// alone ("API_KEY=x").
const leastFound = 4

// Keeper knows the secret values of a run. The zero value knows none, and so does nil.
// Its methods may be called from several goroutines once all values are added.
type Keeper struct {
	// Key returns the key of the hashes that stand for values; nil: one that is drawn
	// for this Keeper.
	Key func() []byte

	key       []byte
	known     []known
	forms     []form
	variables map[string]string // values by name
}

// known is a secret value with what stands in its place.
type known struct {
	name, value string
	mark        string // "${secret:…}", or as the user wrote it
	fill        string // in a command: the variable to fill in
}

// form is one way in which a secret may be written.
type form struct {
	text   string
	of     known
	beside *regexp.Regexp // of a short one: its name and what is between; nil: anywhere
}

// Marked finds the marks that stand for a value of which only a hash is kept.
func Marked(text string) bool { return strings.Contains(text, MarkStart) }

// MarkStart begins the mark of a value of which only a hash is kept.
const MarkStart = "${secret:"

// Mark is what stands in the place of a value: a hash of it and the name that it
// stands under, by a key that is kept on this machine, led by four digits of the key's
// own hash. Two marks with the same key are the same exactly when the values are.
func (k *Keeper) Mark(name, value string) string {
	return MarkStart + k.hash(strings.ToLower(name)+"\x00"+value) + "}"
}

func (k *Keeper) hash(text string) string {
	if k.key == nil {
		if k.Key == nil {
			k.Key = NewKey
		}
		k.key = k.Key()
	}
	id := sha256.Sum256(append([]byte("id of the key "), k.key...))
	sum := hmac.New(sha256.New, k.key)
	sum.Write([]byte(text))
	return hex.EncodeToString(id[:2]) + "." + hex.EncodeToString(sum.Sum(nil)[:6])
}

// Add adds a value that stands under a name, and what can be read from it: the
// credentials of an Authorization field, decoded, the values of cookies, the password
// of a URL. An empty one is no secret.
func (k *Keeper) Add(name, value string) {
	k.add(known{name: name, value: value, mark: k.Mark(name, value), fill: "${" + Variable(name) + "}"})
}

// AddWritten adds a value that the user wrote as a text with variables in it, which
// stands in its place then.
func (k *Keeper) AddWritten(name, value, written string) {
	k.add(known{name: name, value: value, mark: written, fill: written})
}

// AddVariable adds the value of an environment's variable.
func (k *Keeper) AddVariable(name, value string) {
	if k.variables == nil {
		k.variables = map[string]string{}
	}
	k.variables[name] = value
	k.AddWritten(name, value, "${"+name+"}")
}

func (k *Keeper) add(s known) {
	values := append([]string{s.value}, derived(s.value)...)
	for i, value := range values {
		if value == "" || slices.ContainsFunc(k.known, func(o known) bool { return o.value == value && o.name == s.name }) {
			continue
		}
		s.value = value
		k.known = append(k.known, s)
		if i == 0 && len(value) < leastFound {
			k.forms = append(k.forms, form{text: value, of: s, beside: before(s.name)})
			continue
		}
		for _, text := range writings(value) {
			if len(text) >= leastFound {
				k.forms = append(k.forms, form{text: text, of: s})
			}
		}
	}
	// The longest first, so that none is cut in two by a part of it.
	slices.SortStableFunc(k.forms, func(a, b form) int { return cmp.Compare(len(b.text), len(a.text)) })
}

// before finds what stands before the value of a name.
func before(name string) *regexp.Regexp {
	return regexp.MustCompile(`(?i)` + regexp.QuoteMeta(strings.ToValidUTF8(name, "")) + `\\?["']?\s*[:=]\s*\[?\\?["']?`)
}

// endsWord reports whether no letter or digit follows.
func endsWord(rest string) bool {
	c, _ := utf8.DecodeRuneInString(rest)
	return rest == "" || !unicode.IsLetter(c) && !unicode.IsDigit(c)
}

// derived are the secrets inside of a value.
func derived(value string) []string {
	var all []string
	if scheme, credentials, found := strings.Cut(value, " "); found && !strings.ContainsAny(scheme, "=;:") {
		all = append(all, credentials)
		if text, err := base64.StdEncoding.DecodeString(credentials); err == nil && strings.Contains(string(text), ":") {
			all = append(all, string(text))
		}
	}
	for _, pair := range strings.FieldsFunc(value, func(c rune) bool { return c == ';' || c == ',' }) {
		if name, inner, found := strings.Cut(strings.TrimSpace(pair), "="); found && !strings.ContainsAny(name, " ") {
			all = append(all, strings.Trim(inner, `"`))
		}
	}
	for _, s := range Find("", value) { // of a URL
		all = append(all, value[s.From:s.To])
	}
	for _, text := range append(slices.Clone(all), value) {
		if user, password, found := strings.Cut(text, ":"); found && !strings.ContainsAny(user, " =") && !strings.HasPrefix(password, "//") {
			all = append(all, password)
		}
	}
	lines := strings.Split(value, "\n")
	for _, line := range lines {
		if line = strings.TrimSpace(line); len(lines) > 1 && len(line) >= 2*leastFound && !strings.HasPrefix(line, "-----") {
			all = append(all, line)
		}
	}
	for _, text := range append(slices.Clone(all), value) {
		if plain, err := url.QueryUnescape(text); err == nil && plain != text {
			all = append(all, plain)
		}
	}
	return slices.DeleteFunc(all, func(s string) bool { return len(s) < leastFound })
}

// Redact returns a text with every secret in it replaced by what stands for it, and with
// what an excerpt, cut off by dots (…), has left of one.
func (k *Keeper) Redact(text string) string {
	return k.replace(text, true, func(s known) string { return s.mark })
}

// RedactWhole is Redact for a text that is no excerpt.
func (k *Keeper) RedactWhole(text string) string {
	return k.replace(text, false, func(s known) string { return s.mark })
}

// Command returns an argument of a command line, with the names of variables to fill in
// where secrets were.
func (k *Keeper) Command(argument string) string {
	return k.replace(argument, false, func(s known) string { return s.fill })
}

// replace replaces the secrets in a text, in one pass, so that nothing is replaced in
// what was put in.
func (k *Keeper) replace(text string, excerpt bool, by func(known) string) string {
	if k == nil || len(k.forms) == 0 || text == "" {
		return text
	}
	var b strings.Builder
	last := 0
	for _, h := range k.find(text, excerpt) {
		b.WriteString(text[last:h.from])
		b.WriteString(by(h.of))
		last = h.to
	}
	b.WriteString(text[last:])
	return b.String()
}

// hit is a stretch of a text that is secret.
type hit struct {
	from, to int
	of       known
}

// find returns the secrets in a text in their order, and in an excerpt the parts of them
// as well; none overlaps another.
func (k *Keeper) find(text string, excerpt bool) []hit {
	var hits []hit
	var taken []bool // byte by byte
	take := func(h hit) {
		if taken == nil {
			taken = make([]bool, len(text))
		}
		if h.from < h.to && !slices.Contains(taken[h.from:h.to], true) {
			hits = append(hits, h)
			for i := h.from; i < h.to; i++ {
				taken[i] = true
			}
		}
	}
	for _, f := range k.forms {
		if f.beside != nil {
			for _, at := range f.beside.FindAllStringIndex(text, -1) {
				if rest, found := strings.CutPrefix(text[at[1]:], f.text); found && endsWord(rest) {
					take(hit{at[1], at[1] + len(f.text), f.of})
				}
			}
			continue
		}
		for from := 0; ; {
			i := strings.Index(text[from:], f.text)
			if i < 0 {
				break
			}
			take(hit{from + i, from + i + len(f.text), f.of})
			from += i + len(f.text)
		}
	}
	for _, f := range k.forms {
		if excerpt && strings.Contains(text, dots) {
			for _, h := range cutOff(text, f) {
				take(h)
			}
		}
	}
	slices.SortFunc(hits, func(a, b hit) int { return cmp.Compare(a.from, b.from) })
	return hits
}

// dots are where an excerpt leaves something out.
const dots = "…"

// cutOff finds the parts of a secret that an excerpt ends or begins with, beside its dots
// and perhaps a quote between.
func cutOff(text string, f form) []hit {
	if f.beside != nil || len(f.text) < 2*leastFound {
		return nil
	}
	least := max(leastFound, len(f.text)/4) // fewer could be any word
	var hits []hit
	for from, start := 0, f.text[:leastFound]; ; {
		i := strings.Index(text[from:], start)
		if i < 0 {
			break
		}
		at := from + i
		n := leastFound
		for n < len(f.text) && at+n < len(text) && text[at+n] == f.text[n] {
			n++
		}
		rest := text[at+n:]
		if strings.HasPrefix(strings.TrimLeft(rest, `\"`), dots) && n >= least {
			hits = append(hits, hit{at, at + n, f.of})
		}
		from = at + leastFound
	}
	for from := 0; ; {
		i := strings.Index(text[from:], dots)
		if i < 0 {
			return hits
		}
		from += i + len(dots)
		at := from
		if strings.HasPrefix(text[at:], `"`) {
			at++
		}
		if n := tail(text[at:], f.text); n >= least {
			hits = append(hits, hit{at, at + n, f.of})
		}
	}
}

// tail is how long the longest part of a secret is that a text begins with, either up to
// the secret's end or up to where the text was cut again.
func tail(text, value string) int {
	most := 0
	for k := range value {
		n := 0
		for k+n < len(value) && n < len(text) && text[n] == value[k+n] {
			n++
		}
		if ends := k+n == len(value) || n == len(text) || text[n] == '"' || strings.HasPrefix(text[n:], dots); ends {
			most = max(most, n)
		}
	}
	return most
}

// Variables are hashes of the values of the environment's variables, by their names.
func (k *Keeper) Variables() map[string]string {
	if k == nil || len(k.variables) == 0 {
		return nil
	}
	all := maps.Clone(k.variables)
	for name, value := range all {
		all[name] = k.hash("variable " + name + "\x00" + value)
	}
	return all
}

// With returns a Keeper that knows the values of another one as well.
func (k *Keeper) With(other *Keeper) *Keeper {
	both := &Keeper{}
	for _, one := range []*Keeper{k, other} {
		if one == nil {
			continue
		}
		both.Key, both.key = one.Key, one.key
		for _, s := range one.known {
			both.add(s)
		}
		for name, value := range one.variables {
			both.AddVariable(name, value)
		}
	}
	return both
}

// Empty reports whether no secret is known.
func (k *Keeper) Empty() bool { return k == nil || len(k.known) == 0 }

// Equal reports whether two Keepers know the same values.
func (k *Keeper) Equal(other *Keeper) bool {
	values := func(k *Keeper) map[string]string {
		all := map[string]string{}
		if k != nil {
			for _, s := range k.known {
				all[s.name+"\x00"+s.value] = s.fill
			}
		}
		return all
	}
	return maps.Equal(values(k), values(other))
}

// Error returns an error whose text is redacted, and which is the former one otherwise.
func (k *Keeper) Error(err error) error {
	if err == nil || k.Redact(err.Error()) == err.Error() {
		return err
	}
	return &redactedError{err, k}
}

type redactedError struct {
	err    error
	keeper *Keeper
}

func (e *redactedError) Error() string { return e.keeper.Redact(e.err.Error()) }
func (e *redactedError) Unwrap() error { return e.err }
