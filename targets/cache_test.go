package targets

import (
	"testing"
)

func TestCacheDir(t *testing.T) {
	t.Setenv("SERVEBENCH_CACHE", "/var/cache/x")
	for name, want := range map[string]string{"": "/var/cache/x", "images": "/var/cache/x/images"} {
		if dir, err := CacheDir(name); err != nil || dir != want {
			t.Errorf("CacheDir(%q) = %s, %v, want %s", name, dir, err, want)
		}
	}
	t.Setenv("SERVEBENCH_CACHE", "")
	t.Setenv("HOME", "/home/x")
	t.Setenv("XDG_CACHE_HOME", "/home/x/kept")
	if dir, err := CacheDir("images"); err != nil || dir != "/home/x/kept/servebench/images" {
		t.Errorf("CacheDir = %s, %v", dir, err)
	}
}
