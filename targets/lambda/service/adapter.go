package service

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"servebench/targets"
	"servebench/targets/local"
)

// Adapter is the program that makes a function of an HTTP server, cmd/lambdaadapter: each
// environment runs it, and it starts the server and asks for work.
type Adapter struct {
	Program string // its path
	// Port is the one that the server listens on whatever PORT says; 0: PORT says it.
	Port int
	// Ready is the path that shows by an answer with a status below 500 that the server is
	// ready, Mode one of InvokeModes, Events the path for events that are no HTTP
	// requests; "": the adapter's own.
	Ready, Mode, Events string
	// Alone says that the server does not see the Runtime API, which it would ask for
	// work itself.
	Alone bool
}

// InvokeModes names the ways in which an adapter hands answers on.
func InvokeModes() []string { return []string{"buffered", "response_stream"} }

// usualPort is that of a server which listens where PORT says, in a network of its own.
const usualPort = 8080

// port chooses the port of the server in an environment of that network; 0: there is no
// adapter, and the function listens nowhere.
func (a *Adapter) port(network *local.Network) (int, error) {
	switch {
	case a == nil:
		return 0, nil
	case a.Port != 0:
		return a.Port, nil
	case network != nil:
		return usualPort, nil
	}
	return targets.FreePort(targets.Loopback)
}

// command is the argument vector of an environment whose server has the one given.
func (a *Adapter) command(program string, port int, server []string) []string {
	if a == nil {
		return server
	}
	args := []string{program, "--port", strconv.Itoa(port)}
	for _, flag := range [][2]string{{"--ready", a.Ready}, {"--invoke-mode", a.Mode}, {"--events", a.Events}} {
		if flag[1] != "" {
			args = append(args, flag[:]...)
		}
	}
	if a.Alone {
		args = append(args, "--no-runtime-api")
	}
	return slices.Concat(args, []string{"--"}, server)
}

// lacks says what is missing of a function that listens on those ports and has not asked
// for work yet.
func (e *environment) lacks(ports []int) string {
	switch {
	case e.service.config.Adapter == nil:
		return noBootstrap(ports)
	case len(ports) == 0:
		return fmt.Sprintf("never listened on port %d, where the adapter waits for it", e.port)
	case !slices.Contains(ports, e.port):
		return fmt.Sprintf("listens on port %s, and not on %d, where the adapter waits for it", numbers(ports), e.port)
	}
	if err := e.checkReady(); err != nil {
		return fmt.Sprintf("listens on port %d and is not ready: %v", e.port, err)
	}
	return fmt.Sprintf("listens on port %d and has just got ready", e.port)
}

// checkTime bounds a readiness request of the service's own.
const checkTime = time.Second

// checkReady asks the server what it tells the adapter.
func (e *environment) checkReady() error {
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(_ context.Context, network, address string) (conn net.Conn, err error) {
		err = e.network.Do(func() error {
			conn, err = net.DialTimeout(network, address, checkTime)
			return err
		})
		return conn, err
	}}
	client := &http.Client{Transport: transport, Timeout: checkTime}
	at := "http://" + targets.Address(targets.Loopback, e.port)
	return targets.CheckReady(context.Background(), client, at, cmp.Or(e.service.config.Adapter.Ready, "/"), targets.Credentials{}, true)
}

// numbers lists ports.
func numbers(ports []int) string {
	return strings.Trim(strings.Join(strings.Fields(fmt.Sprint(ports)), ", "), "[]")
}

// The networks that environments may have.
const (
	NetworkAuto = "auto" // own under an adapter where that can be had, else the host's
	NetworkOwn  = "own"
	NetworkHost = "host"
)

// Networks names them.
func Networks() []string { return []string{NetworkAuto, NetworkOwn, NetworkHost} }

// OwnNetwork reports whether environments get networks of their own, of that kind and with
// an adapter or without. why says that auto could not have them.
func OwnNetwork(kind string, adapted bool) (own bool, why, err error) {
	if kind == NetworkHost || kind == NetworkAuto && !adapted {
		return false, nil, nil
	}
	network, err := local.NewNetwork()
	if err == nil {
		return true, nil, network.Close()
	}
	if kind == NetworkAuto {
		return false, err, nil
	}
	return false, nil, err
}
