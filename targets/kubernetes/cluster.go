package kubernetes

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"servebench/targets"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// inCluster is the value of the option context for the service account of the pod that
// servebench itself runs in.
const inCluster = "in-cluster"

// requestTime bounds a request that is no watch.
const requestTime = 20 * time.Second

// cluster is the API server of a kubeconfig's context, with the rights of its user.
type cluster struct {
	context   string   // its name, for people
	isDefault bool     // nobody named it: it is the one that make kubernetes starts here
	files     []string // the kubeconfigs that it is looked up in
	url       string
	namespace string // that the context names
	// socket is that of the containerd of a node that is this machine, which images can be
	// put into directly; "": there is none.
	socket string
	config *rest.Config
	http   *http.Client
	ahead  atomic.Int64 // of the API server's clock before this machine's, in nanoseconds
}

// localConfig is the kubeconfig of the cluster that make kubernetes starts on this machine.
func localConfig() (string, error) {
	return targets.CacheDir(filepath.Join("kubernetes", "kubeconfig"))
}

// connect reads the kubeconfig. A cluster that nobody named is never used, however many
// kubeconfigs lie around: without a context it is the one that make kubernetes starts here.
func connect(name string, files []string) (*cluster, error) {
	local, err := localConfig()
	if err != nil {
		return nil, err
	}
	c := &cluster{context: name, isDefault: name == "", files: files, namespace: "default"}
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
		if c.files == nil {
			c.files = append(usersConfigs(), local)
		}
		err = c.load(&clientcmd.ClientConfigLoadingRules{Precedence: c.files}, name)
	}
	if err != nil {
		return nil, err
	}
	c.config.UserAgent = "servebench"
	if c.http, err = rest.HTTPClientFor(c.config); err != nil {
		return nil, &targets.Unavailable{Why: fmt.Sprintf("the kubeconfig of context %s: %v", c.context, err)}
	}
	if c.url, err = baseOf(c.config); err != nil {
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
func (c *cluster) load(rules *clientcmd.ClientConfigLoadingRules, name string) error {
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
		return &targets.Unavailable{Why: fmt.Sprintf("no kubeconfig (%s) has a context %q; there are: %s",
			strings.Join(rules.GetLoadingPrecedence(), ", "), name, strings.Join(append(names, inCluster), ", "))}
	}
	config := clientcmd.NewDefaultClientConfig(*file, &clientcmd.ConfigOverrides{CurrentContext: name})
	if c.config, err = config.ClientConfig(); err != nil {
		return &targets.Unavailable{Why: fmt.Sprintf("the kubeconfig's context %q: %v", name, err)}
	}
	if namespace, _, err := config.Namespace(); err == nil {
		c.namespace = namespace
	}
	if name == "" {
		c.context = file.CurrentContext
	}
	return nil
}

// accountNamespace is where a pod finds the name of its namespace.
const accountNamespace = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

func (c *cluster) loadInCluster() (err error) {
	if c.config, err = rest.InClusterConfig(); err != nil {
		return &targets.Unavailable{Why: "servebench does not run in a pod with a service account: " + err.Error()}
	}
	if text, err := os.ReadFile(accountNamespace); err == nil {
		c.namespace = strings.TrimSpace(string(text))
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
func (c *cluster) findSocket(local string) {
	file, err := clientcmd.LoadFromFile(local)
	if err != nil {
		return
	}
	for _, known := range file.Clusters {
		socket := filepath.Join(filepath.Dir(local), "containerd.sock")
		if info, err := os.Stat(socket); err == nil && info.Mode().Type() == fs.ModeSocket && strings.TrimSuffix(known.Server, "/") == c.url {
			c.socket = socket
		}
	}
}

// now is the time by the API server's clock, as far as an answer of it has told.
func (c *cluster) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// The types of bodies of requests.
const (
	plainJSON  = "application/json"
	mergePatch = "application/merge-patch+json"
)

// get, create, patch and remove are the requests with a body of JSON and one of JSON in the
// answer, which is decoded into out unless that is nil.
func (c *cluster) get(ctx context.Context, path string, query url.Values, out any) error {
	return c.call(ctx, http.MethodGet, path, query, nil, out)
}

func (c *cluster) create(ctx context.Context, path string, body, out any) error {
	return c.call(ctx, http.MethodPost, path, nil, body, out)
}

func (c *cluster) patch(ctx context.Context, path string, body, out any) error {
	return c.call(ctx, http.MethodPatch, path, nil, body, out)
}

// remove deletes an object, or with a query all that it selects. What is gone already is no
// error.
func (c *cluster) remove(ctx context.Context, path string, query url.Values, options object) error {
	err := c.call(ctx, http.MethodDelete, path, query, options, nil)
	if isStatus(err, http.StatusNotFound) {
		return nil
	}
	return err
}

func (c *cluster) call(ctx context.Context, method, path string, query url.Values, body, out any) error {
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	answer, err := c.send(ctx, method, path, query, body)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if out == nil {
		_, err = io.Copy(io.Discard, answer.Body)
	} else {
		err = json.NewDecoder(answer.Body).Decode(out)
	}
	if err != nil {
		return fmt.Errorf("read the API server's answer to %s %s: %w", method, path, err)
	}
	return nil
}

// send sends a request and returns an answer of 2xx, whose body is the caller's to close.
func (c *cluster) send(ctx context.Context, method, path string, query url.Values, body any) (*http.Response, error) {
	var content io.Reader
	kind := plainJSON
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(text)
	}
	if method == http.MethodPatch {
		kind = mergePatch
	}
	full := c.url + path
	if len(query) > 0 {
		full += "?" + query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, method, full, content)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", kind)
	request.Header.Set("Accept", plainJSON)
	answer, err := c.http.Do(request)
	if err != nil {
		if cause := context.Cause(ctx); errors.Is(cause, context.Canceled) {
			return nil, cause
		}
		return nil, &unreachable{c.url, targets.Explain(err)}
	}
	if date, err := http.ParseTime(answer.Header.Get("Date")); err == nil {
		c.ahead.Store(int64(time.Until(date)))
	}
	if answer.StatusCode/100 != 2 {
		defer answer.Body.Close()
		return nil, readRefusal(answer)
	}
	return answer, nil
}

// unreachable says that the API server gave no answer.
type unreachable struct {
	url string
	err error
}

func (u *unreachable) Error() string {
	return fmt.Sprintf("the API server %s cannot be reached: %v", u.url, u.err)
}
func (u *unreachable) Unwrap() error { return u.err }

// refusal is what the API server says of a request that it refuses, a Status of the API.
type refusal struct {
	Code    int    `json:"code"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
	Details struct {
		Causes []struct {
			Reason string `json:"reason"`
		} `json:"causes"`
	} `json:"details"`
}

func readRefusal(answer *http.Response) error {
	const most = 64 << 10
	text, _ := io.ReadAll(io.LimitReader(answer.Body, most)) // what there is of it
	r := &refusal{}
	if json.Unmarshal(text, r) != nil || r.Message == "" {
		r.Message = targets.Answer(answer.Status, answer.Header, text)
	}
	r.Code = answer.StatusCode
	return r
}

func (r *refusal) Error() string {
	for _, cause := range r.Details.Causes {
		if cause.Reason == "NamespaceTerminating" {
			return "the namespace is being removed (NamespaceTerminating): " + r.Message
		}
	}
	switch {
	case r.Code == http.StatusUnauthorized:
		return "the API server does not accept the context's credentials (status 401): " + r.Message
	case r.Code == http.StatusForbidden && strings.Contains(r.Message, "exceeded quota"):
		return "a quota of the namespace is too small: " + r.Message
	case r.Code == http.StatusForbidden:
		return "the context's user has no right to do it: " + r.Message
	}
	return fmt.Sprintf("the API server refuses it (status %d): %s", r.Code, r.Message)
}

// isStatus reports whether the API server answered with that status.
func isStatus(err error, status int) bool {
	r, ok := errors.AsType[*refusal](err)
	return ok && r.Code == status
}

// watchPause is how long to wait before a watch that ended is begun again.
const watchPause = 200 * time.Millisecond

// watch calls each with what happens to the objects that the path and the query name, first
// with those that are there, until ctx ends. It is begun again where the API server ends it,
// with those that are there then. It returns why there is none, once the first answer came.
func (c *cluster) watch(ctx context.Context, path string, query url.Values, each func(change)) error {
	watching := url.Values{"watch": {"1"}}
	maps.Copy(watching, query)
	answer, err := c.send(ctx, http.MethodGet, path, watching, nil)
	if err != nil {
		return err
	}
	go func() {
		for {
			decoder := json.NewDecoder(answer.Body)
			for {
				var is change
				if decoder.Decode(&is) != nil {
					break
				}
				if is.Type != "ERROR" {
					each(is)
				}
			}
			answer.Body.Close()
			for {
				select {
				case <-ctx.Done():
					return
				case <-time.After(watchPause):
				}
				if answer, err = c.send(ctx, http.MethodGet, path, watching, nil); err == nil {
					break
				}
			}
		}
	}()
	return nil
}

// change is an event of a watch.
type change struct {
	Type   string // ADDED, MODIFIED, DELETED
	Object json.RawMessage
}
