package container

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"servebench/targets"
	"servebench/targets/image"
	"servebench/targets/image/daemon"
	"servebench/targets/local"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"
)

// dockerImage is an image that the engine has.
type dockerImage struct {
	*image.Image
	ref    string // by which the engine knows it
	loaded bool   // by us, under a tag of our own: to be removed
	how    string // it came to be there, for people
}

// imagePrefix begins the name of every image loaded here; its local.Maker
// follows.
const imagePrefix = "servebench/workload:"

// shelf has the images that a target loaded into the engine, by their digests. They are
// kept from one deployment to the next.
type shelf struct {
	turn chan struct{} // holds one while somebody looks for an image or loads it
	kept map[string]*dockerImage
}

func newShelf() *shelf { return &shelf{turn: make(chan struct{}, 1), kept: map[string]*dockerImage{}} }

// find returns the image as the engine has it: by its own identity, as a user's docker
// pull or docker build leaves it, or loaded by this target. Otherwise it is loaded, under a
// name and an identity of its own: with the identity shared the engine would now and then
// lose an image that it is loading, because another servebench removes its own at that
// moment. The layers, which are the bulk of it, are shared and counted by the engine.
func (s *shelf) find(ctx context.Context, cli *client.Client, img *image.Image) (*dockerImage, error) {
	defer targets.PauseStartLimit(ctx)()
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	there, err := has(ctx, cli, img.Digest)
	if err != nil {
		return nil, err
	}
	if there {
		return &dockerImage{Image: img, ref: img.Digest, how: "found in the engine"}, nil
	}
	if kept := s.kept[img.Digest]; kept != nil {
		if there, err = has(ctx, cli, kept.ref); err != nil {
			return nil, err
		}
		if there {
			return &dockerImage{Image: img, ref: kept.ref, loaded: true, how: "kept in the engine from the start before"}, nil
		}
	}
	began := time.Now()
	loaded, err := load(ctx, cli, img)
	if err != nil {
		return nil, err
	}
	loaded.how = fmt.Sprintf("loaded in %s, before the start", time.Since(began).Round(time.Millisecond))
	s.kept[img.Digest] = loaded
	return loaded, nil
}

// has reports whether the engine has an image.
func has(ctx context.Context, cli *client.Client, ref string) (bool, error) {
	_, err := cli.ImageInspect(ctx, ref)
	if errdefs.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for the image %s: %w", ref, explain(ctx, err))
	}
	return true, nil
}

// clear takes the images that were loaded out of the engine.
func (s *shelf) clear(ctx context.Context) error {
	if len(s.kept) == 0 {
		return nil
	}
	cli, unavailable := daemon.Dial(ctx)
	if unavailable != nil {
		return fmt.Errorf("remove the images that were loaded: %w", explain(ctx, unavailable))
	}
	failed := []error{}
	for digest, img := range s.kept {
		failed = append(failed, img.remove(cli))
		delete(s.kept, digest)
	}
	return errors.Join(append(failed, cli.Close())...)
}

// load puts an image into the engine.
func load(ctx context.Context, cli *client.Client, img *image.Image) (*dockerImage, error) {
	mark := fmt.Sprintf("%s-%08x", local.Self(), rand.Uint32())
	loaded := &dockerImage{Image: img, ref: imagePrefix + mark, loaded: true}
	if err := loaded.load(ctx, cli, mark); err != nil {
		return nil, errors.Join(fmt.Errorf("load the image: %w", explain(ctx, err)), loaded.remove(cli))
	}
	return loaded, nil
}

// load streams the image to the engine. When ctx ends the stream breaks off,
// which makes the engine drop what it has; an engine that has all of it is
// waited for, since the image would appear after its removal otherwise.
func (i *dockerImage) load(ctx context.Context, cli *client.Client, mark string) error {
	r, w := io.Pipe()
	defer context.AfterFunc(ctx, func() { w.CloseWithError(context.Cause(ctx)) })()
	written := make(chan error, 1)
	go func() {
		err := writeArchive(w, i.Image.Image, i.ref, mark)
		w.CloseWithError(err)
		written <- err
	}()
	late, cancel := lingering(ctx)
	defer cancel()
	answer, err := cli.ImageLoad(late, r, client.ImageLoadWithQuiet(true))
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

// remove takes the image out of the engine, if it was loaded here.
func (i *dockerImage) remove(cli *client.Client) error {
	err := removed(func(ctx context.Context) error {
		_, err := cli.ImageRemove(ctx, i.ref, client.ImageRemoveOptions{PruneChildren: true})
		return err
	})
	if err != nil {
		return fmt.Errorf("remove the image %s: %w", i.ref, err)
	}
	return nil
}
