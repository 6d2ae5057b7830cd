package kubernetes

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"
)

func TestQuantity(t *testing.T) {
	for text, want := range map[string]float64{"0": 0, "2": 2, "250m": 0.25, "1500000n": 0.0015, "12u": 12e-6, "64Mi": 64 << 20, "3Ki": 3072, "1.5Gi": 1.5 * (1 << 30), "5M": 5e6} {
		if got, err := quantity(text); err != nil || math.Abs(got-want) > 1e-12*max(1, want) {
			t.Errorf("quantity(%q) = %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "m", "1x", "1mm", "one", "1 Mi"} {
		if got, err := quantity(text); err == nil {
			t.Errorf("quantity(%q) = %v, want an error", text, got)
		}
	}
}

func FuzzQuantity(f *testing.F) {
	for _, text := range []string{"250m", "64Mi", "", "Ki", "1e9", "0x1p-2", "-5"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if v, err := quantity(text); err != nil && v != 0 {
			t.Errorf("quantity(%q) = %v beside %v", text, v, err)
		}
	})
}

func TestUsageByMetrics(t *testing.T) {
	var m podMetrics
	text := `{"items":[{"window":"15s","containers":[{"name":"server","usage":{"cpu":"250000000n","memory":"20Mi"}}]},{"containers":[{"name":"server","usage":{"cpu":"0","memory":"10Mi"}}]}]}`
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	got, err := m.usage(4 * time.Second)
	if err != nil || got.CPU != time.Second || got.Resident != 30<<20 {
		t.Errorf("%+v, %v, want 1 s and 30 MiB", got, err)
	}
}

// What the API says of pods is told by its own words, and decides the start.
func TestJudge(t *testing.T) {
	for name, c := range map[string]struct {
		status string // of the pod
		want   string // in the error; "": none
	}{
		"running":          {`"phase":"Running","containerStatuses":[{"name":"server","state":{"running":{}}}]`, ""},
		"being made":       {`"phase":"Pending","containerStatuses":[{"name":"server","state":{"waiting":{"reason":"ContainerCreating"}}}]`, ""},
		"first failure":    {`"phase":"Pending","containerStatuses":[{"name":"server","state":{"waiting":{"reason":"ErrImagePull","message":"dial: refused"}}}]`, ""},
		"image":            {`"phase":"Pending","containerStatuses":[{"name":"server","state":{"waiting":{"reason":"ImagePullBackOff","message":"Back-off"}}}]`, "the node cannot get the image (ImagePullBackOff): Back-off"},
		"image is missing": {`"phase":"Pending","containerStatuses":[{"name":"server","state":{"waiting":{"reason":"ErrImageNeverPull","message":"not present"}}}]`, "the node cannot get the image (ErrImageNeverPull): not present"},
		"settings":         {`"phase":"Pending","containerStatuses":[{"name":"server","state":{"waiting":{"reason":"CreateContainerConfigError","message":"no such user"}}}]`, "the container cannot be started (CreateContainerConfigError): no such user"},
		"ended":            {`"phase":"Running","containerStatuses":[{"name":"server","state":{"terminated":{"exitCode":3}}}]`, "exited with status 3"},
		"ended before":     {`"phase":"Running","containerStatuses":[{"name":"server","restartCount":1,"state":{"running":{}},"lastState":{"terminated":{"exitCode":137,"reason":"OOMKilled"}}}]`, "memory limit"},
		"evicted":          {`"phase":"Failed","reason":"Evicted","message":"The node was low on resource: ephemeral-storage."`, "the pod failed (Evicted): The node was low on resource: ephemeral-storage."},
	} {
		var p pod
		if err := json.Unmarshal([]byte(`{"status":{`+c.status+`}}`), &p); err != nil {
			t.Fatal(err)
		}
		err := (&observer{}).judge(p)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// A pod that no node takes fails the start, such as for a node under disk pressure, unless
// one comes.
func TestGivesUp(t *testing.T) {
	const message = "0/1 nodes are available: 1 node(s) had untolerated taint(s)"
	for name, c := range map[string]struct {
		stuck time.Duration
		grows bool
		fails bool
	}{
		"stuck":           {stuckTime, false, true},
		"not long enough": {stuckTime / 2, false, false},
		"a node comes":    {stuckTime, true, false},
	} {
		o := &observer{changed: make(chan struct{}), failed: make(chan struct{}), stuck: time.Now().Add(-c.stuck), growing: c.grows}
		o.giveUp(message)
		if err := o.faultOf(); (err != nil) != c.fails || err != nil && !strings.Contains(err.Error(), message) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEscaped(t *testing.T) {
	if got := escaped("$(HOME) $HOME $$"); got != "$$(HOME) $$HOME $$$$" {
		t.Errorf("escaped: %q", got)
	}
}
