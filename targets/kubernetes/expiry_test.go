package kubernetes_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"servebench/targets"
	"servebench/targets/targettest"
)

// expiryServer tells the test, run once more as a process to be killed, what to deploy.
const expiryServer = "KUBERNETES_EXPIRY_SERVER"

// What a servebench leaves that is killed is removed from within the cluster, though nobody
// calls clean.
func TestKubernetesExpiry(t *testing.T) {
	useCluster(t)
	if server := os.Getenv(expiryServer); server != "" {
		deployForExpiry(t, server)
		return
	}
	targettest.Program(t, "kubernetesexpiry")
	victim := exec.Command(os.Args[0], "-test.run=^TestKubernetesExpiry$")
	victim.Env = append(os.Environ(), expiryServer+"="+targettest.Build(t), "TARGETTEST_VICTIM_SERVER=x")
	out, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	defer victim.Process.Kill()
	var namespace string
	for lines := bufio.NewScanner(out); namespace == "" && lines.Scan(); {
		t.Log(lines.Text())
		if _, fact, found := strings.Cut(lines.Text(), "namespace: "); found {
			namespace, _, _ = strings.Cut(fact, ",")
		}
	}
	if err := victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = victim.Wait() // it was killed
	if namespace == "" {
		t.Fatal("the process to kill deployed nothing")
	}
	killed := time.Now()
	for strings.Contains(ctl(t, "get", "namespaces", "-o", "name"), namespace) {
		if time.Since(killed) > 3*time.Minute {
			t.Fatalf("the namespace %s is still there", namespace)
		}
		time.Sleep(time.Second)
	}
	t.Logf("removed from within the cluster %s after the kill", time.Since(killed).Round(time.Second))
	if _, err := kind(t).Sweep(t.Context()); err != nil { // the images on the node
		t.Error(err)
	}
}

// deployForExpiry deploys, says where, and waits to be killed.
func deployForExpiry(t *testing.T, server string) {
	d, err := open(t, nil).Deploy(t.Context(), targets.Workload{Command: []string{server}, Ready: "/ready", Limits: targets.Limits{CPUs: 0.1}})
	if err != nil {
		t.Fatal(err)
	}
	for _, fact := range d.Facts {
		fmt.Printf("%s: %s\n", fact.Name, fact.Value)
	}
	<-d.Done()
}
