package probe

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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
	" The server does not say what the model takes. Put your requests into the file: a CSV file",
	" with a header, or JSON Lines (.jsonl). Every column of numbers is a feature, in the order",
	" of the file, unless features lists them: features: [age, income]. Inputs that are tensors",
	" are described by tensors: {image: \"FP32[3,224,224]\"}. label or expect name a column with",
	" right answers.",
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

// Write writes a scenario that drives the choice into a folder, with the data that it sends.
// Files that exist are an error unless force.
func (s *Server) Write(c Choice, dir string, force bool) error {
	files := map[string][]byte{}
	var document yaml.MapSlice
	comments := yaml.CommentMap{}
	switch {
	case c.Route != nil:
		document = s.routeScenario(c.Route)
	case c.WithoutData():
		document = s.modelScenario(c, yaml.MapSlice{{Key: "file", Value: OwnDataFile}})
		comments["$.data"] = []*yaml.Comment{yaml.HeadComment(ownData...)}
	default:
		data, err := examples(c.Trial.Inputs)
		if err != nil {
			return err
		}
		files[DataFile] = data
		shapes := yaml.MapSlice{}
		for _, t := range c.Trial.Inputs {
			shapes = append(shapes, yaml.MapItem{Key: t.Name, Value: t.Datatype.String() + string(t.AppendShape(nil))})
		}
		document = s.modelScenario(c, yaml.MapSlice{{Key: "file", Value: DataFile}, {Key: "tensors", Value: shapes}})
	}
	text, err := yaml.MarshalWithOptions(document, yaml.UseLiteralStyleIfMultiline(true), yaml.WithComment(comments))
	if err != nil {
		return fmt.Errorf("write scenario: %w", err)
	}
	files[ScenarioFile] = append([]byte("# Made by servebench probe "+s.URL+".\n"), text...)
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

func (s *Server) modelScenario(c Choice, data yaml.MapSlice) yaml.MapSlice {
	what := "Random inputs"
	if c.WithoutData() {
		what = "Requests"
	}
	return s.scenario(c.Trial.Model.Name, what+" for model "+c.Trial.Model.Name+".", yaml.MapSlice{
		{Key: "workload", Value: yaml.MapSlice{{Key: "model", Value: literal(c.Trial.Model.Name)}}},
		{Key: "protocol", Value: c.Found.Protocol.Name},
		{Key: "data", Value: data},
	})
}

func (s *Server) routeScenario(r *Route) yaml.MapSlice {
	return s.scenario(r.Path, "One request to "+r.Path+", made from the server's OpenAPI description.", yaml.MapSlice{
		{Key: "protocol", Value: "template"},
		{Key: "template", Value: yaml.MapSlice{
			{Key: "method", Value: r.Method},
			{Key: "path", Value: literal(r.Path)},
			{Key: "headers", Value: yaml.MapSlice{{Key: "Content-Type", Value: "application/json"}}},
			{Key: "body", Value: literal(string(r.Body))},
		}},
	})
}

// scenario is a scenario that sends a modest load to the server for a few seconds.
func (s *Server) scenario(name, description string, what yaml.MapSlice) yaml.MapSlice {
	head := yaml.MapSlice{
		{Key: "name", Value: nameOf(name)},
		{Key: "description", Value: decode.WriteText(literal(description))},
		{Key: "targets", Value: []string{"endpoint"}},
		{Key: "endpoint", Value: yaml.MapSlice{{Key: "url", Value: literal(s.URL)}}},
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
			{{Key: "name", Value: "warm-up"}, {Key: "arrivals", Value: "constant"}, {Key: "rate", Value: 20}, {Key: "duration", Value: "2s"}, {Key: "measure", Value: false}},
			{{Key: "name", Value: "steady"}, {Key: "arrivals", Value: "poisson"}, {Key: "rate", Value: 50}, {Key: "duration", Value: "10s"}},
		}},
		yaml.MapItem{Key: "rounds", Value: 3},
	)
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
		return "probe"
	}
	return name
}
