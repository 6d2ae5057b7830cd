package secret

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Named reports whether the name of a header field, a variable, a flag or a parameter
// says that its value is a secret: Authorization, Cookie, API_KEY, X-Auth-Token,
// db_password …
func Named(name string) bool {
	words := wordsOf(name)
	if len(words) == 0 {
		return false
	}
	whole := strings.Join(words, "")
	for _, part := range []string{
		"authorization", "authentication", "cookie", "secret", "password", "passwd", "passphrase", "credential", "signature",
		"apikey", "accesskey", "privatekey", "sessionid", "bearer", "jwt",
	} {
		if strings.Contains(whole, part) {
			return true
		}
	}
	if strings.Contains(strings.ReplaceAll(whole, "tokeniz", ""), "token") {
		return true
	}
	last := words[len(words)-1]
	for _, end := range []string{"key", "pass", "pwd", "auth"} { // run together, as in DBPASS
		if strings.HasSuffix(last, end) && len(last) > len(end) && !slices.Contains(plainWords, last) {
			return true
		}
	}
	if last == "pwd" || last == "pass" { // PWD alone is the working folder
		return len(words) > 1 || last == "pass"
	}
	return slices.Contains([]string{"key", "keys", "auth", "sig", "session", "otp", "pin", "csrf", "pat"}, last)
}

// plainWords end like names of secrets.
var plainWords = []string{"monkey", "turkey", "hockey", "donkey", "whiskey", "jockey", "bypass", "compass", "oldpwd", "oauth"}

func wordsOf(name string) []string {
	var b strings.Builder
	before := ' '
	for _, c := range name {
		if unicode.IsUpper(c) && unicode.IsLower(before) {
			b.WriteByte(' ')
		}
		b.WriteRune(unicode.ToLower(c))
		before = c
	}
	return strings.FieldsFunc(b.String(), func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) })
}

// Variable is the environment's variable that a secret under a name is best kept in.
func Variable(name string) string {
	return strings.ToUpper(strings.Join(wordsOf(name), "_"))
}

// Span is a stretch of a text that is a secret, and the name that it stands under.
type Span struct {
	Name     string
	From, To int
}

// Find returns what is secret in a value that stands under a name: all of it where the
// name says so, else the user and password of URLs in it, and those of their parameters
// whose names say so.
func Find(name, value string) []Span {
	if value == "" {
		return nil
	}
	if Named(name) && !isCount(name, value) {
		return []Span{{name, 0, len(value)}}
	}
	var all []Span
	for _, at := range userinfo.FindAllStringSubmatchIndex(value, -1) {
		owner := "URL_USERINFO"
		if words := wordsOf(name); len(words) > 0 {
			owner = Variable(name) + "_USERINFO"
		}
		all = append(all, Span{owner, at[2], at[3]})
	}
	for _, at := range parameter.FindAllStringSubmatchIndex(value, -1) {
		key := value[at[2]:at[3]]
		if plain, err := url.QueryUnescape(key); err == nil {
			key = plain
		}
		if Named(key) && at[4] < at[5] && !isCount(key, value[at[4]:at[5]]) {
			all = append(all, Span{key, at[4], at[5]})
		}
	}
	return all
}

var (
	userinfo  = regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://([^/?#\s"']+)@`)
	parameter = regexp.MustCompile(`[?&;]([A-Za-z0-9_.%~-]+)=([^&;#\s"']*)`)
	assigned  = regexp.MustCompile(`([A-Za-z][A-Za-z0-9_.-]*)["']?\s*[:=]\s*("[^"]*"?|'[^']*'?|(?:\$\{[^}]*\}|[^][{},"'\n])+)`)
	number    = regexp.MustCompile(`^(\d{1,7}|true|false)$`)
)

// isCount reports whether a name such as MAX_TOKENS says how many there are.
func isCount(name, value string) bool {
	words := wordsOf(name)
	return words[len(words)-1] == "tokens" && number.MatchString(value)
}

// Scan adds the secrets of a text that nobody has taken apart yet, by the names in it:
// "template.headers.Authorization=…", "{Cookie: …}". In the text of a shell a value ends
// with its word.
func (k *Keeper) Scan(text string, shell bool) {
	for _, at := range assigned.FindAllStringSubmatch(text, -1) {
		name, value := at[1], strings.Trim(at[2], `"'`)
		name = name[strings.LastIndexByte(name, '.')+1:]
		if shell {
			if end := strings.IndexAny(value, " ;&|<>()`"); end >= 0 {
				value = value[:end]
			}
		}
		value = strings.TrimSpace(value)
		if Named(name) && value != "" && !isCount(name, value) && !OnlyVariables(value) && !Marked(value) {
			k.Add(name, value)
		}
	}
	for _, s := range Find("", text) {
		k.Add(s.Name, text[s.From:s.To])
	}
}

// OnlyVariables reports whether a text that holds variables, such as "Bearer ${TOKEN}",
// has nothing secret beside them: nothing at all, or the name of a scheme or of a cookie.
func OnlyVariables(written string) bool {
	rest := variable.ReplaceAllString(written, "")
	return rest != written && scheme.MatchString(rest)
}

var (
	variable = regexp.MustCompile(`\$\{[A-Za-z_][A-Za-z0-9_]*\}`)
	scheme   = regexp.MustCompile(`^\s*([A-Za-z-]+ )?([A-Za-z_][A-Za-z0-9_.-]*=|[\s:;,])*$`)
)
