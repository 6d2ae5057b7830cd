package markdown_test

import (
	"regexp"
	"strings"
	"testing"

	"servebench/reports/format"
	"servebench/reports/markdown"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extensionast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// hostile are texts that a server may put into its answers.
var hostile = []string{
	"www.evil.example", "see WWW.evil.example/a?b=c now", "(www.evil.example)", "www2.evil.example", "x.www.evil.example",
	"http://evil.example", "HTTPS://evil.example", "ftp://evil.example/x", "//evil.example",
	"root@evil.example", "mailto:root@evil.example", "xmpp:root@evil.example/x", "by @everyone and @org/team",
	"#123", "fixes owner/repo#1, GH-7, gh-8", "!45 %6 ~bug &9 $10", "owner/repo@0123456789abcdef0123456789abcdef01234567",
	"<script>alert(1)</script>", "<img src=x onerror=y>", "<!-- x -->", "&lt;b&gt; &amp; &#64;you", "<http://evil.example>", "<root@evil.example>",
	"`code`", "```", "``` sh", "~~~", "~~gone~~", "*a* **b** _c_ __d__ ***e***", "snake_case_name 2*3*4",
	"[a](http://evil.example)", "![a](x.png)", "[a]: http://evil.example", "[^1]", "[^1]: note", "- [x] done", "[[wiki]]",
	"a | b | c", "| a |", "a \\| b", `back\slash \* \\`, "--- | ---", "|:-:|",
	"# heading", "## two", "===", "---", "***", "___", "> quote", ">! spoiler", "- item", "+ item", "* item", "1. item", "2) item", "    code", "\tcode",
	":smile: and :+1:", "$x^2$ and $$y$$", "a\n\n# b", "line  \nbreak", "a\r\n- b", "\x1b[31mred", "a\u202eb", "\xff\xfe",
	":b:c:d: :100:",
	"dial tcp 127.0.0.1:8080: connect: connection refused", "503 Service Unavailable: queue full (95 % of 3 × 4)",
}

// However a text is placed, GitHub's Markdown reads it as that text.
func TestMarkdownIsTextAlone(t *testing.T) {
	for _, s := range hostile {
		isTextAlone(t, s)
	}
}

func FuzzEscape(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(isTextAlone)
}

// onForge is what a forge makes of text when all Markdown is done.
var onForge = regexp.MustCompile(`(?i)@[a-z0-9]|[#!~&$][0-9a-z]|\bGH-[0-9]|:(?:[a-z+-][a-z0-9_+-]*|100|1234):`)

func isTextAlone(t *testing.T, s string) {
	t.Helper()
	marked := markdown.Escape(s)
	if strings.TrimSpace(marked) == "" {
		return
	}
	for _, place := range []string{"%\n", "- %\n", "a: %, b\n", "| % | a |\n|---|---|\n| % | b |\n"} {
		source := []byte(strings.ReplaceAll(place, "%", marked))
		parser := goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote)).Parser()
		var read strings.Builder
		cells, kinds := 0, map[string]bool{}
		_ = ast.Walk(parser.Parse(text.NewReader(source)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
			if !entering {
				return ast.WalkContinue, nil
			}
			switch n := n.(type) {
			case *ast.Text:
				read.Write(util.ResolveEntityNames(util.ResolveNumericReferences(util.UnescapePunctuations(n.Value(source)))))
			case *ast.Document, *ast.Paragraph, *ast.TextBlock, *extensionast.Table, *extensionast.TableHeader, *extensionast.TableRow:
			case *ast.List, *ast.ListItem:
				kinds[n.Kind().String()] = !strings.HasPrefix(place, "- ") || n.ChildCount() != 1
			case *extensionast.TableCell:
				cells++
				read.WriteByte('\n')
			default:
				kinds[n.Kind().String()] = true
			}
			return ast.WalkContinue, nil
		})
		for kind, wrong := range kinds {
			if wrong {
				t.Errorf("%q in %q becomes %q, in which there is a %s", s, place, marked, kind)
			}
		}
		if want := strings.Count(place, "% |") * 2; cells != want {
			t.Errorf("%q in %q becomes %q: %d cells, want %d", s, place, marked, cells, want)
		}
		shown := read.String()
		if got, want := strings.ReplaceAll(shown, "\u200b", ""), strings.ReplaceAll(format.Plain(s), "\u200b", ""); !strings.Contains(got, want) {
			t.Errorf("%q in %q becomes %q, which reads %q", s, place, marked, got)
		}
		if found := onForge.FindString(shown); found != "" {
			t.Errorf("%q in %q reads %q, in which a forge finds %q", s, place, shown, found)
		}
	}
}
