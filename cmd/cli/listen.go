package cli

import (
	"errors"
	"fmt"
	"net"
	"syscall"
)

// Listen is net.Listen with an error in the user's words.
func Listen(network, address string) (net.Listener, error) {
	listener, err := net.Listen(network, address)
	var lookup *net.DNSError
	why := err
	switch {
	case err == nil:
		return listener, nil
	case errors.Is(err, syscall.EADDRINUSE):
		why = errors.New("address already in use: another program listens there")
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		why = errors.New("this machine does not have that address; want 127.0.0.1, 0.0.0.0 or an address of this machine")
	case errors.Is(err, syscall.EACCES):
		why = errors.New("permission denied: ports below 1024 are for root")
	case errors.As(err, &lookup):
		why = fmt.Errorf("there is no host %s", lookup.Name)
	}
	return nil, fmt.Errorf("listen on %s: %w", address, why)
}
