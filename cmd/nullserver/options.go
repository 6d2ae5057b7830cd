package main

import (
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/spf13/pflag"

	"servebench/cmd/exit"
	"servebench/targets/reference/null"
)

// mostBody bounds an answer's body: it is held in memory.
const mostBody = 64 << 20

// options are the flags.
type options struct {
	address, socket string
	body            int
}

// flags defines the flags, with their defaults.
func (o *options) flags(f *pflag.FlagSet) {
	f.SortFlags = false
	f.StringVar(&o.address, "address", "127.0.0.1:8080", "`address` to listen on; port 0 takes a free one")
	f.StringVar(&o.socket, "socket", "", "`path` of a Unix socket to listen on in place of the address")
	f.IntVar(&o.body, "body", null.Body, "`bytes` of an answer's body")
}

// check names every mistake in the flags.
func (o *options) check() error {
	var faults []error
	if !isAddress(o.address) {
		faults = append(faults, fmt.Errorf("--address %s: want an address and a port, such as 127.0.0.1:8080", o.address))
	}
	if o.body < 0 || o.body > mostBody {
		faults = append(faults, fmt.Errorf("--body %d: want a number from 0 to %d", o.body, mostBody))
	}
	if len(faults) > 0 {
		return exit.UsageError{Err: errors.Join(faults...)}
	}
	return nil
}

// isAddress reports whether there are a host, which may be empty, and a port.
func isAddress(text string) bool {
	_, port, err := net.SplitHostPort(text)
	if err != nil {
		return false
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return err == nil
}

// listen opens what the flags name.
func (o *options) listen() (net.Listener, error) {
	network, address := "tcp", o.address
	if o.socket != "" {
		network, address = "unix", o.socket
	}
	return exit.Listen(network, address)
}
