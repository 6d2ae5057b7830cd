package oci

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"servebench/targets"
	"servebench/targets/local"
)

// Leftovers finds the folders of abandoned Roots below os.TempDir(). To remove
// one ends its containers, which a server that is deaf to SIGTERM keeps
// running; what they have in cgroups is local.Leftovers' to find, after this.
func Leftovers(context.Context) ([]targets.Leftover, error) {
	folders, err := filepath.Glob(filepath.Join(os.TempDir(), folderPrefix+"*"))
	if err != nil {
		return nil, fmt.Errorf("look for abandoned folders: %w", err)
	}
	runtime, unavailable := FindRuntime()
	var found []targets.Leftover
	for _, dir := range folders {
		if !local.AbandonedFolder(dir, folderPrefix) {
			continue
		}
		r := &Root{dir: dir}
		found = append(found, targets.Leftover{What: "folder " + dir, Remove: func(ctx context.Context) error {
			if unavailable == nil {
				r.end(ctx, runtime)
			}
			return r.Remove()
		}})
	}
	return found, nil
}

// end makes the runtime end the containers that it keeps in the folder. What it
// does not know, or another runtime began, the cgroup takes along.
func (r *Root) end(ctx context.Context, runtime string) {
	ctx, cancel := context.WithTimeout(ctx, cleanTime)
	defer cancel()
	containers, _ := os.ReadDir(r.state()) // not there: none was started
	for _, c := range containers {
		_, _ = output(ctx, runtime, "--root", r.state(), "delete", "--force", c.Name())
	}
}
