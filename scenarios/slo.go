package scenarios

import (
	"fmt"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// SLO holds the limits that the results are judged by; the zero value of a
// field sets none.
type SLO struct {
	P50, P90, P99, P999 time.Duration // of the response time, at most
	Service             Quantiles     // of the service time, at most
	FirstByte           Quantiles     // of the time from due to the first byte of the answer's body, at most
	Errors              *float64      // fraction of requests, at most
	Goodput             Rate          // answers per second that are right and in time, at least
	Agreement           *float64      // fraction of answers that equal the model's offline prediction, at least
	Accuracy            *float64      // fraction of answers that equal the label, at least
	ColdStart           time.Duration // of any start of the server, up to its first answer
}

// Quantiles are limits of the quantiles of a time; 0 sets none.
type Quantiles struct{ P50, P90, P99, P999 time.Duration }

func (s SLO) response() Quantiles { return Quantiles{s.P50, s.P90, s.P99, s.P999} }

// limits is what a file of limits holds.
type limits struct{ SLO SLO }

func limitsRows() []row[limits] {
	return []row[limits]{may("slo", mappings("limits", sloRows()), "{}", func(l *limits) *SLO { return &l.SLO }, sloDoc)}
}

// YAML writes the limits as a file that ParseSLO reads.
func (s SLO) YAML() ([]byte, error) {
	text, err := yaml.Marshal(encode(limitsRows(), &limits{s}))
	if err != nil {
		return nil, fmt.Errorf("write limits as YAML: %w", err)
	}
	return text, nil
}

// ParseSLO reads the limits from the text of a file, changed by settings of its keys
// ("slo.p99=20ms"). The file is a scenario, of which only the key slo is looked at,
// or holds that key alone. of is the scenario whose runs are to be judged: a limit that
// none of them could decide is a fault; nil where that is not known. The error is a
// Faults, as Parse's.
func ParseSLO(file string, text []byte, cat Catalogue, of *Scenario, set ...Setting) (SLO, error) {
	d := newDecoder(file, set, cat)
	root := (&reader{report: &d.report}).read(text)
	if root == nil {
		return SLO{}, d.faults()
	}
	for i, s := range set {
		if s.Key != "slo" && !strings.HasPrefix(s.Key, "slo.") {
			d.add(origin{setting: i + 1}, "", "sets no limit", "a key of slo, such as slo.p99=20ms")
			continue
		}
		d.apply(root, i+1)
	}
	if p := root.pair("slo"); p != nil {
		d.fill(p.value, "slo", "")
	}
	var read limits
	decode(d, root, "", limitsRows(), &read, func(key string) bool { return hasRow(scenarioRows(cat), key) })
	d.validateQuantiles(read.SLO)
	if of != nil {
		d.validateKnown(read.SLO, of, cat)
	}
	if faults := d.faults(); faults != nil {
		return SLO{}, faults
	}
	return read.SLO, nil
}
