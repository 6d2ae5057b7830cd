package oci

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"servebench/targets"
	"servebench/targets/local"
)

func TestResolve(t *testing.T) {
	const passwd = "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001::/srv/app:/bin/false\nbad:x:y:1::/:\nshort:x\n"
	const group = "wheel:x:10:\nvideo:x:44:app\n"
	for user, want := range map[string]struct {
		uid, gid uint32
		home     string
	}{
		"":            {0, 0, "/root"},
		"root":        {0, 0, "/root"},
		"app":         {1000, 1001, "/srv/app"},
		"1000":        {1000, 1001, "/srv/app"},
		"app:video":   {1000, 44, "/srv/app"},
		"app:":        {1000, 1001, "/srv/app"},
		"12:34":       {12, 34, "/"},
		"12":          {12, 0, "/"},
		":wheel":      {0, 10, "/root"},
		"65534:44":    {65534, 44, "/"},
		"nobody":      {uid: 1 << 31},
		"app:nobody":  {uid: 1 << 31},
		"bad":         {uid: 1 << 31},
		"-1":          {uid: 1 << 31},
		"99999999999": {uid: 1 << 31},
	} {
		got, err := resolve(user, passwd, group)
		if want.uid == 1<<31 {
			if err == nil {
				t.Errorf("resolve(%q) = %+v, want an error", user, got)
			}
			continue
		}
		if err != nil || got.UID != want.uid || got.GID != want.gid || got.home != want.home {
			t.Errorf("resolve(%q) = %d:%d %s, %v, want %+v", user, got.UID, got.GID, got.home, err, want)
		}
	}
}

func FuzzResolve(f *testing.F) {
	f.Add("app:video", "app:x:1000:1001::/srv:/bin/sh", "video:x:44:")
	f.Add(":", ":::::", ":::")
	f.Fuzz(func(t *testing.T, user, passwd, group string) {
		if got, err := resolve(user, passwd, group); err == nil && got.home == "" {
			t.Fatalf("resolve(%q) = %+v", user, got)
		}
	})
}

func TestLeftoversOfTheDead(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	cmd := exec.Command("true")
	if err := cmd.Run(); err != nil {
		t.Skipf("no process to end: %v", err)
	}
	gone := local.Self()
	gone.PID = cmd.Process.Pid
	left := filepath.Join(dir, folderPrefix+gone.String()+"-1")
	kept := []string{filepath.Join(dir, folderPrefix+local.Self().String()+"-2"), filepath.Join(dir, folderPrefix+"other"), filepath.Join(dir, "other")}
	for _, folder := range append(kept, left) {
		if err := os.MkdirAll(filepath.Join(folder, "rootfs"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	removed, err := targets.Kind{Leftovers: Leftovers}.Sweep(t.Context())
	if want := []string{"folder " + left}; err != nil || !slices.Equal(removed, want) {
		t.Errorf("swept %q, %v, want %q", removed, err, want)
	}
	if _, err := os.Stat(left); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", left, err)
	}
	for _, folder := range kept {
		if _, err := os.Stat(folder); err != nil {
			t.Errorf("what is not abandoned is gone: %v", err)
		}
	}
}
