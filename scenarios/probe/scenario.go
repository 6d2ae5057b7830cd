package probe

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"servebench/generators"
	"servebench/scenarios/decode"

	"github.com/goccy/go-yaml"
)

const (
	// ScenarioFile and DataFile are the names of the files of a scenario and its data.
	ScenarioFile = "scenario.yaml"
	DataFile     = "requests.jsonl"
	// OwnDataFile is the name of the file that the user has to make where nobody says what a
	// model takes.
	OwnDataFile = "requests.csv"
	// records is how many different examples are written.
	records = 200
)

const (
	// Rounds are those of a drafted scenario.
	Rounds = 3
	// A warm-up is so long at least, and has two requests; warmUpRate is the most per second.
	shortestWarmUp = 2 * time.Second
	warmUpRate     = 20
	// A round has the requests that it takes to compare p90 in an A/B test, and some more, or
	// as many as fit into the longest phase; of fewer, p50 alone is compared.
	wanted        = 400
	wantedForP90  = 300
	LeastForAB    = 200
	shortestPhase = 5 * time.Second
	longestPhase  = 100 * time.Second
)

// WarmUpAt is how long its warm-up is at a rate per second of the measured phase.
func WarmUpAt(rate float64) time.Duration {
	return max(time.Duration(math.Ceil(2/rate))*time.Second, shortestWarmUp)
}

// PhaseAt is how long the measured phase of a drafted scenario is at a rate per second.
func PhaseAt(rate float64) time.Duration {
	seconds := time.Duration(math.Ceil(wanted / rate))
	return min(max(seconds*time.Second, shortestPhase), longestPhase)
}

// RequestsAt is how many requests it sends in a round, without the warm-up.
func RequestsAt(rate float64) int { return int(math.Round(rate * PhaseAt(rate).Seconds())) }

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
	if s.opts.Body != nil {
		return Choice{Route: &Route{Method: http.MethodPost, Path: path, Body: s.opts.Body, given: true}}, nil
	}
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
	const body = `give the body to POST to it: --body '{"…": …}'`
	switch {
	case path != "" && len(s.Routes) == 0:
		return Choice{}, fmt.Errorf("--path %s: the server has no OpenAPI description (/openapi.json) of what it takes there; %s", path, body)
	case path != "":
		var known []string
		for _, r := range s.Routes[:min(len(s.Routes), 5)] {
			known = append(known, r.Method+" "+r.Path)
		}
		return Choice{}, fmt.Errorf("--path %s: the server's OpenAPI description has no such route that takes JSON, but %s; choose one of these, or %s", path, strings.Join(known, ", "), body)
	case len(s.Routes) > 0:
		return Choice{}, errors.New("no model was found that a scenario could drive; name a route with --path")
	}
	return Choice{}, errors.New("nothing was found that a scenario could drive; name a request with --path and --body")
}

// WithoutModel says that nothing is sent that a model could answer.
func (c Choice) WithoutModel() bool { return c.Route != nil && c.Route.Body == nil }

// Remark says what a scenario for the choice does not measure, a sentence a line; nil: it
// asks a model with data.
func (c Choice) Remark() []string {
	switch {
	case c.Route == nil:
		return nil
	case c.WithoutModel():
		return []string{
			fmt.Sprintf("Every request is %s without a body: this measures the HTTP server, not the model.", c),
			`Name a request for the model with --path /predict --body '{"…": …}', or write it into template.`,
		}
	case c.Route.given:
		return []string{"Every request has the same body.", ownBody}
	}
	return []string{"Every request has the same body, made up from the server's description: real data may take more time, or less.", ownBody}
}

// ownBody says how to send data of the user's.
const ownBody = "To send your own data, add data: {file: requests.csv}, and write {{column}} into body where a value changes."

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

// Running is the place of the server that was asked.
func (s *Server) Running() Place {
	return Place{
		Head:    []string{"Made by servebench probe " + s.URL + "."},
		Targets: []string{"endpoint"},
		Options: yaml.MapSlice{{Key: "endpoint", Value: yaml.MapSlice{{Key: "url", Value: decode.Literal(s.URL)}}}},
		Rate:    50,
	}
}

// Scenario returns the text of a scenario that drives the choice, and what is to be in
// DataFile beside it; nil: it sends no data.
func (s *Server) Scenario(c Choice, p Place) (text, data []byte, err error) {
	var document yaml.MapSlice
	above := map[string][]string{}
	switch remark := c.Remark(); {
	case c.WithoutModel():
		p.Head = append(slices.Clone(p.Head), "", "WARNING: "+remark[0], remark[1])
	case remark != nil:
		above["$.template"] = remark
	}
	switch {
	case c.Route != nil:
		document = s.routeScenario(c.Route, p)
	case c.WithoutData():
		document = s.modelScenario(c, p, yaml.MapSlice{{Key: "file", Value: OwnDataFile}})
		above["$.data"] = ownData
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
	comments := yaml.CommentMap{"$.slo.errors": {yaml.FootComment(" p99: 50ms # the longest that 99 of 100 answers may take: measure first, then set it")}}
	maps.Copy(above, p.Comments)
	for path, lines := range above {
		comments[path] = []*yaml.Comment{yaml.HeadComment(strings.Split(" "+strings.Join(lines, "\n "), "\n")...)}
	}
	body, err := yaml.MarshalWithOptions(document, yaml.UseLiteralStyleIfMultiline(true), yaml.IndentSequence(true), yaml.UseSingleQuote(true), yaml.WithComment(comments))
	if err != nil {
		return nil, nil, fmt.Errorf("write scenario: %w", err)
	}
	for _, line := range p.Head {
		text = append(text, strings.TrimRight("# "+line, " ")+"\n"...)
	}
	return append(append(text, bytes.TrimRight(body, "\n")...), '\n'), data, nil
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
	p.Workload = append(slices.Clone(p.Workload), yaml.MapItem{Key: "model", Value: decode.Literal(c.Trial.Model.Name)})
	return s.scenario(p, c.Trial.Model.Name, what+" for model "+c.Trial.Model.Name+".", yaml.MapSlice{
		{Key: "protocol", Value: c.Found.Protocol.Name},
		{Key: "data", Value: data},
	})
}

func (s *Server) routeScenario(r *Route, p Place) yaml.MapSlice {
	description, request := "One request to "+r.Path+".", yaml.MapSlice{{Key: "method", Value: r.Method}, {Key: "path", Value: decode.Literal(r.Path)}}
	if r.Body != nil {
		if !r.given {
			description = "One request to " + r.Path + ", made from the server's OpenAPI description."
		}
		request = append(request,
			yaml.MapItem{Key: "headers", Value: yaml.MapSlice{{Key: "Content-Type", Value: "application/json"}}},
			yaml.MapItem{Key: "body", Value: decode.Literal(string(r.Body))})
	}
	return s.scenario(p, r.Path, description, yaml.MapSlice{{Key: "protocol", Value: "template"}, {Key: "template", Value: request}})
}

// scenario is a scenario that sends a modest load to the server for a few seconds.
func (s *Server) scenario(p Place, name, description string, what yaml.MapSlice) yaml.MapSlice {
	head := yaml.MapSlice{
		{Key: "name", Value: decode.NameOf(name, "server")},
		{Key: "description", Value: decode.WriteText(decode.Literal(description))},
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
	all := append(append(head, what...),
		yaml.MapItem{Key: "load", Value: []yaml.MapSlice{
			{{Key: "name", Value: "warm-up"}, {Key: "arrivals", Value: "constant"}, {Key: "rate", Value: number(min(warmUpRate, p.Rate))}, {Key: "duration", Value: decode.FormatDuration(WarmUpAt(p.Rate))}, {Key: "measure", Value: false}},
			{{Key: "name", Value: "steady"}, {Key: "arrivals", Value: "poisson"}, {Key: "rate", Value: number(p.Rate)}, {Key: "duration", Value: decode.FormatDuration(PhaseAt(p.Rate))}},
		}},
		yaml.MapItem{Key: "rounds", Value: Rounds},
		yaml.MapItem{Key: "slo", Value: yaml.MapSlice{{Key: "errors", Value: "1%"}}},
	)
	if RequestsAt(p.Rate) < wantedForP90 {
		all = append(all, yaml.MapItem{Key: "regression", Value: yaml.MapSlice{{Key: "metrics", Value: []string{"p50"}}}})
	}
	return all
}

// number writes a number without a fraction where it has none.
func number(v float64) any {
	if whole := int64(v); float64(whole) == v {
		return whole
	}
	return v
}
