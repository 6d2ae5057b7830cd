package kubernetes_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/targettest"
)

// expiryServer tells the test, run once more as a process to be killed, what to deploy.
const expiryServer = "KUBERNETES_EXPIRY_SERVER"

// What a servebench leaves that is killed is removed from within the cluster, though nobody
// calls clean, and the node that it drained takes pods again.
func TestKubernetesExpiry(t *testing.T) {
	useClusterAlone(t)
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
	late := time.AfterFunc(deployTime+time.Minute, func() { victim.Process.Kill() }) // and it has not said where
	defer late.Stop()
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
	if cordoned := ctl(t, "get", "nodes", "-l", "servebench/run="+namespace, "-o", "jsonpath={.items[*].spec.unschedulable}"); cordoned != "true" {
		t.Errorf("the node that was drained is not cordoned: %q", cordoned)
	}
	for {
		left := ctl(t, "get", "namespaces,nodes,clusterroles,clusterrolebindings", "-l", "servebench/run="+namespace, "-o", "name")
		if strings.TrimSpace(left) == "" {
			break
		}
		if time.Since(killed) > 3*time.Minute {
			t.Fatalf("still there 3 minutes after the kill:\n%s", left)
		}
		time.Sleep(time.Second)
	}
	t.Logf("removed from within the cluster %s after the kill", time.Since(killed).Round(time.Second))
	if cordoned := ctl(t, "get", "nodes", "-o", "jsonpath={.items[*].spec.unschedulable}"); cordoned != "" {
		t.Errorf("a node is still cordoned: %q", cordoned)
	}
	if _, err := kind(t).Sweep(t.Context()); err != nil { // the images on the node
		t.Error(err)
	}
}

// deployForExpiry deploys, drains the node, says where it is, and waits to be killed.
func deployForExpiry(t *testing.T, server string) {
	d := deploy(t, open(t, nil), targets.Workload{Command: []string{server}, Ready: "/ready", Limits: targets.Limits{CPUs: 0.1}})
	injected, err := d.Instance.(targets.Injector).Inject(t.Context(), targets.NodeDrain)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println(injected.Text)
	for _, fact := range d.Facts {
		fmt.Printf("%s: %s\n", fact.Name, fact.Value)
	}
	<-d.Done()
}

// In a namespace that takes no pod without limits, or without a least request, the Job's pod
// runs. Where its pod is refused, the run says so, with the event.
func TestKubernetesExpiryWhereLimited(t *testing.T) {
	t.Parallel() // it mostly waits
	useCluster(t)
	w := targets.Workload{Command: []string{targettest.Build(t)}, Ready: "/ready", Limits: targets.Limits{CPUs: 0.1, Memory: 24 << 20}}
	for name, c := range map[string]struct{ object, want, state string }{
		"quota":           {`kind: ResourceQuota, metadata: {name: q, namespace: %s}, spec: {hard: {limits.cpu: 1, requests.cpu: 1, limits.memory: 1Gi, requests.memory: 1Gi, pods: 3}}`, "a Job in the cluster removes the run", ""},
		"least":           {`kind: LimitRange, metadata: {name: l, namespace: %s}, spec: {limits: [{type: Container, min: {cpu: 30m, memory: 4Mi}, maxLimitRequestRatio: {cpu: 2}}]}`, "a Job in the cluster removes the run", ""},
		"too little room": {`kind: LimitRange, metadata: {name: l, namespace: %s}, spec: {limits: [{type: Container, max: {memory: 24Mi}}]}`, "maximum memory usage per Container is 24Mi, but limit is 32Mi", record.NoExpiry},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			space := namespace(t)
			apply(t, "{apiVersion: v1, "+fmt.Sprintf(c.object, space)+"}")
			target := open(t, map[string]string{"namespace": space})
			d := deploy(t, target, w)
			at := slices.IndexFunc(d.Facts, func(f record.Fact) bool { return f.Name == record.FactExpiry })
			if f := d.Facts[at]; f.State != c.state || !strings.Contains(f.Value, c.want) {
				t.Errorf("the run says %+v, want %q", f, c.want)
			}
			if err := d.Close(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}
