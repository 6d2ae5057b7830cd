package monitor

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"servebench/reports/record/userfile"
	"servebench/targets/protocol"
)

// outcome is what became known of a row.
type outcome struct {
	ID      string `json:"id"`      // of the request
	Row     int    `json:"row"`     // in the request, from 0
	Outcome any    `json:"outcome"` // a class by its name or number, or a value
}

// parseOutcomes reads one outcome, or a list of them. Its error names every fault.
func parseOutcomes(body []byte) ([]outcome, error) {
	var one outcome
	var all []outcome
	isList := bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("["))
	into := any(&one)
	if isList {
		into = &all
	}
	if err := userfile.JSON(body, into); err != nil {
		return nil, fmt.Errorf(`%w; want {"id": "…", "outcome": "…"}, or a list of such`, err)
	}
	strict := json.NewDecoder(bytes.NewReader(body))
	strict.DisallowUnknownFields()
	if err := strict.Decode(into); err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "json: ") + ", want id, row and outcome")
	}
	if !isList {
		all = []outcome{one}
	}
	var faults []error
	for i, o := range all {
		if o.ID == "" {
			faults = append(faults, fmt.Errorf("outcome %d: id is missing, want that of the answer", i+1))
		}
		if o.Row < 0 {
			faults = append(faults, fmt.Errorf("outcome %d: row %d, want 0 or more", i+1, o.Row))
		}
		if o.Outcome == nil {
			faults = append(faults, fmt.Errorf("outcome %d: outcome is missing, want a class or a number", i+1))
		}
	}
	return all, errors.Join(faults...)
}

// row names a row.
type row struct {
	ID  string `json:"id"`
	Row int    `json:"row"`
}

// learn takes outcomes: all, or none where one of them cannot be what its model predicts. It
// returns those of rows that are not known: of an id that was never answered or has its outcome
// already, or after which too many were answered.
func (m *Monitor) learn(all []outcome) (unknown []row, err error) {
	now := time.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	var faults []error
	for i, o := range all {
		if _, v := m.find(o); v != nil {
			if _, _, err := v.readOutcome(o.Outcome); err != nil {
				faults = append(faults, fmt.Errorf("outcome %d: id %.60q: %w", i+1, o.ID, err))
			}
		}
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	for _, o := range all {
		if !m.learnOne(o, now) {
			unknown = append(unknown, row{o.ID, o.Row})
		}
	}
	m.unknown += int64(len(unknown))
	m.wakeUp()
	return unknown, nil
}

// find returns the row of an outcome, and the version that predicted it; nil: it is not known.
func (m *Monitor) find(o outcome) (*waiting, *version) {
	w := m.pending.find(m.keyOf([]byte(o.ID), o.Row))
	if w == nil {
		return nil, nil
	}
	return w, m.version(w.version)
}

func (m *Monitor) learnOne(o outcome, now time.Time) (known bool) {
	w, v := m.find(o)
	if v == nil {
		return false
	}
	text, said, _ := v.readOutcome(o.Outcome)
	e := event{version: v, at: now, row: o.Row, outcome: text}
	if v.isClassifier() {
		e.correct = new(said == w.said)
		v.learn(*e.correct, now)
	}
	v.outcomes++
	m.pending.remove(w)
	if !m.filling.add(e, []byte(o.ID), nil, nil) {
		v.unseen++
	}
	return true
}

// taken is the answer to outcomes.
type taken struct {
	Taken   int   `json:"taken"`
	Unknown []row `json:"unknown"`
}

// ServeFeedback answers POST /feedback: 200 with how many outcomes were taken and which are of
// unknown rows, 404 where all are, 400 with every fault of a body of which nothing was taken.
func (m *Monitor) ServeFeedback(w http.ResponseWriter, r *http.Request) {
	body, err := protocol.ReadBody(r)
	var all []outcome
	if err == nil {
		all, err = parseOutcomes(body)
	}
	var unknown []row
	if err == nil {
		unknown, err = m.learn(all)
	}
	if err != nil {
		reply(w, protocol.StatusOf(err), map[string]string{"error": err.Error()})
		return
	}
	status := http.StatusOK
	if n := len(all); n > 0 && n == len(unknown) {
		status = http.StatusNotFound
	}
	reply(w, status, taken{len(all) - len(unknown), append([]row{}, unknown...)})
}

func reply(w http.ResponseWriter, status int, document any) {
	body, _ := json.Marshal(document) // what is made of texts and finite numbers alone always encodes
	protocol.WriteAnswer(w, status, "application/json", body)
}
