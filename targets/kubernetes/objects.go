package kubernetes

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"servebench/targets"
	"servebench/targets/image"
	"servebench/targets/kubernetes/api"
	"servebench/targets/kubernetes/expiry"
	"servebench/targets/kubernetes/images"
	"servebench/targets/local"
)

// object is one of the API's, as JSON has it.
type object = map[string]any

// The labels of all that servebench makes.
const (
	managedBy       = "app.kubernetes.io/managed-by"
	manager         = "servebench"
	labelRun        = expiry.LabelRun
	labelDeployment = "servebench/deployment"
	labelMaker      = expiry.LabelMaker // the local.Maker that made it
	labelBoot       = expiry.LabelBoot  // of the machine that the maker runs on
)

// container is the name of the server's container.
const container = "server"

// portName is the name of the port that the server listens on.
const portName = "serve"

// inside is the port of a server whose image says none.
const inside = 8080

// The kinds of objects that are made.
const (
	deployments = "deployments.apps/v1"
	replicaSets = "replicasets.apps/v1"
	leases      = "leases.coordination.k8s.io/v1"
	pods        = "pods"
	services    = "services"
	events      = "events"
	accounts    = "serviceaccounts"
	namespaces  = "namespaces"
)

// meta is the metadata of an object of the run.
func (r *run) meta(name string, labels map[string]string) object {
	all := maps.Clone(r.labels)
	maps.Copy(all, labels)
	m := object{"name": name, "labels": all}
	if r.owner != nil {
		m["ownerReferences"] = []object{r.owner}
	}
	return m
}

// server is what a deployment is made of.
type server struct {
	name     string
	image    images.Placed
	process  image.Process
	port     int
	workload targets.Workload
	account  string // the service account; "": the namespace's default
	kind     string // the Service's type
}

// fewest is how many replicas there are at the start.
func (s server) fewest() int { return max(1, s.workload.Scaling.Min) }

// labels select the deployment's objects.
func (s server) labels() map[string]string { return map[string]string{labelDeployment: s.name} }

// deployment describes the pods: what the image says, as every other target has it, with
// requests equal to limits, and nothing of the API in it.
func (r *run) deployment(s server) object {
	spec := object{
		"automountServiceAccountToken":  false,
		"enableServiceLinks":            false,
		"dnsPolicy":                     "Default",
		"terminationGracePeriodSeconds": int(local.Grace.Seconds()),
		"securityContext":               s.podSecurity(),
		"containers":                    []object{s.container()},
	}
	if s.account != "" {
		spec["serviceAccountName"] = s.account
	}
	if s.image.Static {
		spec["volumes"] = []object{{"name": "tmp", "emptyDir": s.temporary()}}
	}
	return object{
		"apiVersion": "apps/v1", "kind": "Deployment",
		"metadata": r.meta(s.name, s.labels()),
		"spec": object{
			"replicas": s.fewest(),
			"selector": object{"matchLabels": s.labels()},
			"template": object{"metadata": r.podMeta(s), "spec": spec},
		},
	}
}

// podMeta is the pods' metadata: their owner is the ReplicaSet.
func (r *run) podMeta(s server) object {
	meta := r.meta(s.name, s.labels())
	delete(meta, "ownerReferences")
	delete(meta, "name")
	return meta
}

// container is the server's own.
func (s server) container() object {
	c := object{
		"name": container, "image": s.image.Reference, "imagePullPolicy": s.image.Pull,
		"command": escapedAll(s.process.Args), "workingDir": s.process.Dir, "env": s.environment(),
		"ports":           []object{{"name": portName, "containerPort": s.port}},
		"readinessProbe":  s.probe(),
		"securityContext": s.security(),
	}
	if resources := s.resources(); len(resources) > 0 {
		c["resources"] = object{"requests": resources, "limits": resources}
	}
	if s.image.Static {
		c["volumeMounts"] = []object{{"name": "tmp", "mountPath": "/tmp"}}
	}
	return c
}

func (s server) environment() []object {
	// The pod's name is what its events call it, too.
	env := []object{{"name": targets.InstanceIDVariable, "valueFrom": object{"fieldRef": object{"fieldPath": "metadata.name"}}}}
	if slices.ContainsFunc(s.process.Env, func(pair string) bool { return strings.HasPrefix(pair, targets.InstanceIDVariable+"=") }) {
		env = nil
	}
	for _, pair := range s.process.Env {
		key, value, _ := strings.Cut(pair, "=")
		env = append(env, object{"name": key, "value": escaped(value)})
	}
	return env
}

// escaped keeps the kubelet from filling in variables, $(NAME), which no other target does.
func escaped(text string) string { return strings.ReplaceAll(text, "$", "$$") }

func escapedAll(texts []string) []string {
	texts = slices.Clone(texts)
	for i := range texts {
		texts[i] = escaped(texts[i])
	}
	return texts
}

// resources are the workload's limits, in the API's units.
func (s server) resources() object {
	limits := object{}
	if cpus := s.workload.Limits.CPUs; cpus > 0 {
		limits["cpu"] = strconv.Itoa(int(math.Ceil(cpus*1000))) + "m"
	}
	if memory := s.workload.Limits.Memory; memory > 0 {
		limits["memory"] = strconv.FormatInt(int64(memory), 10)
	}
	if s.fillable() {
		limits["ephemeral-storage"] = fillQuantity
	}
	return limits
}

// temporary is where /tmp of a static program lies: in memory, unless its disk is to be filled.
func (s server) temporary() object {
	if s.fillable() {
		return object{"sizeLimit": fillQuantity}
	}
	return object{"medium": "Memory"}
}

func (s server) podSecurity() object {
	security := object{"runAsUser": s.process.UID, "runAsGroup": s.process.GID}
	if len(s.process.Groups) > 0 {
		security["supplementalGroups"] = s.process.Groups
	}
	if s.image.Static {
		security["runAsNonRoot"], security["seccompProfile"] = true, object{"type": "RuntimeDefault"}
	}
	return security
}

func (s server) security() object {
	security := object{"allowPrivilegeEscalation": false}
	if s.image.Static {
		security["readOnlyRootFilesystem"], security["capabilities"] = true, object{"drop": []string{"ALL"}}
	}
	return security
}

// healthService is the readiness call of gRPC that the kubelet can make.
const healthService = "/grpc.health.v1.Health/Check"

// probe asks what the workload's readiness request asks, every second. What the kubelet
// cannot ask (HTTP/2 without TLS, other methods of gRPC, any status below 500, what needs
// credentials, which would lie in the cluster) is a connection to the port.
func (s server) probe() object {
	w := s.workload
	check := object{"httpGet": object{"path": w.Ready, "port": portName, "scheme": "HTTP"}}
	switch {
	case w.Ready == healthService && w.Credentials.Authorize == nil:
		check = object{"grpc": object{"port": s.port}}
	case w.Ready == "" || w.AnyAnswer || w.HTTP2 || targets.IsCall(w.Ready) || w.Credentials.Authorize != nil:
		check = object{"tcpSocket": object{"port": portName}}
	}
	check["periodSeconds"], check["timeoutSeconds"], check["failureThreshold"] = 1, 1, 3
	return check
}

// service is the address that requests go to, from which they are spread over the pods.
func (r *run) service(s server) object {
	return object{
		"apiVersion": "v1", "kind": "Service",
		"metadata": r.meta(s.name, s.labels()),
		"spec": object{
			"type": s.kind, "selector": s.labels(),
			"ports": []object{{"name": portName, "port": 80, "targetPort": portName}},
		},
	}
}

// madeService is what the API server makes of it.
type madeService struct {
	Spec struct {
		ClusterIP string
		Ports     []struct{ NodePort int }
	}
	Status struct {
		LoadBalancer struct {
			Ingress []struct{ IP, Hostname string }
		}
	}
}

// pod is what is read of a pod.
type pod struct {
	Metadata struct {
		Name, UID         string
		DeletionTimestamp *string
	}
	Spec struct {
		NodeName string
	}
	Status struct {
		Phase, Reason, Message string
		HostIP, PodIP          string
		Conditions             api.Conditions
		ContainerStatuses      []containerStatus
	}
}

type containerStatus struct {
	Name, ContainerID string
	Ready             bool
	RestartCount      int
	State, LastState  containerState
}

type containerState struct {
	Waiting    *struct{ Reason, Message string }
	Running    *struct{}
	Terminated *termination
}

type termination struct {
	ExitCode        int
	Signal          int
	Reason, Message string
	ContainerID     string
}

// scheduled reports whether a node was chosen for the pod, isReady whether it is given
// requests, which a pod is no more once it is deleted, however long it takes to end, and ended
// whether it is at its end.
func (p pod) scheduled() bool {
	status, _, _ := p.Status.Conditions.Of("PodScheduled")
	return status == "True"
}

func (p pod) isReady() bool {
	status, _, _ := p.Status.Conditions.Of("Ready")
	return status == "True" && p.Metadata.DeletionTimestamp == nil
}

func (p pod) ended() bool { return p.Status.Phase == "Failed" || p.Status.Phase == "Succeeded" }

// ran reports whether the server runs or did.
func (p pod) ran() bool {
	s := p.server().State
	return s.Running != nil || s.Terminated != nil
}

// server is the state of the server's container; the zero value: there is none yet.
func (p pod) server() containerStatus {
	for _, c := range p.Status.ContainerStatuses {
		if c.Name == container {
			return c
		}
	}
	return containerStatus{}
}

// selector selects the objects of one deployment.
func selector(name string) map[string][]string {
	return map[string][]string{"labelSelector": {labelDeployment + "=" + name}}
}
