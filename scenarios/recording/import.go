package recording

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"servebench/reports/record/userfile"
	"servebench/scenarios/decode"
)

// Options say how to import a recording. The zero value asks for the defaults.
type Options struct {
	Format string // name of one; "": it is found out
	Dir    string // to write into; "": named after the file
	Force  bool   // write over what is there
	// URL is that of the server to send to; "": the recorded one.
	URL string
	// Host is the one whose requests are taken; "": the most frequent one.
	Host string
	// Rate is a number of requests per second; 0: they are sent at the recorded times.
	Rate float64
	// Bodies is a file with a body on each line, for recordings without.
	Bodies string
	// Answers says to compare answers with the recorded ones.
	Answers bool
	// Keep are the names of header fields, parameters and keys that are not secrets.
	Keep []string
	// Model is the name of the model that takes tensors, Tensors their datatypes and
	// shapes by name: "FP32[3,224,224]".
	Model   string
	Tensors map[string]string

	format *Format
}

// The files of a folder that replays a recording.
const (
	ScenarioFile = "scenario.yaml"
	requestsFile = "requests.jsonl"
	arrivalsFile = "arrivals.txt"
)

// Import reads the recording in a file and writes a folder that replays it. Its error is
// a decode.Faults where the recording or an option is at fault.
func Import(path string, o Options) (*Summary, error) {
	if err := o.settle(path); err != nil {
		return nil, err
	}
	c := newCleaner(o.Keep)
	found := &survey{hosts: map[string]*hostSurvey{}}
	var left leftOut
	in, err := o.readAll(path, &left, func(r *Request) error {
		c.head(r)
		c.learn()
		found.add(r)
		return nil
	})
	if err != nil {
		return nil, err
	}
	s := &Summary{Path: path, Dir: o.Dir, options: &o, survey: found, cutOff: in.cutOff}
	if s.host, err = o.chooseHost(in, found); err != nil {
		return nil, err
	}
	if s.plan, err = found.hosts[s.host].plan(&o, c.referencesOf(s.host)); err != nil {
		return nil, err
	}
	c.prepare()
	for i, f := range s.plan.constant {
		s.plan.constant[i].Value = c.elsewhere(inHeader, f.Value)
	}
	s.plan.path = c.elsewhere(inURL, s.plan.path)
	return s, s.write(c)
}

// settle finds out the format and fills in defaults.
func (o *Options) settle(path string) error {
	if o.Dir == "" {
		o.Dir = folderName(path)
	}
	if !(o.Rate >= 0) || o.Rate > 1e7 {
		return decode.Faults{{Problem: fmt.Sprintf("a rate of %v per second", o.Rate), Want: "a number of requests per second above 0"}}
	}
	in, err := openInput(path, o)
	if err != nil {
		if faults, ok := errors.AsType[decode.Faults](err); ok {
			return faults
		}
		return decode.Faults{(*decode.Source)(nil).FileFault("", path, err, "the path of a recording")}
	}
	defer in.close()
	var names []string
	head, _ := in.text.Peek(headLength) // what cannot be read shows later
	for _, f := range Formats() {
		names = append(names, f.Name)
		if o.format == nil && (f.Name == o.Format || o.Format == "" && f.starts(head)) {
			o.format = &f
		}
	}
	switch {
	case len(head) == 0:
		return in.fault(0, "", "the file is empty", "a recording")
	case o.format == nil && o.Format != "":
		return decode.Faults{{Problem: fmt.Sprintf("unknown format %q%s", o.Format, decode.Suggest(o.Format, names)), Want: decode.OneOf(names)}}
	case o.format == nil:
		return in.fault(0, "", "it is not a recording in a known format", decode.OneOf(names)+", or the right one named with --format")
	}
	return o.checkServer()
}

// checkServer reports what has to be said besides the recording, before that is read.
func (o *Options) checkServer() error {
	var faults decode.Faults
	if o.URL != "" {
		if u, err := url.Parse(o.URL); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" {
			faults = append(faults, decode.Fault{Problem: "the URL of the server is not valid", Want: "http:// or https://, a host and at most a port and a path, such as --url http://127.0.0.1:8080"})
		}
	} else if !o.format.hosts {
		faults = append(faults, decode.Fault{Problem: o.format.Name + " does not say which server the requests are for", Want: "its URL, such as --url http://127.0.0.1:8080"})
	}
	isTensors := o.format.Name == perfAnalyzer().Name
	if isTensors && o.Model == "" {
		faults = append(faults, decode.Fault{Problem: o.format.Name + " does not say which model takes the tensors", Want: "its name on the server, such as --model resnet50"})
	}
	for _, given := range []struct {
		flag, only string
		is         bool
	}{{"--model", perfAnalyzer().Name, o.Model != ""}, {"--tensor", perfAnalyzer().Name, len(o.Tensors) > 0}, {"--bodies", accessLog().Name, o.Bodies != ""}} {
		if given.is && given.only != o.format.Name {
			faults = append(faults, decode.Fault{Problem: fmt.Sprintf("%s is for %s, and the recording was read as %s", given.flag, given.only, o.format.Name), Want: "none"})
		}
	}
	if faults != nil {
		return faults
	}
	return nil
}

// readAll reads the whole recording.
func (o *Options) readAll(path string, left *leftOut, yield func(*Request) error) (*input, error) {
	in, err := openInput(path, o)
	if err != nil {
		return nil, err
	}
	defer in.close()
	in.left = left
	if in.bodies, err = openBodies(o.Bodies); err != nil {
		return nil, decode.Faults{(*decode.Source)(nil).FileFault("--bodies", o.Bodies, err, "a file with a body on each line")}
	}
	defer in.bodies.close()
	return in, o.format.read(in, func(r *Request) error {
		r.Header = slices.DeleteFunc(r.Header, func(f Field) bool {
			if templateField.MatchString(f.Name) && !strings.ContainsFunc(f.Value, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }) {
				return false
			}
			in.leaveOut(badFields, r.Place)
			return true
		})
		if r.Inputs == nil && !slices.Contains(methods, r.Method) {
			in.leaveOut(otherMethod, r.Place)
			return nil
		}
		return yield(r)
	})
}

// chooseHost returns the host whose requests are taken.
func (o *Options) chooseHost(in *input, s *survey) (string, error) {
	hosts := s.hostsByUse()
	if len(hosts) == 0 {
		return "", in.fault(0, "", "there is no request in it"+in.left.inBrackets(o.format.unit), "at least one")
	}
	host := hosts[0]
	if o.Host != "" {
		host = strings.ToLower(o.Host)
		if s.hosts[host] == nil {
			return "", decode.Faults{{Problem: fmt.Sprintf("no request went to the host %q%s", o.Host, decode.Suggest(host, hosts)), Want: decode.OneOf(hosts[:min(len(hosts), 10)])}}
		}
	}
	if host == "" && o.URL == "" {
		return "", in.fault(0, "", "it does not say which server the requests are for", "its URL, such as --url http://127.0.0.1:8080")
	}
	if h := s.hosts[host]; o.Rate == 0 && h.timed > 0 && h.last.Sub(h.first) > decode.MaxDuration {
		return "", in.fault(0, "", fmt.Sprintf("its requests are from %s to %s", h.first.Format(time.DateOnly), h.last.Format(time.DateOnly)),
			"at most "+decode.FormatDuration(decode.MaxDuration)+", a part of it, or --rate to send them at another pace")
	}
	return host, nil
}

// write writes the folder, on the second reading.
func (s *Summary) write(c *cleaner) (err error) {
	var made []*os.File
	defer func() { // half a folder is none
		for _, f := range made {
			f.Close()
			if err != nil {
				os.Remove(f.Name())
			}
		}
	}()
	create := func(name string) (*os.File, error) {
		f, err := createFile(filepath.Join(s.Dir, name), s.options.Force)
		if err == nil {
			made = append(made, f)
		}
		return f, err
	}
	scenario, err := create(ScenarioFile)
	if err != nil {
		return err
	}
	requests, err := create(requestsFile)
	if err != nil {
		return err
	}
	sorted := &sorter{requests: bufio.NewWriter(requests)}
	if s.plan.timed {
		times, err := create(arrivalsFile)
		if err != nil {
			return err
		}
		if sorted.times, err = newTimesWriter(times, s.plan.first, s.plan.whole); err != nil {
			return err
		}
	}
	in, err := s.options.readAll(s.Path, &s.left, func(r *Request) error { return s.take(r, c, sorted) })
	if err == nil {
		err = sorted.finish()
	}
	if err != nil {
		return err
	}
	s.Requests, s.late = sorted.number, sorted.late
	if s.Requests == 0 {
		return in.fault(0, "", "there is no request in it"+s.left.inBrackets(s.options.format.unit), "at least one")
	}
	if _, err = scenario.Write(s.scenario()); err != nil {
		return fmt.Errorf("write %s: %w", scenario.Name(), err)
	}
	for _, f := range made {
		if err = f.Close(); err != nil {
			return fmt.Errorf("write %s: %w", f.Name(), err)
		}
	}
	made = nil
	return nil
}

// take writes a request, less its secrets, or counts why it is left out.
func (s *Summary) take(r *Request, c *cleaner, to *sorter) error {
	c.head(r)
	if r.Host != s.host {
		return nil // counted by the survey
	}
	why := s.plan.unfit(r)
	if s.plan.timed && r.At.IsZero() {
		why = noTime
	}
	if why != "" {
		s.left.add(why, r.Place)
		return nil
	}
	r.Target = c.elsewhere(inURL, r.Target)
	for i, f := range r.Header {
		r.Header[i].Value = c.elsewhere(inHeader+" "+f.Name, f.Value)
	}
	r.Body = c.content(inBody, r.Body, r.header("Content-Type"))
	if r.Answer != nil && s.plan.compare {
		before := len(c.found)
		r.Answer = c.content(inAnswer, r.Answer, r.header("Accept"))
		if len(c.found) > before { // no server answers that
			r.Answer = nil
		}
	}
	s.count(c.found)
	if s.plan.compare && r.Answer != nil || len(r.Outputs) > 0 {
		s.answers++
	}
	return to.add(r.At, s.plan.line(r))
}

// createFile makes a file with its folders; over one that is there only when forced to.
func createFile(path string, force bool) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	how := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if force {
		how = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(path, how, 0o600) // what people sent may be theirs alone
	if errors.Is(err, fs.ErrExist) {
		return nil, decode.Faults{{Problem: path + " exists already", Want: "another folder with --out, or --force to write over it"}}
	}
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", path, userfile.Cause(err))
	}
	return f, nil
}
