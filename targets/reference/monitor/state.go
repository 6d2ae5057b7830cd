package monitor

import (
	"net/http"
	"time"

	"servebench/generators/drift"
)

// state is what is known of a model now, as GET /v2/models/NAME/monitor answers.
type state struct {
	Model    string         `json:"model"`
	Window   int            `json:"window"`  // rows, and outcomes
	Pending  int            `json:"pending"` // rows of all models that wait for their outcomes
	Log      log            `json:"log"`
	Versions []versionState `json:"versions"`
}

type log struct {
	Files   []string `json:"files"`
	Dropped int      `json:"dropped"`          // files, the oldest
	Failed  string   `json:"failed,omitempty"` // why nothing is logged any more
}

type versionState struct {
	Version  string `json:"version"`
	Rows     int64  `json:"rows"`
	Unseen   int64  `json:"unseen"`   // neither logged nor compared, since too much waited
	Outcomes int64  `json:"outcomes"` // that became known
	Expired  int64  `json:"expired"`  // rows that get none any more
	// Accuracy is null before the first outcome, and of a regression.
	Accuracy *accuracy `json:"accuracy"`
	// NoReference says why nothing is compared with a reference.
	NoReference string          `json:"no_reference,omitempty"`
	Detectors   []detectorState `json:"detectors"`
}

// accuracy is that of the latest outcomes, with its 95 % interval.
type accuracy struct {
	Value    float64 `json:"value"`
	Low      float64 `json:"low"`
	High     float64 `json:"high"`
	Outcomes int64   `json:"outcomes"`
}

type detectorState struct {
	Name      string      `json:"name"`
	State     drift.State `json:"state"`
	Statistic float64     `json:"statistic"`
	Threshold float64     `json:"threshold"`
	N         int         `json:"n"` // rows or outcomes that it rests on
	Alarms    int64       `json:"alarms"`
	LastAlarm *time.Time  `json:"last_alarm,omitempty"`
	Columns   []column    `json:"columns,omitempty"`
}

type column struct {
	Column    string  `json:"column"`
	Statistic float64 `json:"statistic"`
	Threshold float64 `json:"threshold"`
	Drift     bool    `json:"drift"`
	N         int     `json:"n"`
}

// ServeState answers GET /v2/models/{model}/monitor.
func (m *Monitor) ServeState(w http.ResponseWriter, r *http.Request) {
	s := m.state(r.PathValue("model"))
	if len(s.Versions) == 0 {
		reply(w, http.StatusNotFound, map[string]string{"error": "no model of that name is watched; those without named features are not"})
		return
	}
	reply(w, http.StatusOK, s)
}

func (m *Monitor) state(model string) state {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := state{
		Model: model, Window: m.config.Window, Pending: m.pending.count,
		Log: log{append([]string{}, m.files.names...), m.files.dropped, m.files.failure},
	}
	for _, v := range m.versions {
		if v.model.Name == model {
			s.Versions = append(s.Versions, v.state())
		}
	}
	return s
}

// rolling is the accuracy of the latest outcomes; nil: there is none.
func (v *version) rolling() *accuracy {
	share := v.accuracy.At(0)
	if share.N == 0 {
		return nil
	}
	return &accuracy{share.Value, share.Low, share.High, share.N}
}

func (v *version) state() versionState {
	s := versionState{
		Version: v.model.Version, Rows: v.rows, Unseen: v.unseen, Outcomes: v.outcomes, Expired: v.expired,
		Accuracy: v.rolling(), NoReference: v.why,
	}
	for _, d := range v.detectors {
		if d.window == nil && d.stream == nil {
			continue
		}
		now := detectorState{Name: d.name, State: d.last.State, Statistic: d.last.Statistic, Threshold: d.last.Threshold, N: d.last.N, Alarms: d.alarms}
		if d.alarms > 0 {
			now.LastAlarm = new(d.lastAlarm.UTC())
		}
		for _, f := range d.last.Columns {
			now.Columns = append(now.Columns, column{f.Column, f.Statistic, f.Threshold, f.Drift, f.N})
		}
		s.Detectors = append(s.Detectors, now)
	}
	return s
}
