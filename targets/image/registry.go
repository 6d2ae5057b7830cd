package image

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"

	"servebench/targets"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// referred returns the image that a reference names, and the reference with its digest:
// what the store has by that, else what a Docker Engine on this machine has, else what
// the registry has.
func referred(ctx context.Context, reference string) (img *Image, pinned string, err error) {
	if scheme, rest, ok := strings.Cut(reference, "://"); ok {
		return nil, "", fmt.Errorf("a reference has no %s://: want %s", scheme, rest)
	}
	ref, err := name.ParseReference(reference)
	if err != nil {
		return nil, "", errors.New("it is neither a file nor a reference such as registry.example/server:1")
	}
	if digest, ok := ref.(name.Digest); ok {
		if img, err := recall(pulledKey(digest)); img != nil || err != nil {
			return img, reference, err
		}
	}
	if img, err = ofEngine(ctx, reference); err != nil {
		return nil, "", err
	}
	if img != nil {
		return img, img.Digest, nil
	}
	img, digest, err := pull(ctx, ref)
	if err != nil {
		return nil, "", explainPull(ctx, ref, err)
	}
	return img, digest.String(), nil
}

// pulledKey is what the store knows an image by that was pulled for this platform.
func pulledKey(digest name.Digest) string {
	return "pulled " + digest.DigestStr() + " " + here().String()
}

// pull puts the image of a reference into the store.
func pull(ctx context.Context, ref name.Reference) (*Image, name.Digest, error) {
	options := []remote.Option{remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain), remote.WithPlatform(here())}
	found, err := remote.Get(ref, options...)
	if err != nil {
		return nil, name.Digest{}, err
	}
	digest := ref.Context().Digest(found.Digest.String())
	if img, err := recall(pulledKey(digest)); img != nil || err != nil {
		return img, digest, err
	}
	there, err := forHere(found)
	if err != nil {
		return nil, digest, err
	}
	_, err = there.keep(ctx, imageName, func(_ context.Context, folder string) error {
		into, err := layout.Write(folder, empty.Index)
		if err != nil {
			return err
		}
		return into.AppendImage(there.Image)
	})
	if err != nil {
		return nil, digest, err
	}
	img, err := stored(there.Digest)
	if err != nil {
		return nil, digest, err
	}
	return img, digest, remember(pulledKey(digest), img.Digest)
}

// forHere returns the image for this machine of what a reference names: an image, or an
// index of several. One for another machine is refused before its layers are fetched.
func forHere(found *remote.Descriptor) (*Image, error) {
	var img v1.Image
	var err error
	if found.MediaType.IsIndex() {
		var index v1.ImageIndex
		if index, err = found.ImageIndex(); err == nil {
			img, err = ofIndex(index)
		}
	} else {
		img, err = found.Image()
	}
	if err != nil {
		return nil, err
	}
	if err := checkSize(img); err != nil {
		return nil, err
	}
	there, err := describe(img)
	if err != nil {
		return nil, err
	}
	return there, there.checkPlatform()
}

func ofIndex(index v1.ImageIndex) (v1.Image, error) {
	for range mostNested {
		manifest, err := index.IndexManifest()
		if err != nil {
			return nil, fmt.Errorf("read its index: %w", err)
		}
		chosen, err := choose(manifest)
		if err != nil {
			return nil, err
		}
		if chosen.MediaType.IsImage() {
			return index.Image(chosen.Digest)
		}
		if index, err = index.ImageIndex(chosen.Digest); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("more than %d indexes lead to its image", mostNested)
}

// checkSize refuses an image of which more would be fetched than is unpacked.
func checkSize(img v1.Image) error {
	manifest, err := img.Manifest()
	if err != nil {
		return fmt.Errorf("read its manifest: %w", err)
	}
	if manifest.Config.Size > int64(mostText) {
		return fmt.Errorf("its configuration has %s, and %s are the most that is read", targets.Bytes(manifest.Config.Size), mostText)
	}
	if err := boundLayers(len(manifest.Layers)); err != nil {
		return err
	}
	left := int64(mostBytes)
	for _, l := range manifest.Layers {
		if l.Size < 0 || l.Size > left {
			return fmt.Errorf("its layers have more than %s, the most that is fetched", targets.Bytes(mostBytes))
		}
		left -= l.Size
	}
	return nil
}

// explainPull says what went wrong with a registry, and keeps what URLs may carry out of
// it: they are signed, or have credentials.
func explainPull(ctx context.Context, ref name.Reference, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	registry := ref.Context().RegistryStr()
	answer, answered := errors.AsType[*transport.Error](err)
	switch {
	case answered && answer.StatusCode == http.StatusNotFound:
		return fmt.Errorf("neither a Docker Engine here nor the registry %s has it", registry)
	case answered && (answer.StatusCode == http.StatusUnauthorized || answer.StatusCode == http.StatusForbidden):
		return fmt.Errorf("the registry %s does not have it, or not for this user (status %d): docker login %s names another one", registry, answer.StatusCode, registry)
	case answered && answer.StatusCode < http.StatusInternalServerError && answer.StatusCode != http.StatusTooManyRequests:
		return fmt.Errorf("the registry %s refuses it: %s", registry, withoutQueries(err))
	}
	var network interface{ Timeout() bool }
	if answered || errors.As(err, &network) {
		return &targets.Unavailable{
			Why: fmt.Sprintf("image %s is in no Docker Engine here, and its registry %s does not give it: %s", ref, registry, withoutQueries(err)),
			Fix: fmt.Sprintf("%s; or do without the registry: docker save %s -o image.tar on a machine that has the image, and workload.image: image.tar", advice(registry, err), ref),
		}
	}
	return errors.New(withoutQueries(err))
}

// ExplainPush says why an image was not pushed to a repository, and what to do.
func ExplainPush(ctx context.Context, repository name.Repository, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return &targets.Unavailable{
		Why: fmt.Sprintf("the image was not pushed to %s: %s", repository, withoutQueries(err)), Fix: advice(repository.RegistryStr(), err),
	}
}

// advice is what to do about a registry that gave or took no image.
func advice(registry string, err error) string {
	answer, answered := errors.AsType[*transport.Error](err)
	certificate, _ := errors.AsType[*tls.CertificateVerificationError](err)
	login := "docker login " + registry
	switch {
	case answered && answer.StatusCode == http.StatusTooManyRequests:
		return login + ", since registries allow more requests with credentials, or wait"
	case answered && answer.StatusCode >= http.StatusInternalServerError:
		return "try again later"
	case answered:
		return login + ", as a user who may do that"
	case certificate != nil:
		return "set SSL_CERT_FILE to a file with the certificate of the authority that signed the registry's"
	}
	proxy := "which is not set"
	if cmp.Or(os.Getenv("HTTPS_PROXY"), os.Getenv("https_proxy")) != "" {
		proxy = "which is set"
	}
	return fmt.Sprintf("check the registry's name and the network; a proxy is used if HTTPS_PROXY names one, %s; %s if it takes credentials", proxy, login)
}

// queries are the parts of URLs that may be secret.
var queries = regexp.MustCompile(`\?[^\s"]+|//[^/\s"@]+@`)

// withoutQueries is the text of an error without what its URLs may hold of secrets.
func withoutQueries(err error) string {
	return queries.ReplaceAllStringFunc(err.Error(), func(part string) string {
		if part[0] == '?' {
			return "?…"
		}
		return "//"
	})
}
