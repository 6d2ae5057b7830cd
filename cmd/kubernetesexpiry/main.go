// Command kubernetesexpiry runs in a cluster beside a run of servebench, and removes that from
// the cluster when its servebench is gone.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"servebench/targets/kubernetes/expiry"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stderr))
}

// usageCode is the exit status of a mistake in the command line.
const usageCode = 64

// run is the whole program: it returns the exit code. It ends on SIGTERM.
func run(ctx context.Context, args []string, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	r := expiry.Run{Pause: 5 * time.Second}
	flags := flag.NewFlagSet("kubernetesexpiry", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&r.Namespace, "namespace", "", "namespace of the run")
	flags.StringVar(&r.Lease, "lease", "", "name of its Lease")
	flags.BoolVar(&r.Own, "own", false, "the namespace is the run's, and is removed")
	flags.DurationVar(&r.Patience, "patience", time.Minute, "how long the Lease may go without being renewed")
	if err := flags.Parse(args); err != nil {
		return usageCode
	}
	if r.Namespace == "" || r.Lease == "" {
		fmt.Fprintln(stderr, "kubernetesexpiry: want --namespace and --lease")
		return usageCode
	}
	var err error
	if r.Server, r.Client, err = expiry.InCluster(); err != nil {
		fmt.Fprintln(stderr, "kubernetesexpiry:", err)
		return 1
	}
	removed, err := r.Await(ctx)
	if err != nil {
		fmt.Fprintln(stderr, "kubernetesexpiry:", err)
		return 1
	}
	if removed {
		fmt.Fprintln(stderr, "kubernetesexpiry: removed the run, whose servebench is gone")
	}
	return 0
}
