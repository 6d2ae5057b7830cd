package targets

import "context"

// The kinds of faults that can be injected, in the words of Chaos Mesh and chaosd.
const (
	ProcessKill      = "process-kill"
	ProcessStop      = "process-stop"
	PodKill          = "pod-kill"
	NetworkPartition = "network-partition"
	DiskFill         = "disk-fill"
	KubeletRestart   = "kubelet-restart"
	NodeDrain        = "node-drain"
)

// FaultKind describes a kind of fault.
type FaultKind struct {
	Name string
	Doc  string // one sentence
	// Lasts says that it goes on until it is healed; the others happen once.
	Lasts bool
}

// FaultKinds are all kinds of faults. Which of them a target can inject, its Kind says.
func FaultKinds() []FaultKind {
	return []FaultKind{
		{Name: ProcessKill, Doc: "one server process is ended by SIGKILL"},
		{Name: ProcessStop, Doc: "the processes of one server are frozen, as by SIGSTOP, and go on later", Lasts: true},
		{Name: PodKill, Doc: "one pod is deleted without a grace period"},
		{Name: NetworkPartition, Doc: "no packet reaches or leaves one server", Lasts: true},
		{Name: DiskFill, Doc: "the disk space that one server may take is filled beyond its limit, and what fills it is removed later", Lasts: true},
		{Name: KubeletRestart, Doc: "the kubelet of a node that runs the server is restarted"},
		{Name: NodeDrain, Doc: "a node that runs the server is cordoned and its pods are evicted, and it is uncordoned later", Lasts: true},
	}
}

// Injected is a fault that was injected.
type Injected struct {
	// Replica is the instance that it hit, by the name that the target's events have for
	// it; "": the target has a single one, or it hit all.
	Replica string
	// Text says what was done, for people: "SIGKILL to process 4711".
	Text string
	// Heal ends a fault that lasts, and returns once it is over; nil: there is nothing to
	// end. It is called once. Closing the deployment heals as well.
	Heal func(ctx context.Context) error
}

// Injector is implemented by an Instance into which faults can be injected. Inject is safe
// for concurrent use and returns as soon as the fault is in force; on an error nothing of
// it is. kind is one of the target's Kind.Faults.
type Injector interface {
	Inject(ctx context.Context, kind string) (Injected, error)
}
