package api

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"servebench/targets"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// inCluster is the name of the context for the service account of the pod that servebench
// itself runs in.
const inCluster = "in-cluster"

// localConfig is the kubeconfig of the cluster that make kubernetes starts on this machine.
func localConfig() (string, error) {
	return targets.CacheDir(filepath.Join("kubernetes", "kubeconfig"))
}

// Connect reads the kubeconfig. A cluster that nobody named is never used, however many
// kubeconfigs lie around: without a context it is the one that make kubernetes starts here.
func Connect(name string, files []string) (*Client, error) {
	local, err := localConfig()
	if err != nil {
		return nil, err
	}
	c := &Client{Context: name, IsDefault: name == "", Files: files}
	switch name {
	case "":
		if _, err := os.Stat(local); err != nil {
			return nil, &targets.Unavailable{
				Why: "no local cluster is up, and kubernetes.context names no other",
				Fix: "make kubernetes, or --set kubernetes.context=NAME",
			}
		}
		err = c.load(&clientcmd.ClientConfigLoadingRules{ExplicitPath: local}, "")
	case inCluster:
		err = c.loadInCluster()
	default:
		if c.Files == nil {
			c.Files = append(usersConfigs(), local)
		}
		err = c.load(&clientcmd.ClientConfigLoadingRules{Precedence: c.Files}, name)
	}
	if err != nil {
		return nil, err
	}
	c.Config.UserAgent = "servebench"
	if c.http, err = rest.HTTPClientFor(c.Config); err != nil {
		return nil, &targets.Unavailable{Why: fmt.Sprintf("the kubeconfig of context %s: %v", c.Context, err)}
	}
	if c.URL, err = baseOf(c.Config); err != nil {
		return nil, err
	}
	c.findSocket(local)
	return c, nil
}

// usersConfigs are the kubeconfigs that KUBECONFIG names, else the user's own.
func usersConfigs() []string {
	var files []string
	for _, file := range clientcmd.NewDefaultClientConfigLoadingRules().Precedence {
		if absolute, err := filepath.Abs(file); err == nil {
			files = append(files, absolute)
		}
	}
	return files
}

// load reads the context of that name; "": the current one.
func (c *Client) load(rules *clientcmd.ClientConfigLoadingRules, name string) error {
	file, err := rules.Load()
	if err != nil {
		return &targets.Unavailable{Why: fmt.Sprintf("read the kubeconfig: %v", err)}
	}
	if _, known := file.Contexts[name]; name != "" && !known {
		var names []string
		for each := range file.Contexts {
			names = append(names, each)
		}
		slices.Sort(names)
		if os.Getenv("KUBERNETES_SERVICE_HOST") != "" { // as in every pod
			names = append(names, inCluster)
		}
		if len(names) == 0 {
			names = []string{"none"}
		}
		return &targets.Unavailable{Why: fmt.Sprintf("no kubeconfig (%s) has a context %q; there are: %s",
			strings.Join(rules.GetLoadingPrecedence(), ", "), name, strings.Join(names, ", "))}
	}
	config := clientcmd.NewDefaultClientConfig(*file, &clientcmd.ConfigOverrides{CurrentContext: name})
	if c.Config, err = config.ClientConfig(); err != nil {
		return &targets.Unavailable{Why: fmt.Sprintf("the kubeconfig's context %q: %v", name, err)}
	}
	if name == "" {
		c.Context = file.CurrentContext
	}
	return nil
}

func (c *Client) loadInCluster() (err error) {
	if c.Config, err = rest.InClusterConfig(); err != nil {
		return &targets.Unavailable{Why: "servebench does not run in a pod with a service account: " + err.Error()}
	}
	return nil
}

func baseOf(config *rest.Config) (string, error) {
	base, _, err := rest.DefaultServerUrlFor(config)
	if err != nil {
		return "", &targets.Unavailable{Why: fmt.Sprintf("the kubeconfig's server %q: %v", config.Host, err)}
	}
	return strings.TrimSuffix(base.String(), "/"), nil
}

// findSocket looks whether the cluster is the one that make kubernetes starts here, under
// whichever name.
func (c *Client) findSocket(local string) {
	file, err := clientcmd.LoadFromFile(local)
	if err != nil {
		return
	}
	for _, known := range file.Clusters {
		socket := filepath.Join(filepath.Dir(local), "containerd.sock")
		if info, err := os.Stat(socket); err == nil && info.Mode().Type() == fs.ModeSocket && strings.TrimSuffix(known.Server, "/") == c.URL {
			c.Socket = socket
		}
	}
}

// Ended reports whether the cluster is the one that make kubernetes started here, and has
// been ended since, with everything in it.
func (c *Client) Ended() bool {
	if c.Socket == "" {
		return false
	}
	_, err := os.Stat(c.Socket)
	return errors.Is(err, fs.ErrNotExist)
}
