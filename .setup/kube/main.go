// Command kube is all of a Kubernetes node in one executable: its first argument chooses
// the component, or kubectl. The packages of the components overlap so much that one
// program takes a quarter of the space of eight, and one link.
//
//	kube etcd|kube-apiserver|kube-controller-manager|kube-scheduler|kubelet|kube-proxy|metrics-server|kubectl ARGUMENT...
//	kube certificates FOLDER SERVER-URL NODE ADDRESS...
package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/apiserver/pkg/server"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"          // the log format json
	_ "k8s.io/component-base/metrics/prometheus/clientgo" // the metrics of every component
	_ "k8s.io/component-base/metrics/prometheus/version"
	kubectl "k8s.io/kubectl/pkg/cmd"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
	metricsserver "sigs.k8s.io/metrics-server/cmd/metrics-server/app"
)

func main() {
	components := map[string]func() *cobra.Command{
		"kube-apiserver":          apiserver.NewAPIServerCommand,
		"kube-controller-manager": controllermanager.NewControllerManagerCommand,
		"kube-scheduler":          func() *cobra.Command { return scheduler.NewSchedulerCommand() },
		"kubelet":                 func() *cobra.Command { return kubelet.NewKubeletCommand(context.Background()) },
		"kube-proxy":              proxy.NewProxyCommand,
		// The others set the handler of signals up themselves, which may be done once.
		"metrics-server": func() *cobra.Command {
			return metricsserver.NewMetricsServerCommand(server.SetupSignalHandler())
		},
		"kubectl":      kubectl.NewDefaultKubectlCommand,
		"etcd":         func() *cobra.Command { etcdmain.Main(os.Args); return nil }, // it exits itself
		"certificates": certificatesCommand,
	}
	if len(os.Args) > 1 {
		if command, ok := components[os.Args[1]]; ok {
			os.Args = os.Args[1:]
			os.Exit(cli.Run(command()))
		}
	}
	fmt.Fprintf(os.Stderr, "usage: kube %s ARGUMENT...\n", strings.Join(slices.Sorted(maps.Keys(components)), "|"))
	os.Exit(64)
}
