package mlflow

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Run is a run as the server has it.
type Run struct {
	Info Info `json:"info"`
	Data Data `json:"data"`
}

// Info says which run it is, and where its artifacts are.
type Info struct {
	ID          string `json:"run_id"`
	Experiment  string `json:"experiment_id"`
	Status      Status `json:"status"`
	ArtifactURI string `json:"artifact_uri"`
}

// Status says how far a run is.
type Status string

// The statuses that runs are given here.
const (
	Running  Status = "RUNNING"
	Finished Status = "FINISHED"
	Failed   Status = "FAILED"
	Killed   Status = "KILLED"
)

// Data is what is logged. Keys are made by Name.
type Data struct {
	Params  []Param  `json:"params,omitempty"` // which never change
	Metrics []Metric `json:"metrics,omitempty"`
	Tags    []Param  `json:"tags,omitempty"`
}

// Param is a parameter or a tag. A parameter's value has at most LongestParam bytes, a tag's
// LongestTag.
type Param struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// How long values may be in bytes, on servers of any age.
const (
	LongestParam = 500
	LongestTag   = 5000
)

// Metric is a figure, of a time in milliseconds since 1970, and of a step: a metric with several
// is drawn over them.
type Metric struct {
	Key       string  `json:"key"`
	Value     float64 `json:"value"`
	Timestamp int64   `json:"timestamp"`
	Step      int64   `json:"step"`
}

// UnmarshalJSON reads a metric that somebody else may have logged: a value that is no number, such
// as "NaN", is 0 here and of another key, so that it equals none.
func (m *Metric) UnmarshalJSON(text []byte) error {
	var read struct {
		Key       string          `json:"key"`
		Value     json.RawMessage `json:"value"`
		Timestamp json.Number     `json:"timestamp"`
		Step      json.Number     `json:"step"`
	}
	if err := json.Unmarshal(text, &read); err != nil {
		return err
	}
	*m = Metric{Key: read.Key}
	value, err := strconv.ParseFloat(string(read.Value), 64)
	if err != nil {
		m.Key = ""
		return nil
	}
	m.Value = value
	m.Timestamp, _ = read.Timestamp.Int64()
	m.Step, _ = read.Step.Int64()
	return nil
}

// TagParent is the tag that makes a run the child of another one, by its ID. TagNote is the text
// that a run's page begins with, in Markdown, TagCommit the commit that it shows as its version.
const (
	TagParent = "mlflow.parentRunId"
	TagNote   = "mlflow.note.content"
	TagCommit = "mlflow.source.git.commit"
	TagSource = "mlflow.source.name"
	TagName   = "mlflow.runName"
)

// Name makes the name of a parameter, a metric or a tag of parts, with slashes between them. What
// MLflow refuses becomes "_": it takes letters, digits, "_", "-", ".", " " and "/", of a
// path that names nothing else.
func Name(parts ...string) string {
	const longest = 250
	var clean []string
	for _, part := range parts {
		part = strings.Map(func(c rune) rune {
			if c < 0x80 && (c == '_' || c == '-' || c == '.' || c == ' ' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z') {
				return c
			}
			return '_'
		}, part)
		if strings.Trim(part, ".") == "" {
			part += "_"
		}
		clean = append(clean, part)
	}
	name := strings.Join(clean, "/")
	if len(name) > longest {
		name = strings.TrimRight(name[:longest], "/.")
	}
	return name
}

// Experiment returns the ID of the experiment of that name, which is made where there is none.
func (s *Server) Experiment(ctx context.Context, name string) (id string, err error) {
	for range 2 { // another one may make it meanwhile
		var found struct {
			Experiment struct {
				ID    string `json:"experiment_id"`
				Stage string `json:"lifecycle_stage"`
			} `json:"experiment"`
		}
		err = s.call(ctx, http.MethodGet, "experiments/get-by-name", url.Values{"experiment_name": {name}}, nil, &found)
		switch {
		case err == nil && found.Experiment.Stage == "deleted":
			return "", fmt.Errorf("experiment %q was deleted; restore it with mlflow experiments restore --experiment-id %s, or name another one", name, found.Experiment.ID)
		case err == nil:
			return found.Experiment.ID, nil
		case !hasCode(err, codeAbsent):
			return "", err
		}
		var made struct {
			ID string `json:"experiment_id"`
		}
		err = s.call(ctx, http.MethodPost, "experiments/create", nil, map[string]string{"name": name}, &made)
		if err == nil {
			return made.ID, nil
		}
		if !hasCode(err, codeThere) {
			return "", err
		}
	}
	return "", err
}

// Find returns the runs of an experiment that were not deleted and have a tag of that value, the
// oldest first.
func (s *Server) Find(ctx context.Context, experiment, tag, value string) (all []*Run, err error) {
	ask := map[string]any{
		"experiment_ids": []string{experiment}, "run_view_type": "ACTIVE_ONLY", "max_results": 1000,
		"filter": fmt.Sprintf("tags.`%s` = '%s'", Name(tag), Name(value)), "order_by": []string{"attributes.start_time ASC"},
	}
	for {
		var page struct {
			Runs  []*Run `json:"runs"`
			Token string `json:"next_page_token"`
		}
		if err := s.call(ctx, http.MethodPost, "runs/search", nil, ask, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Runs...)
		if page.Token == "" || len(page.Runs) == 0 {
			return slices.DeleteFunc(all, func(r *Run) bool { return r == nil }), nil
		}
		ask["page_token"] = page.Token
	}
}

// Tag is the value of a tag; "" where there is none.
func (r *Run) Tag(key string) string {
	i := slices.IndexFunc(r.Data.Tags, func(t Param) bool { return t.Key == key })
	if i < 0 {
		return ""
	}
	return r.Data.Tags[i].Value
}

// Create makes a run of that name, which is Running, with tags. It is no more attempted
// twice than made: where an attempt failed, find says whether it made the run all the same.
func (s *Server) Create(ctx context.Context, experiment, name string, start time.Time, tags []Param, find func() (*Run, error)) (*Run, error) {
	ask := map[string]any{"experiment_id": experiment, "run_name": name, "start_time": start.UnixMilli(), "tags": tags}
	var made struct {
		Run *Run `json:"run"`
	}
	failed := false
	err := s.retry(ctx, func() (time.Duration, error) {
		if failed {
			if there, err := find(); err != nil || there != nil {
				made.Run = there
				return 0, err
			}
		}
		wait, err := s.ask(ctx, http.MethodPost, "runs/create", nil, ask, &made)
		failed = err != nil
		return wait, err
	})
	if err == nil && (made.Run == nil || made.Run.Info.ID == "") {
		err = errors.New("MLflow: runs/create: the answer names no run")
	}
	return made.Run, err
}

// Log logs what the run does not have yet, in as many requests as that takes, and a metric
// that has another value now as a later one. What is logged twice is there once.
func (s *Server) Log(ctx context.Context, run *Run, data Data) error {
	data = data.beyond(run.Data)
	for len(data.Params)+len(data.Metrics)+len(data.Tags) > 0 {
		part := struct {
			Run string `json:"run_id"`
			Data
		}{run.Info.ID, data.takeBatch()}
		if err := s.call(ctx, http.MethodPost, "runs/log-batch", nil, part, nil); err != nil {
			return err
		}
	}
	return nil
}

// beyond is what a run that has other data lacks.
func (d Data) beyond(had Data) (rest Data) {
	for _, p := range d.Params {
		if !slices.Contains(had.Params, p) {
			rest.Params = append(rest.Params, p)
		}
	}
	for _, t := range d.Tags {
		if !slices.Contains(had.Tags, t) {
			rest.Tags = append(rest.Tags, t)
		}
	}
	for _, m := range d.Metrics {
		i := slices.IndexFunc(had.Metrics, func(h Metric) bool { return h.Key == m.Key })
		if i >= 0 && had.Metrics[i].Value == m.Value {
			continue
		}
		if i >= 0 {
			m.Timestamp = max(m.Timestamp, had.Metrics[i].Timestamp+1)
		}
		rest.Metrics = append(rest.Metrics, m)
	}
	return rest
}

// Contradicts reports whether a run that has other data cannot be given this: a parameter has
// another value, and MLflow lets none change.
func (d Data) Contradicts(had Data) bool {
	return slices.ContainsFunc(d.Params, func(p Param) bool {
		return slices.ContainsFunc(had.Params, func(q Param) bool { return q.Key == p.Key && q.Value != p.Value })
	})
}

// takeBatch takes as much as one request may have: 100 parameters, 100 tags, 1,000 of all, and
// a megabyte, of which 800 metrics are at most 300 kB.
func (d *Data) takeBatch() (part Data) {
	part.Params, d.Params = cut(d.Params, 100)
	part.Tags, d.Tags = cut(d.Tags, 100)
	part.Metrics, d.Metrics = cut(d.Metrics, 800)
	return part
}

func cut[E any](all []E, most int) (first, rest []E) {
	n := min(len(all), most)
	return all[:n:n], all[n:]
}

// End says that a run has come to its end.
func (s *Server) End(ctx context.Context, run *Run, status Status, end time.Time) error {
	ask := map[string]any{"run_id": run.Info.ID, "status": status, "end_time": end.UnixMilli()}
	return s.call(ctx, http.MethodPost, "runs/update", nil, ask, nil)
}

// Delete puts a run where MLflow keeps deleted ones, from which it can be restored.
func (s *Server) Delete(ctx context.Context, run *Run) error {
	return s.call(ctx, http.MethodPost, "runs/delete", nil, map[string]string{"run_id": run.Info.ID}, nil)
}

// Page is the URL at which people see a run; MLflow 3 has pages for language models where it is not
// told otherwise.
func (s *Server) Page(run *Run) string {
	return fmt.Sprintf("%s/#/experiments/%s/runs/%s?workflowType=machine_learning", s.base.String(), cmp.Or(run.Info.Experiment, "0"), run.Info.ID)
}
