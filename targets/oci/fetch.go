package oci

import (
	"context"
	"fmt"
	"runtime"

	"servebench/targets"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Fetch returns the workload's image: what Local finds, else pulled from a
// registry. The layers of one pulled arrive as they are read, until ctx ends.
func Fetch(ctx context.Context, w targets.Workload) (*Image, error) {
	img, err := Local(w)
	if err != nil || img != nil {
		return img, err
	}
	ref, err := name.ParseReference(w.Image)
	if err != nil {
		return nil, fmt.Errorf("image %s is neither a file nor a reference: %w", w.Image, err)
	}
	pulled, err := remote.Image(ref, remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain),
		remote.WithPlatform(v1.Platform{OS: "linux", Architecture: runtime.GOARCH}))
	if err != nil {
		return nil, fmt.Errorf("image %s is not a file, and pulling it failed: %w", w.Image, err)
	}
	return &Image{Image: pulled}, nil
}
