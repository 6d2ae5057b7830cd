package image

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"servebench/targets"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// alone gives a test a store of its own, and no Docker Engine, which might have an image
// by the same reference.
func alone(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("SERVEBENCH_CACHE", dir)
	t.Setenv("DOCKER_HOST", "unix://"+filepath.Join(dir, "no.sock"))
	t.Setenv("DOCKER_CONFIG", filepath.Join(dir, "no"))
	return dir
}

// platformImage makes an image of one file for a platform; "": for none that it says.
func platformImage(t testing.TB, architecture string) v1.Image {
	t.Helper()
	img := stack(t, archive(t, text("hello", "world "+architecture), entry{name: "bin/server", body: "x", kind: tar.TypeReg, mode: 0o755}))
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", architecture
	config.Config = v1.Config{Entrypoint: []string{"/bin/server"}}
	if img, err = mutate.ConfigFile(img, config); err != nil {
		t.Fatal(err)
	}
	return img
}

// ownImage is an image for this machine, and foreign is not.
func ownImage(t testing.TB) v1.Image { return platformImage(t, runtime.GOARCH) }
func foreign(t testing.TB) v1.Image {
	return platformImage(t, map[bool]string{true: "arm64", false: "amd64"}[runtime.GOARCH == "amd64"])
}

// writeSaved writes images as docker save does.
func writeSaved(t testing.TB, images ...v1.Image) string {
	t.Helper()
	all := map[name.Tag]v1.Image{}
	for i, img := range images {
		tag, err := name.NewTag("own/server:" + string(rune('a'+i)))
		if err != nil {
			t.Fatal(err)
		}
		all[tag] = img
	}
	path := filepath.Join(t.TempDir(), "server.tar")
	if err := tarball.MultiWriteToFile(path, all); err != nil {
		t.Fatal(err)
	}
	return path
}

// indexOf puts images into an index with their platforms, beside what BuildKit adds to it.
func indexOf(t testing.TB, images ...v1.Image) v1.ImageIndex {
	t.Helper()
	index := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: empty.Image, Descriptor: v1.Descriptor{
		Platform: &v1.Platform{OS: "unknown", Architecture: "unknown"}, Annotations: map[string]string{"vnd.docker.reference.type": "attestation-manifest"},
	}})
	for _, img := range images {
		config, err := img.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: config.Platform()}})
	}
	return index
}

// writeLayout writes an OCI layout into a folder.
func writeLayout(t testing.TB, index v1.ImageIndex) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "layout")
	if _, err := layout.Write(dir, index); err != nil {
		t.Fatal(err)
	}
	return dir
}

// pack writes a folder into a tarball.
func pack(t testing.TB, dir string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "layout.tar")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(f)
	if err := errors.Join(w.AddFS(os.DirFS(dir)), w.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

// written writes a file and returns its path.
func written(t testing.TB, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// The same image has the same identity and the same files, wherever it is read from.
func TestEverySourceOfAnImage(t *testing.T) {
	img := ownImage(t)
	reference, _ := serve(t, nil)
	push(t, reference, img, nil)
	many, _ := serve(t, nil)
	push(t, many, indexOf(t, foreign(t), img), nil)
	for how, name := range map[string]string{
		"docker save":                 writeSaved(t, img),
		"OCI layout":                  writeLayout(t, mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: img})),
		"OCI layout of many":          writeLayout(t, indexOf(t, foreign(t), img)),
		"OCI layout in a tarball":     pack(t, writeLayout(t, indexOf(t, img))),
		"index in an index":           writeLayout(t, mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: indexOf(t, img, foreign(t))})),
		"registry":                    reference,
		"registry, for many machines": many,
	} {
		t.Run(how, func(t *testing.T) {
			alone(t)
			want, err := img.ConfigName()
			if err != nil {
				t.Fatal(err)
			}
			w, err := Resolve(t.Context(), targets.Workload{Image: name}, t.Errorf)
			if err != nil {
				t.Fatal(err)
			}
			if w.ImageDigest != want.String() || w.Image != name && !strings.Contains(w.Image, "@sha256:") {
				t.Errorf("resolved to %s, %s, want %s", w.Image, w.ImageDigest, want)
			}
			again, err := Resolve(t.Context(), w, t.Errorf)
			if err != nil || again.Image != w.Image || again.ImageDigest != w.ImageDigest {
				t.Errorf("resolved again to %s, %s (%v)", again.Image, again.ImageDigest, err)
			}
			opened, err := Open(t.Context(), w)
			if err != nil || opened.Digest != w.ImageDigest || opened.Static {
				t.Fatalf("opened %+v, %v", opened, err)
			}
			folder, err := opened.Folder(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if text, err := os.ReadFile(filepath.Join(folder, "hello")); err != nil || string(text) != "world "+runtime.GOARCH {
				t.Errorf("hello says %q, %v", text, err)
			}
			p, err := opened.Process(t.Context(), w, "h", 1)
			if err != nil || p.Path != "/bin/server" {
				t.Errorf("process %+v, %v", p, err)
			}
		})
	}
}

// What is no image is refused in words that say what it is and what would be right.
func TestWhatIsNoImage(t *testing.T) {
	alone(t)
	saved, err := os.ReadFile(writeSaved(t, ownImage(t)))
	if err != nil {
		t.Fatal(err)
	}
	dockerfile := t.TempDir()
	unpacked := t.TempDir()
	for _, file := range []string{filepath.Join(dockerfile, "Dockerfile"), filepath.Join(unpacked, "manifest.json")} {
		if err := os.WriteFile(file, []byte("[]"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	lacking := writeLayout(t, indexOf(t, ownImage(t)))
	if err := os.RemoveAll(filepath.Join(lacking, "blobs")); err != nil {
		t.Fatal(err)
	}
	for path, says := range map[string]string{
		"/no/such/file.tar":                                 "no such file",
		written(t, "app.tar.gz", zipped(t, saved)):          "compressed with gzip: want the tarball itself, which gzip -d -k app.tar.gz makes",
		written(t, "app.zst", []byte("\x28\xb5\x2f\xfd00")): "compressed with zstd",
		written(t, "app", []byte("not a tarball, but text that is longer than one block of a tarball"+strings.Repeat(".", 600))): "neither a tarball nor a folder",
		written(t, "empty", nil):                                                      "neither a tarball nor a folder",
		written(t, "cut.tar", saved[:700]):                                            "cut off",
		written(t, "files.tar", archive(t, text("a", "b"))):                           "a tarball without an image",
		written(t, "broken.tar", archive(t, text("manifest.json", "{"))):              "read its file manifest.json",
		written(t, "none.tar", archive(t, text("manifest.json", "[]"))):               "the tarball has 0 images",
		written(t, "gone.tar", archive(t, text("manifest.json", `[{"Config":"c"}]`))): "lacks its file c",
		written(t, "loop.tar", archive(t, symlink("manifest.json", "manifest.json"))): "without an image",
		written(t, "out.tar", archive(t, symlink("manifest.json", "/etc/passwd"))):    "without an image",
		writeSaved(t, ownImage(t), foreign(t)):                                        "2 images, want one, as docker save NAME writes it: ",
		dockerfile:                                                                    "workload.build",
		unpacked:                                                                      "name the tarball itself",
		t.TempDir():                                                                   "a folder without a file oci-layout",
		lacking:                                                                       "lacks its file blobs/sha256/",
		writeLayout(t, empty.Index):                                                   "its index names no image",
		writeLayout(t, indexOf(t, ownImage(t), platformOther(t))):                     "several images in it",
		writeLayout(t, indexOf(t, foreign(t))):                                        "and this machine is linux/" + runtime.GOARCH,
		writeSaved(t, foreign(t)):                                                     "and this machine is linux/" + runtime.GOARCH,
	} {
		if _, err := Open(t.Context(), targets.Workload{Image: path}); err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: error %v, want that it says %q", path, err, says)
		}
	}
}

// platformOther is another image for this machine.
func platformOther(t testing.TB) v1.Image {
	t.Helper()
	img, err := mutate.Config(ownImage(t), v1.Config{Cmd: []string{"other"}})
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func zipped(t testing.TB, content []byte) []byte {
	t.Helper()
	var buf strings.Builder
	w := gzip.NewWriter(&buf)
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return []byte(buf.String())
}

// A layer that is not what the image's configuration says is found when it is unpacked,
// and nothing of it is taken for the image.
func TestDamagedLayer(t *testing.T) {
	alone(t)
	path := writeLayout(t, indexOf(t, ownImage(t)))
	img, err := Open(t.Context(), targets.Workload{Image: path})
	if err != nil {
		t.Fatal(err)
	}
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	digest, err := layers[0].Digest()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(path, blobName(digest)), zipped(t, archive(t, text("hello", "you"))), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := img.Folder(t.Context()); err == nil || !strings.Contains(err.Error(), "is damaged") {
			t.Errorf("Folder: %v, want that the layer is damaged", err)
		}
	}
}

// An image that changed since it was resolved is refused.
func TestImageThatChanged(t *testing.T) {
	alone(t)
	path := writeSaved(t, ownImage(t))
	w, err := Resolve(t.Context(), targets.Workload{Image: path}, t.Errorf)
	if err != nil {
		t.Fatal(err)
	}
	other, err := os.ReadFile(writeSaved(t, platformOther(t)))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, other, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), w); err == nil || !strings.Contains(err.Error(), "has changed since the run began") {
		t.Errorf("Open: %v, want that it has changed", err)
	}
}

// serve runs a registry, with wrap around it, and returns a reference in it and how many
// layers and manifests it was asked for.
func serve(t *testing.T, wrap func(http.Handler) http.Handler) (reference string, asked *atomic.Int64) {
	t.Helper()
	handler := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	if wrap != nil {
		handler = wrap(handler)
	}
	asked = new(atomic.Int64)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && r.URL.Path != "/v2/" {
			asked.Add(1)
		}
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://") + "/own/server:1", asked
}

// push puts an image or an index into a registry.
func push(t *testing.T, reference string, what any, auth authn.Authenticator) {
	t.Helper()
	ref, err := name.ParseReference(reference)
	if err != nil {
		t.Fatal(err)
	}
	if auth == nil {
		auth = authn.Anonymous
	}
	switch what := what.(type) {
	case v1.ImageIndex:
		err = remote.WriteIndex(ref, what, remote.WithAuth(auth))
	case v1.Image:
		err = remote.Write(ref, what, remote.WithAuth(auth))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A tag is asked for once, whatever it names later, and what was pulled is asked for no
// more.
func TestPulledOnce(t *testing.T) {
	alone(t)
	reference, asked := serve(t, nil)
	push(t, reference, ownImage(t), nil)
	w, err := Resolve(t.Context(), targets.Workload{Image: reference}, t.Errorf)
	if err != nil {
		t.Fatal(err)
	}
	push(t, reference, platformOther(t), nil)
	before := asked.Load()
	img, err := Open(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := img.Folder(t.Context()); err != nil || img.Digest != w.ImageDigest {
		t.Errorf("opened %s, %v, want %s", img.Digest, err, w.ImageDigest)
	}
	if n := asked.Load() - before; n != 0 {
		t.Errorf("the registry was asked %d times for what was pulled", n)
	}
	moved, err := Resolve(t.Context(), targets.Workload{Image: reference}, t.Errorf)
	if err != nil || moved.ImageDigest == w.ImageDigest {
		t.Errorf("a new run has the image that the tag named before: %s, %v", moved.ImageDigest, err)
	}
}

// Credentials come from where docker login puts them, and are in no error.
func TestCredentials(t *testing.T) {
	const user, password = "own-user", "own-s3cret"
	locked := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if u, p, ok := r.BasicAuth(); !ok || u != user || p != password {
				w.Header().Set("WWW-Authenticate", `Basic realm="own"`)
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
	reference, _ := serve(t, locked)
	host, _, _ := strings.Cut(reference, "/")
	push(t, reference, ownImage(t), &authn.Basic{Username: user, Password: password})
	for given, says := range map[string]string{"": "docker login " + host, "wrong-" + password: "docker login " + host, password: ""} {
		dir := alone(t)
		if given != "" {
			text, err := json.Marshal(map[string]any{"auths": map[string]any{host: map[string]string{"username": user, "password": given}}})
			if err != nil {
				t.Fatal(err)
			}
			t.Setenv("DOCKER_CONFIG", dir)
			if err := os.WriteFile(filepath.Join(dir, "config.json"), text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		_, err := Resolve(t.Context(), targets.Workload{Image: reference}, t.Errorf)
		switch {
		case says == "" && err != nil:
			t.Errorf("with the right password: %v", err)
		case says != "" && (err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), password)):
			t.Errorf("password %q: %v, want that it says %q and no password", given, err, says)
		}
	}
}

func TestFaultsOfRegistries(t *testing.T) {
	alone(t)
	reference, _ := serve(t, nil)
	many, _ := serve(t, nil)
	push(t, many, indexOf(t, foreign(t)), nil)
	push(t, strings.Replace(many, ":1", ":foreign", 1), foreign(t), nil)
	// A registry that leads to a store which does not answer, by a signed address.
	signed, _ := serve(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/blobs/") {
				to := url.URL{Scheme: "http", User: url.UserPassword("u", "s3cret"), Host: "127.0.0.1:1", Path: "/x", RawQuery: "X-Signature=s3cret"}
				http.Redirect(w, r, to.String(), http.StatusTemporaryRedirect)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	push(t, signed, ownImage(t), nil)
	for name, want := range map[string]struct {
		says    string
		missing bool // an *Unavailable
	}{
		reference: {says: "neither a Docker Engine here nor the registry 127.0.0.1:"},
		many:      {says: "and this machine is linux/" + runtime.GOARCH},
		strings.Replace(many, ":1", ":foreign", 1): {says: "and this machine is linux/" + runtime.GOARCH},
		signed:                              {says: "its registry 127.0.0.1:", missing: true},
		"127.0.0.1:1/own/server:1":          {says: "its registry 127.0.0.1:1 does not give it", missing: true},
		"docker://own/server":               {says: "a reference has no docker://: want own/server"},
		"Own Server":                        {says: "neither a file nor a reference"},
		"sha256:" + strings.Repeat("0", 64): {says: "not kept on this machine"},
		"sha256:../../etc":                  {says: "no digest"},
	} {
		_, err := Resolve(t.Context(), targets.Workload{Image: name}, t.Errorf)
		if err == nil || !strings.Contains(err.Error(), want.says) || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: error %v, want that it says %q", name, err, want.says)
		}
		if _, missing := errors.AsType[*targets.Unavailable](err); missing != want.missing {
			t.Errorf("%s: error %v, unavailable %t, want %t", name, err, missing, want.missing)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Resolve(ctx, targets.Workload{Image: "127.0.0.1:1/own/server:1"}, t.Errorf); !errors.Is(err, context.Canceled) {
		t.Errorf("Resolve: %v, want that it was cancelled", err)
	}
}

// Whoever cannot reach a registry, or gets nothing of it, is told what to do.
func TestRegistryAdvice(t *testing.T) {
	alone(t)
	t.Setenv("HTTPS_PROXY", "http://user:s3cret@proxy.example:3128")
	status := func(code int) error { return &transport.Error{StatusCode: code} }
	for says, err := range map[string]error{
		"if HTTPS_PROXY names one, which is set; docker login registry.example if it takes credentials": &url.Error{Op: "Get", URL: "https://registry.example/v2/", Err: syscall.ECONNREFUSED},
		"set SSL_CERT_FILE to a file":                                         &url.Error{Op: "Get", Err: &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}},
		"docker login registry.example, since registries allow more requests": status(http.StatusTooManyRequests),
		"docker login registry.example, as a user who may":                    status(http.StatusUnauthorized),
		"try again later": status(http.StatusBadGateway),
	} {
		if got := advice("registry.example", err); !strings.Contains(got, says) || strings.Contains(got, "s3cret") {
			t.Errorf("%v: %q, want that it says %q", err, got, says)
		}
	}
	t.Setenv("HTTPS_PROXY", "")
	_, err := Resolve(t.Context(), targets.Workload{Image: "127.0.0.1:1/own/server:1"}, t.Errorf)
	missing, ok := errors.AsType[*targets.Unavailable](err)
	for _, want := range []string{"HTTPS_PROXY names one, which is not set", "docker save 127.0.0.1:1/own/server:1 -o image.tar", "workload.image: image.tar"} {
		if !ok || !strings.Contains(missing.Fix, want) {
			t.Errorf("%v, want the advice %q", err, want)
		}
	}
	repository, err := name.NewRepository("127.0.0.1:1/own")
	if err != nil {
		t.Fatal(err)
	}
	pushed := remote.Write(repository.Tag("1"), ownImage(t), remote.WithContext(t.Context()))
	if err := ExplainPush(t.Context(), repository, pushed); !strings.Contains(err.Error(), "the image was not pushed to 127.0.0.1:1/own: ") || !strings.Contains(err.Error(), "docker login 127.0.0.1:1") {
		t.Errorf("pushed: %v", err)
	}
}

// FuzzReadSaved has nothing but an image or an error come of a tarball.
func FuzzReadSaved(f *testing.F) {
	saved, err := os.ReadFile(writeSaved(f, ownImage(f)))
	if err != nil {
		f.Fatal(err)
	}
	oci, err := os.ReadFile(pack(f, writeLayout(f, indexOf(f, ownImage(f)))))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(saved)
	f.Add(oci)
	f.Add(archive(f, text("manifest.json", `[{"Config":"c","Layers":["../l"]}]`), text("c", `{"rootfs":{"diff_ids":["sha256:x"]}}`)))
	f.Fuzz(func(t *testing.T, content []byte) {
		img, err := read(written(t, "f.tar", content))
		if err != nil {
			return
		}
		if img.Digest == "" {
			t.Fatal("an image without a digest")
		}
		_, _ = unpack(t.Context(), img.Image, t.TempDir(), mostBytes)
	})
}
