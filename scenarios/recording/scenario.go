package recording

import (
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"servebench/reports/format"
	"servebench/scenarios/decode"
)

// A load that has no recorded times is sent at a rate, for so long at least.
const (
	defaultRate = 10
	leastLoad   = 10 * time.Second
)

// scenario is the text of the scenario that replays the requests.
func (s *Summary) scenario() []byte {
	p, o := s.plan, s.options
	all := yaml.MapSlice{
		{Key: "name", Value: decode.WriteText(decode.NameOf(filepath.Base(s.Dir), "replay"))},
		{Key: "description", Value: decode.WriteText(decode.Literal(s.heading() + "."))},
		{Key: "targets", Value: []string{"endpoint"}},
		{Key: "endpoint", Value: yaml.MapSlice{
			{Key: "url", Value: decode.WriteText(s.serverURL())},
			{Key: "ready", Value: "none"},
		}},
	}
	if p.inputs == nil {
		all = append(all, yaml.MapItem{Key: "protocol", Value: "template"}, yaml.MapItem{Key: "template", Value: p.template()})
	} else {
		all[3].Value = yaml.MapSlice{{Key: "url", Value: decode.WriteText(s.serverURL())}}
		all = append(all,
			yaml.MapItem{Key: "workload", Value: p.workload(o.Model)},
			yaml.MapItem{Key: "protocol", Value: "v2"})
	}
	if http := s.http(); http != nil {
		all = append(all, yaml.MapItem{Key: "http", Value: http})
	}
	load, duration := s.load()
	rounds := 1
	if duration <= time.Minute {
		rounds = 3
	}
	all = append(all,
		yaml.MapItem{Key: "data", Value: p.data()},
		yaml.MapItem{Key: "load", Value: []yaml.MapSlice{load}},
		yaml.MapItem{Key: "rounds", Value: rounds},
		yaml.MapItem{Key: "slo", Value: yaml.MapSlice{{Key: "errors", Value: "1%"}}})
	text, err := decode.Marshal(all)
	if err != nil { // it holds texts and numbers alone
		panic(err)
	}
	return append([]byte(s.comment(rounds)), text...)
}

// runtimeURL is the URL of SageMaker's runtime, which wants signed requests.
var runtimeURL = regexp.MustCompile(`^https://runtime\.sagemaker\.([a-z0-9-]+)\.amazonaws\.com`)

// http is how the requests are carried, and signed anew where they were signed for AWS.
func (s *Summary) http() yaml.MapSlice {
	var http yaml.MapSlice
	if strings.HasPrefix(s.serverURL(), "https:") && 2*s.plan.http2 > s.plan.requests {
		http = append(http, yaml.MapItem{Key: "version", Value: decode.WriteText("2")})
	}
	if service, region, signed := s.signedFor(); signed {
		aws := yaml.MapSlice{{Key: "service", Value: decode.WriteText(service)}, {Key: "region", Value: decode.WriteText(region)}}
		http = append(http, yaml.MapItem{Key: "auth", Value: yaml.MapSlice{{Key: "aws", Value: aws}}})
	}
	return http
}

// signedFor is the service of AWS that requests are signed for, if they are.
func (s *Summary) signedFor() (service, region string, signed bool) {
	if at := runtimeURL.FindStringSubmatch(s.serverURL()); at != nil {
		return "sagemaker", at[1], true
	}
	region, rest, _ := strings.Cut(most(s.plan.signedFor), "/")
	service, _, signed = strings.Cut(rest, "/")
	return service, region, signed
}

// comment is what stands above the scenario.
func (s *Summary) comment(rounds int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Made by servebench import from %s.\n", oneLine(filepath.Base(s.Path)))
	for _, r := range s.plan.references {
		fmt.Fprintf(&b, "# ${%s} was recorded as the %s %s; set it in the environment.\n", r.variable, r.where, oneLine(r.name))
	}
	if s.plan.inputs != nil {
		b.WriteString("# Of the datatypes of data.tensors, the recording says nothing: compare them with the model's.\n")
	}
	if rounds == 1 {
		b.WriteString("# With rounds: 3 or more the figures get intervals; each round takes as long as the recording.\n")
	}
	return b.String()
}

// template is the request with a placeholder for whatever is not the same every time.
func (p *plan) template() yaml.MapSlice {
	text := func(recorded string) any { return decode.WriteText(p.inScenario.Replace(decode.Literal(recorded))) }
	method, path := "{{method}}", decode.WriteText("{{path}}")
	if len(p.methods) == 1 {
		for only := range p.methods {
			method = only
		}
	}
	if p.path != "" {
		path = text(p.path)
	}
	headers := yaml.MapSlice{}
	for _, f := range p.constant {
		headers = append(headers, yaml.MapItem{Key: f.Name, Value: text(f.Value)})
	}
	for i, name := range p.varying {
		headers = append(headers, yaml.MapItem{Key: name, Value: decode.WriteText("{{" + p.columns[i] + "}}")})
	}
	t := yaml.MapSlice{{Key: "method", Value: decode.WriteText(method)}, {Key: "path", Value: path}}
	if len(headers) > 0 {
		slices.SortFunc(headers, func(a, b yaml.MapItem) int { return strings.Compare(a.Key.(string), b.Key.(string)) })
		t = append(t, yaml.MapItem{Key: "headers", Value: headers})
	}
	if p.bodies > 0 {
		t = append(t, yaml.MapItem{Key: "body", Value: decode.WriteText("{{body}}")})
	}
	if p.jsonAnswer {
		t = append(t, yaml.MapItem{Key: "answer", Value: yaml.MapSlice{{Key: "json", Value: decode.WriteText("$")}}})
	} else if p.compare {
		t = append(t, yaml.MapItem{Key: "answer", Value: yaml.MapSlice{{Key: "text", Value: true}}})
	} else if p.comparesStatus() {
		t = append(t, yaml.MapItem{Key: "answer", Value: yaml.MapSlice{{Key: "status", Value: true}}})
	}
	if accepted := p.accepted(); len(accepted) > 1 {
		t = append(t, yaml.MapItem{Key: "expect", Value: yaml.MapSlice{{Key: "status", Value: accepted}}})
	}
	return t
}

// accepted are the statuses that do not make a request fail: 2xx, and what else was
// recorded, but for failures of the server.
func (p *plan) accepted() []any {
	all := []any{"2xx"}
	for _, status := range slices.Sorted(maps.Keys(p.statuses)) {
		if status >= 300 && status < 500 {
			all = append(all, status)
		}
	}
	return all
}

// comparesStatus reports whether each answer has to have the status that was recorded,
// since not all of them were 2xx.
func (p *plan) comparesStatus() bool {
	return !p.compare && p.inputs == nil && len(p.accepted()) > 1
}

func (p *plan) workload(model string) yaml.MapSlice {
	w := yaml.MapSlice{{Key: "model", Value: decode.WriteText(decode.Literal(model))}}
	if len(p.outputs) == 1 {
		w = append(w, yaml.MapItem{Key: "output", Value: decode.WriteText(decode.Literal(most(p.outputs)))})
	}
	return w
}

func (p *plan) data() yaml.MapSlice {
	d := yaml.MapSlice{{Key: "file", Value: requestsFile}}
	variables := yaml.MapSlice{}
	for _, r := range p.references {
		if r.inFile {
			variables = append(variables, yaml.MapItem{Key: r.variable, Value: decode.WriteText("${" + r.variable + "}")})
		}
	}
	if len(variables) > 0 {
		d = append(d, yaml.MapItem{Key: "variables", Value: variables})
	}
	if p.inputs != nil {
		tensors := yaml.MapSlice{}
		for _, t := range p.inputs {
			tensors = append(tensors, yaml.MapItem{Key: t.name, Value: decode.WriteText(t.is)})
		}
		d = append(d, yaml.MapItem{Key: "tensors", Value: tensors})
	}
	if len(p.outputs) > 0 {
		d = append(d, yaml.MapItem{Key: "expect", Value: decode.WriteText(p.expectColumn())})
	} else if p.compare {
		d = append(d, yaml.MapItem{Key: "expect", Value: "expect"})
	} else if p.comparesStatus() {
		d = append(d, yaml.MapItem{Key: "expect", Value: "status"})
	}
	return append(d, yaml.MapItem{Key: "order", Value: "file"})
}

// load is the phase that sends the requests, and how long it takes.
func (s *Summary) load() (phase yaml.MapSlice, duration time.Duration) {
	p := s.plan
	if !p.timed {
		rate := s.options.Rate
		if rate == 0 {
			rate = defaultRate
		}
		seconds := max(math.Ceil(float64(s.Requests)/rate), leastLoad.Seconds())
		duration = time.Duration(min(seconds, decode.MaxDuration.Seconds())) * time.Second
		return yaml.MapSlice{
			{Key: "name", Value: "replay"}, {Key: "arrivals", Value: "poisson"}, {Key: "rate", Value: wholeNumber(rate)},
			{Key: "duration", Value: decode.FormatDuration(duration)},
		}, duration
	}
	trace := yaml.MapSlice{{Key: "file", Value: arrivalsFile}}
	if p.whole {
		trace = append(trace, yaml.MapItem{Key: "counts", Value: "1s"})
	}
	phase = yaml.MapSlice{{Key: "name", Value: "replay"}, {Key: "arrivals", Value: "trace"}, {Key: "trace", Value: trace}}
	duration = p.last.Sub(p.first)
	if duration == 0 && !p.whole { // a trace of one moment has no length
		duration = time.Second
		phase = append(phase, yaml.MapItem{Key: "duration", Value: "1s"})
	}
	return phase, duration
}

// wholeNumber leaves a rate without the decimal point that YAML would give it.
func wholeNumber(rate float64) any {
	if rate == math.Trunc(rate) {
		return int64(rate)
	}
	return rate
}

// serverURL is where the requests go.
func (s *Summary) serverURL() string {
	if s.options.URL != "" {
		return decode.Literal(strings.TrimRight(s.options.URL, "/"))
	}
	return most(s.plan.schemes) + "://" + s.host
}

func oneLine(text string) string { return strings.Join(strings.Fields(format.Plain(text)), " ") }
