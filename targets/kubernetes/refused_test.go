package kubernetes

import "testing"

// What to change where a pod is refused goes by what the cluster says.
func TestAdviseRefused(t *testing.T) {
	const where = `Error creating: pods "x-1" is forbidden: `
	for _, c := range []struct {
		message string
		want    string
	}{
		{"failed quota: q: must specify limits.cpu for: server; limits.memory for: server", "set limits.cpus and limits.memory in the scenario, which the namespace's quota counts"},
		{"failed quota: q: must specify limits.memory for: server; requests.memory for: server", "set limits.memory in the scenario, which the namespace's quota counts"},
		{"failed quota: q: must specify limits.ephemeral-storage for: server", "servebench sets no limits.ephemeral-storage: use a namespace whose quota does not count that"},
		{"exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1", "raise the quota's pods: a run takes one for each replica, and one for the Job that removes the run when servebench is killed"},
		{"exceeded quota: q, requested: limits.cpu=100m, used: limits.cpu=20m, limited: limits.cpu=50m", "lower limits.cpus, or raise the namespace's quota (the Job that removes the run when servebench is killed takes 20m CPU and 32Mi of it)"},
		{"exceeded quota: q, requested: limits.memory=1Gi,requests.memory=1Gi, used: limits.memory=0,requests.memory=0, limited: limits.memory=1Mi,requests.memory=1Mi", "lower limits.memory, or raise the namespace's quota (the Job that removes the run when servebench is killed takes 20m CPU and 32Mi of it)"},
		{"exceeded quota: q, requested: count/pods=1, used: count/pods=1, limited: count/pods=1", "raise the namespace's quota"},
		{"maximum cpu usage per Container is 50m, but limit is 100m", "lower limits.cpus, or raise the maximum of the namespace's LimitRange"},
		{"[minimum memory usage per Container is 1Gi, but request is 64Mi]", "raise limits.memory, or lower the minimum of the namespace's LimitRange"},
		{`violates PodSecurity "restricted:latest": runAsNonRoot != true`, "use a namespace whose Pod Security level permits it, or a static program in the place of the image, which every level permits"},
		{"admission webhook denied the request", ""},
	} {
		o := observer{}
		if got := o.adviseRefused(where + c.message); got != c.want {
			t.Errorf("%s: %q, want %q", c.message, got, c.want)
		}
	}
}
