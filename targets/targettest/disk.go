package targettest

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"servebench/targets"
)

// The room that a disk has at first, which is doubled until a deployment
// succeeds on it, but not beyond the most: each step lets the start get further.
const (
	leastRoom = 64 * targets.KiB
	mostRoom  = 512 * targets.MiB
)

// diskFull deploys where the folders that the target keeps anything in are on a
// disk with ever more room, and then with a little less than was needed. A
// deployment that does not find enough says so and leaves nothing; where the
// target writes nothing, the first one works. It runs by itself: the folder for
// temporary files belongs to the whole process.
func diskFull(p *subject) {
	disk := p.disk()
	dir := filepath.Join(disk, "work")
	if err := os.Mkdir(dir, 0o700); err != nil {
		p.Fatal(err)
	}
	p.Setenv("TMPDIR", dir)
	onDisk := *p
	onDisk.move(dir)
	used := targets.Bytes(-1)
	for room := leastRoom; used < 0 && room <= mostRoom; room *= 2 {
		p.mount(disk, room, "remount")
		used = onDisk.fits(room)
	}
	if used < 0 {
		p.Errorf("no deployment succeeds with %s on the disk", mostRoom)
	}
	for _, less := range []targets.Bytes{4 * targets.KiB, 16 * targets.KiB} {
		if used > less {
			p.mount(disk, used-less, "remount")
			onDisk.fits(used - less)
		}
	}
}

// fits deploys with so much room on the disk and returns how much of it the
// deployment used, -1 when it failed because that is too little.
func (p *subject) fits(room targets.Bytes) targets.Bytes {
	p.Helper()
	defer p.clean()
	d, err := p.target.Deploy(ending(p, patience), p.workload())
	if err != nil {
		p.Logf("with %s: %v", room, err)
		p.quotes(err, "no space left on device")
		return -1
	}
	defer p.close(d)
	p.must(d, "GET", "/ready", nil)
	return p.used()
}

// used is what the files below the folder take of the disk.
func (p *subject) used() targets.Bytes {
	p.Helper()
	var blocks int64
	err := filepath.WalkDir(p.dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			blocks += info.Sys().(*syscall.Stat_t).Blocks
		}
		return err
	})
	if err != nil {
		p.Fatalf("measure the files of a deployment: %v", err)
	}
	const block = 512 * targets.Byte // the unit of st_blocks, see inode(7)
	return targets.Bytes(blocks) * block
}

// disk mounts a small disk in memory, until the test ends.
func (p *subject) disk() string {
	p.Helper()
	if os.Geteuid() != 0 {
		p.Skip("a small disk can be mounted by root alone; run this test as root")
	}
	folder := p.TempDir()
	p.mount(folder, leastRoom)
	p.Cleanup(func() {
		if out, err := exec.Command("umount", folder).CombinedOutput(); err != nil {
			p.Errorf("umount: %v: %s", err, out)
		}
	})
	return folder
}

// mount mounts a file system in memory on the folder, or mounts it anew.
func (p *subject) mount(folder string, room targets.Bytes, options ...string) {
	p.Helper()
	all := strings.Join(append(options, "mode=700", fmt.Sprintf("size=%d", room)), ",")
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", all, "tmpfs", folder).CombinedOutput(); err != nil {
		p.Skipf("no small disk can be mounted here (%v: %s); run as root, outside of a container", err, out)
	}
}
