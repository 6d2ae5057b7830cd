package secret

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

func TestNamed(t *testing.T) {
	for name, want := range map[string]bool{
		"Authorization": true, "Proxy-Authorization": true, "Cookie": true, "Set-Cookie": true, "X-Api-Key": true,
		"API_KEY": true, "apiKey": true, "OPENAI_API_KEY": true, "key": true, "DB_PASSWORD": true, "PGPASSWORD": true,
		"MYSQL_PASSWD": true, "DB_PASS": true, "HF_TOKEN": true, "X-Auth-Token": true, "access_token": true,
		"CLIENT_SECRET": true, "AWS_SECRET_ACCESS_KEY": true, "AWS_ACCESS_KEY_ID": true, "GOOGLE_APPLICATION_CREDENTIALS": true,
		"X-Amz-Signature": true, "X-Amz-Credential": true, "X-Amz-Security-Token": true, "sig": true, "DBPASS": true, "DBPass": true, "MYSQLPWD": true, "MASTERKEY": true, "X-Authkey": true, "GITHUB_PAT": true, "COMPASS": false, "BYPASS": false, "--api-key": true, "Authentication": true, "X-Session": true, "X-Vault-Otp": true,
		"TOKENIZERS_PARALLELISM": false, "TOKENIZER": false, "PWD": false, "OLDPWD": false, "HOME": false, "KEYBOARD": false,
		"MONKEY": false, "Accept": false, "Content-Type": false, "KEY_FILE": false, "author": false, "PASSES": false, "": false, "-": false,
	} {
		if got := Named(name); got != want {
			t.Errorf("Named(%q) = %t, want %t", name, got, want)
		}
	}
}

func TestFind(t *testing.T) {
	for _, tt := range []struct{ name, value, want string }{
		{"Authorization", "Bearer a", "Authorization=Bearer a"},
		{"MAX_TOKENS", "4096", ""},
		{"API_TOKENS", "a,b", "API_TOKENS=a,b"},
		{"API_KEY", "", ""},
		{"url", "http://user:pass@host/x", "URL_USERINFO=user:pass"},
		{"DATABASE_URL", "postgres://u:p@ss@host/x?sslmode=on", "DATABASE_URL_USERINFO=u:p@ss"},
		{"path", "/x?a=1&api_key=K&max_tokens=7&X-Amz-Signature=S#f", "api_key=K X-Amz-Signature=S"},
		{"path", "/x?key=", ""},
		{"path", "/x?API%5Fkey=K", "API_key=K"},
		{"description", "a@b, http://host/@x", ""},
	} {
		var got []string
		for _, s := range Find(tt.name, tt.value) {
			got = append(got, s.Name+"="+tt.value[s.From:s.To])
		}
		if text := strings.Join(got, " "); text != tt.want {
			t.Errorf("Find(%q, %q): %s, want %s", tt.name, tt.value, text, tt.want)
		}
	}
}

// TestRedact hides a secret in all the ways in which software writes it.
func TestRedact(t *testing.T) {
	const value = `pa"ss $w&rd/<é`
	var k Keeper
	k.Add("Authorization", value)
	quotedJSON := strconv.Quote(value)
	for _, text := range []string{
		value, quotedJSON, strconv.QuoteToASCII(value), url.QueryEscape(value), url.PathEscape(value),
		base64.StdEncoding.EncodeToString([]byte(value)), base64.RawURLEncoding.EncodeToString([]byte(value)),
		"x" + value + "x" + value, `a "` + value[:9] + `"…`, "…\"" + value[5:] + `" (7 bytes)`,
	} {
		got := k.Redact(text)
		for _, left := range []string{value[:9], value[5:], url.QueryEscape(value), base64.RawStdEncoding.EncodeToString([]byte(value))} {
			if strings.Contains(got, left) {
				t.Errorf("%q is left as %q", text, got)
			}
		}
		if !strings.Contains(got, MarkStart) {
			t.Errorf("%q is left as %q", text, got)
		}
	}
	for _, text := range []string{"pass, and other words", `"` + value[:5] + `"`, "…" + value[:2]} {
		if k.Redact(text) != text {
			t.Errorf("%q becomes %q", text, k.Redact(text))
		}
	}
	if text := value[:9] + "…"; k.RedactWhole(text) != text {
		t.Errorf("%q, which is no excerpt, becomes %q", text, k.RedactWhole(text))
	}
}

// TestRedactAmidOtherText hides a secret that was escaped twice, or encoded as part of a
// longer text, however many bytes precede it there.
func TestRedactAmidOtherText(t *testing.T) {
	const value = `sk-Ab"c&<Zq9>/+=wx'yzEnv0815-ö`
	var k Keeper
	k.Add("TOKEN", value)
	once, _ := json.Marshal(value)
	twice, _ := json.Marshal(string(once))
	for name, text := range map[string]string{
		"JSON in JSON":      string(twice),
		"URL in HTML":       html.EscapeString(url.PathEscape(value)),
		"Python's HTML":     `sk-Ab&quot;c&amp;&lt;Zq9&gt;/+=wx&#x27;yzEnv0815-ö`,
		"every character":   everyRune(value, `\u%04x`),
		"character numbers": everyRune(value, "&#%d;"),
		"Latin-1":           latin1(value),
		"Python's URL":      strings.NewReplacer("%2F", "/", "+", "%20").Replace(url.QueryEscape(value)),
		"lower-case URL":    percents.ReplaceAllStringFunc(url.QueryEscape(value), strings.ToLower),
		"hexadecimal":       hex.EncodeToString([]byte(value)),
	} {
		got := k.Redact("before " + text + " after")
		if got != "before "+k.Redact(value)+" after" && got != `before "\"`+k.Redact(value)+`\"" after` {
			t.Errorf("%s: %q is left as %q", name, text, got)
		}
	}
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		for before := range 6 {
			text := encoding.EncodeToString([]byte("root:x"[:before] + value + "tail"))
			got := k.Redact(text)
			if mark := strings.Index(got, MarkStart); mark < 0 || mark > (before*8+5)/6 || len(got)-len(k.Redact(value))-mark > len("dGFpbAAA==") {
				t.Errorf("after %d bytes %q is left as %q", before, text, got)
			}
		}
	}
}

// TestRedactParts hides what software reads out of a secret.
func TestRedactParts(t *testing.T) {
	var k Keeper
	k.Add("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("user:wordpass")))
	k.Add("Proxy-Authorization", "Bearer sesame-street")
	k.Add("Cookie", "a=open; session=eyJhbGci")
	k.Add("URL_USERINFO", "me:p%40ssw0rd")
	k.Add("TLS_KEY", "-----BEGIN KEY-----\nMIIBOgIBAAJB\nAKj34GkxFhD9\n-----END KEY-----")
	k.AddVariable("DB", "postgres://u:databaseword@h/x")
	for _, text := range []string{"user:wordpass", "wordpass", "sesame-street", "session eyJhbGci", "p@ssw0rd", "\tAKj34GkxFhD9\n", "u:databaseword"} {
		if got := k.Redact(text); !strings.Contains(got, "${") || strings.Contains(got, text) {
			t.Errorf("%q is left as %q", text, got)
		}
	}
}

// TestRedactShort replaces a secret that could be a part of any word beside its name
// alone.
func TestRedactShort(t *testing.T) {
	var k Keeper
	k.Add("API_KEY", "x")
	mark := k.Mark("API_KEY", "x")
	for text, want := range map[string]string{
		"API_KEY=x":                "API_KEY=" + mark,
		"api_key: x, MAX=x":        "api_key: " + mark + ", MAX=x",
		`{"API_KEY":"x","y":"x"}`:  `{"API_KEY":"` + mark + `","y":"x"}`,
		`"{\"API_KEY\": \"x\"}"`:   `"{\"API_KEY\": \"` + mark + `\"}"`,
		"workload.env=[API_KEY=x]": "workload.env=[API_KEY=" + mark + "]",
		"API_KEY=xy, next":         "API_KEY=xy, next",
	} {
		if got := k.Redact(text); got != want {
			t.Errorf("%s becomes %s, want %s", text, got, want)
		}
	}
}

// TestCommand names the variables to fill in.
func TestCommand(t *testing.T) {
	var k Keeper
	k.Scan("template.headers.X-Api-Key=value", false)
	k.Scan("template={headers: {Cookie: a=b c, Accept: x}}", false)
	k.Scan("DEPLOY_TOKEN=tokenvalue make build", true)
	k.Scan("template.headers.X-Key=${MINE}, Cookie: ${secret:1234.5678}", false)
	k.AddVariable("TOKEN", "sesame")
	for argument, want := range map[string]string{
		"template.headers.X-Api-Key=value":               "template.headers.X-Api-Key=${X_API_KEY}",
		"template={headers: {Cookie: a=b c, Accept: x}}": "template={headers: {Cookie: ${COOKIE}, Accept: x}}",
		"DEPLOY_TOKEN=tokenvalue make build":             "DEPLOY_TOKEN=${DEPLOY_TOKEN} make build",
		"template.headers.X-Key=${MINE}":                 "template.headers.X-Key=${MINE}",
		"Bearer sesame":                                  "Bearer ${TOKEN}",
	} {
		if got := k.Command(argument); got != want {
			t.Errorf("%s becomes %s, want %s", argument, got, want)
		}
	}
}

// TestMarks tells values apart, and not what they are: without the key, a hash can be
// of anything.
func TestMarks(t *testing.T) {
	one, same := &Keeper{Key: func() []byte { return []byte("one") }}, &Keeper{Key: func() []byte { return []byte("one") }}
	other := new(Keeper)
	if one.Mark("Cookie", "a") != same.Mark("cookie", "a") || one.Mark("Cookie", "a") == one.Mark("Cookie", "b") {
		t.Error("marks of one key do not tell values apart")
	}
	if a, b := one.Mark("Cookie", "a"), other.Mark("Cookie", "a"); a[:len(MarkStart)+4] == b[:len(MarkStart)+4] || a == b {
		t.Errorf("marks of two keys are alike: %s, %s", a, b)
	}
}

func TestWith(t *testing.T) {
	var a, b *Keeper
	if text := "anything"; a.Redact(text) != text || a.With(b).Redact(text) != text || !a.Empty() {
		t.Error("a Keeper without secrets changes a text")
	}
	a, b = new(Keeper), new(Keeper)
	a.Add("KEY", "sesame")
	b.AddVariable("TOKEN", "open")
	both := a.With(b)
	if got := both.Redact("open sesame"); got != "${TOKEN} "+a.Mark("KEY", "sesame") {
		t.Error(got)
	}
	if len(both.Variables()) != 1 || strings.Contains(fmt.Sprint(both.Variables()), "open") {
		t.Error(both.Variables())
	}
	err := a.Error(fmt.Errorf("open sesame: %w", fs.ErrNotExist))
	if !errors.Is(err, fs.ErrNotExist) || strings.Contains(err.Error(), "sesame") {
		t.Error(err)
	}
}

// TestLoadKey makes a key once, for this user alone.
func TestLoadKey(t *testing.T) {
	file := filepath.Join(t.TempDir(), "new", "secret.key")
	keys := make(chan []byte)
	for range 8 {
		go func() { keys <- LoadKey(file) }()
	}
	first := <-keys
	for range 7 {
		if key := <-keys; !bytes.Equal(key, first) || len(key) != keyLength {
			t.Errorf("keys %x and %x", first, key)
		}
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v: want a file for its owner alone", info.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(file), ".*")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	if a, b := LoadKey(file+"/x"), LoadKey(file+"/x"); len(a) != keyLength || bytes.Equal(a, b) {
		t.Errorf("keys that nobody keeps: %x, %x", a, b)
	}
}

// FuzzRedact holds every text to have no secret in it once it is redacted.
func FuzzRedact(f *testing.F) {
	f.Add("secret", "other", "a secret and another")
	f.Add("aaaa", "aaab", "aaaaaaab")
	f.Add("$$$$", "${se", "$${secret:")
	f.Fuzz(func(t *testing.T, one, two, text string) {
		var k Keeper
		k.Add("KEY", one)
		k.AddVariable("VARIABLE", two)
		got := k.Redact(text)
		rest := variable.ReplaceAllString(mark.ReplaceAllString(got, "\x00"), "\x00")
		for _, value := range []string{one, two} {
			if len(value) >= leastFound && !strings.Contains(value, "\x00") && strings.Contains(rest, value) {
				t.Errorf("%q is left in %q, which was %q", value, got, text)
			}
		}
	})
}

var mark = regexp.MustCompile(`\$\{secret:[0-9a-f.]+\}`)

// TestPattern hides what only a pattern knows, each value behind a mark of its own.
func TestPattern(t *testing.T) {
	k := new(Keeper)
	if !k.Empty() {
		t.Error("a new Keeper knows something")
	}
	k.AddPattern("signature", regexp.MustCompile(`sig=([0-9a-f]{8})`), len("sig=")+8)
	if k.Empty() {
		t.Error("a pattern is nothing")
	}
	one, two := "0123abcd", "ffff0000"
	got := k.Redact("a sig=" + one + ", sig=" + two + ", sig=" + one + ", sig=short")
	if want := "a sig=" + k.Mark("signature", one) + ", sig=" + k.Mark("signature", two) + ", sig=" + k.Mark("signature", one) + ", sig=short"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if got := new(Keeper).With(k).RedactWhole("sig=" + one); strings.Contains(got, one) || got != "sig="+k.Mark("signature", one) {
		t.Errorf("%s: another Keeper does not know it, or by another key", got)
	}
	k.Add("PIN", "12")
	for length := range 100 { // of the pieces that a long line comes in, where it is cut
		var to strings.Builder
		w := k.Writer(&to)
		pieces := []string{strings.Repeat("x", longestLine)}
		for rest := "sig=" + one + " PIN=12 " + strings.Repeat("y", 200); rest != ""; rest = rest[min(len(rest), length+1):] {
			pieces = append(pieces, rest[:min(len(rest), length+1)])
		}
		for _, piece := range pieces {
			if _, err := w.Write([]byte(piece)); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil || strings.Contains(to.String(), one) || strings.Contains(to.String(), "PIN=12") {
			t.Errorf("a line that is cut: %v, …%s", err, to.String()[longestLine:])
		}
	}
}

// TestKeeperLearns takes new secrets while texts are redacted and written.
func TestKeeperLearns(t *testing.T) {
	k := new(Keeper)
	var to strings.Builder
	w := k.Writer(&to)
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for j := range 20 {
				value := fmt.Sprintf("secret-%d-%d", i, j)
				k.Add("TOKEN", value)
				if clean := k.Redact("it is " + value); strings.Contains(clean, value) {
					t.Error(clean)
				}
				fmt.Fprintln(w, "it is", value)
				k.AddVariable("NAME", value)
				k.Variables()
				k.Empty()
			}
		})
	}
	all.Wait()
	if err := w.Flush(); err != nil || strings.Contains(to.String(), "secret-") {
		t.Errorf("%v, written: %s", err, to.String())
	}
}
