package kubernetes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"servebench/reports/record"
)

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

// A server that was started again and is ready is told as both, though the kubelet says so in
// a single change.
func TestFollows(t *testing.T) {
	var before, after pod
	status := func(restarts int) string {
		return fmt.Sprintf(`{"status":{"conditions":[{"type":"Ready","status":"True"}],"containerStatuses":[{"name":"server","restartCount":%d,"state":{"running":{}}}]}}`, restarts)
	}
	if err := errors.Join(json.Unmarshal([]byte(status(0)), &before), json.Unmarshal([]byte(status(1)), &after)); err != nil {
		t.Fatal(err)
	}
	var told []string
	o := &observer{tell: func(e record.Event) { told = append(told, e.Kind) }}
	o.follows(before, after, true)
	if want := []string{record.EventRestarted, record.EventReady}; !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
}

// A pod that was deleted is given no more requests, long before its server ends: it is told once.
func TestFollowsDeleted(t *testing.T) {
	const status = `"status":{"conditions":[{"type":"Ready","status":"%s"}],"containerStatuses":[{"name":"server","state":{"running":{}}}]}}`
	var told []string
	o := &observer{tell: func(e record.Event) { told = append(told, e.Kind) }, first: "another"}
	var before pod
	for _, change := range []string{`{` + fmt.Sprintf(status, "True"), `{"metadata":{"deletionTimestamp":"2026-11-30T16:44:46Z"},` + fmt.Sprintf(status, "True"), `{"metadata":{"deletionTimestamp":"2026-11-30T16:44:46Z"},` + fmt.Sprintf(status, "False")} {
		var p pod
		if err := json.Unmarshal([]byte(change), &p); err != nil {
			t.Fatal(err)
		}
		o.follows(before, p, true)
		before = p
	}
	if want := []string{record.EventRunning, record.EventReady, record.EventUnready}; !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
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

// clusterWithout connects to an API server that has no objects, and tells of each request.
func clusterWithout(t *testing.T, asked func()) cluster {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		asked()
		rw.WriteHeader(http.StatusNotFound)
	}))
	t.Cleanup(server.Close)
	config := filepath.Join(t.TempDir(), "config")
	text := fmt.Sprintf(`{"apiVersion": "v1", "kind": "Config", "current-context": "c", "contexts": [{"name": "c", "context": {"cluster": "c"}}],
"clusters": [{"name": "c", "cluster": {"server": %q}}]}`, server.URL)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := connect("c", []string{config})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// What removes a pod when the deployment is over is this program: the API is not asked why.
func TestExplainsNothingAfterTheEnd(t *testing.T) {
	var asked atomic.Int64
	c := clusterWithout(t, func() { asked.Add(1) })
	for _, over := range []bool{false, true} {
		ctx, end := context.WithCancel(t.Context())
		o := &observer{cluster: c, namespace: "n", living: ctx, changed: make(chan struct{}), failed: make(chan struct{})}
		if over {
			end()
		}
		before := asked.Load()
		o.explainGone(true)
		if now := asked.Load() - before; (now == 0) != over || (o.faultOf() == nil) != over {
			t.Errorf("over: %t, asked the API %d times, said %v", over, now, o.faultOf())
		}
		end()
	}
}

// The pod that a fault hits is the busiest of those that are ready.
func TestChooseReady(t *testing.T) {
	var pods struct{ Items []pod }
	if err := json.Unmarshal([]byte(`{"items":[
		{"metadata":{"name":"a","uid":"1"},"status":{"conditions":[{"type":"Ready","status":"True"}],"containerStatuses":[{"name":"server","state":{"running":{}}}]}},
		{"metadata":{"name":"b","uid":"2"},"status":{"conditions":[{"type":"Ready","status":"True"}],"containerStatuses":[{"name":"server","state":{"running":{}}}]}},
		{"metadata":{"name":"c","uid":"3"},"status":{"containerStatuses":[{"name":"server","state":{"running":{}}}]}},
		{"metadata":{"name":"d","uid":"4"},"status":{}}]}`), &pods); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		pods          []pod
		busiest, want string // "": not known, and none
	}{
		{pods.Items, "2", "b"}, {pods.Items, "", "a"}, {pods.Items[2:], "3", "c"}, {pods.Items[2:], "", "c"}, {pods.Items[3:], "", ""},
	} {
		o := &observer{pods: map[string]pod{}}
		for _, p := range c.pods {
			o.pods[p.Metadata.Name] = p
		}
		got, err := o.chooseReady(func([]string) string { return c.busiest })
		if got.Metadata.Name != c.want || (err == nil) != (c.want != "") {
			t.Errorf("busiest %q: %q, %v, want %q", c.busiest, got.Metadata.Name, err, c.want)
		}
	}
}
