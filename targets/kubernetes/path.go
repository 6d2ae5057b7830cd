package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/kubernetes/api"
)

// reachTime bounds how long a node may take to take or to refuse a connection, either of
// which shows that it can be reached from here.
const reachTime = 2 * time.Second

// reach chooses the load's path to the server and returns its URL, once the pod's node and
// address are known.
func (t *target) reach(ctx context.Context, i *instance) (url string, path record.Fact, err error) {
	o := i.observer
	if t.settings.path == byBalancer {
		return i.balancer(ctx)
	}
	if err := o.await(ctx, "the pod to have a node and an address", func() bool { p := o.pods[o.first]; return p.Status.HostIP != "" && p.Status.PodIP != "" }); err != nil {
		return "", record.Fact{}, err
	}
	p, there := o.firstPod()
	if !there {
		return "", record.Fact{}, targets.ErrEnded
	}
	var node string
	if len(i.service.Spec.Ports) == 1 {
		node = targets.Address(p.Status.HostIP, i.service.Spec.Ports[0].NodePort)
	}
	atPod := targets.Address(p.Status.PodIP, i.server.port)
	switch {
	case t.settings.path == byPod:
		return "http://" + atPod, record.Fact{Name: pathFact, Value: "the pod's address " + atPod}, nil
	case t.settings.path == byForwarding:
		return i.forward(ctx, p, "as kubernetes.path says")
	case t.settings.path == byNodePort || reachable(ctx, node):
		return "http://" + node, record.Fact{Name: pathFact, Value: "the node's port " + node}, nil
	case reachable(ctx, atPod):
		return "http://" + atPod, record.Fact{Name: pathFact, Value: "the pod's address " + atPod + ", since the node cannot be reached from here"}, nil
	}
	return i.forward(ctx, p, fmt.Sprintf("since neither the node (%s) nor the pod (%s) can be reached from here", p.Status.HostIP, p.Status.PodIP))
}

// forwarded is the state of the fact where the way is a tunnel.
const forwarded = "port-forward"

// pathFact is the name of the fact that says how the load reaches the server.
const pathFact = "path of the load"

// reachable reports whether a connection is taken or refused there.
func reachable(ctx context.Context, address string) bool {
	dialer := net.Dialer{Timeout: reachTime}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err == nil {
		conn.Close()
	}
	return err == nil || errors.Is(err, syscall.ECONNREFUSED)
}

// balancer waits until the load balancer has an address.
func (i *instance) balancer(ctx context.Context) (url string, path record.Fact, err error) {
	for {
		for _, at := range i.service.Status.LoadBalancer.Ingress {
			host := at.IP
			if host == "" {
				host = at.Hostname
			}
			address := targets.Address(host, 80)
			return "http://" + address, record.Fact{Name: pathFact, Value: "the load balancer " + address}, nil
		}
		select {
		case <-i.observer.failed:
			return "", record.Fact{}, targets.ErrEnded
		case <-ctx.Done():
			return "", record.Fact{}, fmt.Errorf("%w while waiting for the load balancer to get an address", context.Cause(ctx))
		case <-time.After(goneMost):
		}
		if err := i.run.cluster.Get(ctx, api.Path(services, i.run.namespace, i.server.name), nil, &i.service); err != nil {
			return "", record.Fact{}, fmt.Errorf("look for the load balancer's address: %w", err)
		}
	}
}
