package image

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"servebench/reports/record/userfile"
	"servebench/targets"
)

// Images that nobody used go after a week, those used longest ago before if the disk gets
// full, and the one used last never.
func TestTrim(t *testing.T) {
	const plenty = 1 << 40
	for name, tc := range map[string]struct {
		days   []int // since each of the images was used; -1: it is none that this version unpacks
		free   targets.Bytes
		remain []int
	}{
		"none":                {nil, plenty, nil},
		"all used lately":     {[]int{6, 3, 0}, plenty, []int{0, 1, 2}},
		"one not for a week":  {[]int{3, 8, 0}, plenty, []int{0, 2}},
		"none for a week":     {[]int{30, 20, 40}, plenty, []int{1}},
		"a full disk":         {[]int{1, 3, 2, 0}, 0, []int{0, 3}},
		"half of what it has": {[]int{1, 3, 2, 0}, 2 << 20, []int{0, 2, 3}},
		"a single one":        {[]int{0}, 0, []int{0}},
		"not known any more":  {[]int{1, -1, 0}, plenty, []int{0, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			store := t.TempDir()
			now := time.Now()
			for i, days := range tc.days {
				path := filepath.Join(store, string(rune('a'+i)))
				unpacked := filepath.Join(path, rootName, filesName)
				if err := os.MkdirAll(unpacked, 0o755); err != nil {
					t.Fatal(err)
				}
				// What is unpacked counts by the state, and other files by what they take.
				state := `{"Bytes": 983040}`
				if days < 0 {
					state = ""
				}
				for file, text := range map[string]string{
					filepath.Join(path, rootName, stateName): state, filepath.Join(path, "disk"): string(make([]byte, 65536)), filepath.Join(unpacked, "file"): string(make([]byte, 1<<20)),
				} {
					if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				used := now.AddDate(0, 0, -max(days, -days))
				if err := os.Chtimes(path, used, used); err != nil {
					t.Fatal(err)
				}
			}
			got, err := trim(t.Context(), store, now, tc.free)
			if err != nil {
				t.Fatal(err)
			}
			var remain []int
			left, _ := os.ReadDir(store)
			for _, entry := range left {
				remain = append(remain, int(entry.Name()[0]-'a'))
			}
			removed := len(tc.days) - len(tc.remain)
			if !slices.Equal(remain, tc.remain) || got.Images != removed || got.Size != targets.Bytes(removed)<<20 && !slices.Contains(tc.days, -1) {
				t.Errorf("%d remain, and %+v were removed; want that %d remain", remain, got, tc.remain)
			}
		})
	}
}

// What is used is neither removed nor forgotten, and an image that is opened counts as used.
func TestTrimSparesWhatIsUsed(t *testing.T) {
	dir := alone(t)
	long := time.Now().Add(-2 * KeepFor)
	open := func(w targets.Workload) string {
		img, err := Open(t.Context(), w)
		if err != nil {
			t.Fatal(err)
		}
		folder, err := img.Folder(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return filepath.Dir(filepath.Dir(folder))
	}
	one, two := targets.Workload{Image: writeSaved(t, ownImage(t))}, targets.Workload{Command: []string{program(t, "server")}}
	folders := []string{open(one), open(two)}
	for _, folder := range folders {
		if err := os.Chtimes(folder, long, long); err != nil {
			t.Fatal(err)
		}
	}
	uses, err := Use(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Trim(t.Context()); got.Images != 0 || err != nil {
		t.Errorf("while a run uses images: %+v, %v", got, err)
	}
	if err := uses.Close(); err != nil {
		t.Error(err)
	}
	open(one)
	if got, err := Trim(t.Context()); got.Images != 1 || err != nil {
		t.Errorf("%+v, %v, want one removed", got, err)
	}
	if _, err := os.Stat(folders[0]); err != nil {
		t.Errorf("the image that was used: %v", err)
	}
	if _, err := os.Stat(folders[1]); !os.IsNotExist(err) {
		t.Errorf("the image that was not used: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, storeName, "*"+removedSuffix)); len(left) != 0 {
		t.Errorf("%s are left", left)
	}
	open(two)
}

// A run that begins while another removes images waits until that is done.
func TestUseWaitsForARemoval(t *testing.T) {
	alone(t)
	lock, err := lockAlone()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := Use(ctx); !errors.Is(err, userfile.ErrLocked) {
		t.Errorf("%v while another process removes images", err)
	}
	time.AfterFunc(50*time.Millisecond, func() { lock.Close() })
	uses, err := Use(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := uses.Close(); err != nil {
		t.Error(err)
	}
}
