package pid1

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"servebench/targets/vm/guest"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Run does what the guest's Spec says and ends the machine. It returns only when
// it cannot: started as anything but a first process, above all.
func Run() error {
	if os.Getpid() != 1 {
		return errors.New("this is the first process of a virtual machine that servebench starts; there is no other use for it")
	}
	// The kernel opened the serial console as the standard input, output and error.
	if err := quiet(os.Stdin); err != nil {
		return err
	}
	c := &console{out: os.Stdout}
	if err := serve(c); err != nil {
		_, bad := errors.AsType[*diskError](err)
		c.say(guest.Event{Name: guest.Failed, Fault: err.Error(), BadDisk: bad})
	}
	c.drain()
	// The machine is told to end where a real one would start again.
	return fmt.Errorf("end the machine: %w", unix.Reboot(unix.LINUX_REBOOT_CMD_RESTART))
}

// serve does it all, and returns when the server ended.
func serve(c *console) error {
	if err := mountAll(); err != nil {
		return err
	}
	spec, err := readSpec()
	if err != nil {
		return err
	}
	c.token = spec.Token
	c.say(guest.Event{Name: guest.Booted})
	if spec.Server == nil {
		return nil
	}
	if err := loadModules(spec.Modules); err != nil {
		return err
	}
	if err := connect(); err != nil {
		return err
	}
	file, err := openPort()
	if err != nil {
		return err
	}
	port := patient{file}
	c.goOn(port)
	if spec.Root != nil {
		if err := enterRoot(*spec.Root); err != nil {
			return err
		}
	}
	return run(c, port, *spec.Server)
}

// readSpec reads what to do.
func readSpec() (guest.Spec, error) {
	var spec guest.Spec
	text, err := os.ReadFile(guest.SpecPath)
	if err != nil {
		return spec, fmt.Errorf("read what to do: %w", err)
	}
	if err := json.Unmarshal(text, &spec); err != nil {
		return spec, fmt.Errorf("read what to do: %w", err)
	}
	return spec, nil
}

// console is where the server's output and the events go, each event on a line
// of its own. It is safe for concurrent use.
type console struct {
	out   io.Writer // the serial console, and from goOn on the virtio port
	token string

	mu   sync.Mutex
	open bool // the last line written is not finished
}

// Write writes the server's output.
func (c *console) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n, err := c.out.Write(p)
	if n > 0 {
		c.open = p[n-1] != '\n'
	}
	return n, err
}

// say writes an event. Nobody is left to tell when that fails; the host sees
// the event missing.
func (c *console) say(e guest.Event) {
	line, err := e.Line(c.token)
	if err != nil {
		line = fmt.Sprintln(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open {
		line = "\n" + line
	}
	c.open = false
	_, _ = io.WriteString(c.out, line)
}

// goOn goes on with another file.
func (c *console) goOn(out io.Writer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out, c.open = out, false
}

// hostTime is how long the host has to end the machine when it read the last event.
const hostTime = 10 * time.Second

// drain waits until all that was written has left the machine: the serial console
// says when, and of what is in the virtio port the host says so, which ends the
// machine when it read the last event.
func (c *console) drain() {
	_ = unix.IoctlSetInt(int(os.Stdout.Fd()), unix.TCSBRK, 1) // the machine ends either way
	if c.out != io.Writer(os.Stdout) {
		time.Sleep(hostTime)
	}
}

// portPattern finds the virtio port that QEMU connects with the host, the only one: its
// name has the number of the virtio device.
const portPattern = "/dev/vport*p1"

// portWait bounds the wait for it: the driver asks QEMU which ports there are, and on a
// busy machine a guest that is emulated waits long for the answer.
const portWait = 30 * time.Second

// openPort opens it. For a moment its file is there and the driver does not know it yet.
func openPort() (*os.File, error) {
	if _, err := os.Stat("/sys/class/virtio-ports"); err != nil {
		return nil, fmt.Errorf("connect with the host: the kernel has no driver virtio_console, built in or as a module beside it (%w)", err)
	}
	for began := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		if found, _ := filepath.Glob(portPattern); len(found) > 0 { // the pattern is right
			port, err := os.OpenFile(found[0], os.O_RDWR, 0)
			if !errors.Is(err, unix.ENXIO) || time.Since(began) > portWait {
				return port, err
			}
		}
		if time.Since(began) > portWait {
			return nil, errors.New("connect with the host: the kernel found no port of virtio_console")
		}
	}
}

// patient is the port, whose driver now and then does not wake who waits for it, on a machine
// whose CPUs are busy (https://github.com/lmb/vimto/issues/29): it is asked again every second.
type patient struct{ *os.File }

const askAgain = time.Second

// Write writes all of p, however long it takes.
func (f patient) Write(p []byte) (written int, err error) {
	for {
		_ = f.SetWriteDeadline(time.Now().Add(askAgain)) // else the write waits, as before
		n, err := f.File.Write(p[written:])
		if written += n; !errors.Is(err, os.ErrDeadlineExceeded) {
			return written, err
		}
	}
}

// Read waits until there is something to read.
func (f patient) Read(p []byte) (int, error) {
	for {
		_ = f.SetReadDeadline(time.Now().Add(askAgain))
		n, err := f.File.Read(p)
		if n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
	}
}

// quiet makes the terminal hand on what is written as it is, and write nothing
// back of what it reads.
func quiet(terminal *os.File) error {
	state, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
	if err != nil {
		return fmt.Errorf("set up the console: %w", err)
	}
	state.Lflag &^= unix.ECHO
	state.Oflag &^= unix.OPOST
	if err := unix.IoctlSetTermios(int(terminal.Fd()), unix.TCSETS, state); err != nil {
		return fmt.Errorf("set up the console: %w", err)
	}
	return nil
}

// cgroups is where the guest's control groups are.
const cgroups = "/sys/fs/cgroup"

// mountPoint is a file system to mount.
type mountPoint struct {
	path, kind string
	flags      uintptr
	data       string
}

// mountPoints are those that servers expect, in order.
func mountPoints() []mountPoint {
	const closed = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
	return []mountPoint{
		{"/proc", "proc", closed, ""},
		{"/sys", "sysfs", closed, ""},
		{cgroups, "cgroup2", closed, ""},
		{"/dev", "devtmpfs", unix.MS_NOSUID, "mode=755"},
		{"/dev/pts", "devpts", unix.MS_NOSUID | unix.MS_NOEXEC, "ptmxmode=0666"},
		{"/dev/shm", "tmpfs", closed, "mode=1777,size=64m"}, // as Docker has it
		{"/tmp", "tmpfs", unix.MS_NOSUID | unix.MS_NODEV, "mode=1777"},
	}
}

func mountAll() error {
	for _, m := range mountPoints() {
		if err := os.MkdirAll(m.path, 0o755); err != nil {
			return fmt.Errorf("mount %s: %w", m.path, err)
		}
		if err := unix.Mount(m.kind, m.path, m.kind, m.flags, m.data); err != nil {
			return fmt.Errorf("mount %s: %w", m.path, err)
		}
	}
	if err := errors.Join(standardFiles(), loosen()); err != nil {
		return err
	}
	if err := unix.Sethostname([]byte(guest.HostName)); err != nil {
		return fmt.Errorf("set the host's name: %w", err)
	}
	return nil
}

// loadModules loads kernel modules in the order given.
func loadModules(paths []string) error {
	for _, path := range paths {
		if err := loadModule(path); err != nil {
			return fmt.Errorf("load the kernel module %s: %w", path, err)
		}
	}
	return nil
}

// loadModule loads one; that it is there already is no fault.
func loadModule(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := unix.FinitModule(int(f.Fd()), "", 0); !errors.Is(err, unix.EEXIST) {
		return err
	}
	return nil
}

// deviceWait bounds the wait for a device, which a driver may find a moment after it
// was loaded.
const deviceWait = 2 * time.Second

// connect brings up the loopback device and the network device with the address
// that QEMU forwards to.
func connect() error {
	loopback, device, err := devices()
	for deadline := time.Now().Add(deviceWait); err == nil && device == nil && time.Now().Before(deadline); {
		time.Sleep(5 * time.Millisecond)
		loopback, device, err = devices()
	}
	switch {
	case err != nil:
		return fmt.Errorf("list the network devices: %w", err)
	case loopback == nil:
		return errors.New("set up the network: the kernel has no loopback device")
	case device == nil:
		return errors.New("set up the network: the kernel found no network device; it needs the drivers virtio_pci and virtio_net, built in or as modules beside it")
	}
	if err := netlink.LinkSetUp(loopback); err != nil {
		return fmt.Errorf("bring up the loopback device: %w", err)
	}
	if err := address(device); err != nil {
		return fmt.Errorf("set up the network device %s: %w", device.Attrs().Name, err)
	}
	return nil
}

// devices returns the loopback device and the first other one; nil: none.
func devices() (loopback, device netlink.Link, err error) {
	links, err := netlink.LinkList()
	if err != nil {
		return nil, nil, err
	}
	for _, link := range links {
		switch {
		case link.Attrs().Flags&net.FlagLoopback != 0:
			loopback = link
		case device == nil && link.Type() == "device":
			device = link
		}
	}
	return loopback, device, nil
}

// address gives the device the guest's address and makes it the way to
// everywhere else.
func address(device netlink.Link) error {
	own, err := netlink.ParseAddr(guest.Address)
	if err != nil {
		return err
	}
	if err := netlink.AddrAdd(device, own); err != nil {
		return err
	}
	if err := netlink.LinkSetUp(device); err != nil {
		return err
	}
	return netlink.RouteAdd(&netlink.Route{LinkIndex: device.Attrs().Index, Gw: net.ParseIP(guest.Gateway)})
}
