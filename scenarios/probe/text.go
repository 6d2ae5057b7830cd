package probe

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"servebench/generators"
	"servebench/reports/format"
)

// WriteText says what was found.
func (s *Server) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", s.URL)
	for _, f := range s.Found {
		fmt.Fprintf(&b, "\n%s", f.Protocol.Name)
		if f.Server != "" {
			fmt.Fprintf(&b, "  (%s)", cut(f.Server, 100))
		}
		b.WriteByte('\n')
		if len(f.Trials) == 0 {
			b.WriteString("  The server does not list its models; name one with --model.\n")
		}
		for _, t := range f.Trials {
			t.write(&b)
		}
		if f.Left > 0 {
			fmt.Fprintf(&b, "  More models are listed (%d); --model describes one of them.\n", f.Left)
		}
	}
	if len(s.Routes) > 0 {
		b.WriteString("\ntemplate  (routes that take JSON, from the server's OpenAPI description)\n")
		for _, r := range s.Routes {
			fmt.Fprintf(&b, "  %s %s  %s\n    %s\n", r.Method, cut(r.Path, 200), cut(r.Summary, 100), cut(string(r.Body), 100))
		}
		if s.RoutesLeft > 0 {
			fmt.Fprintf(&b, "  More routes take JSON (%d); --path chooses one of them.\n", s.RoutesLeft)
		}
	}
	if s.RoutesProblem != nil {
		fmt.Fprintf(&b, "\nThe server's OpenAPI description was not read: %s\n", cut(s.RoutesProblem.Error(), 200))
	}
	if len(s.Found) == 0 && len(s.Routes) == 0 {
		b.WriteString("\nNone of the protocols was recognised. Any HTTP request can be sent with protocol: template.\n")
	}
	if len(s.Not) > 0 {
		b.WriteString("\nNot spoken:\n")
		for _, n := range s.Not {
			fmt.Fprintf(&b, "  %-10s %s\n", n.Protocol, cut(n.Why.Error(), 120))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (t Trial) write(b *strings.Builder) {
	fmt.Fprintf(b, "  model %s", cut(t.Model.Name, 100))
	if t.Model.Version != "" {
		fmt.Fprintf(b, ", version %s", cut(t.Model.Version, 100))
	}
	b.WriteByte('\n')
	for _, list := range []struct {
		what    string
		tensors []generators.Tensor
	}{{"input", t.Model.Inputs}, {"output", t.Model.Outputs}} {
		for _, tensor := range list.tensors {
			fmt.Fprintf(b, "    %-6s  %-16s  %s%s\n", list.what, cut(tensor.Name, 100), tensor.Datatype, tensor.ShapeText())
		}
	}
	switch {
	case errors.Is(t.Problem, ErrInputs):
		fmt.Fprintf(b, "    No request was sent: %s\n", cut(t.Problem.Error(), 200))
	case t.Problem != nil:
		fmt.Fprintf(b, "    No answer to a random input: %s\n", cut(t.Problem.Error(), 200))
	default:
		var names []string
		for _, a := range t.Answer {
			names = append(names, cut(a.Name, 100))
		}
		note := ""
		if t.Varies {
			note = "; dimensions of -1 were taken as 1"
		}
		fmt.Fprintf(b, "    A random input was answered with %s%s.\n", strings.Join(names, ", "), note)
	}
}

// cut shortens a text of the server's for one line.
func cut(text string, most int) string {
	text = format.Plain(text)
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}
