package container

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"time"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/image"
	"servebench/targets/local"

	"github.com/containerd/errdefs"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/moby/moby/client"
)

// dockerImage is an image that the engine has.
type dockerImage struct {
	cli    *client.Client
	ref    string
	static bool     // as image.Image's Static
	entry  []string // its entry point
	digest string
	loaded bool // by us, under a tag of our own: to be removed
	pulled bool
}

// imagePrefix begins the name of every image loaded here; its local.Maker
// follows.
const imagePrefix = "servebench/workload:"

// dockerImageOf puts the workload's image into the engine, under a name and an
// identity of its own for each deployment. With the identity shared the engine
// would now and then lose an image that it is loading, because another
// deployment removes its own at that moment. The layers, which are the bulk of
// it, are shared and counted by the engine.
func dockerImageOf(ctx context.Context, cli *client.Client, w targets.Workload) (*dockerImage, error) {
	if w.Image != "" && !filepath.IsAbs(w.Image) {
		return named(ctx, cli, w.Image)
	}
	img, err := image.Open(ctx, w)
	if err != nil {
		return nil, err
	}
	mark := fmt.Sprintf("%s-%08x", local.Self(), rand.Uint32())
	tag, err := name.NewTag(imagePrefix + mark)
	if err != nil {
		return nil, fmt.Errorf("name the image: %w", err)
	}
	own, err := marked(img.Image, mark)
	if err != nil {
		return nil, fmt.Errorf("name the image: %w", err)
	}
	loaded := &dockerImage{cli: cli, ref: tag.String(), static: img.Static, entry: img.Config.Entrypoint, digest: img.Digest, loaded: true}
	if err := loaded.load(ctx, tag, own); err != nil {
		return nil, errors.Join(fmt.Errorf("load the image: %w", explain(ctx, err)), loaded.remove())
	}
	return loaded, nil
}

// marked returns the image with a label that no other has.
func marked(img v1.Image, mark string) (v1.Image, error) {
	file, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	config := file.DeepCopy().Config
	if config.Labels == nil {
		config.Labels = map[string]string{}
	}
	config.Labels["servebench.deployment"] = mark
	return mutate.Config(img, config)
}

// load streams the image to the engine. When ctx ends the stream breaks off,
// which makes the engine drop what it has; an engine that has all of it is
// waited for, since the image would appear after its removal otherwise.
func (i *dockerImage) load(ctx context.Context, tag name.Tag, img v1.Image) error {
	r, w := io.Pipe()
	defer context.AfterFunc(ctx, func() { w.CloseWithError(context.Cause(ctx)) })()
	written := make(chan error, 1)
	go func() {
		err := tarball.Write(tag, img, w)
		w.CloseWithError(err)
		written <- err
	}()
	late, cancel := lingering(ctx)
	defer cancel()
	answer, err := i.cli.ImageLoad(late, r, client.ImageLoadWithQuiet(true))
	if err == nil {
		err = errors.Join(readProgress(answer), answer.Close())
	}
	r.CloseWithError(errors.New("the engine takes no more"))
	return errors.Join(err, <-written, context.Cause(ctx))
}

// readProgress reads what the engine says while it loads an image, a stream of
// JSON objects, and returns the error that one of them may hold: the answer's
// status is sent before the work is done.
func readProgress(r io.Reader) error {
	for decoder := json.NewDecoder(r); ; {
		var message struct{ Error string }
		switch err := decoder.Decode(&message); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case message.Error != "":
			return errors.New(message.Error)
		}
	}
}

// named returns an image of the user's by its reference, pulled when the
// engine does not have it.
func named(ctx context.Context, cli *client.Client, ref string) (*dockerImage, error) {
	img := &dockerImage{cli: cli, ref: ref}
	found, err := img.cli.ImageInspect(ctx, ref)
	if errdefs.IsNotFound(err) {
		if err := img.pull(ctx); err != nil {
			return nil, fmt.Errorf("image %s is neither a file nor in the engine, and pulling it failed: %w", ref, explain(ctx, err))
		}
		found, err = img.cli.ImageInspect(ctx, ref)
	}
	if err != nil {
		return nil, fmt.Errorf("look for the image %s: %w", ref, explain(ctx, err))
	}
	img.digest = found.ID
	return img, nil
}

func (i *dockerImage) pull(ctx context.Context) error {
	answer, err := i.cli.ImagePull(ctx, i.ref, client.ImagePullOptions{})
	if err != nil {
		return err
	}
	i.pulled = true
	return answer.Wait(ctx)
}

// remove takes the image out of the engine, if it was loaded here.
func (i *dockerImage) remove() error {
	if !i.loaded {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), cleanTime)
	defer cancel()
	_, err := i.cli.ImageRemove(ctx, i.ref, client.ImageRemoveOptions{PruneChildren: true})
	if err != nil && !errdefs.IsNotFound(err) {
		return fmt.Errorf("remove the image %s: %w", i.ref, err)
	}
	return nil
}

// facts says which image it is, and what putting it in place took.
func (i *dockerImage) facts(took time.Duration) []record.Fact {
	how := "found in the engine"
	switch {
	case i.loaded:
		how = fmt.Sprintf("loaded in %s, before the start", took.Round(time.Millisecond))
	case i.pulled:
		how = fmt.Sprintf("pulled in %s, before the start; it stays in the engine", took.Round(time.Millisecond))
	}
	return []record.Fact{{Name: "image", Value: i.digest}, {Name: "image preparation", Value: how}, isolation(i.static)}
}
