package image

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"servebench/targets"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Paths grow by links, each of which leads deeper than the one before, and are bounded
// where they lead, as what is held in memory of them is.
func TestPathsThroughLinksAreBounded(t *testing.T) {
	alone(t)
	deep := strings.TrimSuffix(strings.Repeat(strings.Repeat("d", 200)+"/", 8), "/")
	img, err := describe(stack(t, archive(t, dir(deep), symlink("l", deep), dir("l/"+deep), symlink("m", "l/"+deep), text("m/f", ""))))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := img.Folder(t.Context()); err == nil || !strings.Contains(err.Error(), "its path is longer than 3072 bytes") {
		t.Errorf("Folder: %v, want that a path is too long", err)
	}
	u := &unpacker{names: 3 * 2000, upper: map[string]bool{}}
	for range 3 {
		if err := u.mark(strings.Repeat("d", 2000)); err != nil {
			t.Fatal(err)
		}
	}
	if err := u.mark("d"); err == nil || !strings.Contains(err.Error(), "more than 512MiB") {
		t.Errorf("mark: %v, want that the paths are too much", err)
	}
}

// forge writes an OCI layout of a manifest and a configuration that need not fit together.
// Its layers have the files that they have in an ordinary one.
func forge(t *testing.T, config *v1.ConfigFile, manifest *v1.Manifest, kind types.MediaType) string {
	t.Helper()
	folder := writeLayout(t, indexOf(t, ownImage(t)))
	blob := func(what any) v1.Descriptor {
		text, err := json.Marshal(what)
		if err != nil {
			t.Fatal(err)
		}
		digest, size, err := v1.SHA256(strings.NewReader(string(text)))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, blobName(digest)), text, 0o600); err != nil {
			t.Fatal(err)
		}
		return v1.Descriptor{MediaType: kind, Digest: digest, Size: size}
	}
	manifest.Config = blob(config)
	index, err := json.Marshal(v1.IndexManifest{SchemaVersion: 2, Manifests: []v1.Descriptor{blob(manifest)}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, indexFile), index, 0o600); err != nil {
		t.Fatal(err)
	}
	return folder
}

// An image that lies about itself is refused, before anything of it is taken for its files.
func TestForgedImages(t *testing.T) {
	alone(t)
	own := ownImage(t)
	config, err1 := own.ConfigFile()
	manifest, err2 := own.Manifest()
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	for says, lie := range map[string]func(*v1.ConfigFile, *v1.Manifest) types.MediaType{
		"its configuration has the digests of 0 layers, and there are 1": func(c *v1.ConfigFile, _ *v1.Manifest) types.MediaType {
			c.RootFS.DiffIDs = nil
			return types.OCIManifestSchema1
		},
		"is damaged: its content has the digest": func(c *v1.ConfigFile, _ *v1.Manifest) types.MediaType {
			c.RootFS.DiffIDs = []v1.Hash{{Algorithm: "sha256", Hex: strings.Repeat("0", 64)}}
			return types.OCIManifestSchema1
		},
		fmt.Sprintf("it has %d layers, and %d are the most", mostLayers+1, mostLayers): func(c *v1.ConfigFile, m *v1.Manifest) types.MediaType {
			c.RootFS.DiffIDs, m.Layers = slices.Repeat(c.RootFS.DiffIDs, mostLayers+1), slices.Repeat(m.Layers, mostLayers+1)
			return types.OCIManifestSchema1
		},
		"its index names no image": func(*v1.ConfigFile, *v1.Manifest) types.MediaType { return types.OCILayer },
		"it lacks its layer sha256:000": func(_ *v1.ConfigFile, m *v1.Manifest) types.MediaType {
			m.Layers[0].Digest.Hex = strings.Repeat("0", 64)
			return types.OCIManifestSchema1
		},
	} {
		forged := manifest.DeepCopy()
		c := config.DeepCopy()
		path := forge(t, c, forged, lie(c, forged))
		img, err := Open(t.Context(), targets.Workload{Image: path})
		if err == nil {
			_, err = img.Folder(t.Context())
		}
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v, want that it says %q", err, says)
		}
	}
}

// A registry may answer with anything.
func TestHostileRegistries(t *testing.T) {
	for says, tt := range map[string]struct{ kind, manifest string }{
		"unsupported MediaType": {string(types.DockerManifestSchema1Signed), `{"schemaVersion":1,"fsLayers":[{"blobSum":"sha256:x"}]}`},
		"its configuration has 1TiB, and 4MiB are the most that is read": {string(types.OCIManifestSchema1),
			`{"schemaVersion":2,"config":{"size":1099511627776,"digest":"sha256:` + strings.Repeat("0", 64) + `"},"layers":[]}`},
		"it has 1001 layers, and 1000 are the most": {string(types.OCIManifestSchema1),
			`{"schemaVersion":2,"config":{"size":1,"digest":"sha256:` + strings.Repeat("0", 64) + `"},"layers":[{}` + strings.Repeat(",{}", mostLayers) + `]}`},
		"its index names no image":       {string(types.OCIImageIndex), `{"schemaVersion":2,"manifests":[]}`},
		"read its index: unexpected EOF": {string(types.OCIImageIndex), `{"schemaVersion":2,`},
		"read its manifest: EOF":         {string(types.OCIManifestSchema1), strings.Repeat(" ", 9<<20)},
		"the most that is fetched":       {string(types.OCIManifestSchema1), `{"schemaVersion":2,"config":{"size":1,"digest":"sha256:` + strings.Repeat("0", 64) + `"},"layers":[{"size":1099511627776}]}`},
	} {
		alone(t)
		reference, _ := serve(t, func(http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", tt.kind)
				if strings.Contains(r.URL.Path, "/manifests/") {
					_, _ = w.Write([]byte(tt.manifest))
				}
			})
		})
		if _, err := Resolve(t.Context(), targets.Workload{Image: reference}, t.Errorf); err == nil || !strings.Contains(err.Error(), says) || len(err.Error()) > 2000 {
			t.Errorf("error %.2000v, want that it says %q", err, says)
		}
	}
}
