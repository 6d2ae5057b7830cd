package pid1

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"servebench/targets/vm/guest"

	"golang.org/x/sys/unix"
)

// Run does what the guest's Spec says and ends the machine. It returns only when
// it cannot: started as anything but a first process, above all.
func Run() error {
	if os.Getpid() != 1 {
		return errors.New("this is the first process of a virtual machine that servebench starts; there is no other use for it")
	}
	// The kernel opened the console as the standard input, output and error.
	if err := quiet(os.Stdin); err != nil {
		return err
	}
	c := &console{out: os.Stdout}
	if err := serve(c); err != nil {
		c.say(guest.Event{Name: guest.Failed, Fault: err.Error()})
	}
	drain(os.Stdout)
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
	return run(c, *spec.Server)
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
