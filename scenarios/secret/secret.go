// Package secret keeps the secret values of a run out of everything that is written
// down. A Keeper is told them while a scenario is read; whoever writes text hands it
// through the Keeper's Redact. It stands beside package scenarios, which finds the
// values, and package trial, which writes.
package secret

import (
	"cmp"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// leastFound is how many characters a secret needs to be replaced wherever it stands. A
// shorter one would be found inside of ordinary words; it is replaced beside its name
// alone ("API_KEY=x").
const leastFound = 4

// Keeper knows the secret values of a run. The zero value knows none, and so does nil.
// It is safe for concurrent use.
type Keeper struct {
	// Key returns the key of the hashes that stand for values; nil: one that is drawn
	// for this Keeper.
	Key func() []byte

	once sync.Once // for key
	key  []byte

	mu        sync.RWMutex
	known     []known
	forms     []form
	patterns  []pattern
	variables map[string]string // values by name
	longest   int               // that a secret may be, with what it is found by
	across    int               // that one may be with a line's end in it; 0: none has
}

// known is a secret value with what stands in its place.
type known struct {
	name, value string
	mark        string // "${secret:…}", or as the user wrote it
	fill        string // in a command: the variable to fill in
}

// pattern finds secrets of which there are too many to know.
type pattern struct {
	name   string
	values *regexp.Regexp // its first group
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
	key := k.theKey()
	id := sha256.Sum256(append([]byte("id of the key "), key...))
	sum := hmac.New(sha256.New, key)
	sum.Write([]byte(text))
	return hex.EncodeToString(id[:2]) + "." + hex.EncodeToString(sum.Sum(nil)[:6])
}

func (k *Keeper) theKey() []byte {
	k.once.Do(func() {
		if k.Key == nil {
			k.Key = NewKey
		}
		k.key = k.Key()
	})
	return k.key
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
	k.mu.Lock()
	if k.variables == nil {
		k.variables = map[string]string{}
	}
	k.variables[name] = value
	k.mu.Unlock()
	k.AddWritten(name, value, "${"+name+"}")
}

// AddPattern adds all values that the first group of a pattern finds, such as signatures
// that are made anew for every request. They are at most so many bytes long with what the
// pattern finds them by.
func (k *Keeper) AddPattern(name string, values *regexp.Regexp, longest int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.patterns = append(k.patterns, pattern{name, values})
	k.longest = max(k.longest, longest)
}

func (k *Keeper) add(s known) {
	k.mu.Lock()
	defer k.mu.Unlock()
	values := append([]string{s.value}, innerSecrets(s.value)...)
	for i, value := range values {
		if value == "" || slices.ContainsFunc(k.known, func(o known) bool { return o.value == value && o.name == s.name }) {
			continue
		}
		s.value = value
		k.known = append(k.known, s)
		if i == 0 && len(value) < leastFound {
			k.forms = append(k.forms, form{text: value, of: s, beside: beforeValue(s.name)})
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
	for _, f := range k.forms {
		// A short one is found by its name, which stands before it.
		k.longest = max(k.longest, len(f.text)+len(f.of.name)+longestBetween)
		if strings.Contains(f.text, "\n") {
			k.across = max(k.across, len(f.text))
		}
	}
}

// longestBetween is how much may stand between the name of a short secret and its value.
const longestBetween = 64

func beforeValue(name string) *regexp.Regexp {
	return regexp.MustCompile(`(?i)` + regexp.QuoteMeta(strings.ToValidUTF8(name, "")) + `\\?["']?\s*[:=]\s*\[?\\?["']?`)
}

func innerSecrets(value string) []string {
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

// Variables are hashes of the values of the environment's variables, by their names.
func (k *Keeper) Variables() map[string]string {
	if k == nil {
		return nil
	}
	k.mu.RLock()
	all := maps.Clone(k.variables)
	k.mu.RUnlock()
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
		both.Key = one.theKey
		one.mu.RLock()
		for _, s := range one.known {
			both.add(s)
		}
		for name, value := range one.variables {
			both.AddVariable(name, value)
		}
		both.patterns, both.longest = append(both.patterns, one.patterns...), max(both.longest, one.longest)
		one.mu.RUnlock()
	}
	return both
}

// Empty reports whether no secret is known.
func (k *Keeper) Empty() bool {
	if k == nil {
		return true
	}
	k.mu.RLock()
	defer k.mu.RUnlock()
	return len(k.known) == 0 && len(k.patterns) == 0
}

// Equal reports whether two Keepers know the same values.
func (k *Keeper) Equal(other *Keeper) bool {
	values := func(k *Keeper) map[string]string {
		all := map[string]string{}
		if k != nil {
			k.mu.RLock()
			defer k.mu.RUnlock()
			for _, s := range k.known {
				all[s.name+"\x00"+s.value] = s.fill
			}
		}
		return all
	}
	return maps.Equal(values(k), values(other))
}

const keyLength = 32

// NewKey draws a key that nobody keeps.
func NewKey() []byte {
	key := make([]byte, keyLength)
	_, _ = rand.Read(key) // which never fails
	return key
}

// LoadKey returns the key that is kept in a file, which only this user can read, and is
// made where there is none yet. Where it can be neither read nor made, the key is one
// that nobody keeps: hashes by it can be compared within this process alone.
func LoadKey(file string) []byte {
	if key, err := os.ReadFile(file); err == nil && len(key) == keyLength {
		return key
	}
	key := NewKey()
	dir := filepath.Dir(file)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return key
	}
	temp, err := os.CreateTemp(dir, ".key-*") // 0600
	if err != nil {
		return key
	}
	defer os.Remove(temp.Name())
	_, err = temp.Write(key)
	if closed := temp.Close(); err != nil || closed != nil {
		return key
	}
	// Another servebench may have been faster: its key stays.
	if err := os.Link(temp.Name(), file); err != nil {
		if kept, err := os.ReadFile(file); err == nil && len(kept) == keyLength {
			return kept
		}
		_ = os.Rename(temp.Name(), file) // where the file system has no links, or the file was no key
	}
	return key
}
