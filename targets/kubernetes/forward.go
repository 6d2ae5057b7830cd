package kubernetes

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/kubernetes/api"

	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
)

// forward opens a tunnel to the pod through the API server, as kubectl port-forward does,
// until the deployment is removed.
func (i *instance) forward(ctx context.Context, p pod, why string) (at string, path record.Fact, err error) {
	c := i.run.cluster
	// A connection that the server refuses ends the whole tunnel.
	if err := i.observer.await(ctx, "the pod to be ready", func() bool { return i.observer.pods[i.observer.first].isReady() }); err != nil {
		return "", record.Fact{}, err
	}
	transport, upgrader, err := spdy.RoundTripperFor(c.Config)
	if err != nil {
		return "", record.Fact{}, fmt.Errorf("open a tunnel to the pod: %w", err)
	}
	where, err := url.Parse(c.URL + api.Path(pods, i.run.namespace, p.Metadata.Name, "portforward"))
	if err != nil {
		return "", record.Fact{}, err
	}
	dialer := spdy.NewDialer(upgrader, &http.Client{Transport: transport}, http.MethodPost, where)
	ready, ended := make(chan struct{}), make(chan error, 1)
	tunnel, err := portforward.NewOnAddresses(dialer, []string{targets.Loopback}, []string{fmt.Sprintf("0:%d", i.server.port)}, i.living.Done(), ready, io.Discard, io.Discard)
	if err != nil {
		return "", record.Fact{}, fmt.Errorf("open a tunnel to the pod: %w", err)
	}
	go func() { ended <- tunnel.ForwardPorts() }()
	select {
	case <-ready:
	case err := <-ended:
		return "", record.Fact{}, fmt.Errorf("open a tunnel to the pod: %w", err)
	case <-ctx.Done():
		return "", record.Fact{}, fmt.Errorf("%w while waiting for the tunnel to the pod", context.Cause(ctx))
	}
	ports, err := tunnel.GetPorts()
	if err != nil {
		return "", record.Fact{}, fmt.Errorf("open a tunnel to the pod: %w", err)
	}
	fact := record.Fact{Name: pathFact, Value: "a tunnel through the API server (port-forward), " + why + ": it is measured as well, and takes several times as long as the rest", State: forwarded, Unequal: true}
	return "http://" + targets.Address(targets.Loopback, int(ports[0].Local)), fact, nil
}
