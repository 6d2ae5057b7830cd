// Package daemon asks the Docker Engine of this machine: whether it is there, for images
// that it has, and to build one. Package image opens images through it, and the target
// container runs them.
package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"servebench/targets"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"
)

// wait bounds the question whether an engine answers.
const wait = 5 * time.Second

// address is where the engine answers: what DOCKER_HOST says, or the usual socket.
func address() string {
	if set := os.Getenv(client.EnvOverrideHost); set != "" {
		return set
	}
	return client.DefaultDockerHost
}

// Dial returns a client of the engine that DOCKER_HOST names, or the usual socket, once
// it answered. The caller closes it.
func Dial(ctx context.Context) (*client.Client, *targets.Unavailable) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	address := address()
	if u, err := url.Parse(address); err != nil || u.Scheme != "unix" {
		return nil, &targets.Unavailable{
			Why: fmt.Sprintf("DOCKER_HOST is %s, but only an engine on this machine can be measured", address),
			Fix: "DOCKER_HOST=" + client.DefaultDockerHost,
		}
	}
	cli, err := client.New(client.WithHost(address))
	if err == nil {
		_, err = cli.Ping(ctx, client.PingOptions{NegotiateAPIVersion: true})
	}
	if err == nil {
		return cli, nil
	}
	if cli != nil {
		cli.Close()
	}
	return nil, &targets.Unavailable{
		Why: fmt.Sprintf("no Docker Engine answers at %s (%s)", address, reason(err)),
		Fix: targets.Install("docker.io", "docker"),
	}
}

// reason shortens the client's error to what the socket said.
func reason(err error) string {
	for _, known := range []error{os.ErrNotExist, os.ErrPermission, context.DeadlineExceeded} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	text := err.Error()
	return text[strings.LastIndex(text, "\n")+1:]
}

// Find returns the engine's own name of the image that it has by a reference: "sha256:…";
// "" where it has none.
func Find(ctx context.Context, cli *client.Client, reference string) (string, error) {
	found, err := cli.ImageInspect(ctx, reference)
	switch {
	case errdefs.IsNotFound(err):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("ask the Docker Engine for the image: %w", err)
	}
	return found.ID, nil
}

// Save writes an image that the engine has into a new file, as docker save does.
func Save(ctx context.Context, cli *client.Client, id, path string) error {
	archive, err := cli.ImageSave(ctx, []string{id})
	if err != nil {
		return fmt.Errorf("take the image from the Docker Engine: %w", err)
	}
	defer archive.Close()
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, archive)
	if err = errors.Join(err, file.Close()); err != nil {
		return errors.Join(fmt.Errorf("take the image from the Docker Engine: %w", err), os.Remove(path))
	}
	return nil
}

// quoted is how much of the output of a build that failed is quoted.
const quoted = 2000

// Build has the engine build the image of a folder with a Dockerfile, and returns its name
// as of Find. It runs docker build, which knows BuildKit, the ignored files and the
// credentials of whoever calls it.
func Build(ctx context.Context, folder string) (string, error) {
	if _, err := os.Stat(filepath.Join(folder, "Dockerfile")); err != nil {
		return "", fmt.Errorf("build the image: the folder has no Dockerfile: %w", err)
	}
	program, err := exec.LookPath("docker")
	if err != nil {
		return "", &targets.Unavailable{Why: "the program docker, which builds the image, is not in PATH", Fix: targets.Install("docker.io", "docker")}
	}
	into, err := os.MkdirTemp("", "servebench-build-")
	if err != nil {
		return "", fmt.Errorf("build the image: %w", err)
	}
	defer os.RemoveAll(into)
	name := filepath.Join(into, "id")
	cmd := exec.CommandContext(ctx, program, "build", "--iidfile", name, folder)
	cmd.Env = append(os.Environ(), client.EnvOverrideHost+"="+address())
	cmd.WaitDelay = time.Second
	output, err := cmd.CombinedOutput()
	if cause := context.Cause(ctx); cause != nil {
		return "", fmt.Errorf("build the image: %w", cause)
	}
	if err != nil {
		text := strings.TrimSpace(string(output))
		return "", fmt.Errorf("build the image: docker build: %w; its output ends:\n%s", err, text[max(0, len(text)-quoted):])
	}
	id, err := os.ReadFile(name)
	if err != nil {
		return "", fmt.Errorf("build the image: %w", err)
	}
	return strings.TrimSpace(string(id)), nil
}
