package scenarios

import (
	"regexp"
	"strings"
	"testing"

	"servebench/scenarios/decode"
)

// TestFaultsOfYAML holds what YAML has and scenarios have not, and what is not
// YAML.
func TestFaultsOfYAML(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"nothing", "", "f:1:1: no scenario in it; want at least the keys name, targets, workload, data and load"},
		{"a comment", "# later\n", "f:1:1: no scenario in it; want at least the keys name, targets, workload, data and load"},
		{"a list", "- a\n", "f:1:1: a list is not a mapping; want keys with their values"},
		{"a word", "compare\n", `f:1:1: "compare" is not a mapping; want keys with their values`},
		{"two documents", minimal + "---\n" + minimal, "f:8:1: a second document begins here; want one document per file"},
		{"a directive", "%YAML 1.2\n---\n" + minimal, "f:1:1: YAML directives are not supported; want the file to begin with its first key"},
		{"an anchor", strings.Replace(minimal, "mine", "&x mine", 1), "f:1:7: name: YAML anchors and aliases are not supported; want the value written out"},
		{"an alias", strings.Replace(minimal, "mine", "&x mine\ndescription: *x", 1),
			"f:1:7: name: YAML anchors and aliases are not supported; want the value written out\n" +
				"f:2:14: description: YAML anchors and aliases are not supported; want the value written out"},
		{"a merge key", minimal + "limits: &l {cpus: 2}\nslo: {<<: *l}\n",
			"f:7:9: limits: YAML anchors and aliases are not supported; want the value written out\n" +
				"f:8:7: slo: YAML anchors and aliases are not supported; want the value written out"},
		{"a tag", strings.Replace(minimal, "mine", "!!str mine", 1), "f:1:7: name: YAML tags are not supported; want the plain value"},
		{"a key after a question mark", minimal + "? rounds\n: 2\n", "f:7:1: YAML keys after a question mark are not supported; want a plain key"},
		{"a tab", minimal + "limits:\n\tcpus: 1\n", "f:8:1: not YAML: a tab, where YAML allows spaces only; want spaces"},
		{"a bracket left open", minimal + "limits: {cpus: 1\nrounds: 2\n", "f:8:1: not YAML: a mapping that begins with { is not closed; want a } at its end, and commas between its keys"},
		{"a quote left open", minimal + "description: 'no\n", "f:7:14: not YAML: a quote is opened here and not closed; want a closing quote, or text without quotes"},
		{"an indentation that fits nothing", minimal + "limits:\n  cpus: 1\n memory: 1GiB\n", "f:9:2: not YAML: this does not belong to what stands around it; want one KEY: VALUE a line, indented as its neighbours are, and quotes around a text with a colon or a bracket"},
		{"bytes that are no text", "name: m\xffine\n", "f:1:8: not text in UTF-8"},
		{"a book", strings.Repeat("# a line of no use\n", 4000), "f:1:1: 76000 bytes long; want at most 32768 bytes"},
		{"many marks", strings.Repeat("*a ", 1000), "f:1:151: YAML anchors, aliases and tags are not supported; want the plain values"},
		{"a staircase", strings.Repeat("- ", 1000), "f:1:33: too many lists within lists; want at most 16"},
		{"a cave", "a: " + strings.Repeat("[", 1000), "f:1:20: too many brackets within brackets; want at most 16"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse("f", []byte(tt.text), testCatalogue())
			if err == nil || err.Error() != tt.want {
				t.Errorf("Parse:\n%v\nwant\n%s", err, tt.want)
			}
		})
	}
}

// parserWords are those of the YAML library, which tell of its inside.
var parserWords = regexp.MustCompile(`token|context|could not find|must be specified|unexpected|undefined|strconv|<nil>|%!`)

// Whatever is broken in a text, what is said of it says what would be right, not what
// the parser missed.
func TestBrokenYAMLInTheUsersWords(t *testing.T) {
	for i := range minimal {
		for _, mark := range []string{"", "[", "]", "{", "}", ",", ":", ": ", "- ", "'", "\"", "|", ">", "?", "? ", "\n", "\t", "#", "@", "`", "%"} {
			for _, rest := range []string{minimal[i:], minimal[min(i+1, len(minimal)):], ""} {
				text := minimal[:i] + mark + rest
				_, err := Parse("f", []byte(text), testCatalogue())
				if err == nil {
					continue
				}
				for _, f := range err.(decode.Faults) {
					if said := f.Problem + f.Want; parserWords.MatchString(said) {
						t.Errorf("%q: %v", text, f)
					}
				}
			}
		}
	}
}

// TestDocumentMarks reads a document that is marked as one.
func TestDocumentMarks(t *testing.T) {
	for _, text := range []string{"---\n" + minimal, minimal + "...\n", minimal + "---\n"} {
		if _, err := Parse("f", []byte(text), testCatalogue()); err != nil {
			t.Errorf("Parse(%q): %v", text, err)
		}
	}
}

// A byte order mark and the line ends of Windows change nothing.
func TestMarksOfEditors(t *testing.T) {
	want, err := Parse("f", []byte(minimal), testCatalogue())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"a byte order mark": "\ufeff" + minimal,
		"CRLF":              strings.ReplaceAll(minimal, "\n", "\r\n"),
		"both":              "\ufeff" + strings.ReplaceAll(minimal, "\n", "\r\n"),
	} {
		got, err := Parse("f", []byte(text), testCatalogue())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := difference(want, got); diff != "" {
			t.Errorf("%s is read as something else (-want +got):\n%s", name, diff)
		}
	}
	block := strings.Replace(templated, "{method: GET, path: /}", "\n  method: POST\n  path: /\n  body: |\n    a\n    b", 1)
	s, err := Parse("f", []byte(strings.ReplaceAll(block, "\n", "\r\n")), testCatalogue())
	if err != nil || s.Template.Body != "a\nb\n" {
		t.Errorf("a block of text is %+v, %v", s, err)
	}
}
