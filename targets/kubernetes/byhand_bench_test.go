package kubernetes_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
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
	folder, err := targets.CacheDir("kubernetes")
	if err != nil {
		b.Fatal(err)
	}
	target, err := kind(b).Open(targets.Config{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer target.Close(context.Background())
	d, err := target.Deploy(b.Context(), targets.Workload{Command: []string{targettest.Build(b)}, Ready: "/ready"})
	if err != nil {
		b.Fatal(err)
	}
	d.Close(b.Context())
	run := func(program string, args ...string) string {
		cmd := exec.CommandContext(context.Background(), program, args...)
		cmd.Env = append(os.Environ(), "KUBECONFIG="+filepath.Join(folder, "kubeconfig"))
		out, err := cmd.CombinedOutput()
		if err != nil {
			b.Fatalf("%s %q: %v\n%s", program, args, err, out)
		}
		return string(out)
	}
	kubectl := func(args ...string) string {
		return run(filepath.Join(folder, "kube"), append([]string{"kubectl"}, args...)...)
	}
	image := slices.DeleteFunc(strings.Fields(run("ctr", "-a", filepath.Join(folder, "containerd.sock"), "-n", "k8s.io", "images", "ls", "-q")), func(name string) bool {
		return !strings.HasPrefix(name, fmt.Sprintf("servebench.local/server:%d-", os.Getpid()))
	})[0]
	node := kubectl("get", "nodes", "-o", "jsonpath={.items[0].status.addresses[0].address}")
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
		kubectl("apply", "-f", file)
		for {
			answer, err := client.Get("http://" + node + ":30977/ready")
			if err == nil {
				answer.Body.Close()
				if answer.StatusCode == http.StatusOK {
					break
				}
			}
			time.Sleep(5 * time.Millisecond)
		}
		took = append(took, time.Since(began))
		kubectl("delete", "-f", file, "--wait=true", "--cascade=foreground")
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2])/float64(time.Millisecond), "ready-ms")
}
