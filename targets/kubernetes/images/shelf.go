// Package images brings images to a Kubernetes cluster: onto the node where that is this
// machine, into a registry that the user names, or not at all where the cluster can pull
// them. The target kubernetes calls it before it deploys.
package images

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"servebench/targets"
	"servebench/targets/image"
	"servebench/targets/kubernetes/api"
	"servebench/targets/local"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// Placed is an image that the cluster has, or can pull.
type Placed struct {
	*image.Image
	Reference string // by which pods name it
	Pull      string // their pull policy
	How       string // it came to be there, for people
	remove    func(ctx context.Context) error
}

// The pull policies.
const (
	pullNever   = "Never"
	pullMissing = "IfNotPresent"
)

// Shelf has the images that were put into a cluster, by their digests, from one deployment
// to the next. The zero value is empty; it is safe for concurrent use.
type Shelf struct {
	mu   sync.Mutex
	kept map[string]Placed
}

// Place returns the image of a workload as the cluster has it. registry is the repository
// that it is pushed to; "": none.
func (s *Shelf) Place(ctx context.Context, c *api.Client, img *image.Image, w targets.Workload, registry string) (Placed, error) {
	defer targets.PauseStartLimit(ctx)()
	s.mu.Lock()
	defer s.mu.Unlock()
	if p, there := s.kept[img.Digest]; there {
		p.Image = img
		return p, nil
	}
	p, err := put(ctx, c, img, w, registry)
	if err != nil {
		return Placed{}, err
	}
	if s.kept == nil {
		s.kept = map[string]Placed{}
	}
	s.kept[img.Digest] = p
	return p, nil
}

// Clear takes back what was put onto this machine's node. What was pushed to a registry
// stays there.
func (s *Shelf) Clear(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var failed []error
	for digest, p := range s.kept {
		if p.remove != nil {
			failed = append(failed, p.remove(ctx))
		}
		delete(s.kept, digest)
	}
	return errors.Join(failed...)
}

// put brings the image to the cluster: onto the node where that is this machine, else to the
// registry that the user names, else not at all where the cluster can pull it itself.
func put(ctx context.Context, c *api.Client, img *image.Image, w targets.Workload, registry string) (Placed, error) {
	began := time.Now()
	took := func() string { return time.Since(began).Round(time.Millisecond).String() }
	switch {
	case registry != "":
		reference, err := push(ctx, img.Image, registry)
		if err != nil {
			return Placed{}, err
		}
		return Placed{Image: img, Reference: reference, Pull: pullMissing, How: "pushed to " + registry + " in " + took() + ", from where the node pulls it"}, nil
	case c.Socket != "":
		// Nobody else may take it away, another target of this process included.
		reference := importPrefix + local.Self().String() + "-" + strings.ToLower(rand.Text()[:12])
		if err := importImage(ctx, c.Socket, img.Image, reference); err != nil {
			return Placed{}, err
		}
		return Placed{
			Image: img, Reference: reference, Pull: pullNever, How: "put into the node's containerd in " + took() + ", before the start",
			remove: func(ctx context.Context) error {
				if c.Ended() {
					return nil
				}
				return removeImage(ctx, c.Socket, reference)
			},
		}, nil
	case pullable(w.Image):
		return Placed{Image: img, Reference: w.Image, Pull: pullMissing, How: "pulled by the node"}, nil
	}
	return Placed{}, errors.New("the image is on this machine only, and the cluster's nodes are elsewhere: name a repository that this machine can push to and the cluster can pull from, such as --set kubernetes.registry=registry.example/team/bench")
}

// pullable reports whether a registry has what the workload names.
func pullable(reference string) bool {
	if reference == "" || filepath.IsAbs(reference) || strings.HasPrefix(reference, "sha256:") {
		return false
	}
	_, err := name.NewDigest(reference)
	return err == nil
}

// ReadRepository reads the repository that images are pushed to.
func ReadRepository(text string) (name.Repository, error) {
	repo, err := name.NewRepository(text)
	if err != nil {
		return repo, fmt.Errorf("%q is no repository such as registry.example/team/bench: %w", text, err)
	}
	return repo, nil
}

// push puts an image into a repository of a registry, unless that has it, and returns the
// reference by its digest.
func push(ctx context.Context, img v1.Image, repository string) (string, error) {
	repo, err := ReadRepository(repository)
	if err != nil {
		return "", &targets.OptionError{Option: "registry", Err: err}
	}
	digest, err := img.Digest()
	if err != nil {
		return "", fmt.Errorf("push the image to %s: %w", repository, err)
	}
	reference := repo.Digest(digest.String())
	if err := remote.Write(reference, img, remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain)); err != nil {
		return "", image.ExplainPush(ctx, repo, err)
	}
	return reference.String(), nil
}

// importPrefix begins the name of every image that is put into a containerd; its local.Maker
// follows.
const importPrefix = "servebench.local/server:"

// ctr runs containerd's own client against the namespace that its Kubernetes part uses.
func ctr(ctx context.Context, socket string, stdin io.Reader, args ...string) (string, error) {
	program, err := exec.LookPath("ctr")
	if err != nil {
		return "", &targets.Unavailable{Why: "ctr, containerd's client, is not in PATH", Fix: targets.Install("containerd", "containerd")}
	}
	var output, fault strings.Builder
	cmd := exec.CommandContext(ctx, program, append([]string{"--address", socket, "--namespace", "k8s.io"}, args...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = stdin, &output, &fault, time.Second
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		return "", fmt.Errorf("ctr %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(fault.String()))
	}
	return output.String(), nil
}

// importImage puts an image into the node's containerd. Its layers go there as they lie here.
func importImage(ctx context.Context, socket string, img v1.Image, reference string) error {
	tag, err := name.NewTag(reference)
	if err != nil {
		return err
	}
	reader, writer := io.Pipe()
	go func() { writer.CloseWithError(tarball.Write(tag, img, writer)) }()
	_, err = ctr(ctx, socket, reader, "images", "import", "-")
	reader.Close()
	if err != nil {
		return fmt.Errorf("put the image onto the node: %w", err)
	}
	return nil
}

// removeImage takes a reference off the node, and with the last one of an image the image,
// which the node's Kubernetes part has under its digest as well.
func removeImage(ctx context.Context, socket, reference string) error {
	listed, err := ctr(ctx, socket, nil, "images", "ls")
	if err == nil {
		_, err = ctr(ctx, socket, nil, append([]string{"images", "rm", "--sync"}, goingWith(listed, reference)...)...)
	}
	if err != nil {
		return fmt.Errorf("take the image off the node: %w", err)
	}
	return nil
}

// goingWith returns the references that go with one, of a list of REFERENCE TYPE DIGEST
// lines: those that are digests, where it is the last one of its image that is a name.
func goingWith(listed, reference string) []string {
	names, digests := map[string]int{}, map[string][]string{} // by what they refer to
	var image string
	for line := range strings.Lines(listed) {
		fields := strings.Fields(line)
		if len(fields) < 3 {
			continue
		}
		if fields[0] == reference {
			image = fields[2]
		}
		if strings.HasPrefix(fields[0], "sha256:") {
			digests[fields[2]] = append(digests[fields[2]], fields[0])
		} else {
			names[fields[2]]++
		}
	}
	if names[image] > 1 {
		return []string{reference}
	}
	return append([]string{reference}, digests[image]...)
}

// Abandoned finds the images on this machine's node, by its containerd's socket, whose makers are gone.
func Abandoned(ctx context.Context, socket string) ([]targets.Leftover, error) {
	listed, err := ctr(ctx, socket, nil, "images", "ls", "-q")
	if err != nil {
		return nil, fmt.Errorf("look for abandoned images on the node: %w", err)
	}
	var found []targets.Leftover
	for _, reference := range strings.Fields(listed) {
		if local.Abandoned(reference, importPrefix) {
			found = append(found, targets.Leftover{
				What:   "image " + reference + " on the local Kubernetes node",
				Remove: func(ctx context.Context) error { return removeImage(ctx, socket, reference) },
			})
		}
	}
	return found, nil
}
