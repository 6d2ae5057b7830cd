package kubernetes_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"servebench/targets"
	"servebench/targets/targettest"
)

// BenchmarkByHand measures a cold start as a user would by hand: kubectl applies a Deployment
// and a Service of the image that the target put onto the node, and the node's port is asked
// until it answers. It stands beside BenchmarkDeploy, whose ready-ms it compares with.
func BenchmarkByHand(b *testing.B) {
	if err := kind(b).Check(b.Context(), nil); err != nil {
		b.Skipf("kubernetes cannot run here: %v", err)
	}
	target, err := kind(b).Open(targets.Config{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer target.Close(context.Background())
	d := deploy(b, target, targets.Workload{Command: []string{targettest.Build(b)}, Ready: "/ready"})
	image := ctl(b, "get", "deployments", "-n", namespaceOf(b, d), "-o", "jsonpath={.items[0].spec.template.spec.containers[0].image}")
	d.Close(b.Context())
	node := ctl(b, "get", "nodes", "-o", "jsonpath={.items[0].status.addresses[0].address}")
	file := filepath.Join(b.TempDir(), "objects.yaml")
	text := fmt.Sprintf(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: by-hand}
spec:
  selector: {matchLabels: {app: by-hand}}
  template:
    metadata: {labels: {app: by-hand}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - {name: server, image: %q, imagePullPolicy: Never, env: [{name: HOST, value: 0.0.0.0}, {name: PORT, value: "8080"}], readinessProbe: {httpGet: {path: /ready, port: 8080}, periodSeconds: 1}}
---
apiVersion: v1
kind: Service
metadata: {name: by-hand}
spec: {type: NodePort, selector: {app: by-hand}, ports: [{port: 80, targetPort: 8080, nodePort: 30977}]}
`, image)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Second}
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		ctl(b, "apply", "-f", file)
		for ; ; time.Sleep(5 * time.Millisecond) {
			answer, err := client.Get("http://" + node + ":30977/ready")
			if err == nil {
				answer.Body.Close()
				if answer.StatusCode == http.StatusOK {
					break
				}
				err = errors.New(answer.Status)
			}
			if time.Since(began) > time.Minute {
				b.Fatalf("the server does not answer within a minute: %v\n%s", err, ctl(b, "describe", "pods", "-l", "app=by-hand"))
			}
		}
		took = append(took, time.Since(began))
		ctl(b, "delete", "-f", file, "--wait=true", "--cascade=foreground")
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2])/float64(time.Millisecond), "ready-ms")
}
