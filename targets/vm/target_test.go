package vm

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"servebench/targets"
)

// nothing hides what guests are made of on this machine.
func nothing(t *testing.T) targets.Kind {
	t.Helper()
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		t.Skip("guests run on x86-64 Linux alone; run this test there")
	}
	t.Setenv("PATH", t.TempDir())
	t.Setenv("SERVEBENCH_CACHE", t.TempDir())
	return Kind(func() (string, error) { return "", errors.New("it is not there") })
}

func TestCheckWithoutAnything(t *testing.T) {
	kind := nothing(t)
	unavailable, ok := errors.AsType[*targets.Unavailable](kind.Check(t.Context(), nil))
	if !ok {
		t.Fatal("Check does not say why the target is not available")
	}
	for _, word := range []string{emulator + " is not in PATH", "first process is not built: it is not there"} {
		if !strings.Contains(unavailable.Why, word) {
			t.Errorf("%q does not say %q", unavailable.Why, word)
		}
	}
	if want := targets.Install("--no-install-recommends qemu-system-x86 seabios", "qemu-system-x86"); !strings.HasPrefix(unavailable.Fix, want) || !strings.HasSuffix(unavailable.Fix, "make build") {
		t.Errorf("fix %q, want %q, and to build", unavailable.Fix, want)
	}
	if _, err := kind.Open(targets.Config{}); !errors.As(err, &unavailable) {
		t.Errorf("Open: %v, want that it is not available", err)
	}
}

func TestCheckWithoutAKernel(t *testing.T) {
	kind := nothing(t)
	why := kind.Check(t.Context(), nil)
	if why == nil || !strings.Contains(why.Error(), "guest kernel") {
		t.Skipf("this machine's own kernel serves as the guest's, so none is missing (%v)", why)
	}
	want := filepath.Join(os.Getenv("SERVEBENCH_CACHE"), "guest")
	if !strings.Contains(why.Error(), want) || !strings.Contains(why.Error(), "make setup") {
		t.Errorf("%v\ndoes not say that there is none in %s, and what to do", why, want)
	}
}

// Options that nothing could fulfil are a mistake, whatever there is here.
func TestBadOptions(t *testing.T) {
	kind := nothing(t)
	file := filepath.Join(t.TempDir(), "vmlinuz")
	if err := os.WriteFile(file, []byte("this is no kernel"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		set  map[string]string
		want []string
	}{
		"accel":            {map[string]string{"accel": "xen"}, []string{"option accel", "xen", "tcg"}},
		"memory":           {map[string]string{"memory": "much"}, []string{"option memory", "much"}},
		"little memory":    {map[string]string{"memory": "1MiB"}, []string{"option memory", "1MiB", "at least 192MiB"}},
		"no such kernel":   {map[string]string{"kernel": file + "x"}, []string{"option kernel", file + "x"}},
		"no kernel at all": {map[string]string{"kernel": file}, []string{"option kernel", file, "bzImage"}},
	} {
		_, err := kind.Open(targets.Config{Options: c.set})
		if _, unavailable := errors.AsType[*targets.Unavailable](err); err == nil || unavailable {
			t.Errorf("%s: Open: %v, want what is wrong with the option", name, err)
			continue
		}
		for _, word := range c.want {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%s: error %v does not say %q", name, err, word)
			}
		}
		if err := kind.Check(t.Context(), c.set); err != nil {
			t.Errorf("%s: Check: %v, want none: that is Open's to say", name, err)
		}
	}
}
