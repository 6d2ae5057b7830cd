package probe

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"servebench/generators"
	"servebench/scenarios/decode"

	"github.com/goccy/go-yaml"
)

const (
	// ScenarioFile and DataFile are the names of the files that Write makes.
	ScenarioFile = "scenario.yaml"
	DataFile     = "requests.jsonl"
	// OwnDataFile is the name of the file that the user has to make where nobody says what a
	// model takes.
	OwnDataFile = "requests.csv"
	// records is how many different examples are written.
	records = 200
)

// Choice is what a scenario is written for: a model that a protocol reaches, or a route.
type Choice struct {
	Found *Found
	Trial *Trial
	Route *Route
}

// WithoutData says that nobody says what the model takes.
func (c Choice) WithoutData() bool { return c.Trial != nil && c.Trial.Problem != nil }

// ownData says in the scenario what to give where nobody says what the model takes.
var ownData = []string{
	"The server does not say what the model takes. Put your requests into the file: a CSV file",
	"with a header, or JSON Lines (.jsonl). Every column of numbers is a feature, in the order",
	"of the file, unless features lists them: features: [age, income]. Inputs that are tensors",
	"are described by tensors: {image: \"FP32[3,224,224]\"}. label or expect name a column with",
	"right answers.",
}

// String names the choice.
func (c Choice) String() string {
	if c.Route != nil {
		return c.Route.Method + " " + c.Route.Path
	}
	return fmt.Sprintf("model %s by protocol %s", c.Trial.Model.Name, c.Found.Protocol.Name)
}

// Choose picks what a scenario drives: the first model that gave an answer, of the
// protocol and the model named, if they are. A route is picked by its path or by the protocol
// template, and the first one, whose path has no parameters, where no model was found: a
// server that speaks another protocol describes that one's routes too. Last comes a model
// of which nobody says what it takes: the scenario's requests are left to the user.
func (s *Server) Choose(protocolName, model, path string) (Choice, error) {
	if c, ok := s.chooseModel(protocolName, model, func(t *Trial) bool { return t.Problem == nil }); ok && path == "" {
		return c, nil
	}
	for i := range s.Routes {
		r := &s.Routes[i]
		first := path == "" && !r.Parameters && (protocolName == "template" || protocolName == "" && len(s.Found) == 0)
		if first || path != "" && r.Path == path {
			return Choice{Route: r}, nil
		}
	}
	if c, ok := s.chooseModel(protocolName, model, func(t *Trial) bool { return errors.Is(t.Problem, ErrInputs) }); ok && path == "" {
		return c, nil
	}
	if len(s.Routes) > 0 && path == "" {
		return Choice{}, errors.New("no model was found that a scenario could drive; name a route with --path")
	}
	return Choice{}, errors.New("nothing was found that a scenario could drive")
}

// chooseModel returns the first model that suits of a protocol and with a name, if they are
// given.
func (s *Server) chooseModel(protocolName, model string, suits func(*Trial) bool) (c Choice, ok bool) {
	for i := range s.Found {
		f := &s.Found[i]
		for j := range f.Trials {
			t := &f.Trials[j]
			if suits(t) && (protocolName == "" || f.Protocol.Name == protocolName) && (model == "" || t.Model.Name == model) {
				return Choice{Found: f, Trial: t}, true
			}
		}
	}
	return Choice{}, false
}

// Place is what a scenario says beside its requests: where the server runs, and how much
// it is asked.
type Place struct {
	// Head are the lines of the comment that the file begins with.
	Head    []string
	Targets []string
	// Workload and Options are keys of workload, beside its model, and those of targets.
	Workload, Options yaml.MapSlice
	Rate              float64 // of the measured phase, per second
	// Comments are those of keys, by paths such as "$.targets"; a line each.
	Comments map[string][]string
}

// running is the place of the server that was asked.
func (s *Server) running() Place {
	return Place{
		Head:    []string{"Made by servebench probe " + s.URL + "."},
		Targets: []string{"endpoint"},
		Options: yaml.MapSlice{{Key: "endpoint", Value: yaml.MapSlice{{Key: "url", Value: literal(s.URL)}}}},
		Rate:    50,
	}
}

// Write writes a scenario that drives the choice on the server that was asked into a folder,
// with the data that it sends. Files that exist are an error unless force.
func (s *Server) Write(c Choice, dir string, force bool) error {
	text, data, err := s.Scenario(c, s.running())
	if err != nil {
		return err
	}
	files := map[string][]byte{ScenarioFile: text}
	if data != nil {
		files[DataFile] = data
	}
	for name := range files {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil && !force {
			return fmt.Errorf("%s exists; give another folder with --out, or write over it with --force", filepath.Join(dir, name))
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Scenario returns the text of a scenario that drives the choice, and what is to be in
// DataFile beside it; nil: it sends no data.
func (s *Server) Scenario(c Choice, p Place) (text, data []byte, err error) {
	var document yaml.MapSlice
	comments := yaml.CommentMap{}
	for path, lines := range p.Comments {
		comments[path] = []*yaml.Comment{yaml.HeadComment(indented(lines)...)}
	}
	switch {
	case c.Route != nil:
		document = s.routeScenario(c.Route, p)
	case c.WithoutData():
		document = s.modelScenario(c, p, yaml.MapSlice{{Key: "file", Value: OwnDataFile}})
		comments["$.data"] = []*yaml.Comment{yaml.HeadComment(indented(ownData)...)}
	default:
		if data, err = examples(c.Trial.Inputs); err != nil {
			return nil, nil, err
		}
		shapes := yaml.MapSlice{}
		for _, t := range c.Trial.Inputs {
			shapes = append(shapes, yaml.MapItem{Key: t.Name, Value: t.Datatype.String() + string(t.AppendShape(nil))})
		}
		document = s.modelScenario(c, p, yaml.MapSlice{{Key: "file", Value: DataFile}, {Key: "tensors", Value: shapes}})
	}
	body, err := yaml.MarshalWithOptions(document, yaml.UseLiteralStyleIfMultiline(true), yaml.WithComment(comments))
	if err != nil {
		return nil, nil, fmt.Errorf("write scenario: %w", err)
	}
	for _, line := range p.Head {
		text = append(text, "# "+line+"\n"...)
	}
	return append(text, body...), data, nil
}

// indented are the lines of a comment with a space before each.
func indented(lines []string) []string {
	var all []string
	for _, line := range lines {
		all = append(all, " "+line)
	}
	return all
}

// examples are random inputs, one example a line.
func examples(inputs []generators.Tensor) ([]byte, error) {
	var b bytes.Buffer
	random := newSource(1)
	for range records {
		text, err := line(random.example(inputs))
		if err != nil {
			return nil, fmt.Errorf("write example: %w", err)
		}
		b.Write(append(text, '\n'))
	}
	return b.Bytes(), nil
}

func (s *Server) modelScenario(c Choice, p Place, data yaml.MapSlice) yaml.MapSlice {
	what := "Random inputs"
	if c.WithoutData() {
		what = "Requests"
	}
	p.Workload = append(slices.Clone(p.Workload), yaml.MapItem{Key: "model", Value: literal(c.Trial.Model.Name)})
	return s.scenario(p, c.Trial.Model.Name, what+" for model "+c.Trial.Model.Name+".", yaml.MapSlice{
		{Key: "protocol", Value: c.Found.Protocol.Name},
		{Key: "data", Value: data},
	})
}

func (s *Server) routeScenario(r *Route, p Place) yaml.MapSlice {
	description, request := "One request to "+r.Path+".", yaml.MapSlice{{Key: "method", Value: r.Method}, {Key: "path", Value: literal(r.Path)}}
	if r.Body != nil {
		description = "One request to " + r.Path + ", made from the server's OpenAPI description."
		request = append(request,
			yaml.MapItem{Key: "headers", Value: yaml.MapSlice{{Key: "Content-Type", Value: "application/json"}}},
			yaml.MapItem{Key: "body", Value: literal(string(r.Body))})
	}
	return s.scenario(p, r.Path, description, yaml.MapSlice{{Key: "protocol", Value: "template"}, {Key: "template", Value: request}})
}

// scenario is a scenario that sends a modest load to the server for a few seconds.
func (s *Server) scenario(p Place, name, description string, what yaml.MapSlice) yaml.MapSlice {
	head := yaml.MapSlice{
		{Key: "name", Value: nameOf(name)},
		{Key: "description", Value: decode.WriteText(literal(description))},
		{Key: "targets", Value: p.Targets},
	}
	head = append(head, p.Options...)
	if p.Workload != nil {
		head = append(head, yaml.MapItem{Key: "workload", Value: p.Workload})
	}
	if len(s.opts.Written) > 0 {
		headers := yaml.MapSlice{}
		for _, h := range s.opts.Written {
			headers = append(headers, yaml.MapItem{Key: h[0], Value: decode.WriteText(h[1])})
		}
		head = append(head, yaml.MapItem{Key: "http", Value: yaml.MapSlice{{Key: "headers", Value: headers}}})
	}
	return append(append(head, what...),
		yaml.MapItem{Key: "load", Value: []yaml.MapSlice{
			{{Key: "name", Value: "warm-up"}, {Key: "arrivals", Value: "constant"}, {Key: "rate", Value: number(min(20, p.Rate))}, {Key: "duration", Value: "2s"}, {Key: "measure", Value: false}},
			{{Key: "name", Value: "steady"}, {Key: "arrivals", Value: "poisson"}, {Key: "rate", Value: number(p.Rate)}, {Key: "duration", Value: "10s"}},
		}},
		yaml.MapItem{Key: "rounds", Value: 3},
	)
}

// number writes a number without a fraction where it has none.
func number(v float64) any {
	if whole := int64(v); float64(whole) == v {
		return whole
	}
	return v
}

// literal writes a text in which $ and {{ stand for themselves.
func literal(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "$", "$$"), "{{", "{{{{")
}

// nameOf makes the name of a scenario of any text.
func nameOf(text string) string {
	name := strings.Map(func(c rune) rune {
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
			return c
		case 'A' <= c && c <= 'Z':
			return c - 'A' + 'a'
		}
		return '-'
	}, text)
	if name = strings.Trim(name, "-"); name == "" {
		return "server"
	}
	return name
}
