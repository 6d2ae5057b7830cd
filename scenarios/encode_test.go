package scenarios

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// TestTextsReadBack puts texts that YAML could take for something else wherever
// a scenario has text, and reads them back from the resolved scenario.
func TestTextsReadBack(t *testing.T) {
	base, err := Parse("f", []byte(strings.Replace(minimal, "physical", "container", 1)), testCatalogue())
	if err != nil {
		t.Fatal(err)
	}
	base.Workload.Server = ""
	for _, text := range append(awkwardTexts(), randomTexts(400)...) {
		s := *base
		s.Description = strings.TrimSpace(text)
		s.Workload.Model = text
		s.Workload.Command = []string{text, "x", text}
		s.Workload.Image = text
		s.Workload.Env = []string{"A=" + text}
		s.Options = map[string]map[string]string{"container": {"network": "bridge", "runtime": text}}
		resolved, err := s.YAML()
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		again, err := Parse("f", resolved, testCatalogue())
		if err != nil {
			t.Fatalf("%q is written as\n%s\nand not taken: %v", text, resolved, err)
		}
		if diff := difference(&s, again); diff != "" {
			t.Fatalf("%q is written as\n%s\nand read as something else (-want +got):\n%s", text, resolved, diff)
		}
	}
}

func awkwardTexts() []string {
	return []string{
		"null", "~", "true", "no", "1", "-1.5", "1e3", "0x1F", "017", ".inf", ".NaN", "2024-01-01", "12:30:00", "<<", "=",
		"- a", "-", "?", ": ", ":", "a: b", "a:", "# a", "a #b", "a # b", "'", "''", `"`, `\`, `\n`, "[", "]", "{a: b}", "a, b",
		"&a", "*a", "!a", "!!str a", "|", ">", "|-\n a", "%YAML", "@a", "`a`", "---", "...", "--- a",
		" a", "a ", "\ta", "a\t", "a\tb", "a\nb", "a\n\nb", "a\n", "\na", "a\n  b\n c", "é", "日本", "😀", "\u00a0", "\u2028", "\ufeff",
		"{port}", "--port={port}", "$HOME", "%PATH%", "sh -c 'a \"b\"'",
	}
}

// randomTexts strings together what YAML gives a meaning to.
func randomTexts(n int) []string {
	rng := rand.New(rand.NewPCG(3, 4))
	pieces := append(strings.Split("abc01 :#-'\"\n\t[]{},&*!|>%@`~\\?=.<", ""), ": ", " #", "- ", "\n  ", "é", "😀", "null", "---\n")
	texts := make([]string, n)
	for i := range texts {
		var b strings.Builder
		for range 1 + rng.IntN(8) {
			b.WriteString(pieces[rng.IntN(len(pieces))])
		}
		texts[i] = b.String()
	}
	return texts
}
