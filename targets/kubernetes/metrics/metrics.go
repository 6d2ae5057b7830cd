// Package metrics asks a cluster what its pods and nodes use: by the metrics API, which knows
// means over some seconds. The target kubernetes takes it for nodes that are not this machine.
package metrics

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"servebench/reports/record"
	"servebench/targets/kubernetes/api"
)

// Path is where the metrics API is, if there is one, and CustomPath where metrics of pods are
// served that a user defines. Fix is what to do where there is none.
const (
	Path       = "/apis/metrics.k8s.io/v1beta1"
	CustomPath = "/apis/custom.metrics.k8s.io"
	Fix        = "install metrics-server"
)

// Lacking says why the cluster serves no metrics at the path, by the condition of the API's
// own service; "": it does.
func Lacking(ctx context.Context, c *api.Client, path string) (why string, err error) {
	err = c.Get(ctx, path, nil, nil)
	if !api.IsStatus(err, http.StatusNotFound) && !api.IsStatus(err, http.StatusServiceUnavailable) {
		return "", err
	}
	group, version, _ := strings.Cut(strings.TrimPrefix(path, "/apis/"), "/")
	why = fmt.Sprintf("the cluster does not serve the API %s", group)
	if version == "" {
		return why, nil
	}
	var service struct {
		Status struct{ Conditions api.Conditions }
	}
	err = c.Get(ctx, api.Path("apiservices.apiregistration.k8s.io/v1", "", version+"."+group), nil, &service)
	if api.IsStatus(err, http.StatusNotFound) {
		return why + fmt.Sprintf(" (no APIService %s.%s)", version, group), nil
	}
	if is, reason, message := service.Status.Conditions.Of("Available"); is == "False" {
		why += fmt.Sprintf(" (%s: %s)", reason, message)
	}
	return why, nil
}

// pods are what the metrics API says of some.
type pods struct {
	Items []struct {
		Metadata   struct{ Namespace, Name string }
		Containers []struct {
			Name  string
			Usage struct{ CPU, Memory string }
		}
	}
}

// Meter is what the metrics API said so far of the pods of a deployment. Its exported fields
// are set before it is used; it is safe for concurrent use.
type Meter struct {
	Client    *api.Client
	Namespace string
	Selected  url.Values // selects the pods

	mu     sync.Mutex
	said   []saying
	ofPods map[string]bool // by name: it has said something of that one
}

// saying is what it said at a moment.
type saying struct {
	at       time.Time
	cpus     float64 // CPU time per time
	resident int64
}

// meterPause is how often the metrics API is asked about pods that may end, of which it says
// something new every 10 to 60 s.
const meterPause = 5 * time.Second

// Follow asks the metrics API now and then until ctx ends, but not while skip says so.
func (m *Meter) Follow(ctx context.Context, skip func() bool) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(meterPause):
		}
		if !skip() {
			_ = m.ask(ctx) // who wants to know the usage asks again
		}
	}
}

// Usage asks the metrics API what was used in an interval by the pods that it returns the names
// of. It is known of none of them unless it is of all.
func (m *Meter) Usage(ctx context.Context, from, to time.Time, ran func() []string) (record.Usage, error) {
	if err := m.ask(ctx); err != nil {
		return record.Usage{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, name := range ran() {
		if !m.ofPods[name] {
			return record.Usage{}, fmt.Errorf("the metrics API did not say what the pod %s uses", name)
		}
	}
	return usageOf(m.said, from, to), nil
}

// usageOf is what was used in an interval, of which the last saying is the end: each holds for
// the time since the one before.
func usageOf(said []saying, from, to time.Time) record.Usage {
	var all record.Usage
	for n, s := range said {
		if s.at.Before(from) {
			continue
		}
		if n == len(said)-1 {
			s.at = to
		}
		all.CPU += time.Duration(s.cpus * float64(s.at.Sub(from)))
		all.Resident = max(all.Resident, s.resident)
		from = s.at
	}
	return all
}

// ask asks the metrics API, and keeps what it says.
func (m *Meter) ask(ctx context.Context) error {
	var found pods
	err := m.Client.Get(ctx, Path+"/namespaces/"+m.Namespace+"/pods", m.Selected, &found)
	switch {
	case api.IsStatus(err, http.StatusNotFound), api.IsStatus(err, http.StatusServiceUnavailable):
		return errors.New("the node is elsewhere, and the cluster has no metrics API: " + Fix)
	case err != nil:
		return fmt.Errorf("ask the metrics API: %w", err)
	case len(found.Items) == 0:
		return errors.New("the metrics API does not know the pods yet")
	}
	s, err := found.sum()
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.said = append(m.said, s)
	if m.ofPods == nil {
		m.ofPods = map[string]bool{}
	}
	for _, p := range found.Items {
		m.ofPods[p.Metadata.Name] = true
	}
	return nil
}

// sum is what all pods use, each as the mean of its latest window.
func (p pods) sum() (saying, error) {
	all := saying{at: time.Now()}
	for _, each := range p.Items {
		for _, c := range each.Containers {
			cpus, err1 := api.Quantity(c.Usage.CPU)
			memory, err2 := api.Quantity(c.Usage.Memory)
			if err := errors.Join(err1, err2); err != nil {
				return saying{}, fmt.Errorf("read the metrics: %w", err)
			}
			all.cpus += cpus
			all.resident += int64(memory)
		}
	}
	return all, nil
}

// BesidePods is how many CPUs nodes use beside all of their pods, as a mean over the latest
// window.
func BesidePods(ctx context.Context, c *api.Client, nodes []string) (cpus float64, err error) {
	here := map[string]bool{} // pods of the nodes, by namespace and name
	for _, node := range nodes {
		var n struct{ Usage struct{ CPU string } }
		if err := c.Get(ctx, Path+"/nodes/"+node, nil, &n); err != nil {
			return 0, err
		}
		used, err := api.Quantity(n.Usage.CPU)
		if err != nil {
			return 0, err
		}
		cpus += used
		var its pods
		if err := c.Get(ctx, api.Path("pods", ""), url.Values{"fieldSelector": {"spec.nodeName=" + node}}, &its); err != nil {
			return 0, err
		}
		for _, p := range its.Items {
			here[p.Metadata.Namespace+"/"+p.Metadata.Name] = true
		}
	}
	if cpus == 0 {
		return 0, errors.New("no pod has a node")
	}
	var all pods
	if err := c.Get(ctx, Path+"/pods", nil, &all); err != nil {
		return 0, err
	}
	for _, p := range all.Items {
		if !here[p.Metadata.Namespace+"/"+p.Metadata.Name] {
			continue
		}
		for _, container := range p.Containers {
			used, err := api.Quantity(container.Usage.CPU)
			if err != nil {
				return 0, err
			}
			cpus -= used
		}
	}
	return max(cpus, 0), nil
}
