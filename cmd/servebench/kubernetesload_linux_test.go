package main

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"testing"

	"servebench/cmd/cli"
	"servebench/reports/record"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// inOwnNetwork calls do on a thread that has a network with nothing in it but the loopback,
// from where processes that it starts reach an address of this machine through a port, and
// no other.
func inOwnNetwork(t *testing.T, to string, do func(port string) error) {
	t.Helper()
	listening, done := make(chan net.Listener, 1), make(chan error, 1)
	go func() {
		runtime.LockOSThread() // for good: the thread ends with this goroutine
		done <- func() error {
			if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
				return err
			}
			loopback, err := netlink.LinkByName("lo")
			if err == nil {
				err = netlink.LinkSetUp(loopback)
			}
			if err != nil {
				return err
			}
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			listening <- listener
			return do(listener.Addr().String())
		}()
	}()
	go func() {
		listener := <-listening
		t.Cleanup(func() { listener.Close() })
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				other, err := net.Dial("tcp", to)
				if err != nil {
					return
				}
				defer other.Close()
				go io.Copy(other, conn)
				_, _ = io.Copy(conn, other)
			}()
		}
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// TestKubernetesLoadWhereNothingIsReachable runs where the API server can be reached, and
// neither a node nor a pod: the load is made in the cluster without being asked for.
func TestKubernetesLoadWhereNothingIsReachable(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("a network of its own needs root")
	}
	l := newLoaded(t, filepath.Join(builtPrograms(t), "servebench"))
	config, err := os.ReadFile(filepath.Join(l.cluster, "kubeconfig"))
	if err != nil {
		t.Fatal(err)
	}
	server := regexp.MustCompile(`server: https://([0-9.]+):([0-9]+)`).FindSubmatch(config)
	if server == nil {
		t.Fatal("the kubeconfig names no server")
	}
	cache := t.TempDir()
	folder := filepath.Join(cache, "kubernetes")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(l.cluster, "containerd.sock"), filepath.Join(folder, "containerd.sock")); err != nil {
		t.Fatal(err)
	}
	inOwnNetwork(t, net.JoinHostPort(string(server[1]), string(server[2])), func(port string) error {
		there := regexp.MustCompile(`server: .*`).ReplaceAll(config, []byte("server: https://"+port+"\n    tls-server-name: "+string(server[1])))
		if err := os.WriteFile(filepath.Join(folder, "kubeconfig"), there, 0o600); err != nil {
			return err
		}
		l.cmd.Env = append(l.cmd.Env, "SERVEBENCH_CACHE="+cache)
		return l.start()
	})
	run := l.wait(cli.OK, cli.Invalid)
	l.nothingLeft()
	want := regexp.MustCompile(`^[0-9.]+:80 within the cluster, from a pod in the cluster; the first answer comes through a tunnel, since this machine reaches neither node nor pod$`)
	if path := factOf(run, "path of the load"); !want.MatchString(path) {
		t.Errorf("path %q", path)
	}
	if slices.ContainsFunc(run.Cells, func(c record.Cell) bool { return c.Ledger.OK == 0 || c.Ledger.OK != c.Ledger.Scheduled }) {
		t.Errorf("%+v, want every request answered", run.Cells)
	}
}
