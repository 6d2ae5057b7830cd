package recording

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"servebench/reports/format"
)

// Summary is what a recording was understood to be, and what became of it.
type Summary struct {
	Path     string // of the recording
	Dir      string // with the scenario
	Requests int    // written

	options *Options
	survey  *survey
	plan    *plan
	host    string
	left    leftOut
	secrets map[secretKey]int
	answers int // written to compare with
	late    int
	cutOff  string
}

// leftOut counts what is left out, by reason, in the order of their first places.
type leftOut struct{ reasons []leftReason }

type leftReason struct {
	text   string
	count  int
	places []int // the first ones
}

const mostPlaces = 5

func (l *leftOut) add(reason string, place int) {
	i := slices.IndexFunc(l.reasons, func(r leftReason) bool { return r.text == reason })
	if i < 0 {
		i, l.reasons = len(l.reasons), append(l.reasons, leftReason{text: reason})
	}
	r := &l.reasons[i]
	if r.count++; len(r.places) < mostPlaces {
		r.places = append(r.places, place)
	}
}

// lines are the reasons with their counts and where they were met.
func (l *leftOut) lines(unit string) []string {
	var all []string
	for _, r := range l.reasons {
		where, places := unit, format.List(r.places)
		if r.count > 1 {
			where += "s"
		}
		if len(r.places) < r.count {
			places += ", …"
		}
		all = append(all, fmt.Sprintf("%s: %s (%s %s)", r.text, format.Count(int64(r.count)), where, places))
	}
	return all
}

// inBrackets is what was left out, after a space and in brackets.
func (l *leftOut) inBrackets(unit string) string {
	if len(l.reasons) == 0 {
		return ""
	}
	return " (left out: " + strings.Join(l.lines(unit), "; ") + ")"
}

// count counts secrets that were taken out.
func (s *Summary) count(all []found) {
	if s.secrets == nil {
		s.secrets = map[secretKey]int{}
	}
	for _, f := range all {
		key := secretKey{f.where, f.name}
		if s.secrets[key] == 0 && len(s.secrets) >= mostFields {
			key.name = "other names"
		}
		s.secrets[key]++
	}
}

// heading says in one line how many requests of which file there are, and when they were
// sent: "12,304 requests of access.log, 2026-10-01 10:00:03 to 10:59:58 UTC (3.4/s)".
func (s *Summary) heading() string {
	text := format.Plural(s.Requests, "request") + " of " + oneLine(filepath.Base(s.Path))
	h := s.plan.hostSurvey
	if h.timed == 0 {
		return text
	}
	first, last := h.first.UTC(), h.last.UTC()
	from, to := first.Format(time.DateTime), last.Format(time.DateTime)
	if first.Format(time.DateOnly) == last.Format(time.DateOnly) {
		to = last.Format(time.TimeOnly)
	}
	text += ", " + from + " to " + to + " UTC"
	if seconds := last.Sub(first).Seconds(); seconds > 0 {
		text += " (" + format.Rate(float64(s.Requests)/seconds) + ")"
	}
	return text
}

// String is the whole summary, line by line.
func (s *Summary) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, read as %s\n", s.heading(), s.options.format.Name)
	section := func(title string, lines []string) {
		if len(lines) > 0 {
			fmt.Fprintf(&b, "\n%s\n  %s\n", title, strings.Join(lines, "\n  "))
		}
	}
	section("Understood:", s.understood())
	section("Left out:", s.leftOut())
	section("Secrets:", s.secretLines())
	section("Note:", s.notes())
	files := []string{ScenarioFile, requestsFile}
	if s.plan.timed {
		files = append(files, arrivalsFile)
	}
	section("Wrote:", []string{filepath.Join(s.Dir, "") + string(filepath.Separator) + ": " + strings.Join(files, ", ")})
	return b.String()
}

func (s *Summary) understood() []string {
	p := s.plan
	lines := []string{"server    " + oneLine(strings.ReplaceAll(s.serverURL(), "$$", "$"))}
	if service, region, signed := s.signedFor(); signed {
		lines = append(lines, fmt.Sprintf("signed    anew for %s in %s, with your credentials of AWS (http.auth.aws)", service, region))
	}
	if p.inputs == nil {
		lines = append(lines, "methods   "+counted(p.methods))
	}
	for _, t := range p.inputs {
		lines = append(lines, "input     "+oneLine(t.name)+" "+t.is)
	}
	if p.bodies > 0 {
		lines = append(lines, fmt.Sprintf("bodies    %s", format.Count(int64(p.bodies))))
	}
	if len(p.statuses) > 0 {
		lines = append(lines, "statuses  "+counted(p.statuses))
	}
	switch {
	case len(p.outputs) > 0 || p.compare:
		lines = append(lines, "answers   "+format.Count(int64(s.answers))+" recorded; each answer is compared with its own")
	case p.answers > 0:
		lines = append(lines, "answers   "+format.Count(int64(p.answers))+" recorded; to compare with them, add --answers")
	}
	switch {
	case p.timed && p.whole:
		lines = append(lines, "replay    as many requests in each second as recorded, at random times within it")
	case p.timed:
		lines = append(lines, "replay    at the recorded times")
	default:
		phase, duration := s.load()
		lines = append(lines, fmt.Sprintf("replay    %v requests per second for %s, in the order of the recording", phase[2].Value, duration))
	}
	return lines
}

// counted lists what was counted, the most frequent first: "GET 2,104, POST 12".
func counted[K cmp.Ordered](counts map[K]int) string {
	keys := byCount(counts)
	var parts []string
	for i, key := range keys {
		if i == 6 {
			return strings.Join(parts, ", ") + fmt.Sprintf(" and %d more", len(keys)-i)
		}
		parts = append(parts, fmt.Sprintf("%v %s", key, format.Count(int64(counts[key]))))
	}
	return strings.Join(parts, ", ")
}

func (s *Summary) leftOut() []string {
	lines := s.left.lines(s.options.format.unit)
	others, counts := s.survey.others, map[string]int{}
	for name, h := range s.survey.hosts {
		if name != s.host {
			others += h.requests
			counts[cmp.Or(oneLine(name), "none recorded")] = h.requests
		}
	}
	if others > 0 {
		lines = append(lines, fmt.Sprintf("requests to other hosts: %s (%s); --host takes one of them", format.Count(int64(others)), counted(counts)))
	}
	if s.cutOff != "" {
		lines = append(lines, "what comes after the recording breaks off or is damaged, in "+s.cutOff)
	}
	return lines
}

func (s *Summary) secretLines() []string {
	var lines []string
	for _, key := range slices.SortedFunc(maps.Keys(s.secrets), func(a, b secretKey) int {
		return cmp.Or(cmp.Compare(a.where, b.where), cmp.Compare(a.name, b.name))
	}) {
		n := s.secrets[key]
		what := fmt.Sprintf("%s (%s)", oneLine(key.name), oneLine(key.where))
		i := slices.IndexFunc(s.plan.references, func(r *reference) bool { return r.secretKey == key })
		if i < 0 {
			lines = append(lines, fmt.Sprintf("%s: removed from %s", what, format.Plural(n, "request")))
			continue
		}
		r := s.plan.references[i]
		line := fmt.Sprintf("%s: replaced by ${%s} in %s", what, r.variable, format.Plural(n, "request"))
		if r.differs {
			line += "; its values differed"
		}
		lines = append(lines, line)
	}
	if len(lines) > 0 {
		lines = append(lines, "--keep NAME keeps a value that is not a secret")
	}
	return lines
}

func (s *Summary) notes() []string {
	p := s.plan
	var lines []string
	var guessed []string
	for _, t := range p.inputs {
		if t.guessed != "" {
			guessed = append(guessed, t.guessed+" for "+oneLine(t.name))
		}
	}
	if guessed != nil {
		lines = append(lines, "The recording does not hold datatypes; the scenario has "+strings.Join(guessed, ", ")+". If the model takes another one, add --tensor NAME=FP32.")
	}
	if s.options.Answers && !p.compare && len(p.outputs) == 0 {
		lines = append(lines, "No answers were recorded to compare with.")
	}
	if accepted := p.accepted(); len(accepted) > 1 {
		list := strings.Trim(strings.ReplaceAll(fmt.Sprint(accepted[1:]), " ", ", "), "[]")
		if p.comparesStatus() {
			lines = append(lines, "Other statuses than 2xx were recorded ("+list+"): a request fails whose status is not the recorded one.")
		} else {
			lines = append(lines, "Other statuses than 2xx were recorded, so template.expect.status accepts them of every request: "+list+".")
		}
	}
	if s.late > 0 {
		lines = append(lines, fmt.Sprintf("%s came so late in the recording that they are replayed after others that were sent later.", format.Plural(s.late, "request")))
	}
	if p.requests > 0 && len(p.fields) == mostFields {
		lines = append(lines, fmt.Sprintf("Only the first %d different header fields are sent again.", mostFields))
	}
	return lines
}

// Variables are those of the environment that the scenario takes the place of secrets
// from.
func (s *Summary) Variables() []string {
	var names []string
	for _, r := range s.plan.references {
		names = append(names, r.variable)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
