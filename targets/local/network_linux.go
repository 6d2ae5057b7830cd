package local

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Network is a network apart from this machine's, which has a loopback interface and
// nothing else: the ports in it are nobody else's, and nothing beyond it is reached. It is
// there for as long as a process, a socket or this value is in it. A nil one stands for
// this machine's.
type Network struct{ namespace *os.File }

// NewNetwork makes one, which needs root and CAP_NET_ADMIN.
func NewNetwork() (*Network, error) {
	n, failed := new(Network), make(chan error)
	onOwnThread(func() { failed <- n.open() })
	if err := <-failed; err != nil {
		return nil, fmt.Errorf("make a network namespace, which needs root and CAP_NET_ADMIN: %w", err)
	}
	return n, nil
}

// open makes the network of the calling thread, which may do nothing else ever after.
func (n *Network) open() error {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return err
	}
	if err := raise("lo"); err != nil {
		return err
	}
	var err error
	n.namespace, err = os.Open("/proc/thread-self/ns/net")
	return err
}

// raise brings an interface of the calling thread's network up.
func raise(name string) error {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(socket)
	request, err := unix.NewIfreq(name)
	if err != nil {
		return err
	}
	if err := unix.IoctlIfreq(socket, unix.SIOCGIFFLAGS, request); err != nil {
		return err
	}
	request.SetUint16(request.Uint16() | unix.IFF_UP)
	return unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, request)
}

// Do calls do on a thread that is in the network, whose sockets are in it from then on.
func (n *Network) Do(do func() error) error {
	if n == nil {
		return do()
	}
	failed := make(chan error)
	onOwnThread(func() {
		err := n.enter()
		if err == nil {
			err = do()
		}
		failed <- err
	})
	return <-failed
}

// enter puts the calling thread, and with it the processes that it starts, into the network.
func (n *Network) enter() error {
	if n == nil {
		return nil
	}
	if err := unix.Setns(int(n.namespace.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("enter the network namespace: %w", err)
	}
	return nil
}

// Close leaves the network to what is in it.
func (n *Network) Close() error {
	if n == nil {
		return nil
	}
	return n.namespace.Close()
}
